"""The project's own CDK app, deployed onto the local AWS exactly as onto the real one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.local_aws import ACCOUNT, REGION, ROOT, LocalAws, LocalAwsError, bare_environment, tail

CDK = ROOT / "node_modules/.bin/cdk"
ZIPPED = ROOT / "build/zipped"
"""Assets as they are uploaded, each named by what is in it: the CDK CLI packs one again only where it is not there."""


def deploy(aws: LocalAws, config: Path, sandbox: Path) -> dict[str, str]:
    """`cdk bootstrap` and `cdk deploy` of the project's own app; answers the stack's outputs.

    Raises LocalAwsError with the tool's last words.
    """
    log = aws.folder / "cdk.log"
    environment = _cdk_environment(aws)
    log.write_bytes(b"")
    # From a folder without cdk.json: bootstrapping needs no app, and is under way while the app is synthesised.
    bootstrap = _start(["bootstrap", f"aws://{ACCOUNT}/{REGION}"], environment, cwd=aws.folder, log=log)
    try:
        assembly = aws.folder / "cdk.out"
        shutil.rmtree(assembly, ignore_errors=True)
        synthesise(config, sandbox, assembly, log)
        ZIPPED.mkdir(parents=True, exist_ok=True)
        (assembly / ".cache").symlink_to(ZIPPED)
        _finish(bootstrap, "cdk bootstrap", log)
    except BaseException:
        bootstrap.kill()
        raise
    outputs = aws.folder / "outputs.json"
    arguments = [
        "deploy",
        "--all",
        "--require-approval",
        "never",
        "--progress",
        "events",
        "--outputs-file",
        str(outputs),
    ]
    _finish(_start([*arguments, "--app", str(assembly)], environment, cwd=aws.folder, log=log), "cdk deploy", log)
    stacks: dict[str, dict[str, str]] = json.loads(outputs.read_text())
    return {name: value for stack in stacks.values() for name, value in stack.items()}


def synthesise(config: Path, sandbox: Path, assembly: Path, log: Path) -> None:
    """Synthesise the project's app into `assembly`, as `cdk synth` would, for the local run."""
    context = {"config": str(config), "sandbox": str(sandbox)} | _cdk_json_context()
    environment = bare_environment() | {
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
        # CDK checks the template longer than it makes it; the template tests let it, for this target too.
        "CDK_VALIDATION": "false",
    }
    with log.open("ab") as said:
        done = subprocess.run(
            [sys.executable, str(ROOT / "app.py")],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise LocalAwsError(f"the stack cannot be synthesised:\n{tail(log)}")


def _cdk_json_context() -> dict[str, Any]:
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text()).get("context", {})
    return {name: value for name, value in context.items() if name not in ("config", "sandbox")}


def _start(
    arguments: Sequence[str], environment: Mapping[str, str], *, cwd: Path, log: Path
) -> "subprocess.Popen[bytes]":
    if not CDK.exists():
        raise LocalAwsError(f"there is no CDK CLI at {CDK}: run `make setup`")
    with log.open("ab") as said:
        return subprocess.Popen(
            [str(CDK), *arguments, "--no-notices", "--no-color"],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )


def _finish(process: "subprocess.Popen[bytes]", what: str, log: Path) -> None:
    try:
        status = process.wait()
    except BaseException:
        process.kill()
        raise
    if status != 0:
        raise LocalAwsError(f"{what} failed:\n{tail(log)}")


def _cdk_environment(aws: LocalAws) -> dict[str, str]:
    home = aws.folder / "home"
    quiet = {"HOME": str(home), "CDK_HOME": str(home / ".cdk"), "CDK_DISABLE_CLI_TELEMETRY": "true"}
    return bare_environment() | aws.environment() | quiet

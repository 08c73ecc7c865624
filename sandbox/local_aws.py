"""The local AWS: MiniStack on a free loopback port, and the same CDK stack deployed onto it.

MiniStack lives in a virtual environment of its own (`make setup`). Everything it writes stays in a run's folder; when
the block ends its process group ends, workers included.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = ROOT / "sandbox/ministack/launcher.py"
MINISTACK_PYTHON = Path(os.environ.get("MINISTACK_PYTHON", ROOT / ".ministack-venv/bin/python"))
CDK = ROOT / "node_modules/.bin/cdk"
ACCOUNT, REGION = "000000000000", "eu-west-1"
_KEY = "local"
_START_SECONDS = 30.0
_GRACE_SECONDS = 5.0


class LocalAwsError(Exception):
    """The local AWS did not start, or the stack did not deploy; the message says where its log is."""


@dataclass(frozen=True)
class LocalAws:
    """A running local AWS."""

    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def session(self) -> "boto3.Session":
        """A boto3 session that can reach nothing but this AWS."""
        import boto3  # noqa: PLC0415 - starting needs no SDK

        return boto3.Session(aws_access_key_id=_KEY, aws_secret_access_key=_KEY, region_name=REGION)

    def client(self, service: str) -> Any:
        """A client of one service; `Any` because one method makes them all."""
        from botocore.config import Config  # noqa: PLC0415

        patient = Config(read_timeout=330, retries={"max_attempts": 4, "mode": "standard"}, proxies={})
        make: Any = self.session().client
        return make(service, endpoint_url=self.url, config=patient)

    def environment(self) -> dict[str, str]:
        """Variables with which any AWS tool speaks to this AWS, and to no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    @property
    def log(self) -> Path:
        """What MiniStack and the functions said."""
        return self.folder / "ministack.log"


@contextlib.contextmanager
def running(folder: Path, *, double_messages: bool = False) -> Iterator[LocalAws]:
    """Start MiniStack with fresh state in `folder`, on 127.0.0.1 alone, until the block ends.

    Raises LocalAwsError when it does not answer.
    """
    if not MINISTACK_PYTHON.exists():
        raise LocalAwsError(f"there is no MiniStack at {MINISTACK_PYTHON}: run `make setup`")
    state = folder / "aws"
    shutil.rmtree(state, ignore_errors=True)
    (state / "tmp").mkdir(parents=True)
    port = _free_port()
    environment = _ministack_environment(state, port, double_messages=double_messages)
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [str(MINISTACK_PYTHON), str(LAUNCHER)],
            cwd=state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    aws = LocalAws(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait_until_it_answers(aws)
        yield aws
    finally:
        stop(process)
        shutil.rmtree(state, ignore_errors=True)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End MiniStack, then whatever is left of its process group."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    for last_word in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, last_word)
        if _group_is_gone(process.pid):
            break
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)


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
    environment = _bare_environment() | {
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
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
        raise LocalAwsError(f"the stack cannot be synthesised:\n{_tail(log)}")


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
        raise LocalAwsError(f"{what} failed:\n{_tail(log)}")


def _tail(log: Path, lines: int = 30) -> str:
    said = log.read_text(errors="replace").splitlines()
    return "\n".join([*said[-lines:], f"(all of it: {log})"])


def _wait_until_it_answers(aws: LocalAws) -> None:
    until = time.monotonic() + _START_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        if aws.process.poll() is not None:
            raise LocalAwsError(f"MiniStack did not start:\n{_tail(aws.log)}")
        try:
            with direct.open(f"{aws.url}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise LocalAwsError(f"MiniStack did not answer at {aws.url} within {_START_SECONDS:.0f} s:\n{_tail(aws.log)}")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _group_is_gone(group: int) -> bool:
    until = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        time.sleep(0.05)
    return False


def _bare_environment() -> dict[str, str]:
    """What every child gets: no credentials, profiles or proxies of the person who runs it."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "HOME": os.environ.get("HOME", "/"),
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }


def _cdk_environment(aws: LocalAws) -> dict[str, str]:
    home = aws.folder / "home"
    quiet = {"HOME": str(home), "CDK_HOME": str(home / ".cdk"), "CDK_DISABLE_CLI_TELEMETRY": "true"}
    return _bare_environment() | aws.environment() | quiet


def _ministack_environment(state: Path, port: int, *, double_messages: bool) -> dict[str, str]:
    return _bare_environment() | {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "HOME": str(state),
        "TMPDIR": str(state / "tmp"),
        "STATE_DIR": str(state),
        "S3_DATA_DIR": str(state / "s3"),
        # Listeners and daemons that are none of our business.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        # Two cores: few environments at once, and those stay warm for the whole run.
        "LAMBDA_ACCOUNT_CONCURRENCY": "12",
        "LAMBDA_WARM_TTL_SECONDS": "3600",
        # The launcher ends when this process does. Told, not looked up: its parent may be gone before it looks.
        "TIEOUT_PARENT": str(os.getpid()),
        "TIEOUT_DOUBLE_MESSAGES": "1" if double_messages else "0",
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

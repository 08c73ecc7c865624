"""`python app.py` as a user runs it: anywhere, the same every time, with nothing left to argue about."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk import Stack
from aws_cdk import aws_sqs as sqs

from infra.acknowledged import checked_app
from infra.layers import LAMBDA, ROOT, dependencies_layer, matching_layer
from tests.infra.deployed import Deployed

NOWHERE = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "AWS_ENDPOINT_URL"), "http://127.0.0.1:9"),
    **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nowhere"),
}


def offline() -> list[str]:
    """A command that cuts its child off every network, where the kernel lets us."""
    cut = ["unshare", "--map-root-user", "--net"]
    try:
        allowed = subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    return cut if allowed else []


def synth(out: Path, **context: str) -> subprocess.CompletedProcess[str]:
    """Run app.py without AWS credentials and without a network."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {**NOWHERE, "CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)}
    return subprocess.run(
        [*offline(), sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two synths of the gift shop; the third-party layers are there already, as after the first one."""
    dependencies_layer(LAMBDA)
    matching_layer(LAMBDA)
    outs = (tmp_path_factory.mktemp("first") / "out", tmp_path_factory.mktemp("second") / "out")
    with ThreadPoolExecutor() as both:
        for done in both.map(synth, outs):
            assert done.returncode == 0, done.stderr
    return outs


def files(folder: Path) -> dict[str, bytes]:
    """All that is deployed: not CDK's notes for debugging, whose stack traces name temporary folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".metadata.json")
    }


def test_synth_needs_no_credentials_no_network_and_no_docker_and_leaves_no_finding(twice: tuple[Path, Path]) -> None:
    assert json.loads((twice[0] / "validation-report.json").read_text())["pluginReports"] == []


def test_a_finding_stops_synth(tmp_path: Path) -> None:
    app = checked_app(str(tmp_path / "out"))
    sqs.Queue(Stack(app, "careless"), "WithoutGivenUpQueue")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = json.loads((tmp_path / "out" / "validation-report.json").read_text())
    found = {finding["ruleName"] for pack in report["pluginReports"] for finding in pack["violations"]}
    assert {"AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"} <= found


def test_two_synths_are_the_same_to_the_byte(twice: tuple[Path, Path]) -> None:
    first, second = (files(out) for out in twice)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_mistake_in_the_settings_ends_synth_with_its_words_and_no_traceback(tmp_path: Path) -> None:
    settings = yaml.safe_load((ROOT / "config" / "gift-shop.yaml").read_text(encoding="utf-8"))
    settings["netsuite"]["slots"] = "many"
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = synth(tmp_path / "out", config=str(path))
    assert done.returncode == 1
    assert "netsuite.slots = 'many': " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_templates_are_clean_for_cfn_lint(shop: Deployed, operator: Deployed) -> None:
    templates = [next(one.folder.glob("*.template.json")) for one in (shop, operator)]
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *templates], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_every_acknowledged_finding_is_on_one_resource_with_its_reason(shop: Deployed) -> None:
    """Nothing is acknowledged for a whole stack, or without a sentence."""
    manifest = json.loads((shop.folder / "manifest.json").read_text())
    found = []
    for artifact in manifest["artifacts"].values():
        metadata = dict(artifact.get("metadata") or {})
        if "additionalMetadataFile" in artifact:
            metadata |= json.loads((shop.folder / artifact["additionalMetadataFile"]).read_text())
        for path, entries in metadata.items():
            for entry in entries:
                if "acknowledged" in entry["type"]:
                    found.append(path)
                    for rule, reason in entry["data"].items():
                        assert len(path.split("/")) > 2, f"{rule} is acknowledged for all of {path}"
                        assert reason.endswith("."), f"{rule} at {path}"
    assert found


def test_the_local_deployment_differs_in_its_layers_its_machine_and_one_window_only(
    shop: Deployed, local: Deployed
) -> None:
    def but_for_the_difference(one: Deployed) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(json.dumps(one.template))
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case "AWS::Lambda::LayerVersion":
                    del properties["Content"]
                    resource.pop("Metadata", None)
                case "AWS::Lambda::Function":
                    del properties["Architectures"], properties["Layers"]
                case "AWS::Lambda::EventSourceMapping" if properties["BatchSize"] == 100:
                    del properties["MaximumBatchingWindowInSeconds"]
        return template

    assert but_for_the_difference(shop) == but_for_the_difference(local)

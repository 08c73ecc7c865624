"""The layers: third-party packages exactly as locked, and our package with the settings beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.layers import BUILD, LAMBDA, LOCAL, LOCK, MATCHING_LOCK, ROOT, Layer, own_layer
from infra.locks import LOCKS
from tieout.config import read_config

SHOP = ROOT / "config" / "gift-shop.yaml"
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def own() -> Layer:
    return own_layer(read_config(SHOP), LOCAL)


@pytest.mark.parametrize("lock", [LOCK, MATCHING_LOCK], ids=["every function", "matching"])
def test_what_is_deployed_is_what_is_tested(lock: Path) -> None:
    tested, deployed = pins(ROOT / "requirements.txt"), pins(lock)
    assert deployed
    assert deployed.items() <= tested.items()


def test_the_runtimes_own_boto3_is_not_deployed() -> None:
    assert not {"boto3", "botocore", "s3transfer"} & (pins(LOCK).keys() | pins(MATCHING_LOCK).keys())


def test_no_package_is_in_two_layers() -> None:
    assert not pins(LOCK).keys() & pins(MATCHING_LOCK).keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_locked_by_hash_and_no_index_is_named(lock: str) -> None:
    text = (ROOT / f"{lock}.txt").read_text(encoding="utf-8")
    packages = [block for block in re.split(r"\n(?=[a-z])", text) if "==" in block]
    assert len(packages) == len(pins(ROOT / f"{lock}.txt")) > 0
    assert all("--hash=sha256:" in block for block in packages)
    assert not re.search(r"index-url|find-links|https?://|@ ", text)


def test_our_layer_carries_the_settings_that_functions_read(own: Layer) -> None:
    """Read as a function reads them: from the layer alone, where no YAML file and no parser for one is needed."""
    program = (
        "import sys; sys.modules['yaml'] = None\n"
        "import tieout.config as c; print(c.__file__); print(c.deployed_config().model_dump_json())"
    )
    environment = {**os.environ, "PYTHONPATH": str(own.folder / "python")}
    environment.pop("TIEOUT_CONFIG", None)
    answer = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=BUILD
    )
    where, carried = answer.stdout.splitlines()
    assert where.endswith("tieout/config.py")
    assert carried == read_config(SHOP).model_dump_json()


def test_our_layer_holds_the_package_without_the_command_line(own: Layer) -> None:
    packages = {path.name for path in (own.folder / "python" / "tieout").iterdir() if path.is_dir()}
    assert {"domain", "flows", "mirakl", "netsuite", "aws"} <= packages
    assert "cli" not in packages


def test_a_layer_for_this_interpreter_ships_byte_code_that_is_never_checked_against_its_source(own: Layer) -> None:
    for source in (own.folder / "python" / "tieout").rglob("*.py"):
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == 0b01  # hash-based, unchecked (PEP 552)


def test_a_layer_for_another_interpreter_ships_no_byte_code() -> None:
    other = own_layer(read_config(SHOP), LAMBDA._replace(python="3.99"))
    assert not list(other.folder.rglob("*.pyc"))


def test_an_unchanged_layer_is_not_built_again_and_changed_settings_make_another(own: Layer) -> None:
    assert own_layer(read_config(SHOP), LOCAL) == own
    changed = read_config(SHOP).model_copy(update={"deployment": "other-shop"})
    assert own_layer(changed, LOCAL).digest != own.digest

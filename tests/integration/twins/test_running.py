"""Both twins together: in this process for tests, and as a command for people."""

import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

import sandbox
from sandbox.generate import world
from tests.shared import ROOT


def test_both_twins_run_on_loopback_with_clocks_that_agree(tmp_path: Path) -> None:
    with sandbox.running(world(7, 12, tmp_path), seed=1, mirakl_behaviours={"debit_minutes": 0}) as twins:
        urls = [twins.mirakl.url, twins.netsuite.url]
        clocks = [requests.get(f"{url}/_twin/clock", timeout=5).json()["now"][:16] for url in urls]
        switches = requests.get(f"{urls[0]}/_twin/behaviours", timeout=5).json()
    assert all(url.startswith("http://127.0.0.1:") for url in urls)
    assert clocks[0] == clocks[1]
    assert switches["debit_minutes"]["value"] == 0


def test_a_client_that_breaks_the_contract_fails_the_test_it_runs_in() -> None:
    def break_it() -> None:
        with sandbox.running(seed=1) as twins:
            access = twins.mirakl.marketplaces["brightside-uk"]
            headers = {"Authorization": access.api_key}
            requests.get(f"{access.url}/api/orders?state=NEW", headers=headers, timeout=5)

    with pytest.raises(sandbox.TwinViolation, match="state"):
        break_it()


def test_a_violation_that_is_expected_fails_nothing() -> None:
    with sandbox.running(seed=1, expect_violations=True) as twins:
        access = twins.mirakl.marketplaces["brightside-uk"]
        answer = requests.get(f"{access.url}/api/nothing", headers={"Authorization": access.api_key}, timeout=5)
    assert answer.json()["twin"] == "contract violation"


def test_the_command_tells_its_addresses_privately_and_ends_when_told(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    options = ["--world", str(world(7, 12, tmp_path / "world")), "--ready", str(ready), "--seed", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 30
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        told = json.loads(ready.read_text())
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        shop = told["mirakl"]["marketplaces"]["brightside-uk"]
        orders = requests.get(f"{shop['url']}/api/orders", headers={"Authorization": shop["api_key"]}, timeout=5)
        assert orders.json()["total_count"] == 8
        assert told["netsuite"]["private_key"].startswith("-----BEGIN")
        assert set(told["netsuite"]["tba"]) == {"consumer_key", "consumer_secret", "token_id", "token_secret"}
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert shop["api_key"] not in said


def test_a_mistaken_command_says_what_is_wrong_and_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--world", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert "neither mirakl/ nor netsuite/" in ended.stderr
    assert "Traceback" not in ended.stderr

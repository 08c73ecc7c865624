"""Status, pause and resume; and what every command has in common."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from tests.integration.cli.terminal import REGION, SOME_DAY, Deployed, Terminal
from tests.integration.running_twins import MARKETPLACE
from tieout import __version__
from tieout.cli.app import app
from tieout.cli.deployment import OUTPUTS
from tieout.cli.switches import FLOWS
from tieout.flows import posting
from tieout.flows.listings import sync as listings
from tieout.flows.returns import send as returns
from tieout.flows.settlement import review as settlements
from tieout.flows.shipments import rules as shipments
from tieout.flows.stock import asking as stock

BACKFILL = ("orders", "backfill", "--marketplace", MARKETPLACE, *SOME_DAY)


def test_status_counts_what_is_due_what_is_parked_and_how_far_was_read(deployed: Deployed) -> None:
    deployed.says(*BACKFILL)
    deployed.at.watermarks.advance(MARKETPLACE, datetime(2026, 10, 2, tzinfo=UTC))
    answer = deployed.answer("status")
    assert {lane["lane"]: lane["due"] for lane in answer["lanes"]} == {
        "orders-to-post": 2,
        "orders-to-accept": 0,
        "orders-to-confirm": 0,
        "shipments-to-confirm": 0,
        "refunds-to-send": 0,
        "settlements-to-post": 0,
        "stock-to-push": 0,
    }
    assert answer["parked"] == {"count": 0, "by_reason": {}, "oldest": None}
    (market,) = answer["marketplaces"]
    assert market["read_until"] == "2026-10-02T00:00:00Z"
    deployed.work()
    after = deployed.answer("status")
    assert after["parked"]["by_reason"] == {"unknown_sku": 1}
    assert {lane["lane"]: lane["due"] for lane in after["lanes"]}["orders-to-confirm"] == 1


def test_status_of_a_new_deployment_says_that_nothing_was_read_yet(deployed: Deployed) -> None:
    told = deployed.says("status")
    assert "not read yet" in told
    assert "Nothing is parked." in told
    assert "Nothing is paused" in told


def test_a_paused_flow_posts_nothing_until_it_is_resumed(deployed: Deployed) -> None:
    answer = deployed.answer("pause", "orders")
    assert [each["flow"] for each in answer["paused"]] == ["orders"]
    assert answer["paused"][0]["who"] == "user/moto"
    deployed.says(*BACKFILL)
    deployed.work()
    assert deployed.twins.sales_orders() == []
    assert "Paused: orders" in deployed.says("status")
    assert deployed.answer("resume", "orders")["paused"] == []


def test_resuming_one_flow_while_all_are_paused_says_that_all_still_are(deployed: Deployed) -> None:
    deployed.says("pause", "all")
    assert "All flows are still paused" in deployed.says("resume", "orders")
    assert "Nothing is paused" in deployed.says("resume", "all")


def test_without_a_flow_everything_is_paused_and_everything_resumed(deployed: Deployed) -> None:
    deployed.says("pause", "orders")
    assert [each["flow"] for each in deployed.answer("pause")["paused"]] == ["all", "orders"]
    assert deployed.answer("resume")["paused"] == []


def test_an_unknown_flow_is_refused_with_those_there_are(deployed: Deployed) -> None:
    words = deployed.refuses("pause", "ordres")
    assert "orders, shipments, returns, settlements, stock, listings, or all" in words


def test_every_flow_that_work_stops_for_can_be_paused() -> None:
    assert {posting.FLOW, shipments.FLOW, returns.FLOW, settlements.FLOW, stock.FLOW, listings.FLOW} == set(FLOWS)


def test_status_says_how_far_what_leaves_and_what_comes_back_was_read(deployed: Deployed) -> None:
    deployed.at.watermarks.advance("netsuite/fulfilments", datetime(2026, 10, 2, tzinfo=UTC))
    read = {each["reading"]: each["read_until"] for each in deployed.answer("status")["readings"]}
    assert read == {
        "netsuite/fulfilments": "2026-10-02T00:00:00Z",
        "netsuite/credits": None,
        "netsuite/closed-lines": None,
        f"{MARKETPLACE}/returns": None,
    }
    assert "netsuite/fulfilments" in deployed.says("status")


def test_a_breaker_shows_in_the_status(deployed: Deployed) -> None:
    deployed.at.switches.failed("netsuite", datetime.now(UTC) + timedelta(seconds=1), at_once=True)
    (breaker,) = deployed.answer("status")["breakers"]
    assert breaker["system"] == "netsuite"
    assert breaker["open_until"]
    assert "netsuite failed 1 times in a row; left alone until" in deployed.says("status")


def test_json_may_stand_before_the_command_too(deployed: Deployed) -> None:
    assert json.loads(deployed.says("--json", "status"))["deployment"] == "test"


def test_names_may_come_from_the_environment_of_a_function(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("cloudformation", region_name=REGION).delete_stack(StackName="tieout-test")
    for output, variable in OUTPUTS.items():
        monkeypatch.setenv(variable, deployed.outputs[output])
    assert deployed.answer("status")["deployment"] == "test"


def test_another_deployment_of_the_same_settings_is_named_by_an_option(deployed: Deployed) -> None:
    words = deployed.refuses("--deployment", "elsewhere", "status")
    assert "Stack tieout-elsewhere is not in region" in words


def test_a_mistake_in_the_settings_is_told_with_its_key(terminal: Terminal) -> None:
    del terminal.settings["netsuite"]["account"]
    terminal.save()
    assert "netsuite.account" in terminal.refuses("status")


def test_without_settings_the_words_say_how_to_name_them(
    aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 2
    assert "--config" in result.stderr


def test_the_settings_that_cdk_deploys_are_the_default(
    aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Terminal(tmp_path)
    (tmp_path / "cdk.json").write_text(json.dumps({"context": {"config": here.file.name}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["status"])
    assert "Stack tieout-test" in " ".join(result.stderr.split())


def test_without_aws_credentials_the_words_say_how_to_sign_in(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") and "REGION" not in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    assert "sign in" in terminal.refuses("status")


def test_without_a_region_the_words_say_how_to_name_one(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    assert "--region" in terminal.refuses("status")


def test_the_version_is_said_without_settings() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.stdout == f"tieout {__version__}\n"

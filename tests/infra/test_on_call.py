"""Every alarm says what it means and has its page; every page has its alarm."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from infra.layers import LAMBDA, ROOT
from tests.infra.conftest import OPERATOR
from tests.infra.deployed import Deployed, deploy, refs
from tieout.cli.app import app
from tieout.config import config_from, read_config

PAGES = ROOT / "docs" / "on-call"
SECTIONS = ("What it costs", "First three checks", "How to mend", "When to escalate")


def slug_of(alarm: dict[str, Any]) -> str:
    return str(alarm["AlarmDescription"]).rpartition("/")[2].removesuffix(".md")


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in alarm.get("Dimensions", ())}


def own_alarms(deployed: Deployed, metric: str) -> list[dict[str, Any]]:
    return [one for one in deployed.alarms if one.get("Namespace") == "Tieout" and one["MetricName"] == metric]


def test_alarms_and_pages_are_the_same_list(shop: Deployed, operator: Deployed) -> None:
    alarms = {slug_of(alarm) for deployed in (shop, operator) for alarm in deployed.alarms}
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert alarms == pages


def test_the_list_of_pages_names_each_of_them() -> None:
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    for page in PAGES.glob("*.md"):
        assert page.stem == "README" or f"({page.name})" in listed


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_says_what_it_means_costs_and_how_to_mend_it(page: Path) -> None:
    if page.stem == "README":
        return
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}: ")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    checks = text.split("## First three checks")[1].split("## How to mend")[0]
    assert [line[:2] for line in checks.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")] == ["1.", "2.", "3."]
    assert "       " in checks  # commands to copy


def test_every_alarm_says_a_sentence_and_links_its_page(deployed: Deployed) -> None:
    for alarm in deployed.alarms:
        sentence, _, link = alarm["AlarmDescription"].rpartition(" ")
        assert link == f"{deployed.config.on_call.pages_url}/{slug_of(alarm)}.md"
        assert sentence.endswith(".")
        assert alarm["AlarmName"].startswith(f"{deployed.config.deployment}-{slug_of(alarm)}")


def test_every_alarm_reaches_the_topic_when_it_rings_and_when_it_is_over(deployed: Deployed) -> None:
    (topic,) = deployed.of_type("AWS::SNS::Topic")
    for alarm in deployed.alarms:
        assert refs(alarm["AlarmActions"]) == refs(alarm["OKActions"]) == [topic]


def test_the_topic_lets_alarms_publish(deployed: Deployed) -> None:
    """A topic with a policy of its own has lost SNS's default one: what it does not allow, CloudWatch may not."""
    (topic,) = deployed.of_type("AWS::SNS::Topic")
    (policy,) = deployed.properties("AWS::SNS::TopicPolicy")
    allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert refs(policy["Topics"]) == [topic]
    assert [(one["Principal"], one["Action"], one["Condition"]) for one in allowed] == [
        (
            {"Service": "cloudwatch.amazonaws.com"},
            "sns:Publish",
            {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        )
    ]


def test_everybody_on_call_is_subscribed(operator: Deployed) -> None:
    subscribed = [(one["Protocol"], one["Endpoint"]) for one in operator.properties("AWS::SNS::Subscription")]
    assert subscribed == [("email", "on-call@harbour.example")]


def test_a_schedule_that_stops_pages(deployed: Deployed) -> None:
    """Each schedule has a heartbeat; no word from it counts as a missed beat, within a day of nightly ones."""
    beats = {dimensions(alarm)["schedule"]: alarm for alarm in own_alarms(deployed, "RunCompleted")}
    schedules = {one["Name"]: one for one in deployed.properties("AWS::Scheduler::Schedule")}
    assert set(beats) == set(schedules)
    for name, alarm in beats.items():
        assert alarm["TreatMissingData"] == "breaching"
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
        assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"]
        silence = alarm["Period"] * alarm["EvaluationPeriods"]
        if "cron" in schedules[name]["ScheduleExpression"]:
            assert 24 * 3600 < silence <= 28 * 3600
        else:
            minutes = int(schedules[name]["ScheduleExpression"].removeprefix("rate(").split()[0])
            assert silence >= 3 * minutes * 60


def test_the_heartbeats_page_says_of_each_schedule_what_it_costs(shop: Deployed, operator: Deployed) -> None:
    said = (PAGES / "heartbeat.md").read_text(encoding="utf-8").partition("## What it costs")[2].partition("\n## ")[0]
    patterns = [name for row in said.splitlines() if row.startswith("| `") for name in re.findall(r"`(.+?)`", row)]
    schedules = {
        str(one["Name"]) for deployed in (shop, operator) for one in deployed.properties("AWS::Scheduler::Schedule")
    }
    assert [name for name in sorted(schedules) if not any(fnmatch(name, each) for each in patterns)] == []
    assert [each for each in patterns if not any(fnmatch(name, each) for name in schedules)] == []


def test_every_function_pages_when_it_keeps_failing_or_may_not_run(deployed: Deployed) -> None:
    for metric in ("Errors", "Throttles"):
        watched = [
            refs(alarm["Dimensions"][0]["Value"])[0] for alarm in deployed.alarms if alarm["MetricName"] == metric
        ]
        assert sorted(watched) == sorted(deployed.of_type("AWS::Lambda::Function"))


def test_what_finance_and_operations_feel_pages(operator: Deployed) -> None:
    names = {
        (
            alarm["MetricName"],
            *(f"{name}={value}" for name, value in sorted(dimensions(alarm).items())),
            alarm["Threshold"],
        )
        for alarm in operator.alarms
        if alarm.get("Namespace") == "Tieout" and alarm["MetricName"] != "RunCompleted"
    }
    shop = "deployment=harbour-stores"
    lanes = (
        *("orders-to-post", "orders-to-accept", "orders-to-confirm"),
        *("shipments-to-confirm", "refunds-to-send", "settlements-to-post", "stock-to-push"),
    )
    readings = ("netsuite/fulfilments", "netsuite/credits", "netsuite/closed-lines")
    markets = ("harbour-uk", "harbour-ie")
    assert names == {
        ("OldestParkedHours", shop, 8),
        ("OldestReviewHours", shop, 72),
        *(("OldestDueSeconds", shop, f"lane={lane}", 20 * 60) for lane in lanes),
        ("DoubtHours", shop, 4),
        ("WatermarkLagSeconds", shop, "marketplace=harbour-uk", 30 * 60),
        ("WatermarkLagSeconds", shop, "marketplace=harbour-ie", 60 * 60),
        *(("WatermarkLagSeconds", shop, f"reading={reading}", 30 * 60) for reading in readings),
        *(("WatermarkLagSeconds", shop, f"marketplace={one}", "reading=shipments", 30 * 60) for one in markets),
        *(("WatermarkLagSeconds", shop, f"marketplace={one}", "reading=returns", 60 * 60) for one in markets),
        *(("OrdersAtRisk", shop, f"marketplace={one}", 1) for one in markets),
        *(("FulfilmentUndone", shop, f"marketplace={one}", 1) for one in markets),
        ("WatermarkLagSeconds", shop, "marketplace=harbour-uk", "reading=settlement", 2 * 24 * 3600),
        ("SourceChangedAfterPost", shop, "marketplace=harbour-uk", 1),
        ("BreaksBlockingClose", shop, "marketplace=harbour-uk", 1),
        ("OldestBreakDays", shop, "marketplace=harbour-uk", 31),
        ("StockPushHeld", shop, "marketplace=harbour-uk", 1),
        ("StockBehindSeconds", shop, "marketplace=harbour-uk", 30 * 60),
        ("StockRowsRefused", shop, "marketplace=harbour-uk", 20),
        ("SellerStockRefusedHours", shop, "marketplace=harbour-uk", 8),
        ("MappingMismatches", shop, "marketplace=harbour-uk", 1),
        ("StockDrift", "cause=changed_outside", shop, "marketplace=harbour-uk", 10),
        ("WebhookRefused", shop, "marketplace=harbour-uk", 5),
        ("WebhookRefused", shop, "marketplace=netsuite", 5),
        ("CertificateDaysLeft", shop, 60),
    }


def test_refused_records_page_where_records_are_kept_and_nowhere_else(
    operator: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = read_config(OPERATOR).model_dump(exclude_none=True)
    data["marketplaces"]["harbour-uk"]["stock"]["sellers"] = "report"
    reporting = deploy(config_from(data), LAMBDA, tmp_path_factory.mktemp("reporting"))
    assert len(own_alarms(operator, "SellerStockRefusedHours")) == 1
    assert own_alarms(reporting, "SellerStockRefusedHours") == []


def test_stock_that_is_pushed_every_half_hour_is_watched_by_the_half_hour(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Between two pushes nothing is told, and a period without a word would be no alarm."""
    data = read_config(OPERATOR).model_dump(exclude_none=True)
    data["marketplaces"]["harbour-uk"]["stock"]["push_minutes"] = 30
    seldom = deploy(config_from(data), LAMBDA, tmp_path_factory.mktemp("seldom"))
    for metric in ("StockPushHeld", "StockBehindSeconds"):
        (alarm,) = own_alarms(seldom, metric)
        assert alarm["Period"] == 30 * 60


def test_a_certificate_that_cannot_be_read_pages_too(deployed: Deployed) -> None:
    (alarm,) = own_alarms(deployed, "CertificateDaysLeft")
    assert (alarm["TreatMissingData"], alarm["ComparisonOperator"]) == ("breaching", "LessThanThreshold")


def test_alarms_fit_the_local_aws_too(deployed: Deployed) -> None:
    """No metric mathematics and no alarms of alarms: the same stack deploys on a laptop."""
    assert not [alarm for alarm in deployed.alarms if "Metrics" in alarm]
    assert "AWS::CloudWatch::CompositeAlarm" not in json.dumps(deployed.template)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_every_command_on_a_page_is_one_that_tieout_has(page: Path) -> None:
    known = {
        name
        for group in (app.registered_commands, app.registered_groups)
        for one in group
        if (name := one.name or (one.callback.__name__ if one.callback else ""))
    }
    used = set(re.findall(r"(?:^ {2,}|`)tieout ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert used <= known

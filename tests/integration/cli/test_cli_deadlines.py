"""`tieout deadlines`: how long is left, nearest first, and which orders are at risk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.or11 import a_wire_line, a_wire_order
from tests.integration.cli.terminal import SOME_DAY, Deployed
from tests.integration.running_twins import MARKETPLACE, Running, running


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def twins(tmp_path_factory: pytest.TempPathFactory) -> Running:  # type: ignore[misc]
    """Orders to be shipped in two hours and in two days, and one whose time to be accepted has passed."""
    orders = [
        a_wire_order("LATER", shipping_deadline=in_hours(48)),
        a_wire_order("SOON", shipping_deadline=in_hours(2)),
        a_wire_order(
            "WAITS",
            [a_wire_line("WAITS-1", order_line_state="WAITING_ACCEPTANCE")],
            order_state="WAITING_ACCEPTANCE",
            acceptance_decision_date=None,
        ),
    ]
    with running(tmp_path_factory.mktemp("twins") / "world", orders) as both:
        yield both


def read(deployed: Deployed) -> None:
    """The orders are known, and a minute has passed: Mirakl lists orders once a minute."""
    deployed.says("orders", "backfill", "--marketplace", MARKETPLACE, *SOME_DAY)
    deployed.twins.wait(61)


def test_the_nearest_deadline_comes_first_and_only_what_waits_for_us_is_at_risk(deployed: Deployed) -> None:
    read(deployed)
    answer = deployed.answer("deadlines")
    found = {each["order_id"]: each for each in answer["deadlines"]}
    assert [each["order_id"] for each in answer["deadlines"] if each["to"] == "ship"] == ["SOON", "LATER"]
    assert (found["SOON"]["at_risk"], found["LATER"]["at_risk"]) == (True, False)
    assert found["SOON"]["waits_for"] == f"{MARKETPLACE}|SOON|SO|SOON"
    assert 1.9 * 3600 < found["SOON"]["seconds_left"] <= 2 * 3600
    assert (found["WAITS"]["to"], found["WAITS"]["at_risk"]) == ("accept", True)
    assert (answer["count"], answer["at_risk"]) == (3, 2)


def test_an_order_that_is_the_warehouses_to_ship_is_not_at_risk(deployed: Deployed) -> None:
    read(deployed)
    deployed.work()
    found = {each["order_id"]: each for each in deployed.answer("deadlines")["deadlines"]}
    assert (found["SOON"]["at_risk"], found["SOON"]["waits_for"]) == (False, None)


def test_a_person_reads_how_long_is_left(deployed: Deployed) -> None:
    read(deployed)
    told = deployed.says("deadlines", "--marketplace", MARKETPLACE)
    assert "at risk: 2" in told
    assert "1 h 59 min" in told
    assert "late by" in told


def test_a_marketplace_that_is_not_in_the_settings_is_refused(deployed: Deployed) -> None:
    assert "There is no marketplace 'nowhere'" in deployed.refuses("deadlines", "--marketplace", "nowhere")

"""Counts and gauges as CloudWatch reads them from a function's log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tieout.aws.metrics import EmfMeter

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def meter(lines: list[str]) -> EmfMeter:
    return EmfMeter("gift-shop", lambda: NOON, lines.append)


def read(line: str) -> tuple[str, str, list[list[str]], dict[str, Any]]:
    """Name, unit, dimension sets and the values by name."""
    values = json.loads(line)
    directives = values.pop("_aws")
    assert directives["Timestamp"] == NOON.timestamp() * 1000
    (directive,) = directives["CloudWatchMetrics"]
    assert directive["Namespace"] == "Tieout"
    (metric,) = directive["Metrics"]
    return metric["Name"], metric["Unit"], directive["Dimensions"], values


def test_a_count_is_known_by_deployment_and_what_it_was_counted_for(meter: EmfMeter, lines: list[str]) -> None:
    meter.count("OrdersSeen", 3, marketplace="shop")
    assert read(lines[0]) == (
        "OrdersSeen",
        "Count",
        [["deployment", "marketplace"]],
        {"deployment": "gift-shop", "marketplace": "shop", "OrdersSeen": 3},
    )


def test_a_number_of_the_whole_deployment_has_no_other_dimension(
    meter: EmfMeter, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm on it sees one number, whichever function reported it."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "post_orders")
    meter.count("Parked")
    assert read(lines[0]) == ("Parked", "Count", [["deployment"]], {"deployment": "gift-shop", "Parked": 1})


def test_a_level_in_seconds_says_so(meter: EmfMeter, lines: list[str]) -> None:
    meter.gauge("OldestDueSeconds", 12.5, lane="orders-to-post")
    meter.gauge("OldestParkedHours", 2.0)
    assert [read(line)[1] for line in lines] == ["Seconds", "None"]
    assert read(lines[0])[3]["OldestDueSeconds"] == 12.5


def test_a_metric_is_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    EmfMeter("gift-shop", lambda: NOON).count("Parked")
    (line,) = capsys.readouterr().out.splitlines()
    assert read(line)[0] == "Parked"

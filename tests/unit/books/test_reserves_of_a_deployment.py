"""A deployment finds the same reserves wrong as the folder that it gives out, and forgets none that it cannot see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.fakes import a_house
from tests.shared import ROOT
from tests.unit.books.folders import LINES, MARKETPLACE, a_line
from tests.unit.flows.test_comparing_sources import MemoryBreakLog
from tieout.books.deployed import ArchivedSources
from tieout.books.reconcile import reconcile_folder
from tieout.config import read_config
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.workflow import cases_of
from tieout.flows.ports import At
from tieout.flows.reconcile.compare import compare
from tieout.flows.settlement.balances import READINGS, WHOLE_LOG, keep_balances
from tieout.flows.settlement.log import keep_lines
from tieout.mirakl.client import Connection, Mirakl

Answer = TypeVar("Answer")
READ = datetime(2026, 10, 12, 4, 10, tzinfo=UTC)
AS_OF = date(2026, 10, 14)
FUNDED = {"entities": {}, "accounting_document_number": None, "shop": {"id": 2001}}
E11 = [
    a_line(4, "RESERVE_FUNDING", -500.0, **FUNDED),
    a_line(5, "RESERVE_SETTLEMENT", 300.0, **FUNDED | {"date_created": "2026-10-10T00:00:00Z"}),
]
"""Worked example E11: 500.00 are withheld in September, 300.00 are released on 10 October."""


@pytest.fixture
def at() -> At:
    """A deployment that has read the log up to two days after the account."""
    connection = Connection(marketplace=MARKETPLACE, base_url="http://127.0.0.1:1", role="seller", shop_id=2001)
    market = Mirakl(connection, dict)
    house = a_house()
    house.clock.advance(seconds=(READ + timedelta(days=2) - house.clock.now).total_seconds())
    config = read_config(ROOT / "config/gift-shop.yaml")
    only = {MARKETPLACE: config.marketplaces[MARKETPLACE]}
    at = replace(house.at, marketplace=lambda _: market, config=config.model_copy(update={"marketplaces": only}))
    keep_lines(MARKETPLACE, market.read_lines([json.encode(row) for row in [*without_orders(LINES), *E11]]), set(), at)
    at.watermarks.advance(f"{MARKETPLACE}/{WHOLE_LOG}", READ + timedelta(days=2))
    return at


def without_orders(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "entities": {}} for row in rows]


def told(at: At, held: float | None, read_at: datetime = READ) -> None:
    """What the account said at that moment."""
    row = {
        "read_at": read_at.isoformat(),
        "shop_id": 2001,
        "currency_iso_code": "GBP",
        "payment_details": {"reserve_balance": held},
    }
    keep_balances(MARKETPLACE, read_at, [json.encode(row)], at)


def found(at: At, folder: Path) -> list[tuple[str, Decimal]]:
    """By the deployment, cycle by cycle; and by whoever takes its export."""
    sources = ArchivedSources(at)
    deployed = sources(MARKETPLACE, [], [], AS_OF).breaks
    sources.write(folder, MARKETPLACE, [], [])
    exported = reconcile_folder(folder, at.config, [MARKETPLACE], AS_OF).breaks
    ours, theirs = (
        [(each.key, each.amount) for each in breaks if each.code is Code.RESERVE_DIFF]
        for breaks in (deployed, exported)
    )
    assert ours == theirs
    return ours


def test_another_balance_is_a_break(at: At, tmp_path: Path) -> None:
    told(at, 150.0)
    assert found(at, tmp_path) == [("2001", Decimal("50.0"))]


def test_what_was_released_after_the_reading_is_no_break(at: At, tmp_path: Path) -> None:
    told(at, 500.0, datetime(2026, 10, 9, 4, 10, tzinfo=UTC))
    assert found(at, tmp_path) == []


def test_while_a_line_does_not_read_no_reserve_is_called_wrong(at: At, tmp_path: Path) -> None:
    """It may be the line that is missing from the reserve."""
    told(at, 240.0)
    garbled = a_line(6, "RESERVE_FUNDING", -40.0, **FUNDED) | {"amount": "much"}
    keep_lines(MARKETPLACE, at.marketplace(MARKETPLACE).read_lines([json.encode(garbled)]), set(), at)
    assert found(at, tmp_path) == []


def at_once(ask: Callable[[], Answer]) -> Answer:
    return ask()


def test_a_difference_is_open_until_a_reading_shows_none(at: At) -> None:
    """Not only until the account is not told any more."""
    log = MemoryBreakLog()

    def still_open() -> int:
        compare(at, ArchivedSources(at), log, at_once)
        cases = cases_of(log.read()).values()
        return sum(1 for each in cases if each.found.code is Code.RESERVE_DIFF and not each.is_closed)

    told(at, 150.0)
    assert still_open() == 1
    for hours in range(1, READINGS + 1):
        told(at, None, READ + timedelta(hours=hours))
    assert still_open() == 1
    told(at, 200.0, READ + timedelta(days=1))
    assert still_open() == 0


def test_a_balance_that_does_not_read_is_a_problem_and_ends_no_break(at: At) -> None:
    keep_balances(MARKETPLACE, READ, [b'{"read_at": "2026-10-12T04:10:00Z", "shop_id": null}'], at)
    problems = ArchivedSources(at)(MARKETPLACE, [], [], AS_OF).problems
    assert [each for each in problems if "accounts" in each and "shop_id" in each]

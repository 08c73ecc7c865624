"""Clean months with every oddity that is no fault, in currencies of no, two and three decimals, in every mode."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.months.market import MARKETS
from sandbox.months.month import month, write
from sandbox.months.regimes import Regime
from tests.unit.domain.ledger.bookkeeping import CHART, balances
from tieout.books.export import Export, read_export
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.run import is_memo_only
from tieout.domain.ledger.settle import Status, settle
from tieout.domain.ledger.side import side_of
from tieout.domain.money import ZERO, exponent_of

SEEDS = (3, 7)
MUST_BE_EMPTY = {"facilitator_tax_wash", "order_fee_pass_through", "accounts_payable", "marketplace_undelivered"}


@pytest.fixture(scope="module", params=SEEDS)
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Export:
    made = month(request.param, Regime.R0, 80, tuple(MARKETS), datetime(2026, 9, 1, tzinfo=UTC))
    return read_export(write(made, request.param, tmp_path_factory.mktemp("month")), sorted(MARKETS))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("marketplace", sorted(MARKETS))
def test_a_clean_month_ties_out_and_holds_every_line_once(export: Export, marketplace: str, mode: Mode) -> None:
    books = export.books[marketplace]
    rules = BookingRules(
        marketplace=marketplace,
        mode=mode,
        time_zone=ZoneInfo("Europe/London"),
        accounts=(AccountVersion(date(2000, 1, 1), None, CHART),),
        customer="CUSTOMER",
        vendor="VENDOR",
    )
    settled, side = settle(books, rules), side_of(mode)
    assert [(each.status, each.reasons) for each in settled.proofs] == [(Status.TIED_OUT, ())] * len(books.cycles)
    cycles = {cycle.id: cycle.pay_out.state == "PAID" for cycle in books.cycles}
    amounts = {
        line.id: line.amount
        for line in books.lines
        if line.amount
        and line.cycle in cycles
        and not is_memo_only(line)
        and (line.type != "PAYMENT" or cycles[line.cycle])
    }
    moving = [each for each in settled.records if any(entry.role is side.control for entry in each.entries)]
    assert Counter(each for record in moving for each in record.source_line_ids) == Counter(dict.fromkeys(amounts, 1))
    for record in moving:
        assert record.movement(side.control) * side.sign == sum((amounts[x] for x in record.source_line_ids), ZERO)
        assert all(-exponent_of(record.currency) == _exponent(entry.debit or entry.credit) for entry in record.entries)
    if mode is Mode.RECORD_LEVEL:
        assert not MUST_BE_EMPTY & set(balances(settled.records))


def _exponent(amount: object) -> object:
    return amount.as_tuple().exponent  # type: ignore[attr-defined]

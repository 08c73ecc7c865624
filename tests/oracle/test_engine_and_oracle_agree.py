"""The SQL engine and a second matcher, written from the finance reference with dictionaries alone, find the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.months.market import DEFAULT
from sandbox.months.month import month, write
from sandbox.months.regimes import Regime
from sandbox.months.settings import write_settings
from tests.oracle.matcher import findings
from tests.shared import ROOT, shared
from tieout.books.export import read_export
from tieout.books.reconcile import reconcile
from tieout.config import Config, read_config
from tieout.domain.reconcile.breaks import Code
from tieout.flows.settlement.rules import booking_rules

AS_OF = date(2026, 11, 30)
TOTALS = {Code.CYCLE_NOT_TIED, Code.DOC_NOT_TIED, Code.CHAIN_GAP, Code.PAYOUT_DIFF}
"""What is left of sums: the oracle has no running balance to go by, and tries which findings add up."""
PLAIN = {
    Code.MISSING_IN_NS,
    Code.MISSING_IN_TL,
    Code.UNKNOWN_ORDER,
    Code.CURRENCY_MISMATCH,
    Code.SIGN_ANOMALY,
    Code.UNMAPPED_TYPE,
    Code.COMMISSION_RATE,
    Code.DUPLICATE_NS,
    Code.REFUND_UNMATCHED,
    Code.CREDIT_WITHOUT_REFUND,
}
"""Of made-up months: what the oracle, which knows no refunds of the contract and no tax codes, can tell."""
Told = set[tuple[str, str, Decimal]]


def both(folder: Path, config: Config, names: tuple[str, ...]) -> tuple[Told, Told]:
    export = read_export(folder, names)
    rules = {name: booking_rules(config, name) for name in names}
    engine = reconcile([export.books[name] for name in names], rules, AS_OF)
    found = [each for name in names for each in findings(export.books[name], AS_OF)]
    return (
        {(each.code.value, each.key, each.amount) for each in engine.breaks if each.code not in TOTALS},
        {(each.code, each.key, each.amount) for each in found if not each.information and each.code not in TOTALS},
    )


def plain(told: Told) -> Told:
    return {each for each in told if each[0] in PLAIN}


@pytest.mark.parametrize("world", ["gift-shop-settled", "gift-shop-breaks"])
def test_on_a_gift_shops_month(world: str) -> None:
    config = read_config(ROOT / "config/gift-shop.yaml")

    engine, oracle = both(shared(f"worlds/{world}"), config, tuple(config.marketplaces))

    assert engine == oracle


@pytest.mark.parametrize("seed", [5, 7])
@pytest.mark.parametrize("regime", [Regime.R0, Regime.R1])
def test_on_made_up_months(regime: Regime, seed: int, tmp_path: Path) -> None:
    write(month(seed, regime, 120, DEFAULT, datetime(2026, 9, 1, tzinfo=UTC)), seed, tmp_path)

    engine, oracle = both(tmp_path, read_config(write_settings(DEFAULT, tmp_path)), tuple(DEFAULT))

    assert plain(engine) == plain(oracle)

"""The SQL engine and a second matcher, written from the finance reference with dictionaries alone, find the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.months.market import DEFAULT
from sandbox.months.regimes import Regime
from tests.oracle.booked_month import booked_month, load, with_rules_by_words
from tests.oracle.matcher import findings
from tests.oracle.told import BY_RULES, Told, by_engine, by_hand
from tests.shared import ROOT, shared
from tieout.books.export import read_export
from tieout.books.reconcile import reconcile_folder
from tieout.config import Config
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
    Code.TAX_PRESENTATION_UNKNOWN,
    Code.NOT_APPLICABLE_POSTED,
    Code.OVER_APPLIED,
}
"""Of made-up months: what the oracle, which knows no refunds of the contract and no tax codes, can tell."""


def both(folder: Path, config: Config, names: tuple[str, ...]) -> tuple[Told, Told]:
    export = read_export(folder, names, general_ledger=True)
    found = reconcile_folder(folder, config, names, AS_OF)
    engine = {(each.code.value, each.key, each.amount) for each in found.breaks if each.code not in TOTALS | BY_RULES}
    oracle: Told = set()
    for name in names:
        books = export.books[name]
        found_by_oracle = findings(books, AS_OF)
        oracle |= {
            (each.code, each.key, each.amount)
            for each in found_by_oracle
            if not each.information and each.code not in TOTALS
        }
        oracle |= by_hand(
            books,
            booking_rules(config, name),
            export.gl_lines,
            export.replaced[name],
            balances_of(folder / "mirakl" / name / "accounts.ndjson.gz"),
            closed_months(folder / "netsuite" / "periods.ndjson.gz"),
            {each.cycle for each in found_by_oracle if each.code == Code.TAX_PRESENTATION_UNKNOWN},
        )
    return engine | by_engine([*found.breaks, *found.information]), oracle


def balances_of(file: Path) -> list[tuple[str, str, Decimal | None]]:
    """A world without the file says nothing of reserves."""
    return [
        (str(row["shop_id"]), row["currency_iso_code"], Decimal(row["payment_details"]["reserve_balance"]))
        for row in (load(file) if file.exists() else [])
    ]


def closed_months(file: Path) -> list[tuple[date, date]]:
    rows = load(file) if file.exists() else []
    return [(date.fromisoformat(row["begins"]), date.fromisoformat(row["ends"])) for row in rows]


def plain(told: Told) -> Told:
    return {each for each in told if each[0] in PLAIN | BY_RULES | {Code.UNEXPLAINED}}


@pytest.mark.parametrize("world", ["gift-shop-settled", "gift-shop-breaks"])
def test_on_a_gift_shops_month(world: str, tmp_path: Path) -> None:
    config = with_rules_by_words(ROOT / "config/gift-shop.yaml", tmp_path)

    engine, oracle = both(shared(f"worlds/{world}"), config, tuple(config.marketplaces))

    assert engine == oracle
    assert any(code == Code.MANUAL_UNCLASSIFIED for code, _, _ in engine), "some item is of no rule's words"


@pytest.mark.parametrize("seed", [3, 5])
@pytest.mark.parametrize("regime", [Regime.R0, Regime.R1])
def test_on_made_up_months(regime: Regime, seed: int, tmp_path: Path) -> None:
    """Of a month that was booked without a fault, every fault of the ledger is in the truth; of one with faults, little
    could be booked: there it is the reserves that are off.
    """
    made = booked_month(seed, regime, 120, tmp_path)

    engine, oracle = both(made.folder, made.config, tuple(DEFAULT))

    assert plain(engine) == plain(oracle)
    assert made.truth <= engine
    codes = {code for code, _, _ in engine} & BY_RULES
    assert codes >= (BY_RULES - {Code.RESERVE_DIFF, Code.UNDER_APPLIED} if regime is Regime.R0 else {Code.RESERVE_DIFF})

"""Worked example 10: a payout that arrives in another currency, as the bank's statement and the rates tell it."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import CHART, a_cycle, balances, books, log, money, rules, same
from tieout.domain.ledger.proof import Settled, Status
from tieout.domain.ledger.rates import Arrival, Rate
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion
from tieout.domain.ledger.settle import settle

TENTH = log("ORDER_AMOUNT +10000.00")
SENT = a_cycle(TENTH)
AT_86 = Rate(day=date(2026, 1, 20), currency="EUR", into="GBP", rate=Decimal("0.8600"))
AT_85_5 = Rate(day=date(2026, 1, 23), currency="EUR", into="GBP", rate=Decimal("0.8550"))
ARRIVED = Arrival(day=date(2026, 1, 26), currency="GBP", amount=Decimal("8512.30"))


def in_pounds(mode: str = "summary_journal", **more: object) -> Settled:
    """E10: a shop in euros whose payouts arrive in the pounds of its own books."""
    found = {"arrivals": {"C1": ARRIVED}, "rates": (AT_86, AT_85_5)} | more
    return settle(replace(books(TENTH, SENT), **found), rules(mode, pays_out="GBP"))


def test_e10_a_payout_in_another_currency_goes_through_conversion_and_its_cost_is_explained() -> None:
    settled = in_pounds()
    same(
        settled.records,
        """
        journalEntry 21 Jan
          marketplace_clearing                     10,000.00
          sales_revenue                                        10,000.00
        journalEntry 23 Jan
          fx_conversion                            10,000.00
          marketplace_clearing                                 10,000.00
        journalEntry 23 Jan
          bank_in_transit                           8,512.30
          fx_conversion                                         8,512.30
        journalEntry 23 Jan
          fx_gain_loss                                 50.00
          psp_conversion_cost                          37.70
          fx_conversion                                            87.70
        """,
    )
    _, sent, got, change = settled.records
    assert [each.currency for each in (sent, got, change)] == ["EUR", "GBP", "GBP"]
    assert sent.exchange_rate == Decimal("0.86"), "the rate under which the balance stands: nothing is left of it"
    assert 10000 * sent.exchange_rate - got.movement(Role.BANK_IN_TRANSIT) + change.movement(Role.FX_CONVERSION) == 0
    assert [each.external_id for each in (sent, got, change)] == [
        "T-leroy-fr-PO-C1",
        "T-leroy-fr-PO-C1-GBP",
        "T-leroy-fr-PO-C1-FX",
    ]
    assert (got.after, change.after) == ((sent.external_id,), (sent.external_id, got.external_id))
    (proof,) = settled.proofs
    assert (proof.status, proof.posted_to_clearing, proof.residual) == (
        Status.TIED_OUT,
        Decimal(10000),
        Decimal(0),
    )


def test_e10_an_operator_s_bank_pays_and_its_debt_to_the_seller_is_gone() -> None:
    settled = in_pounds("operator", arrivals={"C1": replace(ARRIVED, amount=Decimal("-8512.30"))})
    same(
        settled.records[-3:],
        """
        journalEntry 23 Jan
          fx_conversion                                        10,000.00
          seller_payable                           10,000.00
        journalEntry 23 Jan
          bank_or_psp_wallet                                    8,512.30
          fx_conversion                             8,512.30
        journalEntry 23 Jan
          fx_gain_loss                                             50.00
          psp_conversion_cost                                      37.70
          fx_conversion                                87.70
        """,
    )
    assert [each.entity for each in settled.records[-3].entries] == [None, "T-leroy-fr-VEN-SHOP"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"arrivals": {}}, "no line in GBP of the bank's statement names the payout PO-1 of 10000.00 EUR"),
        (
            {"arrivals": {"C1": replace(ARRIVED, currency="USD")}},
            "no line in GBP of the bank's statement names the payout PO-1 of 10000.00 EUR",
        ),
        ({"rates": ()}, "no rate says what one EUR was in GBP on 2026-01-21"),
        ({"rates": (AT_85_5,)}, "no rate says what one EUR was in GBP on 2026-01-21"),
    ],
    ids=["not on the statement", "on it in a third currency", "no rates", "no rate as old as the closing"],
)
def test_e10_only_the_payout_waits_for_the_bank_and_not_its_cycle(more: dict[str, Any], why: str) -> None:
    settled = in_pounds(**more)
    assert [each.external_id for each in settled.records] == [each.external_id for each in in_pounds().records[:1]]
    (proof,) = settled.proofs
    assert (proof.status, proof.payout_waits) == (Status.TIED_OUT, why)


def test_e10_a_payout_without_an_account_for_the_conversion_waits_alone_too() -> None:
    chart: dict[Role, str] = {role: account for role, account in CHART.items() if role is not Role.FX_CONVERSION}
    without = rules("summary_journal", pays_out="GBP", accounts=(AccountVersion(date(2000, 1, 1), None, chart),))
    settled = settle(replace(books(TENTH, SENT), arrivals={"C1": ARRIVED}, rates=(AT_86,)), without)
    (proof,) = settled.proofs
    assert (len(settled.records), proof.status) == (1, Status.TIED_OUT)
    assert "fx_conversion" in proof.payout_waits


def test_e10_a_cycle_in_the_currency_of_the_books_is_paid_out_as_ever() -> None:
    settled = settle(books(TENTH, SENT), rules("summary_journal", pays_out="EUR"))
    assert len(settled.records) == 2
    assert balances(settled.records) == money(bank_in_transit="10,000.00", sales_revenue="-10,000.00")


@given(
    amount=st.decimals("1.00", "9999999.99", places=2),
    came=st.decimals("0.01", "9999999.99", places=2),
    booked=st.decimals("0.005", "250", places=6),
    market=st.decimals("0.005", "250", places=6),
)
def test_e10_whatever_the_rates_nothing_is_left_on_conversion(
    amount: Decimal, came: Decimal, booked: Decimal, market: Decimal
) -> None:
    lines = log(f"ORDER_AMOUNT +{amount}")
    rates = (replace(AT_86, rate=booked), replace(AT_85_5, rate=market))
    there = replace(books(lines), arrivals={"C1": replace(ARRIVED, amount=came)}, rates=rates)
    settled = settle(there, rules("summary_journal", pays_out="GBP"))
    sent = next(each for each in settled.records if each.external_id == "T-leroy-fr-PO-C1")
    assert sent.exchange_rate is not None
    base = (sent.movement(Role.FX_CONVERSION) * sent.exchange_rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    in_base = [each.movement(Role.FX_CONVERSION) for each in settled.records if each.currency == "GBP"]
    assert base + sum(in_base) == 0
    assert sum(each.movement(Role.MARKETPLACE_CLEARING) for each in settled.records) == 0

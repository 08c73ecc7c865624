"""The demo must see what an operator owes a shop and has not booked, or booked to another: one mistake each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.books import Life
from sandbox.demo.clearing import Judged, MoneyBooks, judge
from sandbox.demo.owing import Taken, principals, roles_looked_at
from sandbox.demo.payment_provider import payments_of, taken_of
from sandbox.demo.settings import OPERATORS, SELLERS, bought_at
from tieout.config import Config, read_config
from tieout.domain.ledger.roles import Role
from tieout.domain.postings import Key, Kind, Posting, State

D = Decimal
Row = dict[str, Any]
AGENT, PRINCIPAL = "brightside-uk", "maison-eu"
SOLD = {"ORDER_AMOUNT": "100.00", "ORDER_AMOUNT_TAX": "20.00", "COMMISSION_FEE": "-15.00", "COMMISSION_VAT": "-3.00"}
BOUGHT = {"ORDER_AMOUNT": "100.00", "PURCHASE_COMMISSION_FEE": "-30.00", "PURCHASE_ORDER_AMOUNT_TAX": "14.00"}
REFUND = {"REFUND_ORDER_AMOUNT": "-10.00", "REFUND_COMMISSION_FEE": "1.50"}


@pytest.fixture(scope="module")
def config() -> Config:
    return read_config(OPERATORS)


def cycles(marketplace: str, *shops: tuple[int, dict[str, str]], state: str = "TO_PAY") -> tuple[list[Row], list[Row]]:
    """A cycle a shop, with its lines."""
    lines: list[Row] = []
    closed: list[Row] = []
    for shop, amounts in shops:
        named = {"seller_billing_cycle_id": f"c{shop}", "payment_state": "PAYABLE", "shop": {"id": shop}}
        lines += [{"type": kind, "amount": D(amount), **named} for kind, amount in amounts.items()]
        total = sum(map(D, amounts.values()), D(0))
        closed.append(
            {
                "id": f"c{shop}",
                "currency_iso_code": "GBP" if marketplace == AGENT else "EUR",
                "amount_transferred_to_seller": total,
                "pay_out": {"state": state},
                "shop": {"shop_id": shop},
            }
        )
    return lines, closed


def posting(marketplace: str, shop: int) -> Posting:
    key = Key(marketplace, f"c{shop}", Kind.CYCLE, f"c{shop}")
    return Posting(key=key, state=State.CONFIRMED, source_version="1", payload="")


SHOPS = ((2001, SOLD | REFUND), (2002, SOLD))
BALANCES = {
    ("2300", "GBP"): D("-195.50"),
    ("2330", "GBP"): D("240.00"),
    ("2340", "GBP"): D("-10.00"),
    ("4200", "GBP"): D("-28.50"),
    ("2200", "GBP"): D("-6.00"),
}
OWED = {
    ("2300", "GBP", "t-brightside-uk-ven-2001"): D("-93.50"),
    ("2300", "GBP", "t-brightside-uk-ven-2002"): D("-102.00"),
}
BOUGHT_BALANCES = {("2000", "EUR"): D("-84.00"), ("5000", "EUR"): D("70.00"), ("1450", "EUR"): D("14.00")}
BOUGHT_OWED = {("2000", "EUR", "t-maison-eu-ven-2001"): D("-84.00")}


def judged(config: Config, *, state: str = "TO_PAY", **given: Any) -> Judged:
    lines, closed = cycles(AGENT, *SHOPS, state=state)
    asked: Row = {"balances": BALANCES, "owed": OWED} | given
    books = MoneyBooks({AGENT: lines}, {AGENT: closed})
    postings = [posting(AGENT, shop) for shop, _ in SHOPS]
    return judge(config, books, postings, asked["balances"], {}, owed=asked["owed"])


def bought(config: Config, **given: Any) -> Judged:
    lines, closed = cycles(PRINCIPAL, (2001, BOUGHT))
    asked: Row = {"balances": BOUGHT_BALANCES, "owed": BOUGHT_OWED} | given
    books = MoneyBooks({PRINCIPAL: lines}, {PRINCIPAL: closed})
    return judge(config, books, [posting(PRINCIPAL, 2001)], asked["balances"], {}, owed=asked["owed"])


def test_an_agent_owes_each_shop_what_its_lines_come_to(config: Config) -> None:
    found = judged(config)
    assert found.problems == []
    (account,) = found.accounts
    assert (account.cycles, account.undisbursed) == (2, D("195.50"))
    assert account.shops == {"2001": D("93.50"), "2002": D("102.00")}


def test_a_payout_empties_what_is_owed_and_the_wallet(config: Config) -> None:
    paid = BALANCES | {("2300", "GBP"): D(0), ("1060", "GBP"): D("-195.50")}
    assert judged(config, state="PAID", balances=paid, owed={}).problems == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({("2300", "GBP"): D("-195.49")}, "seller_payable 2300: -195.49 GBP, the marketplaces' logs say -195.50"),
        ({("4200", "GBP"): D("-30.00")}, "commission_revenue 4200: -30.00 GBP"),
        ({("1310", "GBP"): D("5.00")}, "seller_receivable 1310: 5.00 GBP, the marketplaces' logs say 0"),
        ({("2330", "GBP"): D("230.00")}, "customer_funds_unallocated 2330: 230.00 GBP"),
        ({("2340", "GBP"): D("0")}, "customer_refunds_payable 2340: 0 GBP"),
        ({("2200", "GBP"): D("-5.99")}, "vat_output 2200, rounding 7200: -5.99 GBP"),
        ({("1060", "GBP"): D("-1.00")}, "bank_or_psp_wallet 1060: -1.00 GBP"),
    ],
)
def test_a_balance_that_is_another_is_told(config: Config, changed: dict[tuple[str, str], Decimal], said: str) -> None:
    (problem,) = judged(config, balances=BALANCES | changed).problems
    assert said in problem


def test_money_of_one_shop_that_is_booked_to_another_is_told_though_the_sum_is_right(config: Config) -> None:
    first, second = OWED
    swapped = {first: OWED[second], second: OWED[first]}
    assert len(judged(config, owed=swapped).problems) == 2


def test_a_vendor_that_no_shop_is_behind_is_told(config: Config) -> None:
    (problem,) = judged(config, owed=OWED | {("2300", "GBP", "t-brightside-uk-ven-9"): D("-1.00")}).problems
    assert "t-brightside-uk-ven-9: -1.00 GBP, the log says 0" in problem


def test_what_customers_paid_fills_the_accounts_that_the_cycles_draw_on(config: Config) -> None:
    """240.00 were captured, 10.00 given back: nothing is left of customers' money but what the provider holds."""
    lines, closed = cycles(AGENT, *SHOPS)
    books = MoneyBooks({AGENT: lines}, {AGENT: closed}, {(AGENT, "GBP"): Taken(D("240.00"), D("10.00"))})
    postings = [posting(AGENT, shop) for shop, _ in SHOPS]
    paid = {("2330", "GBP"): D(0), ("2340", "GBP"): D(0), ("1320", "GBP"): D("230.00")}
    assert judge(config, books, postings, BALANCES | paid, {}, owed=OWED).problems == []
    assert len(judge(config, books, postings, BALANCES, {}, owed=OWED).problems) == 3, "a report that was not booked"


def test_a_principal_has_sold_what_its_customers_paid(config: Config) -> None:
    lines, closed = cycles(PRINCIPAL, (2001, BOUGHT))
    books = MoneyBooks({PRINCIPAL: lines}, {PRINCIPAL: closed}, {(PRINCIPAL, "EUR"): Taken(D(120), D(12), D(18))})
    sold = {("1320", "EUR"): D(108), ("4000", "EUR"): D(-90), ("2200", "EUR"): D(-18)}
    postings = [posting(PRINCIPAL, 2001)]
    assert judge(config, books, postings, BOUGHT_BALANCES | sold, {}, owed=BOUGHT_OWED).problems == []


def an_order() -> Life:
    """Two lines of 60.00 with 10.00 of VAT; one was never charged, the other was given back in part."""
    taxes = [{"amount": D(10)}]
    line = {"order_line_id": "1", "order_line_state": "RECEIVED", "price": D(60), "shipping_price": D(0)}
    back = {
        "id": "R-1",
        "amount": D(12),
        "shipping_amount": D(0),
        "taxes": [{"amount": D(2)}],
        "refund_state": "REFUNDED",
    }
    asked = back | {"id": "R-2", "refund_state": "WAITING_REFUND"}
    debited = line | {"taxes": taxes, "debited_date": "2026-10-02T09:00:00Z", "refunds": [back, asked]}
    order = {"order_id": "A-1", "order_tax_mode": "TAX_INCLUDED", "currency_iso_code": "GBP"}
    return Life(AGENT, order | {"order_lines": [debited, line | {"order_line_id": "2", "debited_date": None}]})


@pytest.mark.parametrize(("sells", "vat"), [(False, (D(0), D(0))), (True, (D(10), D(2)))])
def test_the_provider_reports_what_was_debited_and_what_was_paid_back(
    sells: bool, vat: tuple[Decimal, Decimal]
) -> None:
    payments = payments_of([an_order()], sells=sells)
    assert [(one.id, one.kind, one.amount) for one in payments] == [("A-1", "CAPTURE", D(60)), ("R-1", "REFUND", D(12))]
    assert tuple(one.vat for one in payments) == vat
    assert taken_of(AGENT, payments) == {(AGENT, "GBP"): Taken(D(60), D(12), vat[0] - vat[1], D("0.84"))}
    direct = replace(an_order(), order=an_order().order | {"customer_directly_pays_seller": True})
    assert payments_of([direct], sells=sells) == [], "that money never passes"


def test_a_principal_owes_for_goods_and_their_tax(config: Config) -> None:
    assert bought(config).problems == []
    wrong = BOUGHT_BALANCES | {("5000", "EUR"): D("100.00"), ("1450", "EUR"): D("0")}
    assert len(bought(config, balances=wrong).problems) == 2, "the margin is no cost, and the tax is deducted"


def test_the_example_settings_have_a_marketplace_of_each_kind(config: Config) -> None:
    assert principals(config) == [PRINCIPAL]
    assert Role.SELLER_PAYABLE in roles_looked_at(config, AGENT)
    assert {Role.ACCOUNTS_PAYABLE_SUPPLIER, Role.COGS_DROPSHIP} <= roles_looked_at(config, PRINCIPAL)


@pytest.mark.parametrize(
    ("source", "role", "there"),
    [(OPERATORS, "operator", [PRINCIPAL]), (SELLERS, "operator", [PRINCIPAL]), (SELLERS, "seller", [])],
)
def test_the_twin_sells_to_whoever_buys(source: Path, role: str, there: list[str]) -> None:
    """A seller's settings that are run as an operator's book as the operator's example does."""
    assert bought_at(source, role) == there

"""The month of docs/finance/operators.md is what the code books; its chart has all roles and the example's accounts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from tests.unit.test_finance_pages_of_settlement import OPERATOR, register
from tieout.config import read_config
from tieout.domain.ledger.line import Books, Cycle, Document, Line, PayOut
from tieout.domain.ledger.reclass import balance_of, presentation_reclass
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import Mode
from tieout.domain.ledger.settle import settle
from tieout.domain.ledger.types import TYPES, Group
from tieout.domain.money import ZERO

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/finance/operators.md").read_text(encoding="utf-8")
RULES = replace(OPERATOR, marketplace="harbour")
PRINCIPAL = replace(RULES, mode=Mode.OPERATOR_PRINCIPAL)
SHOPS = {"2001": "Lamp Shop", "2002": "Mug Shop"}
MONTH_END = date(2026, 9, 30)
LOG = """
L1 2001 2026-09-04 A-1 - FI-2001-1 ORDER_AMOUNT=100.00 ORDER_AMOUNT_TAX=20.00 COMMISSION_FEE=-18.00 COMMISSION_VAT=-3.60
M1 2002 2026-09-05 B-1 - FI-2002-1 ORDER_AMOUNT=50.00 ORDER_AMOUNT_TAX=10.00 COMMISSION_FEE=-9.00 COMMISSION_VAT=-1.80
M2 2002 2026-09-15 B-1 R-1 FI-2002-2 REFUND_ORDER_AMOUNT=-50.00 REFUND_ORDER_AMOUNT_TAX=-10.00
M2 2002 2026-09-15 B-1 R-1 FI-2002-2 REFUND_COMMISSION_FEE=9.00 REFUND_COMMISSION_VAT=1.80
M2 2002 2026-09-15 B-1 - FI-2002-2 SELLER_PENALTY_FEE=-15.00
"""
BOUGHT = "L1 2001 2026-09-04 A-1 - - ORDER_AMOUNT=100.00 PURCHASE_COMMISSION_FEE=-30.00 PURCHASE_ORDER_AMOUNT_TAX=14.00"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC)


def lines_of(log: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    for row in log.strip().splitlines():
        cycle, shop, day, order, refund, document, *amounts = row.split()
        for name, amount in (each.split("=") for each in amounts):
            of_a_document = document != "-" and TYPES[name].group in {Group.FEE, Group.MANUAL}
            lines.append(
                Line(
                    id=f"{len(lines):03}",
                    type=name,
                    amount=Decimal(amount),
                    currency="GBP",
                    created=at(day),
                    updated=at(day),
                    state="PAID",
                    cycle=cycle,
                    document=document if of_a_document else None,
                    order_id=order,
                    refund_id=None if refund == "-" else refund,
                    shop=shop,
                )
            )
    return tuple(lines)


def a_cycle(name: str, shop: str, closed: str, to_seller: str, paid: str = "") -> Cycle:
    pay_out = PayOut(state="PAID", reference=f"PO-{name}", paid_at=at(paid)) if paid else PayOut(state="TO_PAY")
    return Cycle(
        id=name,
        currency="GBP",
        closed_at=at(closed),
        to_seller=Decimal(to_seller),
        to_operator=None,
        pay_out=pay_out,
        shop=shop,
    )


def a_document(shop: str, number: str, day: str, net: str, vat: str) -> Document:
    return Document(
        number=number,
        type="AUTO_INVOICE",
        currency="GBP",
        issued=at(day),
        net=Decimal(net),
        gross=Decimal(net) + Decimal(vat),
        taxes={"VAT": Decimal(vat)},
        shop=shop,
    )


BOOKS = Books(
    marketplace="harbour",
    lines=lines_of(LOG),
    cycles=(
        a_cycle("L1", "2001", "2026-09-11", "98.40", paid="2026-09-13"),
        a_cycle("M1", "2002", "2026-09-11", "49.20", paid="2026-09-13"),
        replace(
            a_cycle("M2", "2002", "2026-09-21", "0.00"),
            summary={
                "total_refund_payable_orders_excl_tax": Decimal("-50.00"),
                "total_refund_payable_orders_incl_tax": Decimal("-60.00"),
                "total_refund_commissions_excl_tax": Decimal("9.00"),
                "total_refund_commissions_incl_tax": Decimal("10.80"),
                "total_seller_penalty_fees_excl_tax": Decimal("-15.00"),
                "total_seller_penalty_fees_incl_tax": Decimal("-15.00"),
            },
        ),
    ),
    documents=(
        a_document("2001", "FI-2001-1", "2026-09-11", "18.00", "3.60"),
        a_document("2002", "FI-2002-1", "2026-09-11", "9.00", "1.80"),
        a_document("2002", "FI-2002-2", "2026-09-21", "6.00", "-1.80"),
    ),
)


def records(cycle: str) -> list[Record]:
    return [each for each in settle(BOOKS, RULES).records if each.cycle == cycle]


def month_end() -> list[Record]:
    made = settle(BOOKS, RULES).records
    reclasses = (
        presentation_reclass(balance_of(made, RULES, "GBP", MONTH_END, shop), RULES, "GBP", MONTH_END, shop=shop)
        for shop in SHOPS
    )
    return [each for each in reclasses if each is not None]


def owed() -> str:
    """What is owed to each shop, cycle by cycle."""
    rows = ["| Shop | Cycle | Lines | Paid | Owed after it |", "|---|---|--:|--:|--:|"]
    so_far = dict.fromkeys(SHOPS, ZERO)
    shops = {cycle.id: cycle.shop for cycle in BOOKS.cycles}
    for proof in settle(BOOKS, RULES).proofs:
        shop = shops[proof.cycle]
        so_far[shop] += proof.sum_of_lines - proof.transferred
        figures = (proof.sum_of_lines, proof.transferred, so_far[shop])
        rows.append(f"| {SHOPS[shop]} | {proof.cycle} | " + " | ".join(f"{each:,.2f}" for each in figures) + " |")
    return "\n".join(rows)


def bought() -> list[Record]:
    cycle = a_cycle("L1", "2001", "2026-09-11", "84.00", paid="2026-09-13")
    return list(settle(Books(marketplace="harbour", lines=lines_of(BOUGHT), cycles=(cycle,)), PRINCIPAL).records)


def tables() -> dict[str, str]:
    """Every table of the page, by name."""
    return {
        "first": register(records("L1")),
        "negative": register(records("M2")),
        "owed": owed(),
        "month end": register(month_end()),
        "principal": register(bought()),
    }


def test_the_month_of_the_page_is_what_the_code_books() -> None:
    for name, table in tables().items():
        assert table in PAGE, name


def test_every_cycle_of_the_page_ties_out_and_each_shop_by_itself() -> None:
    settled = settle(BOOKS, RULES)
    assert [(each.status.value, each.reasons) for each in settled.proofs] == [("tied_out", ())] * 3
    balances = {shop: balance_of(settled.records, RULES, "GBP", MONTH_END, shop) for shop in SHOPS}
    assert balances == {"2001": ZERO, "2002": Decimal("-64.20")}
    whole = [*settled.records, *month_end()]
    shown = sum((balance_of(whole, RULES, "GBP", MONTH_END, shop) for shop in SHOPS), ZERO)
    assert shown == ZERO, "at the month's end nothing is owed by nobody"


def test_the_chart_of_the_page_has_every_role_of_an_operator_and_the_accounts_of_the_example() -> None:
    told = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|", PAGE, re.MULTILINE)
    config = read_config(ROOT / "config/gift-shop-operator.yaml")
    for marketplace in config.marketplaces.values():
        assert marketplace.settlement is not None
        (version,) = marketplace.settlement.accounts
        assert {(role.value, number) for role, number in version.roles.items()} <= set(told)
    assert {role for role, _ in told} >= {rule.operator.value for rule in TYPES.values()} - {Role.TAX_REVIEW.value}

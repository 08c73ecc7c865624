"""The month of docs/finance/settlement.md is what the code books; accounts.md knows every role."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tieout.domain.ledger.accrual import accrue
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line, PayOut
from tieout.domain.ledger.proof import Proof
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.settle import settle
from tieout.domain.ledger.types import TYPES

PAGES = Path(__file__).resolve().parents[2] / "docs/finance"
RULES = BookingRules(
    marketplace="brightside-uk",
    mode=Mode.RECORD_LEVEL,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, {role: role.value for role in Role}),),
    customer="T-brightside-uk-CUS-MARKETPLACE",
    vendor="T-brightside-uk-VEN-OPERATOR",
)
SUMMARY = replace(RULES, mode=Mode.SUMMARY_JOURNAL)
OPERATOR = replace(RULES, mode=Mode.OPERATOR)
FIRST, SECOND = datetime(2026, 9, 11, tzinfo=UTC), datetime(2026, 10, 1, 23, tzinfo=UTC)
LOG = """
C1 2026-09-04T09:00 BR-1 - D1 ORDER_AMOUNT=120.00 COMMISSION_FEE=-18.00 COMMISSION_VAT=-3.60
C1 2026-09-05T09:00 BR-2 - D1 ORDER_AMOUNT=60.00 COMMISSION_FEE=-9.00 COMMISSION_VAT=-1.80
C1 2026-09-08T09:00 BR-1 R-1 D1 REFUND_ORDER_AMOUNT=-12.00 REFUND_COMMISSION_FEE=1.80 REFUND_COMMISSION_VAT=0.36
C1 2026-09-13T09:00 - - - PAYMENT=-137.76
C2 2026-09-20T09:00 BR-3 - D2 ORDER_AMOUNT=240.00 COMMISSION_FEE=-36.00 COMMISSION_VAT=-7.20
C2 2026-09-22T09:00 BR-4 - D2 ORDER_AMOUNT=30.00 COMMISSION_FEE=-4.50 COMMISSION_VAT=-0.90
C2 2026-09-24T09:00 - - - RESERVE_FUNDING=-20.00
C2 2026-09-25T09:00 - - D3 MANUAL_CREDIT=25.00 MANUAL_CREDIT_VAT=5.00
C2 2026-09-30T23:30 BR-5 - D2 ORDER_AMOUNT=48.00 COMMISSION_FEE=-7.20 COMMISSION_VAT=-1.44
"""


def the_lines() -> tuple[Line, ...]:
    lines: list[Line] = []
    for row in LOG.strip().splitlines():
        cycle, instant, order, refund, document, *amounts = row.split()
        for each in amounts:
            name, amount = each.split("=")
            created = datetime.fromisoformat(instant).replace(tzinfo=UTC)
            is_fee = TYPES[name].group in {"fee", "manual"}
            lines.append(
                Line(
                    id=f"{len(lines):03}",
                    type=name,
                    amount=Decimal(amount),
                    currency="GBP",
                    created=created,
                    updated=created,
                    state="PAID",
                    cycle=cycle,
                    document=document if is_fee else None,
                    order_id=None if order == "-" else order,
                    refund_id=None if refund == "-" else refund,
                    shop="2001",
                )
            )
    return tuple(lines)


def a_cycle(cycle: str, closed: datetime, to_seller: str, pay_out: PayOut) -> Cycle:
    return Cycle(
        id=cycle,
        currency="GBP",
        closed_at=closed,
        to_seller=Decimal(to_seller),
        to_operator=None,
        pay_out=pay_out,
        shop="2001",
    )


def a_document(number: str, issued: datetime, net: str, vat: str, *, is_credit: bool = False) -> Document:
    return Document(
        number=number,
        type="MANUAL_CREDIT" if is_credit else "AUTO_INVOICE",
        currency="GBP",
        issued=issued,
        net=Decimal(net),
        gross=Decimal(net) + Decimal(vat),
        taxes={"VAT": Decimal(vat)},
        is_credit=is_credit,
        shop="2001",
    )


def booked(kind: str, number: str, order: str, total: str, refund: str | None = None) -> Booked:
    return Booked(
        external_id=f"T-brightside-uk-{'INV' if kind == 'CustInvc' else 'CM'}-{number}",
        type=kind,
        number=number,
        day=date(2026, 9, 3),
        currency="GBP",
        total=Decimal(total),
        order_id=order,
        refund_id=refund,
    )


BOOKS = Books(
    marketplace="brightside-uk",
    lines=the_lines(),
    cycles=(
        a_cycle(
            "C1", FIRST, "137.76", PayOut(state="PAID", reference="PO-1", paid_at=datetime(2026, 9, 13, tzinfo=UTC))
        ),
        a_cycle("C2", SECOND, "270.76", PayOut(state="TO_PAY")),
    ),
    documents=(
        a_document("D1", FIRST, "25.20", "5.04"),
        a_document("D2", SECOND, "47.70", "9.55"),
        a_document("D3", datetime(2026, 9, 25, tzinfo=UTC), "25.00", "5.00", is_credit=True),
    ),
    booked=(
        booked("CustInvc", "INV-1", "BR-1", "120.00"),
        booked("CustInvc", "INV-2", "BR-2", "60.00"),
        booked("CustInvc", "INV-3", "BR-3", "240.00"),
        booked("CustInvc", "INV-5", "BR-5", "48.00"),
        booked("CustCred", "CM-1", "BR-1", "12.00", "R-1"),
    ),
)


def register(records: Iterable[Record]) -> str:
    """Records as an accountant reads them."""
    rows = ["| Day | Record | Account for | Debit | Credit |", "|---|---|---|--:|--:|"]
    for record in records:
        head = f"{record.day.day} {record.day:%b} | {record.type.value}" + (
            f" {record.number}" if record.number else ""
        )
        for entry in record.entries:
            debit, credit = (f"{each:,.2f}" if each else "" for each in (entry.debit, entry.credit))
            rows.append(f"| {head} | `{entry.role.value}` | {debit} | {credit} |")
            head = " | "
    return "\n".join(re.sub(r"  +", " ", row) for row in rows)


def proofs(found: Iterable[Proof]) -> str:
    rows = ["| Cycle | Carried in | Lines | Transferred | Carried on | Left over |", "|---|--:|--:|--:|--:|--:|"]
    for each in found:
        figures = (each.carried_in, each.sum_of_lines, each.transferred, each.carried_out, each.residual)
        rows.append(f"| {each.cycle} | " + " | ".join(f"{figure:,.2f}" for figure in figures) + " |")
    return "\n".join(rows)


def tables() -> dict[str, str]:
    """Every table of the page, by name."""
    seller = settle(BOOKS, RULES)
    records = [each for each in seller.records if each.cycle == "C1"]
    rest = [each for each in seller.records if each.cycle == "C2"]
    accrual = accrue(BOOKS, RULES, seller.records, date(2026, 9, 30), "GBP")
    assert accrual is not None
    summary = [each for each in settle(BOOKS, SUMMARY).records if each.cycle == "C2"]
    operator = [each for each in settle(BOOKS, OPERATOR).records if each.cycle == "C1"]
    return {
        "first": register(records),
        "second": register(rest),
        "proof": proofs(seller.proofs),
        "accrual": register([accrual.record]),
        "summary": register(summary),
        "operator": register(operator),
    }


def test_the_month_of_the_page_is_what_the_code_books() -> None:
    page = (PAGES / "settlement.md").read_text(encoding="utf-8")
    for name, table in tables().items():
        assert table in page, name


def test_every_cycle_of_the_page_ties_out() -> None:
    for rules in (RULES, SUMMARY, OPERATOR):
        assert [(each.status.value, each.reasons) for each in settle(BOOKS, rules).proofs] == [("tied_out", ())] * 2


def test_every_role_has_its_row_and_every_row_its_role() -> None:
    page = (PAGES / "accounts.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) == sorted(role.value for role in Role)


def test_every_type_of_the_log_is_on_the_page_with_its_accounts() -> None:
    page = (PAGES / "accounts.md").read_text(encoding="utf-8")
    for name, rule in TYPES.items():
        row = f"`{name}` | `{rule.record_level.value}` | `{rule.summary.value}` | `{rule.operator.value}` |"
        assert row in page, name

"""Logs, books and records in the short form of an accountant's notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from textwrap import dedent
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tieout.domain.ledger.line import Booked, Books, Cycle, Document, DocumentItem, Line, PayOut, Sold, SoldLine
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.run import sum_of
from tieout.domain.money import ZERO

MARKETPLACE = "leroy-fr"
CLOSED = datetime(2026, 1, 21, tzinfo=UTC)
MADE = datetime(2026, 1, 12, 9, tzinfo=UTC)
CHART = {role: f"A-{role.value}" for role in Role}
RULES = BookingRules(
    marketplace=MARKETPLACE,
    mode=Mode.RECORD_LEVEL,
    time_zone=ZoneInfo("Europe/Paris"),
    accounts=(AccountVersion(date(2000, 1, 1), None, CHART),),
    customer="T-leroy-fr-CUS-MARKETPLACE",
    vendor="T-leroy-fr-VEN-OPERATOR",
)


def rules(mode: str = "record_level", **more: object) -> BookingRules:
    return replace(RULES, mode=Mode(mode), **more)


def log(
    text: str, *, order: str | None = "O-1", currency: str = "EUR", cycle: str | None = "C1", **more: object
) -> list[Line]:
    """`ORDER_AMOUNT +100.00` a line; `fee` lines belong to the document D1, refunds to the refund R-1."""
    lines = []
    for number, found in enumerate(re.finditer(r"([A-Z_]+) ([+-][0-9.]+)(?: @([\w.-]+))?", text)):
        name, amount, code = found.groups()
        is_refund = "REFUND_" in name
        of_an_order = not name.startswith(("SUBSCRIPTION", "MANUAL", "RESERVE", "PAYMENT", "INVOICEABLE"))
        values: dict[str, object] = {
            "id": f"{cycle}-{order}-{more.get('refund_id', '')}-{number:03}-{name}",
            "type": name,
            "amount": Decimal(amount),
            "currency": currency,
            "created": MADE,
            "updated": MADE,
            "state": "PAID",
            "cycle": cycle,
            "order_id": order if of_an_order else None,
            "order_line_id": f"{order}-1" if of_an_order else None,
            "refund_id": "R-1" if is_refund else None,
            "tax_code": code,
        }
        lines.append(Line(**(values | more)))  # type: ignore[arg-type]
    return lines


def with_document(lines: Iterable[Line], number: str = "D1") -> list[Line]:
    """Fee lines under the number of their legal document."""
    goods = ("ORDER_", "REFUND_ORDER", "OPERATOR_", "RESERVE", "PAYMENT")
    return [line if line.type.startswith(goods) else replace(line, document=number) for line in lines]


def a_cycle(lines: Sequence[Line], **more: object) -> Cycle:
    """The cycle of the lines, tied out and paid unless told otherwise."""
    values: dict[str, object] = {
        "id": "C1",
        "currency": lines[0].currency if lines else "EUR",
        "closed_at": CLOSED,
        "to_seller": max(sum_of([line for line in lines if line.cycle == more.get("id", "C1")]), ZERO),
        "to_operator": None,
        "pay_out": PayOut(state="PAID", reference="PO-1", paid_at=CLOSED + timedelta(days=2)),
        "voucher": "000001",
    }
    return Cycle(**(values | more))  # type: ignore[arg-type]


def an_invoice(total: str, order: str = "O-1", day: date = date(2026, 1, 10), **more: object) -> Booked:
    values = {
        "external_id": f"T-leroy-fr-INV-{order}",
        "type": "CustInvc",
        "number": f"INV-{order}",
        "day": day,
        "currency": "EUR",
        "total": Decimal(total),
        "order_id": order,
    }
    return Booked(**(values | more))  # type: ignore[arg-type]


def a_memo(total: str, refund: str = "R-1", order: str = "O-1", day: date = date(2026, 1, 12)) -> Booked:
    return an_invoice(
        total,
        order,
        day,
        external_id=f"T-leroy-fr-CM-{refund}",
        type="CustCred",
        number=f"CM-{refund}",
        refund_id=refund,
    )


def a_document(
    net: str, vat: str = "0", number: str = "D1", *, is_credit: bool = False, description: str = "Fees", **more: object
) -> Document:
    values = {
        "number": number,
        "type": "MANUAL_CREDIT" if is_credit else "AUTO_INVOICE",
        "currency": "EUR",
        "issued": CLOSED,
        "net": Decimal(net),
        "gross": Decimal(net) + Decimal(vat),
        "taxes": {"TAXDEFAULT": Decimal(vat)} if Decimal(vat) else {},
        "items": (DocumentItem(description=description, net=Decimal(net)),),
        "is_credit": is_credit,
    }
    return Document(**(values | more))  # type: ignore[arg-type]


def an_order(gross: str, taxes: dict[str, str], order: str = "O-1", **more: object) -> Sold:
    line = SoldLine(
        id=f"{order}-1",
        gross=Decimal(gross),
        taxes={code: Decimal(tax) for code, tax in taxes.items()},
        **more,  # type: ignore[arg-type]
    )
    return Sold(id=order, currency="EUR", state="RECEIVED", created_at=MADE, lines=(line,), tax_included=True)


def books(lines: Sequence[Line], *more: Booked | Document | Sold | Cycle) -> Books:
    """Books of one cycle, unless cycles are given."""
    cycles = tuple(each for each in more if isinstance(each, Cycle))
    return Books(
        marketplace=MARKETPLACE,
        lines=tuple(lines),
        cycles=cycles or (a_cycle(lines),),
        documents=tuple(each for each in more if isinstance(each, Document)),
        orders={each.id: each for each in more if isinstance(each, Sold)},
        booked=tuple(each for each in more if isinstance(each, Booked)),
    )


def ledger(records: Iterable[Record]) -> str:
    """Records as tables of debit and credit, in the order they are created."""
    shown = []
    for record in records:
        shown.append(f"{record.type.value} {record.day:%d %b}" + (f" {record.number}" if record.number else ""))
        for entry in record.entries:
            debit, credit = (f"{each:,.2f}" if each else "" for each in (entry.debit, entry.credit))
            code = f" {entry.tax_code}" if entry.tax_code else ""
            shown.append(f"  {entry.role.value + code:<38}{debit:>12}{credit:>12}".rstrip())
    return "\n".join(shown)


def same(records: Iterable[Record], expected: str) -> None:
    """Compare with what an accountant wrote; blanks do not matter, but which side an amount stands on does."""
    shown = ledger(records)
    assert _columns(shown) == _columns(dedent(expected)), f"\n{shown}"


def _columns(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def balances(records: Iterable[Record]) -> dict[str, Decimal]:
    """What each role comes to, debit positive, without those at zero."""
    sums: dict[str, Decimal] = {}
    for record in records:
        for entry in record.entries:
            sums[entry.role.value] = sums.get(entry.role.value, ZERO) + entry.debit - entry.credit
    return {role: amount for role, amount in sorted(sums.items()) if amount}


def money(**amounts: str) -> dict[str, Decimal]:
    return {role: Decimal(amount.replace(",", "")) for role, amount in sorted(amounts.items())}

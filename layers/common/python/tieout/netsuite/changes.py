"""Lines of a sales order that end early: what somebody closed there (SuiteQL), and what we close or reduce (PATCH)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct, field
from msgspec.json import Decoder, Encoder

from tieout.domain.money import ZERO, rounded
from tieout.domain.orders.booked import CANCELLED, CLOSED, LineChange
from tieout.domain.returns.refund import ClosedLine
from tieout.netsuite.booked import UNSHIPPED, units
from tieout.netsuite.clock import SHAPE, Zone
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import CUSTOM_PRICE, LINE_ID, MARKETPLACE, ORDER_ID, Json
from tieout.netsuite.refusals import read
from tieout.netsuite.suiteql import Row, groups

SALES_ORDER = "/services/rest/record/v1/salesOrder"

_CLOSED = f"""
SELECT so.id, so.{ORDER_ID} AS order_id, so.{MARKETPLACE} AS marketplace,
  TO_CHAR(so.lastmodifieddate, '{SHAPE}') AS modified, sl.id AS line, sl.{LINE_ID} AS line_id, sl.itemtype,
  sl.quantity, sl.quantityshiprecv, l.nextdoc, l.nextline, fl.quantity AS taken
FROM transaction so
JOIN transactionline sl ON sl.transaction = so.id
LEFT JOIN previoustransactionlinelink l
  ON l.previousdoc = so.id AND l.previousline = sl.id AND l.nexttype = 'ItemShip'
LEFT JOIN transactionline fl ON fl.transaction = l.nextdoc AND fl.id = l.nextline
WHERE so.type = 'SalesOrd' AND so.{ORDER_ID} IS NOT NULL AND so.{MARKETPLACE} IS NOT NULL
  AND sl.mainline = 'F' AND sl.taxline = 'F' AND sl.{LINE_ID} IS NOT NULL
  AND (sl.isclosed = 'T' OR so.status IN ('{CANCELLED}', '{CLOSED}'))
  AND so.lastmodifieddate >= TO_TIMESTAMP(?, '{SHAPE}') AND so.lastmodifieddate <= TO_TIMESTAMP(?, '{SHAPE}')
  AND so.id > ? ORDER BY so.id, sl.id
"""  # noqa: S608  names of ours, never data


def closed_lines_changed(
    connection: Connection, zone: Zone, since: datetime, until: datetime
) -> Iterator[list[ClosedLine]]:
    """Pages of lines that are closed with units left, of sales orders that were saved in the window."""
    for page in groups(connection, _CLOSED, (zone.shown(since), zone.shown(until))):
        found = [line for rows_of_order in page for line in _closed(rows_of_order, zone)]
        if found:
            yield found


def _closed(lines: Sequence[Row], zone: Zone) -> Iterator[ClosedLine]:
    """What is picked or packed is on its way out: it counts as taken, shipped or not."""
    by_line: dict[str, list[Row]] = {}
    for row in lines:
        if row.get("itemtype", "") not in UNSHIPPED:
            by_line.setdefault(row["line"], []).append(row)
    for rows_of_line in by_line.values():
        head = rows_of_line[0]
        parts = {(row.get("nextdoc"), row.get("nextline")): units(row, "taken") for row in rows_of_line}
        shipped = units(head, "quantityshiprecv")
        left = units(head, "quantity") - max(shipped, sum(parts.values()))
        if left > 0:
            yield ClosedLine(
                marketplace=head["marketplace"],
                order_id=head["order_id"],
                sales_order_id=head["id"],
                line_id=head["line_id"],
                quantity=left,
                shipped=shipped,
                modified_at=zone.instant(head["modified"]),
            )


class _Reference(Struct, frozen=True):
    id: str | int = ""


class _Line(Struct, frozen=True):
    line: int
    quantity: Decimal = ZERO
    amount: Decimal = ZERO
    is_closed: bool = field(name="isClosed", default=False)
    reference: str | _Reference = field(name="taxDetailsReference", default="")


class _Detail(Struct, frozen=True, rename="camel"):
    tax_code: _Reference
    tax_basis: Decimal = ZERO
    tax_rate: Decimal = ZERO
    tax_amount: Decimal = ZERO
    tax_details_reference: str | _Reference = ""


class _Lines(Struct, frozen=True):
    items: list[_Line] = []


class _Details(Struct, frozen=True):
    items: list[_Detail] = []


class _SalesOrder(Struct, frozen=True, rename="camel"):
    item: _Lines = _Lines()
    tax_details: _Details = _Details()
    tax_details_override: bool = False
    currency: _Reference = _Reference()


_SALES_ORDER = Decoder(_SalesOrder)
_encode = Encoder(decimal_format="number").encode


def change_lines(
    connection: Connection, sales_order_id: str, changes: Sequence[LineChange], symbol_of: Callable[[str], str]
) -> None:
    """Close or reduce lines. What is so already is not written again.

    Tax details that override NetSuite's own stand as they were sent, and a PATCH would only add to them: the reduced
    line's are worked out in proportion, and the whole list takes the place of the old one.
    """
    if not changes:
        return
    body: Json = {"item": {"items": [_wanted(change) for change in changes]}}
    params: dict[str, str] | None = None
    if any(change.quantity is not None or change.net is not None for change in changes):
        call, answer = connection.read(
            "GET salesOrder", f"{SALES_ORDER}/{sales_order_id}", params={"expandSubResources": "true"}
        )
        standing = read(_SALES_ORDER, call, answer)
        if all(_is_so(change, standing.item.items) for change in changes):
            return
        if standing.tax_details_override and standing.tax_details.items:
            body["taxDetails"] = {"items": _reduced(standing, changes, symbol_of(str(standing.currency.id)))}
            params = {"replace": "taxDetails"}
    connection.write(
        "PATCH salesOrder", f"{SALES_ORDER}/{sales_order_id}", _encode(body), method="PATCH", params=params
    )


def _wanted(change: LineChange) -> Json:
    line: Json = {"line": change.number}
    if change.close:
        line["isClosed"] = True
    if change.quantity is not None:
        line["quantity"] = change.quantity
    if change.net is not None:
        line |= {"amount": change.net, "price": CUSTOM_PRICE}
    return line


def _is_so(change: LineChange, lines: Sequence[_Line]) -> bool:
    line = next((each for each in lines if each.line == change.number), None)
    return line is not None and (
        (line.is_closed or not change.close)
        and change.quantity in (None, line.quantity)
        and change.net in (None, line.amount)
    )


def _reduced(standing: _SalesOrder, changes: Sequence[LineChange], currency: str) -> list[Json]:
    nets = {change.number: change.net for change in changes if change.net is not None}
    ratios = {
        _text(line.reference): nets[line.line] / line.amount
        for line in standing.item.items
        if line.line in nets and line.amount
    }
    details: list[Json] = []
    for each in standing.tax_details.items:
        reference = _text(each.tax_details_reference)
        ratio = ratios.get(reference, Decimal(1))
        details.append(
            {
                "taxDetailsReference": reference,
                "taxCode": {"id": str(each.tax_code.id)},
                "taxBasis": rounded(each.tax_basis * ratio, currency),
                "taxRate": each.tax_rate,
                "taxAmount": rounded(each.tax_amount * ratio, currency),
            }
        )
    return details


def _text(reference: str | _Reference) -> str:
    return reference if isinstance(reference, str) else str(reference.id)

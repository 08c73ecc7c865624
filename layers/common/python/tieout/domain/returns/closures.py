"""Which lines of a sales order change because the marketplace cancelled, refused or refunded before they left.

Everything is worked out from the order as it is now and the sales order as NetSuite has it now: done twice, the second
time finds nothing to change.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import ZERO
from tieout.domain.orders.booked import Booked, BookedLine, LineChange
from tieout.domain.orders.order import DEAD, Line, Order, tax_total
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy
from tieout.domain.returns.shares import is_given_back

CHARGE = "TAX-"
"""How the line id of a tax charge line begins, where the tax is written as lines."""


class Closing(Struct, frozen=True):
    """Changes that may be made, and the lines that had left when the other side took them off."""

    changes: tuple[LineChange, ...]
    conflicts: tuple[str, ...]

    def complain(self) -> None:
        """Raises NeedsAttention(ALREADY_SHIPPED) where a cancelled line had left."""
        if self.conflicts:
            raise NeedsAttention(Reason.ALREADY_SHIPPED, {"lines": ", ".join(self.conflicts)})


def closing_of(order: Order, booked: Booked, tax: TaxRules) -> Closing:
    """What of the sales order is to be closed or reduced."""
    if booked.is_over:
        return Closing((), ())
    changes: list[LineChange] = []
    conflicts: list[str] = []
    lines = {line.line_id: line for line in order.lines}
    for there in booked.lines:
        line = lines.get(there.line_id)
        if line is None or there.is_closed:
            continue
        change, conflict = _change(order, line, there)
        if change:
            changes.append(change)
        if conflict:
            conflicts.append(f"{there.line_id} ({there.shipped} of {there.quantity} shipped)")
    closed = {change.number for change in changes if change.close}
    goods_left = [
        there for there in booked.lines if there.line_id in lines and not there.is_closed and there.number not in closed
    ]
    changes += _rest(order, booked, goods_left=bool(goods_left), gone=closed, tax=tax)
    return Closing(tuple(changes), tuple(conflicts))


def everything_open(booked: Booked) -> tuple[LineChange, ...]:
    """Every line that is not closed yet."""
    if booked.is_over:
        return ()
    return tuple(LineChange(line.number, close=True) for line in booked.lines if not line.is_closed)


def _change(order: Order, line: Line, there: BookedLine) -> tuple[LineChange | None, bool]:
    """The change of one line, and whether more of it had left than is left of the sale."""
    if line.is_live and is_given_back(line):
        # Refunded before it left: no revenue will ever be there. What had left is a credit memo's.
        return (LineChange(there.number, close=True) if there.shipped < there.quantity else None), False
    wanted = line.quantity if line.is_live else 0
    if there.shipped > wanted:
        rest = LineChange(there.number, close=True) if there.shipped < there.quantity else None
        return rest, True
    if wanted == 0:
        return LineChange(there.number, close=True), False
    net = _net(order, line)
    if wanted < there.quantity or (line.canceled and there.net and net < there.net):
        return LineChange(there.number, quantity=min(wanted, there.quantity), net=net), False
    return None, False


def _net(order: Order, line: Line) -> Decimal:
    return line.price - tax_total(line.taxes) if order.tax_included else line.price


def _rest(order: Order, booked: Booked, *, goods_left: bool, gone: set[int], tax: TaxRules) -> list[LineChange]:
    """Lines that are no order line: closed with the last of the goods; a tax charge follows what is left till then."""
    others = [line for line in booked.lines if not line.is_closed and line.number not in gone]
    if not goods_left:
        ours = {line.line_id for line in order.lines}
        anything_shipped = any(line.shipped for line in booked.lines if line.line_id in ours)
        if anything_shipped and order.state not in DEAD:
            return []  # what has left is still to be billed with its charges
        return [LineChange(line.number, close=True) for line in others if line.line_id not in ours]
    if tax.strategy is not TaxStrategy.OTHER_CHARGE:
        return []
    due: dict[str, Decimal] = {}
    for line in order.live_lines:
        for each in (*line.taxes, *line.shipping_taxes):
            code = tax.codes.get(each.code, tax.default_code or each.code)
            due[code] = due.get(code, ZERO) + each.amount
    changes = []
    for there in others:
        if there.line_id.startswith(CHARGE):
            amount = due.get(there.line_id.removeprefix(CHARGE), ZERO)
            if not amount:
                changes.append(LineChange(there.number, close=True))
            elif amount < there.net:
                changes.append(LineChange(there.number, net=amount))
    return changes

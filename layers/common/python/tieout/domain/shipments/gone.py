"""Which units of a sales order's lines a seller's shipment fulfils (operator)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.booked import Booked
from tieout.domain.orders.order import Order
from tieout.domain.shipments.shipment import ShippedLine

LEFT = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
"""States of orders that have left."""


def lines_gone(order: Order) -> tuple[ShippedLine, ...]:
    """What of an order has left, where the platform knows no shipments: such an order leaves whole."""
    return tuple(ShippedLine(line.line_id, line.quantity) for line in order.live_lines)


def units_to_fulfil(lines: Iterable[ShippedLine], booked: Booked) -> dict[int, int]:
    """Units by the sales order's line number.

    Raises NeedsAttention(ALREADY_SHIPPED) for a line that NetSuite has closed, and (SHIPPED_TWICE) for more than it
    still has to ship.
    """
    wanted: Counter[str] = Counter()
    for shipped in lines:
        wanted[shipped.line_id] += shipped.quantity
    units: dict[int, int] = {}
    for line_id, quantity in wanted.items():
        line = booked.line_of(line_id)
        facts = {"line": line_id, "shipped": str(quantity), "sales_order": booked.number}
        if line is None:
            raise NeedsAttention(Reason.SHIPPED_TWICE, facts | {"ordered": "(not on the sales order)"})
        if booked.is_over or line.is_closed:
            raise NeedsAttention(Reason.ALREADY_SHIPPED, facts | {"line_state": "closed in NetSuite"})
        if line.shipped + quantity > line.quantity:
            raise NeedsAttention(
                Reason.SHIPPED_TWICE, facts | {"ordered": str(line.quantity), "fulfilled": str(line.shipped)}
            )
        if line.ships and quantity:
            units[line.number] = quantity
    return units

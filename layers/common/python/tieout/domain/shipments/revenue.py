"""When goods that left become revenue; see `config.Invoices`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from tieout.domain.orders.order import Order

DELIVERED = frozenset({"RECEIVED", "CLOSED"})
"""Line states after which the buyer has the goods."""


class Trigger(StrEnum):
    """What makes revenue of a shipment."""

    SHIPPED = "shipped"
    DELIVERED = "delivered"
    DEBITED = "debited"
    NEVER = "never"


def revenue_instant(order: Order, line_ids: Collection[str], trigger: Trigger) -> datetime | None:
    """Since when goods that have left are revenue, as this version of the order tells; None: they are not yet.

    Mirakl does not say when a line was received: the order's last change is the nearest to it that is known.
    """
    if trigger is Trigger.DEBITED:
        return order.debited_at
    if trigger is Trigger.DELIVERED:
        lines = [line for line in order.lines if line.line_id in line_ids]
        return order.updated_at if all(line.state in DELIVERED for line in lines) else None
    return None

"""An order of an offer that the audit of offers doubts waits for a person (`listings.strict`)."""

from __future__ import annotations

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order
from tieout.flows.orders.rules import is_own_shop
from tieout.flows.ports import At
from tieout.flows.stock.rules import front_of_order


def stop_doubted(order: Order, at: At) -> None:
    """Raises NeedsAttention where a line of our own shop's order is of a SKU that the audit doubts.

    It names the tasks as `tieout audit mapping` does, and takes them.
    """
    if not is_own_shop(at.config, order):
        return
    front = front_of_order(at.config, order)
    doubted = at.doubted(front)
    found = {line.sku: doubted[line.sku] for line in order.live_lines if line.sku in doubted}
    if found:
        tasks = (f"{front}/{fault}/{sku}" for sku, fault in found.items())
        facts = {"sku": ", ".join(found), "task": ", ".join(tasks)}
        raise NeedsAttention(Reason.SKU_MISMATCHED, facts)

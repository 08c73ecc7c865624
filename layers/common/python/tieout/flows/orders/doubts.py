"""An order of an offer that the audit of offers doubts waits for a person (`listings.strict`)."""

from __future__ import annotations

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order
from tieout.flows.orders.rules import is_own_shop
from tieout.flows.ports import At


def stop_doubted(order: Order, at: At) -> None:
    """Raises NeedsAttention where a line of our own shop's order is of a SKU that the audit doubts."""
    if not is_own_shop(at.config, order):
        return
    doubted = at.doubted(order.marketplace)
    found = {line.sku: doubted[line.sku] for line in order.live_lines if line.sku in doubted}
    if found:
        facts = {"sku": ", ".join(found), "why": "; ".join(f"{sku}: {fault}" for sku, fault in found.items())}
        raise NeedsAttention(Reason.SKU_MISMATCHED, facts)

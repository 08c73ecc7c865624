"""What an operator's NetSuite learns from an order itself: that another seller's goods left, and that all is done."""

from __future__ import annotations

from tieout.domain.ids import external_id
from tieout.domain.orders.order import Order
from tieout.domain.postings import Intent, Key, Kind
from tieout.domain.shipments.gone import LEFT
from tieout.flows.orders.rules import is_own_shop
from tieout.flows.ports import At

DONE = "DONE"
"""Source id of the closure of a sales order that is over."""
OVER = {"received": frozenset({"RECEIVED", "CLOSED"}), "closed": frozenset({"CLOSED"}), "never": frozenset[str]()}


def fulfilment_intents(order: Order, payload: str, at: At) -> list[Intent]:
    """What a version of another seller's order calls for.

    An item fulfilment where the platform has no shipments of their own (ST11 tells of those), and the closing of a
    sales order whose marketplace order is over. Raises what any call raises: the platform may be asked (PC01).
    """
    settings = at.config.marketplaces[order.marketplace]
    if settings.role != "operator" or is_own_shop(at.config, order) or not order.live_lines:
        return []
    intents: list[Intent] = []
    gone = settings.shipments.enabled and order.state in LEFT
    if gone and not at.marketplace(order.marketplace).platform().multi_shipment:
        intents.append(
            Intent(
                key=Key(order.marketplace, order.order_id, Kind.FULFILMENT, order.order_id),
                source_version=order.version,
                payload=payload,
                external_id=external_id(order.marketplace, Kind.FULFILMENT, order.order_id),
            )
        )
    if order.state in OVER[settings.operator.close_sales_orders]:
        key = Key(order.marketplace, order.order_id, Kind.CLOSURE, DONE)
        intents.append(Intent(key=key, source_version=order.version, payload=payload))
    return intents

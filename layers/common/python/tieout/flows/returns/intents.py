"""What an order calls for because something of it was cancelled, refused or refunded at the marketplace."""

from __future__ import annotations

from collections.abc import Iterator

from tieout.domain.ids import external_id
from tieout.domain.orders.order import DEAD, SOLD, Order
from tieout.domain.postings import Intent, Key, Kind, State
from tieout.domain.returns.refund import REFUNDED
from tieout.domain.returns.shares import is_given_back
from tieout.flows.ports import At
from tieout.flows.returns.thread import made_by_us, mine


def order_intents(order: Order, payload: str, at: At) -> list[Intent]:
    """Closures and credit memos, each once, whatever version of the order names them again.

    A closure is intended only for an order that has, or may have, its sales order: without one, the sales order is
    made of what is left.
    """
    settings = at.config.marketplaces[order.marketplace]
    if not settings.returns.enabled:
        return []

    def intent(kind: Kind, source_id: str, **facts: str) -> Intent:
        return Intent(
            key=Key(order.marketplace, order.order_id, kind, source_id),
            source_version=order.version,
            payload=payload,
            external_id=external_id(order.marketplace, kind, source_id) if kind is Kind.CREDIT_MEMO else "",
            facts=facts,
        )

    sources = list(dict.fromkeys(_closures(order)))
    intents = [intent(Kind.CLOSURE, each) for each in sources] if sources and _may_have_sales_order(order, at) else []
    refunds = [refund for line in order.lines for refund in line.refunds if refund.state == REFUNDED]
    if refunds and settings.returns.credit_memos and order.state in SOLD and mine(order, at.config):
        ours = made_by_us(at.postings.of_thread(order.marketplace, order.order_id))
        intents += [
            intent(Kind.CREDIT_MEMO, refund.id, line=refund.line_id) for refund in refunds if refund.id not in ours
        ]
    return intents


def _closures(order: Order) -> Iterator[str]:
    """What was taken off: cancelations by their id, lines that died without one, a whole order by its own."""
    if order.state in DEAD:
        yield order.order_id
        return
    for line in order.lines:
        yield from (each.id for each in line.cancelations)
        if not line.is_live and not line.cancelations:
            yield line.line_id
        if line.is_live and order.state == "SHIPPING" and is_given_back(line):
            # The goods are still here, as far as Mirakl knows: the warehouse is told before the money is back.
            yield max(line.refunds, key=lambda refund: (str(refund.created_at or ""), refund.id)).id


def _may_have_sales_order(order: Order, at: At) -> bool:
    sale = at.postings.posting(Key(order.marketplace, order.order_id, Kind.SALES_ORDER, order.order_id))
    return sale is not None and sale.state is not State.SUPERSEDED

"""Marketplace orders in: every change is archived and becomes postings before the watermark moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from msgspec import Struct

from tieout.config import FASTEST_POLL_MINUTES, Orders
from tieout.domain.errors import Reason
from tieout.domain.ids import external_id
from tieout.domain.orders.order import DEAD, SOLD, TO_ACCEPT, Order
from tieout.domain.postings import Intent, Key, Kind, version_of
from tieout.flows.ports import At, FetchedOrder
from tieout.flows.returns.intents import order_intents
from tieout.flows.shipments.from_order import fulfilment_intents

ROUNDED = timedelta(seconds=2)
"""Mirakl tells its clock in whole seconds, and is asked for it before it lists orders: twice, in a difference."""


class Collected(Struct, frozen=True):
    """What a reading brought."""

    seen: int
    fresh: int
    due: int


def collect_updates(marketplace: str, at: At) -> Collected:
    """Orders that changed since the last poll (OR11), on Mirakl's clock.

    The window is frozen at its end, overlaps the last one, and the watermark moves only after all of it is stored: a
    crash anywhere is mended by the next run. What the flow of stock has just read is not asked for again: Mirakl would
    refuse (429), and count that against both.
    """
    if _was_just_read(marketplace, at):
        return Collected(0, 0, 0)
    return collect_and_tell(marketplace, None, lambda _: None, at)[0]


def _was_just_read(marketplace: str, at: At) -> bool:
    """Whether the last reading is younger than the shortest time that OR11 allows between two, or is still going on."""
    if not _is_read_by_stock(marketplace, at):
        return False
    ended, begun = map(at.watermarks.read, (marketplace, _begun(marketplace)))
    last = max(filter(None, (ended, begun)), default=None)
    apart = timedelta(minutes=FASTEST_POLL_MINUTES[at.config.marketplaces[marketplace].persona])
    if last is None or not timedelta(0) <= at.marketplace(marketplace).now() - last < apart + ROUNDED:
        return False
    return last == ended or _is_left_to(last, ended, marketplace, at)


def _is_left_to(begun: datetime, ended: datetime | None, marketplace: str, at: At) -> bool:
    """Orders are left to one reading that began, and not to another once that one has not ended.

    Where each dies before its end, nobody would ever read. Every other time only: where Mirakl refuses both, and counts
    calls that it refused, each would keep the other from its minute.
    """
    left, taken = (at.watermarks.read(f"{marketplace}/orders/{each}") for each in ("left", "taken"))
    known = max(filter(None, (ended, taken)), default=None)
    dies = left is not None and left != begun and (known is None or left > known)
    at.watermarks.advance(f"{marketplace}/orders/{'taken' if dies else 'left'}", begun)
    return not dies


def _is_read_by_stock(marketplace: str, at: At) -> bool:
    """Whether two flows list its orders."""
    stock = at.config.marketplaces[marketplace].stock
    return stock is not None and stock.enabled


def _begun(marketplace: str) -> str:
    """Name of the watermark of readings that began: one that is going on has moved the other one not yet."""
    return f"{marketplace}/orders/begun"


def collect_and_tell(
    marketplace: str,
    since: datetime | None,
    tell: Callable[[Sequence[FetchedOrder]], None],
    at: At,
    until: datetime | None = None,
) -> tuple[Collected, datetime]:
    """The same for who wants to know the orders as well: from `since` on, where that is earlier.

    `tell` hears each page after it is stored; an order may come twice. `until` is Mirakl's clock, or a little earlier,
    where the caller knows it. Answers also up to when was read.
    """
    settings = at.config.marketplaces[marketplace].orders
    market = at.marketplace(marketplace)
    end = until or market.now()
    watermark = at.watermarks.read(marketplace) or settings.since
    at.meter.gauge("WatermarkLagSeconds", (end - watermark).total_seconds(), marketplace=marketplace)
    begin = min(watermark, since) if since else watermark
    start = max(settings.since, begin - timedelta(minutes=settings.overlap_minutes))
    if _is_read_by_stock(marketplace, at):
        at.watermarks.advance(_begun(marketplace), end)
    collected = _collect(marketplace, market.orders_updated(start, end), at, tell)
    at.watermarks.advance(marketplace, end)
    return collected, end


def sweep(marketplace: str, at: At) -> Collected:
    """A wide look back, nightly: finds what any poll may have missed. The watermark stays."""
    settings = at.config.marketplaces[marketplace].orders
    market = at.marketplace(marketplace)
    end = market.now()
    start = max(settings.since, end - timedelta(hours=settings.sweep_hours))
    return _collect(marketplace, market.orders_updated(start, end), at)


def backfill(marketplace: str, start: datetime, end: datetime, at: At) -> Collected:
    """Orders that changed in a window of a person's choice."""
    return _collect(marketplace, at.marketplace(marketplace).orders_updated(start, end), at)


def collect_by_id(marketplace: str, order_ids: Sequence[str], at: At) -> Collected:
    """Orders that a webhook named, fetched again: what the message said is never believed."""
    return _collect(marketplace, [at.marketplace(marketplace).orders_by_id(order_ids)], at)


def preview(marketplace: str, fetched: Sequence[FetchedOrder], at: At) -> list[tuple[FetchedOrder, list[Intent]]]:
    """What `record` would intend for these orders, without writing anything."""
    return [(each, _intended(marketplace, each, at)[0]) for each in _fresh(marketplace, fetched, at)]


def _collect(
    marketplace: str,
    pages: Iterable[list[FetchedOrder]],
    at: At,
    tell: Callable[[Sequence[FetchedOrder]], None] = lambda _: None,
) -> Collected:
    seen = fresh = due = 0
    for page in pages:
        recorded = record(marketplace, page, at)
        tell(page)
        seen, fresh, due = seen + len(page), fresh + recorded.fresh, due + recorded.due
    if fresh:
        at.meter.count("OrdersSeen", fresh, marketplace=marketplace)
    return Collected(seen, fresh, due)


def record(marketplace: str, fetched: Sequence[FetchedOrder], at: At) -> Collected:
    """Archive orders and write down what they call for; then ring. Known versions cost one read and nothing else."""
    fresh = _fresh(marketplace, fetched, at)
    at.archive.store({payload_key(marketplace, each): each.raw for each in fresh})
    due: list[Key] = []
    for each in fresh:
        intents, retire = _intended(marketplace, each, at)
        due += at.postings.record_order(
            marketplace=marketplace,
            order_id=each.order_id,
            version=version_of(each.updated_at),
            state=each.order.state if each.order else "(unreadable)",
            payload=payload_key(marketplace, each),
            intents=intents,
            retire=retire,
            now=at.clock(),
        )
    at.doorbells.ring(due)
    return Collected(len(fetched), len(fresh), len(due))


def payload_key(marketplace: str, fetched: FetchedOrder) -> str:
    """Where the archive keeps this version of the order."""
    return f"orders/{marketplace}/{quote(fetched.order_id, safe='')}/{version_of(fetched.updated_at)}.json"


def _fresh(marketplace: str, fetched: Sequence[FetchedOrder], at: At) -> list[FetchedOrder]:
    newest: dict[str, FetchedOrder] = {}
    for each in fetched:
        known = newest.get(each.order_id)
        if known is None or each.updated_at > known.updated_at:
            newest[each.order_id] = each
    since = at.config.marketplaces[marketplace].orders.since
    mine = [each for each in newest.values() if each.order is None or each.order.created_at >= since]
    versions = at.postings.seen_versions(marketplace, [each.order_id for each in mine])
    return [each for each in mine if version_of(each.updated_at) > versions.get(each.order_id, "")]


def _intended(marketplace: str, fetched: FetchedOrder, at: At) -> tuple[list[Intent], list[Key]]:
    """What an order calls for in the state it is in, and which earlier intentions it makes pointless."""

    def intent(kind: Kind, parked: Reason | None = None, **facts: str) -> Intent:
        return Intent(
            key=key(kind),
            source_version=version_of(fetched.updated_at),
            payload=payload_key(marketplace, fetched),
            external_id=external_id(marketplace, kind, fetched.order_id) if kind is Kind.SALES_ORDER else "",
            facts={**_deadline(fetched.order), **facts},
            parked=parked,
        )

    def key(kind: Kind) -> Key:
        return Key(marketplace, fetched.order_id, kind, fetched.order_id)

    order = fetched.order
    if order is None:
        return [intent(Kind.SALES_ORDER, Reason.UNREADABLE_ORDER, problem=fetched.problem)], []
    intents, retire = _of_the_sale(order, intent, key, at)
    payload = payload_key(marketplace, fetched)
    return [*intents, *order_intents(order, payload, at), *fulfilment_intents(order, payload, at)], retire


def _of_the_sale(
    order: Order, intent: Callable[..., Intent], key: Callable[[Kind], Key], at: At
) -> tuple[list[Intent], list[Key]]:
    if order.state == TO_ACCEPT:
        return _waiting(order, at.config.marketplaces[order.marketplace].orders, intent, at), []
    retire = [key(Kind.ACCEPTANCE)]
    if order.state in SOLD and order.live_lines:
        return [intent(Kind.SALES_ORDER)], retire
    if order.state in DEAD or (order.state in SOLD and not order.live_lines):
        retire.append(key(Kind.SALES_ORDER))
    return [], retire


def _deadline(order: Order | None) -> dict[str, str]:
    """By when the marketplace wants the order shipped; the deadline radar reads it off what is still to be done."""
    return {"deadline": order.deadline.isoformat()} if order and order.deadline else {}


def _waiting(order: Order, settings: Orders, intent: Callable[[Kind, Reason | None], Intent], at: At) -> list[Intent]:
    """An operator's sellers accept for themselves; a seller's mode decides who does."""
    mode = settings.acceptance.mode
    if mode == "off" or at.config.marketplaces[order.marketplace].role == "operator":
        return []
    return [intent(Kind.ACCEPTANCE, Reason.ACCEPTANCE_IS_MANUAL if mode == "manual" else None)]

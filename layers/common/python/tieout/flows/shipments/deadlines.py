"""How close orders are to the marketplace's deadlines: those where the next step is ours, and all that are open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from tieout.domain.orders.order import TO_ACCEPT
from tieout.domain.postings import Kind, Lane, Posting
from tieout.domain.shipments.what_to_ship import TO_SHIP
from tieout.flows.ports import At

OURS = frozenset({Kind.ACCEPTANCE, Kind.SALES_ORDER, Kind.SHIPMENT})
"""While one of these is open or parked, the order waits for us."""
LANES = (Lane.ORDERS_TO_ACCEPT, Lane.ORDERS_TO_POST, Lane.SHIPMENTS_TO_CONFIRM)


class Deadline(Struct, frozen=True, kw_only=True):
    """An open order that has a deadline."""

    marketplace: str
    order_id: str
    step: str
    """What is to be done until then: `accept` or `ship`."""
    deadline: datetime
    at_risk: bool
    """It is near, and what is to be done next is ours."""
    waits_for: str = ""
    """The posting of ours that it waits for; empty: somebody else has the next step."""


def report_deadlines(at: At) -> int:
    """Tell how many orders of each marketplace are at risk; answers how many in all."""
    now = at.clock()
    at_risk: dict[str, set[str]] = {marketplace: set() for marketplace in at.config.marketplaces}
    for posting in _waiting_for_us(at):
        settings = at.config.marketplaces.get(posting.key.marketplace)
        deadline = _deadline_of(posting)
        if settings is None or deadline is None:
            continue
        if deadline - now <= timedelta(minutes=settings.shipments.at_risk_minutes):
            at_risk[posting.key.marketplace].add(posting.key.thread)
    for marketplace, orders in at_risk.items():
        at.meter.gauge("OrdersAtRisk", len(orders), marketplace=marketplace)
    return sum(len(orders) for orders in at_risk.values())


def deadlines(marketplace: str, at: At) -> list[Deadline]:
    """Every order that is to be accepted or shipped now, as Mirakl has it, the nearest deadline first."""
    market = at.marketplace(marketplace)
    near = market.now() + timedelta(minutes=at.config.marketplaces[marketplace].shipments.at_risk_minutes)
    ours = {each.key.thread: str(each.key) for each in _waiting_for_us(at) if each.key.marketplace == marketplace}
    found: dict[str, Deadline] = {}
    for page in market.orders_in_states((TO_ACCEPT, TO_SHIP)):
        for order in (each.order for each in page):
            if order is None or order.deadline is None:
                continue
            waits_for = ours.get(order.order_id, "")
            found[order.order_id] = Deadline(
                marketplace=marketplace,
                order_id=order.order_id,
                step="accept" if order.state == TO_ACCEPT else "ship",
                deadline=order.deadline,
                at_risk=bool(waits_for) and order.deadline <= near,
                waits_for=waits_for,
            )
    return sorted(found.values(), key=lambda each: (each.deadline, each.order_id))


def _waiting_for_us(at: At) -> Iterator[Posting]:
    """Open and parked postings that keep an order from its next step.

    An acceptance that was sent is not one: its posting stays for the promise of its units.
    """
    for lane in LANES:
        for posting in at.postings.open_postings(lane):
            if posting.key.kind in OURS and not (posting.key.kind is Kind.ACCEPTANCE and posting.target_id):
                yield posting
    for posting in at.postings.parked():
        if posting.key.kind in OURS and not posting.facts.get("undone"):
            yield posting


def _deadline_of(posting: Posting) -> datetime | None:
    text = posting.facts.get("deadline")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

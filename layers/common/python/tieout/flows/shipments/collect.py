"""NetSuite's fulfilments in: each that has left becomes a shipment to confirm, and an invoice where we bill.

A picked or packed fulfilment is remembered and told to nobody. What was told and is not true any more becomes a parked
posting (`undone`), since a marketplace cannot take a shipment back.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import json

from tieout.config import Marketplace
from tieout.domain.errors import NeedsAttention
from tieout.domain.ids import external_id
from tieout.domain.postings import Intent, Key, Kind, Posting, State
from tieout.domain.shipments.fulfilment import Fulfilment
from tieout.domain.shipments.what_to_ship import lines_of
from tieout.flows.orders.collect import Collected
from tieout.flows.orders.rules import is_own_shop
from tieout.flows.ports import At
from tieout.flows.shipments import undone
from tieout.flows.shipments.rules import fulfilment_version, payload_key, shipment_key

logger = logging.getLogger(__name__)

READING = "netsuite/fulfilments"
UNDER_WAY = frozenset({State.ATTEMPTED, State.POSTED})


def collect_fulfilments(at: At) -> Collected:
    """Fulfilments that were saved since the last poll, and those deleted, on NetSuite's clock.

    The window is frozen at its end, overlaps the last one, and the watermark moves only after all of it is stored.
    """
    active = _active(at)
    if not active:
        return Collected(0, 0, 0)
    end = at.ledger.now()
    since = min(each.orders.since for each in active)
    watermark = at.watermarks.read(READING) or since
    at.meter.gauge("WatermarkLagSeconds", (end - watermark).total_seconds(), reading=READING)
    overlap = timedelta(minutes=max(each.shipments.overlap_minutes for each in active))
    collected = _window(max(since, watermark - overlap), end, at)
    at.watermarks.advance(READING, end)
    return collected


def sweep_fulfilments(at: At) -> Collected:
    """A wide look back, nightly: finds what any poll or lost event may have missed. The watermark stays."""
    active = _active(at)
    if not active:
        return Collected(0, 0, 0)
    end = at.ledger.now()
    back = timedelta(hours=max(each.shipments.sweep_hours for each in active))
    return _window(max(min(each.orders.since for each in active), end - back), end, at)


def collect_fulfilments_by_id(ids: Collection[str], at: At) -> Collected:
    """Fulfilments that NetSuite rang for, read again: what the event said is never believed.

    One that is not found may be of somebody else's order; it was deleted if it had been seen before.
    """
    if not _active(at):
        return Collected(0, 0, 0)
    wanted = list(dict.fromkeys(ids))
    found = at.ledger.fulfilments(wanted)
    collected = _record_page(found, at)
    undone.deleted(set(wanted) - {each.id for each in found}, at)
    return collected


def _active(at: At) -> list[Marketplace]:
    return [each for each in at.config.marketplaces.values() if each.orders.enabled and each.shipments.enabled]


def _window(start: datetime, end: datetime, at: At) -> Collected:
    seen = fresh = due = 0
    for page in at.ledger.fulfilments_changed(start, end):
        recorded = _record_page(page, at)
        seen, fresh, due = seen + recorded.seen, fresh + recorded.fresh, due + recorded.due
    try:
        undone.deleted(at.ledger.fulfilments_deleted(start, end), at)
    except NeedsAttention as problem:
        # A role that may not see deletions: events still tell of them.
        logger.warning("deleted fulfilments not read", extra={"why": str(problem)})
    return Collected(seen, fresh, due)


def _record_page(fulfilments: Sequence[Fulfilment], at: At) -> Collected:
    """Archive fulfilments and write down what they call for; then ring. Known versions cost one read together."""
    fresh = _fresh([each for each in fulfilments if _is_ours_to_tell(each, at)], at)
    at.archive.store({payload_key(each): json.encode(each) for each in fresh})
    due: list[Key] = []
    for each in fresh:
        due += _record(each, at)
    at.doorbells.ring(due)
    if fresh:
        at.meter.count("FulfilmentsSeen", len(fresh))
    return Collected(len(fulfilments), len(fresh), len(due))


def _is_ours_to_tell(fulfilment: Fulfilment, at: At) -> bool:
    """One that Tieout made out of a marketplace's shipment is known there; one of nobody's marketplace is ignored."""
    if fulfilment.external_id.upper().startswith("T-"):
        return False
    settings = at.config.marketplaces.get(fulfilment.marketplace)
    if settings is None:
        at.meter.count("FulfilmentsIgnored", marketplace=fulfilment.marketplace or "none")
        return False
    return settings.orders.enabled and settings.shipments.enabled and bool(lines_of(fulfilment))


def _fresh(fulfilments: Iterable[Fulfilment], at: At) -> list[Fulfilment]:
    newest: dict[str, Fulfilment] = {}
    for each in fulfilments:
        known = newest.get(each.id)
        if known is None or fulfilment_version(each) > fulfilment_version(known):
            newest[each.id] = each
    versions = at.postings.seen_versions(undone.INDEX, [undone.index_id(each) for each in newest]) if newest else {}
    return [each for each in newest.values() if fulfilment_version(each) > versions.get(undone.index_id(each.id), "")]


def _record(fulfilment: Fulfilment, at: At) -> list[Key]:
    """What is not told yet takes the newer version; what was told stands, and is held against it."""
    told = at.postings.posting(shipment_key(fulfilment))
    if fulfilment.is_shipped:
        due = _sighted(fulfilment, _intended(fulfilment, at), [], at)
    else:
        due = _sighted(fulfilment, [], [_key(fulfilment, kind) for kind in (Kind.SHIPMENT, Kind.INVOICE)], at)
    if told is not None and told.state in UNDER_WAY:
        # It is looked at again by a later reading: only then is it known what was told.
        return due
    if told is not None and told.state is State.CONFIRMED and told.source_version < fulfilment_version(fulfilment):
        due += undone.compared(told, fulfilment, at)
    _remember(fulfilment, at)
    return due


def _intended(fulfilment: Fulfilment, at: At) -> list[Intent]:
    """What goods that have left call for: a shipment and, where we bill with it, an invoice."""
    settings = at.config.marketplaces[fulfilment.marketplace]
    if not _is_shipped_by_us(fulfilment, settings, at):
        at.meter.count("FulfilmentsIgnored", marketplace=fulfilment.marketplace)
        return []
    intents = [_intent(fulfilment, Kind.SHIPMENT, _deadline(fulfilment, at))]
    if settings.invoices.trigger != "never":
        intents.append(_intent(fulfilment, Kind.INVOICE, {}))
    return intents


def _is_shipped_by_us(fulfilment: Fulfilment, settings: Marketplace, at: At) -> bool:
    """An operator tells of its own shops' goods only; other sellers tell of theirs themselves."""
    if settings.role == "seller":
        return True
    payload = at.postings.seen_payload(fulfilment.marketplace, fulfilment.order_id)
    raw = at.archive.load([payload]).get(payload) if payload else None
    if raw is None:
        return False
    try:
        return is_own_shop(at.config, at.marketplace(fulfilment.marketplace).read_order(raw))
    except NeedsAttention:
        return False


def _deadline(fulfilment: Fulfilment, at: At) -> dict[str, str]:
    """The order's deadline, as its sales order's posting has it."""
    order = Key(fulfilment.marketplace, fulfilment.order_id, Kind.SALES_ORDER, fulfilment.order_id)
    sale: Posting | None = at.postings.posting(order)
    deadline = sale.facts.get("deadline") if sale else None
    return {"deadline": deadline} if deadline else {}


def _intent(fulfilment: Fulfilment, kind: Kind, facts: dict[str, str]) -> Intent:
    named = external_id(fulfilment.marketplace, kind, fulfilment.id)
    return Intent(
        key=_key(fulfilment, kind),
        source_version=fulfilment_version(fulfilment),
        payload=payload_key(fulfilment),
        external_id=named if kind is Kind.INVOICE else "",
        facts=facts,
    )


def _key(fulfilment: Fulfilment, kind: Kind) -> Key:
    return Key(fulfilment.marketplace, fulfilment.order_id, kind, fulfilment.id)


def _sighted(fulfilment: Fulfilment, intents: Sequence[Intent], retire: Sequence[Key], at: At) -> list[Key]:
    """That it was seen, and what it calls for, in one transaction."""
    return at.postings.record_order(
        marketplace=fulfilment.marketplace,
        order_id=fulfilment.order_id,
        version=fulfilment_version(fulfilment),
        state=fulfilment.status,
        payload=payload_key(fulfilment),
        intents=intents,
        retire=retire,
        now=at.clock(),
        subject=f"FULFILMENT#{fulfilment.id}",
    )


def _remember(fulfilment: Fulfilment, at: At) -> None:
    at.postings.record_order(
        marketplace=undone.INDEX,
        order_id=undone.index_id(fulfilment.id),
        version=fulfilment_version(fulfilment),
        state=fulfilment.status,
        payload=payload_key(fulfilment),
        intents=[],
        retire=[],
        now=at.clock(),
    )

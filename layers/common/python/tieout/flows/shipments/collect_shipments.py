"""Other sellers' shipments in (operator, ST11): each that has left becomes a fulfilment to be written to NetSuite."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import quote

from tieout.domain.errors import Reason
from tieout.domain.ids import external_id
from tieout.domain.postings import Intent, Key, Kind, version_of
from tieout.domain.shipments.shipment import CANCELED, GONE, FetchedShipment
from tieout.flows.orders.collect import Collected
from tieout.flows.ports import At


def collect_shipments(marketplace: str, at: At) -> Collected:
    """Shipments that changed since the last poll, on Mirakl's clock.

    The window is frozen at its end, overlaps the last one, and the watermark moves only after all of it is stored.
    """
    if not _is_told_by_shipments(marketplace, at):
        return Collected(0, 0, 0)
    settings = at.config.marketplaces[marketplace]
    market = at.marketplace(marketplace)
    end = market.now()
    watermark = at.watermarks.read(_watermark(marketplace)) or settings.orders.since
    at.meter.gauge(
        "WatermarkLagSeconds", (end - watermark).total_seconds(), marketplace=marketplace, reading="shipments"
    )
    start = max(settings.orders.since, watermark - timedelta(minutes=settings.shipments.overlap_minutes))
    collected = _collect(marketplace, market.shipments_updated(start, end), at)
    at.watermarks.advance(_watermark(marketplace), end)
    return collected


def sweep_shipments(marketplace: str, at: At) -> Collected:
    """A wide look back, nightly. The watermark stays."""
    if not _is_told_by_shipments(marketplace, at):
        return Collected(0, 0, 0)
    settings = at.config.marketplaces[marketplace]
    market = at.marketplace(marketplace)
    end = market.now()
    start = max(settings.orders.since, end - timedelta(hours=settings.shipments.sweep_hours))
    return _collect(marketplace, market.shipments_updated(start, end), at)


def _is_told_by_shipments(marketplace: str, at: At) -> bool:
    """Without shipments of its own a platform tells by the order's state (`from_order`)."""
    settings = at.config.marketplaces[marketplace]
    if settings.role != "operator" or not settings.orders.enabled or not settings.shipments.enabled:
        return False
    return at.marketplace(marketplace).platform().multi_shipment


def _watermark(marketplace: str) -> str:
    return f"{marketplace}/shipments"


def _collect(marketplace: str, pages: Iterable[list[FetchedShipment]], at: At) -> Collected:
    seen = fresh = due = 0
    for page in pages:
        recorded = _record(marketplace, page, at)
        seen, fresh, due = seen + recorded.seen, fresh + recorded.fresh, due + recorded.due
    return Collected(seen, fresh, due)


def _record(marketplace: str, fetched: list[FetchedShipment], at: At) -> Collected:
    """Archive shipments and write down what they call for; then ring. A version that is known changes nothing."""
    mine = [each for each in fetched if _is_another_sellers(marketplace, each, at)]
    at.archive.store({_payload_key(marketplace, each): each.raw for each in mine})
    due: list[Key] = []
    for each in mine:
        key = Key(marketplace, each.order_id, Kind.FULFILMENT, each.shipment_id)
        due += at.postings.record_order(
            marketplace=marketplace,
            order_id=each.order_id,
            version=version_of(each.updated_at),
            state=each.shipment.state if each.shipment else "(unreadable)",
            payload=_payload_key(marketplace, each),
            intents=_intended(marketplace, each, key),
            retire=[key] if each.shipment and each.shipment.state == CANCELED else [],
            now=at.clock(),
            subject=f"SHIPMENT#{each.shipment_id}",
        )
    at.doorbells.ring(due)
    if due:
        at.meter.count("ShipmentsSeen", len(due), marketplace=marketplace)
    return Collected(len(fetched), len(due), len(due))


def _is_another_sellers(marketplace: str, fetched: FetchedShipment, at: At) -> bool:
    """What the operator's own shops send is NetSuite's own fulfilment already."""
    own = at.config.marketplaces[marketplace].operator.own_shops
    return fetched.shipment is None or fetched.shipment.seller_id not in own


def _intended(marketplace: str, fetched: FetchedShipment, key: Key) -> list[Intent]:
    shipment = fetched.shipment
    if shipment is not None and shipment.state not in GONE:
        return []
    return [
        Intent(
            key=key,
            source_version=version_of(fetched.updated_at),
            payload=_payload_key(marketplace, fetched),
            external_id=external_id(marketplace, Kind.FULFILMENT, fetched.shipment_id),
            facts={} if shipment else {"problem": fetched.problem},
            parked=None if shipment else Reason.UNREADABLE_DOCUMENT,
        )
    ]


def _payload_key(marketplace: str, fetched: FetchedShipment) -> str:
    order, shipment = quote(fetched.order_id, safe=""), quote(fetched.shipment_id, safe="")
    return f"shipments/{marketplace}/{order}/{shipment}-{version_of(fetched.updated_at)}.json"

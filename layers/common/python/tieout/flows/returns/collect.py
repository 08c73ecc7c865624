"""What was taken back is seen: returns at the marketplace (RT11); credits and closed lines in NetSuite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from urllib.parse import quote

from msgspec import Struct, json

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.postings import Intent, Key, Kind, version_of
from tieout.domain.returns.goods import RECEIVED, FetchedReturn
from tieout.domain.returns.refund import ClosedLine, Credit
from tieout.flows.orders.collect import Collected
from tieout.flows.ports import At
from tieout.flows.returns.thread import mine

AUTHORIZED = RECEIVED | {"IN_PROGRESS"}
"""Return states in which the goods may come, or have."""
NOTHING_COMES = frozenset({"REFUSED", "CANCELED"})
CREDITS, CLOSED_LINES = "netsuite/credits", "netsuite/closed-lines"
OURS = "T-"
"""How every external id of ours begins."""
SOURCE_OF = {"credit_memo": "CustCred", "receipt": "ItemRcpt", "never": ""}
"""What in NetSuite makes Mirakl refund, by `returns.refund_on`."""


# --- returns ---------------------------------------------------------------------------------------------------------


def collect_returns(marketplace: str, at: At) -> Collected:
    """Returns that changed since the last poll, on Mirakl's clock; the watermark moves after all is stored."""
    settings = at.config.marketplaces[marketplace]
    if not settings.returns.enabled:
        return Collected(0, 0, 0)
    market, name = at.marketplace(marketplace), f"{marketplace}/returns"
    end = market.now()
    watermark = at.watermarks.read(name) or settings.orders.since
    lag = (end - watermark).total_seconds()
    at.meter.gauge("WatermarkLagSeconds", lag, marketplace=marketplace, reading="returns")
    start = max(settings.orders.since, watermark - timedelta(minutes=settings.orders.overlap_minutes))
    collected = _record_returns(marketplace, market.returns_updated(start, end), at)
    at.watermarks.advance(name, end)
    return collected


def sweep_returns(marketplace: str, at: At) -> Collected:
    """A wide look back, nightly. The watermark stays."""
    settings = at.config.marketplaces[marketplace]
    if not settings.returns.enabled:
        return Collected(0, 0, 0)
    market = at.marketplace(marketplace)
    end = market.now()
    start = max(settings.orders.since, end - timedelta(hours=settings.orders.sweep_hours))
    return _record_returns(marketplace, market.returns_updated(start, end), at)


def _record_returns(marketplace: str, pages: Iterable[list[FetchedReturn]], at: At) -> Collected:
    seen, fresh, due = 0, 0, list[Key]()
    for page in pages:
        seen += len(page)
        known = at.postings.seen_versions(marketplace, sorted({each.order_id for each in page}))
        for each in page:
            if each.order_id not in known:
                continue  # an order from before the cut-over: its return is nobody's here
            intents, retire = _return_intents(marketplace, each, at)
            if not intents and not retire:
                continue
            payload = _return_payload(marketplace, each)
            at.archive.store({payload: each.raw})
            due += at.postings.record_order(
                marketplace=marketplace,
                order_id=each.order_id,
                version=version_of(each.updated_at),
                state=each.back.state if each.back else "(unreadable)",
                payload=payload,
                intents=intents,
                retire=retire,
                now=at.clock(),
                subject=f"RETURN#{each.return_id}",
            )
            fresh += 1
    at.doorbells.ring(due)
    return Collected(seen, fresh, len(due))


def _return_payload(marketplace: str, each: FetchedReturn) -> str:
    return f"returns/{marketplace}/{_safe(each.order_id)}/{_safe(each.return_id)}-{version_of(each.updated_at)}.json"


def _safe(text: str) -> str:
    return quote(text, safe="")


def _return_intents(marketplace: str, each: FetchedReturn, at: At) -> tuple[list[Intent], list[Key]]:
    def intent(kind: Kind, parked: Reason | None = None, **facts: str) -> Intent:
        return Intent(
            key=Key(marketplace, each.order_id, kind, each.return_id),
            source_version=version_of(each.updated_at),
            payload=_return_payload(marketplace, each),
            external_id=external_id(marketplace, kind, each.return_id),
            facts=facts,
            parked=parked,
        )

    authorization, receipt = Kind.RETURN_AUTHORIZATION, Kind.ITEM_RECEIPT
    if each.back is None:
        return [intent(authorization, Reason.UNREADABLE_DOCUMENT, problem=each.problem)], []
    if not _goods_are_ours(marketplace, each.order_id, at):
        return [], []
    if each.back.state in NOTHING_COMES:
        return [], [Key(marketplace, each.order_id, kind, each.return_id) for kind in (authorization, receipt)]
    if each.back.state not in AUTHORIZED:
        return [], []
    if each.back.state in RECEIVED and at.config.marketplaces[marketplace].returns.receive:
        return [intent(authorization), intent(receipt)], []
    return [intent(authorization)], []


def _goods_are_ours(marketplace: str, order_id: str, at: At) -> bool:
    """An operator keeps no books of another seller's goods."""
    if at.config.marketplaces[marketplace].role == "seller":
        return True
    payload = at.postings.seen_payload(marketplace, order_id)
    raw = at.archive.load([payload]).get(payload) if payload else None
    try:
        return raw is not None and mine(at.marketplace(marketplace).read_order(raw), at.config)
    except NeedsAttention:
        return False


# --- credits and closed lines ----------------------------------------------------------------------------------------


class _Reading(Struct, frozen=True):
    """One listing of NetSuite's, and what is done with an entry."""

    name: str
    pages: Callable[[datetime, datetime], Iterator[Sequence[Credit | ClosedLine]]]


def collect_credits(at: At) -> Collected:
    """Credit memos, receipts and closed lines that were saved since the last look, on NetSuite's clock."""
    return _both(at, lambda reading: _since_the_last(reading, at))


def sweep_credits(at: At) -> Collected:
    """A wide look back, nightly. The watermarks stay."""
    hours = max(settings.shipments.sweep_hours for settings in at.config.marketplaces.values())

    def all_of(reading: _Reading) -> Collected:
        end = at.ledger.now()
        return _record(reading.pages(max(_cut_over(at), end - timedelta(hours=hours)), end), at)

    return _both(at, all_of)


def _both(at: At, read: Callable[[_Reading], Collected]) -> Collected:
    if not any(_sends(marketplace, at) for marketplace in at.config.marketplaces):
        return Collected(0, 0, 0)
    both = [
        read(_Reading(CREDITS, at.ledger.credits_changed)),
        read(_Reading(CLOSED_LINES, at.ledger.closed_lines_changed)),
    ]
    return Collected(*(sum(getattr(each, name) for each in both) for name in ("seen", "fresh", "due")))


def _since_the_last(reading: _Reading, at: At) -> Collected:
    end = at.ledger.now()
    watermark = at.watermarks.read(reading.name) or _cut_over(at)
    at.meter.gauge("WatermarkLagSeconds", (end - watermark).total_seconds(), reading=reading.name)
    overlap = max(settings.shipments.overlap_minutes for settings in at.config.marketplaces.values())
    collected = _record(reading.pages(max(_cut_over(at), watermark - timedelta(minutes=overlap)), end), at)
    at.watermarks.advance(reading.name, end)
    return collected


def _cut_over(at: At) -> datetime:
    return min(settings.orders.since for settings in at.config.marketplaces.values())


def _sends(marketplace: str, at: At) -> bool:
    """Whether what NetSuite takes back is told to this marketplace: a seller's alone."""
    settings = at.config.marketplaces.get(marketplace)
    return settings is not None and settings.role == "seller" and settings.returns.enabled


def _record(pages: Iterator[Sequence[Credit | ClosedLine]], at: At) -> Collected:
    seen, fresh, due = 0, 0, 0
    for each in chain.from_iterable(pages):
        seen += 1
        if not _sends(each.marketplace, at) or not _is_wanted(each, at):
            continue
        fresh += 1
        due += len(_write_down(each, at))
    return Collected(seen, fresh, due)


def _is_wanted(each: Credit | ClosedLine, at: At) -> bool:
    """What Tieout made itself came from the marketplace, and is not sent back to it."""
    if isinstance(each, ClosedLine):
        return True
    refund_on = at.config.marketplaces[each.marketplace].returns.refund_on
    return each.kind == SOURCE_OF[refund_on] and not each.external_id.upper().startswith(OURS)


def _write_down(each: Credit | ClosedLine, at: At) -> list[Key]:
    if isinstance(each, Credit):
        key = Key(each.marketplace, each.order_id, Kind.REFUND, each.id)
        subject, state, facts = f"CREDIT#{each.id}", each.kind, {"number": each.number, "total": str(each.total)}
    else:
        key = Key(each.marketplace, each.order_id, Kind.CANCELATION, each.line_id)
        subject, state, facts = f"CLOSED#{each.line_id}", "closed", {"units": str(each.quantity)}
    version = version_of(each.modified_at)
    payload = f"credits/{key.marketplace}/{_safe(key.thread)}/{key.kind}-{_safe(key.source_id)}-{version}.json"
    at.archive.store({payload: json.encode(each)})
    return at.postings.record_order(
        marketplace=key.marketplace,
        order_id=key.thread,
        version=version,
        state=state,
        payload=payload,
        intents=[Intent(key=key, source_version=version, payload=payload, facts=facts)],
        retire=[],
        now=at.clock(),
        subject=subject,
    )

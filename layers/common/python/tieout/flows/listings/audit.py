"""Every day, each offer is held against every item: the worklist goes on, and strict mode learns what it doubts."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from msgspec import Struct
from msgspec.json import decode, encode

from tieout.domain.listings.audit import Fault, Finding, audit
from tieout.domain.listings.worklist import Task
from tieout.domain.stock.offer import Offer
from tieout.flows.listings.items import read_whole
from tieout.flows.listings.reading import by_front, products_by_code, read_sides, with_codes
from tieout.flows.listings.rules import audit_rules, settings_of
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.strict import keep_doubted
from tieout.flows.listings.tasks import AUDITED, SYNCED, carry_on, is_open, tasks_of
from tieout.flows.stock.store import StockBook, whole

logger = logging.getLogger(__name__)


class Audited(Struct, frozen=True):
    """What an audit found."""

    offers: int
    open: int
    """Findings that somebody has to see to."""
    mismatched: int
    """Of them, those by which an order may be booked on the wrong item."""
    fresh: int
    mended: int


def audit_mapping(marketplace: str, room: ListingsRoom) -> Audited:
    """Compare, and carry the worklist on.

    Raises Retryable where a side cannot be read now, NeedsAttention where NetSuite lacks what the settings name.
    """
    at, book = room.at, room.kept
    sides = read_sides(marketplace, room, read_whole)
    products = products_by_code(marketplace, sides, room)
    rules = audit_rules(at.config, marketplace)
    offers = with_codes(sides.offers, products, rules.reference_type)
    findings: list[Finding] = []
    known: dict[str, dict[str, str]] = {}
    shops = by_front(offers, marketplace, at.config)
    for front, listed in shops.items():
        known[front] = _known(front, book)
        of_front = audit_rules(at.config, front)
        findings += audit(listed, sides.items, sides.prices, of_front, known=known[front], products=products)
    settings, today = settings_of(at.config, marketplace), at.clock().date()
    worklist = carry_on(AUDITED, marketplace, findings, owner=settings.owner, day=today, book=book)
    if not settings.sync:  # what it found before it was switched off is nobody's task any more
        carry_on(SYNCED, marketplace, (), owner=settings.owner, day=today, book=book)
    keep_doubted(marketplace, findings, book)
    tasks = tasks_of(book, marketplace)
    for front, listed in shops.items():
        of_shop = [task for task in tasks if task.finding.marketplace == front]
        _remember(front, listed, known[front], of_shop, book)
    still_open = [task for task in tasks if is_open(task)]
    mismatched = sum(task.finding.fault.mismatches for task in still_open)
    at.meter.gauge("MappingTasksOpen", len(still_open), marketplace=marketplace)
    at.meter.gauge("MappingMismatches", mismatched, marketplace=marketplace)
    audited = Audited(len(offers), len(still_open), mismatched, worklist.fresh, len(worklist.mended))
    logger.info("mapping audited", extra={"marketplace": marketplace, "open": audited.open, "mismatched": mismatched})
    return audited


def _known(front: str, book: StockBook) -> dict[str, str]:
    document = whole(book, _name(front))
    return decode(document, type=dict[str, str]) if document else {}


def _remember(
    front: str, offers: Iterable[Offer], known: dict[str, str], tasks: Iterable[Task], book: StockBook
) -> None:
    """Offer ids by SKU; of an offer that was made anew the former one, until a person let it pass."""
    doubtful = {
        task.finding.sku for task in tasks if is_open(task) and task.finding.fault is Fault.OFFER_RE_CREATED
    } & set(known)
    ids = {offer.sku: offer.offer_id for offer in offers if offer.sku and not offer.is_deleted}
    # An offer that is gone is still known: when it comes back under another id, somebody should look.
    book.replace(_name(front), [encode(known | ids | {sku: known[sku] for sku in doubtful})])


def _name(front: str) -> str:
    return f"{front}/known"

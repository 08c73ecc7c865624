"""Every day, each offer is held against every item: the worklist goes on, and strict mode learns what it doubts."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from msgspec import Struct
from msgspec.json import decode, encode

from tieout.domain.listings.audit import Fault, audit
from tieout.domain.listings.worklist import Task
from tieout.domain.stock.offer import Offer
from tieout.flows.listings.reading import products_by_code, read_sides, with_codes
from tieout.flows.listings.rules import audit_rules, settings_of
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.strict import keep_doubted
from tieout.flows.listings.tasks import AUDITED, carry_on, is_open, tasks_of
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
    sides = read_sides(marketplace, room)
    products = products_by_code(marketplace, sides, room)
    rules = audit_rules(at.config, marketplace)
    known = _known(marketplace, book)
    offers = with_codes(sides.offers, products, rules.reference_type)
    findings = audit(offers, sides.items, sides.prices, rules, known=known, products=products)
    owner, today = settings_of(at.config, marketplace).owner, at.clock().date()
    worklist = carry_on(AUDITED, marketplace, findings, owner=owner, day=today, book=book)
    keep_doubted(marketplace, findings, book)
    tasks = tasks_of(book, marketplace)
    _remember(marketplace, offers, known, tasks, book)
    still_open = [task for task in tasks if is_open(task)]
    mismatched = sum(task.finding.fault.mismatches for task in still_open)
    at.meter.gauge("MappingTasksOpen", len(still_open), marketplace=marketplace)
    at.meter.gauge("MappingMismatches", mismatched, marketplace=marketplace)
    audited = Audited(len(offers), len(still_open), mismatched, worklist.fresh, len(worklist.mended))
    logger.info("mapping audited", extra={"marketplace": marketplace, "open": audited.open, "mismatched": mismatched})
    return audited


def _known(marketplace: str, book: StockBook) -> dict[str, str]:
    document = whole(book, _name(marketplace))
    return decode(document, type=dict[str, str]) if document else {}


def _remember(
    marketplace: str, offers: Iterable[Offer], known: dict[str, str], tasks: Iterable[Task], book: StockBook
) -> None:
    """Offer ids by SKU; of an offer that was made anew the former one, until a person let it pass."""
    doubtful = {
        task.finding.sku for task in tasks if is_open(task) and task.finding.fault is Fault.OFFER_RE_CREATED
    } & set(known)
    ids = {offer.sku: offer.offer_id for offer in offers if offer.sku and not offer.is_deleted}
    # An offer that is gone is still known: when it comes back under another id, somebody should look.
    book.replace(_name(marketplace), [encode(known | ids | {sku: known[sku] for sku in doubtful})])


def _name(marketplace: str) -> str:
    return f"{marketplace}/known"

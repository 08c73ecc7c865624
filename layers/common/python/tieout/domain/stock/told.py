"""How an offer's figure came about, for people."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from tieout.domain.money import ZERO
from tieout.domain.stock.book import Entry
from tieout.domain.stock.showing import Shown
from tieout.domain.stock.workings import Run, Workings


class OfferFacts(Struct, frozen=True, kw_only=True):
    """One offer: from NetSuite's figure to what is shown."""

    marketplace: str
    sku: str
    item_id: str
    shows: int
    """What buyers find there, as far as we know."""
    target: int
    """What it should show."""
    pool: Decimal
    """Units at the marketplace's locations, by NetSuite; of a kit: as many kits as its part allows."""
    promised: Decimal
    """Units sold that NetSuite does not hold yet, at all marketplaces."""
    part: int
    """The offer's part of what is free."""
    buffer: int
    """What is held back of it."""
    in_flight: int | None
    doubtful: bool
    known: Shown
    """All that the book knows of what it shows."""


def told_of(entry: Entry, run: Run) -> Iterator[OfferFacts]:
    """The facts of each offer of an item whose stock is pushed."""
    worked = Workings(run).of(entry)
    promised = sum(worked.entry.promised.values(), ZERO)
    offers = zip(worked.parts, worked.held, worked.targets, strict=True)
    for shown, (part, held, target) in zip(worked.entry.offers, offers, strict=False):
        places = next(each.location_ids for each in run.sellings if each.marketplace == shown.marketplace)
        pool = sum((entry.shelves.get(place, ZERO) for place in places), ZERO)
        yield OfferFacts(
            marketplace=shown.marketplace,
            sku=shown.sku,
            item_id=entry.item_id,
            shows=shown.quantity,
            target=target,
            pool=Decimal(part) if entry.is_kit else pool,
            promised=promised,
            part=part,
            buffer=held,
            in_flight=shown.sent,
            doubtful=shown.doubt is not None,
            known=shown,
        )

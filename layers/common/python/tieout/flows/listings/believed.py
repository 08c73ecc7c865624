"""Whether a night's export is believed: one that lacks most offers is more likely half an export than an empty shop.

What is missing in it would be made again, with nothing in stock and one price, over offers that are there; the audit
would take every doubt back. So it is not worked with, until the night after says the same.
"""

from __future__ import annotations

import logging

from msgspec import Struct
from msgspec.json import decode, encode

from tieout.domain.errors import Retryable
from tieout.domain.stock.lost import lacks_most
from tieout.flows.listings.sent import What, load
from tieout.flows.stock.store import StockBook, whole

logger = logging.getLogger(__name__)


class Believed(Struct, frozen=True, kw_only=True):
    """Of one marketplace."""

    offers: int
    """Of our own, in the last export that was believed."""
    doubted: int = 0
    """The first export that was not, since then: when it was asked for, seconds since 1970 by Mirakl's clock."""


def believe(marketplace: str, asked_at: int, offers: int, book: StockBook) -> None:
    """Raises Retryable where most offers are gone that were there the night before, and not by files of ours."""
    name = f"{marketplace}/believed"
    document = whole(book, name)
    before = decode(document, type=Believed) if document else Believed(offers=offers)
    deleted = sum(landed.row.what is What.DELETE for landed in load(book, marketplace).landed.values())
    expected = before.offers - deleted
    is_odd = lacks_most(offers, expected) or (expected > 0 and not offers)  # the last offer is never one of a few
    if not is_odd or before.doubted not in {0, asked_at}:
        _keep(name, Believed(offers=offers), before if document else None, book)
        return
    _keep(name, Believed(offers=before.offers, doubted=asked_at), before, book)
    raise Retryable(
        f"the export of {marketplace} has {offers} offers of ours, and the one before had {before.offers}: it is not"
        " believed before the next night says so as well"
    )


def _keep(name: str, now: Believed, before: Believed | None, book: StockBook) -> None:
    if now != before:
        book.replace(name, [encode(now)])

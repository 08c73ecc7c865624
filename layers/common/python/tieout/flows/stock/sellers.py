"""What every shop of an operator's marketplace has in stock, added up by shop and product: a report a day.

Its source is the nightly file of all offers, which the push keeps beside the book: Mirakl gives it once a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.json import encode

from tieout.config import Config
from tieout.domain.stock.sellers import product_of, units_of
from tieout.flows.stock.listed import kept_offers
from tieout.flows.stock.store import StockBook


class ShopStock(Struct, kw_only=True):
    """A row of the report: one product of one shop."""

    marketplace: str
    shop: str
    product: str
    """The marketplace's own product; of an offer without one, the shop's SKU."""
    is_own: bool
    """Whether the shop's stock is kept by this deployment."""
    offers: int = 0
    units: int = 0


class Consolidated(Struct, frozen=True):
    """What a report has."""

    asked_at: datetime
    """When the offers were asked for."""
    shops: int
    rows: int
    units: int


def consolidate(marketplace: str, config: Config, book: StockBook) -> Consolidated | None:
    """Write the report of the day that the offers are of; None where no offers were read yet.

    `stock/reports/<marketplace>/sellers-<day>.ndjson.gz`, rows by product and shop. Deleted offers are left out, and an
    inactive one counts as an offer with no units.
    """
    kept = kept_offers(book, marketplace)
    if kept is None:
        return None
    seconds, offers = kept
    own = {str(each) for each in config.marketplaces[marketplace].operator.own_shops}
    found: dict[tuple[str, str], ShopStock] = {}
    for offer in offers:
        if offer.is_deleted:
            continue
        product = product_of(offer)
        row = found.setdefault(
            (product, offer.shop_id),
            ShopStock(marketplace=marketplace, shop=offer.shop_id, product=product, is_own=offer.shop_id in own),
        )
        row.offers += 1
        row.units += units_of(offer)
    asked_at = datetime.fromtimestamp(seconds, UTC)
    book.replace(f"reports/{marketplace}/sellers-{asked_at:%Y-%m-%d}", _lines(found))
    return Consolidated(
        asked_at=asked_at,
        shops=len({shop for _, shop in found}),
        rows=len(found),
        units=sum(row.units for row in found.values()),
    )


def _lines(found: dict[tuple[str, str], ShopStock]) -> Iterator[bytes]:
    for _, row in sorted(found.items()):
        yield encode(row) + b"\n"

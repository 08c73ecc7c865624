"""What the flows of stock and listings need of the world; `flows.ports` takes these shapes into its own.

Each method may raise `Throttled`, `SystemDown`, `OutcomeUnknown` and `CredentialsRefused` besides what it says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from tieout.domain.listings.listing import ItemPrice, Listing, PriceRow
from tieout.domain.stock.offer import Import, Offer, OfferExport, Rejected
from tieout.domain.stock.sellers import SellerStock
from tieout.domain.stock.shelf import Shelf, StockItem


class OfferMarket(Protocol):
    """A marketplace's offers."""

    def send_stock(self, quantities: Iterable[tuple[str, int]], shop: str = "") -> str:
        """Absolute quantities by SKU, in one file (STO01); answers the import's id. Touches nothing but quantities.

        `shop` names an operator's own shop.
        """

    def stock_import(self, import_id: str) -> Import:
        """How far it is (STO02, every 15 seconds at most). Raises NeedsAttention for an unknown one."""

    def stock_errors(self, import_id: str) -> list[Rejected]:
        """Lines that were not taken (STO03)."""

    def export_offers(self, changed_since: datetime | None = None) -> str:
        """Ask for a file of all offers, inactive ones too, or of those that changed (OF52); answers the tracking id."""

    def offer_export(self, tracking_id: str) -> OfferExport:
        """How far it is (OF53, every 10 seconds at most)."""

    def offers_of(self, url: str) -> Iterator[Offer]:
        """Offers of one file of an export (OF54), streamed. Raises NeedsAttention(UNREADABLE_DOCUMENT)."""

    def products_of(self, references: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """SKU of the marketplace's product by reference, such as ("EAN", "5012345678900") (P31, 100 a call)."""

    def send_offers(self, listings: Iterable[Listing], columns: Collection[str]) -> str:
        """Create, update or delete offers (OF01, NORMAL); answers the import's id.

        `columns` names the fields of `Listing` that are sent besides its SKU; what has no column is not touched.
        """

    def offer_import(self, import_id: str) -> Import:
        """How far it is (OF02)."""

    def offer_errors(self, import_id: str) -> list[Rejected]:
        """Lines that were not taken (OF03)."""

    def send_prices(self, prices: Iterable[PriceRow]) -> str:
        """Replace *every* price of each offer that is named (PRI01); answers the import's id."""

    def price_import(self, import_id: str) -> Import:
        """How far it is (PRI02)."""

    def price_errors(self, import_id: str) -> list[Rejected]:
        """Lines that were not taken (PRI03)."""


class StockLedger(Protocol):
    """The NetSuite account's shelves, items and prices, by SuiteQL with keyset paging; and other shops' stock, kept."""

    def shelves_changed(self, location_ids: Collection[str], since: datetime) -> Iterator[list[Shelf]]:
        """Pages of shelves whose units changed since then (`lastquantityavailablechange`), on NetSuite's clock.

        A page has every changed shelf of its items, and items come by id.
        """

    def shelves(self, location_ids: Collection[str], after: str = "0") -> Iterator[list[Shelf]]:
        """Pages of all shelves of active items at these locations; whole items, by id, those behind `after`."""

    def shelves_of(self, item_ids: Collection[str], location_ids: Collection[str]) -> list[Shelf]:
        """The shelves of these items."""

    def stock_items(
        self, changed_since: datetime | None = None, approval_field: str | None = None, after: str = "0"
    ) -> Iterator[list[StockItem]]:
        """Pages of items by id, inactive ones too, kits with their members; or those that changed since then.

        Those behind the item with the id `after`. `approval_field` is the checkbox that says which of them may be
        listed. Raises NeedsAttention where NetSuite knows no such field.
        """

    def items_deleted(self, since: datetime) -> list[str]:
        """Ids of items that were deleted since then, and are gone (SuiteQL `deletedrecord`)."""

    def item_prices(
        self, level: str, currency: str, changed_since: datetime | None = None
    ) -> Iterator[list[ItemPrice]]:
        """Pages of unit prices by item, of active ones, or of those of them that were saved since then.

        An item without a price there, or with several, is left out.
        """

    def keep_seller_stock(self, stock: SellerStock) -> None:
        """Create or update the record of what other shops offer of a product; a replay changes nothing.

        Raises NeedsAttention when NetSuite refuses.
        """

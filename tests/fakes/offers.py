"""A marketplace's offers in memory: files that are taken, followed and told of line by line, and exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tests.fakes.dispatch import refusal
from tieout.domain.listings.listing import Listing, PriceRow
from tieout.domain.stock.offer import Import, Offer, OfferExport, Rejected

if TYPE_CHECKING:
    from tests.fakes.clock import VirtualClock

SENDABLE = frozenset({"product_id", "product_id_type", "description", "price", "quantity", "state_code"})
Work = Callable[[], list[Rejected]]
"""What a file does once Mirakl comes to it; answers the lines that it did not take."""


class MemoryOffers:
    """The part of `ports.Marketplace` that is about offers; a file is worked on once it was asked after enough."""

    _clock: VirtualClock
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.offers: dict[str, Offer] = {}
        """By SKU; one that has none, or shares it, stands in `odd_offers`."""
        self.odd_offers: list[Offer] = []
        self.stock_files: list[list[tuple[str, int]]] = []
        """Every STO01 that was taken, line by line."""
        self.offer_files: list[tuple[list[Listing], frozenset[str]]] = []
        self.price_files: list[list[PriceRow]] = []
        self.imports_take = 0
        """Polls that find a file still running."""
        self.imports_fail = ""
        """Why the next files fail as a whole."""
        self.shop_offers: dict[str, dict[str, Offer]] = {}
        """Of an operator's shops, by shop and SKU; a file that names a shop changes these."""
        self.rejects: dict[str, str] = {}
        """Mirakl's words for lines of these SKUs."""
        self.products: dict[tuple[str, str], str] = {}
        """SKU of the product by reference, such as ("EAN", "5012345678900")."""
        self.exports_fail = ""
        """Why Mirakl does not prepare an export."""
        self._imports: dict[str, Import] = {}
        self._work: dict[str, Work] = {}
        self._errors: dict[str, list[Rejected]] = {}
        self._polls: Counter[str] = Counter()
        self._exports: dict[str, list[Offer]] = {}

    def now(self) -> datetime:
        raise NotImplementedError

    # --- the marketplace's own life ----------------------------------------------------------------------------------

    def put_offer(self, sku: str, quantity: int, *, shop: str = "", **facts: Any) -> Offer:
        """An offer comes or changes by the operator's or a seller's hand."""
        given: dict[str, Any] = {"currency": "GBP", **facts}
        offers = self.shop_offers.get(shop, self.offers)
        offer = offers.get(sku) or Offer(sku=sku, offer_id=f"9{len(offers):05d}", quantity=0, shop_id=shop)
        offers[sku] = replace(offer, quantity=quantity, updated_at=self.now(), **given)
        return offers[sku]

    def sell(self, sku: str, units: int, shop: str = "") -> None:
        """An order takes units off the offer by itself."""
        self.put_offer(sku, self.shop_offers.get(shop, self.offers)[sku].quantity - units, shop=shop)

    # --- stock -------------------------------------------------------------------------------------------------------

    def send_stock(self, quantities: Iterable[tuple[str, int]], shop: str = "") -> str:
        self.calls["STO01"] += 1
        lines = list(quantities)
        if self.shop_offers and shop not in self.shop_offers:
            raise refusal(f"Shop {shop} does not exist")
        if not lines or any(not sku or units < 0 for sku, units in lines):
            raise ValueError(f"no file of stock: {lines}")
        self.stock_files.append(lines)

        return self._taken(lambda: self._each([(sku, {"quantity": units}) for sku, units in lines], shop))

    def stock_import(self, import_id: str) -> Import:
        self.calls["STO02"] += 1
        return self._followed(import_id)

    def stock_errors(self, import_id: str) -> list[Rejected]:
        self.calls["STO03"] += 1
        return self._errors[import_id]

    # --- offers ------------------------------------------------------------------------------------------------------

    def send_offers(self, listings: Iterable[Listing], columns: Collection[str]) -> str:
        self.calls["OF01"] += 1
        lines = list(listings)
        if not lines or not set(columns) <= SENDABLE or any(not line.sku or line.quantity < 0 for line in lines):
            raise ValueError(f"no file of offers: {lines}")
        self.offer_files.append((lines, frozenset(columns)))
        return self._taken(lambda: [no for line in lines if (no := self._listed(line, columns)) is not None])

    def offer_import(self, import_id: str) -> Import:
        self.calls["OF02"] += 1
        return self._followed(import_id)

    def offer_errors(self, import_id: str) -> list[Rejected]:
        self.calls["OF03"] += 1
        return self._errors[import_id]

    def products_of(self, references: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        self.calls["P31"] += 1
        return {each: self.products[each] for each in references if each in self.products}

    # --- prices ------------------------------------------------------------------------------------------------------

    def send_prices(self, prices: Iterable[PriceRow]) -> str:
        self.calls["PRI01"] += 1
        lines = list(prices)
        if not lines or len({row.sku for row in lines}) < len(lines) or any(row.price <= 0 for row in lines):
            raise ValueError(f"no file of prices: {lines}")
        self.price_files.append(lines)

        return self._taken(lambda: self._each([(row.sku, {"price": row.price}) for row in lines]))

    def price_import(self, import_id: str) -> Import:
        self.calls["PRI02"] += 1
        return self._followed(import_id)

    def price_errors(self, import_id: str) -> list[Rejected]:
        self.calls["PRI03"] += 1
        return self._errors[import_id]

    # --- exports -----------------------------------------------------------------------------------------------------

    def export_offers(self, changed_since: datetime | None = None) -> str:
        self.calls["OF52"] += 1
        theirs = [offer for offers in self.shop_offers.values() for offer in offers.values()]
        every = [*self.offers.values(), *self.odd_offers, *theirs]
        tracking_id = f"export-{len(self._exports)}"
        self._exports[tracking_id] = [
            offer
            for offer in every
            if (changed_since is None and not offer.is_deleted)
            or (changed_since is not None and offer.updated_at is not None and offer.updated_at >= changed_since)
        ]
        return tracking_id

    def offer_export(self, tracking_id: str) -> OfferExport:
        self.calls["OF53"] += 1
        if self.exports_fail:
            return OfferExport("FAILED", error=self.exports_fail)
        return OfferExport("COMPLETED", (f"https://files.example/{tracking_id}",))

    def offers_of(self, url: str) -> Iterator[Offer]:
        self.calls["OF54"] += 1
        yield from self._exports[url.rpartition("/")[2]]

    # -----------------------------------------------------------------------------------------------------------------

    def _taken(self, work: Work) -> str:
        import_id = f"import-{len(self._imports)}"
        self._imports[import_id] = Import(import_id=import_id, state="WAITING", created_at=self.now())
        self._work[import_id] = work
        return import_id

    def _followed(self, import_id: str) -> Import:
        """Files come to their end in the order in which they came."""
        if import_id not in self._imports:
            raise refusal(f"there is no import {import_id}")
        self._polls[import_id] += 1
        if self._polls[import_id] <= self.imports_take:
            return replace(self._imports[import_id], state="RUNNING")
        for each in [each for each in self._work if each <= import_id]:
            self._finish(each)
        return self._imports[import_id]

    def _finish(self, import_id: str) -> None:
        work = self._work.pop(import_id)
        waiting = self._imports[import_id]
        if self.imports_fail:
            self._imports[import_id] = replace(waiting, state="FAILED", why=self.imports_fail)
            return
        self._errors[import_id] = work()
        in_error = len(self._errors[import_id])
        self._imports[import_id] = replace(waiting, state="COMPLETE", in_error=in_error, has_errors=in_error > 0)

    def _each(self, lines: list[tuple[str, dict[str, Any]]], shop: str = "") -> list[Rejected]:
        rejected: list[Rejected] = []
        offers = self.shop_offers.get(shop, self.offers)
        for number, (sku, change) in enumerate(lines, start=2):
            if sku in self.rejects or sku not in offers or offers[sku].is_deleted:
                rejected.append(Rejected(sku, self.rejects.get(sku, "The offer does not exist"), number))
            else:
                self.put_offer(sku, **{"quantity": offers[sku].quantity, **change}, shop=shop)
        return rejected

    def _listed(self, line: Listing, columns: Collection[str]) -> Rejected | None:
        if line.sku in self.rejects:
            return Rejected(line.sku, self.rejects[line.sku])
        offer = self.offers.get(line.sku)
        if line.is_deletion:
            if offer is None:
                return Rejected(line.sku, "The offer does not exist")
            self.put_offer(line.sku, offer.quantity, is_deleted=True, is_active=False)
            return None
        if offer is None and not {"product_id", "product_id_type", "price", "state_code"} <= set(columns):
            return Rejected(line.sku, "A mandatory column is missing")
        facts: dict[str, Any] = {"is_deleted": False, "is_active": True}
        if "price" in columns:
            facts["price"] = line.price
        if "state_code" in columns:
            facts["state_code"] = line.state_code
        if "product_id" in columns:
            facts["references"] = ((line.product_id_type, line.product_id),)
        quantity = line.quantity if "quantity" in columns else offer.quantity if offer else 0
        self.put_offer(line.sku, quantity, **facts)
        return None

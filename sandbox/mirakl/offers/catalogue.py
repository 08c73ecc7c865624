"""What a marketplace has for sale: offers of its shops, products they belong to, files under way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sandbox.clock import moment_of
from sandbox.mirakl.offers.imports import Import

Json = dict[str, Any]
_FIRST_OFFER_ID = 700_001
_NEW = "11"


@dataclass
class Offer:
    """One shop's offer of a product. `body` is its row of OF21 as the world or a file gave it, unknown fields and all.

    `is_closed` says that it is not for sale whatever its quantity. Of an offer kept by warehouse the quantity is the
    sum of its warehouses'.
    """

    id: int
    shop: int
    body: Json
    created: datetime
    updated: datetime
    quantity: int = 0
    is_closed: bool = False
    is_deleted: bool = False
    warehouses: dict[str, int] = field(default_factory=dict)

    @property
    def sku(self) -> str:
        """Empty where the offer has none."""
        return str(self.body.get("shop_sku") or "")

    def price_is_the_origin(self) -> None:
        """A row shows the price that a discount makes: kept is the one without it."""
        origin = (self.body.get("discount") or {}).get("origin_price")
        if origin is not None:
            self.body["price"] = origin

    def reasons_not_for_sale(self, at: datetime) -> list[str]:
        """Why nobody can buy it now; none means that it is active."""
        reasons = ["DELETED"] if self.is_deleted else []
        if self.is_closed:
            reasons.append("INACTIVATED")
        if self.quantity <= 0:
            reasons.append("ZERO_QUANTITY")
        if (start := self.body.get("available_start_date")) and moment_of(start) > at:
            reasons.append("NOT_AVAILABLE_YET")
        if (end := self.body.get("available_end_date")) and moment_of(end) <= at:
            reasons.append("NO_LONGER_AVAILABLE")
        return reasons

    def is_active(self, at: datetime) -> bool:
        return not self.reasons_not_for_sale(at)

    def set_quantity(self, units: int, at: datetime, warehouse: str = "") -> None:
        """Absolute: of one warehouse, or of the offer as a whole, which then is kept by warehouse no longer."""
        if warehouse:
            self.warehouses[warehouse] = units
            self.quantity = sum(self.warehouses.values())
        else:
            self.warehouses = {}
            self.quantity = units
        self.updated = max(self.updated, at)

    def drop_warehouse(self, warehouse: str, at: datetime) -> None:
        """It holds nothing of this offer any more."""
        self.warehouses.pop(warehouse, None)
        self.quantity = sum(self.warehouses.values())
        self.updated = max(self.updated, at)

    def take(self, units: int, at: datetime) -> int:
        """Sell as many as there are of so many; gives how many."""
        taken = min(units, self.quantity)
        self.quantity -= taken
        left = taken
        for warehouse in sorted(self.warehouses, key=lambda one: (-self.warehouses[one], one)):
            here = min(left, self.warehouses[warehouse])
            self.warehouses[warehouse] -= here
            left -= here
        self.updated = max(self.updated, at)
        return taken

    def put_back(self, units: int, at: datetime) -> None:
        self.quantity += units
        if self.warehouses:
            self.warehouses[min(self.warehouses)] += units
        self.updated = max(self.updated, at)


@dataclass
class Product:
    """A product of the marketplace's own catalogue, which offers of many shops may belong to."""

    sku: str
    title: str = ""
    category: tuple[str, str] = ("UNKNOWN", "Unknown")
    references: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Taken:
    """What an order line took off its offer: how many were bought, how many it had, how many came back."""

    offer: int | None
    bought: int
    taken: int
    returned: int = 0


class OfferExport(NamedTuple):
    """A file export that was asked for (OF52), its files as they stood then."""

    request: bytes
    asked_at: datetime
    ready_at: datetime
    media_type: str
    files: list[bytes]
    shop: int | None


class Catalogue:
    """Offers by id, and by shop and SKU; products by SKU and by reference."""

    def __init__(self) -> None:
        self.offers: dict[int, Offer] = {}
        self.products: dict[str, Product] = {}
        self.imports: dict[str, Import] = {}
        self.under_way: list[Import] = []
        self.exports: dict[str, OfferExport] = {}
        self.taken: dict[tuple[str, str], Taken] = {}
        self._by_sku: dict[tuple[int, str], int] = {}
        self._by_reference: dict[tuple[str, str], str] = {}
        self._conditions = {_NEW}
        self._next_id = _FIRST_OFFER_ID

    def add(self, row: Json, shop: int, at: datetime) -> Offer:
        """Take an offer in. Raises ValueError for an id that another one has, a quantity that is none."""
        offer_id = int(row["offer_id"]) if row.get("offer_id") is not None else self._next_id
        if offer_id in self.offers:
            raise ValueError(f"offer {offer_id} is there twice")
        quantity = int(row.get("quantity") or 0)
        if quantity < 0:
            raise ValueError(f"offer {offer_id} has a quantity of {quantity}")
        created = moment_of(row["date_created"]) if row.get("date_created") else at
        updated = moment_of(row["last_updated"]) if row.get("last_updated") else created
        warehouses = {str(one["code"]): int(one["quantity"]) for one in row.get("warehouses") or []}
        closed = row.get("active") is False and quantity > 0
        body = {**row, "offer_id": offer_id, "state_code": str(row.get("state_code") or _NEW)}
        offer = Offer(
            id=offer_id,
            shop=int(row.get("shop_id") or shop),
            body=body,
            created=created,
            updated=updated,
            quantity=quantity,
            is_closed=closed,
            warehouses=warehouses,
        )
        offer.price_is_the_origin()
        self.offers[offer_id] = offer
        self._next_id = max(self._next_id, offer_id + 1)
        self._conditions.add(str(body["state_code"]))
        if offer.sku:
            self._by_sku[offer.shop, offer.sku] = offer_id
        self._know_product_of(row)
        return offer

    def amend(self, offer: Offer, fields: Json, at: datetime) -> None:
        """Change fields of an offer as somebody does at the back office; an `active` of false takes it off sale."""
        self._by_sku.pop((offer.shop, offer.sku), None)
        offer.body |= {name: value for name, value in fields.items() if name not in ("offer_id", "quantity", "active")}
        offer.price_is_the_origin()
        if offer.sku:
            self._by_sku[offer.shop, offer.sku] = offer.id
        if fields.get("quantity") is not None:
            offer.set_quantity(int(fields["quantity"]), at)
        if fields.get("active") is not None:
            offer.is_closed = not fields["active"]
        offer.updated = max(offer.updated, at)
        self._know_product_of(offer.body)

    def delete(self, offer: Offer, at: datetime) -> None:
        """It is gone for shops and buyers; exports of changes still tell of it."""
        offer.is_deleted = True
        offer.updated = max(offer.updated, at)
        if self._by_sku.get((offer.shop, offer.sku)) == offer.id:
            del self._by_sku[offer.shop, offer.sku]

    def live(self, shop: int | None = None) -> Iterator[Offer]:
        """Offers that are not deleted, of one shop or of all."""
        return (one for one in self.offers.values() if not one.is_deleted and shop in (None, one.shop))

    def by_sku(self, shop: int, sku: str) -> Offer | None:
        """Case and blanks count."""
        found = self._by_sku.get((shop, sku))
        return None if found is None else self.offers[found]

    def bought(self, shop: int, line: Json) -> Offer | None:
        """The offer that an order line is of, by its id or else by its SKU, deleted or not."""
        named = line.get("offer_id")
        if named is not None and int(named) in self.offers:
            return self.offers[int(named)]
        return self.by_sku(shop, str(line.get("offer_sku") or ""))

    def add_product(self, row: Json) -> None:
        """A row of P31: one reference of a product. Raises KeyError without product_sku."""
        sku = str(row["product_sku"])
        product = self.products.setdefault(sku, Product(sku))
        product.title = str(row.get("product_title") or product.title)
        if row.get("category_code"):
            product.category = (str(row["category_code"]), str(row.get("category_label") or row["category_code"]))
        if row.get("product_id"):
            self._refer(product, str(row.get("product_id_type") or "EAN"), str(row["product_id"]))

    def product_of(self, shop: int, kind: str, named: str) -> Product | None:
        """By the marketplace's SKU (`SKU`), by the shop's own of another offer (`SHOP_SKU`), or by a reference."""
        if kind == "SHOP_SKU":
            offer = self.by_sku(shop, named)
            return self.products.get(str(offer.body.get("product_sku"))) if offer else None
        return self.products.get(named if kind == "SKU" else self._by_reference.get((kind, named), ""))

    def state_codes(self) -> list[str]:
        """Conditions that offers may have: new, and what the world's have."""
        return sorted(self._conditions)

    def shops(self, *others: int) -> set[int]:
        return {*others, *(one.shop for one in self.offers.values())}

    def queue(self, kind: str, shop: int) -> Iterable[Import]:
        """A shop's files of a kind that are not over yet."""
        return (one for one in self.under_way if (one.kind, one.shop) == (kind, shop))

    def settle(self, now: datetime) -> None:
        """Apply the files whose time has come, each at its own moment."""
        due = sorted((one for one in self.under_way if one.ends <= now), key=lambda one: one.ends)
        for one in due:
            self.under_way.remove(one)
            one.finish()

    def _know_product_of(self, row: Json) -> None:
        if not row.get("product_sku"):
            return
        self.add_product({name: row.get(name) for name in _OF_PRODUCT})
        for one in row.get("product_references") or []:
            self._refer(self.products[str(row["product_sku"])], str(one["reference_type"]), str(one["reference"]))

    def _refer(self, product: Product, kind: str, named: str) -> None:
        if (kind, named) not in product.references:
            product.references.append((kind, named))
        self._by_reference[kind, named] = product.sku


_OF_PRODUCT = ("product_sku", "product_title", "category_code", "category_label")

"""What an item costs by price level and currency, and what a world's offers let us think that it costs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.netsuite.store import Record, Store

Key = tuple[str, str]
"""Ids of a price level and of a currency."""
BASE_PRICE = "1"


def prices_of(store: Store, item: Record) -> dict[Key, Decimal]:
    """The item's price list: what it was given, and its base price in the base currency where that says nothing."""
    found: dict[Key, Decimal] = {}
    if (base := item.values.get("basePrice")) is not None:
        for currency in store.all("currency"):
            if currency.values.get("isBaseCurrency"):
                found[BASE_PRICE, currency.id] = base
    given: dict[Key, Decimal] = item.values.get("_prices", {})
    return found | given


def price_list(store: Store, given: object) -> dict[Key, Decimal]:
    """A world's words, `{"GBP": "2.50"}` or `[{"level": "Base Price", "currency": "GBP", "price": "2.50"}]`.

    Raises ValueError for a level or a currency that the account does not have.
    """
    rows = given if isinstance(given, list) else [{"currency": c, "price": p} for c, p in _mapping(given).items()]
    return {
        (
            _id_of(store, "priceLevel", "name", row.get("level", "Base Price")),
            _id_of(store, "currency", "symbol", row["currency"]),
        ): Decimal(str(row["price"]))
        for row in rows
    }


def offered_prices(offers: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Decimal]]:
    """Prices by SKU and currency of a world's offers: a shop that sells somewhere sells at its list price."""
    found: dict[str, dict[str, Decimal]] = {}
    for offer in offers:
        sku, currency, price = offer.get("shop_sku"), offer.get("currency_iso_code"), offer.get("price")
        if sku and currency and price is not None:
            found.setdefault(str(sku), {}).setdefault(str(currency), Decimal(str(price)))
    return found


def _id_of(store: Store, kind: str, name: str, said: object) -> str:
    for one in store.all(kind):
        if said in (one.id, one.values.get(name)):
            return one.id
    raise ValueError(f"there is no {kind} {said} in the account")


def _mapping(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"prices are by currency, or a list of them: {given!r}")  # noqa: TRY004  answered as 400
    return given

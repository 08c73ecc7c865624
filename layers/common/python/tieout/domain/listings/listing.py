"""What an offer should be, by NetSuite."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class ItemPrice(Struct, frozen=True, kw_only=True):
    """Unit price of an item at the settings' price level and currency, for one piece (SuiteQL `pricing`)."""

    item_id: str
    currency: str
    price: Decimal


class Listing(Struct, frozen=True, kw_only=True):
    """An offer as it should be: a row of OF01."""

    sku: str
    product_id: str
    """The product's reference, such as an EAN."""
    product_id_type: str
    price: Decimal
    quantity: int
    """Only of an offer that is new: stock has a file of its own."""
    state_code: str
    description: str = ""
    is_deletion: bool = False


class PriceRow(Struct, frozen=True):
    """An offer's price: a row of PRI01. What is not listed of an offer is deleted there."""

    sku: str
    price: Decimal

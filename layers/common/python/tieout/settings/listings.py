"""The flow of listings."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from tieout.settings.base import Currency, Settings, Text

FieldId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]


class Listings(Settings):
    """The flow from approved NetSuite items to offers, and the watch over what offers are of."""

    sync: bool = False
    """`true`: offers are created, updated and discontinued from approved items; `false`: they are only looked at."""
    sync_minutes: int = Field(default=60, ge=15, le=24 * 60)
    """How often changed items and prices are looked for."""
    approval_field: FieldId | None = None
    """Checkbox of the item that says it may be listed, such as `custitem_tieout_approved`; needed by `sync`."""
    price_level: Text = "Base Price"
    """NetSuite price level that offers are sold at."""
    currency: Currency | None = None
    """Currency of the offers; left out: the first of `orders.sales_orders.currencies`."""
    price_decimals: int | None = Field(default=None, ge=0, le=6)
    """Decimals of the marketplace's prices (`offer_prices_decimals` of its platform); left out: the currency's."""
    product_id_type: Text = "EAN"
    """What the marketplace calls the reference that the item's UPC code is."""
    state_code: Text = "11"
    """Condition of new offers (OF61)."""
    delete_after_days: int | None = Field(default=30, ge=1)
    """An offer whose item is no longer approved shows zero at once and is deleted after so long; null: never."""
    price_band_percent: Decimal = Field(default=Decimal(25), ge=0, le=1000)
    """How far an offer's price may be from NetSuite's before the audit shows it, and a price file is held."""
    strict: bool = False
    """Orders of a SKU that the audit found mismatched park until a person has looked."""
    owner: Text = "operations"
    """Who works through the audit's list."""

    @model_validator(mode="after")
    def _approved(self) -> Self:
        if self.sync and self.approval_field is None:
            raise ValueError("sync needs approval_field: the checkbox that says which items may be listed")
        return self

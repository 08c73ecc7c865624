"""The flow of orders."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from tieout.settings.base import CountryIso3, Currency, Name, Settings, Text


class Acceptance(Settings):
    """Who decides on an order that waits for acceptance (OR21)."""

    mode: Literal["auto", "manual", "off"] = "auto"
    """`auto`: Tieout accepts when every SKU is known and in stock; `manual`: it parks the order for a person, who
    decides in Mirakl; `off`: it does not look at such orders."""
    unknown_sku: Literal["refuse", "park"] = "park"
    """What `auto` does with an order that has a SKU NetSuite does not know."""
    short_stock: Literal["refuse", "park"] = "park"
    """What `auto` does with an order that the stock cannot serve whole."""


class Sku(Settings):
    """How an offer's SKU finds its NetSuite item. Exact `itemid` first; a near miss is suggested, never taken."""

    aliases: dict[Text, Text] = {}  # noqa: RUF012  pydantic copies it
    """Offer SKU to NetSuite `itemid`, for those that differ."""
    match_upc: bool = False
    """Also accept an item whose UPC code equals the offer's SKU, when exactly one active item has it."""


class LocationRule(Settings):
    """First rule that matches an order names its location; a key that is left out matches every order."""

    location: Text
    """NetSuite location name."""
    fulfilment_center: Text | None = None
    """Mirakl `fulfillment.center.code`."""
    countries: tuple[CountryIso3, ...] = ()
    """Delivery countries, ISO 3166 alpha-3."""


class Tax(Settings):
    """How a marketplace's tax reaches the sales order."""

    strategy: Literal["suitetax_override", "tax_code", "other_charge"]
    """`suitetax_override`: SuiteTax accounts, Mirakl's amounts as tax details; `tax_code`: NetSuite computes
    by code and the total must still agree; `other_charge`: tax as a line on a charge item."""
    codes: dict[Text, Text] = {}  # noqa: RUF012  pydantic copies it
    """Mirakl tax code to NetSuite tax code (external id)."""
    default_code: Text | None = None
    """Tax code (external id) for a Mirakl code that is not listed; without it such an order parks."""
    charge_item: Text | None = None
    """Item (`itemid`) of the tax lines; needed by `other_charge`."""

    @model_validator(mode="after")
    def _charge_item_when_charged(self) -> Self:
        if self.strategy == "other_charge" and not self.charge_item:
            raise ValueError("strategy other_charge needs charge_item: the itemid of the line that carries the tax")
        return self


class Customer(Settings):
    """Who the sales orders are sold to."""

    per: Literal["marketplace", "buyer"] = "marketplace"
    """One customer for the whole marketplace (buyers only as ship-to addresses), or one customer a buyer."""
    name: Text | None = None
    """Company name of the marketplace's customer; default: the marketplace's name."""


class SalesOrders(Settings):
    """How a marketplace order is written as a NetSuite sales order."""

    subsidiary: Name
    """Short name of one of `netsuite.subsidiaries`."""
    currencies: tuple[Currency, ...] = Field(min_length=1)
    """Currencies that this marketplace may sell in; an order in another one parks."""
    customer: Customer = Customer()
    """Who the orders are sold to."""
    locations: tuple[LocationRule, ...] = Field(min_length=1)
    """Which NetSuite location an order is served from; end the list with a rule that has no condition."""
    tax: Tax
    """How this marketplace's tax is written."""
    custom_form: Text | None = None
    """Internal id of the sales order form, where the role's preferred form is not the right one."""


class Orders(Settings):
    """The flow from a marketplace order to a sales order."""

    enabled: bool = True
    """`false`: the marketplace is not asked for orders, and none of its schedules run."""
    since: AwareDatetime
    """Orders created before this instant stay with whatever handled them before Tieout (the cut-over)."""
    poll_minutes: int = Field(default=15, ge=1, le=60)
    """How often OR11 is asked for changes."""
    overlap_minutes: int = Field(default=10, ge=10, le=180)
    """How far each poll looks back behind the last one."""
    sweep_hours: int = Field(default=72, ge=24, le=35 * 24)
    """How far the nightly sweep looks back."""
    accept_minutes: int = Field(default=5, ge=1, le=60)
    """How often waiting orders are decided."""
    confirm_minutes: int = Field(default=5, ge=1, le=60)
    """How often sales order numbers are written back to Mirakl (OR04, up to 100 orders a call)."""
    acceptance: Acceptance = Acceptance()
    """Who decides on orders that wait for acceptance, and how."""
    sku: Sku = Sku()
    """How offer SKUs find their items."""
    sales_orders: SalesOrders
    """How orders are written to NetSuite."""

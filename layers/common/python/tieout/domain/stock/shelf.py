"""What NetSuite has: units of an item at a location, and what an item is made of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Shelf(Struct, frozen=True, kw_only=True):
    """Units of one item free to promise at one location (SuiteQL `aggregateitemlocation`)."""

    item_id: str
    location_id: str
    units: Decimal
    """`quantityavailable`: on hand less what sales orders hold. May be negative, or a fraction."""
    changed_at: datetime | None = None
    """`lastquantityavailablechange`; None where NetSuite does not say."""


class Member(Struct, frozen=True):
    """What one kit takes of another item (SuiteQL `itemmember`)."""

    item_id: str
    units: Decimal


class StockItem(Struct, frozen=True, kw_only=True):
    """A NetSuite item that offers may be of."""

    id: str
    itemid: str
    """What offers call their SKU."""
    upc: str = ""
    kind: str = "InvtPart"
    """`itemtype`: InvtPart, Assembly, Kit, NonInvtPart and so on."""
    is_inactive: bool = False
    is_approved: bool = True
    """The approval field of the settings; True where there is none."""
    category: str = ""
    """Name of the item's class, which buffer rules may name."""
    title: str = ""
    """`displayname`."""
    members: tuple[Member, ...] = ()
    """Of a kit."""

"""An item fulfilment of NetSuite's, as a reading found it; it holds no personal data.

Source: SuiteQL `transaction` of type `ItemShip`, its lines, and `trackingnumbermap`; record `itemFulfillment`.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct


class ShipStatus(StrEnum):
    """How far the warehouse is. Only `SHIPPED` is told to anybody."""

    PICKED = "A"
    PACKED = "B"
    SHIPPED = "C"


class FulfilledLine(Struct, frozen=True):
    """Units of one marketplace order line (`custcol_tieout_line` of the sales order's line)."""

    line_id: str
    quantity: int


class Fulfilment(Struct, frozen=True, kw_only=True):
    """An item fulfilment of a sales order that Tieout wrote."""

    id: str
    """NetSuite's internal id."""
    number: str
    external_id: str = ""
    """Ours where Tieout made it (operator): such a one is never told to Mirakl."""
    marketplace: str
    order_id: str
    sales_order_id: str
    status: str
    ship_method: str = ""
    """Internal id of the shipping item; the settings map it to a carrier."""
    day: date
    """`trandate`, a day of the subsidiary's zone."""
    modified_at: datetime
    tracking_numbers: tuple[str, ...] = ()
    lines: tuple[FulfilledLine, ...] = ()

    @property
    def is_shipped(self) -> bool:
        """Whether the goods have left."""
        return self.status == ShipStatus.SHIPPED


class FulfilmentDraft(Struct, frozen=True, kw_only=True):
    """An item fulfilment to be made out of a sales order (operator): only these lines, status Shipped."""

    external_id: str
    sales_order_id: str
    day: date
    quantities: dict[int, int]
    """Units by NetSuite's line number (`orderLine`); every other line is left out."""
    all_lines: tuple[int, ...]
    """Every line number of the sales order: those that are not in `quantities` are sent with `itemReceive: false`."""
    tracking_numbers: tuple[str, ...] = ()
    key: str = ""
    """The external id as it would read without hashing (`custbody_tieout_key`)."""
    memo: str = ""

"""A shipment of Mirakl's (ST11), and what is told to Mirakl of a fulfilment (ST01, ST23, OR23)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

GONE = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
"""Shipment states in which the goods have left."""
PREPARED = "SHIPMENT_PREPARED"
"""Shipped as far as we are concerned; the buyer's debit is still to come (pay on shipment)."""
CANCELED = "CANCELED"


class Tracking(Struct, frozen=True, kw_only=True):
    """How to follow a parcel. Exactly one of carrier code, standard code and name is set; none: no carrier is told."""

    number: str = ""
    carrier_code: str = ""
    """A carrier that is registered at this marketplace (SH21)."""
    carrier_standard_code: str = ""
    carrier_name: str = ""
    """Free text, where the marketplace allows it."""
    url: str = ""


class Carrier(Struct, frozen=True):
    """A carrier that a marketplace knows (SH21). A tracking number is compulsory where its address needs one."""

    code: str
    label: str
    standard_code: str = ""
    tracking_url: str = ""


class ShippedLine(Struct, frozen=True):
    """Units of an order line in a shipment."""

    line_id: str
    quantity: int
    package_reference: str = ""


class Shipment(Struct, frozen=True, kw_only=True):
    """A shipment as Mirakl has it. `reference` is our key, found in `invoice_reference` or `package_reference`."""

    id: str
    order_id: str
    state: str
    lines: tuple[ShippedLine, ...]
    tracking: Tracking = Tracking()
    reference: str = ""
    updated_at: datetime | None = None
    shipped_at: datetime | None = None
    seller_id: int | None = None
    """The shop, where an operator reads."""


class FetchedShipment(Struct, frozen=True):
    """A shipment with the bytes it came from, for the archive; `shipment` is None when they do not read as one."""

    shipment_id: str
    order_id: str
    updated_at: datetime
    raw: bytes
    shipment: Shipment | None
    problem: str = ""


class ShipmentDraft(Struct, frozen=True, kw_only=True):
    """A shipment to be created (ST01) for one fulfilment, marked as shipped in the same call.

    `reference` goes into every line's `package_reference`: it is how a retry finds what an earlier attempt made.
    """

    reference: str
    order_id: str
    lines: tuple[ShippedLine, ...]
    tracking: Tracking = Tracking()
    """Nothing set: the shipment is created without tracking."""
    invoice_reference: str = ""
    shipped: bool = True


class Created(Struct, frozen=True):
    """ST01's answer: shipment id by reference, and Mirakl's words by reference of what it refused."""

    ids: Mapping[str, str]
    refused: Mapping[str, str]


class Platform(Struct, frozen=True, kw_only=True):
    """What a platform has switched on (PC01), as far as dispatch and returns depend on it."""

    multi_shipment: bool = False
    """ST01 and its relatives; otherwise an order is shipped whole by OR23 and OR24."""
    alternative_carriers: bool = True
    """Whether a carrier may be given as free text."""
    returns: bool = False
    tax_included: bool | None = None

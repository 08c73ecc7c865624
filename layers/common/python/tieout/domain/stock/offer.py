"""What Mirakl shows: offers, and what becomes of the files that change them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Offer(Struct, frozen=True, kw_only=True):
    """An offer as a marketplace has it (OF54, OF21)."""

    sku: str
    """The shop's own SKU; empty where the offer has none."""
    offer_id: str
    quantity: int
    price: Decimal | None = None
    """Without discount."""
    currency: str = ""
    product: str = ""
    """SKU of the marketplace's product."""
    references: tuple[tuple[str, str], ...] = ()
    """Product references, (type, value), such as ("EAN", "5012345678900")."""
    state_code: str = ""
    """Condition; `11` is new on most marketplaces (OF61)."""
    is_active: bool = True
    is_deleted: bool = False
    """Told by an export of changes only."""
    shop_id: str = ""
    """Whose it is; an operator reads every shop's."""
    updated_at: datetime | None = None
    has_more_prices: bool = False
    """A discount, or a price by channel, customer, period or volume, beside the plain one: PRI01 would delete it."""


class Rejected(Struct, frozen=True):
    """A line of a file that a marketplace did not take, in its own words (STO03, OF03, PRI03)."""

    sku: str
    why: str
    line: int | None = None


class Import(Struct, frozen=True, kw_only=True):
    """How far a file is (STO02, OF02, PRI02)."""

    import_id: str
    state: str
    """WAITING, RUNNING, COMPLETE, FAILED, or what Mirakl adds."""
    in_success: int = 0
    in_error: int = 0
    has_errors: bool = False
    """Whether there is a report of lines that were not taken."""
    why: str = ""
    """Why it FAILED."""
    created_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in {"COMPLETE", "FAILED"}


class OfferExport(Struct, frozen=True):
    """How far an export of offers is (OF53)."""

    state: str
    """PENDING, COMPLETED, FAILED, or what Mirakl adds."""
    urls: tuple[str, ...] = ()
    """Its files, once it is COMPLETED."""
    error: str = ""

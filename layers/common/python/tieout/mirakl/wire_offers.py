"""What we read of imports and of exports of offers, as leniently as of orders (see `wire`)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from tieout.mirakl.wire_documents import EXPORT_ASKED, EXPORT_STATE

__all__ = ["EXPORT_ASKED", "EXPORT_STATE", "FILE_STATE", "FILE_STATES", "FILE_TAKEN", "PRODUCTS", "FileState"]


class FileTaken(Struct, frozen=True):
    """STO01, OF01, PRI01: a file was taken and waits; OF01 counts its imports by number."""

    import_id: str | int | None = None


class FileState(Struct, frozen=True):
    """STO02, OF02, PRI02: how far a file is."""

    import_id: str | int | None = None
    status: str | None = None
    lines_in_success: int | str | None = None
    lines_in_error: int | str | None = None
    has_error_report: bool | None = None
    reason_status: str | None = None
    date_created: datetime | None = None


class FileStates(Struct, frozen=True):
    """PRI02 lists."""

    data: list[FileState]


class ExportedPrice(Struct, frozen=True):
    """OF54 `prices[]`: one without a context is for everybody, at any time."""

    origin_price: Decimal | None = None
    discount_price: Decimal | None = None
    context: dict[str, Any] | None = None
    """For whom and when: channels, customers, dates."""
    volume_prices: list[Any] | None = None


class ExportedOffer(Struct, frozen=True):
    """OF54."""

    offer_id: str | int | None = None
    shop_sku: str | int | None = None
    product_sku: str | int | None = None
    quantity: int | None = None
    prices: list[ExportedPrice] | None = None
    currency_iso_code: str | None = None
    state_code: str | int | None = None
    active: bool | None = None
    deleted: bool | None = None
    shop_id: str | int | None = None
    last_updated: datetime | None = None


class ListedProduct(Struct, frozen=True):
    """P31: one reference of a product."""

    product_id: str | int | None = None
    product_id_type: str | None = None
    product_sku: str | int | None = None


class ListedProducts(Struct, frozen=True):
    """P31."""

    products: list[ListedProduct]


FILE_TAKEN = Decoder(FileTaken)
FILE_STATE = Decoder(FileState)
FILE_STATES = Decoder(FileStates)
PRODUCTS = Decoder(ListedProducts)

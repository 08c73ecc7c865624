"""The file of OF01: its columns by what they hold of a listing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal

from tieout.domain.listings.listing import Listing
from tieout.mirakl.forms import csv_file, plain

COLUMNS: Mapping[str, tuple[str, Callable[[Listing], str]]] = {
    "product_id": ("product-id", lambda listing: listing.product_id),
    "product_id_type": ("product-id-type", lambda listing: listing.product_id_type),
    "description": ("description", lambda listing: plain(listing.description)),
    "price": ("price", lambda listing: _price(listing.price, listing.sku)),
    "quantity": ("quantity", lambda listing: str(listing.quantity)),
    "state_code": ("state", lambda listing: listing.state_code),
}
"""Mirakl's name of each field that may be sent; the SKU comes before them, and `update-delete` after."""


def offers_file(listings: Iterable[Listing], columns: Collection[str]) -> bytes:
    """A line a listing. Raises ValueError for no line, a field without a column, a listing that cannot be sent."""
    if unknown := set(columns) - set(COLUMNS):
        raise ValueError(f"OF01 has no column for {', '.join(sorted(unknown))}")
    asked = [COLUMNS[name] for name in COLUMNS if name in columns]
    rows: list[list[str]] = []
    for listing in listings:
        if not listing.sku or listing.quantity < 0:
            raise ValueError(f"{listing.quantity} units of SKU {listing.sku!r}")
        cells = [cell(listing) for _, cell in asked]
        rows.append([listing.sku, *cells, "delete" if listing.is_deletion else "update"])
    if not rows:
        raise ValueError("there is nothing to send")
    return csv_file(["sku", *(name for name, _ in asked), "update-delete"], rows)


def _price(price: Decimal, sku: str) -> str:
    if not price.is_finite() or price < 0:
        raise ValueError(f"{price} for SKU {sku!r}")
    return f"{price:f}"

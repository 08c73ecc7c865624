"""Prices of offers (PRI01 to PRI03). A file replaces every price of the offers in it, and touches no other offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tieout.domain.errors import NeedsAttention, Reason
from tieout.mirakl.connection import Calls, Connection

if TYPE_CHECKING:
    from tieout.domain.listings.listing import PriceRow
    from tieout.domain.stock.offer import Import, Rejected

# ruff: noqa: PLC0415  as in `stock`

_IMPORTS = "/api/offers/pricing/imports"
_COLUMNS = ("offer-sku", "price", "discount-price", "discount-start-date", "discount-end-date")


class PriceImports:
    """The part of a connection that sets prices."""

    _connection: Connection
    _calls: Calls

    def send_prices(self, prices: Iterable[PriceRow]) -> str:
        """PRI01: one price an offer, without discount; every other price and discount of these offers is deleted there.

        Answers the import's id. Once a minute. Where the operator approves prices they stay pending. Raises
        OutcomeUnknown where no answer came, ValueError for a file without lines, a price that is none, or an offer that
        is named twice.
        """
        from tieout.mirakl.forms import csv_file
        from tieout.mirakl.imports import take, whose

        named: dict[str, str] = {}
        for row in prices:
            if not row.sku or row.sku in named or not row.price.is_finite() or row.price <= 0:
                raise ValueError(f"{row.price} for SKU {row.sku!r}")
            named[row.sku] = f"{row.price:f}"
        if not named:
            raise ValueError("there is nothing to send")
        file = csv_file(_COLUMNS, ((sku, price, "", "", "") for sku, price in named.items()))
        return take(self._calls, "PRI01", _IMPORTS, file, whose(self._connection, "shop_id"))

    def price_import(self, import_id: str) -> Import:
        """PRI02, asked for this one: how far it is. Once a minute. Raises NeedsAttention where there is none."""
        from tieout.mirakl.imports import state_of
        from tieout.mirakl.wire_offers import FILE_STATES

        for told in self._calls.ask(FILE_STATES, "PRI02", _IMPORTS, {"import_id": import_id}).data:
            if str(told.import_id) == import_id:
                return state_of(told, "PRI02", import_id)
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"message": f"there is no import of prices {import_id}"})

    def price_errors(self, import_id: str) -> list[Rejected]:
        """PRI03: lines that were not taken; once a minute. An offer with one line in error comes with all of them."""
        from tieout.mirakl.imports import part, refused_lines

        return refused_lines(self._calls, "PRI03", f"{_IMPORTS}/{part(import_id)}/error_report")

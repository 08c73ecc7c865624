"""Quantities of offers, and nothing else of them (STO01 to STO03): what is not in the file is not touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tieout.domain.errors import NeedsAttention, Reason
from tieout.mirakl.connection import Calls, Connection

if TYPE_CHECKING:
    from tieout.domain.stock.offer import Import, Rejected

# What reads and writes files is loaded with the first call: most functions never make one.
# ruff: noqa: PLC0415

_IMPORTS = "/api/offers/stock/imports"
COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")
_WITHOUT_STOCK_IMPORTS = (
    "this instance has no stock imports (STO01): ask its operator to have Mirakl switch them on; "
    "until then set stock.enabled to false for this marketplace"
)
_WITHOUT_SHOP = "the marketplace has no shop {}: correct operator.own_shops"


class StockImports:
    """The part of a connection that sets quantities."""

    _connection: Connection
    _calls: Calls

    def send_stock(self, quantities: Iterable[tuple[str, int]], shop: str = "") -> str:
        """STO01: absolute quantities by SKU, over all warehouses, in one file; answers the import's id. Once a minute.

        `shop` is Mirakl's id of the shop that an operator sends for; a seller's access is to one anyway. Raises
        OutcomeUnknown where no answer came, and NeedsAttention(REFUSED_BY_MIRAKL) where the instance is too old for it
        (404), or has no such shop. Raises ValueError for a file without lines, or a quantity below zero.
        """
        from tieout.mirakl.forms import csv_file
        from tieout.mirakl.imports import take, whose

        rows = [(sku, str(units), "", "") for sku, units in quantities if _is_whole(sku, units)]
        if not rows:
            raise ValueError("there is nothing to send")
        try:
            return take(
                self._calls, "STO01", _IMPORTS, csv_file(COLUMNS, rows), whose(self._connection, "shop_id", shop)
            )
        except NeedsAttention as refused:
            if refused.facts.get("status") != "404":
                raise
            hint = f"{_WITHOUT_SHOP.format(shop)}; or {_WITHOUT_STOCK_IMPORTS}" if shop else _WITHOUT_STOCK_IMPORTS
            raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, refused.facts | {"hint": hint}) from refused

    def stock_import(self, import_id: str) -> Import:
        """STO02: how far it is; every 15 seconds at most. Raises NeedsAttention for one that Mirakl does not know."""
        from tieout.mirakl.imports import followed, part

        return followed(self._calls, "STO02", f"{_IMPORTS}/{part(import_id)}/status", import_id)

    def stock_errors(self, import_id: str) -> list[Rejected]:
        """STO03: lines that were not taken; once a minute."""
        from tieout.mirakl.imports import part, refused_lines

        return refused_lines(self._calls, "STO03", f"{_IMPORTS}/{part(import_id)}/error_report")


def _is_whole(sku: str, units: int) -> bool:
    """An offer without a SKU cannot be named, and a quantity below zero is our mistake."""
    if not sku or units < 0:
        raise ValueError(f"{units} units of SKU {sku!r}")
    return True

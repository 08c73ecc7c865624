"""What is billed for a shipment: the marketplace's gross of the lines that left, to the cent.

An order line that leaves in parts is billed in parts that add up: each part is the difference of two cumulative shares,
so that the last one takes what rounding left. Source: `docs/finance/shipments.md`; record `invoice`.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from tieout.domain.money import Money
from tieout.domain.orders.sales_order import SalesOrderLine, TaxDetail, TaxStrategy


class BilledLine(Struct, frozen=True):
    """A line of the invoice. `order_line` is NetSuite's line number on the sales order; `line` carries our figures."""

    order_line: int
    line: SalesOrderLine


class InvoiceDraft(Struct, frozen=True, kw_only=True):
    """An invoice to be made out of a sales order: only these lines. `gross` is what its total must be."""

    external_id: str
    key: str
    sales_order_id: str
    order_id: str
    marketplace: str
    day: date
    original_day: date
    """The day that the revenue belongs to; another than `day` where its period was closed."""
    lines: tuple[BilledLine, ...]
    all_lines: tuple[int, ...]
    """Every line number of the sales order: what is not billed now is sent with quantity 0."""
    shipping_taxes: tuple[TaxDetail, ...]
    shipping_net: Money
    tax_strategy: TaxStrategy
    gross: Money

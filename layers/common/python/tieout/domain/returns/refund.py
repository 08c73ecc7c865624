"""Money given back for an order line: Mirakl's refunds, NetSuite's credit memos, and what each asks of the other.

Amounts are positive, in major units; whether they include tax is the order's tax mode. A refund's quantity is
informative only (OR11), so nothing here is derived from it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from tieout.domain.money import ZERO, Money
from tieout.domain.orders.order import TaxAmount
from tieout.domain.orders.sales_order import SalesOrderLine, TaxDetail, TaxStrategy

REFUNDED = "REFUNDED"
"""`refund_state` of money that has gone back; before that a refund is only announced."""


class CreditLine(Struct, frozen=True, kw_only=True):
    """What one order line of a credit memo of NetSuite's gives back, gross."""

    line_id: str
    quantity: int
    net: Decimal
    tax: Decimal
    shipping_net: Decimal = ZERO
    shipping_tax: Decimal = ZERO


class Credit(Struct, frozen=True, kw_only=True):
    """A credit memo that somebody made in NetSuite for an order of ours, or a return that was received there."""

    id: str
    kind: str
    """SuiteQL type: `CustCred` or `ItemRcpt`."""
    number: str
    external_id: str = ""
    """Starts with `T-` where Tieout made it: then it is never sent to Mirakl."""
    marketplace: str
    order_id: str
    total: Money
    modified_at: datetime
    lines: tuple[CreditLine, ...]


class ClosedLine(Struct, frozen=True, kw_only=True):
    """A sales order line that was closed in NetSuite, with what it had not shipped yet."""

    marketplace: str
    order_id: str
    sales_order_id: str
    line_id: str
    quantity: int
    """Units that will not be shipped."""
    shipped: int = 0
    """Units that have."""
    modified_at: datetime


class RefundLine(Struct, frozen=True, kw_only=True):
    """One line of an OR28 or OR30 to be sent, in the order's tax mode."""

    line_id: str
    amount: Decimal
    shipping_amount: Decimal
    quantity: int
    reason_code: str
    currency: str
    taxes: tuple[TaxAmount, ...] = ()
    shipping_taxes: tuple[TaxAmount, ...] = ()
    excluded_from_shipment: bool = False
    """These units never leave (OR28 before shipping): Mirakl does not wait for them."""


class CreditedLine(Struct, frozen=True):
    """A line of a credit memo to be made. `order_line` is its number on the invoice; None: a line of its own."""

    order_line: int | None
    line: SalesOrderLine


class CreditMemoDraft(Struct, frozen=True, kw_only=True):
    """A credit memo to be made out of an invoice. `gross` is what its total must be."""

    external_id: str
    key: str
    invoice_id: str
    order_id: str
    marketplace: str
    refund_id: str
    day: date
    original_day: date
    lines: tuple[CreditedLine, ...]
    all_lines: tuple[int, ...]
    """Every line number of the invoice: what is not credited is sent with quantity 0."""
    shipping_net: Decimal
    shipping_taxes: tuple[TaxDetail, ...]
    tax_strategy: TaxStrategy
    gross: Money

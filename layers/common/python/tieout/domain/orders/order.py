"""A marketplace order in Tieout's words, amounts already net of cancelations.

Source: OR11. Amounts are in major units of `currency`; whether they include tax is `tax_included`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tieout.domain.money import ZERO, Money

DEAD_LINES = frozenset({"REFUSED", "CANCELED"})
"""Line states that never become a sales order line."""

TO_ACCEPT = "WAITING_ACCEPTANCE"
SOLD = frozenset({"SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
"""Order states in which the payment is secured and the addresses are there: the sale stands."""
GONE = SOLD - {"SHIPPING"}
"""Of them, those in which all goods have left."""
DEAD = frozenset({"REFUSED", "CANCELED"})

DEFAULT_FULFILMENT_CENTER = "DEFAULT"


class TaxAmount(Struct, frozen=True):
    """One tax on one amount. `rate` is a percentage, and may be missing where rates are not national (US)."""

    code: str
    amount: Decimal
    rate: Decimal | None = None


class Address(Struct, frozen=True):
    """Where a parcel goes. Personal data: never logged, never in DynamoDB."""

    name: str
    company: str
    street_1: str
    street_2: str
    city: str
    state: str
    zip_code: str
    country_iso3: str
    phone: str


class Cancelation(Struct, frozen=True, kw_only=True):
    """What was taken off a line before it left; the quantity is informative only."""

    id: str
    amount: Decimal
    shipping_amount: Decimal = ZERO
    quantity: int = 0
    reason_code: str = ""


class Refund(Struct, frozen=True, kw_only=True):
    """Money given back for a line after the buyer was debited, in the order's tax mode; the quantity tells nothing."""

    id: str
    line_id: str
    state: str
    """`refund_state`; where an older payload lacks it, `state`."""
    amount: Decimal
    shipping_amount: Decimal
    quantity: int = 0
    reason_code: str = ""
    taxes: tuple[TaxAmount, ...] = ()
    shipping_taxes: tuple[TaxAmount, ...] = ()
    group: str = ""
    """`order_refund_id`: refunds that were made in one call."""
    created_at: datetime | None = None


class Line(Struct, frozen=True):
    """A live or dead order line. `price` and `shipping_price` are what is left after cancelations."""

    line_id: str
    state: str
    sku: str
    title: str
    quantity: int
    unit_price: Decimal
    price: Decimal
    shipping_price: Decimal
    taxes: tuple[TaxAmount, ...]
    shipping_taxes: tuple[TaxAmount, ...]
    commission: Decimal
    fees: Decimal = ZERO
    canceled: Decimal = ZERO
    """Price and shipping taken off by cancelations; Mirakl's totals may or may not have it off."""
    cancelations: tuple[Cancelation, ...] = ()
    refunds: tuple[Refund, ...] = ()
    tax_calculation_rule: str = ""
    """`PROPORTIONAL_TO_AMOUNT` and so on: how the tax of a part of this line is worked out."""

    @property
    def is_live(self) -> bool:
        """Whether the line is part of the sale."""
        return self.state not in DEAD_LINES and self.quantity > 0


class Order(Struct, frozen=True, kw_only=True):
    """A logistic order: one shop's part of a buyer's basket."""

    marketplace: str
    order_id: str
    state: str
    version: str
    """`postings.version_of` its last_updated_date."""
    created_at: datetime
    updated_at: datetime
    currency: str
    tax_included: bool
    total_price: Decimal
    """Mirakl's own total of price and shipping, for the cross-check."""
    commission: Decimal
    lines: tuple[Line, ...]
    customer_id: str
    customer_name: str
    fulfilment_center: str
    deadline: datetime | None
    ship_to: Address | None
    bill_to: Address | None
    seller_id: int | None
    seller_name: str
    seller_reference: str | None
    debited_at: datetime | None = None
    """When the buyer's money was taken; None: not yet, or never by Mirakl."""
    payment_workflow: str = ""
    tracking_number: str = ""
    """Of the order as a whole, where it is shipped as one."""
    taxed_as_a_whole: bool = False
    """Mirakl works the tax out on the order (`order_taxes`): where amounts exclude it, none may be sent with a part."""

    @property
    def live_lines(self) -> tuple[Line, ...]:
        """Lines that are part of the sale, in Mirakl's order."""
        return tuple(line for line in self.lines if line.is_live)

    @property
    def gross(self) -> Money:
        """What the buyer pays for the live lines: price, shipping, and the taxes where prices exclude them."""
        total = ZERO
        for line in self.live_lines:
            total += line.price + line.shipping_price
            if not self.tax_included:
                total += tax_total(line.taxes) + tax_total(line.shipping_taxes)
        return Money(total, self.currency)

    @property
    def figures_agree(self) -> bool:
        """Whether Mirakl's total_price is the sum of its lines.

        The official documents say it includes fees, the official example does not; whether a partial cancelation is
        already off is not documented. Any of these four readings is accepted, to the cent; nothing else is.
        """
        base = fees = canceled = ZERO
        for line in self.lines:
            if line.state in DEAD_LINES:
                continue
            base += line.price + line.shipping_price
            fees += line.fees
            canceled += line.canceled
        return self.total_price in {base, base + fees, base + canceled, base + fees + canceled}


def tax_total(taxes: tuple[TaxAmount, ...]) -> Decimal:
    """Sum of the amounts; never derived from a rate."""
    total = ZERO
    for tax in taxes:
        total += tax.amount
    return total

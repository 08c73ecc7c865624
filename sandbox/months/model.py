"""What a month is made of while it is made: orders, log entries, cycles, documents; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sandbox.months.market import Market


@dataclass(slots=True)
class Tax:
    """A tax of an order line or refund; rate in basis points."""

    code: str
    rate: int
    amount: int


@dataclass(slots=True)
class Refund:
    """Money given back on one order line."""

    id: str
    price: int
    shipping: int
    taxes: list[Tax]
    shipping_taxes: list[Tax]
    commission: int
    commission_vat: int
    quantity: int
    at: datetime
    cancelation: bool = False


@dataclass(slots=True)
class OrderLine:
    """A line of an order. Price and shipping are with or without tax, as the marketplace charges."""

    id: str
    article: int
    quantity: int
    unit: int
    price: int
    shipping: int
    taxes: list[Tax]
    shipping_taxes: list[Tax]
    commission: int
    commission_vat: int
    promotion: int = 0
    """What the operator paid of the price."""
    refunds: list[Refund] = field(default_factory=list)

    @property
    def tax(self) -> int:
        return sum(each.amount for each in (*self.taxes, *self.shipping_taxes))


@dataclass(slots=True)
class Order:
    """An order and what became of it."""

    id: str
    number: int
    country: str
    customer: dict[str, Any]
    created: datetime
    shipped: datetime
    received: datetime
    lines: list[OrderLine]
    state: str
    kind: str = "plain"
    """plain, direct (the buyer pays the shop), remitted (the operator pays the tax), parts (two shipments),
    fee (a fee of the buyer's passes through), carrier (the operator ships), refused, cancelled."""
    fee: int = 0
    penalty: int = 0
    seller_fee: int = 0
    rounded_by: int = 0
    """Minor units by which the invoice's tax differs from the sum of the lines' taxes."""

    @property
    def settled(self) -> bool:
        return self.state in {"RECEIVED", "CLOSED"}

    @property
    def invoiced(self) -> bool:
        return self.settled or self.state == "SHIPPED"


@dataclass(slots=True)
class Entry:
    """A line of the transaction log."""

    id: str
    type: str
    amount: int
    created: datetime
    state: str = "PAYABLE"
    cycle: int | None = None
    document: str | None = None
    order: Order | None = None
    line: str | None = None
    refund: str | None = None
    order_tax: Tax | None = None
    shop_tax: Tax | None = None
    fee_code: str | None = None
    order_fee_code: str | None = None
    debit: str | None = None
    manual: str | None = None
    one_off: str | None = None
    balance: int = 0
    touched: bool = False
    """A fault has been put into it."""
    gone: bool = False


@dataclass(slots=True)
class Cycle:
    """A billing cycle with what the operator says of it."""

    id: str
    voucher: str
    start: datetime
    end: datetime
    to_seller: int = 0
    to_operator: int = 0
    state: str = "PAID"
    reference: str | None = None
    paid_at: datetime | None = None
    failure: str | None = None
    summary: dict[str, int] = field(default_factory=dict)
    opening: int = 0
    closing: int = 0


@dataclass(slots=True)
class Paper:
    """A legal document of the operator."""

    id: str
    number: str
    type: str
    cycle: int
    issued: datetime
    net: int
    vat: int
    description: str
    log_vat: int
    """The tax as the log's lines have it."""
    touched: bool = False


@dataclass(slots=True)
class Booked:
    """A document that NetSuite holds; amounts signed as SuiteQL shows them."""

    external_id: str
    type: str
    number: str
    day: date
    currency: str
    order_id: str
    total: int
    tax: int
    status: str
    refund_id: str | None = None
    touched: bool = False
    gone: bool = False


@dataclass
class Shop:
    """A marketplace's month."""

    market: Market
    orders: list[Order]
    entries: list[Entry] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Orders of other shops: in the log, but neither in OR11 nor in NetSuite."""
    by_order: dict[str, list[Entry]] = field(default_factory=dict)
    booked_of: dict[str, list[Booked]] = field(default_factory=dict)
    reserve_off: int = 0
    """What the operator holds of the reserve beyond what it funded."""

    def entries_of(self, order: Order, *types: str) -> list[Entry]:
        """Entries of an order that no fault has touched, all or of some types."""
        mine = self.by_order.get(order.id, [])
        return [each for each in mine if not (each.touched or each.gone) and (not types or each.type in types)]

    def add_booked(self, booked: Booked) -> None:
        self.booked.append(booked)
        self.booked_of.setdefault(booked.order_id, []).append(booked)

    def clear_away(self) -> None:
        """Forget what is gone."""
        self.entries = [entry for entry in self.entries if not entry.gone]
        self.booked = [booked for booked in self.booked if not booked.gone]


@dataclass(frozen=True)
class Fault:
    """A row of the truth: what a reconciliation must say, and no more."""

    code: str
    key: str
    amount: int
    kind: str
    marketplace: str
    currency: str
    exponent: int
    order_id: str | None = None

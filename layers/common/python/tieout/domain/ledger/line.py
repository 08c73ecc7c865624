"""What a settlement is made from: transaction lines, billing cycles, legal documents, and what NetSuite holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

from tieout.domain.ledger.rates import Arrival, Rate


class Line(Struct, frozen=True, kw_only=True):
    """A transaction line (TL02, TL05): one movement of a shop's account. `amount` is signed, from the seller's side."""

    id: str
    type: str
    amount: Decimal
    """`amount_credited - amount_debited`."""
    currency: str
    created: datetime
    updated: datetime
    state: str = ""
    """`payment_state`: PENDING, PAYABLE, PAID, NOT_APPLICABLE, RESERVE, or what Mirakl adds."""
    cycle: str | None = None
    """`seller_billing_cycle_id`, filled in when the cycle closes."""
    document: str | None = None
    """`accounting_document_number`."""
    psp: str = ""
    shop: str = ""
    balance: Decimal | None = None
    """The shop's running balance after this line."""
    credited: Decimal | None = None
    debited: Decimal | None = None
    order_id: str | None = None
    order_line_id: str | None = None
    refund_id: str | None = None
    shipment_id: str | None = None
    debit_id: str | None = None
    tax_code: str | None = None
    """Of `order_tax`, or of `shop_tax` on the operator's fees."""
    tax_rate: Decimal | None = None
    """In percent."""
    fee_code: str | None = None
    """Of `fee` (charged to the seller), or of `order_fee` (paid by the customer)."""
    description: str | None = None
    """Of a one-off item; manual items have theirs on the document."""


class PayOut(Struct, frozen=True, kw_only=True):
    """What became of a cycle's money (SBC11 `pay_out`)."""

    state: str
    """TO_PAY, PAID or FAILED."""
    reference: str | None = None
    paid_at: datetime | None = None
    failure_reason: str | None = None


class Cycle(Struct, frozen=True, kw_only=True):
    """A billing cycle (SBC11)."""

    id: str
    currency: str
    closed_at: datetime
    """`date_created`."""
    to_seller: Decimal
    """`amount_transferred_to_seller`."""
    to_operator: Decimal | None
    pay_out: PayOut
    psp: str = ""
    voucher: str | None = None
    shop: str = ""
    shop_name: str = ""
    """As the operator calls the shop; SBC11 alone has it."""
    summary: Mapping[str, Decimal] = field(default_factory=dict)
    """Totals by bucket, such as `total_commissions_excl_tax`."""


class DocumentItem(Struct, frozen=True, kw_only=True):
    """A row of a legal document."""

    description: str
    net: Decimal
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    """Amounts by tax code."""
    order_id: str | None = None


class Document(Struct, frozen=True, kw_only=True):
    """A legal document between the operator and the shop (IV01, or DR11 with its DR12 lines)."""

    number: str
    """As transaction lines name it: IV01 `invoice_id`, DR11 `document_number`."""
    type: str
    """AUTO_INVOICE, MANUAL_INVOICE, MANUAL_CREDIT; of DR11: FEES-INVOICE, ONE_OFF_FEES-CREDIT_NOTE and so on."""
    currency: str
    issued: datetime
    net: Decimal
    gross: Decimal
    """Both positive as the document shows them; `is_credit` says whose favour it is in."""
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    cycle: str | None = None
    items: tuple[DocumentItem, ...] = ()
    is_credit: bool = False
    shop: str = ""


class Booked(Struct, frozen=True, kw_only=True):
    """A transaction that NetSuite already holds (SuiteQL `transaction`; `netsuite/documents` of an export folder)."""

    external_id: str
    type: str
    """SuiteQL type: CustInvc, CustCred, CustPymt, Journal and so on."""
    number: str
    day: date
    currency: str
    total: Decimal
    """Gross; positive also on credit memos."""
    tax: Decimal | None = None
    entity: str = ""
    order_id: str | None = None
    """By `custbody_tieout_order`, else `otherrefnum`."""
    refund_id: str | None = None
    status: str = ""
    """`open`, `paidInFull`, `fullyApplied` and so on."""
    id: str = ""
    """Internal id; empty in an export folder without it."""
    unpaid: Decimal | None = None
    """What is still open; None where it was not asked."""


class SoldRefund(Struct, frozen=True, kw_only=True):
    """A refund of an order line (OR11 `refunds`): what the contract gives back."""

    id: str
    gross: Decimal
    """Price and shipping with tax."""
    commission: Decimal | None = None
    """Without tax."""
    commission_tax: Decimal | None = None
    state: str = ""
    """REFUNDED, or one of WAITING_..."""


class SoldLine(Struct, frozen=True, kw_only=True):
    """An order line of OR11, as far as money goes; amounts as charged, in the order's currency."""

    id: str
    gross: Decimal
    """Price and shipping with tax."""
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    """On price and shipping together, by tax code."""
    commission: Decimal | None = None
    """`commission_fee`, without tax."""
    commission_tax: Decimal | None = None
    category: str = ""
    state: str = ""
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    net_price: Decimal | None = None
    """Price and shipping without tax."""
    refunds: tuple[SoldRefund, ...] = ()


class Sold(Struct, frozen=True, kw_only=True):
    """An order of OR11, as far as money goes."""

    id: str
    currency: str
    state: str
    created_at: datetime | None
    lines: tuple[SoldLine, ...]
    tax_included: bool
    """`order_tax_mode` TAX_INCLUDED."""
    direct_pay: bool = False
    """The customer pays the seller; no money passes through Mirakl."""
    references: tuple[str, ...] = ()
    """The order's other names: commercial id, seller's and customer's reference."""

    @property
    def gross(self) -> Decimal:
        """All lines with tax."""
        return sum((line.gross for line in self.lines), Decimal(0))


class Books(Struct, frozen=True, kw_only=True):
    """Everything that a marketplace's settlement is worked out from, frozen for one run; lines once by id."""

    marketplace: str
    lines: tuple[Line, ...]
    cycles: tuple[Cycle, ...]
    documents: tuple[Document, ...] = ()
    orders: Mapping[str, Sold] = field(default_factory=dict)
    """By order id."""
    booked: tuple[Booked, ...] = ()
    """Of this marketplace's orders, and whatever bears our external ids."""
    doubts: Mapping[str, str] = field(default_factory=dict)
    """Cycles of which something could not be read, and what; `*` stands for all of them. They are held."""
    arrivals: Mapping[str, Arrival] = field(default_factory=dict)
    """What the bank shows of payouts in another currency than their cycle's, by cycle."""
    rates: tuple[Rate, ...] = ()

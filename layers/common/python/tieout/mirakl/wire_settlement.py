"""What we read of the transaction log, billing cycles and legal documents, as leniently as of orders (see `wire`)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Decoder


class Named(Struct, frozen=True):
    """Something that is only named."""

    id: str | int | None = None


class Coded(Struct, frozen=True):
    """A tax or a fee by its code."""

    code: str | None = None
    rate: Decimal | None = None


class Numbered(Struct, frozen=True):
    """A document by its number."""

    number: str | int | None = None


class OneOffItem(Struct, frozen=True):
    """An item that was charged or credited once."""

    description: str | None = None


class Entities(Struct, frozen=True):
    """What a transaction line belongs to."""

    order: Named | None = None
    order_line: Named | None = None
    order_tax: Coded | None = None
    order_fee: Coded | None = None
    refund: Named | None = None
    shipment: Named | None = None
    debit: Named | None = None
    shop_tax: Coded | None = None
    fee: Coded | None = None
    manual_accounting_document: Numbered | None = None
    one_off_item: OneOffItem | None = None


class Shop(Struct, frozen=True):
    """Whose account it is: TL02 says `id`, SBC11 `shop_id` and `shop_name`."""

    id: str | int | None = None
    shop_id: str | int | None = None
    shop_name: str | None = None


class TransactionLine(Struct, frozen=True):
    """TL02, TL05."""

    id: str | None = None
    type: str | None = None
    amount: Decimal | None = None
    amount_credited: Decimal | None = None
    amount_debited: Decimal | None = None
    balance: Decimal | None = None
    currency_iso_code: str | None = None
    date_created: datetime | None = None
    last_updated: datetime | None = None
    payment_state: str | None = None
    seller_billing_cycle_id: str | None = None
    accounting_document_number: str | int | None = None
    pay_out_psp_code: str | None = None
    shop: Shop | None = None
    entities: Entities | None = None


class PayOut(Struct, frozen=True):
    """SBC11 `pay_out`."""

    state: str | None = None
    reference: str | None = None
    transaction_date: datetime | None = None
    failure_reason: str | None = None


class BillingCycle(Struct, frozen=True):
    """SBC11."""

    id: str | None = None
    currency_iso_code: str | None = None
    date_created: datetime | None = None
    amount_transferred_to_seller: Decimal | None = None
    amount_transferred_to_operator: Decimal | None = None
    pay_out: PayOut | None = None
    pay_out_psp_code: str | None = None
    payment_voucher_number: str | int | None = None
    shop: Shop | None = None
    summary: dict[str, Decimal | None] | None = None


class DocumentTax(Struct, frozen=True):
    """A tax of a document."""

    code: str | None = None
    amount: Decimal | None = None


class DocumentDetail(Struct, frozen=True):
    """A row of IV01 `details`."""

    description: str | None = None
    amount_excl_taxes: Decimal | None = None
    taxes: list[DocumentTax] | None = None
    order_id: str | None = None


class AccountingDocument(Struct, frozen=True):
    """IV01."""

    id: str | None = None
    invoice_id: str | int | None = None
    type: str | None = None
    state: str | None = None
    currency_iso_code: str | None = None
    date_created: datetime | None = None
    issue_date: datetime | None = None
    seller_billing_cycle_id: str | None = None
    shop_id: str | int | None = None
    total_amount_excl_taxes: Decimal | None = None
    total_amount_incl_taxes: Decimal | None = None
    total_taxes: list[DocumentTax] | None = None
    details: list[DocumentDetail] | None = None


TRANSACTION_LINE = Decoder(TransactionLine)
BILLING_CYCLE = Decoder(BillingCycle)
ACCOUNTING_DOCUMENT = Decoder(AccountingDocument)

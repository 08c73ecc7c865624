"""What we read of document requests, log exports and the payment queue, as leniently as of orders (see `wire`)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, Struct
from msgspec.json import Decoder

from tieout.mirakl.wire_settlement import Named, Shop


class TotalTax(Struct, frozen=True):
    """A tax of a whole document (DR11 `taxes`)."""

    code: str | None = None
    total_amount: Decimal | None = None


class LineTax(Struct, frozen=True):
    """A tax of a row (DR12)."""

    code: str | None = None
    amount: Decimal | None = None


class RequestEntities(Struct, frozen=True):
    """DR11 `entities`."""

    shop_billing_cycle: Named | None = None


class Party(Struct, frozen=True):
    """DR11 `issuer`, `recipient`."""

    id: str | int | None = None
    type: str | None = None


class DocumentRequest(Struct, frozen=True):
    """DR11: a document that somebody must issue, or has."""

    id: str | None = None
    document_number: str | int | None = None
    type: str | None = None
    state: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    currency_iso_code: str | None = None
    issue_date: datetime | None = None
    last_updated: datetime | None = None
    total_amount_excluding_taxes: Decimal | None = None
    total_amount_including_taxes: Decimal | None = None
    taxes: list[TotalTax] | None = None
    entities: RequestEntities | None = None
    issuer: Party | None = None


class RequestLine(Struct, frozen=True):
    """DR12: a row of such a document."""

    entity_type: str | None = None
    description: str | None = None
    price_excluding_taxes: Decimal | None = None
    shipping_price_excluding_taxes: Decimal | None = None
    taxes: list[LineTax] | None = None
    shipping_taxes: list[LineTax] | None = None
    order: Named | None = None
    shop: Shop | None = None


class RequestWithLines(Struct, frozen=True):
    """A document request as we archive it: DR11's row, and DR12's rows of it."""

    request: DocumentRequest
    lines: list[RequestLine]


class InvoicePage(Struct, frozen=True):
    """A page of IV01; each row stays as its bytes, for the archive."""

    invoices: list[Raw]
    total_count: int | None = None


class ExportAsked(Struct, frozen=True):
    """TL03."""

    tracking_id: str | None = None


class ExportError(Struct, frozen=True):
    """TL04 `error`."""

    code: str | None = None
    detail: str | None = None


class ExportState(Struct, frozen=True):
    """TL04."""

    status: str | None = None
    urls: list[str] | None = None
    error: ExportError | None = None


class DebitEntity(Struct, frozen=True):
    """What a buyer pays for (PA11)."""

    id: str | int | None = None
    type: str | None = None


class WaitingRefund(Struct, frozen=True):
    """PA12, of a line."""

    id: str | int | None = None
    amount: Decimal | None = None


class WaitingRefunds(Struct, frozen=True):
    """PA12: a list within a list's name."""

    refund: list[WaitingRefund] | None = None


class PaidLine(Struct, frozen=True):
    """PA11, PA12."""

    order_line_id: str | None = None
    refunds: WaitingRefunds | None = None


class PaidLines(Struct, frozen=True):
    """A list within a list's name."""

    order_line: list[PaidLine] | None = None


class PaidOrder(Struct, frozen=True):
    """PA11, PA12: an order that waits for the payment system."""

    order_id: str | None = None
    shop_id: str | int | None = None
    amount: Decimal | None = None
    currency_iso_code: str | None = None
    debit_entity: DebitEntity | None = None
    order_lines: PaidLines | None = None


class PaidOrders(Struct, frozen=True):
    """A list within a list's name; each row stays as its bytes."""

    order: list[Raw] | None = None


class PaymentPage(Struct, frozen=True):
    """PA11, PA12."""

    orders: PaidOrders | None = None
    total_count: int | None = None


REQUEST = Decoder(DocumentRequest)
REQUEST_WITH_LINES = Decoder(RequestWithLines)
INVOICE_PAGE = Decoder(InvoicePage)
EXPORT_ASKED = Decoder(ExportAsked)
EXPORT_STATE = Decoder(ExportState)
PAID_ORDER = Decoder(PaidOrder)
PAYMENT_PAGE = Decoder(PaymentPage)

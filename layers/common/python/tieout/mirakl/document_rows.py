"""Document requests (DR11 with their DR12 rows) in the words of the ledger: the operator's bills where it bills so."""

from __future__ import annotations

from decimal import Decimal

from tieout.domain.ledger.line import Document, DocumentItem
from tieout.domain.money import ZERO
from tieout.mirakl.values import amount, needed, text, utc
from tieout.mirakl.wire_documents import DocumentRequest, LineTax, RequestLine, RequestWithLines

ISSUED = "ISSUED"
"""State of a request whose document exists; before it there is none to book."""


def document_of_request(whole: RequestWithLines) -> Document | None:
    """A legal document; None while it is not issued. Raises Unreadable naming the field.

    Its type is what it is for and what it is, such as `FEES-CREDIT_NOTE`; a credit note is in the recipient's favour.
    """
    request = whole.request
    if needed(request.state, "state") != ISSUED:
        return None
    kind = needed(request.type, "type")
    cycle = request.entities.shop_billing_cycle if request.entities else None
    return Document(
        number=needed(text(request.document_number), "document_number"),
        type=f"{needed(request.entity_type, 'entity_type')}-{kind}",
        currency=needed(request.currency_iso_code, "currency_iso_code"),
        issued=utc(needed(request.issue_date, "issue_date")),
        net=amount(request.total_amount_excluding_taxes, "total_amount_excluding_taxes"),
        gross=amount(request.total_amount_including_taxes, "total_amount_including_taxes"),
        taxes=_totals(request),
        cycle=(text(cycle.id) if cycle else "") or None,
        items=tuple(_item(line) for line in whole.lines),
        is_credit=kind == "CREDIT_NOTE",
        shop=_shop(whole.lines),
    )


def _totals(request: DocumentRequest) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for tax in request.taxes or ():
        code = tax.code or ""
        totals[code] = totals.get(code, ZERO) + amount(tax.total_amount, "taxes[].total_amount")
    return totals


def _item(line: RequestLine) -> DocumentItem:
    taxes: dict[str, Decimal] = {}
    for tax in (*_taxes(line.taxes), *_taxes(line.shipping_taxes)):
        code = tax.code or ""
        taxes[code] = taxes.get(code, ZERO) + amount(tax.amount, "taxes[].amount")
    order_id = text(line.order.id) if line.order else ""
    return DocumentItem(
        description=line.description or line.entity_type or "",
        net=amount(line.price_excluding_taxes, "price_excluding_taxes") + (line.shipping_price_excluding_taxes or ZERO),
        taxes=taxes,
        order_id=order_id or None,
    )


def _taxes(taxes: list[LineTax] | None) -> list[LineTax]:
    return taxes or []


def _shop(lines: list[RequestLine]) -> str:
    for line in lines:
        if line.shop is not None and (shop := text(line.shop.id)):
            return shop
    return ""

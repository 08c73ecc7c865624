"""Bodies of what is made out of a sales order, an invoice or a return authorisation (REST transforms, 2026.1).

A transform takes every line that it is not told of, so each one is named: those that are not meant with a quantity of
0, or `itemReceive: false` where goods move. Its `orderLine` is the line's number on the source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Encoder

from tieout.domain.orders.sales_order import SHIPPING, SalesOrderLine, TaxDetail, TaxStrategy
from tieout.domain.returns.goods import ItemReceiptDraft, ReturnAuthorizationDraft
from tieout.domain.returns.refund import CreditMemoDraft
from tieout.domain.shipments.fulfilment import FulfilmentDraft, ShipStatus
from tieout.domain.shipments.invoice import InvoiceDraft
from tieout.netsuite.payloads import (
    CUSTOM_PRICE,
    KEY,
    LINE_ID,
    MARKETPLACE,
    ORDER_ID,
    SKU,
    Json,
    only_code,
    tax_detail,
    text,
)

APPROVED = {"id": "B"}
"""`orderStatus` of a return authorisation that goods may come back under."""

_encode = Encoder(decimal_format="number").encode


class Charged(Struct, frozen=True):
    """What an invoice and a credit memo have in common: lines by their number on the source, and the taxes."""

    lines: tuple[tuple[int | None, SalesOrderLine], ...]
    all_lines: tuple[int, ...]
    shipping_net: Decimal
    shipping_taxes: tuple[TaxDetail, ...]
    strategy: TaxStrategy


def fulfilment_body(draft: FulfilmentDraft) -> bytes:
    """Record `itemFulfillment`, shipped."""
    body = _head(draft.external_id, draft.key, draft.day, draft.memo)
    body["shipStatus"] = {"id": ShipStatus.SHIPPED.value}
    body["item"] = {"items": _goods(draft.quantities, draft.all_lines)}
    if draft.tracking_numbers:
        body["package"] = {"items": [{"packageTrackingNumber": number} for number in draft.tracking_numbers]}
    return _encode(body)


def invoice_body(draft: InvoiceDraft) -> bytes:
    """Record `invoice`: our amounts, our taxes, and our share of the shipping.

    Raises NeedsAttention(TAX_CODE_NOT_CONFIGURED) where a line has two taxes and the strategy allows one code a line.
    """
    body = _head(draft.external_id, draft.key, draft.day, _memo(draft.day, draft.original_day))
    body |= {ORDER_ID: draft.order_id, MARKETPLACE: draft.marketplace}
    charged = Charged(
        tuple((billed.order_line, billed.line) for billed in draft.lines),
        draft.all_lines,
        draft.shipping_net.amount,
        draft.shipping_taxes,
        draft.tax_strategy,
    )
    _charge(body, charged)
    return _encode(body)


def credit_memo_body(draft: CreditMemoDraft, owed: Decimal) -> bytes:
    """Record `creditMemo`, applied to the invoice as far as that is still `owed`. Raises as `invoice_body` does."""
    body = _head(draft.external_id, draft.key, draft.day, _memo(draft.day, draft.original_day))
    body |= {ORDER_ID: draft.order_id, MARKETPLACE: draft.marketplace}
    applied = min(owed, draft.gross.amount)
    if applied > 0:
        body["apply"] = {"items": [{"doc": {"id": draft.invoice_id}, "apply": True, "amount": applied}]}
    charged = Charged(
        tuple((credited.order_line, credited.line) for credited in draft.lines),
        draft.all_lines,
        draft.shipping_net,
        draft.shipping_taxes,
        draft.tax_strategy,
    )
    _charge(body, charged)
    return _encode(body)


def return_authorization_body(draft: ReturnAuthorizationDraft) -> bytes:
    """Record `returnAuthorization`, approved. It posts nothing: amounts and taxes are the sales order's."""
    body = _head(draft.external_id, draft.key, draft.day, draft.memo)
    body |= {ORDER_ID: draft.order_id, "orderStatus": APPROVED}
    lines: list[Json] = [{"orderLine": number, "quantity": units} for number, units in draft.quantities.items()]
    body["item"] = {"items": lines + _left_out(draft.all_lines, draft.quantities)}
    return _encode(body)


def item_receipt_body(draft: ItemReceiptDraft) -> bytes:
    """Record `itemReceipt`."""
    body = _head(draft.external_id, draft.key, draft.day, "")
    body["item"] = {"items": _goods(draft.quantities, draft.all_lines)}
    return _encode(body)


def _head(external_id: str, key: str, day: date, memo: str) -> Json:
    """The source's key would be taken over, so that ours is always written."""
    body: Json = {"externalId": external_id, KEY: key or external_id, "tranDate": day.isoformat()}
    if memo:
        body["memo"] = text(memo)
    return body


def _memo(day: date, original_day: date) -> str:
    return "" if day == original_day else f"Belongs to {original_day.isoformat()}"


def _goods(quantities: Mapping[int, int], all_lines: Collection[int]) -> list[Json]:
    lines: list[Json] = [
        {"orderLine": number, "itemReceive": True, "quantity": units} for number, units in quantities.items()
    ]
    return lines + [{"orderLine": number, "itemReceive": False} for number in all_lines if number not in quantities]


def _left_out(all_lines: Collection[int], taken: Collection[int]) -> list[Json]:
    return [{"orderLine": number, "quantity": 0} for number in all_lines if number not in taken]


def _charge(body: Json, charged: Charged) -> None:
    """Lines, shipping and taxes. The shipping is always said: NetSuite would take what the source has left of it."""
    items: list[Json] = []
    details: list[Json] = []
    override = charged.strategy is TaxStrategy.SUITETAX_OVERRIDE
    for number, line in charged.lines:
        item = _line(number, line)
        if override and line.taxes:
            item["taxDetailsReference"] = line.line_id
            details += [tax_detail(line.line_id, tax) for tax in line.taxes]
        elif charged.strategy is TaxStrategy.TAX_CODE and line.taxes:
            item["taxCode"] = {"externalId": only_code(line.taxes, line.line_id)}
        items.append(item)
    body["item"] = {"items": items + _left_out(charged.all_lines, _numbers(charged.lines))}
    body["shippingCost"] = charged.shipping_net
    if override:
        details += [tax_detail(SHIPPING, tax) for tax in charged.shipping_taxes]
        body["taxDetailsOverride"] = True
        body["taxDetails"] = {"items": details}
    elif charged.strategy is TaxStrategy.TAX_CODE and charged.shipping_taxes:
        body["shippingTaxCode"] = {"externalId": only_code(charged.shipping_taxes, SHIPPING)}


def _numbers(lines: Iterable[tuple[int | None, SalesOrderLine]]) -> set[int]:
    return {number for number, _ in lines if number is not None}


def _line(number: int | None, line: SalesOrderLine) -> Json:
    """A line of the source with our figures, or one of its own (no number), which has to say what it is of.

    No units: an amount without goods; NetSuite is left with the quantity that it finds.
    """
    item: Json = {"price": CUSTOM_PRICE}
    if number is not None:
        item["orderLine"] = number
    else:
        item |= {"item": {"id": line.item_id}, LINE_ID: line.line_id, SKU: line.sku}
    if line.quantity:
        item["quantity"] = line.quantity
    if line.gross is not None:
        item["grossAmt"] = line.gross
        return item
    item["amount"] = line.net
    if line.rate is not None:
        item["rate"] = line.rate
    return item

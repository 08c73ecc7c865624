"""Bodies of the NetSuite records that Tieout writes (REST record API, 2026.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.json import Encoder

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import ZERO
from tieout.domain.orders.order import Address
from tieout.domain.orders.sales_order import (
    SHIPPING,
    CustomerDraft,
    SalesOrder,
    SalesOrderLine,
    TaxDetail,
    TaxStrategy,
)

ORDER_ID = "custbody_tieout_order"
MARKETPLACE = "custbody_tieout_marketplace"
KEY = "custbody_tieout_key"
"""The external id as it would read without hashing."""
DEADLINE = "custbody_tieout_deadline"
COMMISSION = "custbody_tieout_commission"
SELLER = "custbody_tieout_seller"
VENDOR = "custbody_tieout_vendor"
LINE_ID = "custcol_tieout_line"
SKU = "custcol_tieout_sku"

BODY_FIELDS = (ORDER_ID, MARKETPLACE, KEY, DEADLINE, COMMISSION, SELLER, VENDOR)
LINE_FIELDS = (LINE_ID, SKU)

LONGEST_REFERENCE = 45
"""Characters of `otherRefNum`; `custbody_tieout_order` has the order id whole."""

CUSTOM_PRICE = {"id": "-1"}
"""The price level that keeps NetSuite from putting its own list price in the place of ours."""
PENDING_FULFILLMENT = {"id": "B"}

_FOUR_PLACES = Decimal("0.0001")
_encode = Encoder(decimal_format="number").encode

Json = dict[str, Any]


def sales_order_body(order: SalesOrder) -> bytes:
    """Record `salesOrder`.

    Raises NeedsAttention(TAX_CODE_NOT_CONFIGURED) where a line has two taxes and the strategy allows one code a line.
    """
    body: Json = {
        "externalId": order.external_id,
        "entity": {"externalId": order.customer.external_id},
        "currency": {"id": order.currency_id},
        "location": {"id": order.location_id},
        "tranDate": order.day.isoformat(),
        "orderStatus": PENDING_FULFILLMENT,
        "otherRefNum": order.order_id[:LONGEST_REFERENCE],
        "shippingAddress": _address(order.ship_to, order.country),
        ORDER_ID: order.order_id,
        MARKETPLACE: order.marketplace,
        KEY: f"T-{order.marketplace}-SO-{order.order_id}",
        COMMISSION: order.commission,
    }
    if order.subsidiary_id is not None:
        body["subsidiary"] = {"id": order.subsidiary_id}
    if order.custom_form is not None:
        body["customForm"] = {"id": order.custom_form}
    if order.bill_to is not None and order.bill_country is not None:
        body["billingAddress"] = _address(order.bill_to, order.bill_country)
    if order.deadline is not None:
        body[DEADLINE] = instant(order.deadline)
    if order.seller is not None:
        body[SELLER] = order.seller
    if order.vendor is not None:
        body[VENDOR] = order.vendor
    if order.shipping_net:
        body["shippingCost"] = order.shipping_net
    _put_lines(body, order)
    return _encode(body)


def customer_body(customer: CustomerDraft) -> bytes:
    """Record `customer`: a company, for the marketplace or for a buyer."""
    body: Json = {
        "externalId": customer.external_id,
        "isPerson": False,
        "companyName": text(customer.name),
        "currency": {"id": customer.currency_id},
    }
    if customer.subsidiary_id is not None:
        body["subsidiary"] = {"id": customer.subsidiary_id}
    return _encode(body)


def _put_lines(body: Json, order: SalesOrder) -> None:
    match order.tax_strategy:
        case TaxStrategy.SUITETAX_OVERRIDE:
            _put_overridden_taxes(body, order)
        case TaxStrategy.TAX_CODE:
            _put_tax_codes(body, order)
        case TaxStrategy.OTHER_CHARGE:
            body["item"] = {"items": [_line(line) for line in order.lines]}


def _put_overridden_taxes(body: Json, order: SalesOrder) -> None:
    """SuiteTax: Mirakl's amounts stand as tax details, and NetSuite computes none of its own."""
    items: list[Json] = []
    details: list[Json] = []
    for line in order.lines:
        item = _line(line)
        if line.taxes:
            item["taxDetailsReference"] = line.line_id
            details += [tax_detail(line.line_id, tax) for tax in line.taxes]
        items.append(item)
    details += [tax_detail(SHIPPING, tax) for tax in order.shipping_taxes]
    body["item"] = {"items": items}
    body["taxDetailsOverride"] = True
    body["taxDetails"] = {"items": details}


def _put_tax_codes(body: Json, order: SalesOrder) -> None:
    """Legacy tax: a code a line; NetSuite computes the amounts, and the total is compared afterwards."""
    items: list[Json] = []
    for line in order.lines:
        item = _line(line)
        if line.taxes:
            item["taxCode"] = {"externalId": only_code(line.taxes, line.line_id)}
        items.append(item)
    body["item"] = {"items": items}
    if order.shipping_taxes:
        body["shippingTaxCode"] = {"externalId": only_code(order.shipping_taxes, SHIPPING)}


def only_code(taxes: tuple[TaxDetail, ...], where: str) -> str:
    """The one tax code of a line. Raises NeedsAttention(TAX_CODE_NOT_CONFIGURED) where there are two."""
    codes = {tax.code for tax in taxes}
    if len(codes) > 1:
        facts = {"line": where, "tax_codes": ", ".join(sorted(codes)), "expected": "one tax code a line"}
        raise NeedsAttention(Reason.TAX_CODE_NOT_CONFIGURED, facts)
    return taxes[0].code


def _line(line: SalesOrderLine) -> Json:
    """Quantity and price. `grossAmt` makes NetSuite compute the amount out of it, so it goes alone (2026.1)."""
    item: Json = {
        "item": {"id": line.item_id},
        "quantity": line.quantity,
        "price": CUSTOM_PRICE,
        LINE_ID: line.line_id,
        SKU: line.sku,
    }
    if line.gross is not None:
        item["grossAmt"] = line.gross
        return item
    item["amount"] = line.net
    if line.rate is not None:
        item["rate"] = line.rate
    return item


def tax_detail(reference: str, tax: TaxDetail) -> Json:
    """A line of `taxDetails`, for the line or the shipping that bears this reference."""
    return {
        "taxDetailsReference": reference,
        "taxCode": {"externalId": tax.code},
        "taxBasis": tax.basis,
        "taxRate": _rate_shown(tax) if tax.rate is None else tax.rate,
        "taxAmount": tax.amount,
    }


def _rate_shown(tax: TaxDetail) -> Decimal:
    """NetSuite wants a rate beside the amount; where Mirakl gives none it is told from the amounts, which stand."""
    if not tax.basis:
        return ZERO
    return (tax.amount / tax.basis * 100).quantize(_FOUR_PLACES)


def _address(address: Address, country: str) -> Json:
    """An address of this order only (`override` stays off: NetSuite formats it). Empty fields are left out."""
    body: Json = {"country": {"id": country}}
    if address.company:
        body["addressee"] = text(address.company)
        if address.name:
            body["attention"] = text(address.name)
    elif address.name:
        body["addressee"] = text(address.name)
    if address.street_1:
        body["addr1"] = text(address.street_1)
    if address.street_2:
        body["addr2"] = text(address.street_2)
    if address.city:
        body["city"] = text(address.city)
    if address.state:
        body["state"] = text(address.state)
    if address.zip_code:
        body["zip"] = text(address.zip_code)
    if address.phone:
        body["addrPhone"] = text(address.phone)
    return body


def text(words: str) -> str:
    r"""A line break must arrive as the two characters `\n`, or NetSuite drops it."""
    if "\n" in words or "\r" in words:
        return words.replace("\r\n", "\\n").replace("\r", "\\n").replace("\n", "\\n")
    return words


def instant(moment: datetime) -> str:
    """A date and time as NetSuite takes it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

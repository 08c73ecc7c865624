"""Builders: an order in a line, with only what the rule at hand is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import json, structs

from tieout.domain.exchange import FetchedOrder
from tieout.domain.money import ZERO
from tieout.domain.orders.matching import Item
from tieout.domain.orders.order import DEAD_LINES, Address, Line, Order, TaxAmount
from tieout.domain.postings import version_of

CREATED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def an_item(itemid: str, item_id: str | None = None, **details: Any) -> Item:
    """An active stock item; its internal id defaults to `id-<itemid>`."""
    item = Item(id=item_id or f"id-{itemid}", itemid=itemid, upc="", kind="InvtPart", is_inactive=False)
    return structs.replace(item, **details)


def an_address(**details: Any) -> Address:
    """A delivery address in London."""
    address = Address(
        name="Ada Buyer",
        company="",
        street_1="1 High Street",
        street_2="",
        city="London",
        state="",
        zip_code="N1 1AA",
        country_iso3="GBR",
        phone="",
    )
    return structs.replace(address, **details)


def taxes_of(amount: str | Decimal | None, code: str = "VAT-GBR-20", rate: str | None = "20") -> tuple[TaxAmount, ...]:
    """One tax of an amount, or none."""
    if amount is None:
        return ()
    return (TaxAmount(code, Decimal(amount), Decimal(rate) if rate else None),)


def a_line(
    sku: str = "MUG",
    price: str | Decimal = "12.00",
    tax: str | Decimal | None = "2.00",
    *,
    quantity: int = 1,
    shipping: str | Decimal = "0",
    shipping_tax: str | Decimal | None = None,
    tax_code: str = "VAT-GBR-20",
    **details: Any,
) -> Line:
    """A line of an order that is on its way; `price` is the whole line's."""
    price, shipping = Decimal(price), Decimal(shipping)
    line = Line(
        line_id=f"line-{sku}",
        state="SHIPPING",
        sku=sku,
        title=sku.title(),
        quantity=quantity,
        unit_price=price / quantity if quantity else price,
        price=price,
        shipping_price=shipping,
        taxes=taxes_of(tax, tax_code),
        shipping_taxes=taxes_of(shipping_tax, tax_code),
        commission=ZERO,
    )
    return structs.replace(line, **details)


def an_order(order_id: str = "A-1", lines: Sequence[Line] | None = None, **details: Any) -> Order:
    """An order to be shipped: one mug for 12.00 GBP, 2.00 of it tax. Its total is the sum of its lines."""
    lines = tuple(lines if lines is not None else [a_line()])
    updated_at = details.pop("updated_at", CREATED)
    order = Order(
        marketplace="brightside",
        order_id=order_id,
        state="SHIPPING",
        version=version_of(updated_at),
        created_at=CREATED,
        updated_at=updated_at,
        currency="GBP",
        tax_included=True,
        total_price=sum((line.price + line.shipping_price for line in lines if line.state not in DEAD_LINES), ZERO),
        commission=ZERO,
        lines=lines,
        customer_id="buyer-1",
        customer_name="Ada Buyer",
        fulfilment_center="DEFAULT",
        deadline=None,
        ship_to=an_address(),
        bill_to=None,
        seller_id=2001,
        seller_name="Gift Shop",
        seller_reference=None,
    )
    return structs.replace(order, **details)


def waiting(order: Order) -> Order:
    """The same order, still to be accepted."""
    lines = tuple(structs.replace(line, state="WAITING_ACCEPTANCE") for line in order.lines)
    return structs.replace(order, state="WAITING_ACCEPTANCE", lines=lines)


def fetched(order: Order) -> FetchedOrder:
    """An order as a reading brings it; the bytes read back as the same order."""
    return FetchedOrder(order.order_id, order.updated_at, json.encode(order), order)


def read_back(raw: bytes) -> Order:
    """An order from its archived bytes."""
    return json.decode(raw, type=Order)

"""A Mirakl order in the words of the domain, amounts net of cancelations (OR11)."""

from __future__ import annotations

from datetime import datetime

from msgspec import DecodeError, ValidationError

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.exchange import FetchedOrder
from tieout.domain.orders.order import DEFAULT_FULFILMENT_CENTER, Address, Order
from tieout.domain.postings import version_of
from tieout.mirakl import wire
from tieout.mirakl.lines import lines_of
from tieout.mirakl.values import NEVER, Unreadable, amount, name_of_their_own, needed, shop_of, utc

TAX_MODES = {"TAX_INCLUDED": True, "TAX_EXCLUDED": False}


def unreadable(problem: str) -> NeedsAttention:
    """An order that a person must look at, with the field that is wrong; never with what stands in it."""
    return NeedsAttention(Reason.UNREADABLE_ORDER, {"problem": problem})


def fetched_order(raw: bytes, marketplace: str, shop_id: int | None) -> FetchedOrder:
    """An order of a page with its bytes. One that does not read is kept with its problem, so that it parks."""
    try:
        order = read_order(raw, marketplace, shop_id)
    except NeedsAttention as why:
        order_id, updated_at = _head(raw)
        return FetchedOrder(order_id, updated_at, raw, None, why.facts["problem"])
    return FetchedOrder(order.order_id, order.updated_at, raw, order)


def _head(raw: bytes) -> tuple[str, datetime]:
    """What names an unreadable order. Bytes without an id get one of their own: nothing is lost.

    Without a date it counts as older than anything, so that the mended order replaces it.
    """
    try:
        head = wire.ORDER_HEAD.decode(raw)
    except (ValidationError, DecodeError):
        head = wire.OrderHead()
    updated_at = head.last_updated_date
    return head.order_id or name_of_their_own(raw), utc(updated_at) if updated_at else NEVER


def read_order(raw: bytes, marketplace: str, shop_id: int | None) -> Order:
    """Order from the bytes OR11 gave. `shop_id` is the connection's; an operator's order names its own shop.

    Raises NeedsAttention(UNREADABLE_ORDER) naming the first field that is needed and missing, or does not read.
    """
    try:
        return _order(wire.ORDER.decode(raw), marketplace, shop_id)
    except (ValidationError, DecodeError, Unreadable) as error:
        raise unreadable(str(error)) from error


def _order(theirs: wire.Order, marketplace: str, shop_id: int | None) -> Order:
    order_id = needed(theirs.order_id, "order_id")
    tax_included = TAX_MODES.get(needed(theirs.order_tax_mode, "order_tax_mode"))
    if tax_included is None:
        raise Unreadable(f"order_tax_mode is {theirs.order_tax_mode!r}; expected one of {', '.join(TAX_MODES)}")
    if not theirs.order_lines:
        raise Unreadable("order_lines is missing")
    updated_at = utc(needed(theirs.last_updated_date, "last_updated_date"))
    customer = theirs.customer
    center = theirs.fulfillment.center if theirs.fulfillment else None
    return Order(
        marketplace=marketplace,
        order_id=order_id,
        state=needed(theirs.order_state, "order_state"),
        version=version_of(updated_at),
        created_at=utc(needed(theirs.created_date, "created_date")),
        updated_at=updated_at,
        currency=needed(theirs.currency_iso_code, "currency_iso_code"),
        tax_included=tax_included,
        total_price=amount(theirs.total_price, "total_price"),
        commission=amount(theirs.total_commission, "total_commission"),
        lines=lines_of(theirs.order_lines),
        # A buyer whom Mirakl does not identify is nobody else: the order's own id stands in.
        customer_id=(customer and customer.customer_id) or order_id,
        customer_name=_name(customer),
        fulfilment_center=(center and center.code) or DEFAULT_FULFILMENT_CENTER,
        deadline=utc(theirs.shipping_deadline) if theirs.shipping_deadline else None,
        ship_to=_address(customer.shipping_address) if customer else None,
        bill_to=_address(customer.billing_address) if customer else None,
        seller_id=shop_of(theirs.shop_id, shop_id),
        seller_name=theirs.shop_name or "",
        seller_reference=theirs.references.order_reference_for_seller if theirs.references else None,
        debited_at=utc(theirs.customer_debited_date) if theirs.customer_debited_date else None,
        payment_workflow=theirs.payment_workflow or "",
        tracking_number=theirs.shipping_tracking or "",
        taxed_as_a_whole=bool(theirs.order_taxes),
    )


def _name(person: wire.Customer | wire.Address | None) -> str:
    if person is None:
        return ""
    first, last = person.firstname, person.lastname
    return f"{first} {last}".strip() if first and last else (first or last or "").strip()


def _address(theirs: wire.Address | None) -> Address | None:
    if theirs is None:
        return None
    return Address(
        _name(theirs),
        theirs.company or "",
        theirs.street_1 or "",
        theirs.street_2 or "",
        theirs.city or "",
        theirs.state or "",
        theirs.zip_code or "",
        theirs.country_iso_code or "",
        theirs.phone or "",
    )

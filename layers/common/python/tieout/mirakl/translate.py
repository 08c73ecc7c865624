"""A Mirakl order in the words of the domain, amounts net of cancelations (OR11).

Whether Mirakl's `price` already has a partial cancelation off is not documented, and its official example says it has
not: quantities and amounts are netted here, and `Order.figures_agree` checks the outcome against Mirakl's own total.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from msgspec import DecodeError, ValidationError

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.exchange import FetchedOrder
from tieout.domain.money import ZERO
from tieout.domain.orders.order import DEFAULT_FULFILMENT_CENTER, Address, Line, Order, TaxAmount
from tieout.domain.postings import version_of
from tieout.mirakl import wire

TAX_MODES = {"TAX_INCLUDED": True, "TAX_EXCLUDED": False}
NO_TAXES: tuple[TaxAmount, ...] = ()
T = TypeVar("T")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


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
    order_id = head.order_id or f"NO-ID-{sha256(raw).hexdigest()[:16].upper()}"
    updated_at = head.last_updated_date
    return order_id, _utc(updated_at) if updated_at else _NEVER


def read_order(raw: bytes, marketplace: str, shop_id: int | None) -> Order:
    """Order from the bytes OR11 gave. `shop_id` is the connection's; an operator's order names its own shop.

    Raises NeedsAttention(UNREADABLE_ORDER) naming the first field that is needed and missing, or does not read.
    """
    try:
        theirs = wire.ORDER.decode(raw)
    except (ValidationError, DecodeError) as error:
        raise unreadable(str(error)) from error
    return order_for(theirs, marketplace, shop_id)


def order_for(theirs: wire.Order, marketplace: str, shop_id: int | None) -> Order:
    """The domain's order. Raises NeedsAttention(UNREADABLE_ORDER)."""
    order_id = _needed(theirs.order_id, "order_id")
    tax_included = TAX_MODES.get(_needed(theirs.order_tax_mode, "order_tax_mode"))
    if tax_included is None:
        raise unreadable(f"order_tax_mode is {theirs.order_tax_mode!r}; expected one of {', '.join(TAX_MODES)}")
    if not theirs.order_lines:
        raise unreadable("order_lines is missing")
    updated_at = _utc(_needed(theirs.last_updated_date, "last_updated_date"))
    customer = theirs.customer
    center = theirs.fulfillment.center if theirs.fulfillment else None
    return Order(
        marketplace=marketplace,
        order_id=order_id,
        state=_needed(theirs.order_state, "order_state"),
        version=version_of(updated_at),
        created_at=_utc(_needed(theirs.created_date, "created_date")),
        updated_at=updated_at,
        currency=_needed(theirs.currency_iso_code, "currency_iso_code"),
        tax_included=tax_included,
        total_price=_amount(theirs.total_price, "total_price"),
        commission=_amount(theirs.total_commission, "total_commission"),
        lines=tuple([_line(line, index) for index, line in enumerate(theirs.order_lines)]),
        # A buyer whom Mirakl does not identify is nobody else: the order's own id stands in.
        customer_id=(customer and customer.customer_id) or order_id,
        customer_name=_name(customer),
        fulfilment_center=(center and center.code) or DEFAULT_FULFILMENT_CENTER,
        deadline=_utc(theirs.shipping_deadline) if theirs.shipping_deadline else None,
        ship_to=_address(customer.shipping_address) if customer else None,
        bill_to=_address(customer.billing_address) if customer else None,
        seller_id=_seller(theirs.shop_id, shop_id),
        seller_name=theirs.shop_name or "",
        seller_reference=theirs.references.order_reference_for_seller if theirs.references else None,
    )


def _line(line: wire.OrderLine, index: int) -> Line:
    at = f"order_lines[{index}]"
    if line.cancelations is None:
        raise unreadable(f"{at}.cancelations is missing")
    plain = Line(
        line_id=_needed(line.order_line_id, f"{at}.order_line_id"),
        state=_needed(line.order_line_state, f"{at}.order_line_state"),
        sku=_needed(line.offer_sku, f"{at}.offer_sku"),
        title=line.product_title or "",
        quantity=_units(line.quantity, f"{at}.quantity"),
        unit_price=_amount(line.price_unit, f"{at}.price_unit"),
        price=_amount(line.price, f"{at}.price"),
        shipping_price=_amount(line.shipping_price, f"{at}.shipping_price"),
        taxes=_taxes(line.taxes, f"{at}.taxes") if line.taxes else NO_TAXES,
        shipping_taxes=_taxes(line.shipping_taxes, f"{at}.shipping_taxes") if line.shipping_taxes else NO_TAXES,
        commission=_amount(line.total_commission, f"{at}.total_commission"),
        fees=_fees(line.fees, f"{at}.fees") if line.fees else ZERO,
    )
    return _net(plain, line.cancelations, f"{at}.cancelations") if line.cancelations else plain


def _net(line: Line, cancelations: list[wire.Cancelation], at: str) -> Line:
    """The line less what was canceled. A cancelation may be of money only: its quantity is informative."""
    quantity, price, shipping, fees, commission = 0, ZERO, ZERO, ZERO, ZERO
    taxes: list[TaxAmount] = []
    shipping_taxes: list[TaxAmount] = []
    for index, each in enumerate(cancelations):
        where = f"{at}[{index}]"
        quantity += _units(each.quantity, f"{where}.quantity") if each.quantity is not None else 0
        price += _amount(each.amount, f"{where}.amount")
        shipping += _amount(each.shipping_amount, f"{where}.shipping_amount") if each.shipping_amount else ZERO
        fees += _fees(each.fees or [], f"{where}.fees")
        if each.commission_total_amount is not None:
            commission += _amount(each.commission_total_amount, f"{where}.commission_total_amount")
        taxes += _taxes(each.taxes or [], f"{where}.taxes")
        shipping_taxes += _taxes(each.shipping_taxes or [], f"{where}.shipping_taxes")
    return Line(
        line_id=line.line_id,
        state=line.state,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity - quantity,
        unit_price=line.unit_price,
        price=line.price - price,
        shipping_price=line.shipping_price - shipping,
        taxes=_less(line.taxes, taxes),
        shipping_taxes=_less(line.shipping_taxes, shipping_taxes),
        commission=line.commission - commission,
        fees=line.fees - fees,
        canceled=price + shipping,
    )


def _less(taxes: tuple[TaxAmount, ...], canceled: list[TaxAmount]) -> tuple[TaxAmount, ...]:
    """Taxes by code, less the canceled ones; a code that only a cancelation has stands as a negative amount."""
    if not canceled:
        return taxes
    left: dict[str, TaxAmount] = {}
    for sign, tax in (*((1, tax) for tax in taxes), *((-1, tax) for tax in canceled)):
        before = left.get(tax.code)
        amount = (before.amount if before else ZERO) + sign * tax.amount
        left[tax.code] = TaxAmount(tax.code, amount, before.rate if before else tax.rate)
    return tuple(left.values())


def _taxes(taxes: list[wire.Tax], at: str) -> tuple[TaxAmount, ...]:
    return tuple(
        [
            TaxAmount(_needed(tax.code, f"{at}[].code"), _amount(tax.amount, f"{at}[].amount"), _rate(tax, at))
            for tax in taxes
        ]
    )


def _rate(tax: wire.Tax, at: str) -> Decimal | None:
    return None if tax.rate is None else _amount(tax.rate, f"{at}[].rate")


def _fees(fees: list[wire.Fee], at: str) -> Decimal:
    total = ZERO
    for fee in fees:
        total += _amount(fee.amount, f"{at}[].amount")
    return total


def _needed(value: T | None, name: str) -> T:
    if value is None or value == "":
        raise unreadable(f"{name} is missing")
    return value


def _amount(value: Decimal | None, name: str) -> Decimal:
    if value is None:
        raise unreadable(f"{name} is missing")
    if not value.is_finite():
        raise unreadable(f"{name} is not a number")
    return value


def _units(value: Decimal | None, name: str) -> int:
    amount = _amount(value, name)
    units = int(amount)
    if units != amount or units < 0:
        raise unreadable(f"{name} is not a whole number of units")
    return units


def _utc(instant: datetime) -> datetime:
    """Mirakl answers in UTC; an offset is converted, and an instant that names none is taken as documented."""
    zone = instant.tzinfo
    if zone is UTC:
        return instant
    return instant.replace(tzinfo=UTC) if zone is None else instant.astimezone(UTC)


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


def _seller(theirs: int | str | None, ours: int | None) -> int | None:
    if theirs is None or theirs == "":
        return ours
    try:
        return int(theirs)
    except ValueError as error:
        raise unreadable("shop_id is not a number") from error

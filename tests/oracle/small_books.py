"""Small books by hand: orders of one line in everything that knows of them, and a fault of each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.ledger.line import Booked, Books, Cycle, Line, PayOut, Sold, SoldLine
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.money import ZERO

SHOP, CYCLE = "corner-shop", "cycle-1"
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
AS_OF = date(2026, 11, 30)
RULES = BookingRules(
    marketplace=SHOP,
    mode=Mode.RECORD_LEVEL,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, {role: role.value for role in Role}),),
)


class Order(Struct, frozen=True):
    """One order of one line, in everything that knows of it."""

    lines: tuple[Line, ...]
    sold: tuple[Sold, ...]
    booked: tuple[Booked, ...]


def an_order(number: int, pence: int, *, given_back: bool) -> Order:
    """Clean: charged, billed and, if so, given back in whole."""
    name, at = f"A-{number}", FIRST + timedelta(hours=number)
    net = Decimal(pence) / 100
    tax = (net / 5).quantize(Decimal("0.01"))
    fee = (net / 10).quantize(Decimal("0.01"))
    vat = (fee / 5).quantize(Decimal("0.01"))
    moves = {"ORDER_AMOUNT": net, "ORDER_AMOUNT_TAX": tax, "COMMISSION_FEE": -fee, "COMMISSION_VAT": -vat}
    back = {f"REFUND_{kind}": -amount for kind, amount in moves.items()} if given_back else {}
    sold = SoldLine(
        id=f"{name}-1",
        gross=net + tax,
        taxes={"VAT-20": tax},
        commission=fee,
        commission_tax=vat,
        state="RECEIVED",
        shipped_at=at,
        received_at=at,
        net_price=net,
    )
    invoice = Booked(
        external_id=f"INV-{name}",
        type="CustInvc",
        number=f"INV-{name}",
        day=at.date(),
        currency="GBP",
        total=net + tax,
        tax=tax,
        order_id=name,
    )
    memo = replace(invoice, external_id=f"CRM-{name}", type="CustCred", number=f"CRM-{name}", refund_id=f"R-{number}")
    return Order(
        lines=tuple(
            Line(
                id=f"{name}-{kind}",
                type=kind,
                amount=amount,
                currency="GBP",
                created=at,
                updated=at,
                state="PAYABLE",
                cycle=CYCLE,
                order_id=name,
                order_line_id=f"{name}-1",
                refund_id=f"R-{number}" if kind in back else None,
                tax_code="VAT-20" if "TAX" in kind else None,
            )
            for kind, amount in {**moves, **back}.items()
        ),
        sold=(
            Sold(
                id=name,
                currency="GBP",
                state="RECEIVED",
                created_at=at,
                lines=(sold,),
                tax_included=False,
            ),
        ),
        booked=(invoice, memo) if back else (invoice,),
    )


def changed(order: Order, place: int, **fields: object) -> Order:
    lines = list(order.lines)
    lines[place] = replace(lines[place], **fields)
    return replace(order, lines=tuple(lines))


def invoiced(order: Order, **fields: object) -> Order:
    first, *rest = order.booked
    return replace(order, booked=(replace(first, **fields), *rest))


def again(order: Order) -> Order:
    first, *rest = order.booked
    return replace(order, booked=(first, replace(first, external_id=f"{first.external_id}-2", number="2nd"), *rest))


def doubled(order: Order) -> Order:
    return replace(order, lines=(*order.lines, replace(order.lines[0], id=f"{order.lines[0].id}-again")))


FAULTS: dict[str, Callable[[Order], Order]] = {
    "none": lambda order: order,
    "never billed": lambda order: order if order.booked[1:] else replace(order, booked=()),
    "billed twice": again,
    "billed too much": lambda order: invoiced(order, total=order.booked[0].total + 7),
    "billed in other money": lambda order: invoiced(order, currency="EUR"),
    "other tax": lambda order: invoiced(order, tax=(order.booked[0].tax or ZERO) + 3),
    "found by its external id": lambda order: invoiced(
        order, order_id=None, external_id=f"T-{SHOP}-INV-{order.booked[0].order_id}"
    ),
    "found by nothing": lambda order: order if order.booked[1:] else invoiced(order, order_id=None, external_id="5001"),
    "billed a month late": lambda order: invoiced(order, day=date(2026, 10, 5)),
    "not in the log": lambda order: replace(order, lines=()),
    "nobody's": lambda order: replace(order, sold=(), booked=()),
    "commission of no sale": lambda order: replace(order, lines=order.lines[2:]),
    "doubled": doubled,
    "turned": lambda order: changed(order, 0, amount=-order.lines[0].amount),
    "tax inside the price": lambda order: replace(
        order,
        lines=(
            replace(order.lines[0], amount=order.lines[0].amount + order.lines[1].amount),
            *(line for line in order.lines[1:] if line.type != "ORDER_AMOUNT_TAX"),
        ),
    ),
    "charged too much": lambda order: changed(order, 2, amount=order.lines[2].amount - 2),
    "vat on fees too high": lambda order: changed(order, 3, amount=order.lines[3].amount - 1),
    "of an unknown type": lambda order: changed(order, 2, type="LOYALTY_SHARE"),
    "paid to the shop itself": lambda order: replace(
        order, sold=tuple(replace(each, direct_pay=True) for each in order.sold)
    ),
    "paid twice over": lambda order: invoiced(order, unpaid=-order.booked[0].total),
    "refund not booked": lambda order: replace(order, booked=order.booked[:1]),
    "refund not in the log": lambda order: replace(order, lines=order.lines[:4]),
    "commission kept": lambda order: replace(
        order, lines=tuple(line for line in order.lines if not line.type.startswith("REFUND_COMMISSION"))
    ),
}


def small_books(orders: Sequence[Order]) -> Books:
    """With the cycle that paid for the clean ones and the faulty alike."""
    lines = [line for order in orders for line in order.lines]
    return Books(
        marketplace=SHOP,
        lines=tuple(lines),
        cycles=(
            Cycle(
                id=CYCLE,
                currency="GBP",
                closed_at=FIRST + timedelta(days=20),
                to_seller=max(sum((line.amount for line in lines), ZERO), ZERO),
                to_operator=None,
                pay_out=PayOut(state="TO_PAY"),
            ),
        ),
        orders={sold.id: sold for order in orders for sold in order.sold},
        booked=tuple(each for order in orders for each in order.booked),
    )

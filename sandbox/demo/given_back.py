"""Whether both sides gave back the same money, closed the same lines, and took back the same goods."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.demo.books import (
    AUTHORIZATION,
    CREDIT_MEMO,
    DEAD,
    FULFILMENT,
    INVOICE,
    RECEIPT,
    ZERO,
    Life,
    Row,
    choice,
    lines_of,
    units_by_line,
)
from sandbox.demo.money import CENT, Gross, cents, document_gross, given_back, gross_of_line

REFUNDED = ("REFUNDED",)
_COMING_BACK = frozenset({"IN_PROGRESS", "RECEIVED", "CLOSED"})
_CAME_BACK = frozenset({"RECEIVED", "CLOSED"})


def billed(life: Life) -> Iterator[str]:
    """What is wrong with the invoices: one a fulfilment that left, together what the marketplace takes for them."""
    left, invoices = life.shipped(), life.of(INVOICE)
    for fulfilment in left:
        of_it = [one for one in invoices if str(one.get("externalId") or "").endswith(f"-INV-{fulfilment['id']}")]
        if len(of_it) != 1:
            yield f"{life}: fulfilment {fulfilment['id']} left and was billed {len(of_it)} times"
    total = sum((Decimal(one["total"]) for one in invoices), ZERO)
    least, most = _worth(life, units_by_line(left))
    if not least <= total <= most:
        wanted = f"{least:.2f}" if least == most else f"{least:.2f} to {most:.2f}"
        yield f"{life}: what left is worth {wanted} at the marketplace, NetSuite billed {total:.2f}"


def refunded(life: Life, opened: datetime) -> Iterator[str]:
    """What is wrong with the money given back: line by line, the delivery by order.

    What was given back before the day began may be credited or not: it was somebody else's to book.
    """
    units, shipping, lately = units_by_line(life.shipped()), ZERO, ZERO
    by_line: dict[str, Decimal] = {}
    delivery = ZERO
    for memo in life.of(CREDIT_MEMO):
        lines, rest = document_gross(memo)
        delivery += rest
        for line_id, gross in lines.items():
            by_line[line_id] = by_line.get(line_id, ZERO) + gross
    for line in life.lines:
        line_id = str(line["order_line_id"])
        credited = by_line.pop(line_id, ZERO)
        if not units.get(line_id):
            # It never left: there is nothing to credit, the line is closed instead.
            if credited:
                yield f"{life}: {line_id} never left, and NetSuite credits {credited:.2f} for it"
            continue
        back = given_back(life, line, states=REFUNDED)
        since = given_back(life, line, states=REFUNDED, since=opened)
        shipping, lately = shipping + back.shipping, lately + since.shipping
        if cents(credited) not in (cents(back.goods), cents(since.goods)):
            yield f"{life}: {line_id}: the marketplace refunded {back.goods:.2f}, NetSuite credited {credited:.2f}"
    others = sum(by_line.values(), ZERO)
    if others:
        yield f"{life}: NetSuite credits {others:.2f} for lines that the order does not have"
    if cents(delivery) not in (cents(shipping), cents(lately)):
        yield f"{life}: delivery is refunded {shipping:.2f} at the marketplace, credited {delivery:.2f} in NetSuite"


def on_its_way(life: Life) -> bool:
    """Whether money is still on its way back to the buyer."""
    refunds = [one for line in life.lines for one in line.get("refunds") or []]
    return any((one.get("refund_state") or one.get("state")) not in REFUNDED for one in refunds)


def closed(life: Life) -> Iterator[str]:
    """What is wrong with what will not be shipped: dead on one side and alive on the other."""
    order = life.sales_order
    if order is None:
        return
    units, packed = units_by_line(life.shipped()), units_by_line(life.of(FULFILMENT))
    standing = {str(line.get("custcol_tieout_line") or ""): line for line in lines_of(order)}
    over = choice(order, "status") in ("C", "H")
    for line in life.lines:
        line_id = str(line["order_line_id"])
        booked, shipped = standing.get(line_id), units.get(line_id, 0)
        stays = booked is not None and not booked.get("isClosed") and not over and int(booked["quantity"]) > shipped
        if _is_dead(life, line, shipped) and stays:
            yield f"{life}: {line_id} will not be shipped ({line['order_line_state']}), NetSuite still means to"
        if booked is not None and booked.get("isClosed"):
            # What is picked is on its way out, closed line or not.
            unshipped = int(booked["quantity"]) - packed.get(line_id, 0)
            if unshipped > 0 and not _is_given_up(life, line, unshipped):
                yield f"{life}: {line_id} is closed in NetSuite, {unshipped} unshipped; the marketplace waits for it"


def over(life: Life) -> Iterator[str]:
    """What is wrong with the sales order of another seller's order that the marketplace has closed."""
    order = life.sales_order
    if order is not None and life.order["order_state"] == "CLOSED":
        standing = [line for line in lines_of(order) if not line.get("isClosed")]
        if standing and choice(order, "status") not in ("C", "H"):
            yield f"{life}: the marketplace has closed it, NetSuite still has {len(standing)} lines open"


def returned(life: Life) -> Iterator[str]:
    """What is wrong with the goods that come back."""
    for back in life.returns:
        # An id that NetSuite might confuse with another is followed by a digest.
        ours = f"-RA-{back['id']}".lower()
        found = [one for one in life.of(AUTHORIZATION) if ours in str(one.get("externalId") or "").lower()]
        if back["state"] not in _COMING_BACK:
            continue
        if len(found) != 1:
            yield f"{life}: return {back['id']} has {len(found)} return authorisations"
            continue
        coming: dict[str, int] = {}
        for line in back["return_lines"]:
            line_id = str(line["order_line_id"])
            coming[line_id] = coming.get(line_id, 0) + int(line["quantity"])
        if units_by_line(found) != coming:
            yield f"{life}: return {back['id']} is of {coming}, its return authorisation of {units_by_line(found)}"
        if back["state"] in _CAME_BACK:
            receipts = [one for one in life.of(RECEIPT) if choice(one, "createdFrom") == str(found[0]["id"])]
            if units_by_line(receipts) != coming:
                yield f"{life}: return {back['id']} came in with {coming}, NetSuite received {units_by_line(receipts)}"


def _worth(life: Life, units: dict[str, int]) -> tuple[Decimal, Decimal]:
    """Least and most that the marketplace takes for what left; one figure where only whole lines have."""
    least = most = ZERO
    for line in life.lines:
        shipped, ordered = units.get(str(line["order_line_id"]), 0), int(line["quantity"])
        if not shipped:
            continue
        gross = _before_it_died(life, line)
        if shipped >= _units_of(line, ordered):
            least, most = least + gross.total, most + gross.total
        else:
            share = gross.goods * shipped / ordered
            least, most = least + cents(share) - CENT, most + cents(share) + CENT + gross.shipping
    return least, most


def _before_it_died(life: Life, line: Row) -> Gross:
    return gross_of_line(life, line | {"order_line_state": "SHIPPED"})


def _units_of(line: Row, ordered: int) -> int:
    return ordered - sum(int(one.get("quantity") or 0) for one in line.get("cancelations") or [])


def _is_dead(life: Life, line: Row, shipped: int) -> bool:
    """Refused, cancelled, or given back whole before any of it left."""
    if line["order_line_state"] in DEAD:
        return True
    back, whole = given_back(life, line, states=REFUNDED), _before_it_died(life, line)
    return not shipped and whole.total > 0 and back.total >= whole.total


def _is_given_up(life: Life, line: Row, unshipped: int) -> bool:
    if line["order_line_state"] in DEAD | {"REFUNDED"}:
        return True
    gone = [*(line.get("cancelations") or []), *(line.get("refunds") or [])]
    if sum(int(one.get("quantity") or 0) for one in gone) >= unshipped:
        return True
    whole, back = _before_it_died(life, line), given_back(life, line)
    return back.goods + CENT >= whole.goods * unshipped / int(line["quantity"]) > 0

"""How far an order, or a return, has come: what the documents made out of it have done of each line."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.netsuite.fulfilment_fields import PACKED, SHIPPED
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
Line = dict[str, Any]
# Services and charges are billed without being fulfilled.
_FULFILLABLE = ("InvtPart", "NonInvtPart", "Kit")


@dataclass(slots=True)
class Done:
    """Quantities of one line. `taken` is on any fulfilment, `shipped` on a Shipped one; `returned` is authorised."""

    taken: Decimal = ZERO
    packed: Decimal = ZERO
    shipped: Decimal = ZERO
    billed: Decimal = ZERO
    returned: Decimal = ZERO
    received: Decimal = ZERO


def done_of(store: Store, source: Record, *, besides: Record | None = None) -> Mapping[int, Done]:
    """By the source's line number; `besides` leaves one document out of the count."""
    done: dict[int, Done] = defaultdict(Done)
    kinds = ("itemFulfillment", "invoice", "creditMemo", "returnAuthorization", "itemReceipt")
    for made in store.made_from(source.id, *kinds):
        if besides is not None and made.id == besides.id:
            continue
        for line in made.sublists.get("item", []):
            if line.get("orderLine") is not None:
                _count(done[line["orderLine"]], made, line)
    return done


def _count(done: Done, made: Record, line: Line) -> None:
    quantity = line["quantity"]
    if made.kind == "itemFulfillment":
        status = made.values["shipStatus"]
        done.taken += quantity
        done.packed += quantity if status >= PACKED else ZERO
        done.shipped += quantity if status == SHIPPED else ZERO
    elif made.kind == "returnAuthorization":
        done.returned += ZERO if line.get("isClosed") else quantity
    elif made.kind == "itemReceipt":
        done.received += quantity
    else:
        done.billed += quantity


def is_fulfillable(line: Line) -> bool:
    return line.get("itemType") in _FULFILLABLE


def left_to_fulfil(line: Line, done: Done) -> Decimal:
    if line.get("isClosed") or not is_fulfillable(line):
        return ZERO
    ordered: Decimal = line["quantity"]
    return max(ZERO, ordered - done.taken)


def left_to_bill(line: Line, done: Done) -> Decimal:
    """Goods once they are shipped, also of a line closed since; anything else as soon as it is ordered."""
    if is_fulfillable(line):
        return max(ZERO, done.shipped - done.billed)
    return ZERO if line.get("isClosed") else max(ZERO, line["quantity"] - done.billed)


def mark_order(order: Record, done: Mapping[int, Done]) -> None:
    """Write onto a sales order what its lines have come to, and the status that follows."""
    lines = order.sublists.get("item", [])
    for line in lines:
        so_far = done.get(line["line"], Done())
        line |= {
            "quantityFulfilled": so_far.shipped,
            "quantityBilled": so_far.billed,
            "quantityPicked": so_far.taken,
            "quantityPacked": so_far.packed,
        }
        if is_fulfillable(line):
            line["itemIsFulfilled"] = so_far.shipped >= line["quantity"]
    order.values["status"] = order_status(order, done)


def order_status(order: Record, done: Mapping[int, Done]) -> str:
    """The letter of NetSuite's order status; C (cancelled) is given by a button no API has."""
    lines = order.sublists.get("item", [])
    each = [(line, done.get(line["line"], Done())) for line in lines]
    standing = [(line, so_far) for line, so_far in each if not line.get("isClosed")]
    unbilled = any(left_to_bill(line, so_far) > 0 for line, so_far in each)
    if not standing:
        return "F" if unbilled else "H"
    if order.values["orderStatus"] == "A":
        return "A"
    if not any(so_far.shipped or so_far.billed for _, so_far in each):
        return "B"
    if all(so_far.shipped >= line["quantity"] for line, so_far in standing if is_fulfillable(line)):
        return "F" if unbilled else "G"
    owed = any(is_fulfillable(line) and left_to_bill(line, so_far) > 0 for line, so_far in each)
    return "E" if owed else "D"


def mark_return(back: Record, done: Mapping[int, Done]) -> None:
    """Write onto a return authorisation what came back and what was credited, and the status that follows."""
    for line in back.sublists.get("item", []):
        so_far = done.get(line["line"], Done())
        line |= {"quantityReceived": so_far.received, "quantityBilled": so_far.billed}
    back.values["status"] = return_status(back, done)


def return_status(back: Record, done: Mapping[int, Done]) -> str:
    each = [(line, done.get(line["line"], Done())) for line in back.sublists.get("item", [])]
    standing = [(line, so_far) for line, so_far in each if not line.get("isClosed")]
    if not standing:
        return "H"
    if back.values["orderStatus"] == "A":
        return "A"
    owed = any(so_far.received > so_far.billed for _, so_far in each)
    if not any(so_far.received for _, so_far in each):
        return "B"
    if all(so_far.received >= line["quantity"] for line, so_far in standing if is_fulfillable(line)):
        return "F" if owed else "G"
    return "E" if owed else "D"

"""Whether what left on one side is known to have left on the other: once, with carrier and number, and in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import moment_of
from sandbox.demo.books import DEAD, FULFILMENT, Life, Row, is_ours, tracking_numbers, units_by_line

GONE = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
GIVEN_BACK = DEAD | {"REFUNDED"}


@dataclass(frozen=True)
class Promptness:
    """When the evening's day began, and how long a confirmation may take before a missed deadline is our fault."""

    opened: datetime
    grace: timedelta


def sellers_dispatch(life: Life, promptness: Promptness, *, in_parts: bool) -> Iterator[str]:
    """What is wrong with the confirmations of what NetSuite shipped."""
    left = [one for one in life.shipped() if not is_ours(one)]
    if _had_left_before(life, promptness.opened):
        return
    if in_parts:
        yield from _shipments(life, left, promptness)
    else:
        yield from _whole_order(life, left, promptness)


def operators_dispatch(life: Life) -> Iterator[str]:
    """What is wrong with the fulfilments of what other shops shipped."""
    if life.sales_order is None:
        return
    ours = [one for one in life.of(FULFILMENT) if is_ours(one)]
    gone = [one for one in life.shipments if one["status"] in GONE]
    if len(ours) > len(life.shipped()):
        yield f"{life}: {len(ours)} fulfilments were made, {len(life.shipped())} of them are Shipped"
    if gone:
        told: dict[str, int] = {}
        for shipment in gone:
            _add(told, shipment)
        numbers = {str((one.get("tracking") or {}).get("tracking_number") or "") for one in gone} - {""}
        if len(ours) != len(gone):
            yield f"{life}: {len(gone)} shipments left, NetSuite has {len(ours)} fulfilments of them"
    elif life.order["order_state"] in GONE:
        told = {
            str(line["order_line_id"]): int(line["quantity"])
            for line in life.lines
            if line["order_line_state"] not in DEAD and line.get("shipped_date")
        }
        numbers = {str(life.order.get("shipping_tracking") or "")} - {""}
    else:
        if ours:
            yield f"{life}: nothing left at the marketplace, NetSuite has {len(ours)} fulfilments"
        return
    if (booked := units_by_line(ours)) != told:
        yield f"{life}: {_units(told)} left, NetSuite's fulfilments have {_units(booked)}"
    known = {number for one in ours for number in tracking_numbers(one)}
    if numbers - known:
        yield f"{life}: NetSuite does not know tracking number {', '.join(sorted(numbers - known))}"


def _shipments(life: Life, left: list[Row], promptness: Promptness) -> Iterator[str]:
    gone = [one for one in life.shipments if one["status"] in GONE]
    told: dict[str, int] = {}
    for shipment in gone:
        _add(told, shipment)
    if (booked := units_by_line(left)) != told:
        yield f"{life}: NetSuite shipped {_units(booked)}, the marketplace was told {_units(told)}"
    for fulfilment in left:
        numbers = tracking_numbers(fulfilment)
        of_it = [one for one in gone if numbers & _numbers_of(one)]
        if numbers and not of_it:
            yield f"{life}: fulfilment {fulfilment['id']} is not confirmed under any of its tracking numbers"
        units: dict[str, int] = {}
        for shipment in of_it:
            _add(units, shipment)
        if of_it and units != units_by_line([fulfilment]):
            yield (
                f"{life}: fulfilment {fulfilment['id']} shipped {_units(units_by_line([fulfilment]))}, "
                f"confirmed {_units(units)}"
            )
        for shipment in of_it:
            tracking = shipment.get("tracking") or {}
            if not (tracking.get("carrier_code") or tracking.get("carrier_name")):
                yield f"{life}: shipment {shipment['id']} has no carrier"
            yield from _in_time(life, fulfilment, str(shipment.get("shipped_date") or ""), promptness)


def _whole_order(life: Life, left: list[Row], promptness: Promptness) -> Iterator[str]:
    """A platform that takes whole orders only is told when the last of them has left."""
    units = units_by_line(left)
    waiting = [
        line
        for line in life.lines
        if line["order_line_state"] not in GIVEN_BACK
        and units.get(str(line["order_line_id"]), 0) < _still_to_ship(line)
    ]
    state = str(life.order["order_state"])
    if state in GONE and (waiting or not left):
        if any(line.get("shipped_date") for line in life.lines):
            yield f"{life}: the marketplace was told {state}, NetSuite shipped {_units(units)} only"
        return
    if not left or waiting:
        return
    if state not in GONE and state not in DEAD:
        yield f"{life}: NetSuite shipped all of it, the marketplace has it {state}"
        return
    if state in DEAD:
        return
    numbers = {number for one in left for number in tracking_numbers(one)}
    tracking = str(life.order.get("shipping_tracking") or "")
    if numbers and not any(number in tracking for number in numbers):
        yield f"{life}: confirmed with tracking number {tracking!r}, NetSuite has {', '.join(sorted(numbers))}"
    if not (life.order.get("shipping_carrier_code") or life.order.get("shipping_company")):
        yield f"{life}: confirmed without a carrier"
    last = max(left, key=lambda one: str(one["lastModifiedDate"]))
    said = [str(line["shipped_date"]) for line in life.lines if line.get("shipped_date")]
    yield from _in_time(life, last, min(said, default=""), promptness)


def _in_time(life: Life, fulfilment: Row, said: str, promptness: Promptness) -> Iterator[str]:
    if not said:
        yield f"{life}: fulfilment {fulfilment['id']} is confirmed without a day"
        return
    shipped, confirmed = moment_of(fulfilment["lastModifiedDate"]), moment_of(said)
    if confirmed < shipped:
        yield f"{life}: fulfilment {fulfilment['id']} left {shipped:%d %H:%M}, and was confirmed {confirmed:%d %H:%M}"
    by = life.order.get("shipping_deadline")
    if not by or confirmed <= moment_of(by) or shipped + promptness.grace > moment_of(by):
        return
    yield f"{life}: left in time ({shipped:%d %H:%M}), confirmed after its deadline ({confirmed:%d %H:%M}) by our fault"


def _had_left_before(life: Life, opened: datetime) -> bool:
    """Shipped in an earlier life: whoever shipped it had told the marketplace."""
    dates = [line["shipped_date"] for line in life.lines if line.get("shipped_date")]
    return any(moment_of(one) < opened for one in dates)


def _still_to_ship(line: Row) -> int:
    """Units that are neither cancelled nor, as their refund says, given back."""
    gone = [*(line.get("cancelations") or []), *(line.get("refunds") or [])]
    return int(line["quantity"]) - sum(int(one.get("quantity") or 0) for one in gone)


def _numbers_of(shipment: Row) -> set[str]:
    said = str((shipment.get("tracking") or {}).get("tracking_number") or "")
    return {one.strip() for one in said.replace(";", ",").split(",")} - {""}


def _add(units: dict[str, int], shipment: Row) -> None:
    for line in shipment["shipment_lines"]:
        line_id = str(line["order_line_id"])
        units[line_id] = units.get(line_id, 0) + int(line["quantity"])


def _units(units: dict[str, int]) -> str:
    return ", ".join(f"{count} of {line_id}" for line_id, count in sorted(units.items())) or "nothing"

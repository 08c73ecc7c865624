"""What a marketplace is still to be told of a fulfilment, seen what it has already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import DEAD, SOLD, Order
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment
from tieout.domain.shipments.invoice import CHARGE
from tieout.domain.shipments.shipment import CANCELED, GONE, PREPARED, Shipment, ShippedLine

TO_SHIP = "SHIPPING"
TOLD_STATES = GONE | {PREPARED}
"""Shipment states in which nothing is left to be said."""
LONGEST_REFERENCE = 255
_PARCELS = " parcels: "


class Send(Struct, frozen=True):
    """These units are to be told."""

    lines: tuple[ShippedLine, ...]


class Told(Struct, frozen=True):
    """The marketplace knows, and not from us."""

    found: str


class Later(Struct, frozen=True):
    """The order cannot be shipped now and will be able to."""

    why: str


def units_of(fulfilments: Iterable[Fulfilment]) -> Counter[str]:
    """Units by order line over these fulfilments; one line may stand in several of them, and several times in one.

    A tax charge that was fulfilled along with the goods is none of the marketplace's lines.
    """
    units: Counter[str] = Counter()
    for fulfilment in fulfilments:
        for line in fulfilment.lines:
            if not line.line_id.startswith(CHARGE):
                units[line.line_id] += line.quantity
    return units


def lines_of(fulfilment: Fulfilment) -> tuple[ShippedLine, ...]:
    """A fulfilment's lines as a shipment has them: each order line once."""
    return tuple(ShippedLine(line_id, units) for line_id, units in units_of([fulfilment]).items() if units > 0)


def live_units(order: Order) -> dict[str, int]:
    """How many units of each line the marketplace's order still has."""
    return {line.line_id: line.quantity for line in order.live_lines}


def check_not_shipped_twice(shipped: Mapping[str, int], order: Order) -> None:
    """Raises NeedsAttention when more units of a line have left than the order has."""
    live = live_units(order)
    for line_id, units in shipped.items():
        if units > live.get(line_id, 0):
            raise NeedsAttention(
                Reason.SHIPPED_TWICE, {"line": line_id, "netsuite": str(units), "mirakl": str(live.get(line_id, 0))}
            )


def what_to_ship(
    fulfilment: Fulfilment, ours: str, order: Order | None, shipments: Sequence[Shipment]
) -> Send | Told | Later:
    """What is left to be told of a fulfilment, as none of the order's shipments is known to be its own.

    `ours` is how the references of all our shipments begin. Raises NeedsAttention where a person must decide.
    """
    if order is None:
        return Later("Mirakl does not list the order")
    if order.state in DEAD:
        raise NeedsAttention(Reason.NOT_SHIPPABLE, {"state": order.state})
    if order.state not in SOLD:
        return Later(f"the order is {order.state}")
    standing = [each for each in shipments if each.state != CANCELED]
    told = _units_in(each for each in standing if each.reference.startswith(ours))
    foreign = _units_in(each for each in standing if not each.reference.startswith(ours))
    wanted = units_of([fulfilment])
    check_not_shipped_twice({line_id: told[line_id] + units for line_id, units in wanted.items()}, order)
    if order.state != TO_SHIP:
        return Told(f"the order was {order.state} already")
    live = live_units(order)
    left = {line_id: max(0, live[line_id] - told[line_id] - foreign[line_id]) for line_id in wanted}
    lines = tuple(
        ShippedLine(line_id, min(units, left[line_id]))
        for line_id, units in wanted.items()
        if min(units, left[line_id])
    )
    return Send(lines) if lines else Told("somebody else had shipped these units already")


def is_refused_twice(fulfilment: Fulfilment, order: Order, shipments: Sequence[Shipment]) -> bool:
    """Whether Mirakl has no room for this fulfilment two times, so that a second copy of its shipment is refused."""
    live = live_units(order)
    shipped = _units_in(each for each in shipments if each.state != CANCELED)
    return any(
        live.get(line_id, 0) - shipped[line_id] < 2 * units
        for line_id, units in units_of([fulfilment]).items()
        if units
    )


def _units_in(shipments: Iterable[Shipment]) -> Counter[str]:
    units: Counter[str] = Counter()
    for shipment in shipments:
        for line in shipment.lines:
            units[line.line_id] += line.quantity
    return units


def with_parcels(reference: str, numbers: Sequence[str]) -> str:
    """A shipment's reference, followed by the numbers of its parcels where there are several, as far as they fit."""
    if len(numbers) < 2:  # noqa: PLR2004
        return reference
    text = reference + _PARCELS + numbers[0]
    for number in numbers[1:]:
        longer = f"{text}, {number}"
        if len(longer) > LONGEST_REFERENCE:
            break
        text = longer
    return text


def own_shipment(reference: str, shipments: Iterable[Shipment]) -> Shipment | None:
    """The shipment that stands for a reference; a cancelled one stands for nothing."""
    return next(
        (each for each in shipments if each.state != CANCELED and each.reference.partition(" ")[0] == reference), None
    )


def difference(sent: Sequence[FulfilledLine], now: Sequence[FulfilledLine]) -> dict[str, str]:
    """What changed between two versions of a fulfilment's lines, as `was -> is` by line id."""
    before, after = Counter[str](), Counter[str]()
    for lines, units in ((sent, before), (now, after)):
        for line in lines:
            units[line.line_id] += line.quantity
    return {
        line_id: f"{before[line_id]} -> {after[line_id]}"
        for line_id in sorted(before.keys() | after.keys())
        if before[line_id] != after[line_id]
    }

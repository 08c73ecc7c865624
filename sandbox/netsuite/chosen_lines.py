"""Which lines of a document a transform takes: every one with something left, unless the body says otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.netsuite.refusal import Refusal, invalid_value, missing_value, user_error
from sandbox.netsuite.store import Record

ZERO = Decimal(0)
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A line of the source, what the body says of it, and how many of it are taken."""

    source: Line
    sent: Line
    quantity: Decimal
    path: str


def chosen_lines(
    source: Record, sent: list[Line], left: Callable[[Line], Decimal | None], *, may_add: bool
) -> tuple[list[Chosen], list[Line]]:
    """The source's lines that are taken, and lines of the body's own.

    Lines are addressed by `orderLine`, the source's line number. `left` is how many of a line may be taken at most
    (None: any number). `itemReceive` false and a quantity of 0 leave a line out; a line that is not mentioned is taken
    with all that is left of it. Raises Refusal for a line the source does not have, or more than is left.
    """
    lines = {line["line"]: line for line in source.sublists.get("item", [])}
    named: dict[int, tuple[Line, str]] = {}
    added: list[Line] = []
    for place, line in enumerate(sent):
        path = f"item.items[{place}]"
        number = line.get("orderLine")
        if number is None:
            if not may_add:
                raise missing_value("orderLine")
            added.append(dict(line))
        elif number not in lines or number in named:
            raise invalid_value(number, "orderLine", f"{path}.orderLine")
        else:
            named[number] = line, path
    chosen = []
    for number, line in lines.items():
        said, path = named.get(number, ({}, ""))
        quantity = _quantity(line, said, left(line), path)
        if quantity > 0:
            chosen.append(Chosen(line, said, quantity, path))
    if not chosen and not added:
        raise user_error("You must have at least one valid line item for this transaction.")
    return chosen, added


def _quantity(line: Line, said: Line, most: Decimal | None, path: str) -> Decimal:
    if said.get("itemReceive") is False:
        return ZERO
    wanted: Decimal | None = said.get("quantity")
    if wanted is None:
        quantity: Decimal = line["quantity"] if most is None else most
        return quantity
    if wanted < 0:
        raise invalid_value(wanted, "quantity", f"{path}.quantity")
    if most is not None and wanted > most:
        raise too_many(wanted, most, f"{path}.quantity")
    return wanted


def too_many(wanted: Decimal, most: Decimal, path: str) -> Refusal:
    return user_error(f"The quantity {wanted} is more than the {most} that remain of this line.", path=path)

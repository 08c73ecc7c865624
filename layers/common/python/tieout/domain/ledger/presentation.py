"""Does the log show tax in lines of its own, or inside the price? It is read off the orders themselves."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.ledger.line import Line, Sold
from tieout.domain.money import ZERO

_PRICES = frozenset({"ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"})
_TAXES = frozenset({"ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT_TAX"})


class Presentation(StrEnum):
    """Where the tax of what is sold stands."""

    SPLIT = "split"
    """In lines of its own: prices are net."""
    EMBEDDED = "embedded"
    """Inside the price: prices are gross."""


class Reading(Struct, frozen=True):
    """What was read of a marketplace's log."""

    answer: Presentation | None
    """None where no order tells: none is taxed, or none is known."""
    odd: frozenset[str] = frozenset()
    """Cycles with order lines that say the opposite of the answer: a marketplace has one way, so these are held."""
    explanation: str = ""


def read_presentation(lines: Mapping[str, list[Line]], orders: Mapping[str, Sold]) -> Reading:
    """An order line whose prices alone are its gross is embedded; one that needs its tax lines is split.

    Others do not tell: they are not taxed, not complete, or a fault of theirs is found elsewhere.
    """
    prices: dict[tuple[str, str], Decimal] = {}
    taxes: dict[tuple[str, str], Decimal] = {}
    place: dict[tuple[str, str], str] = {}
    for cycle, found in lines.items():
        for line in found:
            kind = line.type
            if kind in _PRICES:
                sums = prices
            elif kind in _TAXES:
                sums = taxes
            else:
                continue
            key = (line.order_id or "", line.order_line_id or "")
            sums[key] = sums.get(key, ZERO) + line.amount
            place[key] = max(cycle, place.get(key, ""))
    split: list[tuple[str, str]] = []
    embedded: list[tuple[str, str]] = []
    for key, price in prices.items():
        sold = orders.get(key[0])
        line_sold = next((each for each in sold.lines if each.id == key[1]), None) if sold else None
        if line_sold is None or not any(line_sold.taxes.values()):
            continue
        tax = taxes.get(key, ZERO)
        if tax and price + tax == line_sold.gross:
            split.append(key)
        elif not tax and price == line_sold.gross:
            embedded.append(key)
    return _reading(split, embedded, place, any(taxes.values()))


def _reading(
    split: list[tuple[str, str]], embedded: list[tuple[str, str]], place: Mapping[tuple[str, str], str], taxed: bool
) -> Reading:
    if not split and not embedded:
        return Reading(Presentation.SPLIT if taxed else None)
    answer = Presentation.SPLIT if len(split) > len(embedded) else Presentation.EMBEDDED
    if not split or not embedded:
        return Reading(answer)
    fewer = embedded if answer is Presentation.SPLIT else split
    odd = frozenset(place[key] for key in fewer)
    if len(split) == len(embedded):
        odd = frozenset(place[key] for key in (*split, *embedded))
    words = (
        f"tax stands in lines of its own for {len(split)} order lines (such as {min(split)[1]}) and inside the price "
        f"for {len(embedded)} (such as {min(embedded)[1]}): a marketplace has one way"
    )
    return Reading(answer, odd, words)

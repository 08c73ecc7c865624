"""The key ladder: which order a document of NetSuite is of, by the first rung that tells (finance reference, §4.1).

A document that bears the order's id needs none of it. Below that each rung says less: an external id, another name of
the order, amount and day within orders that share a name, and at last parts that add up to an order of such a group. A
rung that fits two ways fits none: nobody is served by a guess.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.ids import external_id
from tieout.domain.ledger.line import Booked, Books, Sold
from tieout.domain.money import ZERO

INVOICES = frozenset({"CustInvc", "CashSale"})
MEMOS = frozenset({"CustCred", "CashRfnd"})
OF_ORDERS = INVOICES | MEMOS
NEAR = timedelta(days=3)
"""From the day an order left, or was made, to the day of its invoice."""
MOST_PARTS = 12
"""Documents of one commercial order among which parts are looked for: 4,083 sums, and few by chance."""


class Rung(StrEnum):
    """How a document was found to be an order's, in words; the lower, the less sure."""

    EXTERNAL_ID = "its external id"
    NAME = "another name of the order"
    AMOUNT = "its amount and day, alone among orders of one name"
    PARTS = "adding up to the order with others, in one way only"


CERTAIN = frozenset({Rung.EXTERNAL_ID, Rung.NAME})
"""Rungs on which the document itself says whose it is; below them that is worked out, and money is not moved by it."""


class Climbed(Struct, frozen=True, kw_only=True):
    """Documents that name their order, and how those were found that did not."""

    booked: tuple[Booked, ...]
    found: tuple[tuple[str, str, Rung], ...] = ()
    """Order id, number of the document and rung."""


def climb(
    books: Books,
    in_the_log: Callable[[Collection[str]], Collection[str]] | None = None,
    *,
    rungs: Collection[Rung] = frozenset(Rung),
) -> Climbed:
    """Give each document of an order that it does not name the order's id, and a credit memo its refund's.

    `in_the_log`: which of these orders any line names, for who has the lines elsewhere than in the books. `rungs`: all,
    or those that are CERTAIN.
    """
    loose = [each for each in books.booked if _is_loose(each, books.orders)]
    if loose:
        names = {each.order_id for each in loose if each.order_id}
        named = in_the_log(names) if in_the_log else {line.order_id for line in books.lines}
        loose = [each for each in loose if each.order_id not in named]
    if not loose:
        return Climbed(booked=books.booked)
    climbing = _Climbing(books)
    climbing.by_external_id(loose)
    climbing.by_name(loose)
    for invoices, orders in climbing.sharing(loose):
        if Rung.AMOUNT in rungs:
            climbing.by_amount(invoices, orders)
        if Rung.PARTS in rungs:
            climbing.by_parts(invoices, orders)
    return climbing.climbed()


def _is_loose(booked: Booked, orders: Mapping[str, Sold]) -> bool:
    return booked.type in OF_ORDERS and booked.order_id not in orders


class _Climbing:
    def __init__(self, books: Books) -> None:
        self._books = books
        self._orders = books.orders
        self._of: dict[int, tuple[str, Rung]] = {}
        """By identity of the document: its order and rung."""
        self._refund: dict[int, str] = {}
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        for order in books.orders.values():
            for name in order.references:
                self._names[name].add(order.id)
        self._billed = {each.order_id for each in books.booked if each.type in INVOICES and each.order_id}

    def by_external_id(self, loose: Iterable[Booked]) -> None:
        """`T-<marketplace>-INV-<order>`, or a predecessor's `tieout-<marketplace>-inv-<order>`, shipment behind it."""
        orders = _written(self._books.marketplace, "INV", self._orders)
        refunds = {
            refund.id: order.id for order in self._orders.values() for line in order.lines for refund in line.refunds
        }
        memos = _written(self._books.marketplace, "CM", refunds)
        for each in loose:
            if each.type in INVOICES:
                found = _named(each.external_id, self._books.marketplace, orders)
                if found is not None:
                    self._take(each, found, Rung.EXTERNAL_ID)
                continue
            refund = _named(each.external_id, self._books.marketplace, memos)
            if refund is not None:
                self._refund[id(each)] = refund
                self._take(each, refunds[refund], Rung.EXTERNAL_ID)

    def by_name(self, loose: Iterable[Booked]) -> None:
        """What it names, or its own number, is a name of exactly one order."""
        for each in loose:
            for name in (each.order_id, each.number):
                orders = self._names.get(name or "", set())
                if id(each) not in self._of and len(orders) == 1:
                    self._take(each, next(iter(orders)), Rung.NAME)

    def sharing(self, loose: Sequence[Booked]) -> Iterator[tuple[list[Booked], list[Sold]]]:
        """Invoices that name a commercial order of several orders, with those of its orders that have no invoice."""
        groups: defaultdict[str, list[Booked]] = defaultdict(list)
        for each in loose:
            if each.type in INVOICES and id(each) not in self._of:
                name = next((name for name in (each.order_id, each.number) if name and name in self._names), None)
                if name is not None:
                    groups[name].append(each)
        for name in sorted(groups):
            free = sorted(self._names[name] - self._billed)
            yield sorted(groups[name], key=_place), [self._orders[order_id] for order_id in free]

    def by_amount(self, invoices: list[Booked], orders: list[Sold]) -> None:
        """Same currency, gross and, within three days, day: one invoice for one order, and the other way round."""
        pairs = [(each, order) for each in invoices for order in orders if _fits(each, order)]
        of_invoice = Counter(id(each) for each, _ in pairs)
        of_order = Counter(order.id for _, order in pairs)
        for each, order in pairs:
            if of_invoice[id(each)] == 1 and of_order[order.id] == 1:
                self._take(each, order.id, Rung.AMOUNT)

    def by_parts(self, invoices: list[Booked], orders: list[Sold]) -> None:
        """Invoices of several shipments that together come to one order, in one way only."""
        left = [each for each in invoices if id(each) not in self._of]
        waiting = [order for order in orders if order.id not in self._billed and order.gross > ZERO]
        if len(left) > MOST_PARTS:
            return
        ways = {order.id: list(_adding_up(left, order)) for order in waiting}
        claimed = Counter(place for found in ways.values() for place in set().union(*found))
        for order in waiting:
            if len(ways[order.id]) == 1 and all(claimed[place] == 1 for place in ways[order.id][0]):
                for place in ways[order.id][0]:
                    self._take(left[place], order.id, Rung.PARTS)

    def _take(self, booked: Booked, order_id: str, rung: Rung) -> None:
        self._of[id(booked)] = order_id, rung
        if booked.type in INVOICES:
            self._billed.add(order_id)

    def climbed(self) -> Climbed:
        """The documents in the order in which they came."""
        found = []
        booked = []
        for each in self._books.booked:
            order_id, rung = self._of.get(id(each), (None, None))
            if order_id is None or rung is None:
                booked.append(each)
                continue
            refund_id = each.refund_id or self._refund.get(id(each))
            booked.append(replace(each, order_id=order_id, refund_id=refund_id))
            found.append((order_id, each.number or each.external_id, rung))
        return Climbed(booked=tuple(booked), found=tuple(sorted(found)))


def _written(marketplace: str, kind: str, ids: Collection[str]) -> dict[str, str]:
    """How a source stands in an external id, in capitals: as it is, or as ours are written where it has odd letters."""
    prefix = len(external_id(marketplace, kind, "X")) - 1
    as_ours = {external_id(marketplace, kind, each)[prefix:].upper(): each for each in ids}
    return as_ours | {each.upper(): each for each in ids}


def _named(told: str, marketplace: str, known: Mapping[str, str]) -> str | None:
    """The source that an external id names, whole or with something behind a dash."""
    found = re.fullmatch(rf"(?:T|TIEOUT)-{re.escape(marketplace.upper())}-[A-Z]+-(.+)", told.upper())
    parts = found[1].split("-") if found else []
    for length in range(len(parts), 0, -1):
        source = known.get("-".join(parts[:length]))
        if source is not None:
            return source
    return None


def _fits(invoice: Booked, order: Sold) -> bool:
    return (
        invoice.currency == order.currency
        and invoice.total == order.gross
        and any(abs(invoice.day - day) <= NEAR for day in _days(order))
    )


def _days(order: Sold) -> list[date]:
    shipped = [line.shipped_at.date() for line in order.lines if line.shipped_at]
    return shipped or ([order.created_at.date()] if order.created_at else [])


def _adding_up(invoices: Sequence[Booked], order: Sold) -> Iterator[tuple[int, ...]]:
    """Places of two or more invoices whose totals are the order's gross."""
    places = [place for place, each in enumerate(invoices) if each.currency == order.currency and each.total > ZERO]
    for size in range(2, len(places) + 1):
        for chosen in combinations(places, size):
            total: Decimal = sum((invoices[place].total for place in chosen), ZERO)
            if total == order.gross:
                yield chosen


def _place(booked: Booked) -> tuple[date, str, str, str]:
    return booked.day, booked.number, booked.external_id, booked.id

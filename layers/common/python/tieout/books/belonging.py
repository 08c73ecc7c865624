"""Which marketplace a document of NetSuite belongs to: by its own name first, by its order after that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tieout.domain.ledger.line import Booked, Books

_NOBODY: frozenset[str] = frozenset()


class Belonging:
    """`customers`: the marketplace's name as a customer of NetSuite, by marketplace."""

    def __init__(self, books: Mapping[str, Books], customers: Mapping[str, str]) -> None:
        self._books = books
        self._named = {name.upper(): name for name in books}
        self._named |= {customer.upper(): name for name, customer in customers.items() if name in books}
        self._prefixes = sorted(
            ((f"{who}-{name}-".upper(), name) for name in books for who in ("T", "TIEOUT")),
            key=lambda each: -len(each[0]),
        )
        self._cycles: dict[str, dict[str, set[str]]] = {}
        self._refunds: dict[str, set[str]] = {}
        for name, each in books.items():
            cycles: defaultdict[str, set[str]] = defaultdict(set)
            refunds: set[str] = set()
            for line in each.lines:
                if line.order_id and line.cycle:
                    cycles[line.order_id].add(line.cycle)
                if line.refund_id:
                    refunds.add(line.refund_id)
            self._cycles[name] = dict(cycles)
            self._refunds[name] = refunds

    def cycles_of(self, marketplace: str, order_id: str) -> frozenset[str]:
        """Cycles with lines of an order."""
        return frozenset(self._cycles[marketplace].get(order_id, _NOBODY))

    def of(self, booked: Booked) -> tuple[str, ...]:
        """The marketplace; none where nothing tells, several where its order is known at several."""
        external_id = booked.external_id.upper()
        for prefix, name in self._prefixes:
            if external_id.startswith(prefix):
                return (name,)
        if (named := self._named.get(booked.entity.upper())) is not None:
            return (named,)
        return tuple(name for name in self._books if self._knows(name, booked))

    def _knows(self, name: str, booked: Booked) -> bool:
        order_id = booked.order_id
        if order_id and (order_id in self._books[name].orders or order_id in self._cycles[name]):
            return True
        return booked.refund_id is not None and booked.refund_id in self._refunds[name]

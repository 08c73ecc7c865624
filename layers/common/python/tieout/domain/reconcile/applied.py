"""Invoices that our own payments settle (I12): one that NetSuite still shows as open was not paid by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code


class Applied:
    """What payments of ours apply to the invoices that are still open: few, however many were ever paid.

    Invoices whose open amount was not asked for say nothing.
    """

    def __init__(self, marketplace: str, booked: Iterable[Booked]) -> None:
        self._marketplace = marketplace
        self._open = [each for each in booked if each.type == "CustInvc" and each.unpaid]
        self._names = {_name(each) for each in self._open}
        self._paid: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self._cycles: defaultdict[str, set[str]] = defaultdict(set)

    def __bool__(self) -> bool:
        """Whether any invoice is open."""
        return bool(self._open)

    def take(self, record: Record) -> None:
        """A record that is in NetSuite: an invoice whose cycle is not booked yet is open, and rightly so."""
        if record.type is not RecordType.CUSTOMER_PAYMENT:
            return
        for application in record.applications:
            name = application.external_id or application.id or application.number
            if name in self._names:
                self._paid[name] += application.amount
                self._cycles[name].add(record.cycle)

    def look_again(self, booked: Iterable[Booked]) -> None:
        """What is open of these documents now: they were asked for before the payments that were taken since."""
        now = {_name(each): each for each in booked if each.type == "CustInvc"}
        self._open = [now.get(_name(each), each) for each in self._open]

    def breaks(self) -> Iterator[Break]:
        """By order, what is open of its invoices beyond what the payments leave."""
        by_order: defaultdict[tuple[str, str], list[tuple[Booked, Decimal]]] = defaultdict(list)
        for invoice in self._open:
            name = _name(invoice)
            if name in self._paid and invoice.unpaid is not None:
                over = invoice.unpaid - max(invoice.total - self._paid[name], ZERO)
                if over > 0:
                    by_order[invoice.order_id or name, invoice.currency].append((invoice, over))
        for (order_id, currency), found in sorted(by_order.items()):
            yield self._break(order_id, currency, found)

    def _break(self, order_id: str, currency: str, found: list[tuple[Booked, Decimal]]) -> Break:
        what = ", ".join(
            f"{invoice.number or invoice.external_id}: {Money(over, currency)} of {Money(invoice.total, currency)}"
            for invoice, over in found
        )
        advice = ADVICE[Code.UNDER_APPLIED]
        return Break(
            code=Code.UNDER_APPLIED,
            key=order_id,
            marketplace=self._marketplace,
            currency=currency,
            amount=sum((over for _, over in found), ZERO),
            order_id=found[0][0].order_id,
            cycle=min(cycle for invoice, _ in found for cycle in self._cycles[_name(invoice)]),
            day=min(invoice.day for invoice, _ in found),
            explanation=advice.explanation.format(what=what),
            proposal=advice.proposal,
        )


def _name(invoice: Booked) -> str:
    return invoice.external_id or invoice.id or invoice.number

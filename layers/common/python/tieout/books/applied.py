"""Invoices that our own payments settle (I12): one that NetSuite still shows as open was not paid by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from tieout.domain.ledger.line import Booked, Books
from tieout.domain.ledger.proof import Settled
from tieout.domain.ledger.record import RecordType
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code


def under_applied(
    books: Iterable[Books],
    rules: Mapping[str, BookingRules],
    settled: Callable[[Books, BookingRules], Settled] = settle,
) -> list[Break]:
    """Invoices of which more is open than the payments that NetSuite holds of ours leave.

    Only payments that are there count: an invoice whose cycle is not booked yet is open, and rightly so. Invoices whose
    open amount was not asked for say nothing.
    """
    return [found for each in books for found in _of(each, rules[each.marketplace], settled)]


def _of(books: Books, rules: BookingRules, settled: Callable[[Books, BookingRules], Settled]) -> Iterator[Break]:
    invoices = [each for each in books.booked if each.type == "CustInvc" and each.unpaid]
    if not invoices:
        return
    there = {each.external_id.upper() for each in books.booked if each.type != "CustInvc" and each.external_id}
    if not any(each.startswith(f"T-{books.marketplace}-".upper()) for each in there):
        return
    paid: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    cycles: defaultdict[str, set[str]] = defaultdict(set)
    for record in settled(books, rules).records:
        if record.type is RecordType.CUSTOMER_PAYMENT and record.external_id.upper() in there:
            for application in record.applications:
                key = application.external_id or application.id or application.number
                paid[key] += application.amount
                cycles[key].add(record.cycle)
    open_by_order: defaultdict[tuple[str, str], list[tuple[Booked, Decimal, set[str]]]] = defaultdict(list)
    for invoice in invoices:
        key = invoice.external_id or invoice.id or invoice.number
        if key not in paid or invoice.unpaid is None:
            continue
        over = invoice.unpaid - max(invoice.total - paid[key], ZERO)
        if over > 0:
            open_by_order[invoice.order_id or key, invoice.currency].append((invoice, over, cycles[key]))
    for (order_id, currency), found in sorted(open_by_order.items()):
        what = ", ".join(
            f"{invoice.number or invoice.external_id}: {Money(over, currency)} of {Money(invoice.total, currency)}"
            for invoice, over, _ in found
        )
        advice = ADVICE[Code.UNDER_APPLIED]
        yield Break(
            code=Code.UNDER_APPLIED,
            key=order_id,
            marketplace=books.marketplace,
            currency=currency,
            amount=sum((over for _, over, _ in found), ZERO),
            order_id=found[0][0].order_id,
            cycle=min(set().union(*(each for _, _, each in found))),
            day=min(invoice.day for invoice, _, _ in found),
            explanation=advice.explanation.format(what=what),
            proposal=advice.proposal,
        )

"""Invoices that our own payments settle (I12): one that is still open was not paid by them."""

from collections import defaultdict
from decimal import Decimal

from tests.oracle.corrected import ZERO, Finding
from tests.oracle.ledger_by_hand import LedgerByHand, is_memo, month_of, proven
from tieout.domain.ledger.types import Group, rule_of


def applied_findings(books, rules):
    """UNDER_APPLIED of orders with one invoice: more of it is open than the payments that NetSuite holds leave.

    A payment takes in what a cycle sold in a month of orders that were billed by then; an order that was billed later
    has one of its own.
    """
    hand, standing = LedgerByHand(books, rules), proven(books)
    there = {each.external_id.upper() for each in books.booked if each.type != "CustInvc"}
    invoices = defaultdict(list)
    for each in books.booked:
        if each.type == "CustInvc" and each.order_id:
            invoices[each.order_id].append(each)
    for order_id, ours in invoices.items():
        if len(ours) > 1 or not ours[0].unpaid:
            continue
        paid = ZERO
        for cycle in books.cycles:
            sales = of_order(hand, order_id, cycle) if cycle.id in standing else {}
            for name, amount in sales.items():
                if amount > 0 and any(each.startswith(f"T-{books.marketplace}-{name}".upper()) for each in there):
                    paid += amount
        over = ours[0].unpaid - max(ours[0].total - paid, ZERO)
        if paid and over > 0:
            yield Finding("UNDER_APPLIED", order_id, over)


def of_order(hand, order_id, cycle):
    """Its goods in a cycle, by how the payment's external id begins."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in hand.books.lines:
        rule = rule_of(line.type)
        if line.order_id != order_id or line.cycle != cycle.id or rule is None or is_memo(line):
            continue
        if rule.group is Group.SALE and hand.is_invoiced(line, cycle):
            sums[f"PMT-{cycle.id}-{month_of(line, cycle, hand.rules.time_zone):%Y-%m}-"] += line.amount
        elif rule.group in {Group.SALE, Group.REFUND} and not hand.is_invoiced(line, cycle):
            sums[f"REL-{order_id}-{cycle.id}"] += line.amount
    return sums

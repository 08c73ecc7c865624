"""Faults of NetSuite's documents, of the operator's documents and of its cycles."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sandbox.months.booking import tax_of
from sandbox.months.faults import fault
from sandbox.months.log import new_id
from sandbox.months.model import Booked, Fault, Order, Shop
from sandbox.months.money import tax_within

OfShop = Callable[[random.Random, Shop], Fault | None]


def invoice_of(shop: Shop, order: Order) -> Booked | None:
    """The order's only invoice, if no fault has touched it."""
    mine = [each for each in shop.booked_of.get(order.id, []) if each.type == "CustInvc" and not each.gone]
    return mine[0] if len(mine) == 1 and not mine[0].touched else None


def _memo(shop: Shop, order: Order) -> Booked | None:
    mine = (each for each in shop.booked_of.get(order.id, []) if each.type == "CustCred" and not each.touched)
    return next((each for each in mine if not each.gone), None)


def invoice_lost(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    invoice = invoice_of(shop, order)
    if invoice is None or order.kind != "plain" or _memo(shop, order):
        return None
    invoice.gone = True
    return fault(shop, "MISSING_IN_NS", order.id, invoice.total, "invoice_lost", order)


def invoice_doubled(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    invoice = invoice_of(shop, order)
    if invoice is None:
        return None
    invoice.touched = True
    shop.add_booked(replace(invoice, external_id=f"{invoice.external_id}-2", number=f"{invoice.number}B"))
    return fault(shop, "DUPLICATE_NS", order.id, invoice.total, "invoice_doubled", order)


def invoice_total_differs(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """The price is wrong; the tax follows it, or does not."""
    invoice = invoice_of(shop, order)
    if invoice is None or invoice.total < 10:
        return None
    delta = dice.choice((1, 500, 1_234, dice.randrange(2, 5_000))) * dice.choice((1, 1, -1))
    delta = delta if delta > -invoice.total // 2 else 1
    rates = {sum(tax.rate for tax in line.taxes) for line in order.lines}
    if len(rates) == 1 and order.kind != "remitted" and dice.random() < 0.5:
        invoice.tax += tax_within(delta, rates.pop())
    invoice.total += delta
    invoice.touched = True
    return fault(shop, "AMOUNT_DIFF", order.id, delta, "invoice_total_differs", order)


def invoice_tax_differs(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """The wrong tax code: the total is right."""
    invoice = invoice_of(shop, order)
    amounts = sum(len(line.taxes) + len(line.shipping_taxes) for line in order.lines)
    if invoice is None or order.kind == "remitted" or order.rounded_by or abs(invoice.tax) // 2 <= amounts + 2:
        return None
    part = tax_of(order) // dice.choice((2, 2, 1))
    delta = part if part > amounts + 2 else invoice.tax // 2
    invoice.tax -= delta
    invoice.touched = True
    return fault(shop, "TAX_DIFF", order.id, delta, "invoice_tax_differs", order)


def invoice_in_the_next_month(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    mine = [each for each in shop.booked_of.get(order.id, []) if each.type == "CustInvc" and not each.gone]
    if len(mine) != 1:
        return None
    invoice = mine[0]
    first = (invoice.day.replace(day=1) + timedelta(days=32)).replace(day=1)
    invoice.day = first + timedelta(days=dice.randrange(5))
    return fault(shop, "TIMING_CUTOFF", order.id, invoice.total, "invoice_in_the_next_month", order)


def invoice_in_another_currency(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    invoice = invoice_of(shop, order)
    if invoice is None or _memo(shop, order):
        return None
    invoice.currency = dice.choice([each for each in ("USD", "CHF") if each != invoice.currency])
    invoice.touched = True
    return fault(shop, "CURRENCY_MISMATCH", order.id, invoice.total, "invoice_in_another_currency", order)


def credit_memo_lost(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    memo = _memo(shop, order)
    if memo is None or memo.refund_id is None or not memo.total:
        return None
    memo.gone = True
    return fault(shop, "REFUND_UNMATCHED", memo.refund_id, memo.total, "credit_memo_lost", order)


def credit_memo_doubled(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    memo = _memo(shop, order)
    if memo is None or memo.refund_id is None or not memo.total:
        return None
    memo.touched = True
    shop.add_booked(replace(memo, external_id=f"{memo.external_id}-2", number=f"{memo.number}B"))
    return fault(shop, "DUPLICATE_NS", memo.refund_id, memo.total, "credit_memo_doubled", order)


def credit_for_no_refund(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """Goodwill that nobody told the marketplace of; what buyers paid to the shop itself is not its business."""
    invoice = invoice_of(shop, order)
    if invoice is None or invoice.total < 50 or order.kind in {"remitted", "direct"}:
        return None
    total = dice.randrange(10, invoice.total // 2)
    refund = f"RC{order.number}-X"
    shop.add_booked(
        Booked(
            external_id=f"tieout-{shop.market.name}-cm-{refund}",
            type="CustCred",
            number=f"CM{refund}",
            day=order.received.date(),
            currency=shop.market.currency,
            order_id=order.id,
            total=-total,
            tax=-(total // 6),
            status="open",
            refund_id=refund,
            touched=True,
        )
    )
    return fault(shop, "CREDIT_WITHOUT_REFUND", refund, total, "credit_for_no_refund", order)


# Of a document or a cycle: no order is concerned.


def document_net_differs(dice: random.Random, shop: Shop) -> Fault | None:
    papers = [paper for paper in shop.papers if not paper.touched]
    if not papers:
        return None
    paper = dice.choice(papers)
    delta = dice.randrange(3, 900)
    paper.net += delta
    paper.touched = True
    return fault(shop, "DOC_NOT_TIED", paper.number, delta, "document_net_differs")


def document_vat_differs(dice: random.Random, shop: Shop) -> Fault | None:
    papers = [paper for paper in shop.papers if not paper.touched and paper.vat and paper.type == "AUTO_INVOICE"]
    if not papers:
        return None
    paper = dice.choice(papers)
    lines = sum(1 for entry in shop.entries if entry.document == paper.number and entry.shop_tax)
    delta = lines * 2 + dice.randrange(100, 900)
    paper.vat = paper.log_vat + delta
    paper.touched = True
    return fault(shop, "DOC_NOT_TIED", paper.number, delta, "document_vat_differs")


def manual_credit_counted_twice(dice: random.Random, shop: Shop) -> Fault | None:
    """Once as a credit note of its own, once more with the next invoice."""
    entry = next((each for each in shop.entries if each.type == "MANUAL_CREDIT" and not each.touched), None)
    if entry is None or entry.document is None:
        return None
    if any(paper.touched for paper in shop.papers if paper.number == entry.document):
        return None
    entry.touched = True
    shop.entries.append(replace(entry, id=new_id(dice)))
    return fault(shop, "DUPLICATE_TL", entry.document, entry.amount, "manual_credit_counted_twice")


def bucket_differs(dice: random.Random, shop: Shop) -> Fault | None:
    """A total of the cycle's summary is not the sum of its lines."""
    cycle = shop.cycles[0]
    name = dice.choice(("total_commissions_excl_tax", "total_payable_orders_excl_tax"))
    delta = dice.randrange(2, 5_000)
    cycle.summary[name] += delta
    return fault(shop, "CYCLE_NOT_TIED", cycle.id, delta, "bucket_differs")


def transfer_differs(dice: random.Random, shop: Shop) -> Fault | None:
    """The operator will pay another amount than the lines come to."""
    cycle = shop.cycles[-1]
    delta = dice.randrange(2, 5_000)
    if not cycle.to_seller:
        return None
    cycle.to_seller += delta
    return fault(shop, "CYCLE_NOT_TIED", cycle.id, delta, "transfer_differs")


def payout_differs(dice: random.Random, shop: Shop) -> Fault | None:
    """What was paid is not what the cycle says."""
    place, cycle = 1, shop.cycles[1]
    payment = next((e for e in shop.entries if e.type == "PAYMENT" and e.cycle == place), None)
    if payment is None or payment.amount > -20:
        return None
    delta = dice.randrange(2, min(5_000, -payment.amount // 2))
    payment.amount += delta
    return fault(shop, "PAYOUT_DIFF", cycle.id, delta, "payout_differs")


def reserve_differs(dice: random.Random, shop: Shop) -> Fault | None:
    """The operator holds another reserve than it funded."""
    shop.reserve_off = dice.choice((1, -1)) * dice.randrange(5, 5_000)
    return fault(shop, "RESERVE_DIFF", str(shop.market.shop), shop.reserve_off, "reserve_differs")


def payout_failed(_dice: random.Random, shop: Shop) -> Fault | None:
    cycle = shop.cycles[-1]
    if not cycle.to_seller:
        return None
    cycle.state, cycle.failure = "FAILED", "INCOMPLETE_KYC"
    return fault(shop, "PAYOUT_FAILED", cycle.id, cycle.to_seller, "payout_failed")

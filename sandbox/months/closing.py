"""How the operator closes a month: balances, summaries, transfers, payouts, and an invoice for its fees by cycle."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta

from sandbox.months.log import new_id
from sandbox.months.model import Cycle, Entry, Paper, Shop
from sandbox.months.money import half_up

BUCKETS: dict[str, str] = {
    "ORDER_AMOUNT": "payable_orders",
    "ORDER_SHIPPING_AMOUNT": "payable_orders",
    "ORDER_FEE_AMOUNT": "fee",
    "REFUND_ORDER_AMOUNT": "refund_payable_orders",
    "REFUND_ORDER_SHIPPING_AMOUNT": "refund_payable_orders",
    "COMMISSION_FEE": "commissions",
    "REFUND_COMMISSION_FEE": "refund_commissions",
    "SUBSCRIPTION_FEE": "subscription",
    "SELLER_FEE_ON_ORDER": "seller_fees_on_orders",
    "SELLER_PENALTY_FEE": "seller_penalty_fees",
    "MANUAL_CREDIT": "other_credits",
    "MANUAL_INVOICE": "other_invoices",
    "OPERATOR_REMITTED_ORDER_FEE_AMOUNT": "fee_operator_remitted",
    "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT": "operator_paid_shipping_charges",
}
"""Total of a cycle's summary that a type counts in; its tax counts in the total with tax only."""
_TAX_OF = {
    "COMMISSION_VAT": "COMMISSION_FEE",
    "REFUND_COMMISSION_VAT": "REFUND_COMMISSION_FEE",
    "SUBSCRIPTION_VAT": "SUBSCRIPTION_FEE",
    "MANUAL_CREDIT_VAT": "MANUAL_CREDIT",
    "MANUAL_INVOICE_VAT": "MANUAL_INVOICE",
}
REMITTED = {
    "OPERATOR_REMITTED_ORDER_AMOUNT_TAX": "operator_remitted_taxes",
    "OPERATOR_REMITTED_ORDER_SHIPPING_AMOUNT_TAX": "operator_remitted_taxes",
    "OPERATOR_REMITTED_REFUND_ORDER_AMOUNT_TAX": "refund_operator_remitted_taxes",
    "OPERATOR_REMITTED_REFUND_ORDER_SHIPPING_AMOUNT_TAX": "refund_operator_remitted_taxes",
}
TWOFOLD = (
    "commissions", "fee", "fee_operator_remitted", "non_payable_orders", "operator_paid_shipping_charges",
    "other_credits", "other_invoices", "payable_orders", "refund_commissions", "refund_fee",
    "refund_fee_operator_remitted", "refund_non_payable_orders", "refund_operator_paid_shipping_charges",
    "refund_orders", "refund_payable_orders", "seller_fees_on_orders", "seller_penalty_fees", "subscription",
)  # fmt: skip
SINGLE = ("operator_remitted_taxes", "purchase_taxes", "refund_operator_remitted_taxes", "refund_purchase_taxes")
OPERATOR_SIDE = (
    "commissions", "refund_commissions", "subscription", "other_credits", "other_invoices",
    "operator_paid_shipping_charges", "refund_operator_paid_shipping_charges", "fee_operator_remitted",
    "refund_fee_operator_remitted", "seller_fees_on_orders", "seller_penalty_fees",
)  # fmt: skip
"""What the operator keeps, all with tax; the remitted taxes come on top (finance.md, I4)."""
FEES = {
    "COMMISSION_FEE", "REFUND_COMMISSION_FEE", "SUBSCRIPTION_FEE", "SELLER_FEE_ON_ORDER", "SELLER_PENALTY_FEE",
    "INVOICEABLE_ONE_OFF_DEBIT",
}  # fmt: skip
FEE_TAXES = {
    "COMMISSION_VAT", "REFUND_COMMISSION_VAT", "SUBSCRIPTION_VAT", "SELLER_FEE_ON_ORDER_TAX",
    "INVOICEABLE_ONE_OFF_DEBIT_TAX",
}  # fmt: skip


def close(dice: random.Random, shop: Shop) -> None:
    """Add the log up, cycle by cycle, and pay all but the last."""
    by_cycle: dict[int | None, list[Entry]] = defaultdict(list)
    for entry in shop.entries:
        by_cycle[entry.cycle].append(entry)
    shop.entries, balance = [], 0
    for place, cycle in enumerate(shop.cycles):
        entries = by_cycle[place]
        cycle.opening = balance
        for entry in entries:
            if entry.state != "NOT_APPLICABLE":
                balance += entry.amount
            entry.balance = balance
        _sum_up(cycle, entries)
        cycle.to_seller, cycle.closing = max(balance, 0), min(balance, 0)
        _invoice(dice, shop, place, entries)
        _pay(dice, shop, place, cycle)
        shop.entries += entries
        paid = _payment(dice, place, cycle)
        if paid:
            shop.entries.append(paid)
        if paid or place < len(shop.cycles) - 1:
            balance = cycle.closing
        for entry in entries:
            entry.state = "PAID" if cycle.state == "PAID" and entry.state == "PAYABLE" else entry.state
    for entry in by_cycle[None]:
        balance += entry.amount if entry.state != "NOT_APPLICABLE" else 0
        entry.balance = balance
        shop.entries.append(entry)


def bucket_of(entry: Entry) -> tuple[str, bool] | None:
    """The total that an entry counts in, and whether it is a tax; None for what no total is published of."""
    if entry.type in REMITTED:
        return REMITTED[entry.type], True
    base = _TAX_OF.get(entry.type, entry.type.removesuffix("_TAX"))
    if base not in BUCKETS:
        return None
    bucket = BUCKETS[base]
    if entry.state == "NOT_APPLICABLE":
        bucket = bucket.replace("payable_orders", "non_payable_orders")
    return bucket, base != entry.type


def _sum_up(cycle: Cycle, entries: list[Entry]) -> None:
    excl: dict[str, int] = defaultdict(int)
    incl: dict[str, int] = defaultdict(int)
    for entry in entries:
        where = bucket_of(entry)
        if where is None:
            continue
        incl[where[0]] += entry.amount
        if not where[1]:
            excl[where[0]] += entry.amount
    for totals in (excl, incl):
        totals["refund_orders"] = totals["refund_payable_orders"] + totals["refund_non_payable_orders"]
    cycle.summary = {f"total_{name}_excl_tax": excl[name] for name in TWOFOLD}
    cycle.summary |= {f"total_{name}_incl_tax": incl[name] for name in TWOFOLD}
    cycle.summary |= {f"total_{name}": incl[name] for name in SINGLE}
    cycle.summary = dict(sorted(cycle.summary.items()))
    kept = sum(incl[name] for name in OPERATOR_SIDE)
    cycle.to_operator = -(kept + incl["operator_remitted_taxes"] + incl["refund_operator_remitted_taxes"])


def _invoice(dice: random.Random, shop: Shop, place: int, entries: list[Entry]) -> None:
    """One for the fees of a cycle; now and then its tax is worked out on the total, as the law has it."""
    cycle, market = shop.cycles[place], shop.market
    number = f"{market.shop}{place + 1:05d}"
    for entry in entries:
        entry.document = entry.document or number
    fees = [entry for entry in entries if entry.document == number and entry.type in FEES]
    taxes = [entry for entry in entries if entry.document == number and entry.type in FEE_TAXES]
    net, vat = -sum(entry.amount for entry in fees), -sum(entry.amount for entry in taxes)
    in_log = vat
    if dice.random() < 0.3:
        base = sum(entry.amount for entry in fees if entry.type != "SELLER_PENALTY_FEE")
        computed = half_up(-base * market.fee_vat, 10_000)
        if 2 * abs(computed - vat) <= len(taxes):
            vat = computed
    shop.papers.append(
        Paper(
            new_id(dice),
            number,
            "AUTO_INVOICE",
            place,
            cycle.end,
            net,
            vat,
            "Commissions and fees of the cycle",
            in_log,
        )
    )


def _pay(dice: random.Random, shop: Shop, place: int, cycle: Cycle) -> None:
    if place == len(shop.cycles) - 1:
        cycle.state = "TO_PAY"
        return
    if not cycle.to_seller:
        cycle.state = dice.choice(("PAID", "TO_PAY"))
        return
    late = dice.random() < 0.2
    cycle.reference = f"PO-{shop.market.currency}-{cycle.voucher}"
    cycle.paid_at = cycle.end + timedelta(days=9 if late else 2)
    cycle.failure = "INCOMPLETE_KYC" if late else None


def _payment(dice: random.Random, place: int, cycle: Cycle) -> Entry | None:
    if cycle.paid_at is None or not cycle.to_seller:
        return None
    return Entry(new_id(dice), "PAYMENT", -cycle.to_seller, cycle.paid_at, "PAID", cycle=place, balance=cycle.closing)

"""The transaction log of a month: what each order moves, and which billing cycle it falls into."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.months.market import Market
from sandbox.months.model import Cycle, Entry, Order, OrderLine, Refund, Shop, Tax


def new_id(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128)))


def fee_tax(market: Market, amount: int) -> Tax:
    """The tax on the operator's own fees."""
    return Tax("TAXDEFAULT", market.fee_vat, amount)


def like(
    dice: random.Random,
    head: Entry,
    kind: str,
    amount: int,
    *,
    order_tax: Tax | None = None,
    shop_tax: Tax | None = None,
) -> Entry:
    """An entry that belongs where another one does."""
    return replace(head, id=new_id(dice), type=kind, amount=amount, order_tax=order_tax, shop_tax=shop_tax)


def open_cycles(dice: random.Random, shop: Shop, start: datetime, after: datetime) -> None:
    """Three cycles a month: to the 10th, to the 20th, and to its end."""
    begin = start
    for place, end in enumerate((start + timedelta(days=10), start + timedelta(days=20), after), start=1):
        shop.cycles.append(Cycle(id=new_id(dice), voucher=f"{place:06d}", start=begin, end=end))
        begin = end


def write_orders(dice: random.Random, shop: Shop) -> None:
    """Entries of every order that moved money."""
    for order in shop.orders:
        moved = _penalty(dice, shop, order) + _of_order(dice, shop, order)
        shop.entries += moved
        if moved:
            shop.by_order[order.id] = moved


def assign_cycles(shop: Shop) -> None:
    """Every entry falls into the cycle of its moment, in order of time; what is pending falls into none yet."""
    for entry in shop.entries:
        if entry.cycle is None and entry.state != "PENDING":
            entry.cycle = next(place for place, cycle in enumerate(shop.cycles) if entry.created < cycle.end)
    never = len(shop.cycles)
    shop.entries.sort(key=lambda entry: (never if entry.cycle is None else entry.cycle, entry.created))


def _penalty(dice: random.Random, shop: Shop, order: Order) -> list[Entry]:
    if not order.penalty:
        return []
    at = max(order.created + timedelta(hours=2), shop.cycles[0].start)
    return [Entry(new_id(dice), "SELLER_PENALTY_FEE", -order.penalty, at, order=order, fee_code="PENALTY")]


def _of_order(dice: random.Random, shop: Shop, order: Order) -> list[Entry]:
    market, pending = shop.market, order.state == "SHIPPED"
    called_off = order.kind == "cancelled" and order.received < shop.cycles[-1].end
    if not (order.settled or pending or called_off):
        return []
    head = Entry("", "", 0, order.received, order=order)
    if pending:
        head = replace(head, created=order.shipped + timedelta(hours=1), state="PENDING")
    moved: list[Entry] = []
    for line in order.lines:
        for part in _parts(order, line):
            moved += _sold(dice, market, replace(head, line=line.id, debit=part.debit), part)
        for refund in line.refunds:
            given = Entry("", "", 0, refund.at, order=order, line=line.id, refund=refund.id)
            moved += _given_back(dice, market, given, refund)
    if order.fee:
        first = replace(head, line=order.lines[0].id, order_fee_code="SERVICE")
        moved.append(like(dice, first, "ORDER_FEE_AMOUNT", order.fee))
        moved.append(like(dice, first, "OPERATOR_REMITTED_ORDER_FEE_AMOUNT", -order.fee))
    if order.seller_fee:
        first = replace(head, line=order.lines[0].id, fee_code="HANDLING")
        vat = fee_tax(market, order.seller_fee * market.fee_vat // 10_000)
        moved.append(like(dice, first, "SELLER_FEE_ON_ORDER", -order.seller_fee))
        moved.append(like(dice, first, "SELLER_FEE_ON_ORDER_TAX", -vat.amount, shop_tax=vat))
    return moved


class _Part:
    """An order line, or one shipment's half of it."""

    def __init__(self, line: OrderLine, debit: str | None = None, *, second: bool = False) -> None:
        def cut(amount: int) -> int:
            if debit is None:
                return amount
            return amount - amount // 2 if second else amount // 2

        self.debit = debit
        self.price, self.shipping = cut(line.price), cut(line.shipping)
        self.taxes = [Tax(tax.code, tax.rate, cut(tax.amount)) for tax in line.taxes]
        self.shipping_taxes = [Tax(tax.code, tax.rate, cut(tax.amount)) for tax in line.shipping_taxes]
        self.commission, self.commission_vat = cut(line.commission), cut(line.commission_vat)


def _parts(order: Order, line: OrderLine) -> list[_Part]:
    if order.kind != "parts":
        return [_Part(line)]
    return [_Part(line, f"{order.id}-D1"), _Part(line, f"{order.id}-D2", second=True)]


def _sold(dice: random.Random, market: Market, head: Entry, part: _Part) -> list[Entry]:
    kind = head.order.kind if head.order else ""
    owed = replace(head, state="NOT_APPLICABLE") if kind == "direct" else head
    moved = _amounts(dice, market, owed, "ORDER", part)
    if kind == "remitted":
        moved += _remitted(dice, head, "OPERATOR_REMITTED_ORDER", -1, part)
    if kind == "carrier" and part.shipping:
        taxes = [] if market.embedded else part.shipping_taxes
        inside = sum(tax.amount for tax in taxes) if market.tax_included else 0
        name = "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT"
        moved.append(like(dice, head, name, inside - part.shipping))
        moved += [like(dice, head, f"{name}_TAX", -tax.amount, order_tax=tax) for tax in taxes if tax.amount]
    vat = fee_tax(market, part.commission_vat)
    moved.append(like(dice, head, "COMMISSION_FEE", -part.commission))
    moved.append(like(dice, head, "COMMISSION_VAT", -part.commission_vat, shop_tax=vat))
    return moved


def _given_back(dice: random.Random, market: Market, head: Entry, refund: Refund) -> list[Entry]:
    moved = _amounts(dice, market, head, "REFUND_ORDER", refund)
    if head.order and head.order.kind == "remitted":
        moved += _remitted(dice, head, "OPERATOR_REMITTED_REFUND_ORDER", 1, refund)
    if refund.commission:
        vat = fee_tax(market, refund.commission_vat)
        moved.append(like(dice, head, "REFUND_COMMISSION_FEE", refund.commission))
        moved.append(like(dice, head, "REFUND_COMMISSION_VAT", refund.commission_vat, shop_tax=vat))
    return moved


def _remitted(dice: random.Random, head: Entry, prefix: str, sign: int, of: _Part | Refund) -> list[Entry]:
    """Tax that the operator takes back, because it pays it itself."""
    return [
        like(dice, head, f"{prefix}_{kind}AMOUNT_TAX", sign * tax.amount, order_tax=tax)
        for kind, taxes in (("", of.taxes), ("SHIPPING_", of.shipping_taxes))
        for tax in taxes
        if tax.amount
    ]


def _amounts(dice: random.Random, market: Market, head: Entry, prefix: str, of: _Part | Refund) -> list[Entry]:
    """Price and shipping with their taxes beside them, or inside them. A line of nothing is written now and then."""
    sign = -1 if prefix == "REFUND_ORDER" else 1
    moved: list[Entry] = []
    for kind, amount, taxes in (("", of.price, of.taxes), ("SHIPPING_", of.shipping, of.shipping_taxes)):
        if not amount and (sign < 0 or not kind or dice.random() > 0.03):
            continue
        inside = sum(tax.amount for tax in taxes) if market.tax_included and not market.embedded else 0
        moved.append(like(dice, head, f"{prefix}_{kind}AMOUNT", sign * (amount - inside)))
        if not market.embedded:
            moved += [
                like(dice, head, f"{prefix}_{kind}AMOUNT_TAX", sign * tax.amount, order_tax=tax)
                for tax in taxes
                if tax.amount or dice.random() < 0.5
            ]
    return moved

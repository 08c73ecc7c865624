"""What the operator charges and gives besides orders: subscription, manual documents, one-off items, the reserve."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sandbox.months.log import fee_tax, like, new_id
from sandbox.months.model import Entry, Paper, Shop
from sandbox.months.money import share

SUBSCRIPTION = 3_999
_REASONS = ("Manual", "Discount", "POSTAGE", "AMAZON FEE", "Sponsored listing", "Lost parcel")


def charge(dice: random.Random, shop: Shop) -> None:
    """In about a third of the months the first cycle is overdrawn; in two of five there is a reserve."""
    _fee(dice, shop, Entry("", "", 0, shop.cycles[-1].end - timedelta(minutes=1)), "SUBSCRIPTION", SUBSCRIPTION)
    for place, cycle in enumerate(shop.cycles):
        for _ in range(dice.choice((0, 1, 1, 2))):
            kind = dice.choice(("MANUAL_CREDIT", "MANUAL_INVOICE"))
            _manual(dice, shop, place, kind, dice.randrange(200, 6_000) * shop.market.unit // 100)
        if dice.random() < 0.3:
            head = Entry("", "", 0, cycle.end - timedelta(minutes=3), one_off="Photo shoot")
            _fee(dice, shop, head, "INVOICEABLE_ONE_OFF_DEBIT", dice.randrange(500, 3_000))
    if dice.random() < 0.3:
        _overdraw(dice, shop)
    if dice.random() < 0.4:
        _reserve(dice, shop)


def _fee(dice: random.Random, shop: Shop, head: Entry, kind: str, price: int) -> None:
    """A fee that stands on the cycle's invoice, with its tax."""
    net = price * shop.market.unit // 100
    vat = fee_tax(shop.market, share(net, shop.market.fee_vat))
    names = ("SUBSCRIPTION_FEE", "SUBSCRIPTION_VAT") if kind == "SUBSCRIPTION" else (kind, f"{kind}_TAX")
    shop.entries.append(like(dice, head, names[0], -net))
    shop.entries.append(like(dice, head, names[1], -vat.amount, shop_tax=vat))


def _manual(dice: random.Random, shop: Shop, place: int, kind: str, net: int) -> None:
    """A credit or an invoice by hand; half of them bear tax."""
    at = shop.cycles[place].end - timedelta(minutes=2)
    vat = share(net, shop.market.fee_vat) if dice.random() < 0.5 else 0
    sign = 1 if kind == "MANUAL_CREDIT" else -1
    number = f"{shop.market.shop}9{len(shop.papers):04d}"
    head = Entry("", "", 0, at, document=number, manual=number)
    shop.entries.append(like(dice, head, kind, sign * net))
    if vat:
        shop.entries.append(like(dice, head, f"{kind}_VAT", sign * vat, shop_tax=fee_tax(shop.market, vat)))
    shop.papers.append(Paper(new_id(dice), number, kind, place, at, net, vat, dice.choice(_REASONS), vat))


def _overdraw(dice: random.Random, shop: Shop) -> None:
    """An invoice that the first cycle's sales do not cover: the next cycle carries the rest."""
    due = _due(shop, shop.cycles[0].start, shop.cycles[0].end)
    if due > 0:
        _manual(dice, shop, 0, "MANUAL_INVOICE", due + dice.randrange(1_000, 9_000) * shop.market.unit // 100)


def _reserve(dice: random.Random, shop: Shop) -> None:
    """Kept back in the second cycle, and three fifths of it given back in the third."""
    second, third = shop.cycles[1:3]
    kept = max(_due(shop, second.start, second.end), 0) // 20
    if kept:
        before = timedelta(minutes=1)
        shop.entries.append(Entry(new_id(dice), "RESERVE_FUNDING", -kept, second.end - before, state="RESERVE"))
        shop.entries.append(Entry(new_id(dice), "RESERVE_SETTLEMENT", kept * 3 // 5, third.end - before))


def _due(shop: Shop, start: datetime, end: datetime) -> int:
    return sum(each.amount for each in shop.entries if start <= each.created < end and each.state == "PAYABLE")

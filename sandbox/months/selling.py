"""Orders of a month: what was bought, taxed, shipped, received, given back; with oddities that are no faults."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sandbox.invented.buyers import buyer
from sandbox.invented.catalogue import Article
from sandbox.months.market import Market
from sandbox.months.model import Order, OrderLine, Refund, Tax
from sandbox.months.money import half_up, share, tax_within

_KINDS = (
    ("direct", 0.03),
    ("parts", 0.04),
    ("refused", 0.02),
    ("cancelled", 0.015),
    ("fee", 0.02),
    ("carrier", 0.03),
    ("remitted", 0.03),
)
_LINE_COUNTS = ((1, 0.70), (2, 0.16), (3, 0.07), (5, 0.04), (8, 0.03))
T = TypeVar("T")
REFUND_SHARE, MULTI_TAX_SHARE, TWINS_SHARE, PROMOTED_SHARE = 0.12, 0.03, 0.04, 0.05


class Seller:
    """Invents the orders of one marketplace's month."""

    def __init__(
        self, dice: random.Random, market: Market, articles: list[Article], begins: datetime, after: datetime
    ) -> None:
        self._dice, self._market, self._articles = dice, market, articles
        self._begins, self._after = begins, after
        self._sellable = [place for place, article in enumerate(articles) if article.maps()]

    def orders(self, count: int) -> list[Order]:
        """`count` orders, the older first. Those received before the next month begins are settled."""
        until = ((self._after - self._begins).days - 1) * 24 * 60
        moments = sorted(self._dice.randrange(-5 * 24 * 60, until) for _ in range(count))
        return [
            self._order(self._market.first_number + place, self._begins + timedelta(minutes=moment))
            for place, moment in enumerate(moments)
        ]

    def _order(self, number: int, created: datetime) -> Order:
        dice, market = self._dice, self._market
        country = dice.choice(sorted(market.vat))
        shipped = _by_day(dice, created + timedelta(days=dice.randrange(1, 3)))
        received = max(_by_day(dice, shipped + timedelta(days=dice.randrange(2, 6))), _by_day(dice, self._begins))
        kind = _one_of(dice, _KINDS, "plain")
        if kind == "remitted" and market.embedded:
            kind = "plain"
        order = Order(
            id=f"{number}-A",
            number=number,
            country=country,
            customer=buyer(dice, country),
            created=created,
            shipped=shipped,
            received=received,
            lines=[],
            state=_state(dice, kind, received=received < self._after),
            kind=kind,
        )
        order.lines = self._lines(order)
        self._put_in_oddities(order)
        return order

    def _put_in_oddities(self, order: Order) -> None:
        dice, market = self._dice, self._market
        if order.kind == "fee":
            order.fee = dice.choice((50, 120, 250)) * market.unit // 100
        if order.kind == "refused" and dice.random() < 0.5:
            order.penalty = market.unit
        if order.settled and order.kind in {"plain", "parts"} and dice.random() < 0.03:
            order.seller_fee = market.unit * 3 // 4
        if order.kind == "cancelled":
            _call_off(order)
        elif order.settled and order.kind in {"plain", "remitted", "carrier"} and dice.random() < REFUND_SHARE:
            self._give_back(order)
        amounts = sum(len(line.taxes) + len(line.shipping_taxes) for line in order.lines)
        if order.invoiced and market.tax_included and amounts > 1 and dice.random() < 0.2:
            order.rounded_by = dice.choice((-1, 1))

    def _lines(self, order: Order) -> list[OrderLine]:
        dice, unit = self._dice, self._market.unit
        chosen = dice.sample(self._sellable, _one_of(dice, _LINE_COUNTS, 1))
        twins = dice.random() < TWINS_SHARE
        shipping = dice.choice((0, 0, 299, 499, 999)) * unit // 100
        if order.kind == "carrier":
            shipping = shipping or 499 * unit // 100
        lines: list[OrderLine] = []
        for place, article in enumerate(chosen, start=1):
            lines.append(self._line(order, place, article, shipping if place == 1 else 0))
        if twins:
            first, place = lines[0], len(lines) + 1
            lines.append(
                replace(
                    self._line(order, place, first.article, first.shipping),
                    quantity=first.quantity,
                    price=first.price,
                    taxes=list(first.taxes),
                    shipping_taxes=list(first.shipping_taxes),
                    commission=first.commission,
                    commission_vat=first.commission_vat,
                )
            )
        return lines

    def _line(self, order: Order, place: int, article: int, shipping: int) -> OrderLine:
        dice, market = self._dice, self._market
        quantity = dice.choice((1, 1, 1, 2, 3, 6, 12))
        if order.kind == "parts":
            quantity += quantity % 2
        unit = half_up(int(self._articles[article].price * 100) * market.unit, 100)
        price, rates = unit * quantity, _rates(dice, market, order.country)
        fee = share(price + shipping, market.commission)
        return OrderLine(
            id=f"{order.id}-{place}",
            article=article,
            quantity=quantity,
            unit=unit,
            price=price,
            shipping=shipping,
            taxes=taxes_on(market, order.country, price, rates),
            shipping_taxes=taxes_on(market, order.country, shipping, rates) if shipping else [],
            commission=fee,
            commission_vat=share(fee, market.fee_vat),
            promotion=price // 10 if dice.random() < PROMOTED_SHARE else 0,
        )

    def _give_back(self, order: Order) -> None:
        """Refunds of one or more lines; those after the month are not in it."""
        dice = self._dice
        at = _by_day(dice, order.received + timedelta(days=dice.choice((0, 1, 2, 5, 9, 14))))
        if at <= order.received:
            at = order.received + timedelta(minutes=45)
        if at >= self._after:
            return
        pays_back = dice.random() < 0.9
        for place, line in enumerate(order.lines, start=1):
            if place > 1 and dice.random() < 0.5:
                continue
            refund = self._refund(order, line, f"RC{order.number}-{place}", at)
            if not pays_back:
                refund.commission = refund.commission_vat = 0
            line.refunds.append(refund)

    def _refund(self, order: Order, line: OrderLine, refund_id: str, at: datetime) -> Refund:
        """Of the whole line, of part of it, of its shipping, or for goodwill; taxed as the sale was."""
        dice, market = self._dice, self._market
        how = dice.random()
        whole = how < 0.6
        shipping = line.shipping if whole or 0.9 <= how < 0.95 else 0
        price = max(1, line.price * dice.choice((1, 2, 3)) // 10)
        if whole or shipping:
            price = line.price if whole else 0
        rates = [tax.rate for tax in line.taxes]
        fee = line.commission if whole else share(price + shipping, market.commission)
        return Refund(
            id=refund_id,
            price=price,
            shipping=shipping,
            taxes=taxes_on(market, order.country, price, rates) if price else [],
            shipping_taxes=taxes_on(market, order.country, shipping, rates) if shipping else [],
            commission=fee,
            commission_vat=line.commission_vat if whole else share(fee, market.fee_vat),
            quantity=line.quantity if whole else int(how < 0.9),
            at=at,
        )


def _state(dice: random.Random, kind: str, *, received: bool) -> str:
    if kind == "refused":
        return dice.choice(("REFUSED", "CANCELED"))
    if kind == "cancelled":
        return "CANCELED"
    if received:
        return dice.choice(("RECEIVED", "CLOSED"))
    return "SHIPPED" if dice.random() < 0.3 and kind != "direct" else "SHIPPING"


def _rates(dice: random.Random, market: Market, country: str) -> list[int]:
    rate = dice.choice(market.vat[country])
    return [rate, 150] if rate and dice.random() < MULTI_TAX_SHARE else [rate]


def taxes_on(market: Market, country: str, amount: int, rates: list[int]) -> list[Tax]:
    """A tax by rate; of prices that include tax, all of it is taken out at once and then split."""
    if not market.tax_included:
        return [Tax(_code(country, rate), rate, share(amount, rate)) for rate in rates]
    whole, rest, taxes = tax_within(amount, sum(rates)), 0, []
    for rate in rates[1:]:
        part = half_up(whole * rate, sum(rates))
        rest += part
        taxes.append(Tax(_code(country, rate), rate, part))
    return [Tax(_code(country, rates[0]), rates[0], whole - rest), *taxes]


def _code(country: str, rate: int) -> str:
    return f"VAT-{country}-{rate // 100}" if rate % 100 == 0 else f"VAT-{country}-{rate / 100:g}"


def _call_off(order: Order) -> None:
    """Called off after the debit and before shipping: everything goes back, and nothing was ever invoiced."""
    at = order.received + timedelta(hours=1)
    for place, line in enumerate(order.lines, start=1):
        line.refunds.append(
            Refund(
                id=f"CA{order.number}-{place}",
                price=line.price,
                shipping=line.shipping,
                taxes=line.taxes,
                shipping_taxes=line.shipping_taxes,
                commission=line.commission,
                commission_vat=line.commission_vat,
                quantity=line.quantity,
                at=at,
                cancelation=True,
            )
        )


def _by_day(dice: random.Random, moment: datetime) -> datetime:
    """In working hours: the same day in every time zone of the shop."""
    return moment.replace(hour=dice.randrange(8, 18), minute=dice.randrange(60), second=0, microsecond=0)


def _one_of(dice: random.Random, choices: tuple[tuple[T, float], ...], otherwise: T) -> T:
    point = dice.random()
    for value, part in choices:
        if point < part:
            return value
        point -= part
    return otherwise

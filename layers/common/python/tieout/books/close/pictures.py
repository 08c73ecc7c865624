"""The pictures of the page: where each bar stands. Numbers become places here, and are drawn by the template."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from textwrap import wrap

from msgspec import Struct

from tieout.books.close.charges import rates_of
from tieout.books.close.closing import Account, Closing
from tieout.books.close.roll_forward import RollForward
from tieout.books.close.sheet import figure
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.ageing import Bucket, age_of, bucket_of

_ONE = Decimal("0.1")


class Bar(Struct, frozen=True, kw_only=True):
    """A bar, in pixels from the upper left."""

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    tone: str
    """Class of its colour: up, down, whole, first, second."""
    label: str = ""
    words: tuple[str, ...] = ()
    """The label in lines, beneath an upright bar."""
    figure: str = ""


class Picture(Struct, frozen=True, kw_only=True):
    """A drawing and its words, for whoever cannot see it."""

    title: str
    says: str
    width: int
    height: int
    bars: tuple[Bar, ...]
    zero: Decimal | None = None
    """Height of the line of nothing."""
    steps: tuple[tuple[Decimal, Decimal, Decimal], ...] = ()
    """Lines from bar to bar: x from, x to, y."""
    legend: tuple[tuple[str, str], ...] = ()
    """Tone and what it means."""


def readable(amount: Money) -> str:
    """`-1,234.50`."""
    return f"{Decimal(figure(amount)):,f}"


def _px(number: Decimal) -> Decimal:
    return number.quantize(_ONE)


_WIDTH, _TOP, _PLOT, _BOTTOM = 960, 34, 260, 74


def waterfall(account: Account, month: RollForward) -> Picture:
    """From the opening over every step to the closing, and from there to Mirakl's balance."""
    moves = [("Opening", month.opening, True)]
    moves += [(name, amount, False) for name, amount in month.steps.items() if amount]
    moves.append(("Closing", month.closing, True))
    moves += [(name, amount, False) for name, amount in month.unposted.items() if amount]
    moves.append(("Mirakl", month.mirakl, True))
    spans: list[tuple[Decimal, Decimal]] = []
    level = ZERO
    for _, amount, whole in moves:
        start = ZERO if whole else level
        level = start + amount
        spans.append((start, level))
    high, low = max(max(span) for span in spans), min(min(span) for span in spans)
    high, low = max(high, ZERO), min(low, ZERO)
    scale = Decimal(_PLOT) / ((high - low) or 1)
    slot = Decimal(_WIDTH) / len(moves)
    bars: list[Bar] = []
    steps: list[tuple[Decimal, Decimal, Decimal]] = []
    for place, ((name, amount, whole), (start, end)) in enumerate(zip(moves, spans, strict=True)):
        x, top = slot * place + slot / 8, _TOP + (high - max(start, end)) * scale
        tone = "whole" if whole else ("up" if amount >= 0 else "down")
        bars.append(
            Bar(
                x=_px(x),
                y=_px(top),
                width=_px(slot * 3 / 4),
                height=_px(max(abs(end - start) * scale, Decimal(1))),
                tone=tone,
                words=tuple(wrap(name, 14)),
                figure=readable(account.money(amount)),
            )
        )
        if place + 1 < len(moves):
            steps.append((_px(x + slot * 3 / 4), _px(x + slot), _px(_TOP + (high - end) * scale)))
    return Picture(
        title=f"Clearing roll-forward, {account.marketplace}, {account.currency}",
        says=", ".join(
            f"{what} {figure(account.money(amount))}"
            for what, amount in (
                ("opening", month.opening),
                ("closing", month.closing),
                ("balance in Mirakl", month.mirakl),
                ("difference", month.difference),
            )
        ),
        width=_WIDTH,
        height=_TOP + _PLOT + _BOTTOM,
        bars=tuple(bars),
        zero=_px(_TOP + high * scale),
        steps=tuple(steps),
        legend=(("whole", "balance"), ("up", "adds"), ("down", "takes away")),
    )


_LEFT, _ROW, _BREADTH = 110, 30, 520


def breaks_by_age(closing: Closing) -> Picture:
    """Open breaks by days since they were first seen: those that block the close, and the others."""
    open_ = [case for case in closing.cases.values() if not case.is_closed]
    counted = {bucket: [0, 0] for bucket in Bucket}
    amounts: dict[Bucket, dict[str, Decimal]] = {bucket: {} for bucket in Bucket}
    for case in open_:
        bucket = bucket_of(age_of(case.first_seen, closing.as_of))
        counted[bucket][0 if case.blocks_close else 1] += 1
        currency = case.found.currency
        amounts[bucket][currency] = amounts[bucket].get(currency, ZERO) + case.found.amount
    most = max((sum(each) for each in counted.values()), default=0) or 1
    bars: list[Bar] = []
    for place, bucket in enumerate(Bucket):
        blocking, others = counted[bucket]
        sums = ", ".join(f"{readable(Money(each, name))} {name}" for name, each in sorted(amounts[bucket].items()))
        told = f"{blocking + others}" + (f" ({sums})" if sums else "")
        first = Decimal(_BREADTH) * blocking / most
        second = Decimal(_BREADTH) * others / most
        y = Decimal(10 + place * _ROW)
        bars += [
            Bar(x=Decimal(_LEFT), y=y, width=_px(first), height=Decimal(20), tone="down", label=f"{bucket} days"),
            Bar(x=_px(_LEFT + first), y=y, width=_px(second), height=Decimal(20), tone="second", figure=told),
        ]
    return Picture(
        title=f"Open breaks by age: {len(open_)}",
        says="; ".join(f"{bucket} days: {sum(counted[bucket])}" for bucket in Bucket),
        width=_WIDTH,
        height=20 + _ROW * len(Bucket),
        bars=tuple(bars),
        legend=(("down", "blocks the close"), ("second", "does not")),
    )


def fees_by_category(accounts: Sequence[Account]) -> Picture:
    """Commission in percent of sales by category: what was charged over what was agreed."""
    rates = [(account, rate) for account in accounts for rate in rates_of(account)]
    most = max((max(rate.effective, rate.contract) for _, rate in rates), default=ZERO) or Decimal(1)
    bars: list[Bar] = []
    left = 230
    for place, (account, rate) in enumerate(rates):
        for half, (percent, tone) in enumerate(((rate.effective, "first"), (rate.contract, "second"))):
            bars.append(
                Bar(
                    x=Decimal(left),
                    y=Decimal(8 + place * 44 + half * 17),
                    width=_px(Decimal(_BREADTH) * max(percent, ZERO) / most),
                    height=Decimal(15),
                    tone=tone,
                    label="" if half else f"{account.marketplace}: {rate.category}",
                    figure=f"{percent} %",
                )
            )
    return Picture(
        title="Commission by category against contract",
        says="; ".join(
            f"{account.marketplace} {rate.category}: charged {rate.effective} %, agreed {rate.contract} %"
            for account, rate in rates
        )
        or "no commission in the month",
        width=_WIDTH,
        height=16 + 44 * max(len(rates), 1),
        bars=tuple(bars),
        legend=(("first", "charged"), ("second", "agreed (order)")),
    )

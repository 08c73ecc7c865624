"""What the bank's statement shows of payouts that arrive in another currency than their cycle's (E10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.rates import Arrival, Rate, rate_on
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.side import side_of
from tieout.domain.money import ZERO, rounded
from tieout.domain.reconcile.bank import PaidOut, Pairs, StatementLine

PAID = "PAID"


def paid_out(
    marketplace: str, cycles: Iterable[Cycle], rules: BookingRules, rates: Sequence[Rate]
) -> Iterator[PaidOut]:
    """The cycles' payouts that Mirakl calls paid, as a statement should show them."""
    sign = side_of(rules.mode).sign
    for cycle in cycles:
        if cycle.pay_out.state != PAID or not cycle.to_seller:
            continue
        day = local_day(cycle.pay_out.paid_at or cycle.closed_at, rules.time_zone)
        amount = sign * cycle.to_seller
        yield PaidOut(
            marketplace=marketplace,
            cycle=cycle.id,
            day=day,
            amount=amount,
            currency=cycle.currency,
            reference=cycle.pay_out.reference or "",
            into=rules.pays_out,
            expected=_expected(amount, cycle.currency, rules.pays_out, rates, day),
        )


def _expected(amount: Decimal, currency: str, into: str, rates: Sequence[Rate], day: date) -> Decimal | None:
    rate = rate_on(rates, currency, into, day) if into else None
    return None if rate is None else rounded(amount * rate, into)


def exchanged_at_the_bank(
    payouts: Iterable[PaidOut], statement: Sequence[StatementLine]
) -> dict[tuple[str, str], Arrival]:
    """By marketplace and cycle, payouts that lines of one other currency show, and what those lines come to.

    A line that names a payout's reference shows it. Where lines name it in its own currency, or in several others, it
    is none of these. One that nobody names is found by amounts where that leaves no choice: what shows a payout in its
    own currency is that one's before it is considered. `payouts`: all of every marketplace, so that a reference, or an
    amount, that two of them could have is nobody's.
    """
    ordered = sorted(payouts, key=lambda each: (each.day, each.marketplace, each.cycle))
    lines = sorted(statement, key=lambda each: (each.day, each.currency, each.amount, each.reference))
    pairs = Pairs(ordered, lines)
    found: dict[tuple[str, str], Arrival] = {}
    rest: list[PaidOut] = []
    for payout in ordered:
        naming = pairs.naming(payout)
        currencies = {line.currency for line in naming}
        if not naming:
            rest.append(payout)
        elif len(currencies) == 1 and payout.currency not in currencies:
            amount = sum((line.amount for line in naming), ZERO)
            found[payout.marketplace, payout.cycle] = Arrival(
                day=naming[-1].day, currency=naming[-1].currency, amount=amount
            )
    there = {(each.marketplace, each.cycle) for each in pairs.by_amounts(rest)}
    left = [each for each in rest if (each.marketplace, each.cycle) not in there]
    as_of = lines[-1].day if lines else date.min
    for payout, line, rung in pairs.of_exchanged(left, as_of):
        arrival = Arrival(day=line.day, currency=line.currency, amount=line.amount, found_by=rung.value)
        found[payout.marketplace, payout.cycle] = arrival
    return found

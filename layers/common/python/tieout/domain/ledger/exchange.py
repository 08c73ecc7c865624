"""A payout that arrives in another currency than the cycle's: two journals, and why the base currency moves (E10).

Mirakl tells no rate: what the payout came to is the bank's word, and what it was worth is that of the rates' table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import AccountMap, UnmappedRoleError
from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.payments import memo_of
from tieout.domain.ledger.payout import PAID, paid_on
from tieout.domain.ledger.periods import Periods
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.rates import Arrival, rate_on
from tieout.domain.ledger.record import Entry, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry, side_of
from tieout.domain.money import ZERO, Money, rounded

_DIGITS = Decimal("1e-10")
"""Of an exchange rate as it is sent: a hundred million come out right to the cent."""


class Received(Struct, frozen=True, kw_only=True):
    """What the bank received for a payout, in the subsidiary's base currency.

    All amounts are above zero for a seller, and below for an operator, whose bank pays.
    """

    cycle: str
    day: date
    currency: str
    """Of the cycle."""
    amount: Decimal
    """Transferred, in the cycle's currency."""
    base_currency: str
    base_amount: Decimal
    """As the bank shows it."""
    booked_value: Decimal
    """In base currency: at which the balance that is paid out stands in the books."""
    market_rate: Decimal
    """Of the payout's day, base for one of the cycle's."""
    memo: str = ""


class BaseEffect(Struct, frozen=True, kw_only=True):
    """What the base currency gains (above zero) or loses; the first three add up to the bank's amount."""

    clearing: Decimal
    """Value at which the balance leaves the books."""
    market_move: Decimal
    """`fx_gain_loss`: the rate moved since it was booked."""
    spread: Decimal
    """`psp_conversion_cost`: what whoever converted kept, against the market."""
    bank: Decimal


class Exchange(Struct, frozen=True, kw_only=True):
    """The records of a payout that was converted; or none, and what it waits for."""

    records: tuple[Record, ...] = ()
    waits: str = ""


def is_exchanged(rules: BookingRules, cycle: Cycle) -> bool:
    """Whether the cycle's payout arrives in another currency."""
    return bool(rules.pays_out) and rules.pays_out != cycle.currency


def exchange(
    run: Run,
    cycle: Cycle,
    payments: Pile,
    transferred: Decimal,
    *,
    entity: str | None,
    booked: Sequence[Record],
) -> Exchange:
    """The payout of a cycle as the bank shows it; none unless PAID, and only the payout waits for what is not there.

    `booked`: the cycle's other records, at the rates of whose days the balance stands in the books.
    """
    if cycle.pay_out.state != PAID or transferred <= 0:
        return Exchange()
    into, sign, day = run.rules.pays_out, run.side.sign, paid_on(cycle, run.rules.time_zone)
    arrival = run.books.arrivals.get(cycle.id)
    reference = cycle.pay_out.reference or ""
    if arrival is None and not reference:
        words = "the payout has no reference by which a line of the bank's statement could name it"
        return Exchange(waits=f"{words}, and none alone comes to its amount")
    if arrival is None or arrival.currency != into or arrival.amount * sign <= 0:
        money = Money(transferred, cycle.currency)
        return Exchange(waits=f"no line in {into} of the bank's statement names the payout {reference} of {money}")
    value = _booked_value(run, cycle, transferred * sign, booked)
    market = rate_on(run.books.rates, cycle.currency, into, day)
    if value is None or market is None:
        since = Periods(cycle.closed_at, run.rules.time_zone).closing
        return Exchange(waits=f"no rate says what one {cycle.currency} was in {into} on {min(since, day)}")
    received = Received(
        cycle=cycle.id,
        day=day,
        currency=cycle.currency,
        amount=transferred * sign,
        base_currency=into,
        base_amount=arrival.amount,
        booked_value=value,
        market_rate=market,
        memo=_memo(cycle, arrival),
    )
    try:
        return Exchange(records=exchanged_payout(received, run.rules, entity=entity, lines=payments.ids))
    except UnmappedRoleError as error:
        return Exchange(waits=str(error))


def _memo(cycle: Cycle, arrival: Arrival) -> str:
    """Names how the bank's line was found where it does not name the payout: whoever agrees to it should know."""
    told = f"{memo_of(cycle.voucher, cycle.id)}; Payout {cycle.pay_out.reference or ''}".rstrip()
    return f"{told}; bank's line of {arrival.day} found by {arrival.found_by}" if arrival.found_by else told


def _booked_value(run: Run, cycle: Cycle, amount: Decimal, booked: Iterable[Record]) -> Decimal | None:
    """What the balance is worth at the rates under which its records were booked; what was carried in, at the last."""
    into, left, value = run.rules.pays_out, amount, ZERO
    moves = [(each.day, each.movement(run.side.control)) for each in booked]
    for day, moved in (*moves, (Periods(cycle.closed_at, run.rules.time_zone).closing, None)):
        part = left if moved is None else moved
        rate = rate_on(run.books.rates, cycle.currency, into, day) if part else Decimal(0)
        if rate is None:
            return None
        value += rounded(part * rate, into)
        left -= part
    return value


def base_effect(received: Received) -> BaseEffect:
    """The base effect; the spread is what makes the whole exact."""
    market = rounded(received.amount * received.market_rate, received.base_currency)
    return BaseEffect(
        clearing=received.booked_value,
        market_move=market - received.booked_value,
        spread=received.base_amount - market,
        bank=received.base_amount,
    )


def exchanged_payout(
    received: Received, rules: BookingRules, *, entity: str | None = None, lines: Iterable[str] = ()
) -> tuple[Record, ...]:
    """A journal has one currency, so the payout is two, through `fx_conversion`, and a third explains what stays there.

    The first is written at the rate under which the balance stands, so that nothing of it is left in base currency
    either. Raises UnmappedRoleError.
    """
    side = side_of(rules.mode)
    sent = _journal(
        received,
        rules,
        received.currency,
        ((Role.FX_CONVERSION, received.amount), (side.control, -received.amount)),
        entity=entity,
        lines=lines,
        rate=(received.booked_value / received.amount).quantize(_DIGITS).normalize() or None,
    )
    got = _journal(
        received,
        rules,
        received.base_currency,
        ((side.bank, received.base_amount), (Role.FX_CONVERSION, -received.base_amount)),
        suffix=f"-{received.base_currency}",
        after=(sent.external_id,),
    )
    effect = base_effect(received)
    explained = (
        (Role.FX_GAIN_LOSS, -effect.market_move),
        (Role.PSP_CONVERSION_COST, -effect.spread),
        (Role.FX_CONVERSION, effect.market_move + effect.spread),
    )
    if not any(amount for _, amount in explained):
        return sent, got
    left, came = Money(received.amount, received.currency), Money(received.base_amount, received.base_currency)
    change = _journal(
        received,
        rules,
        received.base_currency,
        explained,
        suffix="-FX",
        after=(sent.external_id, got.external_id),
        memo=f"{received.memo}: {left} came as {came}",
    )
    return sent, got, change


def _journal(
    received: Received,
    rules: BookingRules,
    currency: str,
    moves: Iterable[tuple[Role, Decimal]],
    *,
    suffix: str = "",
    entity: str | None = None,
    lines: Iterable[str] = (),
    rate: Decimal | None = None,
    after: tuple[str, ...] = (),
    memo: str = "",
) -> Record:
    accounts, control = AccountMap(rules), side_of(rules.mode).control

    def of(role: Role, amount: Decimal) -> Entry:
        account = accounts.account(role, currency, received.day)
        return entry(role, account, amount, entity=entity if role is control else None)

    return Record(
        external_id=external_id(rules.marketplace, "PO", received.cycle + suffix),
        type=RecordType.JOURNAL,
        marketplace=rules.marketplace,
        cycle=received.cycle,
        day=received.day,
        currency=currency,
        entries=tuple(of(role, amount) for role, amount in moves if amount),
        source_line_ids=tuple(sorted(lines)),
        memo=memo or received.memo,
        after=after,
        exchange_rate=rate,
    )

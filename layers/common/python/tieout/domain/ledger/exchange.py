"""A payout that arrives in another currency than the cycle's: two journals, and why the base currency moves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import AccountMap
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.side import entry, side_of
from tieout.domain.money import rounded


class Received(Struct, frozen=True, kw_only=True):
    """What the bank received for a payout, in the subsidiary's base currency. Rates: base for one of the cycle's."""

    cycle: str
    day: date
    currency: str
    """Of the cycle."""
    amount: Decimal
    """Transferred, in the cycle's currency."""
    base_currency: str
    base_amount: Decimal
    """As the bank shows it."""
    booked_rate: Decimal
    """At which the clearing balance stands in the books."""
    market_rate: Decimal
    """Of the payout's day."""
    reference: str = ""


class BaseEffect(Struct, frozen=True, kw_only=True):
    """What the base currency gains (above zero) or loses; the three add up to nothing."""

    clearing: Decimal
    """Value at which the balance leaves the books."""
    market_move: Decimal
    """`fx_gain_loss`: the rate moved since it was booked."""
    spread: Decimal
    """`psp_conversion_cost`: what whoever converted kept, against the market."""
    bank: Decimal


def base_effect(received: Received) -> BaseEffect:
    """The base effect, each part rounded to the cent, the spread so that the whole is exact."""
    clearing = rounded(received.amount * received.booked_rate, received.base_currency)
    market = rounded(received.amount * received.market_rate, received.base_currency)
    return BaseEffect(
        clearing=clearing,
        market_move=market - clearing,
        spread=received.base_amount - market,
        bank=received.base_amount,
    )


def exchanged_payout(received: Received, rules: BookingRules) -> tuple[Record, Record]:
    """A journal has one currency, so the payout is two, through `fx_conversion`. Raises UnmappedRoleError.

    Both are written at the rates under which their accounts stand: `conversion_difference` is what then stays.
    """
    accounts, side = AccountMap(rules), side_of(rules.mode)
    memo = f"Payout {received.reference}".strip()

    def journal(  # noqa: PLR0917  one row each below
        suffix: str, currency: str, debit: Role, credit: Role, amount: Decimal, after: tuple[str, ...]
    ) -> Record:
        return Record(
            external_id=external_id(rules.marketplace, "PO", received.cycle + suffix),
            type=RecordType.JOURNAL,
            marketplace=rules.marketplace,
            cycle=received.cycle,
            day=received.day,
            currency=currency,
            entries=(
                entry(debit, accounts.account(debit, currency, received.day), amount),
                entry(credit, accounts.account(credit, currency, received.day), -amount),
            ),
            memo=memo,
            after=after,
        )

    sent = journal("", received.currency, Role.FX_CONVERSION, side.control, received.amount, ())
    got = journal(
        f"-{received.base_currency}",
        received.base_currency,
        side.bank,
        Role.FX_CONVERSION,
        received.base_amount,
        (sent.external_id,),
    )
    return sent, got


def conversion_difference(received: Received, rules: BookingRules) -> Record | None:
    """What stays on `fx_conversion` in base currency, explained: market move and spread; None where nothing stays.

    Raises UnmappedRoleError.
    """
    effect, accounts = base_effect(received), AccountMap(rules)
    parts = ((Role.FX_GAIN_LOSS, effect.market_move), (Role.PSP_CONVERSION_COST, effect.spread))
    left = sum((amount for _, amount in parts), received.amount * 0)
    if not any(amount for _, amount in parts):
        return None
    entries = [
        entry(role, accounts.account(role, received.base_currency, received.day), -amount)
        for role, amount in parts
        if amount
    ]
    if left:
        account = accounts.account(Role.FX_CONVERSION, received.base_currency, received.day)
        entries.append(entry(Role.FX_CONVERSION, account, left))
    return Record(
        external_id=external_id(rules.marketplace, "PO", f"{received.cycle}-FX"),
        type=RecordType.JOURNAL,
        marketplace=rules.marketplace,
        cycle=received.cycle,
        day=received.day,
        currency=received.base_currency,
        entries=tuple(entries),
        memo=f"Conversion of {received.amount:f} {received.currency}",
    )

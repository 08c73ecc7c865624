"""Report 13: what is open in each currency, what it is worth at the month's end, and payouts that were exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tieout.books.close.closing import Account, Closing, kind_of, total
from tieout.books.close.roll_forward import RollForward
from tieout.books.close.sheet import Cell, Column, Kind, Sheet, a_sheet, days, moneys, texts
from tieout.domain.ledger.accounts import AccountMap, UnmappedRoleError
from tieout.domain.ledger.payout import PAID, paid_on
from tieout.domain.ledger.rates import rate_on
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.roles import Role
from tieout.domain.money import Money, rounded

NO_RATES = "no rate in bank/rates up to the month's end: not revalued here; NetSuite revalues at its own"
OWN = "the books' own currency"
BY_LEDGER, BY_RATES = "ledger, in the books' own currency", "the rates of the records' days"


def currencies_sheet(accounts: list[Account], months: list[RollForward]) -> Sheet:
    """Report 13."""
    columns = (
        *texts("Marketplace", "Currency"),
        *moneys("Closing", "Not booked", "Ledger"),
        *texts("Into"),
        Column("Rate", Kind.TEXT),
        *moneys("Stands at", "Worth", "Unrealised"),
        *texts("Basis"),
    )
    rows = [_open(account, month) for account, month in zip(accounts, months, strict=True)]
    return a_sheet(
        "13",
        "Currencies",
        "What is open on the clearing account (an operator: seller_payable) in each transaction currency, what it "
        "stands at in the books' own, and what it is worth at the last rate of the month: the difference is "
        "unrealised, and is booked by NetSuite's own revaluation, which reverses it. Nothing is posted for it here.",
        columns,
        rows,
    )


def _open(account: Account, month: RollForward) -> tuple[Cell, ...]:
    head: tuple[Cell, ...] = (
        account.marketplace,
        account.currency,
        account.money(month.closing),
        account.money(total(month.unposted.values())),
        None if month.ledger is None else account.money(month.ledger),
    )
    nothing: tuple[Cell, ...] = (None,) * 5
    into = _into(account)
    if into is None:
        known = {rate.into for rate in account.books.rates}
        return (*head, *nothing, OWN if account.currency in known else NO_RATES)
    rate = rate_on(account.books.rates, account.currency, into, account.period.last)
    if rate is None:
        return (*head, *nothing, NO_RATES)
    worth = rounded(month.closing * rate, into)
    stands, basis = _stands_at(account, into)
    if stands is None:
        return (*head, into, f"{rate:f}", None, Money(worth, into), None, basis)
    # An operator owes the balance: it is worse off when that is worth more.
    gain = account.side.sign * (worth - stands)
    return (*head, into, f"{rate:f}", Money(stands, into), Money(worth, into), Money(gain, into), basis)


def _into(account: Account) -> str | None:
    """The books' own currency: as the settings say, else the one that rates of this currency lead to."""
    if account.rules.pays_out and account.rules.pays_out != account.currency:
        return account.rules.pays_out
    found = sorted({rate.into for rate in account.books.rates if rate.currency == account.currency})
    return found[0] if len(found) == 1 else None


def _stands_at(account: Account, into: str) -> tuple[Decimal | None, str]:
    """What the control account holds in the books' own currency, in the seller's favour; and how it is known."""
    last = account.period.last
    lines = [
        line
        for line in account.closing.gl_lines or ()
        if line.account == _number(account) and line.currency == account.currency and line.posts
    ]
    # An export that leaves the own currency's amount out gives the transaction's instead.
    if any(line.base != line.debit - line.credit for line in lines):
        until = [line for line in lines if line.day is not None and line.day <= last]
        return account.side.sign * total(line.base for line in until), BY_LEDGER
    value = Decimal(0)
    for record in account.carrying:
        if record.day > last or not account.control(record):
            continue
        rate = record.exchange_rate or rate_on(account.books.rates, account.currency, into, record.day)
        if rate is None:
            return None, f"no rate of {record.day} in bank/rates: what the balance stands at is not known"
        value += rounded(account.control(record) * rate, into)
    return value, BY_RATES


def _number(account: Account) -> str | None:
    try:
        return AccountMap(account.rules).account(account.side.control, account.currency, account.period.last)
    except UnmappedRoleError:
        return None


def exchanges_sheet(closing: Closing, accounts: list[Account]) -> Sheet:
    """Report 13b."""
    columns = (
        *texts("Marketplace", "Cycle", "Reference"),
        *days("Paid"),
        *moneys("Payout", "Stood at", "Arrived", "Market's move", "Spread"),
        *texts("Rate", "State"),
    )
    return a_sheet(
        "13b",
        "Exchanged payouts",
        "Payouts that arrived in another currency: what they stood at, what the bank received, and the realised "
        "difference, split into the market's move (fx_gain_loss) and what the converter kept (psp_conversion_cost); "
        "losses are below zero. Those that wait for the bank's statement or for a rate say so.",
        columns,
        [row for account in accounts for row in (*_exchanged(closing, account), *_waiting(account))],
    )


def _exchanged(closing: Closing, account: Account) -> Iterator[tuple[Cell, ...]]:
    others = {record.external_id: record for record in closing.records}
    for sent in account.records:
        if kind_of(sent) != "PO" or not sent.movement(Role.FX_CONVERSION) or sent.day not in account.period:
            continue
        got = next((each for each in others.values() if each.after == (sent.external_id,)), None)
        if got is None or sent.exchange_rate is None:
            continue
        change = next((each for each in others.values() if each.after == (sent.external_id, got.external_id)), None)
        arrived, into = got.movement(account.side.bank), got.currency
        yield (
            account.marketplace,
            sent.cycle,
            _reference(account, sent.cycle),
            sent.day,
            account.money(-account.control(sent)),
            Money(rounded(-account.control(sent) * sent.exchange_rate, into), into),
            Money(arrived, into),
            Money(_gain(change, Role.FX_GAIN_LOSS), into),
            Money(_gain(change, Role.PSP_CONVERSION_COST), into),
            f"{abs(arrived / account.control(sent)):.6f}",
            "booked",
        )


def _gain(change: Record | None, role: Role) -> Decimal:
    return -change.movement(role) if change else Decimal(0)


def _waiting(account: Account) -> Iterator[tuple[Cell, ...]]:
    for proof in account.proofs.values():
        cycle = account.cycles.get(proof.cycle)
        if not proof.payout_waits or cycle is None or cycle.pay_out.state != PAID:
            continue
        paid: date = paid_on(cycle, account.rules.time_zone)
        if paid <= account.period.last:
            money = account.money(proof.transferred)
            nothing: tuple[Cell, ...] = (None,) * 5
            yield (
                *(account.marketplace, cycle.id, _reference(account, cycle.id), paid, money, *nothing),
                f"waits: {proof.payout_waits}",
            )


def _reference(account: Account, cycle_id: str) -> str:
    cycle = account.cycles.get(cycle_id)
    return (cycle.pay_out.reference or "") if cycle else ""

"""The end of a month: fees that are booked later are accrued, and a negative balance is shown where it belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ledger.accounts import AccountMap, UnmappedRoleError
from tieout.domain.ledger.accrual import accrue
from tieout.domain.ledger.line import Booked, Books, Line
from tieout.domain.ledger.periods import last_day, period_of
from tieout.domain.ledger.proof import Proof, Status
from tieout.domain.ledger.reclass import presentation_reclass
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.review import review_hash
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.settle import settle
from tieout.domain.ledger.side import seller_as_vendor, side_of
from tieout.domain.money import ZERO
from tieout.flows.ports import At
from tieout.flows.settlement.log import NO_CYCLE, cycles_of, documents_of, lines_of, newest_lines, sold_by_id, sold_in
from tieout.flows.settlement.plan import Plan, chain_of, digest_of, own_records
from tieout.flows.settlement.rules import booking_rules

LOOKED_BACK = timedelta(days=60)
"""Fees that were not booked for so long are no matter of cut-off any more, but a break."""
_PERIOD = re.compile(r"\d{4}-\d{2}")


def is_period(thread: str) -> bool:
    """Whether a thread is a month, such as `2026-09`; a billing cycle's id is none."""
    return _PERIOD.fullmatch(thread) is not None


def month_before(now: datetime, zone: ZoneInfo) -> tuple[str, datetime]:
    """The last month that is over in the books' zone, and the instant at which it ended."""
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return period_of(first.date() - timedelta(days=1)), first.astimezone(UTC)


def plan_of_month(marketplace: str, period: str, at: At) -> Plan:
    """Work a month's end out. Raises NeedsAttention(CYCLE_HELD) when an account is not mapped, and what calls raise."""
    rules = booking_rules(at.config, marketplace)
    end = last_day(date.fromisoformat(f"{period}-01"))
    books = _books(marketplace, end, rules, at)
    currencies = sorted({line.currency for line in books.lines})
    try:
        records = tuple(_records(books, rules, end, currencies, at))
    except UnmappedRoleError as error:
        raise NeedsAttention(Reason.CYCLE_HELD, {"period": period, "why": str(error)}) from error
    return Plan(
        marketplace=marketplace,
        cycle=period,
        hash=review_hash(records),
        lines_digest=digest_of(()),
        records=records,
        proof=_nothing_is_transferred(marketplace, period, currencies, records),
    )


def _records(books: Books, rules: BookingRules, end: date, currencies: list[str], at: At) -> Iterator[Record]:
    settled = settle(books, rules).records
    for currency in currencies:
        accrual = accrue(books, rules, settled, end, currency)
        if accrual is not None:
            yield accrual.record
        for shop, balance in _balances(books, rules, end, currency, at):
            reclass = presentation_reclass(balance, rules, currency, end, shop=shop)
            if reclass is not None:
                yield reclass


def _balances(
    books: Books, rules: BookingRules, end: date, currency: str, at: At
) -> Iterator[tuple[str | None, Decimal]]:
    """The control account as NetSuite has it, in the seller's favour; an operator's shop by shop."""
    sign = side_of(rules.mode).sign
    account = AccountMap(rules).account(side_of(rules.mode).control, currency, end)
    if sign > 0:
        held = (each.amount for each in at.ledger.balances([account], end) if each.currency == currency)
        yield None, sum(held, ZERO) * sign
        return
    shops = {seller_as_vendor(rules, cycle.shop).casefold(): cycle.shop for cycle in books.cycles}
    for each in sorted(at.ledger.vendor_balances(account, end), key=lambda each: each.vendor):
        if each.currency == currency and each.vendor.casefold() in shops:
            yield shops[each.vendor.casefold()], each.amount * sign


def _books(marketplace: str, end: date, rules: BookingRules, at: At) -> Books:
    """Everything of the month and the time before it that may be booked later."""
    since = datetime(end.year, end.month, 1, tzinfo=rules.time_zone) - LOOKED_BACK
    cycles = cycles_of(marketplace, at)
    young = [cycle for cycle in cycles if cycle.closed_at >= since]
    chain = {each.id: each for cycle in young for each in chain_of(cycle, cycles, at, marketplace)}
    waiting = [line for line in lines_of(marketplace, NO_CYCLE, at) if line.created >= since]
    lines = newest_lines([*waiting, *(line for cycle in chain for line in lines_of(marketplace, cycle, at))])
    booked = _booked(marketplace, since.date(), lines, at)
    orders = {
        order_id: sold for cycle in (NO_CYCLE, *chain) for order_id, sold in sold_in(marketplace, cycle, at).items()
    }
    missing = {each.order_id for each in booked if each.order_id} - set(orders)
    return Books(
        marketplace=marketplace,
        lines=tuple(lines),
        cycles=tuple(chain.values()),
        documents=tuple(documents_of(marketplace, at)),
        orders=orders | sold_by_id(marketplace, sorted(missing), at),
        booked=(*booked, *own_records(marketplace, chain, at)),
    )


def _booked(marketplace: str, since: date, lines: list[Line], at: At) -> list[Booked]:
    found = {each.id: each for page in at.ledger.documents_of_marketplace(marketplace, since) for each in page}
    named = {each.order_id for each in found.values()}
    left = sorted({line.order_id for line in lines if line.order_id} - named)
    return [*found.values(), *(at.ledger.documents_of(left) if left else ())]


def _nothing_is_transferred(marketplace: str, period: str, currencies: list[str], records: tuple[Record, ...]) -> Proof:
    """A month's end moves no money: what it accrues goes back on the first of the next month."""
    return Proof(
        marketplace=marketplace,
        cycle=period,
        currency=currencies[0] if currencies else "",
        lines=sum(len(record.source_line_ids) for record in records),
        sum_of_lines=ZERO,
        transferred=ZERO,
        carried_in=ZERO,
        carried_out=ZERO,
        posted_to_clearing=ZERO,
        residual=ZERO,
        status=Status.TIED_OUT,
    )

"""The clearing account over the month: how its opening became its closing, and that the closing is Mirakl's balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.books.close.closing import Account, kind_of, total
from tieout.books.close.sheet import Column, Kind, Sheet, a_sheet, moneys, texts
from tieout.domain.ledger.accounts import AccountMap, UnmappedRoleError
from tieout.domain.ledger.line import Line
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO

SALES, SHIPPING, TAXES, REFUNDS, COMMISSION = "Sales", "Shipping", "Taxes", "Refunds", "Commission"
FEES, MANUAL, PASSED, RESERVE, PAYOUTS = "Fees", "Manual items", "Passed through", "Reserve", "Payouts"
OTHER = "Other records"
STEPS = (SALES, SHIPPING, TAXES, REFUNDS, COMMISSION, FEES, MANUAL, PASSED, RESERVE, OTHER, PAYOUTS)
_COMMISSIONS = frozenset({"COMMISSION_FEE", "COMMISSION_VAT", "REFUND_COMMISSION_FEE", "REFUND_COMMISSION_VAT"})
_BY_GROUP = {
    Group.REFUND: REFUNDS,
    Group.FEE: FEES,
    Group.MANUAL: MANUAL,
    Group.REMITTED: TAXES,
    Group.WASH: PASSED,
    Group.CARRIER: SHIPPING,
    Group.RESERVE: RESERVE,
    Group.PAYOUT: PAYOUTS,
}
_PRESENTATION = "RCL"
"""Kind of the records that only show a negative balance elsewhere at the month's end."""


class RollForward(Struct, frozen=True, kw_only=True):
    """One account over the month, in the seller's favour, in major units."""

    opening: Decimal
    steps: dict[str, Decimal]
    closing: Decimal
    unposted: dict[str, Decimal]
    """What Mirakl's balance has and the books have not, by the reason."""
    mirakl: Decimal
    """Mirakl's balance at the end of the month, from the transaction log."""
    pending: Decimal
    payable: Decimal
    running: Decimal | None
    """The balance that Mirakl itself shows on the last line; None where no one line is the last."""
    ledger: Decimal | None
    """NetSuite's balance of the control account; None where it was not read."""

    @property
    def difference(self) -> Decimal:
        """Zero (I9): what is posted and what is not yet make Mirakl's balance."""
        return self.closing + total(self.unposted.values()) - self.mirakl


def category(line: Line) -> str:
    """The step that a line belongs to; types that nobody has mapped are never posted, so they have none."""
    rule = rule_of(line.type)
    if rule is None:
        return OTHER
    if line.type in _COMMISSIONS:
        return COMMISSION
    if rule.group in {Group.SALE, Group.PURCHASE}:
        if rule.is_tax:
            return TAXES
        return SHIPPING if "SHIPPING" in line.type else SALES
    return _BY_GROUP[rule.group]


def roll_forward(account: Account) -> RollForward:
    """The account's month."""
    first, last = account.period.first, account.period.last
    opening = ZERO
    steps = dict.fromkeys(STEPS, ZERO)
    for record in account.carrying:
        if kind_of(record) == _PRESENTATION or record.day > last:
            continue
        if record.day < first:
            opening += account.control(record)
        else:
            for step, amount in _parts(account, record):
                steps[step] += amount
    until = [line for line in account.lines if account.day(line) <= last]
    return RollForward(
        opening=opening,
        steps=steps,
        closing=opening + total(steps.values()),
        unposted={why: amount for why, amount in _unposted(account, until).items() if amount},
        mirakl=total(line.amount for line in until if line.type != "PAYMENT") + _paid_in_log(account, last),
        pending=total(line.amount for line in until if line.state == "PENDING"),
        payable=total(line.amount for line in until if line.state == "PAYABLE"),
        running=_running(until),
        ledger=_ledger(account),
    )


def _parts(account: Account, record: Record) -> Iterator[tuple[str, Decimal]]:
    """A record's movement by step; what its lines do not explain is shown, not spread."""
    left = account.control(record)
    for line_id in record.source_line_ids:
        line = account.line_by_id.get(line_id)
        if line is not None and line.type != "PAYMENT":
            yield category(line), line.amount
            left -= line.amount
    yield (PAYOUTS if kind_of(record) == "PO" else OTHER), left


def _unposted(account: Account, until: Iterable[Line]) -> dict[str, Decimal]:
    """Each item that reconciles the books with Mirakl's balance, by why it is there."""
    last = account.period.last
    why: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in until:
        if line.type == "PAYMENT" or not line.amount:
            continue
        records = account.posted.get(line.id)
        if not records:
            why[_why_not(account, line)] += line.amount
        elif all(record.day > last for record in records):
            why["Booked after the month"] += line.amount
    for line_id, records in account.posted.items():
        posted = account.line_by_id.get(line_id)
        if posted is not None and posted.type != "PAYMENT" and account.day(posted) > last:
            early = [record for record in records if record.day <= last]
            why["Booked before the month it was made in"] -= posted.amount if early else ZERO
    for cycle_id, amount in _payouts_not_booked(account).items():
        held = account.is_held(cycle_id)
        why["Payouts of held cycles" if held else "Payouts under way"] += amount
    return why


def _why_not(account: Account, line: Line) -> str:
    if not line.cycle:
        return "Cycle not closed yet"
    if account.is_held(line.cycle):
        return "Cycle held"
    return "Not booked" if line.cycle in account.proofs else "Cycle not known (no SBC11)"


def _payouts(account: Account, last: date) -> dict[str, Decimal]:
    """What Mirakl had paid out by a day, by cycle: its PAYMENT lines, else the cycle's own word."""
    told: dict[str, Decimal] = {}
    with_lines = {line.cycle for line in account.lines if line.type == "PAYMENT"}
    for line in account.lines:
        if line.type == "PAYMENT" and account.day(line) <= last:
            told[line.cycle or ""] = told.get(line.cycle or "", ZERO) + line.amount
    for cycle in account.cycles.values():
        paid = cycle.pay_out.paid_at if cycle.pay_out.state == "PAID" else None
        if cycle.id not in with_lines and paid is not None and local_day(paid, account.rules.time_zone) <= last:
            told[cycle.id] = -cycle.to_seller
    return told


def _paid_in_log(account: Account, last: date) -> Decimal:
    return total(_payouts(account, last).values())


def _payouts_not_booked(account: Account) -> dict[str, Decimal]:
    """By cycle, what Mirakl's balance has as paid by the month's end and the books have not, or the other way round."""
    last = account.period.last
    open_ = _payouts(account, last)
    for record in account.carrying:
        if kind_of(record) == "PO" and record.day <= last:
            open_[record.cycle] = open_.get(record.cycle, ZERO) - account.control(record)
    return open_


def _running(lines: list[Line]) -> Decimal | None:
    """Sum of the last balances of each shop and payment provider: the one that no other line starts from."""
    latest: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.balance is None:
            continue
        known = latest.setdefault((line.shop, line.psp), [])
        if known and known[0].created < line.created:
            known.clear()
        if not known or known[0].created == line.created:
            known.append(line)
    found = ZERO
    for each in latest.values():
        balances = [line.balance for line in each if line.balance is not None]
        starts = Counter(line.balance - line.amount for line in each if line.balance is not None and line.amount)
        ends = list((Counter(balances) - starts).elements())
        if len(ends) != 1:
            return None
        found += ends[0]
    return found if latest else None


def ledger_balance(account: Account, role: Role) -> Decimal | None:
    """What NetSuite's ledger has on a role's account at the month's end, debit positive; None where it was not read."""
    if account.closing.gl_lines is None:
        return None
    try:
        number = AccountMap(account.rules).account(role, account.currency, account.period.last)
    except UnmappedRoleError:
        return None
    return total(
        line.debit - line.credit
        for line in account.closing.gl_lines
        if line.account == number
        and line.currency == account.currency
        and line.posts
        and line.day is not None
        and line.day <= account.period.last
    )


def _ledger(account: Account) -> Decimal | None:
    found = ledger_balance(account, account.side.control)
    return None if found is None else account.side.sign * found


def roll_forward_sheet(months: list[tuple[Account, RollForward]]) -> Sheet:
    """Report 2."""
    columns = (*texts("Marketplace", "Currency", "Part", "Step"), *moneys("Amount"), Column("Basis", Kind.TEXT))
    rows = [
        (account.marketplace, account.currency, part, step, account.money(amount), basis)
        for account, month in months
        for part, step, amount, basis in _told(month)
    ]
    return a_sheet(
        "2",
        "Clearing roll-forward",
        "How the clearing account came from its opening to its closing, and that closing and what is not booked yet "
        "make the balance in Mirakl. The difference has to be 0.",
        columns,
        rows,
    )


def _told(month: RollForward) -> Iterator[tuple[str, str, Decimal, str]]:
    books, mirakl = "Books", "Mirakl"
    yield books, "Opening", month.opening, "records dated before the month"
    for step, amount in month.steps.items():
        yield books, step, amount, "records of the month, by transaction type"
    yield books, "Closing", month.closing, "opening and all steps"
    for why, amount in month.unposted.items():
        yield "Reconciling items", why, amount, "transaction lines to the month's end"
    yield mirakl, "Balance", month.mirakl, "all transaction lines to the month's end"
    yield mirakl, "of which pending", month.pending, "by payment state now"
    yield mirakl, "of which payable", month.payable, "by payment state now"
    if month.running is not None:
        yield mirakl, "Running balance", month.running, "as Mirakl shows it on the last line that has one"
    if month.ledger is not None:
        yield "NetSuite", "Ledger balance", month.ledger, "general ledger, posted lines to the month's end"
        yield "NetSuite", "Ledger less closing", month.ledger - month.closing, "has to be 0 once all is posted"
    yield "Proof", "Difference", month.difference, "closing and reconciling items less Mirakl's balance: 0"

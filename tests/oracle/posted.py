"""The ledger against the log: what came late, what was posted from other lines, and what somebody edited since."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.oracle.corrected import ZERO, Finding
from tests.oracle.ledger_by_hand import LedgerByHand, closing_month, month_of, proven

PERIOD = re.compile(r"-(\d{4}-\d{2})-\d+(?:-[0-9a-f]{20})?$")


@dataclass
class Posted:
    """A cycle's transactions in the ledger, by external id: their day, and what they move each account by."""

    days: dict[str, date] = field(default_factory=dict)
    debits: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    sheet: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def by_cycle(books, ledger):
    """Whose cycle a transaction is, its external id says: of a bill, through the document whose number it bears."""
    owners = {each.cycle.upper(): each.cycle for each in books.lines if each.cycle}
    bills = {}
    for each in books.lines:
        if each.document and each.cycle:
            bills[f"T-{books.marketplace}-BILL-{each.document}".upper()] = each.cycle
            bills[f"T-{books.marketplace}-VC-{each.document}".upper()] = each.cycle
    found: dict[str, Posted] = defaultdict(Posted)
    for line in ledger:
        name = line.external_id.upper()
        cycle = bills.get(name) or next((owners[each] for each in owners if each in name), None)
        if cycle is None or not name.startswith(f"T-{books.marketplace}-".upper()):
            continue
        posted = found[cycle]
        posted.days[name] = line.day
        posted.debits[name] += line.debit
        posted.sheet[line.account] += line.debit - line.credit
    return found


def ledger_findings(books, rules, ledger, older=(), held=frozenset()):
    """SOURCE_CHANGED_AFTER_POST, and GL_TAMPERED by cycle: the record that was edited is not told apart.

    The log is looked at as it was before each of its changes, the last one first: what the ledger has was posted from
    one of these, or somebody edited it. What cannot be booked from today's log is no measure of the ledger.
    """
    hand, found, standing = LedgerByHand(books, rules), [], proven(books) - held
    posted = by_cycle(books, ledger)
    moments = sorted({each.updated for each in books.lines} | {each.updated for each in older}, reverse=True)
    for cycle in books.cycles:
        if cycle.id not in posted:
            continue
        there = without_zeros(merged(posted[cycle.id].sheet, hand))
        if hand.of_cycle(cycle, books.lines) == there:
            continue
        touched = {each.id for each in older if each.cycle == cycle.id}
        for moment in moments if touched else ():
            log = as_it_was(books.lines, older, moment)
            changed = [(log[each.id], each) for each in books.lines if each.id in touched and log[each.id] != each]
            if changed and hand.of_cycle(cycle, log.values()) == there:
                amount = sum((abs(new.amount - old.amount) or abs(new.amount) for old, new in changed), ZERO)
                found.append(Finding("SOURCE_CHANGED_AFTER_POST", cycle.id, amount, cycle=cycle.id))
                break
        else:
            if cycle.id in standing:
                found.append(Finding("GL_TAMPERED", cycle.id, ZERO, cycle=cycle.id))
    return found


def as_it_was(lines, older, moment):
    """Of each line the newest version from before the moment; where there is none yet, the first one."""
    versions = defaultdict(list)
    for each in (*older, *lines):
        versions[each.id].append(each)
    return {
        name: max((each for each in known if each.updated < moment), key=lambda each: each.updated, default=None)
        or min(known, key=lambda each: each.updated)
        for name, known in versions.items()
    }


def merged(sheet, hand):
    """VAT and what was rounded of it in one."""
    (version,) = hand.rules.accounts
    names = {number: hand.account[role] for role, number in version.accounts.items() if hand.account[role] != number}
    out: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in sheet.items():
        out[names.get(account, account)] += amount
    return out


def without_zeros(sheet):
    return {account: amount for account, amount in sheet.items() if amount}


def late_findings(books, rules, ledger, closed=(), held=frozenset()):
    """LATE_LINE_CLOSED_PERIOD by cycle: booked in a later month than the lines', or waiting for a month that is closed.

    Of what waits the amount is not worked out: no record is there that would have debits. A cycle that is held is told
    as what it is.
    """
    found, posted, standing = [], by_cycle(books, ledger), proven(books) - held
    for cycle in books.cycles:
        if cycle.id not in standing:
            continue
        there = posted.get(cycle.id)
        if there is not None:
            late = [
                name for name, day in there.days.items() if day.replace(day=1) > own_month(books, rules, cycle, name)
            ]
            if late:
                amount = sum((there.debits[name] for name in late), ZERO)
                found.append(Finding("LATE_LINE_CLOSED_PERIOD", cycle.id, amount, cycle=cycle.id))
        elif any(begins <= month <= ends for month in months_of(books, rules, cycle) for begins, ends in closed):
            found.append(Finding("LATE_LINE_CLOSED_PERIOD", cycle.id, ZERO, cycle=cycle.id))
    return found


def own_month(books, rules, cycle, name):
    """The month that a transaction belongs to: what its id names, its document's, its payout's, or the closing's."""
    zone = rules.time_zone
    if named := PERIOD.search(name):
        return next(each for each in months_of(books, rules, cycle) if f"{each:%Y-%m}" == named[1])
    for document in books.documents:
        if name.endswith((f"-BILL-{document.number}", f"-VC-{document.number}")):
            return document.issued.astimezone(zone).date().replace(day=1)
    if "-PO-" in name and cycle.pay_out.paid_at:
        return cycle.pay_out.paid_at.astimezone(zone).date().replace(day=1)
    return closing_month(cycle, zone)


def months_of(books, rules, cycle):
    return sorted(
        {month_of(each, cycle, rules.time_zone) for each in books.lines if each.cycle == cycle.id and each.amount}
    )

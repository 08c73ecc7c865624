"""What a seller's cycle moves each account by, worked out line by line as an accountant would on a sheet (§1.2, §1.5).

For books by record and domestic VAT. No record is made: a cycle's records together come to these sums, however many
they are and whatever they settle. VAT and what is rounded of it are one sum: the legal document decides between them.
"""

from collections import defaultdict
from decimal import Decimal

from tests.oracle.corrected import ZERO, cent
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.types import TYPES, Group, rule_of

GOODS = {Group.SALE, Group.REFUND, Group.PURCHASE}
COMMISSION = {"COMMISSION_FEE", "REFUND_COMMISSION_FEE"}
BUCKETS = {rule.bucket for rule in TYPES.values()}
PASSES_BY = {Group.SALE, Group.REFUND, Group.WASH}
"""What a customer who pays the shop directly leaves in the log, without any money in it."""


def is_memo(line):
    rule = rule_of(line.type)
    return line.state == "NOT_APPLICABLE" and rule is not None and rule.group in PASSES_BY


def month_of(line, cycle, zone):
    """First day of the month that a line belongs to: its own, but never one after the closing's."""
    return min(line.created.astimezone(zone).date().replace(day=1), closing_month(cycle, zone))


def closing_month(cycle, zone):
    return cycle.closed_at.astimezone(zone).date().replace(day=1)


def proven(books):
    """Cycles that can be booked: all types known, one currency, and tied to what was paid out and to each document."""
    carried: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    found = set()
    for cycle in sorted(books.cycles, key=lambda each: (each.closed_at, each.id)):
        lines = [each for each in books.lines if each.cycle == cycle.id and each.amount]
        moved = sum((each.amount for each in lines if each.type != "PAYMENT" and not is_memo(each)), ZERO)
        place = (cycle.shop, cycle.currency, cycle.psp)
        ends = carried[place] + moved
        carried[place] = min(ends, ZERO) if cycle.to_seller == 0 else ZERO
        paid = sum((each.amount for each in lines if each.type == "PAYMENT"), ZERO)
        if (
            ends == cycle.to_seller + carried[place]
            and all(rule_of(each.type) and each.currency == cycle.currency for each in lines)
            and (cycle.pay_out.state != "PAID" or -paid in {ZERO, cycle.to_seller})
            and adds_up(cycle, lines)
            and all(is_documented(books, number, lines) for number in {each.document for each in lines})
        ):
            found.add(cycle.id)
    return found


def adds_up(cycle, lines):
    """Each of the cycle's totals with tax is what its lines come to (I5); which sign it is shown with is not said."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for each in lines:
        rule = rule_of(each.type)
        if rule is not None and rule.bucket and not is_memo(each):
            sums[rule.bucket] += each.amount
    told = {name.removesuffix("_incl_tax"): total for name, total in cycle.summary.items() if "_excl_" not in name}
    return all(abs(sums[bucket]) == abs(total) for bucket, total in told.items() if bucket in BUCKETS)


def is_documented(books, number, lines):
    """A legal document is what its fees come to without tax; of their tax, but for half a unit each (I6)."""
    fees = [
        (each, rule)
        for each in lines
        if each.document == number and (rule := rule_of(each.type)) and rule.group in {Group.FEE, Group.MANUAL}
    ]
    if number is None or not fees:
        return True
    document = next((each for each in books.documents if each.number == number), None)
    if document is None:
        return False
    sign = 1 if document.is_credit else -1
    taxes = [each for each, rule in fees if rule.is_tax]
    net = sum((each.amount for each, rule in fees if not rule.is_tax), ZERO)
    off = sum((each.amount for each in taxes), ZERO) - sign * (document.gross - document.net)
    return net == sign * document.net and abs(off) <= cent(document.currency) * len(taxes) / 2


class LedgerByHand:
    """One marketplace's sheet, of whatever log one holds against it."""

    def __init__(self, books, rules):
        self.books, self.rules = books, rules
        (version,) = rules.accounts
        self.account = {**version.accounts, Role.ROUNDING: version.accounts[Role.VAT_RECEIVABLE_ON_FEES]}
        self.documents = {each.number: each for each in books.documents}
        self.invoices = defaultdict(list)
        for each in books.booked:
            if each.type == "CustInvc" and each.order_id:
                self.invoices[each.order_id, each.currency].append(each.day)

    def of_cycle(self, cycle, log):
        """By account, debit positive, without zeros; None where a line is of a type that has no account."""
        lines = [each for each in log if each.cycle == cycle.id and each.amount and not is_memo(each)]
        sheet: dict[str, Decimal] = defaultdict(Decimal)
        waiting: dict[str, Decimal] = defaultdict(Decimal)
        clearing = self.account[Role.MARKETPLACE_CLEARING]
        kept = {self.tax_of(each) for each in log if (rule := rule_of(each.type)) and rule.group is Group.REMITTED}
        for line in lines:
            rule = rule_of(line.type)
            if rule is None:
                return None
            if rule.group is Group.PAYOUT:
                continue
            sheet[clearing] += line.amount
            if rule.group in GOODS and not (rule.is_tax and self.tax_of(line) in kept):
                if self.is_invoiced(line, cycle):
                    sheet[self.account[Role.MARKETPLACE_AR]] -= line.amount
                else:
                    waiting[line.order_id] += line.amount
            else:
                sheet[self.contra(line, rule, cycle, kept)] -= line.amount
        for order_id, amount in waiting.items():
            released = amount > 0 and self.invoices[order_id, cycle.currency]
            sheet[self.account[Role.MARKETPLACE_AR if released else Role.MARKETPLACE_UNDELIVERED]] -= amount
        if cycle.pay_out.state == "PAID" and cycle.to_seller > 0:
            sheet[clearing] -= cycle.to_seller
            sheet[self.account[Role.BANK_IN_TRANSIT]] += cycle.to_seller
        return {account: amount for account, amount in sheet.items() if amount}

    @staticmethod
    def tax_of(line):
        """What the operator's own line of a tax names it by."""
        refund = line.refund_id if "REFUND" in line.type else None
        return line.order_id, line.order_line_id, refund, line.tax_code, "SHIPPING" in line.type

    def is_invoiced(self, line, cycle):
        """Whether there was an invoice when the line was booked, or at the end of its month."""
        days = self.invoices[line.order_id, cycle.currency]
        closing = cycle.closed_at.astimezone(self.rules.time_zone).date()
        month = month_of(line, cycle, self.rules.time_zone)
        return any(day <= closing and day.replace(day=1) <= month for day in days)

    def contra(self, line, rule, cycle, kept):
        if rule.is_tax and rule.group in GOODS and self.tax_of(line) in kept:
            return self.account[Role.FACILITATOR_TAX_WASH]
        override = None if rule.is_tax else self.override(line)
        if override is not None:
            return override.account or self.account[override.role]
        if line.type in COMMISSION and not self.invoices[line.order_id, cycle.currency]:
            return self.account[Role.PREPAID_COMMISSION]
        return self.account[rule.record_level]

    def override(self, line):
        document = self.documents.get(line.document)
        words = line.description or (" / ".join(each.description for each in document.items) if document else "")
        return next((each for each in self.rules.overrides if fits(each, line, words)), None)


def fits(override, line, words):
    """All that a rule names; when it began is of no matter to a month that it was there for."""
    return (
        override.type in {None, line.type}
        and override.fee_code in {None, line.fee_code}
        and (override.description is None or bool(override.description.search(words)))
    )

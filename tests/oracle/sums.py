"""Legal documents and cycles against their lines: what no finding explains of a sum."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.oracle.corrected import ZERO, cent, explained
from tests.oracle.desk import FEES
from tests.oracle.refunds import Refunds
from tieout.domain.ledger.types import Group, rule_of


class Sums(Refunds):
    """One document, and one cycle, at a time."""

    def documents(self):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        counts: dict[str, int] = defaultdict(int)
        for line in self.lines:
            rule = rule_of(line.type)
            if line.document and rule and rule.group in FEES:
                sums[line.document] += line.amount
                counts[line.document] += 1
        for number in sorted(set(sums) - {each.number for each in self.books.documents}):
            if self.books.documents and sums[number]:
                self.add("DOC_NOT_TIED", number, sums[number])
        for document in self.books.documents:
            there = document.gross if document.is_credit else -document.gross
            difference = sums[document.number] - there
            effects = [
                each.per_document[document.number] for each in self.found if each.per_document.get(document.number)
            ]
            bound = cent(document.currency) * counts[document.number] / 2
            if abs(difference) <= bound and not effects:
                continue
            if left := self.left(difference, effects, "per_document"):
                self.add("DOC_NOT_TIED", document.number, left, cycle=document.cycle)

    def left(self, difference, here, per):
        """What no finding explains: those that are not in the log at all may belong elsewhere, and a cent beside."""
        elsewhere = [sum(getattr(each, per).values(), ZERO) for each in self.found if not each.placed]
        if explained(difference, here + [each for each in elsewhere if each not in here]):
            return ZERO
        left = difference - sum(here, ZERO)
        inexact = sum(1 for each in self.found if each.code in {"COMMISSION_NOT_REFUNDED", "CREDIT_WITHOUT_REFUND"})
        return ZERO if abs(left) <= Decimal("0.02") * inexact else left

    def cycles(self):
        carried: dict[Any, Decimal] = defaultdict(Decimal)
        for cycle in sorted(self.books.cycles, key=lambda each: (each.closed_at, each.id)):
            lines = [each for each in self.lines if each.cycle == cycle.id]
            moved = [each for each in lines if each.type != "PAYMENT" and not self.is_memo(each)]
            place = (cycle.shop, cycle.currency, cycle.psp)
            open_, total = carried[place], sum((each.amount for each in moved), ZERO)
            carried[place] = min(ZERO, open_ + total) if cycle.to_seller == 0 else ZERO
            difference = open_ + total - cycle.to_seller - carried[place]
            effects = [each.per_cycle[cycle.id] for each in self.found if each.per_cycle.get(cycle.id)]
            if left := self.left(difference, effects, "per_cycle"):
                self.add("CYCLE_NOT_TIED", cycle.id, left, cycle=cycle.id)
            if carried[place] < 0:
                self.add("NEGATIVE_CYCLE", cycle.id, carried[place], cycle=cycle.id, information=True)
            if cycle.pay_out.state == "FAILED":
                self.add("PAYOUT_FAILED", cycle.id, cycle.to_seller, cycle=cycle.id)
            paid = [each for each in lines if each.type == "PAYMENT"]
            wrong = sum((each.amount for each in paid), ZERO) + cycle.to_seller
            tied = not any(each.code == "CYCLE_NOT_TIED" and each.key == cycle.id for each in self.found)
            if cycle.pay_out.state == "PAID" and paid and wrong and tied:
                self.add("PAYOUT_DIFF", cycle.id, wrong, cycle=cycle.id)

    @staticmethod
    def is_memo(line):
        rule = rule_of(line.type)
        return (
            line.state == "NOT_APPLICABLE"
            and rule is not None
            and rule.group in {Group.SALE, Group.REFUND, Group.REMITTED, Group.WASH}
        )

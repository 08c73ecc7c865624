"""What the second matcher works with, and its look at each line by itself; written from the finance reference alone."""

from collections import defaultdict
from datetime import timedelta

from tests.oracle.corrected import ZERO, Finding
from tieout.domain.ledger.types import Group, rule_of

EITHER_WAY = {"SELLER_FEE_ON_ORDER", "SELLER_FEE_ON_ORDER_TAX", "SELLER_PENALTY_FEE", "SELLER_PENALTY_FEE_TAX"}
FEES = {Group.FEE, Group.MANUAL}


class Desk:
    """The books on it, what is found, and what each line should have been worth."""

    def __init__(self, books, as_of, missing_after_days, whose):
        self.books, self.as_of, self.patience = books, as_of, timedelta(days=missing_after_days)
        self.whose = whose
        self.found = []
        self.lines = [each for each in books.lines if each.amount]
        self.by_order, self.by_refund = defaultdict(list), defaultdict(list)
        self.invoices, self.credits = defaultdict(list), defaultdict(list)
        for each in self.books.booked:
            if each.type in {"CustInvc", "CashSale"} and (order_id := each.order_id or self.by_external_id(each)):
                self.invoices[order_id].append(each)
            elif each.type in {"CustCred", "CashRfnd"}:
                self.credits[each.refund_id or each.number].append(each)
        self.wrong = {}
        """Line id: what it should have been worth."""

    def by_external_id(self, booked):
        ends = {f"-INV-{order}".upper(): order for order in self.books.orders}
        return next((order for end, order in ends.items() if booked.external_id.upper().endswith(end)), None)

    def of(self, key):
        return [each for each in self.found if each.key == key]

    def add(self, code, key, amount, **about):
        finding = Finding(code, key, abs(amount), **about)
        self.found.append(finding)
        return finding

    def spoil(self, finding, line, should):
        """The finding says that the line should have been worth something else."""
        self.wrong[line.id] = should
        change = line.amount - should
        finding.effect += change
        if line.cycle:
            finding.per_cycle[line.cycle] += change
        if line.document and (rule := rule_of(line.type)) and rule.group in FEES:
            finding.per_document[line.document] += change

    def worth(self, line):
        return self.wrong.get(line.id, line.amount)

    def single_lines(self):
        seen = defaultdict(list)
        by_key: dict[tuple[str, str], Finding] = {}
        for line in self.lines:
            rule = rule_of(line.type)
            key = line.order_id or line.document or line.cycle or line.id
            about = {"order": line.order_id, "cycle": line.cycle}
            if rule is None:
                finding = by_key.get(("UNMAPPED_TYPE", key)) or self.add("UNMAPPED_TYPE", key, ZERO, **about)
                by_key["UNMAPPED_TYPE", key] = finding
                finding.amount += abs(line.amount)
                finding.effect += line.amount
                if line.document:
                    finding.per_document[line.document] -= line.amount
                continue
            if (line.amount > 0) != (rule.sign > 0) and line.type not in EITHER_WAY:
                finding = by_key.get(("SIGN_ANOMALY", key)) or self.add("SIGN_ANOMALY", key, ZERO, **about)
                by_key["SIGN_ANOMALY", key] = finding
                finding.amount += abs(2 * line.amount)
                self.spoil(finding, line, -line.amount)
            twin = (
                line.type, line.amount, line.created, line.order_line_id, line.order_id, line.tax_code, line.refund_id,
                line.debit_id, line.shipment_id, line.fee_code, line.cycle, line.document,
            )  # fmt: skip
            seen[twin].append(line)
        for twins in seen.values():
            if len(twins) > 1 and self.is_too_many(twins):
                key = twins[0].order_id or twins[0].document or twins[0].cycle or twins[0].id
                about = {"order": twins[0].order_id, "cycle": twins[0].cycle}
                finding = by_key.get(("DUPLICATE_TL", key)) or self.add("DUPLICATE_TL", key, ZERO, **about)
                by_key["DUPLICATE_TL", key] = finding
                for extra in twins[1:]:
                    finding.amount += abs(extra.amount)
                    self.spoil(finding, extra, ZERO)

    def is_too_many(self, twins):
        """The order line says how often an amount may come."""
        line = self.sold_line(twins[0])
        if line is None or twins[0].type != "ORDER_AMOUNT":
            return True
        total = sum(each.amount for each in self.lines if each.order_line_id == line.id and each.type == "ORDER_AMOUNT")
        return total > line.gross

    def sold_line(self, line):
        order = self.books.orders.get(line.order_id or "")
        return next((each for each in order.lines if each.id == line.order_line_id), None) if order else None

    def miss(self, finding, day, effect, fees):
        """What is not in the log at all belongs to the cycle that closed next after its day."""
        finding.effect, finding.placed = effect, False
        cycle = next((each for each in self.by_day() if each.closed_at.date() > day), None)
        if cycle is not None:
            finding.per_cycle[cycle.id] += effect
            for document in self.books.documents:
                if document.cycle == cycle.id and document.type == "AUTO_INVOICE":
                    finding.per_document[document.number] += fees

    def by_day(self):
        return sorted(self.books.cycles, key=lambda each: (each.closed_at, each.id))

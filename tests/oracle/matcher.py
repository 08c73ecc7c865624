"""Log against orders, NetSuite, documents and cycles, by dictionaries; written from the finance reference alone."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.corrected import ZERO, Finding, cent, explained
from tests.oracle.unexplained import unexplained_findings
from tieout.domain.ledger.types import Group, rule_of

EITHER_WAY = {"SELLER_FEE_ON_ORDER", "SELLER_FEE_ON_ORDER_TAX", "SELLER_PENALTY_FEE", "SELLER_PENALTY_FEE_TAX"}
FEES = {Group.FEE, Group.MANUAL}
REVENUE_STATES = {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}


def findings(books, as_of, missing_after_days=25, whose="seller"):
    """Every finding of one marketplace. `whose` books: a seller's, or an operator's as agent or principal.

    An operator has no invoices and credit memos of its shops' goods; a principal is charged no commission.
    """
    return Matcher(books, as_of, missing_after_days, whose).run()


class Matcher:
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

    def run(self):
        self.single_lines()
        for each in self.lines:
            if each.refund_id:
                self.by_refund[each.refund_id].append(each)
            if each.order_id:
                self.by_order[each.order_id].append(each)
        for order in sorted(set(self.by_order) | set(self.invoices)):
            self.order(order)
        for refund in sorted(set(self.by_refund) | set(self.credits)):
            self.refund(refund)
        self.found += unexplained_findings(self, self.found)
        self.documents()
        self.cycles()
        return self.found

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

    # --- one line at a time ---------------------------------------------------------------------------------------

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

    # --- one order -------------------------------------------------------------------------------------------------

    def order(self, order_id):
        lines, invoices = self.by_order.get(order_id, []), self.invoices.get(order_id, [])
        sold = self.books.orders.get(order_id)
        sale = [each for each in lines if self.is_sale(each)]
        gross = sum((self.worth(each) for each in sale), ZERO)
        if sale and not invoices:
            self.no_invoice(order_id, sold, sale, lines, gross)
            invoices = []
        if invoices and not sale:
            self.no_lines(order_id, sold, invoices, lines)
            self.no_sale(order_id, sold, invoices, lines)
        if sale and invoices:
            self.both(order_id, sold, sale, invoices, gross)
        if sold and sale and self.whose != "principal":
            self.commission(order_id, sold, lines)
        self.wash(order_id, lines)

    @staticmethod
    def is_sale(line):
        rule = rule_of(line.type)
        if rule is None or line.refund_id:
            return False
        return rule.group is Group.SALE or (rule.group is Group.REMITTED and "REFUND" not in line.type)

    def no_invoice(self, order_id, sold, sale, lines, gross):
        about = {"order": order_id, "cycle": sale[0].cycle}
        if sold is None:
            # Without any order nobody can say which are unknown.
            self.add("UNKNOWN_ORDER" if self.books.orders else "MISSING_IN_NS", order_id, gross, **about)
            return
        back = [
            each for each in lines if each.refund_id and (rule := rule_of(each.type)) and rule.group is Group.REFUND
        ]
        shipped = any(each.shipped_at for each in sold.lines)
        never_left = not shipped and gross + sum((self.worth(each) for each in back), ZERO) == 0
        if (
            self.whose == "seller"
            and not never_left
            and (sold.state in REVENUE_STATES or any(each.state in REVENUE_STATES for each in sold.lines))
        ):
            self.add("MISSING_IN_NS", order_id, gross, **about)

    def no_lines(self, order_id, sold, invoices, lines):
        invoice = min(invoices, key=lambda each: each.day)
        begin = min((each.created.date() for each in self.lines), default=invoice.day)
        if lines or invoice.day + self.patience > self.as_of or invoice.day < begin - self.patience:
            return
        if sold is not None and (sold.direct_pay or sold.state not in {"RECEIVED", "CLOSED"}):
            return
        total = sum((each.total for each in invoices[:1]), ZERO)
        finding = self.add("MISSING_IN_TL", order_id, total, order=order_id)
        if sold is not None:
            fees = sum(((each.commission or ZERO) + (each.commission_tax or ZERO) for each in sold.lines), ZERO)
            received = max((each.received_at for each in sold.lines if each.received_at), default=None)
            self.miss(finding, received.date() if received else invoice.day, -(sold.gross - fees), fees)

    def no_sale(self, order_id, sold, invoices, lines):
        """Commission was charged for a sale that the log does not have."""
        charged = [each for each in lines if each.type == "COMMISSION_FEE" and each.refund_id is None]
        unknown = any(rule_of(each.type) is None for each in lines)
        if charged and not unknown and not (sold is not None and sold.direct_pay):
            total = sum((each.total for each in invoices), ZERO)
            finding = self.add("AMOUNT_DIFF", order_id, total, order=order_id, cycle=charged[0].cycle)
            finding.effect -= total
            if charged[0].cycle:
                finding.per_cycle[charged[0].cycle] -= total

    def both(self, order_id, sold, sale, invoices, gross):
        currency = sale[0].currency
        about = {"order": order_id, "cycle": sale[0].cycle}
        foreign = [each for each in invoices if each.currency != currency]
        if foreign:
            self.add("CURRENCY_MISMATCH", order_id, sum(each.total for each in foreign), **about)
            return
        billed = sum((each.total for each in invoices), ZERO)
        kept = list(invoices)
        for each in invoices[1:]:
            if (
                billed != gross
                and billed - each.total >= gross
                and any(o.total == each.total for o in kept if o is not each)
            ):
                kept.remove(each)
                billed -= each.total
                self.add("DUPLICATE_NS", order_id, each.total, **about)
        unmapped = sum((each.amount for each in self.by_order[order_id] if rule_of(each.type) is None), ZERO)
        if billed not in {gross, gross + unmapped}:
            self.add("AMOUNT_DIFF", order_id, billed - gross, **about)
        self.tax(order_id, sold, sale, kept, about)
        self.cutoff(order_id, sold, kept, about)

    def tax(self, order_id, sold, sale, invoices, about):
        ours = sum((each.tax or ZERO for each in invoices), ZERO)
        taxes = [each for each in sale if (r := rule_of(each.type)) and r.is_tax]
        remitted = any(each.type.startswith("OPERATOR_REMITTED") for each in taxes)
        if taxes:
            theirs, count = sum((self.worth(each) for each in taxes), ZERO), len(taxes)
        elif sold is not None and not remitted:
            amounts = [amount for line in sold.lines for amount in line.taxes.values()]
            theirs, count = sum(amounts, ZERO), len(amounts)
        else:
            return
        bound = cent(sale[0].currency) * (count + len(invoices)) / 2
        unmapped = sum((each.amount for each in self.by_order[order_id] if rule_of(each.type) is None), ZERO)
        if abs(ours - theirs) > bound and abs(ours - theirs - unmapped) > bound:
            if not any(each.code == "AMOUNT_DIFF" and each.amount == abs(ours - theirs) for each in self.of(order_id)):
                self.add("TAX_DIFF", order_id, ours - theirs, **about)
        elif ours != theirs:
            self.add("TAX_SPLIT_ROUNDING", order_id, ours - theirs, information=True, **about)

    def cutoff(self, order_id, sold, invoices, about):
        if sold is None:
            return
        shipped = [line.shipped_at for line in sold.lines if line.shipped_at]
        if len(invoices) == 1 and shipped:
            first, last = min(shipped), max(shipped)
            day = invoices[0].day
            if (day.year, day.month) > (last.year, last.month) or (day.year, day.month) < (first.year, first.month):
                self.add("TIMING_CUTOFF", order_id, invoices[0].total, **about)

    def commission(self, order_id, sold, lines):
        """What was charged by order line, against what the order says: the fee, and the VAT on it."""
        charged = defaultdict(list)
        for each in lines:
            if each.refund_id is None and each.type in {"COMMISSION_FEE", "COMMISSION_VAT"}:
                charged[each.type, each.order_line_id].append(each)
        unmapped = {each.order_line_id for each in lines if rule_of(each.type) is None}
        sold_here = {each.order_line_id: each for each in lines if each.type == "ORDER_AMOUNT"}
        of_order = [each for each in sold.lines if each.id in sold_here and each.id not in unmapped]
        no_vat = not any(kind == "COMMISSION_VAT" for kind, _ in charged)
        for code, kind in (("COMMISSION_RATE", "COMMISSION_FEE"), ("COMMISSION_VAT_DIFF", "COMMISSION_VAT")):
            wrong, finding = ZERO, None
            for line in of_order:
                expected = line.commission if kind == "COMMISSION_FEE" else line.commission_tax
                there = charged[kind, line.id]
                change = -sum((self.worth(each) for each in there), ZERO) - (expected or ZERO)
                if expected is None or abs(change) <= cent(sold.currency):
                    continue
                if finding is None:
                    name = "FEE_VAT_REGIME" if kind == "COMMISSION_VAT" and no_vat else code
                    finding = self.add(name, order_id, ZERO, order=order_id, cycle=lines[0].cycle)
                wrong += change
                self.charge(finding, there[0] if there else sold_here[line.id], -change)
            if finding is not None:
                finding.amount = abs(wrong)

    @staticmethod
    def charge(finding, where, change):
        finding.effect += change
        if where.cycle:
            finding.per_cycle[where.cycle] += change
        if where.document:
            finding.per_document[where.document] += change

    def wash(self, order_id, lines):
        sums: dict[Any, Decimal] = defaultdict(Decimal)
        taken: set[Any] = set()
        for each in lines:
            rule = rule_of(each.type)
            if rule is None:
                continue
            side = "back" if "REFUND" in each.type else "out"
            if rule.group is Group.REMITTED or (rule.group in {Group.SALE, Group.REFUND} and rule.is_tax):
                key = (side, "tax", each.tax_code)
                taken |= {key} if rule.group is Group.REMITTED else set()
            elif rule.group is Group.WASH:
                key = (side, "fee", each.fee_code)
                taken |= {key} if each.type.startswith("OPERATOR") else set()
            else:
                continue
            sums[key] += self.worth(each)
        left = sum((sums[key] for key in taken), ZERO)
        if any(sums[key] for key in taken):
            self.add("WASH_NOT_ZERO", order_id, left, order=order_id)

    # --- one refund ------------------------------------------------------------------------------------------------

    def refund(self, refund_id):
        lines, memos = self.by_refund.get(refund_id, []), self.credits.get(refund_id, [])
        back = [
            each
            for each in lines
            if (rule := rule_of(each.type)) and (rule.group is Group.REFUND or (rule.group is Group.REMITTED))
        ]
        gross = -sum((self.worth(each) for each in back), ZERO)
        order_id = back[0].order_id if back else next((each.order_id for each in memos), None)
        about = {"order": order_id, "refund": refund_id}
        if back and not memos:
            never_billed = not self.invoices.get(order_id) and not any(
                each.code == "MISSING_IN_NS" and each.key == order_id for each in self.found
            )
            if self.whose == "seller" and not never_billed and gross:
                self.add("REFUND_UNMATCHED", refund_id, gross, cycle=back[0].cycle, **about)
        elif memos and not back:
            memo = memos[0]
            with_its_order = any(each.code == "MISSING_IN_TL" and each.key == order_id for each in self.found)
            if memo.day + timedelta(days=30) <= self.as_of and not with_its_order:
                finding = self.add("CREDIT_WITHOUT_REFUND", refund_id, memo.total, **about)
                self.miss(finding, memo.day, memo.total - self.given_back(memo), -self.given_back(memo))
        elif back and memos:
            total = sum((each.total for each in memos), ZERO)
            for each in memos[1:]:
                if total > gross and total - each.total >= gross:
                    total -= each.total
                    self.add("DUPLICATE_NS", refund_id, each.total, **about)
            if total != gross:
                self.add("AMOUNT_DIFF", refund_id, total - gross, **about)
        given = any(each.type.startswith("REFUND_COMMISSION") for each in lines)
        if back and not given and self.whose != "principal":
            self.commission_kept(refund_id, back)

    def commission_kept(self, refund_id, back):
        """Flagged where the marketplace gives commission back on its other refunds."""
        others = [each for ref, ours in self.by_refund.items() if ref != refund_id for each in ours]
        if not any(each.type == "REFUND_COMMISSION_FEE" for each in others):
            return
        expected = ZERO
        for each in back:
            line = self.sold_line(each)
            price = sum(
                (
                    o.amount
                    for o in self.by_order[each.order_id]
                    if o.type == "ORDER_AMOUNT" and o.order_line_id == each.order_line_id
                ),
                ZERO,
            )
            if each.type == "REFUND_ORDER_AMOUNT" and line is not None and line.commission and price:
                expected += (line.commission * -self.worth(each) / price).quantize(cent(each.currency))
        if expected > 0:
            finding = self.add(
                "COMMISSION_NOT_REFUNDED",
                refund_id,
                expected,
                order=back[0].order_id,
                refund=refund_id,
                cycle=back[0].cycle,
            )
            line = back[0]
            vat = (expected / 5).quantize(cent(line.currency))
            finding.per_cycle[line.cycle] -= expected + vat
            if line.document:
                finding.per_document[line.document] -= expected + vat

    def given_back(self, memo):
        """Commission, with its VAT, that a refund of this size gives back."""
        sold = self.books.orders.get(memo.order_id or "")
        if sold is None or not sold.gross:
            return ZERO
        fees = sum(((each.commission or ZERO) + (each.commission_tax or ZERO) for each in sold.lines), ZERO)
        return (fees * memo.total / sold.gross).quantize(cent(memo.currency))

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

    # --- documents and cycles ----------------------------------------------------------------------------------------

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

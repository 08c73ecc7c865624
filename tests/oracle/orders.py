"""An order in the log against its invoices, and against what it says of commission itself."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.oracle.corrected import ZERO, cent
from tests.oracle.desk import Desk
from tieout.domain.ledger.types import Group, rule_of

REVENUE_STATES = {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}


class Orders(Desk):
    """One order at a time."""

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
        self.paid_to_the_shop(order_id, sold, lines)
        self.applied(order_id, invoices)

    def presentation(self):
        """An order that shows its tax inside the price where most have lines of it, or the other way round (§1.4)."""
        shown = []
        for order_id, lines in self.by_order.items():
            sold, sale = self.books.orders.get(order_id), [each for each in lines if self.is_sale(each)]
            tax = sum((amount for line in sold.lines for amount in line.taxes.values()), ZERO) if sold else ZERO
            if sale and tax and sum((self.worth(each) for each in sale), ZERO) == sold.gross:
                shown.append((order_id, tax, any("TAX" in each.type for each in sale), sale[0].cycle))
        split = [each for each in shown if each[2]]
        most_split = 2 * len(split) >= len(shown)
        for order_id, tax, is_split, cycle in shown:
            if is_split != most_split:
                self.add("TAX_PRESENTATION_UNKNOWN", order_id, tax, order=order_id, cycle=cycle)

    def paid_to_the_shop(self, order_id, sold, lines):
        """The customer paid the shop itself, and the log moves the shop's balance by the sale (§1.5)."""
        moved = [
            each
            for each in lines
            if (rule := rule_of(each.type)) and rule.group is Group.SALE and each.state in {"PAYABLE", "PAID"}
        ]
        if sold is not None and sold.direct_pay and moved:
            total = sum((self.worth(each) for each in moved), ZERO)
            self.add("NOT_APPLICABLE_POSTED", order_id, total, order=order_id, cycle=moved[0].cycle)

    def applied(self, order_id, invoices):
        """More is applied to an invoice than it is worth (I12): what is open of it is below zero."""
        over = sum((each.unpaid for each in invoices if each.unpaid is not None and each.unpaid < 0), ZERO)
        if over:
            self.add("OVER_APPLIED", order_id, over, order=order_id)

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

"""A refund in the log against its credit memos, and the commission that should come back with it."""

from datetime import timedelta

from tests.oracle.corrected import ZERO, cent
from tests.oracle.orders import Orders
from tieout.domain.ledger.types import Group, rule_of


class Refunds(Orders):
    """One refund at a time."""

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

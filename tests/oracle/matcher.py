"""Log against orders, NetSuite, documents and cycles, by dictionaries; written from the finance reference alone."""

from tests.oracle.sums import Sums
from tests.oracle.unexplained import unexplained_findings


def findings(books, as_of, missing_after_days=25, whose="seller"):
    """Every finding of one marketplace. `whose` books: a seller's, or an operator's as agent or principal.

    An operator has no invoices and credit memos of its shops' goods; a principal is charged no commission.
    """
    return Matcher(books, as_of, missing_after_days, whose).run()


class Matcher(Sums):
    """One marketplace, once through."""

    def run(self):
        self.single_lines()
        for each in self.lines:
            if each.refund_id:
                self.by_refund[each.refund_id].append(each)
            if each.order_id:
                self.by_order[each.order_id].append(each)
        for order in sorted(set(self.by_order) | set(self.invoices)):
            self.order(order)
        self.presentation()
        for refund in sorted(set(self.by_refund) | set(self.credits)):
            self.refund(refund)
        self.found += unexplained_findings(self, self.found)
        self.documents()
        self.cycles()
        return self.found

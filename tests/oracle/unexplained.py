"""What the labels of an order or a refund leave of its difference (stage 5): nothing, while each rule is right."""

from decimal import Decimal

from tests.oracle.corrected import ZERO, Finding
from tieout.domain.ledger.types import Group, rule_of


def unexplained_findings(matcher, found):
    """UNEXPLAINED, by the findings that are given: NetSuite's documents against the log as it should have been."""
    for key, documents, lines in [*orders(matcher), *refunds(matcher)]:
        currencies = {each.currency for each in (*documents, *lines)}
        if not documents or not lines or len(currencies) != 1:
            continue
        labels = dict.fromkeys(("DUPLICATE_NS", "AMOUNT_DIFF", "WASH_NOT_ZERO"), ZERO)
        for each in found:
            if each.key == key and each.code in labels:
                labels[each.code] += each.amount
        sign = -1 if any(each.refund_id for each in lines) else 1
        log = sign * sum((matcher.worth(each) for each in lines), ZERO)
        rest = sum((each.total for each in documents), ZERO) - log - labels["DUPLICATE_NS"]
        if abs(rest) not in {labels["AMOUNT_DIFF"], labels["WASH_NOT_ZERO"]} and rest != unmapped(matcher, key, sign):
            left: Decimal = abs(abs(rest) - labels["AMOUNT_DIFF"])
            yield Finding("UNEXPLAINED", key, left)


def orders(matcher):
    for key, documents in matcher.invoices.items():
        yield key, documents, [each for each in matcher.by_order.get(key, []) if matcher.is_sale(each)]


def refunds(matcher):
    """What the customer got back; not what the operator did with its commission."""
    for key, documents in matcher.credits.items():
        lines = [
            each
            for each in matcher.by_refund.get(key, [])
            if (rule := rule_of(each.type)) and rule.group in {Group.REFUND, Group.REMITTED}
        ]
        yield key, documents, lines


def unmapped(matcher, key, sign):
    """Lines of types that nobody knows, which may be all that is missing."""
    lines = matcher.by_order.get(key, []) if sign > 0 else matcher.by_refund.get(key, [])
    return sign * sum((each.amount for each in lines if rule_of(each.type) is None), ZERO)

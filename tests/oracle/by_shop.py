"""What no sum of an order shows: a shop's reserve (I18), and items that a person at the operator wrote (§1.5)."""

from collections import defaultdict
from decimal import Decimal

from tests.oracle.corrected import ZERO, Finding
from tests.oracle.ledger_by_hand import fits

BY_HAND = {"MANUAL_CREDIT", "MANUAL_INVOICE", "INVOICEABLE_ONE_OFF_CREDIT", "INVOICEABLE_ONE_OFF_DEBIT"}
"""The tax on them is no item."""
RESERVE = {"RESERVE_FUNDING", "RESERVE_SETTLEMENT", "SELLER_RESERVE_FUND", "SELLER_RESERVE_SETTLEMENT"}
"""With the names that older platforms still answer."""


def reserve_findings(books, balances, brought_in=ZERO):
    """RESERVE_DIFF by shop. `balances`: (shop, currency, what Mirakl says is held, or None where it says nothing).

    Money goes into the reserve as a line below zero and comes out of it as one above: what is held is the sum turned.
    """
    told = [each for each in balances if each[2] is not None]
    found = []
    for shop, currency, balance in told:
        held = brought_in
        for line in books.lines:
            whose = line.shop or (shop if len(told) == 1 else None)
            if line.type in RESERVE and whose == shop and line.currency == currency:
                held -= line.amount
        if held != balance:
            found.append(Finding("RESERVE_DIFF", shop, abs(held - balance)))
    return found


def item_findings(books, rules, whose="seller"):
    """MANUAL_UNCLASSIFIED by document, else cycle, else line; before an operator's documents stands the shop."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in books.lines:
        if line.type not in BY_HAND or not line.amount:
            continue
        documents = [each for each in books.documents if each.number == line.document]
        document = next((each for each in documents if each.shop == line.shop), None) or next(
            (each for each in documents if not each.shop), None
        )
        words = line.description
        if words is None:
            words = " / ".join(each.description for each in document.items) if document else ""
        day = (document.issued if document else line.created).astimezone(rules.time_zone).date()
        if any(each.since <= day and fits(each, line, words) for each in rules.overrides):
            continue
        key = line.document or line.cycle or line.id
        if whose != "seller" and line.document and line.shop:
            key = f"{line.shop}/{line.document}"
        sums[key, line.currency] += abs(line.amount)
    return [Finding("MANUAL_UNCLASSIFIED", key, amount) for (key, _), amount in sums.items()]

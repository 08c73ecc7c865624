"""Payouts against a bank statement in their own currency (I24): by reference, else by the very amount within a week."""

from datetime import date, timedelta
from decimal import Decimal

from tests.oracle.corrected import ZERO, Finding

WEEK, DAY = timedelta(days=7), timedelta(days=1)


def letters(text):
    """Banks change case, blanks and dashes."""
    return "".join(each if each.isalnum() else " " for each in text.upper()).split()


def names(text, reference):
    """Whether the reference stands in the text, word by word."""
    words, wanted = letters(text), letters(reference)
    return bool(wanted) and any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def bank_findings(cycles, statement, zone, as_of):
    """PAYOUT_DIFF and PAYOUT_NOT_IN_BANK. References are all different here, and so are amounts.

    Before the first line and in the last week of the statement nothing is missing yet.
    """
    paid = [each for each in cycles if each.pay_out.state == "PAID" and each.to_seller > 0]
    taken = [line for line in statement if any(names(line.reference, each.pay_out.reference) for each in paid)]
    first = min((line.day for line in statement), default=date.max)
    last = min(as_of, max((line.day for line in statement), default=date.min))
    for cycle in paid:
        day = cycle.pay_out.paid_at.astimezone(zone).date()
        naming = [line for line in statement if names(line.reference, cycle.pay_out.reference)]
        if naming:
            shown: Decimal = sum((line.amount for line in naming), ZERO)
            if shown != cycle.to_seller:
                yield Finding("PAYOUT_DIFF", cycle.id, abs(shown - cycle.to_seller))
        elif (
            not any(
                line.amount == cycle.to_seller and day - DAY <= line.day <= day + WEEK
                for line in statement
                if line not in taken
            )
            and first <= day <= last - WEEK
        ):
            yield Finding("PAYOUT_NOT_IN_BANK", cycle.id, cycle.to_seller)

"""An operator's customer money, which the sellers' log does not show: captured, funded, and given back.

Source: the payment provider's report, a row a payment (in Mirakl's words PA11/PA01 debits, PA12/PA02 refunds). What is
booked is a journal a report, day and currency: a marketplace has more payments in a day than anybody wants journals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import AccountMap
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.ledger.side import entry
from tieout.domain.money import ZERO


class Captured(Struct, frozen=True, kw_only=True):
    """The money of an order, or of a shipment. Amounts in major units, not below zero."""

    report: str
    """The provider's name for what it tells and pays out together."""
    id: str
    """Of the debit: order or shipment."""
    day: date
    currency: str
    by_psp: Decimal = ZERO
    by_gift_card: Decimal = ZERO
    by_operator: Decimal = ZERO
    """A promotion that the operator pays: the seller is owed the full price."""
    vat: Decimal = ZERO
    """Of a principal's own sale."""
    fee: Decimal = ZERO
    """What the provider keeps of it."""


class GivenBack(Struct, frozen=True, kw_only=True):
    """A refund that the payment provider paid."""

    report: str
    id: str
    day: date
    currency: str
    amount: Decimal
    vat: Decimal = ZERO
    """Of it, that a principal owed on its own sale."""
    fee: Decimal = ZERO
    """What the provider keeps for it; below zero where it gives its fee for the payment back."""


_IN_ORDER = (
    Role.PSP_RECEIVABLE,
    Role.PSP_FEE_EXPENSE,
    Role.GIFT_CARD_LIABILITY,
    Role.PROMOTION_EXPENSE,
    Role.CUSTOMER_REFUNDS_PAYABLE,
    Role.CUSTOMER_FUNDS_UNALLOCATED,
    Role.SALES_REVENUE_GROSS,
    Role.VAT_OUTPUT,
)
"""As an accountant reads a journal: what came in, and what is owed for it."""


def report_thread(report: str) -> str:
    """What stands for a billing cycle in the records of a report."""
    return f"psp-{report}"


def customer_money(moves: Iterable[Captured | GivenBack], rules: BookingRules) -> tuple[Record, ...]:
    """A journal a report, day and currency. The same rows give the same journals. Raises UnmappedRoleError."""
    found: defaultdict[tuple[str, date, str], list[Captured | GivenBack]] = defaultdict(list)
    for each in moves:
        found[each.report, each.day, each.currency].append(each)
    accounts = AccountMap(rules)
    made: list[Record] = []
    for (report, day, currency), theirs in sorted(found.items()):
        sums: defaultdict[Role, Decimal] = defaultdict(lambda: ZERO)
        for each in theirs:
            for role, amount in _moved(each, rules):
                sums[role] += amount
        entries = [entry(role, accounts.account(role, currency, day), sums[role]) for role in _IN_ORDER if sums[role]]
        if entries:
            made.append(
                Record(
                    external_id=external_id(rules.marketplace, "JE", f"PSP-{report}-{day}-{currency}"),
                    type=RecordType.JOURNAL,
                    marketplace=rules.marketplace,
                    cycle=report_thread(report),
                    day=day,
                    currency=currency,
                    entries=tuple(entries),
                    source_line_ids=tuple(sorted(each.id for each in theirs)),
                    memo=f"Payment provider's report {report}",
                )
            )
    return tuple(made)


def _moved(move: Captured | GivenBack, rules: BookingRules) -> Iterable[tuple[Role, Decimal]]:
    """Debits, above zero, and credits.

    An agent holds the customer's money until a cycle's journal owes it to the seller; what another one made owed to the
    customer is paid by a refund. A principal has sold, and takes its own sale back. The provider's fee is a cost of
    whichever it is: what the provider still has is what it will pay out.
    """
    yield Role.PSP_FEE_EXPENSE, move.fee
    yield Role.PSP_RECEIVABLE, -move.fee
    if isinstance(move, GivenBack):
        if rules.mode is Mode.OPERATOR_PRINCIPAL:
            yield Role.SALES_REVENUE_GROSS, move.amount - move.vat
            yield Role.VAT_OUTPUT, move.vat
        else:
            yield Role.CUSTOMER_REFUNDS_PAYABLE, move.amount
        yield Role.PSP_RECEIVABLE, -move.amount
        return
    total = move.by_psp + move.by_gift_card + move.by_operator
    yield Role.PSP_RECEIVABLE, move.by_psp
    yield Role.GIFT_CARD_LIABILITY, move.by_gift_card
    yield Role.PROMOTION_EXPENSE, move.by_operator
    if rules.mode is Mode.OPERATOR_PRINCIPAL:
        yield Role.SALES_REVENUE_GROSS, move.vat - total
        yield Role.VAT_OUTPUT, -move.vat
    else:
        yield Role.CUSTOMER_FUNDS_UNALLOCATED, -total

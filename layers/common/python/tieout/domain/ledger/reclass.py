"""An account that ends a month on its wrong side is shown on the right one, and moved back on the first of the next.

An asset may not close in credit: a seller's clearing account below zero is a liability to the marketplace; an
operator's payable in debit is a claim on the seller.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import AccountMap
from tieout.domain.ledger.periods import next_first, period_of
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.side import entry, seller_as_customer, seller_as_vendor, side_of
from tieout.domain.money import ZERO


def balance_of(
    records: Iterable[Record], rules: BookingRules, currency: str, until: date, shop: str | None = None
) -> Decimal:
    """The control account by these records up to a day, in the seller's favour. An exact sum, in major units.

    `shop` is an operator's seller: what is owed to one is never set off against another's debt.
    """
    side = side_of(rules.mode)
    entity = None if shop is None else seller_as_vendor(rules, shop)
    moved = (
        each.debit - each.credit
        for record in records
        if record.currency == currency and record.day <= until
        for each in record.entries
        if each.role is side.control and entity in {None, each.entity}
    )
    return sum(moved, ZERO) * side.sign


def presentation_reclass(
    balance: Decimal, rules: BookingRules, currency: str, month_end: date, *, shop: str | None = None
) -> Record | None:
    """The journal of a balance below zero, dated the month's last day and reversed on the next; else None.

    `balance` is in the seller's favour. `shop` is an operator's seller: a vendor on the payable, and the customer of
    its fees on the receivable. Raises UnmappedRoleError.
    """
    if balance >= 0:
        return None
    side = side_of(rules.mode)
    shown = Role.MARKETPLACE_PAYABLE if side.sign > 0 else Role.SELLER_RECEIVABLE
    accounts = AccountMap(rules)
    amount = -balance * side.sign
    vendor, customer = (seller_as_vendor(rules, shop), seller_as_customer(rules, shop)) if shop else (None, None)
    source = f"{period_of(month_end)}-{currency}" + (f"-{shop}" if shop else "")
    return Record(
        external_id=external_id(rules.marketplace, "RCL", source),
        type=RecordType.JOURNAL,
        marketplace=rules.marketplace,
        cycle=period_of(month_end),
        day=month_end,
        currency=currency,
        entries=(
            entry(side.control, accounts.account(side.control, currency, month_end), amount, entity=vendor),
            entry(shown, accounts.account(shown, currency, month_end), -amount, entity=customer),
        ),
        memo="Negative balance of the marketplace account, shown where it belongs",
        reversal_day=next_first(month_end),
    )

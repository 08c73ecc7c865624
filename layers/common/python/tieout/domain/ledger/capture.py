"""An operator's customer money, which the seller's log does not show: captured, funded, and given back.

Source: PA11/PA01 debits with their funding, PA12/PA02 refunds.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import AccountMap
from tieout.domain.ledger.periods import period_of
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.side import entry
from tieout.domain.money import ZERO


class Captured(Struct, frozen=True, kw_only=True):
    """The money of an order, or of a shipment. Amounts in major units, not below zero."""

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


class GivenBack(Struct, frozen=True, kw_only=True):
    """A refund that the payment provider paid."""

    id: str
    day: date
    currency: str
    amount: Decimal


def captured(capture: Captured, rules: BookingRules) -> Record:
    """An agent holds the customer's money until the cycle's journal owes it to the seller. Raises UnmappedRoleError."""
    total = capture.by_psp + capture.by_gift_card + capture.by_operator
    return _journal(
        f"{capture.id}-CAPTURE",
        capture.day,
        capture.currency,
        rules,
        [
            (Role.PSP_RECEIVABLE, capture.by_psp),
            (Role.GIFT_CARD_LIABILITY, capture.by_gift_card),
            (Role.PROMOTION_EXPENSE, capture.by_operator),
            (Role.CUSTOMER_FUNDS_UNALLOCATED, -total),
        ],
    )


def sold_as_principal(capture: Captured, rules: BookingRules) -> Record:
    """A principal sells by itself: revenue is the whole price without VAT. Raises UnmappedRoleError."""
    total = capture.by_psp + capture.by_gift_card + capture.by_operator
    return _journal(
        f"{capture.id}-SALE",
        capture.day,
        capture.currency,
        rules,
        [
            (Role.PSP_RECEIVABLE, capture.by_psp),
            (Role.GIFT_CARD_LIABILITY, capture.by_gift_card),
            (Role.PROMOTION_EXPENSE, capture.by_operator),
            (Role.SALES_REVENUE_GROSS, -(total - capture.vat)),
            (Role.VAT_OUTPUT, -capture.vat),
        ],
    )


def given_back(refund: GivenBack, rules: BookingRules) -> Record:
    """What the cycle's journal made owed to the customer is paid. Raises UnmappedRoleError."""
    return _journal(
        f"{refund.id}-REFUND",
        refund.day,
        refund.currency,
        rules,
        [
            (Role.CUSTOMER_REFUNDS_PAYABLE, refund.amount),
            (Role.PSP_RECEIVABLE, -refund.amount),
        ],
    )


def _journal(source: str, day: date, currency: str, rules: BookingRules, moves: list[tuple[Role, Decimal]]) -> Record:
    accounts = AccountMap(rules)
    return Record(
        external_id=external_id(rules.marketplace, "JE", source),
        type=RecordType.JOURNAL,
        marketplace=rules.marketplace,
        cycle=period_of(day),
        day=day,
        currency=currency,
        entries=tuple(entry(role, accounts.account(role, currency, day), debit) for role, debit in moves if debit),
    )

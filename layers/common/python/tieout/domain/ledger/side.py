"""Whose books: the account that every line moves, and its side. A seller's and the operator's are mirror images."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tieout.domain.ids import Party, external_id
from tieout.domain.ledger.record import Entry
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.money import ZERO


class Side(Struct, frozen=True, kw_only=True):
    """Where a line's amount goes. `sign` turns an amount of the log into a debit of the control account."""

    control: Role
    sign: int
    bank: Role
    """Where a payout goes."""
    payable: Role
    """Account that a fee document is owed on, until it is settled against the control account."""


SELLER = Side(control=Role.MARKETPLACE_CLEARING, sign=1, bank=Role.BANK_IN_TRANSIT, payable=Role.ACCOUNTS_PAYABLE)
OPERATOR = Side(control=Role.SELLER_PAYABLE, sign=-1, bank=Role.BANK_OR_PSP_WALLET, payable=Role.SELLER_RECEIVABLE)
PRINCIPAL = Side(
    control=Role.ACCOUNTS_PAYABLE_SUPPLIER, sign=-1, bank=Role.BANK_OR_PSP_WALLET, payable=Role.SELLER_RECEIVABLE
)

CONTROLS = frozenset({SELLER.control, OPERATOR.control, PRINCIPAL.control})


def side_of(mode: Mode) -> Side:
    """The side whose books a mode keeps."""
    return {Mode.OPERATOR: OPERATOR, Mode.OPERATOR_PRINCIPAL: PRINCIPAL}.get(mode, SELLER)


def seller_as_vendor(rules: BookingRules, shop: str) -> str:
    """A shop as the operator owes it money: the vendor's external id."""
    return external_id(rules.marketplace, Party.VENDOR, shop or "SHOP")


def seller_as_customer(rules: BookingRules, shop: str) -> str:
    """A shop as it owes the operator fees: the customer's external id."""
    return external_id(rules.marketplace, Party.SHOP, shop or "SHOP")


def entry(
    role: Role,
    account: str,
    debit: Decimal,
    *,
    entity: str | None = None,
    memo: str = "",
    tax_code: str | None = None,
) -> Entry:
    """An entry from a signed debit, which is not zero."""
    return Entry(
        role=role,
        account=account,
        debit=debit if debit > 0 else ZERO,
        credit=-debit if debit < 0 else ZERO,
        entity=entity,
        memo=memo,
        tax_code=tax_code,
    )

"""The flow of money: how billing cycles are booked, into which accounts, and who agrees before anything is."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, field_validator, model_validator

from tieout.domain.ledger.roles import Role
from tieout.settings.base import Currency, Settings, Text

AccountNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$")]


class Accounts(Settings):
    """One version of the account map: which NetSuite account stands for each role."""

    since: date = date(2000, 1, 1)
    """First day (of the posting date) on which this version holds; the newest one that has begun wins."""
    currency: Currency | None = None
    """Holds for this currency only; a map for the currency wins over one for all."""
    roles: dict[Role, AccountNumber] = Field(min_length=1)
    """Role to account number (`acctnumber`) of NetSuite."""


class When(Settings):
    """What an override looks at; all that is given must fit."""

    type: Text | None = None
    """Transaction type, such as `MANUAL_INVOICE`."""
    fee_code: Text | None = None
    """Code of the seller fee or order fee."""
    description: str | None = None
    """Regular expression found anywhere in the item's description, without regard to case."""

    @field_validator("description")
    @classmethod
    def _readable(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.type is None and self.fee_code is None and self.description is None:
            raise ValueError("say at least one of type, fee_code, description")
        return self


class Override(Settings):
    """Books what fits under another role, or to an account of its own; the first that fits wins."""

    when: When
    """Lines that it takes."""
    role: Role | None = None
    """Role they are booked under."""
    account: AccountNumber | None = None
    """Account they are booked to; left out: the role's."""
    since: date = date(2000, 1, 1)
    """First posting date on which it holds."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.role is None and self.account is None:
            raise ValueError("say a role, an account, or both")
        return self


class Settlement(Settings):
    """How the billing cycles of a marketplace become NetSuite records (docs/finance/settlement.md)."""

    since: AwareDatetime
    """Transaction lines created before it are not read: the cycle in which Tieout takes over begins here."""
    posting: Literal["record_level", "summary_journal", "cash_sale"] = "record_level"
    """`record_level`: a payment of the invoices by cycle; `summary_journal`: one journal a cycle; `cash_sale`: a cash
    sale an order, into the clearing account."""
    fee_document: Literal["vendor_bill", "journal"] = "vendor_bill"
    """How the operator's fees are booked; a journal that is written by REST carries no tax code."""
    fee_vat: Literal["domestic", "reverse_charge", "out_of_scope", "non_recoverable"] = "domestic"
    """VAT on the operator's fees: deducted, self-assessed, none, or part of the cost."""
    reverse_charge_rate: Decimal = Field(default=Decimal(0), ge=0, le=100)
    """Own rate in percent for `fee_vat: reverse_charge`."""
    fee_tax_code: Text | None = None
    """NetSuite tax code of the operator's fees on vendor bills; left out: the VAT is an expense line of its account."""
    tax_presentation: Literal["auto", "split", "embedded"] = "auto"
    """Whether the log shows tax in lines of its own (`split`) or inside the price (`embedded`); `auto` reads it."""
    vendor: Text | None = None
    """The operator as a NetSuite vendor, by external id; left out: `T-<marketplace>-VEN-OPERATOR`, made if missing."""
    autopost: bool = False
    """Book complete cycles without asking. Else `tieout settle` shows them and `tieout settle --post HASH` agrees."""
    approve_journals: bool = False
    """Write journals as approved; else they wait in NetSuite for a person."""
    closed_period: Literal["hold", "next_open_period"] = "hold"
    """What becomes of a record whose day lies in a closed period; the original day is kept in the memo."""
    month_end: Literal["accrue", "off"] = "accrue"
    """Whether fees of a month that are booked later are accrued on its last day, and reversed on the next; so is a
    negative balance of the marketplace account, shown as a liability."""
    settled_hours: int = Field(default=24, ge=0, le=168)
    """A cycle is complete when its lines have not changed for so long."""
    pays_out: Currency | None = None
    """Currency of your own books, where payouts arrive in it and not in the cycle's: each is booked when the bank's
    statement shows it (`tieout bank import`); left out: in the cycle's."""
    seller_model: Literal["agent", "principal"] = "agent"
    """Operators: whether they sell on behalf of the shops, or buy and sell themselves (dropship)."""
    materiality: Decimal = Field(default=Decimal(0), ge=0)
    """Breaks of AMOUNT_DIFF up to it do not block the close; they are shown all the same."""
    missing_after_days: int = Field(default=25, ge=1, le=365)
    """Age of an invoice without transaction lines from which it counts as missing: 15 days and a cycle."""
    reserve_brought_in: Decimal = Field(default=Decimal(0), ge=0)
    """Sellers: reserve of the shop that the operator held when `since` began, in the shop's currency: no line tells of
    it."""
    reserve_brought_in_by_shop: dict[Annotated[int, Field(ge=1)], Annotated[Decimal, Field(ge=0)]] = Field(default={})
    """Operators: the same of each shop, by Mirakl's shop id; a shop that is left out had none."""
    accounts: tuple[Accounts, ...] = Field(min_length=1)
    """The account map, in versions."""
    overrides: tuple[Override, ...] = ()
    """Lines that are booked otherwise; the first that fits wins. A manual or one-off item that none fits is a break."""

    @model_validator(mode="after")
    def _control_account_is_there(self) -> Self:
        if self.seller_model == "principal":
            controls = {Role.ACCOUNTS_PAYABLE_SUPPLIER}
            wanted = "accounts_payable_supplier, which seller_model: principal owes the shops on"
        else:
            controls = {Role.MARKETPLACE_CLEARING, Role.SELLER_PAYABLE}
            wanted = "marketplace_clearing (an operator: seller_payable)"
        if not any(controls & version.roles.keys() for version in self.accounts):
            raise ValueError(f"accounts: no version names {wanted}")
        return self

    def reserve_before(self, shop: str) -> Decimal:
        """What was held of a shop when `since` began; `shop` as lines and accounts name it."""
        by_shop = {str(each): held for each, held in self.reserve_brought_in_by_shop.items()}
        return by_shop.get(shop, self.reserve_brought_in)

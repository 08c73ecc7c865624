"""What NetSuite's accounts have to hold, worked out from the lines of Mirakl's log, by whose books they are.

A seller's clearing is what the marketplace owes; an operator's payable is the same amount from the other side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tieout.config import Config
from tieout.domain.ids import Party, external_id
from tieout.domain.ledger.roles import Role

ZERO = Decimal(0)
_NET, _TAX = ("ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"), ("ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT_TAX")
SOLD = (*_NET, *_TAX)
GIVEN_BACK = tuple(f"REFUND_{kind}" for kind in SOLD)
COMMISSION = ("COMMISSION_FEE", "REFUND_COMMISSION_FEE")
COMMISSION_VAT = ("COMMISSION_VAT", "REFUND_COMMISSION_VAT")
MARGIN = ("PURCHASE_COMMISSION_FEE", "REFUND_PURCHASE_COMMISSION_FEE")
PURCHASE_TAX = ("PURCHASE_ORDER_AMOUNT_TAX", "REFUND_PURCHASE_ORDER_AMOUNT_TAX")
_RETAIL = (*_NET, *(f"REFUND_{kind}" for kind in _NET))
_RETAIL_TAX = (*_TAX, *(f"REFUND_{kind}" for kind in _TAX))


@dataclass(frozen=True)
class Taken:
    """What a payment provider's report adds up to."""

    captured: Decimal = ZERO
    refunded: Decimal = ZERO
    vat: Decimal = ZERO
    """Of both, that whoever sells owes."""
    fees: Decimal = ZERO
    """What the provider keeps."""


@dataclass(frozen=True)
class Account:
    """What a marketplace's account of one currency adds up to, over the cycles that are booked."""

    marketplace: str
    currency: str
    cycles: int
    lines: int
    sums: Mapping[str, Decimal]
    """Of the lines, by type."""
    paid_out: Decimal
    shops: Mapping[str, Decimal] = field(default_factory=dict)
    """What is still owed to each shop."""
    taken: Taken = field(default_factory=Taken)
    """What an operator's payment provider has reported."""

    @property
    def settled(self) -> Decimal:
        """Sum of the lines."""
        return sum(self.sums.values(), ZERO)

    @property
    def undisbursed(self) -> Decimal:
        """What the marketplace still owes of it."""
        return self.settled - self.paid_out

    def of(self, *kinds: str) -> Decimal:
        """Lines of these types."""
        return sum((self.sums.get(kind, ZERO) for kind in kinds), ZERO)


Expected = tuple[tuple[Role, ...], Decimal]
"""Accounts of these roles together hold so much, debit positive."""


def is_operators(config: Config, marketplace: str) -> bool:
    return config.marketplaces[marketplace].role == "operator"


def principals(config: Config) -> list[str]:
    """Marketplaces whose operator buys what the shops sell."""
    return [
        name
        for name, one in config.marketplaces.items()
        if one.role == "operator" and one.settlement is not None and one.settlement.seller_model == "principal"
    ]


def control_of(config: Config, marketplace: str) -> Role:
    """The account that every line moves."""
    if not is_operators(config, marketplace):
        return Role.MARKETPLACE_CLEARING
    return Role.ACCOUNTS_PAYABLE_SUPPLIER if marketplace in principals(config) else Role.SELLER_PAYABLE


def expected_of(config: Config, account: Account) -> list[Expected]:
    """What each account has to hold of this one."""
    if not is_operators(config, account.marketplace):
        return _of_seller(account)
    owed, taken = ((control_of(config, account.marketplace),), -account.undisbursed), account.taken
    earned: list[Expected] = [
        ((Role.BANK_OR_PSP_WALLET,), -account.paid_out),
        # Fees are invoiced to the shop, and set off against what it is owed.
        ((Role.SELLER_RECEIVABLE,), ZERO),
        ((Role.COMMISSION_REVENUE,), account.of(*COMMISSION)),
        ((Role.VAT_OUTPUT, Role.ROUNDING), account.of(*COMMISSION_VAT) - taken.vat),
        ((Role.PSP_RECEIVABLE,), taken.captured - taken.refunded - taken.fees),
        ((Role.PSP_FEE_EXPENSE,), taken.fees),
    ]
    if account.marketplace in principals(config):
        return [owed, *earned, *_bought(account)]
    return [
        owed,
        *earned,
        ((Role.CUSTOMER_FUNDS_UNALLOCATED,), account.of(*SOLD) - taken.captured),
        ((Role.CUSTOMER_REFUNDS_PAYABLE,), account.of(*GIVEN_BACK) + taken.refunded),
    ]


def owed_to_shops(config: Config, account: Account) -> dict[str, Decimal]:
    """What the control account has to hold of each vendor, by external id; of a seller's books nothing."""
    if not is_operators(config, account.marketplace):
        return {}
    return {
        external_id(account.marketplace, Party.VENDOR, shop).casefold(): -amount
        for shop, amount in account.shops.items()
    }


def roles_looked_at(config: Config, marketplace: str) -> set[Role]:
    """Roles whose accounts are judged."""
    nothing = Account(marketplace, "", 0, 0, {}, ZERO)
    return {role for roles, _ in expected_of(config, nothing) for role in roles}


def _of_seller(account: Account) -> list[Expected]:
    """Commission of what is not delivered yet stands in an account of its own."""
    return [
        ((Role.MARKETPLACE_CLEARING,), account.undisbursed),
        ((Role.BANK_IN_TRANSIT,), account.paid_out),
        ((Role.COMMISSION_EXPENSE, Role.PREPAID_COMMISSION), -account.of(*COMMISSION)),
    ]


def _bought(account: Account) -> Iterable[Expected]:
    """Goods cost the retail price less the margin; tax on the buyer's price is no tax of the purchase."""
    taken = account.taken
    return [
        ((Role.SALES_REVENUE_GROSS,), taken.refunded + taken.vat - taken.captured),
        ((Role.COGS_DROPSHIP,), account.of(*_RETAIL, *MARGIN)),
        ((Role.VAT_INPUT,), account.of(*PURCHASE_TAX)),
        ((Role.TAX_REVIEW,), account.of(*_RETAIL_TAX)),
    ]

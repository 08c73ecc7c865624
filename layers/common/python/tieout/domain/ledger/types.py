"""Every transaction type of Mirakl's log: its expected sign, its bucket in the cycle's summary, and its contra account.

Each line moves one control account by its amount (a seller's `marketplace_clearing`, an operator's `seller_payable`)
and one contra role, which is all that is said here. Source: Mirakl OpenAPI, TL02 `type` (51 values).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import Mode


class Group(StrEnum):
    """What a type belongs to, and so which record carries it."""

    SALE = "sale"
    REFUND = "refund"
    FEE = "fee"
    MANUAL = "manual"
    """Manual and one-off items: each with a document of its own."""
    REMITTED = "remitted"
    """Tax that the operator collects and pays itself."""
    WASH = "wash"
    """Fees of the customer's that pass through."""
    CARRIER = "carrier"
    """Shipping that the operator pays."""
    PURCHASE = "purchase"
    """Goods that the operator buys from the seller (DROPSHIP, ONE_CREDITOR)."""
    RESERVE = "reserve"
    PAYOUT = "payout"


class TypeRule(Struct, frozen=True):
    """What is known of one transaction type."""

    sign: int
    """Expected sign of `amount`; the amount is booked as it is signed, whatever this says."""
    group: Group
    bucket: str | None
    """Name of its total in SBC11 `summary`, without `_excl_tax` and `_incl_tax`."""
    is_tax: bool
    """Counts in the total with tax only."""
    record_level: Role
    summary: Role
    """Of a seller's summary journal and of cash sales."""
    operator: Role

    def contra(self, mode: Mode) -> Role:
        """The account on the other side of the control account."""
        if mode in {Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL}:
            return self.operator
        return self.record_level if mode is Mode.RECORD_LEVEL else self.summary


def _net(  # noqa: PLR0917  a row of a table
    sign: int, group: Group, bucket: str | None, record_level: Role, summary: Role, operator: Role
) -> TypeRule:
    return TypeRule(sign, group, bucket, is_tax=False, record_level=record_level, summary=summary, operator=operator)


def _tax(  # noqa: PLR0917  a row of a table
    sign: int, group: Group, bucket: str | None, record_level: Role, summary: Role, operator: Role
) -> TypeRule:
    return TypeRule(sign, group, bucket, is_tax=True, record_level=record_level, summary=summary, operator=operator)


TYPES: Mapping[str, TypeRule] = {
    "ORDER_AMOUNT": _net(
        1, Group.SALE, "total_payable_orders", Role.MARKETPLACE_AR, Role.SALES_REVENUE, Role.CUSTOMER_FUNDS_UNALLOCATED
    ),
    "ORDER_AMOUNT_TAX": _tax(
        1, Group.SALE, "total_payable_orders", Role.MARKETPLACE_AR, Role.VAT_OUTPUT, Role.CUSTOMER_FUNDS_UNALLOCATED
    ),
    "ORDER_SHIPPING_AMOUNT": _net(
        1,
        Group.SALE,
        "total_payable_orders",
        Role.MARKETPLACE_AR,
        Role.SHIPPING_REVENUE,
        Role.CUSTOMER_FUNDS_UNALLOCATED,
    ),
    "ORDER_SHIPPING_AMOUNT_TAX": _tax(
        1, Group.SALE, "total_payable_orders", Role.MARKETPLACE_AR, Role.VAT_OUTPUT, Role.CUSTOMER_FUNDS_UNALLOCATED
    ),
    "ORDER_FEE_AMOUNT": _net(
        1,
        Group.WASH,
        "total_fee",
        Role.ORDER_FEE_PASS_THROUGH,
        Role.ORDER_FEE_PASS_THROUGH,
        Role.CUSTOMER_FUNDS_UNALLOCATED,
    ),
    "REFUND_ORDER_AMOUNT": _net(
        -1,
        Group.REFUND,
        "total_refund_payable_orders",
        Role.MARKETPLACE_AR,
        Role.REFUNDS_CONTRA,
        Role.CUSTOMER_REFUNDS_PAYABLE,
    ),
    "REFUND_ORDER_AMOUNT_TAX": _tax(
        -1,
        Group.REFUND,
        "total_refund_payable_orders",
        Role.MARKETPLACE_AR,
        Role.VAT_OUTPUT,
        Role.CUSTOMER_REFUNDS_PAYABLE,
    ),
    "REFUND_ORDER_SHIPPING_AMOUNT": _net(
        -1,
        Group.REFUND,
        "total_refund_payable_orders",
        Role.MARKETPLACE_AR,
        Role.REFUNDS_CONTRA,
        Role.CUSTOMER_REFUNDS_PAYABLE,
    ),
    "REFUND_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        -1,
        Group.REFUND,
        "total_refund_payable_orders",
        Role.MARKETPLACE_AR,
        Role.VAT_OUTPUT,
        Role.CUSTOMER_REFUNDS_PAYABLE,
    ),
    "REFUND_ORDER_FEE_AMOUNT": _net(
        -1,
        Group.WASH,
        "total_refund_fee",
        Role.ORDER_FEE_PASS_THROUGH,
        Role.ORDER_FEE_PASS_THROUGH,
        Role.CUSTOMER_REFUNDS_PAYABLE,
    ),
    "COMMISSION_FEE": _net(
        -1, Group.FEE, "total_commissions", Role.COMMISSION_EXPENSE, Role.COMMISSION_EXPENSE, Role.COMMISSION_REVENUE
    ),
    "COMMISSION_VAT": _tax(
        -1, Group.FEE, "total_commissions", Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_OUTPUT
    ),
    "REFUND_COMMISSION_FEE": _net(
        1,
        Group.FEE,
        "total_refund_commissions",
        Role.COMMISSION_EXPENSE,
        Role.COMMISSION_EXPENSE,
        Role.COMMISSION_REVENUE,
    ),
    "REFUND_COMMISSION_VAT": _tax(
        1,
        Group.FEE,
        "total_refund_commissions",
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_OUTPUT,
    ),
    "SUBSCRIPTION_FEE": _net(
        -1,
        Group.FEE,
        "total_subscription",
        Role.SUBSCRIPTION_EXPENSE,
        Role.SUBSCRIPTION_EXPENSE,
        Role.SUBSCRIPTION_REVENUE,
    ),
    "SUBSCRIPTION_VAT": _tax(
        -1, Group.FEE, "total_subscription", Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_OUTPUT
    ),
    "SELLER_FEE_ON_ORDER": _net(
        -1,
        Group.FEE,
        "total_seller_fees_on_orders",
        Role.ORDER_FEE_EXPENSE,
        Role.ORDER_FEE_EXPENSE,
        Role.SELLER_FEE_REVENUE,
    ),
    "SELLER_FEE_ON_ORDER_TAX": _tax(
        -1,
        Group.FEE,
        "total_seller_fees_on_orders",
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_OUTPUT,
    ),
    "SELLER_PENALTY_FEE": _net(
        -1, Group.FEE, "total_seller_penalty_fees", Role.PENALTY_EXPENSE, Role.PENALTY_EXPENSE, Role.PENALTY_INCOME
    ),
    "SELLER_PENALTY_FEE_TAX": _tax(
        -1,
        Group.FEE,
        "total_seller_penalty_fees",
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_OUTPUT,
    ),
    "MANUAL_CREDIT": _net(
        1,
        Group.MANUAL,
        "total_other_credits",
        Role.MARKETPLACE_ADJUSTMENTS,
        Role.MARKETPLACE_ADJUSTMENTS,
        Role.MARKETPLACE_ADJUSTMENTS_EXPENSE,
    ),
    "MANUAL_CREDIT_VAT": _tax(
        1,
        Group.MANUAL,
        "total_other_credits",
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_OUTPUT,
    ),
    "MANUAL_INVOICE": _net(
        -1,
        Group.MANUAL,
        "total_other_invoices",
        Role.OTHER_MARKETPLACE_FEES,
        Role.OTHER_MARKETPLACE_FEES,
        Role.OTHER_MARKETPLACE_REVENUE,
    ),
    "MANUAL_INVOICE_VAT": _tax(
        -1,
        Group.MANUAL,
        "total_other_invoices",
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_RECEIVABLE_ON_FEES,
        Role.VAT_OUTPUT,
    ),
    "INVOICEABLE_ONE_OFF_DEBIT": _net(
        -1, Group.MANUAL, None, Role.OTHER_MARKETPLACE_FEES, Role.OTHER_MARKETPLACE_FEES, Role.OTHER_MARKETPLACE_REVENUE
    ),
    "INVOICEABLE_ONE_OFF_DEBIT_TAX": _tax(
        -1, Group.MANUAL, None, Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_OUTPUT
    ),
    "INVOICEABLE_ONE_OFF_CREDIT": _net(
        1,
        Group.MANUAL,
        None,
        Role.MARKETPLACE_ADJUSTMENTS,
        Role.MARKETPLACE_ADJUSTMENTS,
        Role.MARKETPLACE_ADJUSTMENTS_EXPENSE,
    ),
    "INVOICEABLE_ONE_OFF_CREDIT_TAX": _tax(
        1, Group.MANUAL, None, Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_RECEIVABLE_ON_FEES, Role.VAT_OUTPUT
    ),
    "OPERATOR_REMITTED_ORDER_AMOUNT_TAX": _tax(
        -1,
        Group.REMITTED,
        "total_operator_remitted_taxes",
        Role.FACILITATOR_TAX_WASH,
        Role.FACILITATOR_TAX_WASH,
        Role.SALES_TAX_PAYABLE,
    ),
    "OPERATOR_REMITTED_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        -1,
        Group.REMITTED,
        "total_operator_remitted_taxes",
        Role.FACILITATOR_TAX_WASH,
        Role.FACILITATOR_TAX_WASH,
        Role.SALES_TAX_PAYABLE,
    ),
    "OPERATOR_REMITTED_REFUND_ORDER_AMOUNT_TAX": _tax(
        1,
        Group.REMITTED,
        "total_refund_operator_remitted_taxes",
        Role.FACILITATOR_TAX_WASH,
        Role.FACILITATOR_TAX_WASH,
        Role.SALES_TAX_PAYABLE,
    ),
    "OPERATOR_REMITTED_REFUND_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        1,
        Group.REMITTED,
        "total_refund_operator_remitted_taxes",
        Role.FACILITATOR_TAX_WASH,
        Role.FACILITATOR_TAX_WASH,
        Role.SALES_TAX_PAYABLE,
    ),
    "OPERATOR_REMITTED_ORDER_FEE_AMOUNT": _net(
        -1,
        Group.WASH,
        "total_fee_operator_remitted",
        Role.ORDER_FEE_PASS_THROUGH,
        Role.ORDER_FEE_PASS_THROUGH,
        Role.ORDER_FEE_PAYABLE,
    ),
    "OPERATOR_REMITTED_REFUND_ORDER_FEE_AMOUNT": _net(
        1,
        Group.WASH,
        "total_refund_fee_operator_remitted",
        Role.ORDER_FEE_PASS_THROUGH,
        Role.ORDER_FEE_PASS_THROUGH,
        Role.ORDER_FEE_PAYABLE,
    ),
    "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT": _net(
        -1,
        Group.CARRIER,
        "total_operator_paid_shipping_charges",
        Role.SHIPPING_CONTRA,
        Role.SHIPPING_CONTRA,
        Role.CARRIER_COST_RECOVERY,
    ),
    "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        -1, Group.CARRIER, "total_operator_paid_shipping_charges", Role.TAX_REVIEW, Role.TAX_REVIEW, Role.VAT_OUTPUT
    ),
    "OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT": _net(
        1,
        Group.CARRIER,
        "total_refund_operator_paid_shipping_charges",
        Role.SHIPPING_CONTRA,
        Role.SHIPPING_CONTRA,
        Role.CARRIER_COST_RECOVERY,
    ),
    "OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        1,
        Group.CARRIER,
        "total_refund_operator_paid_shipping_charges",
        Role.TAX_REVIEW,
        Role.TAX_REVIEW,
        Role.VAT_OUTPUT,
    ),
    "PURCHASE_COMMISSION_FEE": _net(
        -1, Group.PURCHASE, None, Role.MARKETPLACE_AR, Role.WHOLESALE_REVENUE, Role.COGS_DROPSHIP
    ),
    "PURCHASE_SHIPPING_COMMISSION_FEE": _net(
        -1, Group.PURCHASE, None, Role.MARKETPLACE_AR, Role.WHOLESALE_REVENUE, Role.COGS_DROPSHIP
    ),
    "PURCHASE_FEE_COMMISSION_FEE": _net(
        -1, Group.PURCHASE, None, Role.MARKETPLACE_AR, Role.WHOLESALE_REVENUE, Role.COGS_DROPSHIP
    ),
    "PURCHASE_ORDER_AMOUNT_TAX": _tax(
        1, Group.PURCHASE, "total_purchase_taxes", Role.MARKETPLACE_AR, Role.VAT_OUTPUT, Role.VAT_INPUT
    ),
    "PURCHASE_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        1, Group.PURCHASE, "total_purchase_taxes", Role.MARKETPLACE_AR, Role.VAT_OUTPUT, Role.VAT_INPUT
    ),
    "REFUND_PURCHASE_COMMISSION_FEE": _net(
        1, Group.PURCHASE, None, Role.MARKETPLACE_AR, Role.WHOLESALE_REVENUE, Role.COGS_DROPSHIP
    ),
    "REFUND_PURCHASE_SHIPPING_COMMISSION_FEE": _net(
        1, Group.PURCHASE, None, Role.MARKETPLACE_AR, Role.WHOLESALE_REVENUE, Role.COGS_DROPSHIP
    ),
    "REFUND_PURCHASE_FEE_COMMISSION_FEE": _net(
        1, Group.PURCHASE, None, Role.MARKETPLACE_AR, Role.WHOLESALE_REVENUE, Role.COGS_DROPSHIP
    ),
    "REFUND_PURCHASE_ORDER_AMOUNT_TAX": _tax(
        -1, Group.PURCHASE, "total_refund_purchase_taxes", Role.MARKETPLACE_AR, Role.VAT_OUTPUT, Role.VAT_INPUT
    ),
    "REFUND_PURCHASE_ORDER_SHIPPING_AMOUNT_TAX": _tax(
        -1, Group.PURCHASE, "total_refund_purchase_taxes", Role.MARKETPLACE_AR, Role.VAT_OUTPUT, Role.VAT_INPUT
    ),
    "RESERVE_FUNDING": _net(
        -1, Group.RESERVE, None, Role.RESERVE_RECEIVABLE, Role.RESERVE_RECEIVABLE, Role.SELLER_RESERVE_LIABILITY
    ),
    "RESERVE_SETTLEMENT": _net(
        1, Group.RESERVE, None, Role.RESERVE_RECEIVABLE, Role.RESERVE_RECEIVABLE, Role.SELLER_RESERVE_LIABILITY
    ),
    "PAYMENT": _net(-1, Group.PAYOUT, None, Role.BANK_IN_TRANSIT, Role.BANK_IN_TRANSIT, Role.BANK_OR_PSP_WALLET),
}
"""All 51 types; any other holds its cycle."""

ALIASES: Mapping[str, str] = {
    "SELLER_RESERVE_FUND": "RESERVE_FUNDING",
    "SELLER_RESERVE_SETTLEMENT": "RESERVE_SETTLEMENT",
}
"""Names that older platforms still answer."""


def rule_of(transaction_type: str) -> TypeRule | None:
    """The rule of a type; None for one that nobody has mapped."""
    return TYPES.get(ALIASES.get(transaction_type, transaction_type))

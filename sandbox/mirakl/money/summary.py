"""The totals of a billing cycle by bucket (SBC11, IV01), each without and with the tax that goes with it."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.mirakl.money.log import NOT_APPLICABLE, Json

_WITH_TAX = {
    "commissions": (("COMMISSION_FEE",), ("COMMISSION_VAT",)),
    "refund_commissions": (("REFUND_COMMISSION_FEE",), ("REFUND_COMMISSION_VAT",)),
    "subscription": (("SUBSCRIPTION_FEE",), ("SUBSCRIPTION_VAT",)),
    "other_credits": (("MANUAL_CREDIT",), ("MANUAL_CREDIT_VAT",)),
    "other_invoices": (("MANUAL_INVOICE",), ("MANUAL_INVOICE_VAT",)),
    "fee": (("ORDER_FEE_AMOUNT",), ()),
    "refund_fee": (("REFUND_ORDER_FEE_AMOUNT",), ()),
    "fee_operator_remitted": (("OPERATOR_REMITTED_ORDER_FEE_AMOUNT",), ()),
    "refund_fee_operator_remitted": (("OPERATOR_REMITTED_REFUND_ORDER_FEE_AMOUNT",), ()),
    "operator_paid_shipping_charges": (
        ("OPERATOR_PAID_ORDER_SHIPPING_AMOUNT",),
        ("OPERATOR_PAID_ORDER_SHIPPING_AMOUNT_TAX",),
    ),
    "refund_operator_paid_shipping_charges": (
        ("OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT",),
        ("OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT_TAX",),
    ),
    "seller_fees_on_orders": (("SELLER_FEE_ON_ORDER",), ("SELLER_FEE_ON_ORDER_TAX",)),
    "seller_penalty_fees": (("SELLER_PENALTY_FEE",), ("SELLER_PENALTY_FEE_TAX",)),
}
_ORDERS = (("ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"), ("ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT_TAX"))
_REFUNDS = tuple(tuple(f"REFUND_{kind}" for kind in kinds) for kinds in _ORDERS)
_TAX_ONLY = {
    "operator_remitted_taxes": (
        "OPERATOR_REMITTED_ORDER_AMOUNT_TAX",
        "OPERATOR_REMITTED_ORDER_SHIPPING_AMOUNT_TAX",
    ),
    "refund_operator_remitted_taxes": (
        "OPERATOR_REMITTED_REFUND_ORDER_AMOUNT_TAX",
        "OPERATOR_REMITTED_REFUND_ORDER_SHIPPING_AMOUNT_TAX",
    ),
    "purchase_taxes": ("PURCHASE_ORDER_AMOUNT_TAX", "PURCHASE_ORDER_SHIPPING_AMOUNT_TAX"),
    "refund_purchase_taxes": ("REFUND_PURCHASE_ORDER_AMOUNT_TAX", "REFUND_PURCHASE_ORDER_SHIPPING_AMOUNT_TAX"),
}
FEES = {
    **dict.fromkeys(("COMMISSION_FEE", "REFUND_COMMISSION_FEE"), "Commissions and fees of the cycle"),
    "SUBSCRIPTION_FEE": "Subscription",
    "SELLER_FEE_ON_ORDER": "Seller fees on orders",
    "SELLER_PENALTY_FEE": "Seller penalty fees",
}
"""What the operator's bill of a cycle charges, and in which words."""
FEE_TAXES = {
    **dict.fromkeys(("COMMISSION_VAT", "REFUND_COMMISSION_VAT"), FEES["COMMISSION_FEE"]),
    "SUBSCRIPTION_VAT": FEES["SUBSCRIPTION_FEE"],
    "SELLER_FEE_ON_ORDER_TAX": FEES["SELLER_FEE_ON_ORDER"],
    "SELLER_PENALTY_FEE_TAX": FEES["SELLER_PENALTY_FEE"],
}
_KEPT = (
    *("commissions", "refund_commissions", "subscription", "other_credits", "other_invoices", "seller_fees_on_orders"),
    *("seller_penalty_fees", "fee_operator_remitted", "refund_fee_operator_remitted"),
    *("operator_paid_shipping_charges", "refund_operator_paid_shipping_charges"),
)
_ZERO = Decimal(0)


def summary_of(lines: Iterable[Json]) -> dict[str, Decimal]:
    """All forty totals; charges are negative."""
    sums: dict[tuple[str, bool], Decimal] = {}
    for line in lines:
        key = (str(line["type"]), line["payment_state"] == NOT_APPLICABLE)
        sums[key] = sums.get(key, _ZERO) + Decimal(line["amount"])

    def of(kinds: Iterable[str], *, memo: bool | None = None) -> Decimal:
        wanted = [False, True] if memo is None else [memo]
        return sum((sums.get((kind, each), _ZERO) for kind in kinds for each in wanted), _ZERO)

    totals: dict[str, Decimal] = {}

    def put(name: str, own: Iterable[str], taxes: Iterable[str], *, memo: bool | None = None) -> None:
        totals[f"total_{name}_excl_tax"] = of(own, memo=memo)
        totals[f"total_{name}_incl_tax"] = of([*own, *taxes], memo=memo)

    for name, (own, taxes) in _WITH_TAX.items():
        put(name, own, taxes)
    put("payable_orders", *_ORDERS, memo=False)
    put("non_payable_orders", *_ORDERS, memo=True)
    put("refund_orders", *_REFUNDS)
    put("refund_payable_orders", *_REFUNDS, memo=False)
    put("refund_non_payable_orders", *_REFUNDS, memo=True)
    for name, kinds in _TAX_ONLY.items():
        totals[f"total_{name}"] = of(kinds)
    return dict(sorted(totals.items()))


def kept_by_operator(summary: dict[str, Decimal]) -> Decimal:
    """amount_transferred_to_operator: what the operator's own buckets took, with tax."""
    own = sum((summary[f"total_{name}_incl_tax"] for name in _KEPT), _ZERO)
    return -(own + summary["total_operator_remitted_taxes"] + summary["total_refund_operator_remitted_taxes"])

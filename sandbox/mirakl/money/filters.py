"""Parameters and roles of the operations about money, as the contract declares them."""

from sandbox.mirakl.parameters import Reader, moment, one_of, repeated, repeated_of, text, whole

LOG_ROLES = frozenset({"ROLE_SHOP_ACCOUNTANCY", "ROLE_PARTNER_TRANSACTION_LOG_READ"})
"""The shop's administrator is not among them."""
CYCLE_ROLES = frozenset(
    {"ROLE_SHOP_ADMIN", "ROLE_PARTNER_SELLER_BILLING_CYCLE_READ", "ROLE_PARTNER_ACCOUNTING_DOCUMENT_READ"}
)
INVOICE_ROLES = frozenset(
    {"ROLE_SHOP_ADMIN", "ROLE_PARTNER_ACCOUNTING_DOCUMENT_READ", "ROLE_PARTNER_OWN_ACCOUNTING_DOCUMENT_READ"}
)

TYPES = (
    *("MANUAL_CREDIT", "MANUAL_CREDIT_VAT", "MANUAL_INVOICE", "MANUAL_INVOICE_VAT", "INVOICEABLE_ONE_OFF_DEBIT"),
    *("INVOICEABLE_ONE_OFF_DEBIT_TAX", "INVOICEABLE_ONE_OFF_CREDIT", "INVOICEABLE_ONE_OFF_CREDIT_TAX"),
    *("ORDER_AMOUNT", "ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT", "ORDER_SHIPPING_AMOUNT_TAX", "COMMISSION_FEE"),
    *("COMMISSION_VAT", "REFUND_ORDER_AMOUNT", "REFUND_ORDER_AMOUNT_TAX", "REFUND_ORDER_SHIPPING_AMOUNT"),
    *("REFUND_ORDER_SHIPPING_AMOUNT_TAX", "REFUND_COMMISSION_FEE", "REFUND_COMMISSION_VAT", "SUBSCRIPTION_FEE"),
    *("SUBSCRIPTION_VAT", "OPERATOR_REMITTED_ORDER_AMOUNT_TAX", "OPERATOR_REMITTED_ORDER_SHIPPING_AMOUNT_TAX"),
    *("OPERATOR_REMITTED_REFUND_ORDER_AMOUNT_TAX", "OPERATOR_REMITTED_REFUND_ORDER_SHIPPING_AMOUNT_TAX"),
    *("OPERATOR_PAID_ORDER_SHIPPING_AMOUNT", "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT_TAX"),
    *("OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT", "OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT_TAX", "PAYMENT"),
    *("PURCHASE_COMMISSION_FEE", "PURCHASE_SHIPPING_COMMISSION_FEE", "PURCHASE_ORDER_AMOUNT_TAX"),
    *("PURCHASE_ORDER_SHIPPING_AMOUNT_TAX", "REFUND_PURCHASE_COMMISSION_FEE"),
    *("REFUND_PURCHASE_SHIPPING_COMMISSION_FEE", "REFUND_PURCHASE_ORDER_AMOUNT_TAX"),
    *("REFUND_PURCHASE_ORDER_SHIPPING_AMOUNT_TAX", "ORDER_FEE_AMOUNT", "OPERATOR_REMITTED_ORDER_FEE_AMOUNT"),
    *("REFUND_ORDER_FEE_AMOUNT", "OPERATOR_REMITTED_REFUND_ORDER_FEE_AMOUNT", "PURCHASE_FEE_COMMISSION_FEE"),
    *("REFUND_PURCHASE_FEE_COMMISSION_FEE", "RESERVE_FUNDING", "RESERVE_SETTLEMENT", "SELLER_FEE_ON_ORDER"),
    *("SELLER_FEE_ON_ORDER_TAX", "SELLER_PENALTY_FEE", "SELLER_PENALTY_FEE_TAX"),
)
_CURRENCIES = (
    *("AED", "ARS", "AUD", "BAM", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP"),
    *("EUR", "GBP", "GEL", "GTQ", "HKD", "HRK", "HUF", "IDR", "ILS", "INR", "IQD", "JOD", "JPY", "KES", "KRW"),
    *("KWD", "LKR", "MAD", "MGA", "MXN", "MYR", "NGN", "NOK", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "QAR"),
    *("RON", "RSD", "RUB", "SAR", "SEK", "SGD", "TND", "TRY", "THB", "TWD", "UAH", "USD", "UYU", "UZS", "VND"),
    *("ZAR"),
)
_PAYMENT_STATES = ("PENDING", "PAYABLE", "PAID", "NOT_APPLICABLE", "RESERVE")
_PAYMENT_SYSTEMS = ("NOT_SPECIFIED", "MANGOPAY", "MIRAKL_PAYOUT", "OPERATOR")
_SHOP_MODELS = ("MARKETPLACE", "DROPSHIP", "ONE_CREDITOR")


def _seek(*criteria: str) -> dict[str, Reader]:
    sorts = one_of(*(f"{criterion},{order}" for criterion in criteria for order in ("ASC", "DESC")))
    return {"limit": whole, "page_token": text, "sort": sorts}


LINE_FILTERS: dict[str, Reader] = {
    "seller_billing_cycle_id": repeated,
    "date_created_from": moment,
    "date_created_to": moment,
    "transaction_date_from": moment,
    "transaction_date_to": moment,
    "last_updated_from": moment,
    "payment_state": repeated_of(*_PAYMENT_STATES),
    "transaction_type": repeated_of(*TYPES),
    "accounting_document_number": text,
    "accounting_document_id": text,
    "order_id": repeated,
    "order_line_id": repeated,
    "order_reference_for_customer": repeated,
    "order_reference_for_seller": repeated,
    "shop_model": repeated_of(*_SHOP_MODELS),
    "pay_out_psp_codes": repeated_of(*_PAYMENT_SYSTEMS),
    "other_reference": repeated,
    **_seek("dateCreated", "lastUpdated"),
}
OPERATORS_LINE_FILTERS: dict[str, Reader] = {"shop_id": whole, "payment_voucher_number": text}
FILE_PARAMETERS: dict[str, Reader] = {"file": text, "signature": text}
CYCLE_FILTERS: dict[str, Reader] = {
    "id": repeated,
    "start_date": moment,
    "end_date": moment,
    "pay_out_state": repeated_of("TO_PAY", "PAID", "FAILED"),
    "currency": repeated_of(*_CURRENCIES),
    "pay_out_psp_code": repeated_of(*_PAYMENT_SYSTEMS),
    **_seek("dateCreated"),
}
OPERATORS_CYCLE_FILTERS: dict[str, Reader] = {"shop_id": repeated, "payment_voucher_number": repeated}
INVOICE_FILTERS: dict[str, Reader] = {
    "type": one_of("ALL", "AUTO_INVOICE", "MANUAL_INVOICE", "MANUAL_CREDIT"),
    "currency": one_of(*_CURRENCIES),
    "start_date": moment,
    "end_date": moment,
    "invoice_id": repeated,
    "issuing_user_types": repeated_of("OPERATOR", "BATCH", "PARTNER"),
    "payment_status": one_of("PENDING", "PAID", "FAILED"),
    "seller_billing_cycle_id": repeated,
    "pay_out_psp_codes": repeated_of(*_PAYMENT_SYSTEMS),
}
OPERATORS_INVOICE_FILTERS: dict[str, Reader] = {
    "shop": whole,
    "shop_operator_internal_id": text,
    "shop_model": repeated_of(*_SHOP_MODELS),
    "payment_voucher_number": text,
    "states": repeated_of("DRAFT", "GENERATED", "COMPLETE"),
}
REQUEST_FILTERS: dict[str, Reader] = {
    "id": text,
    "document_number": text,
    "date_created_from": moment,
    "date_created_to": moment,
    "last_updated_from": moment,
    "last_updated_to": moment,
    "issue_date_from": moment,
    "issue_date_to": moment,
    "state": repeated_of("STAGING", "TO_PROCESS", "ISSUED", "CANCELED"),
    "type": repeated_of("INVOICE", "CREDIT_NOTE"),
    "issuer_type": repeated_of("OPERATOR", "SHOP"),
    "entity_id": repeated,
    "entity_type": repeated_of(
        *("PRODUCT_LOGISTIC_ORDER", "SHOP_BILLING_CYCLE_PURCHASE_ORDER", "LOGISTIC_PURCHASE_ORDER"),
        *("FEES", "ONE_OFF_FEES"),
    ),
    "shop_billing_cycle_id": text,
    "shop_billing_cycle_from": moment,
    "shop_billing_cycle_to": moment,
    "payment_state": one_of("PAID", "PENDING"),
    **_seek("dateCreated"),
}
OPERATORS_REQUEST_FILTERS: dict[str, Reader] = {"shop_ids": repeated}
REQUEST_LINE_FILTERS: dict[str, Reader] = _seek("dateCreated")

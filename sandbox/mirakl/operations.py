"""The operations of this twin: Mirakl's code, method and path, who may call it, its parameters and its frequency."""

import re
from functools import cache

from sandbox.mirakl.money.filters import (
    CYCLE_FILTERS,
    CYCLE_ROLES,
    FILE_PARAMETERS,
    INVOICE_FILTERS,
    INVOICE_ROLES,
    LINE_FILTERS,
    LOG_ROLES,
    OPERATORS_CYCLE_FILTERS,
    OPERATORS_INVOICE_FILTERS,
    OPERATORS_LINE_FILTERS,
    OPERATORS_REQUEST_FILTERS,
    REQUEST_FILTERS,
    REQUEST_LINE_FILTERS,
)
from sandbox.mirakl.offers.operations import ABOUT_OFFERS
from sandbox.mirakl.operation import DAY, MINUTE, Frequency, Operation, both, seek
from sandbox.mirakl.parameters import Reader, flag, moment, one_of, repeated, repeated_of, some_of, text, texts, whole

_LOG = "/api/sellerpayment/transactions_logs"

STATES = (
    *("STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING", "SHIPPED"),
    *("TO_COLLECT", "RECEIVED", "CLOSED", "REFUSED", "CANCELED"),
)
_WORKFLOWS = (
    *("PAY_ON_ACCEPTANCE", "PAY_ON_DELIVERY", "PAY_ON_DUE_DATE", "PAY_ON_SHIPMENT"),
    "NO_CUSTOMER_PAYMENT_CONFIRMATION",
)
_REFUND_STATES = ("WAITING_REFUND_TAX_CONFIRMATION", "WAITING_REFUND", "WAITING_REFUND_PAYMENT", "REFUNDED")

ORDER_FILTERS: dict[str, Reader] = {
    "order_ids": texts,
    "order_references_for_customer": texts,
    "order_references_for_seller": texts,
    "order_state_codes": some_of(*STATES),
    "channel_codes": texts,
    "only_null_channel": flag,
    "start_date": moment,
    "end_date": moment,
    "start_update_date": moment,
    "end_update_date": moment,
    "customer_debited": flag,
    "payment_workflow": one_of(*_WORKFLOWS),
    "has_incident": flag,
    "fulfillment_center_code": repeated,
    "order_tax_mode": one_of("TAX_INCLUDED", "TAX_EXCLUDED"),
}
OPERATOR_FILTERS: dict[str, Reader] = {
    "shop_ids": texts,
    "commercial_ids": texts,
    "customer_ids": texts,
    "customer_organization_ids": texts,
    "offer_ids": texts,
    "product_skus": texts,
    "commissionable": flag,
    "waiting_tax_confirmation": flag,
    "waiting_funding_confirmation": flag,
    "tax_recalculation_required_only": flag,
    "refund_state_codes": some_of(*_REFUND_STATES),
}
_PAGING: dict[str, Reader] = {
    "max": whole,
    "offset": whole,
    "sort": one_of("dateCreated"),
    "order": one_of("asc", "desc"),
}
SHOP_FILTERS: dict[str, Reader] = {
    "shop_ids": texts,
    "updated_since": moment,
    "domains": texts,
    "paginate": flag,
    "max": whole,
    "offset": whole,
    "sort": text,
    "order": one_of("asc", "desc"),
}
SHIPMENT_STATES = (
    *("SHIPPING", "READY_FOR_PICK_UP", "SHIPMENT_PREPARED", "SHIPPED", "TO_COLLECT", "RECEIVED", "CANCELED", "CLOSED"),
)
_DEBIT_STATES = (
    *("NO_DEBIT", "NOT_STARTED", "WAITING_TAX_CONFIRMATION", "WAITING_OPERATOR_SYSTEM_CONTACT"),
    *("WAITING_DEBIT_CONFIRMATION", "DEBIT_OK", "CANCELED"),
)
RETURN_STATES = (*("WAITING_ACCEPTANCE", "IN_PROGRESS", "REFUSED", "RECEIVED", "NO_RECEPTION", "CLOSED", "CANCELED"),)


SHIPMENT_FILTERS: dict[str, Reader] = {
    "order_id": repeated,
    "shipment_state_code": repeated_of(*SHIPMENT_STATES),
    "shipment_customer_debit_state_code": repeated_of(*_DEBIT_STATES),
    "last_updated_from": moment,
    "last_updated_to": moment,
    **seek("dateCreated"),
}
TO_SHIP_FILTERS: dict[str, Reader] = {
    "order_id": repeated,
    "fulfillment_center_code": repeated,
    "shipping_date_from": moment,
    "shipping_date_to": moment,
    **seek("shippingDate"),
}
RETURN_FILTERS: dict[str, Reader] = {
    "return_id": repeated,
    "return_state": repeated_of(*RETURN_STATES),
    "return_creation_date_from": moment,
    "return_creation_date_to": moment,
    "return_last_updated_from": moment,
    "return_last_updated_to": moment,
    "order_commercial_id": repeated,
    "order_line_id": repeated,
    "return_rma": repeated,
    "customer_id": repeated,
    **seek("date_created"),
}


OPERATIONS = (
    Operation("V01", "GET", "/api/version", needs_credential=False),
    Operation("PC01", "GET", "/api/platform/configuration"),
    Operation("A01", "GET", "/api/account", personas=("seller",), frequency=Frequency(1, DAY)),
    Operation("S20", "GET", "/api/shops", personas=("operator",), filters={"operator": SHOP_FILTERS}),
    Operation(
        "OR11",
        "GET",
        "/api/orders",
        frequency=Frequency(1, MINUTE),
        filters={"seller": ORDER_FILTERS | _PAGING, "operator": ORDER_FILTERS | OPERATOR_FILTERS | _PAGING},
    ),
    Operation("OR04", "PUT", "/api/orders", frequency=Frequency(1, MINUTE)),
    Operation("OR75", "GET", "/api/orders/taxes", frequency=Frequency(1, DAY)),
    Operation("OR21", "PUT", "/api/orders/{order_id}/accept"),
    Operation("OR31", "PUT", "/api/orders/{order_id}/additional_fields", frequency=Frequency(5, 1.0)),
    Operation("SH21", "GET", "/api/shipping/carriers", frequency=Frequency(1, DAY)),
    Operation("RE01", "GET", "/api/reasons"),
    Operation("OR23", "PUT", "/api/orders/{order_id}/tracking"),
    Operation("OR24", "PUT", "/api/orders/{order_id}/ship", takes_body=False),
    Operation("ST01", "POST", "/api/shipments"),
    Operation("ST06", "PUT", "/api/shipments/delete", personas=("seller",)),
    Operation("ST11", "GET", "/api/shipments", filters=both(SHIPMENT_FILTERS)),
    Operation(
        "ST12",
        "GET",
        "/api/shipments/items_to_ship",
        frequency=Frequency(1, 5 * MINUTE),
        filters=both(TO_SHIP_FILTERS),
    ),
    Operation("ST23", "POST", "/api/shipments/tracking"),
    Operation("ST24", "PUT", "/api/shipments/ship"),
    Operation("OR28", "PUT", "/api/orders/refund"),
    Operation("OR29", "PUT", "/api/orders/{order_id}/cancel", takes_body=False),
    Operation("OR30", "PUT", "/api/orders/cancel"),
    Operation("RT11", "GET", "/api/returns", frequency=Frequency(1, 5 * MINUTE), filters=both(RETURN_FILTERS)),
    Operation("RT21", "PUT", "/api/returns/accept"),
    Operation("RT25", "PUT", "/api/returns/receive"),
    Operation("RT26", "PUT", "/api/returns/compliance", personas=("seller",)),
    Operation(
        "TL02",
        "GET",
        _LOG,
        frequency=Frequency(20, MINUTE),
        also=(Frequency(60, 60 * MINUTE),),
        pages_count=True,
        filters={"seller": LINE_FILTERS, "operator": LINE_FILTERS | OPERATORS_LINE_FILTERS},
        roles=LOG_ROLES,
    ),
    Operation("TL03", "POST", f"{_LOG}/async", frequency=Frequency(1, DAY), roles=LOG_ROLES),
    Operation("TL04", "GET", f"{_LOG}/async/status/{{tracking_id}}", frequency=Frequency(1, 10.0), roles=LOG_ROLES),
    Operation(
        "TL05",
        "GET",
        f"{_LOG}/export/async/file/{{file_id}}",
        needs_credential=False,
        filters=both(FILE_PARAMETERS),
        in_contract=False,
    ),
    Operation(
        "SBC11",
        "GET",
        "/api/seller-billing-cycles",
        frequency=Frequency(1, DAY),
        filters={"seller": CYCLE_FILTERS, "operator": CYCLE_FILTERS | OPERATORS_CYCLE_FILTERS},
        roles=CYCLE_ROLES,
    ),
    Operation(
        "IV01",
        "GET",
        "/api/invoices",
        frequency=Frequency(1, DAY),
        filters={
            "seller": INVOICE_FILTERS | _PAGING,
            "operator": INVOICE_FILTERS | OPERATORS_INVOICE_FILTERS | _PAGING,
        },
        roles=INVOICE_ROLES,
    ),
    Operation(
        "DR11",
        "GET",
        "/api/document-request/requests",
        filters={"seller": REQUEST_FILTERS, "operator": REQUEST_FILTERS | OPERATORS_REQUEST_FILTERS},
    ),
    Operation(
        "DR12",
        "GET",
        "/api/document-request/{document_request_id}/lines",
        filters=both(REQUEST_LINE_FILTERS),
    ),
    Operation("PA11", "GET", "/api/payment/debit", personas=("operator",), filters=both(_PAGING)),
    Operation("PA12", "GET", "/api/payment/refund", personas=("operator",), filters=both(_PAGING)),
    *ABOUT_OFFERS,
)
FULL_EXPORT = Frequency(1, DAY)
"""OF52 without last_request_date."""
EXTERNAL_PARTNER = Frequency(1, 15 * MINUTE)


@cache
def _patterns() -> list[tuple[re.Pattern[str], Operation]]:
    return [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.path)), one) for one in OPERATIONS]


def operation_at(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation behind a path (without the tenant), and the values in it."""
    for pattern, operation in _patterns():
        if operation.method == method and (found := pattern.fullmatch(path)):
            return operation, found.groupdict()
    return None

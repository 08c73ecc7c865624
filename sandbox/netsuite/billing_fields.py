"""Properties of invoices, credit memos and return authorisations: a sales order's, and what billing adds."""

from sandbox.netsuite.fields import (
    DAY,
    FLAG,
    INTEGER,
    NUMBER,
    Field,
    RecordType,
    Sublist,
    choice,
    read_only,
    ref,
    text,
)
from sandbox.netsuite.sales_order_fields import LINE, SALES_ORDER, TAX_DETAIL

INVOICE_STATUS = {"A": "Open", "B": "Paid In Full"}
CASH_STATUS = {"B": "Not Deposited", "C": "Deposited"}
CREDIT_STATUS = {"A": "Open", "B": "Fully Applied"}
RETURN_STATUS = {
    "A": "Pending Approval",
    "B": "Pending Receipt",
    "C": "Cancelled",
    "D": "Partially Received",
    "E": "Pending Refund/Partially Received",
    "F": "Pending Refund",
    "G": "Refunded",
    "H": "Closed",
}

_NOT_BILLED = ("orderStatus", "status", "shipComplete", "createdFrom", "linkedTrackingNumbers", "actualShipDate")
_COMMON: dict[str, Field] = {
    **{name: known for name, known in SALES_ORDER.fields.items() if name not in _NOT_BILLED},
    "tranId": text(45),
    "createdFrom": read_only(ref("transaction")),
}
_ORDERED = ("expectedShipDate", "requestedDate", "commitInventory", "quantityFulfilled", "quantityBilled")
_LINE: dict[str, Field] = {
    **{name: known for name, known in LINE.items() if name not in _ORDERED},
    "orderLine": INTEGER,
    "orderDoc": read_only(ref("transaction")),
    "quantityReceived": read_only(NUMBER),
    "quantityBilled": read_only(NUMBER),
}
_POSTED: dict[str, Field] = {"postingPeriod": ref("accountingPeriod"), "account": ref("account")}
_APPLY = Sublist(
    {
        "doc": ref("transaction"),
        "apply": FLAG,
        "amount": NUMBER,
        "line": INTEGER,
        "applyDate": read_only(DAY),
        "due": read_only(NUMBER),
        "total": read_only(NUMBER),
        "refNum": read_only(text()),
    },
    key="doc",
)


def _billing(name: str, code: str, label: str, more: dict[str, Field], **sublists: Sublist) -> RecordType:
    lines = {"item": Sublist(_LINE, key="line", custom_prefix="custcol"), "taxDetails": Sublist(TAX_DETAIL)}
    return RecordType(
        name,
        "transaction",
        _COMMON | more,
        lines | sublists,
        custom_prefix="custbody",
        suiteql_type=code,
        label=label,
    )


_LEFT = {"amountRemaining": read_only(NUMBER)}
INVOICE = _billing(
    "invoice",
    "CustInvc",
    "Invoice",
    _POSTED | _LEFT | {"status": read_only(choice(INVOICE_STATUS)), "amountPaid": read_only(NUMBER), "dueDate": DAY},
)
CREDIT_MEMO = _billing(
    "creditMemo",
    "CustCred",
    "Credit Memo",
    _POSTED
    | _LEFT
    | {
        "status": read_only(choice(CREDIT_STATUS)),
        "applied": read_only(NUMBER),
        "unapplied": read_only(NUMBER),
        "autoApply": FLAG,
    },
    apply=_APPLY,
)
_CASH = _POSTED | {"undepFunds": FLAG, "status": read_only(choice(CASH_STATUS)), "paymentOption": ref("paymentMethod")}
CASH_SALE = _billing("cashSale", "CashSale", "Cash Sale", _CASH)
CASH_REFUND = _billing("cashRefund", "CashRfnd", "Cash Refund", _CASH)
RETURN_AUTHORIZATION = _billing(
    "returnAuthorization",
    "RtnAuth",
    "Return Authorization",
    {
        "status": read_only(choice(RETURN_STATUS)),
        "orderStatus": choice({letter: RETURN_STATUS[letter] for letter in "AB"}),
    },
)

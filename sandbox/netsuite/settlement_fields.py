"""Properties of payments, refunds, deposits, journals and bills (REST API Browser 2026.1), and of vendors."""

from sandbox.netsuite.billing_fields import CREDIT_MEMO
from sandbox.netsuite.customer_and_item_fields import CUSTOMER_FIELDS
from sandbox.netsuite.fields import (
    DAY,
    FLAG,
    INTEGER,
    MOMENT,
    NUMBER,
    Field,
    RecordType,
    Sublist,
    choice,
    legacy_tax,
    not_modelled,
    read_only,
    ref,
    text,
)

OPEN_OR_PAID = {"A": "Open", "B": "Paid In Full", "D": "Pending Approval"}
PAYMENT_STATUS = {"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited"}
JOURNAL_STATUS = {"A": "Pending Approval", "B": "Approved for Posting"}
APPROVAL = {"1": "Pending Approval", "2": "Approved", "3": "Rejected", "11": "Other"}

_SPLIT: dict[str, Field] = {"department": ref("department"), "class": ref("class"), "location": ref("location")}
_HEAD: dict[str, Field] = {
    "id": read_only(text()),
    "externalId": text(255),
    "tranId": text(45),
    "transactionNumber": read_only(text()),
    "tranDate": DAY,
    "postingPeriod": ref("accountingPeriod"),
    "memo": text(999),
    "currency": ref("currency"),
    "exchangeRate": NUMBER,
    "subsidiary": ref("subsidiary"),
    "customForm": ref("customForm"),
    "createdDate": read_only(MOMENT),
    "lastModifiedDate": read_only(MOMENT),
    **_SPLIT,
}
_TOTAL = {"total": read_only(NUMBER)}
_APPLY = Sublist(CREDIT_MEMO.sublists["apply"].fields, key="doc")
_METHOD: dict[str, Field] = {"paymentMethod": ref("paymentMethod"), "paymentOption": ref("paymentOption")}
_APPLIED = {"applied": read_only(NUMBER), "unapplied": read_only(NUMBER)}


def _type(name: str, code: str, label: str, fields: dict[str, Field], **sublists: Sublist) -> RecordType:
    return RecordType(
        name,
        "transaction",
        _HEAD | fields,
        sublists,
        custom_prefix="custbody",
        suiteql_type=code,
        label=label,
    )


CUSTOMER_PAYMENT = _type(
    "customerPayment",
    "CustPymt",
    "Payment",
    {
        "customer": ref("customer"),
        "payment": NUMBER,
        "account": ref("account"),
        "undepFunds": FLAG,
        "arAcct": ref("account"),
        "autoApply": FLAG,
        "toBeEmailed": FLAG,
        "status": read_only(choice(PAYMENT_STATUS)),
    }
    | _TOTAL
    | _APPLIED
    | _METHOD,
    apply=_APPLY,
)
CUSTOMER_REFUND = _type(
    "customerRefund",
    "CustRfnd",
    "Customer Refund",
    {
        "customer": ref("customer"),
        "account": ref("account"),
        "arAcct": ref("account"),
        "status": read_only(choice({})),
    }
    | _TOTAL
    | _METHOD,
    apply=_APPLY,
)
VENDOR_PAYMENT = _type(
    "vendorPayment",
    "VendPymt",
    "Bill Payment",
    {
        "entity": ref("vendor"),
        "account": ref("account"),
        "apAcct": ref("account"),
        "toBePrinted": FLAG,
        "status": read_only(choice({})),
    }
    | _TOTAL,
    apply=_APPLY,
)

_EXPENSE = Sublist(
    {
        "line": INTEGER,
        "account": ref("account"),
        "amount": NUMBER,
        "memo": text(4000),
        "taxCode": legacy_tax(ref("salesTaxItem")),
        "tax1Amt": read_only(NUMBER),
        "grossAmt": read_only(NUMBER),
        **_SPLIT,
    },
    key="line",
    custom_prefix="custcol",
)
_PURCHASE: dict[str, Field] = {
    "entity": ref("vendor"),
    "account": ref("account"),
    "dueDate": DAY,
    "taxTotal": read_only(NUMBER),
    "userTotal": read_only(NUMBER),
    "item": not_modelled(text()),
    "status": read_only(choice(OPEN_OR_PAID)),
} | _TOTAL
VENDOR_BILL = _type(
    "vendorBill",
    "VendBill",
    "Bill",
    _PURCHASE
    | {
        "approvalStatus": choice(APPROVAL),
        "amountPaid": read_only(NUMBER),
        "amountRemaining": read_only(NUMBER),
    },
    expense=_EXPENSE,
)
VENDOR_CREDIT = _type("vendorCredit", "VendCred", "Bill Credit", _PURCHASE | _APPLIED, expense=_EXPENSE, apply=_APPLY)

DEPOSIT = _type(
    "deposit",
    "Deposit",
    "Deposit",
    {"account": ref("account"), "cleared": FLAG, "clearedDate": DAY, "status": read_only(choice({}))} | _TOTAL,
    payment=Sublist(
        {
            "id": INTEGER,
            "lineId": INTEGER,
            "deposit": FLAG,
            "docDate": read_only(DAY),
            "docNumber": read_only(text()),
            "entity": read_only(ref("entity")),
            "currency": read_only(ref("currency")),
            "memo": text(),
            "paymentAmount": read_only(NUMBER),
            "transactionAmount": read_only(NUMBER),
            "paymentMethod": ref("paymentMethod"),
            "refNum": text(),
            "type": read_only(choice({})),
        },
        key="id",
    ),
    other=Sublist(
        {
            "line": text(),
            "account": ref("account"),
            "amount": NUMBER,
            "entity": ref("entity"),
            "memo": text(),
            "paymentMethod": ref("paymentMethod"),
            "refNum": text(),
            **_SPLIT,
        }
    ),
    cashback=Sublist({"line": text(), "account": ref("account"), "amount": NUMBER, "memo": text(), **_SPLIT}),
)

# Tax-related fields of a journal are not supported by REST: they read as nothing and may not be set.
_TAXED = ("taxRate1", "tax1Amt", "grossAmt", "taxBasis", "totalAmount")
JOURNAL_ENTRY = _type(
    "journalEntry",
    "Journal",
    "Journal",
    {
        "approved": FLAG,
        "approvalStatus": choice(APPROVAL),
        "reversalDate": DAY,
        "reversalDefer": FLAG,
        "reversalEntry": read_only(text()),
        "isReversal": read_only(FLAG),
        "createdFrom": read_only(ref("transaction")),
        "toSubsidiary": not_modelled(ref("subsidiary")),
        "nextApprover": ref("employee"),
        "isBookSpecific": not_modelled(FLAG),
        "accountingBook": not_modelled(ref("accountingBook")),
        "nexus": read_only(ref("nexus")),
        "taxDetailsOverride": read_only(FLAG),
        "taxRegOverride": read_only(FLAG),
        "void": not_modelled(FLAG),
        "status": read_only(choice(JOURNAL_STATUS)),
    },
    line=Sublist(
        {
            "line": INTEGER,
            "account": ref("account"),
            "debit": NUMBER,
            "credit": NUMBER,
            "memo": text(4000),
            "entity": ref("entity"),
            "eliminate": not_modelled(FLAG),
            "cleared": FLAG,
            "clearedDate": DAY,
            "item": not_modelled(ref("item")),
            "lineLastModifiedDate": read_only(MOMENT),
            "taxCode": read_only(ref("salesTaxItem")),
            **{name: read_only(NUMBER) for name in _TAXED},
            **_SPLIT,
        },
        key="line",
        custom_prefix="custcol",
    ),
)

SETTLED = {
    one.name: one
    for one in (
        *(CUSTOMER_PAYMENT, CUSTOMER_REFUND, VENDOR_PAYMENT),
        *(VENDOR_BILL, VENDOR_CREDIT, DEPOSIT, JOURNAL_ENTRY),
    )
}

_VENDORS = ("id", "externalId", "entityId", "isPerson", "companyName", "firstName", "lastName", "email", "phone")
_VENDORS_TOO = ("subsidiary", "currency", "customForm", "terms", "isInactive", "comments", "dateCreated")
VENDOR = RecordType(
    "vendor",
    "entity",
    {name: CUSTOMER_FIELDS[name] for name in (*_VENDORS, *_VENDORS_TOO, "lastModifiedDate")}
    | {"payablesAccount": ref("account"), "legalName": text(83), "vatRegNumber": text(20)},
    {"currencyList": Sublist({"currency": ref("currency")}, key="currency")},
    custom_prefix="custentity",
    label="Vendor",
)

"""The record types the twin holds and their properties (REST API Browser 2026.1)."""

from sandbox.netsuite.billing_fields import CASH_REFUND, CASH_SALE, CREDIT_MEMO, INVOICE, RETURN_AUTHORIZATION
from sandbox.netsuite.customer_and_item_fields import (
    ADDRESS_BOOK,
    CUSTOMER_FIELDS,
    ITEM_FIELDS,
    ITEM_LOCATIONS,
    ITEM_TYPES,
)
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
    read_only,
    ref,
    text,
)
from sandbox.netsuite.fulfilment_fields import ITEM_FULFILLMENT, ITEM_RECEIPT
from sandbox.netsuite.sales_order_fields import SALES_ORDER
from sandbox.netsuite.settlement_fields import SETTLED, VENDOR

# Document types that a world may bring. They hold their external ids and show in SuiteQL.
DOCUMENT_TYPES = {
    "ItemShip": ("itemFulfillment", "Item Fulfillment"),
    "ItemRcpt": ("itemReceipt", "Item Receipt"),
    "CustInvc": ("invoice", "Invoice"),
    "CashSale": ("cashSale", "Cash Sale"),
    "CashRfnd": ("cashRefund", "Cash Refund"),
    "CustPymt": ("customerPayment", "Payment"),
    "CustDep": ("customerDeposit", "Customer Deposit"),
    "DepAppl": ("depositApplication", "Deposit Application"),
    "CustCred": ("creditMemo", "Credit Memo"),
    "CustRfnd": ("customerRefund", "Customer Refund"),
    "RtnAuth": ("returnAuthorization", "Return Authorization"),
    "Deposit": ("deposit", "Deposit"),
    "Journal": ("journalEntry", "Journal"),
    "VendBill": ("vendorBill", "Bill"),
    "VendCred": ("vendorCredit", "Bill Credit"),
    "VendPymt": ("vendorPayment", "Bill Payment"),
}

CUSTOMER = RecordType(
    "customer",
    "entity",
    CUSTOMER_FIELDS,
    {
        "addressBook": ADDRESS_BOOK,
        "currencyList": Sublist({"currency": ref("currency")}, key="currency"),
        "taxRegistration": Sublist({"nexusCountry": choice({}), "taxRegistrationNumber": text()}),
    },
    custom_prefix="custentity",
    label="Customer",
)

ITEMS = {
    name: RecordType(
        name,
        "item",
        ITEM_FIELDS,
        {"locations": ITEM_LOCATIONS} if name == "inventoryItem" else {},
        custom_prefix="custitem",
        writable=name != "shipItem",
        label="Item",
    )
    for name in ITEM_TYPES
}


def _reference(kind: str, /, **fields: Field) -> RecordType:
    dated = {"id": text(), "externalId": text(), "isInactive": FLAG, "lastModifiedDate": MOMENT}
    return RecordType(kind, kind, dated | fields, writable=False, label=kind)


REFERENCES = {
    one.name: one
    for one in (
        _reference("subsidiary", name=text(), currency=ref("currency"), country=choice({}), isElimination=FLAG),
        _reference("location", name=text(), subsidiary=ref("subsidiary"), makeInventoryAvailable=FLAG),
        _reference(
            "currency",
            name=text(),
            symbol=text(),
            displaySymbol=text(),
            currencyPrecision=INTEGER,
            exchangeRate=NUMBER,
            isBaseCurrency=FLAG,
        ),
        _reference(
            "account",
            acctNumber=text(),
            acctName=text(),
            acctType=choice({}),
            currency=ref("currency"),
            subsidiary=Field("refs", target="subsidiary"),
        ),
        _reference(
            "accountingPeriod",
            periodName=text(),
            startDate=DAY,
            endDate=DAY,
            closed=FLAG,
            allLocked=FLAG,
            arLocked=FLAG,
            apLocked=FLAG,
            allowNonGLChanges=FLAG,
            isAdjust=FLAG,
            isPosting=FLAG,
            isQuarter=FLAG,
            isYear=FLAG,
        ),
        _reference("salesTaxItem", itemId=text(), description=text(), rate=NUMBER, country=choice({})),
        _reference("priceLevel", name=text()),
        _reference("classification", name=text()),
        _reference("customForm", name=text()),
    )
}


def _document(code: str, name: str, label: str) -> RecordType:
    fields = {
        **{known: SALES_ORDER.fields[known] for known in ("id", "externalId", "tranId", "tranDate", "memo")},
        **{known: SALES_ORDER.fields[known] for known in ("entity", "currency", "subsidiary", "otherRefNum")},
        **{known: SALES_ORDER.fields[known] for known in ("total", "taxTotal", "createdDate", "lastModifiedDate")},
        "status": text(),
    }
    return RecordType(
        name, "transaction", fields, custom_prefix="custbody", writable=False, suiteql_type=code, label=label
    )


# What is made out of a sales order, and out of what was made.
MADE = {
    one.name: one
    for one in (
        *(ITEM_FULFILLMENT, ITEM_RECEIPT, INVOICE, CREDIT_MEMO),
        *(RETURN_AUTHORIZATION, CASH_SALE, CASH_REFUND),
    )
}
# These are held and shown only.
DOCUMENTS = {
    name: _document(code, name, label)
    for code, (name, label) in DOCUMENT_TYPES.items()
    if name not in MADE and name not in SETTLED
}

# The bundle's own record type; an account has it as long as it has fields of it.
CUSTOM_RECORDS = {
    name: RecordType(
        name,
        name,
        {"id": read_only(text()), "externalId": text(), "isInactive": FLAG, "name": text(300)},
        custom_prefix="custrecord",
        label=label,
    )
    for name, label in {"customrecord_tieout_seller_stock": "Seller stock"}.items()
}

RECORD_TYPES: dict[str, RecordType] = {
    "salesOrder": SALES_ORDER,
    "customer": CUSTOMER,
    **ITEMS,
    **REFERENCES,
    "vendor": VENDOR,
    **MADE,
    **SETTLED,
    **DOCUMENTS,
    **CUSTOM_RECORDS,
}

# Record types NetSuite has and the twin does not hold: asking for one is our gap, not the vendor's 404.
KNOWN_ELSEWHERE = frozenset(
    (
        "advIntercompanyJournalEntry",
        "assemblyItem",
        "bin",
        "contact",
        "department",
        "descriptionItem",
        "discountItem",
        "employee",
        "estimate",
        "fulfillmentRequest",
        "giftCertificateItem",
        "intercompanyJournalEntry",
        "inventoryAdjustment",
        "inventoryTransfer",
        "job",
        "lotNumberedInventoryItem",
        "markupItem",
        "message",
        "nexus",
        "nonInventoryPurchaseItem",
        "nonInventoryResaleItem",
        "partner",
        "paymentItem",
        "paymentMethod",
        "purchaseOrder",
        "serializedInventoryItem",
        "subtotalItem",
        "task",
        "term",
        "transferOrder",
        "unitsType",
    )
)

"""The record types the twin holds and their properties (REST API Browser 2026.1)."""

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
    subrecord,
    text,
)
from sandbox.netsuite.sales_order_fields import ADDRESS, SALES_ORDER

ITEM_TYPES = {
    "inventoryItem": "InvtPart",
    "nonInventorySaleItem": "NonInvtPart",
    "serviceSaleItem": "Service",
    "otherChargeSaleItem": "OthCharge",
    "kitItem": "Kit",
    "shipItem": "ShipItem",
}

# Document types that a world may bring. They hold their external ids and show in SuiteQL; they are not written here.
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

_CUSTOMER_FIELDS: dict[str, Field] = {
    "id": read_only(text()),
    "externalId": text(255),
    "entityId": text(83),
    "isPerson": FLAG,
    "companyName": text(83),
    "firstName": text(32),
    "middleName": text(32),
    "lastName": text(32),
    "salutation": text(30),
    "email": text(254),
    "phone": text(32),
    "altPhone": text(32),
    "mobilePhone": text(32),
    "subsidiary": ref("subsidiary"),
    "currency": ref("currency"),
    "customForm": ref("customForm"),
    "entityStatus": ref("entityStatus"),
    "category": ref("category"),
    "parent": ref("customer"),
    "terms": ref("terms"),
    "priceLevel": ref("priceLevel"),
    "receivablesAccount": ref("account"),
    "taxable": FLAG,
    "taxExempt": FLAG,
    "taxItem": ref("salesTaxItem"),
    "defaultTaxReg": text(),
    "resaleNumber": text(20),
    "isInactive": FLAG,
    "comments": text(4000),
    "autoName": FLAG,
    "balance": read_only(NUMBER),
    "depositBalance": read_only(NUMBER),
    "overdueBalance": read_only(NUMBER),
    "unbilledOrders": read_only(NUMBER),
    "dateCreated": read_only(MOMENT),
    "lastModifiedDate": read_only(MOMENT),
    "defaultAddress": read_only(text()),
    "language": choice({"en_US": "English (U.S.)", "en_GB": "English (International)"}),
}

_ADDRESS_BOOK = Sublist(
    {
        "id": INTEGER,
        "internalId": INTEGER,
        "addressId": text(),
        "label": text(150),
        "defaultBilling": FLAG,
        "defaultShipping": FLAG,
        "isResidential": FLAG,
        "addressBookAddress_text": read_only(text()),
        "lastModifiedDate": read_only(MOMENT),
        "addressBookAddress": subrecord(ADDRESS),
    },
    key="id",
)

CUSTOMER = RecordType(
    "customer",
    "entity",
    _CUSTOMER_FIELDS,
    {
        "addressBook": _ADDRESS_BOOK,
        "currencyList": Sublist({"currency": ref("currency")}, key="currency"),
        "taxRegistration": Sublist({"nexusCountry": choice({}), "taxRegistrationNumber": text()}),
    },
    custom_prefix="custentity",
    label="Customer",
)

_ITEM_FIELDS: dict[str, Field] = {
    "id": read_only(text()),
    "internalId": read_only(INTEGER),
    "externalId": text(255),
    "itemId": text(250),
    "displayName": text(250),
    "description": text(999),
    "upcCode": text(50),
    "isInactive": FLAG,
    "isTaxable": FLAG,
    "isLotItem": read_only(FLAG),
    "isSerialItem": read_only(FLAG),
    "isOnline": FLAG,
    "isDropShipItem": FLAG,
    "isSpecialOrderItem": FLAG,
    "includeChildren": FLAG,
    "class": ref("class"),
    "department": ref("department"),
    "location": ref("location"),
    "currency": ref("currency"),
    "cost": NUMBER,
    "averageCost": read_only(NUMBER),
    "costEstimate": NUMBER,
    "handlingCost": NUMBER,
    "incomeAccount": ref("account"),
    "cogsAccount": ref("account"),
    "assetAccount": ref("account"),
    "baseUnit": text(),
    "consumptionUnit": text(),
    "countryOfManufacture": choice({}),
    "subsidiary": Field("refs", target="subsidiary"),
    "itemType": read_only(choice({code: code for code in ITEM_TYPES.values()})),
    "costingMethod": choice({"AVG": "Average", "FIFO": "FIFO", "LIFO": "LIFO", "STANDARD": "Standard"}),
    "basePrice": NUMBER,
    "createdDate": read_only(MOMENT),
    "lastModifiedDate": read_only(MOMENT),
}
_ITEM_LOCATIONS = Sublist(
    {
        "locationId": ref("location"),
        "quantityAvailable": read_only(NUMBER),
        "quantityOnHand": read_only(NUMBER),
        "quantityCommitted": read_only(NUMBER),
        "quantityBackOrdered": read_only(NUMBER),
    },
    key="locationId",
)

ITEMS = {
    name: RecordType(
        name,
        "item",
        _ITEM_FIELDS,
        {"locations": _ITEM_LOCATIONS} if name == "inventoryItem" else {},
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


DOCUMENTS = {name: _document(code, name, label) for code, (name, label) in DOCUMENT_TYPES.items()}

RECORD_TYPES: dict[str, RecordType] = {
    "salesOrder": SALES_ORDER,
    "customer": CUSTOMER,
    **ITEMS,
    **REFERENCES,
    **DOCUMENTS,
}

# Record types NetSuite has and the twin does not hold: asking for one is our gap, not the vendor's 404.
KNOWN_ELSEWHERE = frozenset(
    (
        "advIntercompanyJournalEntry",
        "assemblyItem",
        "bin",
        "classification",
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
        "vendor",
        "vendorPayment",
    )
)

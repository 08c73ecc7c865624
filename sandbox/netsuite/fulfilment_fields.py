"""Properties of item fulfilments and item receipts (REST API Browser 2026.1)."""

from collections.abc import Mapping

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
    not_modelled,
    read_only,
    ref,
    subrecord,
    text,
)
from sandbox.netsuite.sales_order_fields import ADDRESS

PICKED, PACKED, SHIPPED = "A", "B", "C"
SHIP_STATUS = {PICKED: "Picked", PACKED: "Packed", SHIPPED: "Shipped"}

_LINE: dict[str, Field] = {
    "line": INTEGER,
    "orderLine": INTEGER,
    "orderDoc": read_only(ref("transaction")),
    "item": read_only(ref("item")),
    "itemName": read_only(text()),
    "itemType": read_only(choice({})),
    "itemReceive": FLAG,
    "quantity": NUMBER,
    "quantityRemaining": read_only(NUMBER),
    "quantityRemainingDisplay": read_only(NUMBER),
    "onHand": read_only(NUMBER),
    "location": ref("location"),
    "department": ref("department"),
    "class": ref("class"),
    "amount": read_only(NUMBER),
    "rate": read_only(NUMBER),
    "itemUnitPrice": read_only(NUMBER),
    "itemFxAmount": read_only(NUMBER),
    "units": not_modelled(text()),
    "unitsDisplay": read_only(text()),
    "serialNumbers": not_modelled(text()),
    "binNumbers": not_modelled(text()),
    "kitMemberOf": read_only(INTEGER),
    "description": text(4000),
    "itemUpc": read_only(text()),
    "inventoryDetail": not_modelled(subrecord({})),
}


def _package(suffix: str) -> Sublist:
    """A carrier's own list names its properties after itself."""
    return Sublist(
        {
            f"packageCartonNumber{suffix}": read_only(text()),
            f"packageDescr{suffix}": text(200),
            f"packageTrackingNumber{suffix}": text(200),
            f"packageTrackingNumberReturn{suffix}": text(200),
            f"packageWeight{suffix}": NUMBER,
        }
    )


# The property that holds a parcel's tracking number, by list.
TRACKING = {
    "package": "packageTrackingNumber",
    "packageUps": "packageTrackingNumberUps",
    "packageFedex": "packageTrackingNumberFedEx",
    "packageUsps": "packageTrackingNumberUsps",
}
PACKAGES: Mapping[str, Sublist] = {
    name: _package(tracking.removeprefix("packageTrackingNumber")) for name, tracking in TRACKING.items()
}

_HEADER: dict[str, Field] = {
    "id": read_only(text()),
    "externalId": text(255),
    "createdFrom": read_only(ref("transaction")),
    "orderId": read_only(INTEGER),
    "orderType": read_only(text()),
    "entity": read_only(ref("customer")),
    "subsidiary": read_only(ref("subsidiary")),
    "currency": read_only(ref("currency")),
    "exchangeRate": read_only(NUMBER),
    "tranDate": DAY,
    "tranId": text(45),
    "transactionNumber": read_only(text()),
    "postingPeriod": ref("accountingPeriod"),
    "memo": text(999),
    "location": ref("location"),
    "department": ref("department"),
    "class": ref("class"),
    "customForm": ref("customForm"),
    "createdDate": read_only(MOMENT),
    "lastModifiedDate": read_only(MOMENT),
}
_SHIPPING: dict[str, Field] = {
    "shipMethod": ref("shipItem"),
    "shipAddress": read_only(text()),
    "shipCompany": text(83),
    "shipPhone": text(32),
    "shipIsResidential": FLAG,
    "shipOverride": FLAG,
    "shippingCost": NUMBER,
    "handlingCost": NUMBER,
    "pickedDate": DAY,
    "packedDate": DAY,
    "shippedDate": DAY,
    "requestedBy": ref("employee"),
    "transferLocation": not_modelled(ref("location")),
    "inventoryLocation": ref("location"),
    "generateIntegratedShipperLabel": not_modelled(FLAG),
    "shipStatus": choice(SHIP_STATUS),
    "shipCarrier": choice({"ups": "UPS", "nonups": "FedEx/USPS/More"}),
    "shippingAddress": subrecord(ADDRESS),
}

ITEM_FULFILLMENT = RecordType(
    "itemFulfillment",
    "transaction",
    _HEADER | _SHIPPING,
    {"item": Sublist(_LINE, key="line", custom_prefix="custcol"), **PACKAGES},
    custom_prefix="custbody",
    suiteql_type="ItemShip",
    label="Item Fulfillment",
)
ITEM_RECEIPT = RecordType(
    "itemReceipt",
    "transaction",
    _HEADER,
    {"item": Sublist(_LINE | {"restock": FLAG}, key="line", custom_prefix="custcol")},
    custom_prefix="custbody",
    suiteql_type="ItemRcpt",
    label="Item Receipt",
)

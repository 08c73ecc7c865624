"""The twin against what Oracle publishes: property names and kinds, bodies of reads, worlds."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.netsuite import NetSuiteTwin
from sandbox.netsuite.fields import Field, Sublist
from sandbox.netsuite.fulfilment_fields import ITEM_FULFILLMENT
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.sales_order_fields import ADDRESS, LINE, TAX_DETAIL
from sandbox.netsuite.settlement_fields import DEPOSIT, JOURNAL_ENTRY
from sandbox.world import World
from tests.integration.twins.netsuite import PEN, NetSuite, line, rows_of
from tests.shared import shared

_KINDS = {"number": "number", "integer": "integer", "flag": "boolean", "text": "string", "day": "string"}


def contract() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(shared("contracts/netsuite-rest-records.json").read_text())
    return read


def published_kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema or schema.get("type") == "object":
        return "object"
    return str(schema["type"])


@pytest.mark.parametrize(
    ("name", "fields", "sublists"),
    [
        ("salesOrder", RECORD_TYPES["salesOrder"].fields, RECORD_TYPES["salesOrder"].sublists),
        ("salesOrderItem", LINE, {}),
        ("taxDetail", TAX_DETAIL, {}),
        ("itemFulfillment", ITEM_FULFILLMENT.fields, ITEM_FULFILLMENT.sublists),
        ("itemFulfillmentItem", ITEM_FULFILLMENT.sublists["item"].fields, {}),
        ("package", ITEM_FULFILLMENT.sublists["package"].fields, {}),
        ("journalEntry", JOURNAL_ENTRY.fields, JOURNAL_ENTRY.sublists),
        ("journalEntryLine", JOURNAL_ENTRY.sublists["line"].fields, {}),
        ("deposit", DEPOSIT.fields, DEPOSIT.sublists),
        ("depositPayment", DEPOSIT.sublists["payment"].fields, {}),
        ("depositOther", DEPOSIT.sublists["other"].fields, {}),
        ("depositCashback", DEPOSIT.sublists["cashback"].fields, {}),
        ("address", ADDRESS, {}),
        ("customer", RECORD_TYPES["customer"].fields, RECORD_TYPES["customer"].sublists),
        ("inventoryItem", RECORD_TYPES["inventoryItem"].fields, RECORD_TYPES["inventoryItem"].sublists),
    ],
)
def test_the_twin_knows_every_published_property_by_its_kind(
    name: str, fields: dict[str, Field], sublists: dict[str, Sublist]
):
    for said, schema in contract()["$defs"][name]["properties"].items():
        if said in sublists:
            assert published_kind(schema) == "object", said
        elif said != "price":  # an item's price list, which the twin keeps as one base price
            assert said in fields, said
            assert _KINDS.get(fields[said].kind, "string" if fields[said].kind == "moment" else "object") == (
                published_kind(schema)
            ), said


def test_a_read_keeps_to_the_published_schema(netsuite: NetSuite):
    netsuite.customer(addressBook={"items": [{"label": "Office", "addressBookAddress": {"country": {"id": "GB"}}}]})
    code = {"externalId": "VAT-GBR-20"}
    detail = {"taxDetailsReference": "L1", "taxCode": code, "taxBasis": 10, "taxRate": 20, "taxAmount": 2}
    order = netsuite.create(
        "salesOrder",
        netsuite.order(
            line(taxDetailsReference="L1", expectedShipDate="2026-11-30"),
            line(PEN),
            externalId="T-1",
            memo="x",
            shippingCost=4.9,
            shippingAddress={"addressee": "Ada", "addr1": "1 Way", "city": "Leeds", "country": {"id": "GB"}},
            custbody_tieout_deadline="2026-11-25T10:00:00Z",
            taxDetailsOverride=True,
            taxDetails={"items": [detail]},
        ),
    )
    document = contract()
    for kind, key in (("salesOrder", order), ("customer", "eid:T-shop-CUS-MARKETPLACE"), ("inventoryItem", PEN)):
        read = json.loads(json.dumps(netsuite.get(kind, key), default=float))
        jsonschema.validate(read, {"$ref": f"#/$defs/{kind}", "$defs": document["$defs"]})
        unknown = set(read) - set(document["$defs"][kind]["properties"])
        assert {name for name in unknown if not name.startswith("cust")} <= {"links", "lastModifiedDate"}


@pytest.mark.parametrize("name", ["gift-shop-live", "gift-shop-breaks"])
def test_a_world_brings_its_items_and_documents(name: str):
    twin = NetSuiteTwin(seed=1)
    world = World(shared(f"worlds/{name}"))
    twin.load(world)
    items, documents = world.netsuite("items"), world.netsuite("documents")
    rows = rows_of(twin, "SELECT id, itemid, isinactive FROM item WHERE itemtype = 'InvtPart'")
    assert {row["id"]: row["itemid"] for row in rows} == {item["id"]: item["itemid"] for item in items}
    stock = rows_of(twin, "SELECT SUM(quantityavailable) AS s FROM aggregateitemlocation")
    assert int(stock[0]["s"]) == sum(place["quantityavailable"] for item in items for place in item["locations"])
    found = rows_of(twin, "SELECT externalid, foreigntotal FROM transaction ORDER BY externalid")
    assert [row["externalid"] for row in found] == sorted(document["externalid"] for document in documents)
    totals = {row["externalid"]: row["foreigntotal"] for row in found}
    for document in documents:
        assert float(totals[document["externalid"]]) == float(document["foreigntotal"])


def test_a_world_may_bring_its_own_account(tmp_path: Path):
    own = {
        "subsidiary": [{"id": "9", "name": "Own", "currency": "1", "country": "GB"}],
        "location": [{"id": "1", "name": "Cellar", "subsidiary": "9"}],
        "custom_fields": {"custbody_own": "text"},
    }
    (tmp_path / "netsuite").mkdir()
    (tmp_path / "netsuite" / "reference.json").write_text(json.dumps(own))
    items = [
        {"id": "1", "itemid": "A", "itemtype": "InvtPart", "locations": [{"location": "7", "quantityavailable": 1}]}
    ]
    (tmp_path / "netsuite" / "items.ndjson").write_text("\n".join(json.dumps(item) for item in items))
    twin = NetSuiteTwin(seed=1)
    twin.load(World(tmp_path))
    assert rows_of(twin, "SELECT id, name FROM subsidiary") == [{"id": "9", "name": "Own"}]
    assert rows_of(twin, "SELECT id, name, subsidiary FROM location ORDER BY id") == [
        {"id": "1", "name": "Cellar", "subsidiary": "9"},
        {"id": "7", "name": "Location 7", "subsidiary": "9"},
    ]
    assert rows_of(twin, "SELECT custbody_own FROM transaction") == []


def test_the_same_seed_gives_the_same_credentials():
    first, second, other = NetSuiteTwin(seed=1), NetSuiteTwin(seed=1), NetSuiteTwin(seed=2)
    assert first.credentials == second.credentials
    assert first.account.certificate_id == second.account.certificate_id
    assert first.credentials != other.credentials
    assert NetSuiteTwin().credentials != NetSuiteTwin().credentials

"""What a world brings into the account: items with their stock, documents, and customers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.netsuite.customer_and_item_fields import ITEM_TYPES
from sandbox.netsuite.fulfilment_fields import SHIP_STATUS, SHIPPED
from sandbox.netsuite.price_lists import price_list
from sandbox.netsuite.record_types import DOCUMENT_TYPES
from sandbox.netsuite.store import Record, Store

_KIND_BY_ITEM_TYPE = {code: kind for kind, code in ITEM_TYPES.items()}
_DOCUMENT_STATUS = {"paidInFull": "B", "fullyApplied": "B", "open": "A", "approved": "B"}


def seed_items(
    store: Store,
    rows: list[dict[str, Any]],
    now: datetime,
    offered: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> None:
    """Rows as netsuite/items holds them. Raises ValueError naming the row that cannot be an item.

    Besides SuiteQL's columns: `members` of a kit ([{"itemid": "MUG", "quantity": 2}]), `prices` by currency or as a
    list with levels, `class` by name, custom fields by id. Of a row that says nothing of them, prices are those at
    which the world's marketplaces offer its SKU (`offered`), and what is offered anywhere is approved.
    """
    offered = offered or {}
    for row in rows:
        kind = _KIND_BY_ITEM_TYPE.get(row.get("itemtype", "InvtPart"))
        if kind is None or not row.get("itemid"):
            raise ValueError(f"netsuite/items: no item with a known itemtype and an itemid: {row}")
        values = {
            "itemId": str(row["itemid"]),
            "displayName": row.get("displayname"),
            "upcCode": row.get("upccode"),
            "isInactive": row.get("isinactive", "F") in ("T", True),
            "itemType": ITEM_TYPES[kind],
            "basePrice": _amount(row.get("baseprice")),
            "subsidiary": [str(one) for one in row.get("subsidiary") or []] or None,
        }
        values |= _listed(store, row, offered.get(str(row["itemid"]), {}), now)
        record = Record(
            kind,
            str(row.get("id") or store.new_id("item")),
            row.get("externalid"),
            now,
            now,
            {name: value for name, value in values.items() if value is not None},
        )
        stock = [_stock(place) for place in row.get("locations") or []]
        for place in stock:
            _ensure_location(store, place["locationId"], now)
        if kind == "inventoryItem":
            record.sublists["locations"] = stock
        store.add(record)
    for row in rows:
        if row.get("members"):
            _put_together(store, row)


def _listed(store: Store, row: Mapping[str, Any], offered: Mapping[str, Decimal], now: datetime) -> dict[str, Any]:
    """Class, prices and custom fields."""
    custom: dict[str, Any] = {}
    for name, known in store.item_fields.items():
        if known.kind == "flag":
            custom[name] = row.get(name, bool(offered)) in ("T", True)
        elif row.get(name) is not None:
            custom[name] = row[name]
    prices = row.get("prices", [{"currency": currency, "price": price} for currency, price in offered.items()])
    return custom | {"class": _class_named(store, row.get("class"), now), "_prices": price_list(store, prices)}


def _class_named(store: Store, name: object, now: datetime) -> str | None:
    if name is None:
        return None
    known = next((one for one in store.all("classification") if one.values["name"] == name), None)
    if known is None:
        values = {"name": str(name), "isInactive": False}
        known = Record("classification", store.new_id("classification"), None, now, now, values)
        store.add(known)
    return known.id


def _put_together(store: Store, row: Mapping[str, Any]) -> None:
    """Give a kit its members, which may stand behind it in the file."""
    by_name = {str(item.values["itemId"]): item for item in store.items()}
    kit = by_name[str(row["itemid"])]
    try:
        kit.values["_members"] = [
            {"item": by_name[str(one["itemid"])].id, "quantity": _amount(one.get("quantity", 1))}
            for one in row["members"]
        ]
    except KeyError as missing:
        raise ValueError(f"netsuite/items: {row['itemid']} has no member {missing}") from missing


def _stock(place: Mapping[str, Any]) -> dict[str, Any]:
    available = _amount(place.get("quantityavailable"))
    on_hand = _amount(place.get("quantityonhand"))
    return {
        "locationId": str(place["location"]),
        "quantityAvailable": available,
        "quantityOnHand": available if on_hand is None else on_hand,
        "quantityCommitted": _amount(place.get("quantitycommitted")) or Decimal(0),
        "quantityBackOrdered": _amount(place.get("quantitybackordered")) or Decimal(0),
    }


def _ensure_location(store: Store, location_id: str, now: datetime) -> None:
    """Items may name places the reference tables do not: they belong to the first subsidiary."""
    if store.get("location", location_id) is None:
        first = store.all("subsidiary")[0].id
        values = {"name": f"Location {location_id}", "subsidiary": first, "isInactive": False}
        store.add(Record("location", location_id, None, now, now, values))


def seed_customers(store: Store, rows: list[dict[str, Any]], now: datetime) -> None:
    """Rows as netsuite/customers holds them (SuiteQL names), for worlds that bring customers."""
    for row in rows:
        _add_customer(store, row, now)


def _add_customer(store: Store, row: Mapping[str, Any], now: datetime) -> Record:
    subsidiary = str(row.get("subsidiary") or store.all("subsidiary")[0].id)
    home = store.get("subsidiary", subsidiary)
    currency = row.get("currency") or (home.values["currency"] if home else "1")
    name = str(row.get("companyname") or row["entityid"])
    values = {
        "entityId": str(row.get("entityid") or name),
        "companyName": name,
        "isPerson": False,
        "isInactive": row.get("isinactive") == "T",
        "subsidiary": subsidiary,
        "currency": _currency_id(store, str(currency)),
    }
    record = Record("customer", str(row.get("id") or store.new_id("entity")), row.get("externalid"), now, now, values)
    record.sublists["currencyList"] = [{"currency": one.id} for one in store.all("currency")]
    store.add(record)
    return record


def seed_documents(store: Store, rows: list[dict[str, Any]], now: datetime) -> None:
    """Rows as netsuite/documents holds them: documents of an earlier life, with their external ids."""
    for row in rows:
        code = row["type"]
        kind = "salesOrder" if code == "SalesOrd" else DOCUMENT_TYPES.get(code, ("", ""))[0]
        if not kind:
            raise ValueError(f"netsuite/documents: unknown type {code!r} in {row}")
        day = str(row.get("trandate") or now.date().isoformat())
        entity = _entity_id(store, row.get("entity"), now)
        customer = store.get("entity", entity or "")
        status = str(row.get("status") or "")
        custom = {name: value for name, value in row.items() if name in store.body_fields and value is not None}
        values: dict[str, Any] = {
            "tranId": row.get("tranid"),
            "tranDate": day,
            "entity": entity,
            "currency": _currency_id(store, str(row["currency"])) if row.get("currency") else None,
            "exchangeRate": _amount(row.get("exchangerate")) or Decimal(1),
            "subsidiary": customer.values["subsidiary"] if customer else None,
            "otherRefNum": row.get("otherrefnum"),
            "memo": row.get("memo"),
            "total": abs(_amount(row.get("foreigntotal")) or Decimal(0)),
            "taxTotal": abs(_amount(row.get("taxtotal")) or Decimal(0)),
            "status": status if len(status) == 1 else _DOCUMENT_STATUS.get(status, "A"),
            **custom,
        }
        moment = datetime.fromisoformat(day).replace(tzinfo=UTC) if len(day) == 10 else now
        record_id = str(row.get("id") or store.new_id("transaction"))
        kept = {name: value for name, value in values.items() if value is not None}
        if kind == "salesOrder":
            kept |= {"orderStatus": "B", "subtotal": kept["total"] - kept["taxTotal"]}
        elif kind == "invoice":
            paid = kept["total"] if kept["status"] == "B" else Decimal(0)
            kept |= {"amountPaid": paid, "amountRemaining": kept["total"] - paid}
        elif kind == "creditMemo":
            kept["amountRemaining"] = Decimal(0) if kept["status"] == "B" else kept["total"]
            kept["_refunded"] = kept["total"] - kept["amountRemaining"]
        elif kind == "itemFulfillment":
            kept["shipStatus"] = kept["status"] if kept["status"] in SHIP_STATUS else SHIPPED
        store.add(Record(kind, record_id, row.get("externalid"), moment, moment, kept))


def _entity_id(store: Store, said: object, now: datetime) -> str | None:
    """A customer by id, external id or name; one that is not there yet is made."""
    if said is None:
        return None
    found = store.get("entity", str(said)) or store.by_external_id("entity", str(said))
    if found is None:
        found = next((one for one in store.all("customer") if one.values["entityId"] == said), None)
    return (found or _add_customer(store, {"entityid": str(said)}, now)).id


def _currency_id(store: Store, said: str) -> str:
    for currency in store.all("currency"):
        if said in (currency.id, currency.values["symbol"]):
            return currency.id
    raise ValueError(f"there is no currency {said} in the account")


def _amount(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))

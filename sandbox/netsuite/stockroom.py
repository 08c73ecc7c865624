"""Whoever counts goods and edits items in NetSuite: what a test or a demo orders of the account's people."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox import decimal_json
from sandbox.netsuite.answer import Call
from sandbox.netsuite.price_lists import price_list
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.records import Records
from sandbox.netsuite.refusal import Refusal
from sandbox.netsuite.stock import Stock
from sandbox.netsuite.store import Record, Store


class Stockroom:
    """People who change stock and items by hand."""

    def __init__(self, store: Store, stock: Stock, records: Records) -> None:
        self._store = store
        self._stock = stock
        self._records = records

    def change(self, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """`add` to what is on hand, or `set` it (an inventory count); answers what is available then, by place.

        Raises ValueError for an item that carries no stock, and a location that is not there. Nothing is done before
        every change is understood.
        """
        understood = [(self._item(one), self._location(one), one) for one in changes]
        for item, _, one in understood:
            if item.kind != "inventoryItem":
                raise ValueError(f"{item.values['itemId']} carries no stock")
            if ("add" in one) == ("set" in one):
                raise ValueError(f"either add or set: {dict(one)}")
        self._stock.heed()
        shown = []
        for item, location, one in understood:
            place = (item.id, location)
            on_hand = self._on_hand(item, location)
            self._stock.move(place, Decimal(str(one["add"])) if "add" in one else Decimal(str(one["set"])) - on_hand)
            self._stock.give_out(place)
            shelf = next(shelf for shelf in item.sublists["locations"] if shelf["locationId"] == location)
            available = shelf["quantityAvailable"]
            shown.append({"itemid": item.values["itemId"], "location": location, "quantityavailable": available})
        return shown

    def edit(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """`set` properties by record REST's names, and `prices` as a world writes them; or `delete` the item.

        Raises ValueError for an item that is not there, and for what NetSuite would not take: one that a transaction
        has cannot be deleted.
        """
        item = self._item(order)
        kind = RECORD_TYPES[item.kind]
        if order.get("delete"):
            try:
                self._records.delete(kind, item.id)
            except Refusal as refusal:
                raise ValueError(str(refusal.body())) from refusal
            return {"deleted": item.id}
        given = dict(order["set"])
        prices = given.pop("prices", None)
        headers = {"content-type": "application/json", "x-netsuite-propertynamevalidation": "error"}
        call = Call("PATCH", "", "", headers, decimal_json.dumps(given), "")
        try:
            self._records.patch(kind, item.id, call)
        except Refusal as refusal:
            raise ValueError(str(refusal.body())) from refusal
        saved = self._store.by_id("item", item.id)
        if prices is not None:
            saved.values["_prices"] = price_list(self._store, prices)
            self._store.note(saved)
        return {"saved": saved.id}

    def _item(self, order: Mapping[str, Any]) -> Record:
        for item in self._store.items():
            if order["itemid"] in (item.values["itemId"], item.id):
                return item
        raise ValueError(f"there is no item {order['itemid']}")

    def _location(self, order: Mapping[str, Any]) -> str:
        for location in self._store.all("location"):
            if str(order["location"]) in (location.id, location.values["name"]):
                return location.id
        raise ValueError(f"there is no location {order['location']}")

    def _on_hand(self, item: Record, location: str) -> Decimal:
        shelves = item.sublists.get("locations", [])
        found = (shelf["quantityOnHand"] for shelf in shelves if shelf["locationId"] == location)
        return next(found, None) or Decimal(0)

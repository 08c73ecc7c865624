"""Item fulfilments out of sales orders, and item receipts out of return authorisations."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sandbox.behaviours import Behaviours
from sandbox.netsuite.chosen_lines import Line, chosen_lines, too_many
from sandbox.netsuite.fulfilment_fields import PACKAGES, PACKED, PICKED, SHIPPED, TRACKING
from sandbox.netsuite.periods import post
from sandbox.netsuite.progress import Done, done_of, is_fulfillable, left_to_fulfil
from sandbox.netsuite.refusal import invalid_value, may_not_set, missing_value, user_error
from sandbox.netsuite.stock import Place, Stock
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
_DATED = {PICKED: "pickedDate", PACKED: "packedDate", SHIPPED: "shippedDate"}


class Fulfilments:
    """Goods leaving for an order, and coming back for a return."""

    def __init__(self, store: Store, switches: Behaviours, stock: Stock) -> None:
        self._store = store
        self._switches = switches
        self._stock = stock

    def fill(self, made: Record, source: Record, sent: list[Line]) -> None:
        """Lines of a new fulfilment or receipt: all that is left of every line that the body does not leave out."""
        done = done_of(self._store, source)
        chosen, _ = chosen_lines(source, sent, lambda line: self._left(made, line, done), may_add=False)
        lines = made.sublists["item"] = []
        for one in chosen:
            line = {name: value for name, value in one.source.items() if name in self._store.line_fields}
            line |= {name: one.source.get(name) for name in ("item", "itemType", "description")}
            location = one.source.get("location") or source.values.get("location")
            line["location"] = made.values.get("location") or made.values.get("inventoryLocation") or location
            line |= {name: value for name, value in one.sent.items() if value is not None}
            line |= {
                "line": len(lines) + 1,
                "orderLine": one.source["line"],
                "orderDoc": source.id,
                "itemReceive": True,
                "quantity": one.quantity,
            }
            lines.append(line)

    def settle(self, made: Record, former: Record | None, source: Record, today: date) -> None:
        """Check and complete. Raises Refusal for more than is left, a wrong location, or a closed period."""
        made.sublists["item"] = [line for line in made.sublists["item"] if line.get("itemReceive") is not False]
        if not made.sublists["item"]:
            raise user_error("You must have at least one valid line item for this transaction.")
        done = done_of(self._store, source, besides=made)
        held = {} if former is None else {line["orderLine"]: line["quantity"] for line in former.sublists["item"]}
        lines = {line["line"]: line for line in source.sublists.get("item", [])}
        for place, line in enumerate(made.sublists["item"]):
            path = f"item.items[{place}]"
            if line.get("orderDoc") is None:
                raise user_error("Lines cannot be added to this transaction.", path=path)
            self._check_place(made, line, path)
            if line["quantity"] <= 0:
                raise invalid_value(line["quantity"], "quantity", f"{path}.quantity")
            number = line["orderLine"]
            most = max(self._left(made, lines[number], done), held.get(number, ZERO))
            if line["quantity"] > most:
                raise too_many(line["quantity"], most, f"{path}.quantity")
        made.values.setdefault("tranDate", today.isoformat())
        if made.kind == "itemFulfillment":
            self._settle_shipping(made, former)
            if former is not None and former.values["shipStatus"] == SHIPPED:
                _refuse_unshipping(source, _with(done, made))
        if made.kind == "itemReceipt" or made.values["shipStatus"] == SHIPPED:
            post(self._store, self._switches, made)

    def refuse_loss(self, made: Record, source: Record) -> None:
        """Raises Refusal when without this fulfilment more would be billed, or returned, than was shipped."""
        _refuse_unshipping(source, done_of(self._store, source, besides=made))

    def moves_of(self, made: Record | None) -> Mapping[Place, Decimal]:
        """What the document moves on the shelves: out when Shipped, in when received and put back."""
        moved: dict[Place, Decimal] = defaultdict(Decimal)
        if made is None:
            return moved
        receipt = made.kind == "itemReceipt"
        if not receipt and (made.kind != "itemFulfillment" or made.values.get("shipStatus") != SHIPPED):
            return moved
        for line in made.sublists.get("item", []):
            if not line.get("restock", True):
                continue
            quantity = line["quantity"] if receipt else -line["quantity"]
            if line.get("itemType") == "InvtPart":
                moved[line["item"], line["location"]] += quantity
            elif line.get("itemType") == "Kit":
                for member in self._store.by_id("item", line["item"]).values.get("_members", ()):
                    moved[member["item"], line["location"]] += quantity * member["quantity"]
        return moved

    # -- rules ---------------------------------------------------------------------------------------------------

    def _left(self, made: Record, line: Line, done: Mapping[int, Done]) -> Decimal:
        so_far = done.get(line["line"], Done())
        if made.kind == "itemReceipt":
            return ZERO if line.get("isClosed") else max(ZERO, line["quantity"] - so_far.received)
        left = left_to_fulfil(line, so_far)
        if self._switches.text("fulfil_based_on_commitment") == "committed":
            committed = self._stock.committed_to(made.values["createdFrom"], line["line"])
            if committed is not None:
                # What is picked but not shipped still holds its commitment.
                left = min(left, max(ZERO, committed - (so_far.taken - so_far.shipped)))
        return left

    def _check_place(self, made: Record, line: Line, path: str) -> None:
        location = self._store.get("location", line.get("location") or "")
        if location is None:
            if line.get("itemType") == "InvtPart":
                raise missing_value("Location")
        elif location.values.get("isInactive") or location.values["subsidiary"] != made.values["subsidiary"]:
            raise invalid_value(location.id, "location", f"{path}.location")

    def _settle_shipping(self, made: Record, former: Record | None) -> None:
        values = made.values
        if not self._switches.is_on("pick_pack_ship"):
            values["shipStatus"] = SHIPPED
        status = values.setdefault("shipStatus", PICKED)
        own_list = "package" + self._switches.text("carrier_integration")
        for name in PACKAGES:
            parcels = made.sublists.setdefault(name, [])
            if parcels and name != own_list and (former is None or parcels != former.sublists.get(name)):
                raise may_not_set(name, name)
            for number, parcel in enumerate(parcels, start=1):
                suffix = TRACKING[name].removeprefix("packageTrackingNumber")
                parcel.setdefault(f"packageCartonNumber{suffix}", str(number))
                if parcel.get(TRACKING[name]):
                    parcel.setdefault("_tracking", self._store.next_number("trackingNumber", 701))
        for letter, name in _DATED.items():
            if letter <= status:
                values.setdefault(name, values["tranDate"])
            else:
                values.pop(name, None)


def _with(done: Mapping[int, Done], made: Record) -> Mapping[int, Done]:
    """What is done of each line once this fulfilment counts as well."""
    after = {number: replace(one) for number, one in done.items()}
    for line in made.sublists["item"] if made.values["shipStatus"] == SHIPPED else ():
        after.setdefault(line["orderLine"], Done()).shipped += line["quantity"]
    return after


def _refuse_unshipping(source: Record, done: Mapping[int, Done]) -> None:
    for line in source.sublists.get("item", []):
        one = done.get(line["line"], Done())
        if is_fulfillable(line) and one.shipped < max(one.billed, one.returned):
            raise user_error("This fulfillment cannot be changed: items on it have been billed or returned.")

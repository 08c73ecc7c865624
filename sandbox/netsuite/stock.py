"""Stock by item and location: on hand, committed to sales orders, available, and back-ordered.

An order pending fulfilment commits what is available of each line, first come first served; what it asks beyond that
is back-ordered, and is committed as soon as something becomes free. Goods leave the shelf when a fulfilment is Shipped.
A kit has no shelf: what leaves is what it is made of, and nothing is committed to it here.
Seeded commitments (other channels') stay as they are.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.behaviours import Behaviours
from sandbox.clock import Clock
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
Place = tuple[str, str]  # item, location
Wanted = tuple[str, int]  # order, line
_PENDING = ("B", "D", "E")


class Stock:
    """The shelves of one account, kept up with its sales orders where the account commits."""

    def __init__(self, store: Store, switches: Behaviours, clock: Clock) -> None:
        self._store = store
        self._switches = switches
        self._clock = clock
        self._read_for: tuple[int, bool] = (-1, False)
        self._forget()

    def heed(self) -> None:
        """Begin again for another world, or when committing was switched on or off."""
        committing = self._switches.is_on("sales_orders_commit_stock")
        wanted = (self._store.generation, committing)
        if self._read_for == wanted:
            return
        places = list(self._needs) if self._read_for[0] == wanted[0] else []
        orders = {order_id for order_id, lines in self._of_order.items() if lines}
        self._forget()
        self._read_for = wanted
        for place in places:
            self.give_out(place)
        if not committing:
            for order_id in orders:
                self._unmark(order_id)
            return
        for order in sorted(self._store.all("salesOrder"), key=lambda one: int(one.id)):
            self.follow(order)

    def follow(self, order: Record) -> None:
        """Commit to an order what it still needs; to a deleted, closed or unapproved one nothing."""
        if not self._read_for[1]:
            return
        standing = self._store.get("transaction", order.id)
        former = self._of_order.pop(order.id, {})
        needed = dict(_needs_of(standing)) if standing is not None else {}
        for wanted, place in former.items():
            if wanted not in needed or needed[wanted][0] != place:
                self._needs[place].pop(wanted, None)
                self._given.pop(wanted, None)
        touched = dict.fromkeys(former.values())
        for wanted, (place, quantity) in needed.items():
            self._needs.setdefault(place, {})[wanted] = quantity
            self._of_order.setdefault(order.id, {})[wanted] = place
            touched[place] = None
        for place in touched:
            self.give_out(place)
        if standing is not None:
            self._mark(standing)

    def move(self, place: Place, quantity: Decimal) -> None:
        """Goods come onto the shelf, or leave it (negative); `give_out` once the orders they concern are followed."""
        shelf = self._shelf(place)
        shelf["quantityOnHand"] = (shelf["quantityOnHand"] or ZERO) + quantity

    def committed_to(self, order_id: str, line: int) -> Decimal | None:
        """What a line may take by its commitment; None where the account does not commit."""
        if not self._read_for[1] or (order_id, line) not in self._of_order.get(order_id, {}):
            return None
        return self._given.get((order_id, line), ZERO)

    def give_out(self, place: Place) -> None:
        """Those who hold goods keep them; what is free goes to the oldest order that waits."""
        shelf = self._shelf(place)
        needs = self._needs.get(place, {})
        in_turn = sorted(needs, key=lambda wanted: (int(wanted[0]), wanted[1]))
        on_hand = shelf["quantityOnHand"] or ZERO
        free = max(ZERO, on_hand - shelf["_elsewhere"])
        given: dict[Wanted, Decimal] = {}
        for wanted in in_turn:
            given[wanted] = min(needs[wanted], self._given.get(wanted, ZERO), free)
            free -= given[wanted]
        for wanted in in_turn:
            more = min(needs[wanted] - given[wanted], free)
            given[wanted] += more
            free -= more
        changed = {wanted[0] for wanted in needs if given[wanted] != self._given.get(wanted)}
        self._given |= given
        self._show(shelf, on_hand, sum(given.values(), ZERO), sum(needs.values(), ZERO))
        self._store.note(self._store.by_id("item", place[0]))
        for order_id in changed:
            self._mark(self._store.by_id("transaction", order_id))

    # -- shelves -------------------------------------------------------------------------------------------------

    def _show(self, shelf: dict[str, Any], on_hand: Decimal, committed: Decimal, needed: Decimal) -> None:
        available = on_hand - shelf["_elsewhere"] - committed
        if available != shelf["quantityAvailable"]:
            shelf["_changed"] = self._clock.now()
        shelf["quantityCommitted"] = shelf["_elsewhere"] + committed
        shelf["quantityBackOrdered"] = shelf["_waiting"] + needed - committed
        shelf["quantityAvailable"] = available

    def _shelf(self, place: Place) -> dict[str, Any]:
        item_id, location = place
        shelves = self._store.by_id("item", item_id).sublists.setdefault("locations", [])
        shelf = next((one for one in shelves if one["locationId"] == location), None)
        if shelf is None:
            shelf = {"locationId": location, "quantityAvailable": ZERO, "quantityOnHand": ZERO}
            shelves.append(shelf)
        if "_elsewhere" not in shelf:
            shelf["_elsewhere"] = (shelf["quantityOnHand"] or ZERO) - (shelf["quantityAvailable"] or ZERO)
            shelf["_waiting"] = shelf.get("quantityBackOrdered") or ZERO
        return shelf

    # -- what an order's lines show ------------------------------------------------------------------------------

    def _mark(self, order: Record) -> None:
        needed = dict(_needs_of(order))
        for line in order.sublists.get("item", []):
            wanted = (order.id, line["line"])
            if line.get("itemType") == "InvtPart":
                given = self._given.get(wanted, ZERO) if wanted in needed else ZERO
                line["quantityCommitted"] = given
                line["quantityBackOrdered"] = needed[wanted][1] - given if wanted in needed else ZERO
        self._store.note(order)

    def _unmark(self, order_id: str) -> None:
        order = self._store.get("transaction", order_id)
        if order is not None:
            for line in order.sublists.get("item", []):
                line.pop("quantityCommitted", None)
                line.pop("quantityBackOrdered", None)
            self._store.note(order)

    def _forget(self) -> None:
        self._needs: dict[Place, dict[Wanted, Decimal]] = {}
        self._given: dict[Wanted, Decimal] = {}
        self._of_order: dict[str, dict[Wanted, Place]] = {}


def _needs_of(order: Record) -> Iterator[tuple[Wanted, tuple[Place, Decimal]]]:
    """What an approved order still has to ship of each stocked line."""
    if order.values.get("status") not in _PENDING:
        return
    for line in order.sublists.get("item", []):
        location = line.get("location") or order.values.get("location")
        left = line["quantity"] - (line.get("quantityFulfilled") or ZERO)
        closed = line.get("isClosed") or line.get("commitInventory") == "3"
        if line.get("itemType") == "InvtPart" and location and left > 0 and not closed:
            yield (order.id, line["line"]), ((line["item"], location), left)

"""What orders do to offers: they take their units off when they are placed, and some give them back."""

from collections.abc import Callable
from datetime import datetime

from sandbox.behaviours import Behaviours
from sandbox.mirakl.left import is_shipped
from sandbox.mirakl.lifecycle import DEAD
from sandbox.mirakl.offers.catalogue import Catalogue, Taken
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace, Order


class Sales:
    """Follows the orders of every marketplace: each line takes its units once."""

    def __init__(self, behaviours: Behaviours, now: Callable[[], datetime]) -> None:
        self._behaviours = behaviours
        self._now = now

    def came_with_the_world(self, marketplace: Marketplace, order: Order) -> None:
        """Bought before the world's quantities were read: its units are off them already."""
        for line in order.lines():
            offer = marketplace.catalogue.bought(order.shop_id(), line)
            units = int(line.get("quantity") or 0)
            taken = Taken(offer.id if offer else None, units, units, units - _still_bought(line))
            marketplace.catalogue.taken[order.id, line["order_line_id"]] = taken

    def follow(self, marketplace: Marketplace, order: Order) -> None:
        """Called with whatever happens to an order."""
        catalogue = marketplace.catalogue
        for line in order.lines():
            taken = catalogue.taken.get((order.id, line["order_line_id"]))
            if taken is None:
                taken = self._sell(catalogue, order, line)
                catalogue.taken[order.id, line["order_line_id"]] = taken
            if self._behaviours.is_on("cancelations_return_units"):
                self._give_back(catalogue, line, taken)

    def _sell(self, catalogue: Catalogue, order: Order, line: Json) -> Taken:
        offer = catalogue.bought(order.shop_id(), line)
        units = _still_bought(line)
        if offer is None or offer.is_deleted or not self._behaviours.is_on("orders_reduce_offers"):
            return Taken(offer.id if offer else None, units, 0)
        return Taken(offer.id, units, offer.take(units, self._now()))

    def _give_back(self, catalogue: Catalogue, line: Json, taken: Taken) -> None:
        """Never more than were taken, and nothing that has left the house."""
        if taken.offer is None or is_shipped(line):
            return
        units = min(taken.taken, taken.bought - _still_bought(line)) - taken.returned
        offer = catalogue.offers.get(taken.offer)
        if units > 0 and offer is not None and not offer.is_deleted:
            taken.returned += units
            offer.put_back(units, self._now())


def why_sold_out(catalogue: Catalogue, body: Json, now: datetime) -> str:
    """Why a buyer is not served, empty if they are: each offer is for sale, and there are as many as they want."""
    wanted: dict[int, int] = {}
    shop = int(body.get("shop_id") or SHOP_ID)
    for line in body.get("order_lines") or []:
        offer = catalogue.bought(shop, line)
        named = line.get("offer_sku") or line.get("offer_id")
        if offer is None:
            return f"there is no offer {named}"
        if reasons := offer.reasons_not_for_sale(now):
            return f"offer {named} is not for sale: {', '.join(reasons)}"
        wanted[offer.id] = wanted.get(offer.id, 0) + int(line.get("quantity", 1))
        if wanted[offer.id] > offer.quantity:
            return f"of offer {named} there are {offer.quantity}, not {wanted[offer.id]}"
    return ""


def _still_bought(line: Json) -> int:
    if line["order_line_state"] in DEAD:
        return 0
    cancelled = sum(int(one.get("quantity") or 0) for one in line.get("cancelations") or [])
    return max(0, int(line.get("quantity") or 0) - cancelled)

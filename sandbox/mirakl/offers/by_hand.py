"""What others do to offers beside the API: somebody at the back office, and buyers in front of the shop window."""

from datetime import datetime

from sandbox.mirakl.arrivals import place_orders
from sandbox.mirakl.lifecycle import Waits
from sandbox.mirakl.offers.sales import why_sold_out
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace, MiraklState


def attempt_orders(state: MiraklState, marketplace: Marketplace, order: Json, now: datetime, waits: Waits) -> Json:
    """Buyers who want what is shown: {"orders": [...]}, one after the other, each served whole or not at all.

    {"placed": [ids], "sold_out": [ids], "why": {id: reason}}.
    """
    placed: list[str] = []
    why: dict[str, str] = {}
    for body in order["orders"]:
        reason = why_sold_out(marketplace.catalogue, body, now)
        if reason:
            why[str(body["order_id"])] = reason
        else:
            placed += place_orders(state, marketplace, [body], now, waits, as_of_now=True)
    return {"placed": placed, "sold_out": list(why), "why": why}


def change_offers(_: MiraklState, marketplace: Marketplace, order: Json, now: datetime) -> Json:
    """{"offers": [fields by "offer_id" or "shop_sku"], "delete": [SKUs], "products": [rows of P31], "shop_id"}.

    An offer that is not there yet is made. Raises KeyError for one to delete that is not there.
    """
    catalogue = marketplace.catalogue
    shop = int(order.get("shop_id") or SHOP_ID)
    for product in order.get("products", []):
        catalogue.add_product(product)
    changed: list[int] = []
    for row in order.get("offers", []):
        offer = catalogue.by_sku(shop, str(row.get("shop_sku") or ""))
        if offer is None and row.get("offer_id") is not None:
            offer = catalogue.offers.get(int(row["offer_id"]))
        if offer is None:
            offer = catalogue.add({"currency_iso_code": marketplace.currency(), **row}, shop, now)
        else:
            catalogue.amend(offer, row, now)
        changed.append(offer.id)
    deleted = []
    for sku in order.get("delete", []):
        offer = catalogue.by_sku(shop, sku)
        if offer is None:
            raise KeyError(f"offer {sku!r}")
        catalogue.delete(offer, now)
        deleted.append(offer.id)
    return {"changed": changed, "deleted": deleted}

"""OF21, OF22, OF61, P31: offers one by one or page by page, their conditions, products by reference."""

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.listing import page_bounds
from sandbox.mirakl.offers.catalogue import Offer
from sandbox.mirakl.offers.shown import price_now, to_an_operator, to_its_shop
from sandbox.mirakl.offers.told import Paged
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

_LABELS = {"11": "New"}
_NOT_FOR_SHOPS = ("SKU", "SHOP_SKU")


def list_offers(call: Admitted, _: Desk) -> Paged:
    """OF21. Inactive offers are among them."""
    offset, most = page_bounds(call.parameters)
    found = [one for one in call.marketplace.catalogue.live(call.shop) if _is_asked_for(one, call.parameters)]
    keys = {
        "totalPrice": lambda one: (price_now(one, call.at), one.id),
        "price": lambda one: (price_now(one, call.at), one.id),
        "productTitle": lambda one: (str(one.body.get("product_title")), one.id),
    }
    found.sort(key=keys[call.parameters.get("sort", "totalPrice")], reverse=call.parameters.get("order") == "desc")
    shown = [to_its_shop(call.marketplace, one, call.at) for one in found[offset : offset + most]]
    return Paged({"offers": shown, "total_count": len(found)}, offset, most, len(found))


def one_offer(call: Admitted, _: Desk) -> Json:
    """OF22."""
    named = call.asked.path_values["offer"]
    offer = call.marketplace.catalogue.offers.get(int(named)) if named.isdigit() else None
    if offer is None or offer.is_deleted:
        raise MiraklRefusal(404, f"Offer {named} does not exist")
    return to_an_operator(call.marketplace, offer, call.at)


def conditions(call: Admitted, _: Desk) -> Json:
    """OF61. All of this twin's are active."""
    codes = [] if call.parameters.get("active") is False else call.marketplace.catalogue.state_codes()
    states = [{"code": code, "label": _LABELS.get(code, f"Condition {code}")} for code in codes]
    return {"offer_states": states, "total_count": len(states)}


def products(call: Admitted, _: Desk) -> Json:
    """P31. Raises MiraklRefusal without references, and for types that are not the operator's."""
    asked = [*call.parameters.get("product_references", []), *call.parameters.get("products", [])]
    if not asked:
        raise MiraklRefusal(400, "product_references is required", code="VALIDATION_ERROR", field="product_references")
    rows = []
    for one in asked:
        kind, _bar, reference = one.partition("|")
        if kind in _NOT_FOR_SHOPS or not reference:
            raise MiraklRefusal(400, f"product_references is TYPE|reference, and not of type SKU or SHOP_SKU: {one}")
        product = call.marketplace.catalogue.product_of(call.shop, kind, reference)
        if product is not None:
            rows.append(
                {
                    "category_code": product.category[0],
                    "category_label": product.category[1],
                    "product_id": reference,
                    "product_id_type": kind,
                    "product_sku": product.sku,
                    "product_title": product.title,
                }
            )
    rows.sort(key=lambda row: (row["product_sku"], row["product_id_type"], row["product_id"]))
    return {"products": rows, "total_count": len(rows)}


def _is_asked_for(offer: Offer, asked: Json) -> bool:
    return (
        ("offer_state_codes" not in asked or str(offer.body["state_code"]) in asked["offer_state_codes"])
        and ("sku" not in asked or offer.sku == asked["sku"])
        and ("product_id" not in asked or str(offer.body.get("product_sku")) == asked["product_id"])
        and (not asked.get("favorite") or offer.body.get("favorite_rank") is not None)
    )

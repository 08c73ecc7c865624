"""An offer as it is shown: to its shop (OF21), to an operator (OF22), in an export (OF54), in the twin's listing."""

from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.offers.catalogue import Catalogue, Json, Offer, Product
from sandbox.mirakl.state import Marketplace
from sandbox.mirakl.views import shop_name

_FREE = Decimal(0)
_USUAL_DAYS = 2
_USUAL: Json = {
    "allow_quote_requests": False,
    "channels": [],
    "fulfillment": {"center": {"code": "DEFAULT"}},
    "leadtime_to_ship": _USUAL_DAYS,
    "min_shipping_price": _FREE,
    "min_shipping_price_additional": _FREE,
    "min_shipping_type": "STD",
    "min_shipping_zone": "DOM1",
    "offer_additional_fields": [],
}
_USUALLY_EXPORTED: Json = {
    **_USUAL,
    "is_professional": True,
    "logistic_class": {"code": "M"},
    "model": "MARKETPLACE",
    "premium": False,
}
_EXPORTED_AS_THEY_ARE = (
    *_USUAL,
    *("available_end_date", "available_start_date", "description", "favorite_rank", "max_order_quantity"),
    *("min_order_quantity", "package_quantity", "price_additional_info", "product_tax_code", "shop_sku", "state_code"),
)


def origin_price(offer: Offer) -> Decimal:
    """Without discount."""
    return Decimal(offer.body.get("price") or 0)


def price_now(offer: Offer, at: datetime) -> Decimal:
    """What a buyer pays for one."""
    discount = offer.body.get("discount") or {}
    lowered = discount.get("discount_price")
    started = not discount.get("start_date") or moment_of(discount["start_date"]) <= at
    ended = bool(discount.get("end_date")) and moment_of(discount["end_date"]) <= at
    return Decimal(lowered) if lowered is not None and started and not ended else origin_price(offer)


def as_recorded(offer: Offer, at: datetime) -> Json:
    """The row it came as, unknown fields and all, with what it is now."""
    row = {**offer.body, "quantity": offer.quantity, "active": offer.is_active(at)}
    if offer.body.get("discount"):
        row["price"] = price_now(offer, at)
    if offer.warehouses or "warehouses" in offer.body:
        row["warehouses"] = _warehouses(offer)
    return row


def to_its_shop(marketplace: Marketplace, offer: Offer, at: datetime) -> Json:
    """OF21."""
    product = _product(marketplace.catalogue, offer)
    price = price_now(offer, at)
    usual: Json = {
        **_USUAL,
        "available_end_date": None,
        "available_start_date": None,
        "category_code": product.category[0],
        "category_label": product.category[1],
        "currency_iso_code": offer.body.get("currency_iso_code") or marketplace.currency(),
        "description": None,
        "discount": None,
        "logistic_class": {"code": "M", "label": "Medium"},
        "product_references": [
            {"reference_type": kind, "reference": named} for kind, named in sorted(product.references)
        ],
        "product_sku": product.sku,
        "product_title": product.title,
        "shop_sku": None,
    }
    standing = _price_of(offer, at)
    view = usual | {name: value for name, value in offer.body.items() if value is not None or name not in usual}
    view |= {
        "active": offer.is_active(at),
        "all_prices": [standing, *other_prices(offer)],
        "applicable_pricing": standing,
        "offer_id": offer.id,
        "price": price,
        "quantity": offer.quantity,
        "shipping_deadline": text_of(at + timedelta(days=int(view["leadtime_to_ship"]))),
        "total_price": price + Decimal(view["min_shipping_price"]),
    }
    if reasons := offer.reasons_not_for_sale(at):
        view["inactivity_reasons"] = reasons
    if offer.warehouses:
        view["warehouses"] = _warehouses(offer)
    return {name: value for name, value in view.items() if name not in ("shop_id", "shop_name", "deleted")}


def to_an_operator(marketplace: Marketplace, offer: Offer, at: datetime) -> Json:
    """OF22."""
    shop = {"shop_id": offer.shop, "shop_name": shop_name(marketplace, offer.shop), "shop_grade": None}
    return {**to_its_shop(marketplace, offer, at), **shop, "model": "MARKETPLACE"}


def exported(marketplace: Marketplace, offer: Offer, at: datetime) -> Json:
    """A row of OF54 as JSON; `price` and `model` beside it are columns of CSV alone."""
    body = offer.body
    row: Json = {**_USUALLY_EXPORTED}
    row |= {name: body[name] for name in _EXPORTED_AS_THEY_ARE if body.get(name) is not None}
    row |= {
        "active": offer.is_active(at),
        "currency_iso_code": body.get("currency_iso_code") or marketplace.currency(),
        "date_created": text_of(offer.created),
        "deleted": offer.is_deleted,
        "last_updated": text_of(offer.updated),
        "logistic_class": {"code": (body.get("logistic_class") or _USUALLY_EXPORTED["logistic_class"])["code"]},
        "offer_id": offer.id,
        "price": price_now(offer, at),
        "prices": [_exported_price(one) for one in (_price_of(offer, at), *other_prices(offer))],
        "product_sku": str(body.get("product_sku") or ""),
        "quantity": offer.quantity,
        "shop_id": offer.shop,
        "shop_name": shop_name(marketplace, offer.shop),
    }
    if offer.warehouses:
        row["warehouses"] = _warehouses(offer)
    return row


def other_prices(offer: Offer) -> list[Json]:
    """Those for a channel, a time or a customer: beside the one that holds for everybody."""
    return [one for one in offer.body.get("all_prices") or [] if one.get("channel_code") or one.get("context")]


def _price_of(offer: Offer, at: datetime) -> Json:
    discount = offer.body.get("discount") or {}
    single = {
        "price": price_now(offer, at),
        "unit_discount_price": discount.get("discount_price"),
        "unit_origin_price": origin_price(offer),
    }
    return {
        "channel_code": None,
        "discount_end_date": discount.get("end_date"),
        "discount_start_date": discount.get("start_date"),
        **single,
        "volume_prices": [{"quantity_threshold": 1, **single}],
    }


def _exported_price(price: Json) -> Json:
    row: Json = {"origin_price": price["unit_origin_price"]}
    for name, known in (
        ("discount_price", "unit_discount_price"),
        ("discount_start_date", "discount_start_date"),
        ("discount_end_date", "discount_end_date"),
        ("context", "context"),
    ):
        if price.get(known) is not None:
            row[name] = price[known]
    ranges = price.get("volume_prices") or [{"quantity_threshold": 1, "unit_origin_price": price["unit_origin_price"]}]
    row["volume_prices"] = [{name: one[name] for name in _OF_A_RANGE if one.get(name) is not None} for one in ranges]
    return row


_OF_A_RANGE = ("quantity_threshold", "unit_discount_price", "unit_origin_price")


def _warehouses(offer: Offer) -> list[Json]:
    return [{"code": code, "quantity": units} for code, units in sorted(offer.warehouses.items())]


def _product(catalogue: Catalogue, offer: Offer) -> Product:
    sku = str(offer.body.get("product_sku") or "")
    return catalogue.products.get(sku) or Product(sku, str(offer.body.get("product_title") or ""))

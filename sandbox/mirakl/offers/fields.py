"""Fields of an offer as files name them (OF01, OF24): how each is read, and what it is where it is left blank."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.offers.catalogue import Json, Offer

Read = Callable[[str], Any]
_WHOLE = re.compile(r"\d{1,9}")
_DECIMALS = 2

DEFAULTS: Json = {
    "allow_quote_requests": False,
    "available_end_date": None,
    "available_start_date": None,
    "description": None,
    "discount": None,
    "internal_description": None,
    "leadtime_to_ship": None,
    "logistic_class": None,
    "max_order_quantity": None,
    "min_order_quantity": None,
    "min_quantity_alert": None,
    "offer_additional_fields": [],
    "package_quantity": None,
    "price_additional_info": None,
    "product_tax_code": None,
    "quantity": 0,
}
"""What a field falls back to. A price has nothing to fall back to."""


def whole(value: str) -> int:
    """Raises ValueError, as each of these does, saying what is expected."""
    if not _WHOLE.fullmatch(value):
        raise ValueError(f"a whole number from 0 on, not {value}")
    return int(value)


def amount(value: str) -> Decimal:
    """With a point or a comma, and no more decimals than the platform's prices have."""
    try:
        read = Decimal(value.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"an amount, not {value}") from None
    exponent = read.normalize().as_tuple().exponent
    if not read.is_finite() or read < 0 or (isinstance(exponent, int) and -exponent > _DECIMALS):
        raise ValueError(f"an amount from 0 on with at most {_DECIMALS} decimals, not {value}")
    return read


def moment(value: str) -> str:
    try:
        return text_of(moment_of(value))
    except ValueError:
        raise ValueError(f"a moment with its offset, not {value}") from None


def flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f"true or false, not {value}")
    return value == "true"


def logistic_class(value: str) -> Json:
    return {"code": value, "label": value}


COLUMNS: dict[str, tuple[str, Read]] = {
    "description": ("description", str),
    "internal-description": ("internal_description", str),
    "price": ("price", amount),
    "price-additional-info": ("price_additional_info", str),
    "quantity": ("quantity", whole),
    "min-quantity-alert": ("min_quantity_alert", whole),
    "state": ("state_code", str),
    "available-start-date": ("available_start_date", moment),
    "available-end-date": ("available_end_date", moment),
    "logistic-class": ("logistic_class", logistic_class),
    "leadtime-to-ship": ("leadtime_to_ship", whole),
    "min-order-quantity": ("min_order_quantity", whole),
    "max-order-quantity": ("max_order_quantity", whole),
    "package-quantity": ("package_quantity", whole),
    "allow-quote-requests": ("allow_quote_requests", flag),
    "product-tax-code": ("product_tax_code", str),
    "discount-price": ("discount_price", amount),
    "discount-start-date": ("start_date", moment),
    "discount-end-date": ("end_date", moment),
}
"""Columns of OF01 beside those that say which offer it is; any other is a custom field."""

OF_A_DISCOUNT = ("discount_price", "start_date", "end_date")


def write_fields(offer: Offer, fields: Json) -> None:
    """Set fields of an offer's body; those of a discount, and custom ones, beside what it has of them."""
    body, plain = offer.body, dict(fields)
    discount = {name: plain.pop(name) for name in OF_A_DISCOUNT if name in plain}
    custom = plain.pop("custom", {})
    plain.pop("quantity", None)
    body |= plain
    if discount:
        body["discount"] = {**(body.get("discount") or {}), **discount}
    if custom:
        known = {str(one["code"]): one for one in body.get("offer_additional_fields") or []}
        known |= {code: {"code": code, "type": "STRING", "value": value} for code, value in custom.items()}
        body["offer_additional_fields"] = [one for one in known.values() if one["value"] != ""]
    if (standing := body.get("discount")) is not None:
        lowered = standing.get("discount_price") is not None
        body["discount"] = {**standing, "origin_price": body["price"]} if lowered else None

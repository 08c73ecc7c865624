"""Who wants what and when. The same seed gives the same rush, whoever serves it."""

import random
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Sale:
    """How hard the rush is, and what there is to be had."""

    minutes: int = 12
    orders_a_minute: int = 50
    skus: int = 10
    units: int = 15
    """Of each SKU when it begins."""
    restocked: int = 10
    """Units of each SKU that come in meanwhile."""
    restocked_after: timedelta = timedelta(minutes=4)


@dataclass(frozen=True)
class Attempt:
    """A buyer puts units of one SKU into a basket, `at` after the sale began."""

    number: int
    at: timedelta
    marketplace: str
    sku: str
    quantity: int


@dataclass(frozen=True)
class Crowd:
    """Who comes to a sale, and what for."""

    sale: Sale
    attempts: Sequence[Attempt]
    skus: Sequence[str]
    models: Mapping[str, Json]
    """An order of each marketplace, which those of the crowd are made after."""


def attempts(sale: Sale, seed: int, marketplaces: Sequence[str], skus: Sequence[str]) -> list[Attempt]:
    """The whole rush in order of time."""
    dice = random.Random(seed)
    moments = sorted(dice.random() * sale.minutes for _ in range(sale.minutes * sale.orders_a_minute))
    return [
        Attempt(
            number, timedelta(minutes=moment), dice.choice(marketplaces), dice.choice(skus), dice.choice((1, 1, 1, 2))
        )
        for number, moment in enumerate(moments, start=1)
    ]


def order_of(attempt: Attempt, model: Mapping[str, Any], offer: Mapping[str, Any]) -> Json:
    """The order that comes of an attempt at an offer (OF21): like `model`, an order of this marketplace that is being
    shipped, but of one line, with these units at the offer's price."""
    order: Json = deepcopy(dict(model))
    order_id = f"FLASH-{attempt.marketplace}-{attempt.number}"
    line: Json = next(line for line in order["order_lines"] if line["order_line_state"] == "SHIPPING")
    price = Decimal(offer["price"])
    amount, former = price * attempt.quantity, Decimal(line["price"])
    share = amount / former
    fee = (Decimal(line["total_commission"]) * share).quantize(_CENT, ROUND_HALF_UP)
    for name in ("refunds", "cancelations", "shipping_taxes"):
        line.pop(name, None)
    line |= {
        "order_line_id": f"{order_id}-1",
        "order_line_index": 1,
        "offer_id": offer["offer_id"],
        "offer_sku": attempt.sku,
        "product_sku": offer.get("product_sku"),
        "product_title": offer.get("product_title"),
        "product_shop_sku": attempt.sku,
        "quantity": attempt.quantity,
        "price_unit": price,
        "price": amount,
        "shipping_price": Decimal(0),
        "total_price": amount,
        "taxes": [
            {**tax, "amount": (Decimal(tax["amount"]) * share).quantize(_CENT, ROUND_HALF_UP)} for tax in line["taxes"]
        ],
        "total_commission": fee,
        "commission_fee": fee - (vat := (fee / 6).quantize(_CENT, ROUND_HALF_UP)),
        "commission_vat": vat,
        "commission_taxes": [
            {**tax, "amount": vat} for tax in line.get("commission_taxes") or [{"code": "TAXDEFAULT", "rate": 20}]
        ],
    }
    order["order_lines"] = [line]
    order |= {
        "order_id": order_id,
        "commercial_id": order_id,
        "transaction_number": f"TX-{order_id}",
        "price": amount,
        "shipping_price": Decimal(0),
        "total_price": amount,
        "total_commission": fee,
        "order_state": "SHIPPING",
        "references": {"order_reference_for_customer": f"WEB-{order_id}", "order_reference_for_seller": None},
    }
    return order


def is_model(order: Mapping[str, Any]) -> bool:
    """Whether orders of a sale may be made after this one: ours to be shipped as it is, with a price and an address."""
    lines = [line for line in order["order_lines"] if line["order_line_state"] == "SHIPPING"]
    center = (order.get("fulfillment") or {}).get("center") or {}
    return (
        order["order_state"] == "SHIPPING"
        and bool(lines)
        and Decimal(lines[0]["price"]) > 0
        and bool((order.get("customer") or {}).get("shipping_address"))
        and center.get("code", "DEFAULT") == "DEFAULT"
    )

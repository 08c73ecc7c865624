"""Orders of the made-up shop: amounts to the cent, states as a shop finds them in the morning."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.clock import text_of
from sandbox.invented.buyers import buyer
from sandbox.invented.catalogue import Article

FIRST_DAY, DAYS = datetime(2026, 10, 1, 8, tzinfo=UTC), 21
WAITING_SHARE, REFUSED_SHARE, SHIPPING_PAID_SHARE = 0.08, 0.09, 0.4
COMMISSION_VAT = Decimal(20)
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Market:
    """One marketplace: its currency, whether amounts include tax, VAT in percent by country, its commission."""

    name: str
    currency: str
    tax_mode: str
    vat: dict[str, int]
    commission: Decimal
    price_factor: Decimal
    first_number: int

    def tax_on(self, amount: Decimal, country: str) -> Decimal:
        """VAT in an amount that includes it, or on one that does not."""
        rate = Decimal(self.vat[country])
        return cents(amount * rate / (100 + rate) if self.tax_mode == "TAX_INCLUDED" else amount * rate / 100)


UK = Market("brightside-uk", "GBP", "TAX_INCLUDED", {"GBR": 20}, Decimal("0.15"), Decimal(1), 600_001)
EU = Market(
    name="maison-eu",
    currency="EUR",
    tax_mode="TAX_EXCLUDED",
    vat={"FRA": 20, "DEU": 19, "IRL": 23, "ESP": 21, "ITA": 22, "NLD": 21, "SWE": 25},
    commission=Decimal("0.125"),
    price_factor=Decimal("1.15"),
    first_number=700_001,
)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def price_in(market: Market, article: Article) -> Decimal:
    """What the shop asks for an article on a marketplace, in its currency."""
    return cents(article.price * market.price_factor)


def orders(dice: random.Random, market: Market, count: int, articles: list[Article]) -> list[dict[str, Any]]:
    """`count` orders over three weeks, the older first; every SKU of theirs names an active item."""
    moments = sorted(dice.randrange(DAYS * 24 * 60) for _ in range(count))
    sellable = [article for article in articles if article.maps()]
    return [
        _order(dice, market, market.first_number + place, FIRST_DAY + timedelta(minutes=moment), sellable)
        for place, moment in enumerate(moments)
    ]


def line_of(market: Market, country: str, article: Article, quantity: int, shipping: Decimal) -> dict[str, Any]:
    """One line's article and amounts, commission included."""
    unit = price_in(market, article)
    price = unit * quantity
    fee = cents((price + shipping) * market.commission)
    commission_vat = cents(fee * COMMISSION_VAT / 100)
    return {
        "offer_id": 1_000_000 + int(article.sku[:5]),
        "offer_sku": article.sku,
        "offer_state_code": "11",
        "product_sku": f"P{article.sku}",
        "product_shop_sku": article.sku,
        "product_title": article.title,
        "category_code": "gifts",
        "category_label": "Gifts",
        "quantity": quantity,
        "price_unit": unit,
        "price": price,
        "shipping_price": shipping,
        "total_price": price + shipping,
        "taxes": [_tax(market, country, price)],
        "shipping_taxes": [_tax(market, country, shipping)] if shipping else [],
        "commission_fee": fee,
        "commission_vat": commission_vat,
        "commission_rate_vat": int(COMMISSION_VAT),
        "commission_taxes": [{"amount": commission_vat, "code": "TAXDEFAULT", "rate": int(COMMISSION_VAT)}],
        "total_commission": fee + commission_vat,
    }


def add_up(order: dict[str, Any]) -> None:
    """Totals are those of the lines that were not refused."""
    live = [line for line in order["order_lines"] if line["order_line_state"] != "REFUSED"]
    for total in ("price", "shipping_price", "total_price", "total_commission"):
        order[total] = sum((line[total] for line in live), Decimal(0))


def _tax(market: Market, country: str, amount: Decimal) -> dict[str, Any]:
    rate = market.vat[country]
    code = f"VAT-{country}-{rate}"
    rule = "PROPORTIONAL_TO_AMOUNT"
    return {"amount": market.tax_on(amount, country), "code": code, "rate": rate, "tax_calculation_rule": rule}


def _order(
    dice: random.Random, market: Market, number: int, created: datetime, sellable: list[Article]
) -> dict[str, Any]:
    country = dice.choice(sorted(market.vat))
    chosen = dice.sample(sellable, dice.choice((1, 1, 1, 2, 2, 3, 4, 6)))
    shipping = Decimal(dice.choice(("2.95", "3.95", "5.50"))) if dice.random() < SHIPPING_PAID_SHARE else Decimal(0)
    waiting = dice.random() < WAITING_SHARE
    state = "WAITING_ACCEPTANCE" if waiting else "SHIPPING"
    order_id, at = f"{number}-A", text_of(created)
    decided, debited = created + timedelta(minutes=10), created + timedelta(minutes=30)
    lines = []
    for place, article in enumerate(chosen, start=1):
        amounts = line_of(
            market, country, article, dice.choice((1, 1, 1, 2, 3, 6)), shipping if place == 1 else Decimal(0)
        )
        head = {"order_line_id": f"{order_id}-{place}", "order_line_index": place, "order_line_state": state}
        lines.append({**head, **amounts, **_line_tail(at, None if waiting else text_of(debited))})
    if not waiting and len(lines) > 1 and dice.random() < REFUSED_SHARE:
        lines[-1] |= {"order_line_state": "REFUSED", "order_line_state_reason_code": "OUT_OF_STOCK"}
    order = {
        "order_id": order_id,
        "commercial_id": str(number),
        "created_date": at,
        "last_updated_date": at if waiting else text_of(debited),
        "order_state": state,
        "order_state_reason_code": None,
        "order_tax_mode": market.tax_mode,
        "currency_iso_code": market.currency,
        "customer": buyer(dice, country),
        "customer_notification_email": f"notification+{dice.getrandbits(64):016x}@notification.example",
        "acceptance_decision_date": None if waiting else text_of(decided),
        "customer_debited_date": None if waiting else text_of(debited),
        "transaction_date": None if waiting else text_of(debited),
        "transaction_number": f"TX{number}",
        "shipping_deadline": None if waiting else text_of(_deadline(number, debited)),
        "order_lines": lines,
        "references": {"order_reference_for_customer": f"WEB-{number}", "order_reference_for_seller": None},
        **_ORDER_TAIL,
        "can_cancel": waiting,
        "can_shop_ship": not waiting,
    }
    add_up(order)
    return order


def _deadline(number: int, debited: datetime) -> datetime:
    """Two days to ship in; those of an order that waits longer lie within the two days after the last order."""
    first = FIRST_DAY + timedelta(days=DAYS)
    return max(
        debited + timedelta(days=2), first + timedelta(minutes=random.Random(number).randrange(120, 2 * 24 * 60))
    )


def _line_tail(created: str, debited: str | None) -> dict[str, Any]:
    empty: dict[str, Any] = {
        name: [] for name in ("refunds", "cancelations", "promotions", "order_line_additional_fields")
    }
    return {
        **empty,
        "order_line_state_reason_code": None,
        "created_date": created,
        "last_updated_date": created,
        "debited_date": debited,
        "shipped_date": None,
        "received_date": None,
        "can_refund": debited is not None,
    }


_ORDER_TAIL: dict[str, Any] = {
    "channel": None,
    "customer_directly_pays_seller": False,
    "fulfillment": {"center": {"code": "DEFAULT"}},
    "fully_refunded": False,
    "has_customer_message": False,
    "has_incident": False,
    "has_invoice": False,
    "leadtime_to_ship": 2,
    "order_additional_fields": [],
    "payment_type": "CARD",
    "payment_workflow": "PAY_ON_ACCEPTANCE",
    "promotions": {"applied_promotions": [], "total_deduced_amount": 0},
    "shipping_type_code": "STD",
    "shipping_type_label": "Standard",
    "shipping_zone_code": "DOM",
    "shipping_carrier_code": None,
    "shipping_company": None,
    "shipping_tracking": None,
    "shipping_tracking_url": None,
}

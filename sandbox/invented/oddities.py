"""Orders a clerk stumbles over: articles NetSuite does not know, no address, a country from nowhere."""

import random
from decimal import Decimal
from typing import Any

from sandbox.invented.catalogue import Article
from sandbox.invented.orders import Market, add_up, line_of

Order = dict[str, Any]


def put_in_oddities(dice: random.Random, market: Market, orders: list[Order], articles: list[Article]) -> None:
    """Make a few orders odd, each in one way: at most every fourth of those to ship, and one waiting for acceptance."""
    odd_articles = [article for article in articles if not article.maps()]
    ready = [order for order in orders if order["order_state"] == "SHIPPING"]
    ways: list[Any] = [lambda order, one=article: _sell(market, order, one) for article in odd_articles]
    ways += [_lose_the_address, _move_nowhere]
    for order, make_odd in zip(dice.sample(ready, len(ready) // 4), ways, strict=False):
        make_odd(order)
    waiting = [order for order in orders if order["order_state"] == "WAITING_ACCEPTANCE"]
    for order in waiting[:1]:
        _sell(market, order, odd_articles[0])


def _sell(market: Market, order: Order, article: Article) -> None:
    """The first line is for this article instead."""
    line = order["order_lines"][0]
    country = order["customer"]["shipping_address"]["country_iso_code"]
    line |= line_of(market, country, article, line["quantity"], Decimal(line["shipping_price"]))
    add_up(order)


def _lose_the_address(order: Order) -> None:
    order["customer"]["shipping_address"] = None


def _move_nowhere(order: Order) -> None:
    order["customer"]["shipping_address"] |= {"country": "Sealand", "country_iso_code": "XXX"}

"""A deployment in memory whose stock is kept at one marketplace or two."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from msgspec import Struct

from tests.fakes.house import House, a_house, settings
from tests.fakes.orders import a_line, an_order
from tests.fakes.stock_book import MemoryStockBook
from tieout.config import config_from
from tieout.domain.postings import Key, Kind, Posting
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.standing import load
from tieout.flows.stock.store import Stockroom

ONE, TWO = "brightside", "maison"


class StockHouse(Struct, frozen=True, kw_only=True):
    """A house, its book of stock, and what a run of stock is given."""

    house: House
    book: MemoryStockBook
    room: Stockroom

    def push(self, task: str = "push", *, after_minutes: float = 5) -> Pushed:
        """The schedule fires, so long after the last time."""
        self.house.clock.advance(minutes=after_minutes)
        return push_stock(task, self.room)

    def settle(self) -> None:
        """Run until nothing is on its way any more."""
        for _ in range(20):
            if self.push() == Pushed() and not load(self.book).flights:
                return
        raise AssertionError("it never comes to rest")

    def restock(self, itemid: str, units: int | str) -> None:
        """So many are available in the main warehouse now."""
        self.house.ledger.set_stock(f"id-{itemid}", "1", units)

    def buy(self, itemid: str, units: int, marketplace: str = ONE, order_id: str = "", shop: str = "") -> str:
        """A buyer takes units: the marketplace has them off the offer at once, NetSuite knows nothing yet."""
        self.house.clock.advance(seconds=1)
        market = self.house.markets[marketplace]
        order_id = order_id or f"{marketplace}-{len(market.orders)}"
        line = a_line(itemid, "24.00", "4.00", quantity=units, line_id=f"{order_id}-1")
        of_shop = {"seller_id": int(shop)} if shop else {}
        market.put(an_order(order_id, [line], marketplace=marketplace, **of_shop))
        market.sell(itemid, units, shop=shop)
        return order_id

    def booked(self, order_id: str, itemid: str, units: int, marketplace: str = ONE) -> None:
        """NetSuite holds the sale, and has its units off what is available."""
        (posting,) = self.house.postings.claim(
            [Key(marketplace, order_id, Kind.SALES_ORDER, order_id)], self.house.clock()
        )
        self.house.postings.confirm(posting, {}, [], self.house.clock())
        left = self.house.ledger.stock[f"id-{itemid}", "1"] - units
        self.restock(itemid, str(left))

    def parked(self) -> list[Posting]:
        """What of the stock waits for a person."""
        return [each for each in self.house.postings.parked() if each.key.kind in {Kind.STOCK, Kind.STOCK_PUSH}]

    def shows(self, marketplace: str = ONE, shop: str = "") -> dict[str, int]:
        """What buyers find; of an operator's shop where one is named."""
        market = self.house.markets[marketplace]
        offers = market.shop_offers[shop] if shop else market.offers
        return {sku: offer.quantity for sku, offer in offers.items()}


def a_stock_house(*, shops: int = 1, **stock: Any) -> StockHouse:
    """MUG, BOWL and JUG, a hundred of each in the main warehouse, offered with no stock at each marketplace."""
    data = settings(marketplaces__brightside__stock={"follow_seconds": 0, "risk": {"enabled": False}, **stock})
    if shops > 1:
        data["marketplaces"][TWO] = deepcopy(data["marketplaces"][ONE]) | {"url": "https://maison.mirakl.net"}
    house = a_house(config_from(data))
    for market in house.markets.values():
        for sku in ("MUG", "BOWL", "JUG"):
            market.put_offer(sku, 0, price=None)
    return stock_of(house)


def an_operators_stock_house(*, own: Sequence[int] = (2001, 2002), beside: bool = False, **stock: Any) -> StockHouse:
    """Each of an operator's own shops offers MUG, BOWL and JUG of the same hundred, and shop 2009 is somebody else's.

    `beside`: a seller's marketplace sells them as well.
    """
    data = settings(marketplaces__brightside__stock={"follow_seconds": 0, "risk": {"enabled": False}, **stock})
    if beside:
        data["marketplaces"][TWO] = deepcopy(data["marketplaces"][ONE]) | {"url": "https://maison.mirakl.net"}
    data["marketplaces"][ONE] |= {"role": "operator", "operator": {"own_shops": list(own)}}
    del data["marketplaces"][ONE]["shop_id"]
    house = a_house(config_from(data))
    for sku in ("MUG", "BOWL", "JUG"):
        for shop in (*own, 2009):
            house.market.shop_offers.setdefault(str(shop), {})
            house.market.put_offer(sku, 7 if shop == 2009 else 0, shop=str(shop))
        if beside:
            house.markets[TWO].put_offer(sku, 0)
    return stock_of(house)


def stock_of(house: House) -> StockHouse:
    """A house with an empty book of stock."""
    book = MemoryStockBook()

    def pause(seconds: float) -> None:
        house.clock.advance(seconds=seconds)

    room = Stockroom(
        at=house.at,
        book=book,
        in_turn=lambda ask: ask(),
        pause=pause,
    )
    return StockHouse(house=house, book=book, room=room)

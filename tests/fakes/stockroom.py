"""A deployment in memory whose stock is kept at one marketplace or two."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from msgspec import Struct

from tests.fakes.house import House, a_house, settings
from tests.fakes.stock_book import MemoryStockBook
from tieout.config import config_from
from tieout.flows.stock.push import Pushed, push_stock
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
        for _ in range(8):
            if self.push() == Pushed():
                return
        raise AssertionError("it never comes to rest")

    def shows(self, marketplace: str = ONE) -> dict[str, int]:
        """What buyers find."""
        return {sku: offer.quantity for sku, offer in self.house.markets[marketplace].offers.items()}


def a_stock_house(*, shops: int = 1, **stock: Any) -> StockHouse:
    """MUG, BOWL and JUG, a hundred of each in the main warehouse, offered with no stock at each marketplace."""
    data = settings(marketplaces__brightside__stock={"follow_seconds": 0, "risk": {"enabled": False}, **stock})
    if shops > 1:
        data["marketplaces"][TWO] = deepcopy(data["marketplaces"][ONE]) | {"url": "https://maison.mirakl.net"}
    house = a_house(config_from(data))
    for market in house.markets.values():
        for sku in ("MUG", "BOWL", "JUG"):
            market.put_offer(sku, 0, price=None)
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

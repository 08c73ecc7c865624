"""An operator's two own shops, and somebody else's, at the Mirakl twin: NetSuite's stock reaches both, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.stock_book import MemoryStockBook
from tests.integration.twins import mirakl as builders
from tests.integration.two_twins.house import IN_PARTS, ROOT, WHOLE, House, a_house
from tieout.config import config_from
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.store import Stockroom

FIRST, SECOND, THEIRS = 2001, 3005, 3006


class Shops:
    """An operator's deployment between the twins: our run of stock, and time."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.room = Stockroom(
            at=house.at,
            book=MemoryStockBook(),
            in_turn=lambda ask: ask(),
            pause=lambda seconds: house.wait(timedelta(seconds=seconds)),
        )
        for shop in (FIRST, SECOND, THEIRS):
            offers = [
                {"shop_sku": sku, "product_sku": f"P-{sku}", "price": 9, "quantity": 7, "state_code": "11"}
                for sku in ("MUG", "BOWL")
            ]
            house.control.change_offers(IN_PARTS, shop_id=shop, offers=offers)
        self.count(MUG=30, BOWL=12)

    def count(self, **units: int) -> None:
        changes = [{"itemid": sku, "location": "1", "set": set_to} for sku, set_to in units.items()]
        self.house.control.change_stock(changes)

    def push(self, minutes: float = 5) -> Pushed:
        self.house.wait(timedelta(minutes=minutes))
        return push_stock("push", self.room)

    def shows(self, sku: str) -> tuple[int, int, int]:
        state = self.house.twins.mirakl.state
        with state.lock:
            catalogue = state.known(IN_PARTS).catalogue
            offers = [catalogue.by_sku(shop, sku) for shop in (FIRST, SECOND, THEIRS)]
            first, second, theirs = (offer.quantity if offer else 0 for offer in offers)
        return first, second, theirs


def settings(*own_shops: int) -> dict[str, Any]:
    data = yaml.safe_load((ROOT / "config" / "gift-shop.yaml").read_text(encoding="utf-8"))
    del data["marketplaces"][WHOLE]
    here = data["marketplaces"][IN_PARTS]
    for name in ("shop_id", "settlement", "listings"):
        del here[name]
    here |= {
        "role": "operator",
        "operator": {"own_shops": list(own_shops)},
        "stock": {"follow_seconds": 45, "risk": {"enabled": False}},
    }
    return dict(data)


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Shops]:
    with a_house(tmp_path, 1, config_from(settings(FIRST, SECOND))) as house:
        yield Shops(house)


def test_both_shops_show_their_half_and_the_other_seller_keeps_what_it_shows(shops: Shops):
    """Each shop's file names it (STO01 `shop_id`), a minute apart, as the twin counts calls; none is refused."""
    assert shops.push() == Pushed(sent=4, changed=4)
    assert (shops.shows("MUG"), shops.shows("BOWL")) == ((15, 15, 7), (6, 6, 7))
    asked, _ = shops.house.control.calls()
    assert asked["by_operation"]["STO01"] == 2
    assert set(asked["by_status"]) == {"200", "201"}


def test_what_one_shop_sold_is_off_both(shops: Shops):
    shops.push()
    order = builders.order("A-1", builders.line("MUG", 5), shop_id=SECOND)
    shops.house.control.place_orders(IN_PARTS, [order])
    assert shops.shows("MUG") == (15, 10, 7)
    shops.push()
    shops.push()
    assert sum(shops.shows("MUG")[:2]) == 25
    shops.push()
    assert shops.shows("MUG") == (13, 12, 7)

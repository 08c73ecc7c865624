"""What is wrong with an offer is told of the shop that it is in: two shops of an operator may use one SKU."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.fakes.orders import a_line, an_order
from tests.fakes.stock_book import MemoryStockBook
from tests.fakes.stockroom import ONE, StockHouse, an_operators_stock_house
from tieout.config import config_from
from tieout.domain.errors import NeedsAttention
from tieout.domain.listings.audit import Fault
from tieout.domain.stock.drift import Cause
from tieout.flows.listings.audit import Audited, audit_mapping
from tieout.flows.listings.drift import Drifted, detect_drift, look_of
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.strict import LookedUp
from tieout.flows.listings.tasks import tasks_of
from tieout.flows.listings.words import accept
from tieout.flows.orders.doubts import stop_doubted

A, B, THEIRS = "2001", "2002", "2009"


class Window(Struct, frozen=True):
    """An operator's shops, whose offers are looked at."""

    house: StockHouse
    room: ListingsRoom

    def audit(self) -> Audited:
        return audit_mapping(ONE, self.room)

    def drift(self) -> Drifted:
        self.house.house.clock.advance(minutes=1)
        return detect_drift("sample", self.room, self.house.room, nullcontext)

    def put(self, sku: str, shop: str, quantity: int, price: str = "4.00") -> None:
        self.house.house.market.put_offer(sku, quantity, shop=shop, price=Decimal(price))


def a_window() -> Window:
    plain = an_operators_stock_house()
    data = plain.room.at.config.model_dump(exclude_none=True)
    data["marketplaces"][ONE]["listings"] = {"strict": True}
    at = replace(plain.room.at, config=config_from(data))
    house = replace(plain, room=replace(plain.room, at=at))
    for sku in ("MUG", "BOWL", "JUG"):
        plain.house.ledger.prices["Base Price", "GBP", f"id-{sku}"] = Decimal("4.00")
        for shop in (A, B, THEIRS):
            plain.house.market.put_offer(sku, 0, shop=shop, price=Decimal("4.00"))
    kept = MemoryStockBook()
    window = Window(house, ListingsRoom(at=at, stock=house.book, kept=kept, in_turn=lambda ask: ask()))
    house.settle()
    return window


def read_offers(window: Window) -> None:
    window.house.push("full", after_minutes=24 * 60)
    window.house.settle()


def test_a_finding_names_the_shop_and_a_word_about_it_is_for_that_shop_alone():
    window = a_window()
    for shop in (A, B):
        window.put("MUG", shop, 50, price="40.00")
    read_offers(window)
    window.audit()
    tasks = tasks_of(window.room.kept, ONE)
    assert [task.name for task in tasks] == [(f"{ONE}/{shop}", Fault.PRICE_OUT_OF_BAND, "MUG") for shop in (A, B)]
    accept(tasks[0].finding, "a golden edition", "kim", window.house.house.clock(), window.room.kept)
    assert [bool(task.accepted) for task in tasks_of(window.room.kept, ONE)] == [True, False]


def test_another_sellers_offers_are_nobodys_task():
    window = a_window()
    window.put("MUG", THEIRS, 7, price="40.00")
    read_offers(window)
    assert window.audit().open == 0


def test_strict_mode_stops_orders_of_the_shop_whose_sku_is_doubted():
    window = a_window()
    window.put("mug", B, 5)
    read_offers(window)
    window.audit()
    at = window.room.at
    at = replace(at, doubted=LookedUp(at.config, window.room.kept, at.clock))
    stop_doubted(an_order("A-1", [a_line("mug")], seller_id=int(A)), at)
    with pytest.raises(NeedsAttention, match="mug"):
        stop_doubted(an_order("A-2", [a_line("mug")], seller_id=int(B)), at)


def test_what_somebody_else_wrote_at_one_shop_is_found_there_and_written_over():
    window = a_window()
    window.drift()
    window.put("MUG", B, 500)
    window.house.push()
    window.drift()
    found = look_of(window.room.kept, ONE).found
    assert [(each.marketplace, each.sku, each.cause) for each in found] == [
        (f"{ONE}/{B}", "MUG", Cause.CHANGED_OUTSIDE),
    ]
    for _ in range(3):
        window.house.push()
    assert window.house.shows(ONE, B)["MUG"] == 50

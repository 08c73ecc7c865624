"""A deployment in memory whose offers are looked at."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tests.fakes.house import House, a_house, settings
from tests.fakes.stock_book import MemoryStockBook
from tieout.config import config_from
from tieout.domain.listings.audit import Fault
from tieout.domain.listings.worklist import Task
from tieout.flows.listings.audit import Audited, audit_mapping
from tieout.flows.listings.drift import Drifted, detect_drift, look_of
from tieout.flows.listings.sent import new_offers
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.strict import LookedUp
from tieout.flows.listings.sync import Synced, sync_listings
from tieout.flows.listings.tasks import tasks_of
from tieout.flows.stock.push import push_stock
from tieout.flows.stock.store import Stockroom

ONE = "brightside"
APPROVED = "custitem_tieout_approved"
UPCS = {"MUG": "5012345678900", "BOWL": "5012345678917", "JUG": "5012345678924"}


class ListingsHouse(Struct, frozen=True, kw_only=True):
    """A house, what its flows of stock and listings keep, and what a run is given."""

    house: House
    stock: MemoryStockBook
    kept: MemoryStockBook
    stockroom: Stockroom
    room: ListingsRoom

    def read_offers(self) -> None:
        """The night's full reading of offers and stock."""
        self.house.clock.advance(hours=24)
        push_stock("full", self.stockroom)
        for _ in range(4):
            self.house.clock.advance(minutes=5)
            push_stock("push", self.stockroom)

    def audit(self) -> Audited:
        """The morning's audit."""
        return audit_mapping(ONE, self.room)

    def sync(self, *, after_minutes: float = 60) -> Synced:
        """The hour's run: what came of the last files is seen, and what is missing is sent."""
        self.house.clock.advance(minutes=after_minutes)
        return sync_listings(ONE, self.room)

    def push(self, *, after_minutes: float = 5) -> None:
        """The schedule of stock fires."""
        self.house.clock.advance(minutes=after_minutes)
        push_stock("push", self.stockroom)

    def drift(self, task: str = "sample", *, after_minutes: float = 1) -> Drifted:
        """Somebody compares what the marketplace shows with what it should."""
        self.house.clock.advance(minutes=after_minutes)
        return detect_drift(task, self.room, self.stockroom, nullcontext)

    def causes(self) -> dict[str, str]:
        """Cause by SKU, of the last look."""
        return {each.sku: each.cause for each in look_of(self.kept, ONE).found}

    def approve(self, itemid: str, *, yes: bool = True) -> None:
        """Somebody sets the item's checkbox, or takes it away."""
        approved = self.house.ledger.approved_items[APPROVED]
        (approved.add if yes else approved.discard)(f"id-{itemid}")
        self.house.ledger.touch(f"id-{itemid}")

    def tasks(self) -> list[Task]:
        """What the worklist says."""
        return tasks_of(self.kept, ONE)

    def faults(self) -> list[tuple[str, Fault]]:
        """SKU and fault of each open task."""
        return sorted((task.finding.sku, task.finding.fault) for task in self.tasks() if not task.accepted)

    def price(self, itemid: str, price: str) -> None:
        """Somebody saves an item with another price."""
        self.house.ledger.prices["Base Price", "GBP", f"id-{itemid}"] = Decimal(price)
        self.house.ledger.touch(f"id-{itemid}")


def a_listings_house(**listings: Any) -> ListingsHouse:
    """MUG, BOWL and JUG with bar codes, approved, at 4.00 on both sides, offered with a hundred each."""
    data = settings(
        marketplaces__brightside__stock={"follow_seconds": 0, "risk": {"enabled": False}},
        marketplaces__brightside__listings=listings,
    )
    house = a_house(config_from(data))
    ledger, market = house.ledger, house.market
    ledger.items_table[:] = [replace(item, upc=UPCS[item.itemid]) for item in ledger.items_table]
    ledger.approved_items[APPROVED] = {item.id for item in ledger.items_table}
    for sku, upc in UPCS.items():
        ledger.prices["Base Price", "GBP", f"id-{sku}"] = Decimal("4.00")
        market.put_offer(sku, 100, price=Decimal("4.00"), product=f"P-{sku}", state_code="11")
        market.products["EAN", upc] = f"P-{sku}"
    stock, kept = MemoryStockBook(), MemoryStockBook()

    def pause(seconds: float) -> None:
        house.clock.advance(seconds=seconds)

    at = replace(house.at, doubted=LookedUp(house.at.config, kept, house.clock))
    house = replace(house, at=at)
    return ListingsHouse(
        house=house,
        stock=stock,
        kept=kept,
        stockroom=Stockroom(
            at=at, book=stock, in_turn=lambda ask: ask(), pause=pause, made=lambda name: new_offers(kept, name)
        ),
        room=ListingsRoom(at=at, stock=stock, kept=kept, in_turn=lambda ask: ask()),
    )

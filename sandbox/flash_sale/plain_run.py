"""The same rush once more, with a plain hourly push in Tieout's place: twins of its own, real calls, a virtual clock.

The sale opens with the full hour, at the moment that the push is sent: its figures are never fresher. Buyers come and
go as they did before; goods come in after as many minutes. Nothing fails here, even where Tieout's run had faults.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sandbox
from sandbox import Twins, decimal_json
from sandbox.demo.twin_control import TwinControl, rows
from sandbox.flash_sale.buyers import Crowd
from sandbox.flash_sale.count import Sold
from sandbox.flash_sale.plain import POLL_EVERY, PUSH_EVERY, PlainConnector
from sandbox.flash_sale.rush import STEP, Offers, Rush
from tieout.config import Config

Json = dict[str, Any]
_MINUTE = timedelta(minutes=1)
_ITEM = ("id", "displayName", "upcCode")


@dataclass(frozen=True)
class Shop:
    """A shop as it stands when a sale begins: what there is to copy."""

    offers: Offers
    items: Sequence[Json]
    """Inventory items as NetSuite's twin lists them."""

    @classmethod
    def of(cls, control: TwinControl, names: Sequence[str]) -> "Shop":
        offers = {name: {str(one["shop_sku"]): one for one in rows(control.offers(name))} for name in names}
        return cls(offers, list(rows(control.records("inventoryItem"))))

    def write(self, folder: Path) -> None:
        """As a world that twins open: its offers, its items with what is free of them, and nobody's orders."""
        files: dict[str, list[Json]] = {
            f"mirakl/{name}/offers": [dict(one) for one in offers.values()] for name, offers in self.offers.items()
        }
        for place, records in {**files, "netsuite/items": [_as_seed(one) for one in self.items]}.items():
            file = folder / f"{place}.ndjson"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(decimal_json.ndjson(records))


@dataclass(frozen=True)
class PlainlySold:
    """What came of the rush with a plain connector, and what that connector did for it."""

    sold: Sold
    opened_after: timedelta
    """The full hour."""
    done: Mapping[str, int]
    slowest_file: timedelta
    back_ordered: int
    """Units of the sale's SKUs that NetSuite had sold and could not commit an hour later."""

    def told(self) -> Json:
        return {
            **self.sold.told(),
            "run_on": "twins of its own, over HTTP: the same shop, buyers, restock, limits and lags; no faults",
            "sale_opens_minutes_after_the_push": int(self.opened_after / _MINUTE),
            "stock_pushed_every_minutes": int(PUSH_EVERY / _MINUTE),
            "orders_polled_every_minutes": int(POLL_EVERY / _MINUTE),
            "slowest_file_landed_within_seconds": self.slowest_file.total_seconds(),
            "units_back_ordered_in_netsuite": self.back_ordered,
            **{name.replace(" ", "_"): times for name, times in sorted(self.done.items())},
        }


def run_plainly(
    config: Config,
    shop: Shop,
    crowd: Crowd,
    near: datetime,
    second_thoughts: Mapping[int, timedelta],
    *,
    opens_after: timedelta = timedelta(),
) -> PlainlySold:
    """From the first full hour after `near` until the first full push after the sale has landed.

    `shop` has the sale's units on its shelves; `second_thoughts` are of buyers who cancel; `opens_after` the full hour
    the sale opens. Raises TwinViolation where a call broke a vendor's contract.
    """
    pushed = near.replace(minute=0, second=0, microsecond=0) + PUSH_EVERY
    opens = pushed + opens_after
    steps = int(timedelta(minutes=crowd.sale.minutes) / STEP) + 1
    with _twins_of(shop, pushed) as twins:
        control = TwinControl(twins)
        connector = PlainConnector(config, twins, shop.offers)
        offers = Shop.of(control, list(shop.offers)).offers
        buyers = Rush(twins, control, crowd, offers, opens, second_thoughts)
        connector.work(pushed)
        for now in _until_the_push_after(opens + steps * STEP, pushed):
            is_on = opens < now <= opens + steps * STEP
            if is_on or connector.has_work(now):
                control.set_clocks(now)
            if is_on:
                buyers.go_on(now)
            connector.work(now)
        there = {str(one["itemId"]): one for one in rows(control.records("inventoryItem"))}
        return PlainlySold(
            buyers.closed(now),
            opens_after,
            dict(connector.done),
            max(connector.landed),
            sum(_back_ordered(there[sku]) for sku in crowd.skus),
        )


def _until_the_push_after(over: datetime, pushed: datetime) -> Iterator[datetime]:
    """Steps as Tieout's run has them, until the file of the first full hour after the sale has landed."""
    last = pushed
    while last < over:
        last += PUSH_EVERY
    now = pushed
    while now <= last:
        now += STEP
        yield now


@contextmanager
def _twins_of(shop: Shop, now: datetime) -> Iterator[Twins]:
    commits = {"sales_orders_commit_stock": True}
    with TemporaryDirectory() as name:
        shop.write(Path(name))
        with sandbox.running(Path(name), seed=1, netsuite_behaviours=commits) as twins:
            control = TwinControl(twins)
            control.stand_still()
            control.set_clocks(now)
            yield twins


def _as_seed(item: Json) -> Json:
    """What is committed to orders of before is not there for anybody: those orders do not come along."""
    places = (item.get("locations") or {}).get("items") or []
    return {
        **{name.lower(): item[name] for name in _ITEM if item.get(name) is not None},
        "itemid": item["itemId"],
        "itemtype": "InvtPart",
        "isinactive": "T" if item.get("isInactive") else "F",
        "locations": [
            {"location": str(one["locationId"]["id"]), "quantityavailable": one.get("quantityAvailable") or 0}
            for one in places
        ],
    }


def _back_ordered(item: Json) -> int:
    places = (item.get("locations") or {}).get("items") or []
    return sum(int(one.get("quantityBackOrdered") or 0) for one in places)

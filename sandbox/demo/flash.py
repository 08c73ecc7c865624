"""The rush, on the deployed stack: buyers at both marketplaces against one shelf, while schedules and queues go on."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.demo.day import Day
from sandbox.demo.shelves import stocked
from sandbox.demo.stockkeeping import Stockkeeping
from sandbox.demo.twin_control import TwinControl, rows
from sandbox.flash_sale.buyers import Crowd, Sale, attempts, is_model
from sandbox.flash_sale.count import Sold
from sandbox.flash_sale.plain import PUSH_EVERY
from sandbox.flash_sale.plain_run import PlainlySold, Shop, run_plainly
from sandbox.flash_sale.rush import STEP, Rush
from tieout.config import Config


@dataclass
class Rushed:
    """What happened, with Tieout and with a plain hourly push, and what is wrong with it."""

    tieout: Sold
    plain: PlainlySold
    """Its push is sent as the sale opens."""
    pushed_meanwhile: PlainlySold
    """The same, but the full hour comes in the middle of the sale."""
    skus: list[str]
    struck: int
    """Faults of the twins that struck meanwhile; Tieout's run only."""
    problems: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        plain = self.plain.told() | {"with_a_full_hour_in_the_sale": self.pushed_meanwhile.sold.told()}
        tieout = self.tieout.told() | {"faults_struck": self.struck}
        return {"skus": self.skus, "tieout": tieout, "plain_hourly_push": plain}


@dataclass(frozen=True)
class FlashSale:
    """Everything that it needs of a running stack."""

    config: Config
    control: TwinControl
    day: Day
    stock: Stockkeeping
    models: Mapping[str, dict[str, Any]]
    """An order of each marketplace as the day began, which those of the rush are made after."""
    seed: int
    sale: Sale = field(default_factory=Sale)
    weather: Callable[[], AbstractContextManager[object]] = nullcontext
    """What the twins' faults do while it lasts."""

    def run(self) -> Rushed | None:
        """None where the deployment pushes no stock, or the world has too little to sell."""
        names = [name for name, one in self.config.marketplaces.items() if one.stock and one.stock.enabled]
        offers = {name: {str(one["shop_sku"]): one for one in self._offers(name)} for name in names}
        skus = self._skus(offers)
        if not names or set(names) - set(self.models) or len(skus) < self.sale.skus:
            return None
        crowd = Crowd(self.sale, attempts(self.sale, self.seed, names, skus), skus, self.models)
        self._fill_shelves(skus, self.sale.units)
        self.stock.come_to_rest()
        shop = Shop.of(self.control, names)
        began = self.control.now()
        buyers = Rush(self.day.twins, self.control, crowd, offers, began)
        struck = sum(self.control.struck().values())
        with self.weather():
            self.day.live_on(int(timedelta(minutes=self.sale.minutes) / STEP) + 1, STEP, buyers.go_on)
        struck = sum(self.control.struck().values()) - struck
        ours = buyers.closed(self.control.now())
        half = timedelta(minutes=self.sale.minutes) / 2
        plain, pushed_meanwhile = (
            run_plainly(self.config, shop, crowd, began, buyers.cancelled, opens_after=after)
            for after in (timedelta(), PUSH_EVERY - half)
        )
        return Rushed(ours, plain, pushed_meanwhile, skus, struck, list(_problems(ours)))

    def _skus(self, offers: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
        """SKUs that every marketplace offers, and that are one active stocked item."""
        everywhere = set.intersection(*(set(one) for one in offers.values())) if offers else set()
        there = stocked(self.control)
        fit = sorted(
            sku
            for sku in everywhere
            if sku in there and all(one[sku].get("active", True) and one[sku].get("price") for one in offers.values())
        )
        dice = random.Random(self.seed)
        return sorted(dice.sample(fit, min(self.sale.skus, len(fit))))

    def _offers(self, marketplace: str) -> list[dict[str, Any]]:
        return list(rows(self.control.offers(marketplace)))

    def _fill_shelves(self, skus: Iterable[str], units: int) -> None:
        """So that so many of each can be promised, whatever orders hold."""
        there = stocked(self.control)
        self.control.change_stock(
            [{"itemid": sku, "location": there[sku].location, "add": units - there[sku].units} for sku in skus]
        )


def _problems(ours: Sold) -> Iterator[str]:
    if ours.oversold:
        yield f"the flash sale sold {ours.oversold} units that the shop never had"
    if ours.beyond:
        yield f"the flash sale took {ours.beyond} orders at a moment when the shelf had less than they asked for"
    if not ours.orders:
        yield "the flash sale sold nothing: no offer of it showed any stock"


def models_of(config: Config, control: TwinControl) -> dict[str, dict[str, Any]]:
    """One order of each marketplace that is to be shipped now, where there is one."""
    found = {}
    for name in config.marketplaces:
        model = next((order for order in rows(control.orders(name)) if is_model(order)), None)
        if model:
            found[name] = model
    return found

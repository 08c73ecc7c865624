"""The rush, on the deployed stack: buyers at both marketplaces against one shelf, while schedules and queues go on."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.demo.day import Day
from sandbox.demo.shelves import stocked
from sandbox.demo.stockkeeping import Stockkeeping
from sandbox.demo.twin_control import TwinControl, rows
from sandbox.flash_sale.buyers import Attempt, Sale, attempts, is_model, order_of
from sandbox.flash_sale.count import Sold, count
from sandbox.flash_sale.plain import serve_plainly
from tieout.config import Config
from tieout.domain.orders.order import DEAD

STEP = timedelta(seconds=30)


@dataclass
class Rushed:
    """What happened, with Tieout and with a plain hourly push, and what is wrong with it."""

    tieout: Sold
    plain: Sold
    skus: list[str]
    problems: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {"skus": self.skus, "tieout": self.tieout.told(), "plain_hourly_push": self.plain.told()}


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

    def run(self) -> Rushed | None:
        """None where the deployment pushes no stock, or the world has too little to sell."""
        names = [name for name, one in self.config.marketplaces.items() if one.stock and one.stock.enabled]
        offers = {name: {str(one["shop_sku"]): one for one in self._offers(name)} for name in names}
        skus = self._skus(offers)
        if not names or set(names) - set(self.models) or len(skus) < self.sale.skus:
            return None
        rush = attempts(self.sale, self.seed, names, skus)
        self._fill_shelves(skus, self.sale.units)
        self.stock.come_to_rest()
        placed = self._kept(self._rush(rush, skus, offers))
        there_was = dict.fromkeys(skus, self.sale.in_all)
        told = count(rush, placed, there_was)
        plain = count(rush, serve_plainly(self.sale, rush, names, there_was), there_was)
        problems = [f"the flash sale sold {told.oversold} units that the shop never had"] if told.oversold else []
        if not placed:
            problems.append("the flash sale sold nothing: no offer of it showed any stock")
        return Rushed(told, plain, skus, problems)

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

    def _restock(self, skus: Iterable[str]) -> None:
        there = stocked(self.control)
        changes = [
            {"itemid": sku, "location": there[sku].location, "add": Decimal(self.sale.restocked)} for sku in skus
        ]
        self.control.change_stock(changes)

    def _rush(
        self,
        rush: list[Attempt],
        skus: list[str],
        offers: dict[str, dict[str, dict[str, Any]]],
    ) -> dict[str, Attempt]:
        """The attempts that the marketplaces took, by order."""
        began = self.control.now()
        to_come, restocked = list(rush), False
        placed: dict[str, Attempt] = {}

        def buy(now: datetime) -> None:
            nonlocal restocked
            if not restocked and now - began >= self.sale.restocked_after:
                restocked = True
                self._restock(skus)
            for name in offers:
                here = [one for one in to_come if one.at <= now - began and one.marketplace == name]
                bodies = [order_of(one, self.models[name], offers[name][one.sku]) for one in here]
                by_order = {str(body["order_id"]): one for one, body in zip(here, bodies, strict=True)}
                placed.update({each: by_order[each] for each in self.control.attempt(name, bodies)} if bodies else {})
            to_come[:] = [one for one in to_come if one.at > now - began]

        self.day.live_on(int(timedelta(minutes=self.sale.minutes) / STEP) + 1, STEP, buy)
        return placed

    def _kept(self, placed: dict[str, Attempt]) -> list[Attempt]:
        """Of them, those that their buyers did not cancel: such units are there again for somebody else."""
        states = {
            str(order["order_id"]): order["order_state"]
            for name in self.models
            for order in rows(self.control.orders(name))
        }
        return [one for each, one in placed.items() if states[each] not in DEAD]


def models_of(config: Config, control: TwinControl) -> dict[str, dict[str, Any]]:
    """One order of each marketplace that is to be shipped now, where there is one."""
    found = {}
    for name in config.marketplaces:
        model = next((order for order in rows(control.orders(name)) if is_model(order)), None)
        if model:
            found[name] = model
    return found

"""What buyers, shops and marketplaces do, by a seed: orders are sold, changed, canceled, or cannot be posted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import partial
from random import Random

from msgspec.structs import replace

from tests.fakes.ledger import MemoryLedger
from tests.fakes.marketplace import MemoryMarketplace
from tests.fakes.orders import a_line, an_address, an_item, an_order, taxes_of, waiting
from tests.simulation.fibers import Fibers
from tieout.domain.errors import Reason
from tieout.domain.money import ZERO
from tieout.domain.orders.order import Line, Order

SKUS = [f"SKU-{number}" for number in range(20)]
SCARCE = "SCARCE"
SCARCE_UNITS = 12
MINUTE = 60.0


class Story(StrEnum):
    """How the life of an order goes."""

    SOLD = "sold before Tieout first sees it"
    ACCEPTED = "waits, is accepted by Tieout, debited, to be shipped"
    SHIPPED = "sold, and shipped while it is being posted"
    PARTLY_CANCELED = "sold, and one line canceled while it is being posted"
    REDUCED = "sold, and one unit canceled while it is being posted"
    CANCELED = "sold, and canceled as a whole while it is being posted"
    CANCELED_EARLY = "canceled while it waits or is debited"
    ACCEPTED_BY_HAND = "accepted by a person in the back office"
    SCARCE = "waits for an item that is soon sold out"
    UNKNOWN_SKU = "sold with a SKU that NetSuite does not know"
    UNKNOWN_SKU_WAITING = "waits with a SKU that NetSuite does not know"
    NO_ADDRESS = "sold without an address"


WEIGHTS = {
    Story.SOLD: 24,
    Story.ACCEPTED: 30,
    Story.SHIPPED: 8,
    Story.PARTLY_CANCELED: 9,
    Story.REDUCED: 5,
    Story.CANCELED: 5,
    Story.CANCELED_EARLY: 4,
    Story.ACCEPTED_BY_HAND: 3,
    Story.SCARCE: 6,
    Story.UNKNOWN_SKU: 2,
    Story.UNKNOWN_SKU_WAITING: 2,
    Story.NO_ADDRESS: 2,
}

MAY_PARK: dict[Story, frozenset[str]] = {
    Story.SCARCE: frozenset({Reason.SHORT_STOCK}),
    Story.UNKNOWN_SKU: frozenset({Reason.UNKNOWN_SKU}),
    Story.UNKNOWN_SKU_WAITING: frozenset({Reason.UNKNOWN_SKU}),
    Story.NO_ADDRESS: frozenset({Reason.MISSING_ADDRESS}),
}
"""Stories that end on a person's table, and the only reasons they may give for it."""


class Workload:
    """Orders of one marketplace; `stories` tells which life each order leads, `pending` how much is still to happen."""

    def __init__(self, market: MemoryMarketplace, fibers: Fibers, random: Random, *, tax_included: bool) -> None:
        self._market = market
        self._fibers = fibers
        self._random = random
        self._tax_included = tax_included
        self.stories: dict[str, Story] = {}
        self.pending = 0

    def begin(self, name: str, currency: str, count: int, hours: float, only: Story | None = None) -> None:
        """Spread this many orders over a time, all of one story or of many. Some ids differ by case only."""
        stories, weights = list(WEIGHTS), list(WEIGHTS.values())
        for number in range(count):
            story = only or self._random.choices(stories, weights)[0]
            order_id = f"{number - 1}-a" if number % 50 == 1 else f"{number}-A"
            order = an_order(
                order_id,
                self._lines(story),
                marketplace=name,
                currency=currency,
                tax_included=self._tax_included,
                ship_to=None if story is Story.NO_ADDRESS else an_address(),
            )
            self.stories[order_id] = story
            self._then(self._random.uniform(0, hours * 60), partial(self._live, story, order))

    def _then(self, minutes: float, action: Callable[[], object]) -> None:
        self.pending += 1

        def happen() -> None:
            self.pending -= 1
            action()

        self._fibers.after(minutes * MINUTE, happen)

    # --- a life ------------------------------------------------------------------------------------------------------

    def _live(self, story: Story, order: Order) -> None:
        market, order_id, soon = self._market, order.order_id, self._random.uniform(1, 20)
        match story:
            case Story.ACCEPTED | Story.SCARCE | Story.UNKNOWN_SKU_WAITING:
                market.put(waiting(order))
            case Story.CANCELED_EARLY:
                market.put(waiting(order))
                self._then(soon, lambda: self._cancel(order_id))
            case Story.ACCEPTED_BY_HAND:
                market.put(waiting(order))
                self._then(soon, lambda: self._accept_by_hand(order_id))
            case _:
                market.put(order)
        match story:
            case Story.SHIPPED:
                self._then(soon, lambda: market.change(order_id, "SHIPPED"))
            case Story.PARTLY_CANCELED:
                self._then(soon, lambda: self._cancel_a_line(order_id))
            case Story.REDUCED:
                self._then(soon, lambda: self._cancel_a_unit(order_id))
            case Story.CANCELED:
                self._then(soon, lambda: market.change(order_id, "CANCELED"))

    def decided(self, order: Order) -> None:
        """After acceptance the buyer is debited, and the shop may ship."""
        if order.state == "WAITING_DEBIT":
            self._then(self._random.uniform(1, 60), lambda: self._debited(order.order_id))

    def _debited(self, order_id: str) -> None:
        if self._market.orders[order_id].state == "WAITING_DEBIT":
            self._market.change(order_id, "SHIPPING")

    def _cancel(self, order_id: str) -> None:
        if self._market.orders[order_id].state != "SHIPPING":
            self._market.change(order_id, "CANCELED")

    def _accept_by_hand(self, order_id: str) -> None:
        if self._market.orders[order_id].state == "WAITING_ACCEPTANCE":
            self.decided(self._market.change(order_id, "WAITING_DEBIT"))

    def _cancel_a_line(self, order_id: str) -> None:
        order = self._market.orders[order_id]
        first, *rest = order.lines
        self._changed(order, (replace(first, state="CANCELED", quantity=0), *rest))

    def _cancel_a_unit(self, order_id: str) -> None:
        order = self._market.orders[order_id]
        first, *rest = order.lines
        left = Decimal(first.quantity - 1) / first.quantity
        taxes = tuple(replace(tax, amount=(tax.amount * left).quantize(Decimal("0.01"))) for tax in first.taxes)
        less = replace(first, quantity=first.quantity - 1, price=first.unit_price * (first.quantity - 1), taxes=taxes)
        self._changed(order, (less, *rest))

    def _changed(self, order: Order, lines: tuple[Line, ...]) -> None:
        total = sum((line.price + line.shipping_price for line in lines if line.is_live), ZERO)
        self._market.put(replace(order, lines=lines, total_price=total))

    # --- a basket ----------------------------------------------------------------------------------------------------

    def _lines(self, story: Story) -> list[Line]:
        random = self._random
        skus = random.sample(SKUS, 2 if story is Story.PARTLY_CANCELED else random.choice([1, 1, 1, 2, 3]))
        if story is Story.SCARCE:
            skus = [SCARCE]
        elif story in (Story.UNKNOWN_SKU, Story.UNKNOWN_SKU_WAITING):
            skus.append("NOBODY-KNOWS")
        return [self._line(sku, at_least=2 if story is Story.REDUCED else 1) for sku in skus]

    def _line(self, sku: str, at_least: int) -> Line:
        random = self._random
        quantity = random.randint(at_least, 4)
        unit = Decimal(random.randint(100, 9999)) / 100
        price = unit * quantity
        shipping = Decimal(random.choice([0, 0, 350, 499])) / 100
        share = Decimal(6 if self._tax_included else 5)  # a fifth on top is a sixth of the whole

        def tax(amount: Decimal) -> Decimal:
            return (amount / share).quantize(Decimal("0.01"))

        line = a_line(sku, price, quantity=quantity, shipping=shipping, unit_price=unit)
        return replace(line, taxes=taxes_of(tax(price)), shipping_taxes=taxes_of(tax(shipping) if shipping else None))


def stock(ledger: MemoryLedger) -> None:
    """Plenty of everything but one."""
    ledger.items_table = [an_item(sku) for sku in (*SKUS, SCARCE)]
    for item in ledger.items_table:
        ledger.stock[item.id, "1"] += SCARCE_UNITS if item.itemid == SCARCE else 1_000_000

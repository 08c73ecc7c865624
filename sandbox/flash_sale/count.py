"""What was sold against what there was: the only figures that tell whether a shop oversold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.flash_sale.buyers import Attempt


@dataclass(frozen=True)
class Sold:
    """A rush that is over."""

    attempts: int
    orders: int
    units: int
    oversold: int
    """Units that were sold and that the shop never had, over all SKUs."""
    beyond: int
    """Orders that were taken at a moment when the shelf had fewer units than they asked for."""
    unsold: int
    """Units that stayed on the shelf though somebody wanted them."""

    def told(self) -> dict[str, int]:
        return {
            "attempts": self.attempts,
            "orders": self.orders,
            "units_sold": self.units,
            "oversold_units": self.oversold,
            "orders_beyond_stock": self.beyond,
            "units_left_with_buyers_waiting": self.unsold,
        }


class Till:
    """Counts along while a rush goes on: what came onto the shelf, what was bought of it, what was called off.

    It knows nothing of any offer: an order that a marketplace took has its units, whether there were any or not.
    """

    def __init__(self, shelf: Mapping[str, int]) -> None:
        self._left = Counter(shelf)
        self._had = Counter(shelf)
        self._bought: Counter[str] = Counter()
        self._orders = 0
        self._beyond = 0

    def come_in(self, sku: str, units: int) -> None:
        self._left[sku] += units
        self._had[sku] += units

    def sell(self, each: Attempt) -> None:
        self._beyond += self._left[each.sku] < each.quantity
        self._take(each, 1)

    def call_off(self, each: Attempt) -> None:
        """A buyer cancels: the units are there again for somebody else."""
        self._take(each, -1)

    def closed(self, rush: Iterable[Attempt]) -> Sold:
        """The figures; `rush` are all who tried."""
        wanted: Counter[str] = Counter()
        attempted = 0
        for each in rush:
            attempted += 1
            wanted[each.sku] += each.quantity
        return Sold(
            attempts=attempted,
            orders=self._orders,
            units=self._bought.total(),
            oversold=sum(max(0, -left) for left in self._left.values()),
            beyond=self._beyond,
            unsold=sum(max(0, min(wanted[sku], had) - self._bought[sku]) for sku, had in self._had.items()),
        )

    def _take(self, each: Attempt, times: int) -> None:
        self._left[each.sku] -= times * each.quantity
        self._bought[each.sku] += times * each.quantity
        self._orders += times

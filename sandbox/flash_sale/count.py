"""What was sold against what there was: the only figure that tells whether a shop oversold."""

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
    unsold: int
    """Units that stayed on the shelf though somebody wanted them."""

    def told(self) -> dict[str, int]:
        return {
            "attempts": self.attempts,
            "orders": self.orders,
            "units_sold": self.units,
            "oversold_units": self.oversold,
            "units_left_with_buyers_waiting": self.unsold,
        }


def count(rush: Iterable[Attempt], placed: Iterable[Attempt], there_was: Mapping[str, int]) -> Sold:
    """`there_was` are the units by SKU that could be sold at all."""
    wanted, sold = Counter[str](), Counter[str]()
    attempted = orders = 0
    for each in rush:
        attempted += 1
        wanted[each.sku] += each.quantity
    for each in placed:
        orders += 1
        sold[each.sku] += each.quantity
    return Sold(
        attempts=attempted,
        orders=orders,
        units=sum(sold.values()),
        oversold=sum(max(0, units - there_was[sku]) for sku, units in sold.items()),
        unsold=sum(max(0, min(wanted[sku], had) - sold[sku]) for sku, had in there_was.items()),
    )

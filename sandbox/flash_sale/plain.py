"""How the same rush goes with what most shops run: every full hour the whole stock is pushed to every marketplace.

A NetSuite that has posted every order by then, an import that lands at once: it fails by its design, not by bad luck.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.flash_sale.buyers import Attempt, Sale

EVERY = timedelta(hours=1)


@dataclass
class PlainHourlyPush:
    """Offers of each marketplace as that connector leaves them; marketplaces count down by themselves."""

    marketplaces: Sequence[str]
    stock: dict[str, int]
    """Units by SKU in NetSuite."""
    shown: dict[tuple[str, str], int] = field(default_factory=dict)
    pushed_at: timedelta | None = None

    def serve(self, each: Attempt) -> bool:
        """Whether the marketplace takes the order: its own figure is all that it knows."""
        if self.pushed_at is None or each.at - self.pushed_at >= EVERY:
            self.push(each.at)
        place = (each.marketplace, each.sku)
        if self.shown[place] < each.quantity:
            return False
        self.shown[place] -= each.quantity
        self.stock[each.sku] -= each.quantity
        return True

    def push(self, at: timedelta) -> None:
        self.pushed_at = at - at % EVERY
        for name in self.marketplaces:
            for sku, units in self.stock.items():
                self.shown[name, sku] = max(0, units)


def serve_plainly(
    sale: Sale, rush: Sequence[Attempt], marketplaces: Sequence[str], there_was: Mapping[str, int]
) -> list[Attempt]:
    """The attempts that become orders."""
    plain = PlainHourlyPush(marketplaces, {sku: units - sale.restocked for sku, units in there_was.items()})
    placed, restocked = [], False
    for each in rush:
        if not restocked and each.at >= sale.restocked_after:
            restocked = True
            for sku in plain.stock:
                plain.stock[sku] += sale.restocked
        if plain.serve(each):
            placed.append(each)
    return placed

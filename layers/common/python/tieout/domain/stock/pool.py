"""What of an item is free to be shown: units by location, less what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.stock.rules import Selling


def free_units(
    shelves: Mapping[str, Decimal], promised: Mapping[str, Decimal], sellings: Iterable[Selling]
) -> dict[str, int]:
    """Whole units by location id that marketplaces may show.

    `promised` is what each marketplace sold and NetSuite does not hold yet. It is taken off the marketplace's own
    locations, in the order it names them: where its sales orders look first. A negative shelf counts as empty, and
    part of a unit as none. What was promised by a marketplace that sells no longer is taken off wherever units are.
    """
    free = {location: max(ZERO, units) for location, units in shelves.items()}
    if promised:
        places = {each.marketplace: each.location_ids for each in sellings}
        for marketplace, units in promised.items():
            rest = units
            for location in places.get(marketplace, tuple(free)):
                taken = min(rest, free.get(location, ZERO))
                if taken > 0:
                    free[location] -= taken
                    rest -= taken
    return {location: int(units) for location, units in free.items() if units >= 1}

"""Brakes: a push that would zero or change a great part of a marketplace's offers waits for a person."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tieout.domain.stock.rules import Brakes
from tieout.domain.stock.workings import Want

_EXAMPLES = 5
_ALL = Decimal(100)


class Held(Struct, frozen=True, kw_only=True):
    """Why a push is held."""

    why: str
    """`zeroed` or `changed`."""
    percent: Decimal
    """Of the marketplace's offers, to a tenth."""
    limit: Decimal
    offers: int
    changed: int
    zeroed: int
    examples: tuple[Want, ...]

    @property
    def facts(self) -> dict[str, str]:
        """What a person needs to decide."""
        shown = "; ".join(f"{want.sku}: {want.was} to {want.quantity}" for want in self.examples)
        limit = f"the brake is at {self.limit.normalize():f} %"
        return {
            "why": f"{self.percent:f} % of the offers would be {self.why}, {limit}",
            "offers": str(self.offers),
            "changed": str(self.changed),
            "zeroed": str(self.zeroed),
            "examples": shown,
        }


class Tally:
    """Counts the rows of a push, whether or not they fit into one file."""

    def __init__(self) -> None:
        self.rows = 0
        self.changed = 0
        self.zeroed = 0
        self.examples: dict[str, list[Want]] = {"zeroed": [], "changed": []}

    def count(self, want: Want) -> None:
        """Note a row. One that only settles a doubt changes nothing."""
        self.rows += 1
        if want.quantity == want.was:
            return
        self.changed += 1
        kinds = ["changed"]
        if want.quantity == 0:
            self.zeroed += 1
            kinds.append("zeroed")
        for kind in kinds:
            if len(self.examples[kind]) < _EXAMPLES:
                self.examples[kind].append(want)


def held(tally: Tally, offers: int, brakes: Brakes) -> Held | None:
    """Why a push of these rows is held; None where it may go. `offers` is how many the marketplace has."""
    if tally.changed < brakes.from_offers:
        return None
    for why, count, limit in (
        ("zeroed", tally.zeroed, brakes.zeroed_percent),
        ("changed", tally.changed, brakes.changed_percent),
    ):
        if count * _ALL > limit * offers:
            return Held(
                why=why,
                percent=(count * _ALL / max(1, offers)).quantize(Decimal("0.1")),
                limit=limit,
                offers=offers,
                changed=tally.changed,
                zeroed=tally.zeroed,
                examples=tuple(tally.examples[why]),
            )
    return None

"""Whether what marketplaces show is what the shop has: the twins' offers against the twin's shelves.

Nothing of Tieout's arithmetic is used: sums on one side, NetSuite's available units on the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from sandbox.demo.twin_control import TwinControl, rows
from tieout.config import Config

Row = dict[str, Any]
ZERO = Decimal(0)


@dataclass(frozen=True)
class Stocked:
    """An active item with a shelf."""

    location: str
    """Id of the location that has most of it."""
    units: Decimal
    """Free to promise, over all locations."""


def stocked(control: TwinControl) -> dict[str, Stocked]:
    """NetSuite's shelves by `itemid`, as its twin lists them; items without one are not there."""
    found = {}
    for item in rows(control.records("inventoryItem")):
        places = (item.get("locations") or {}).get("items") or []
        if item.get("isInactive") or not places:
            continue
        fullest = max(places, key=lambda one: one.get("quantityAvailable") or ZERO)
        units = sum((Decimal(one.get("quantityAvailable") or 0) for one in places), ZERO)
        found[str(item["itemId"])] = Stocked(str(fullest["locationId"]["id"]), units)
    return found


def offers_of(config: Config, control: TwinControl) -> dict[str, dict[str, Row]]:
    """Offers by marketplace and SKU, of the marketplaces whose stock is pushed."""
    return {
        name: {str(one["shop_sku"]): one for one in rows(control.offers(name))}
        for name, marketplace in config.marketplaces.items()
        if marketplace.stock and marketplace.stock.enabled
    }


@dataclass
class Shelves:
    """The evening's figures; `problems` empty: nothing is shown that is not there, and nothing else was touched."""

    problems: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def judge(
    config: Config,
    morning: Mapping[str, Mapping[str, Row]],
    evening: Mapping[str, Mapping[str, Row]],
    there: Mapping[str, Stocked],
    said: Iterable[Row],
) -> Shelves:
    """`morning` and `evening` are offers as the twin lists them; `said` is what `tieout stock` says of each offer."""
    found = Shelves()
    words = {(str(one["marketplace"]), str(one["sku"])): one for one in said}
    shown: dict[str, int] = {}
    mapped = equal = 0
    for name, offers in evening.items():
        for sku, offer in offers.items():
            before = morning[name].get(sku, {})
            found.problems += _untouched(name, sku, before, offer)
            word = words.get((name, sku))
            if word is None:
                if before.get("quantity") != offer["quantity"]:
                    found.problems.append(f"{name} {sku} is no offer of an item of ours, and its quantity was changed")
                continue
            mapped += 1
            if int(offer["quantity"]) != int(word["target"]):
                found.problems.append(f"{name} {sku} shows {offer['quantity']}, and {word['target']} should be shown")
            else:
                equal += 1
            shown[sku] = shown.get(sku, 0) + int(offer["quantity"])
    found.problems += _beyond(shown, there, words, config)
    found.told = {
        "offers": sum(len(offers) for offers in evening.values()),
        "mapped": mapped,
        "as_they_should_be": equal,
        "units_shown": sum(shown.values()),
    }
    return found


def _untouched(name: str, sku: str, before: Row, after: Row) -> Iterator[str]:
    for what in ("price", "currency_iso_code", "state_code", "product_sku"):
        if before and before.get(what) != after.get(what):
            yield f"{name} {sku}: {what} was {before.get(what)} in the morning and is {after.get(what)}"


def _beyond(
    shown: Mapping[str, int], there: Mapping[str, Stocked], words: Mapping[tuple[str, str], Row], config: Config
) -> Iterator[str]:
    """Never more than there is; and all of it, where nothing is held back."""
    for sku, units in shown.items():
        has = int(max(ZERO, there[sku].units).to_integral_value(ROUND_FLOOR)) if sku in there else 0
        if units > has:
            yield f"{sku}: {units} units are shown over all marketplaces, and NetSuite has {has}"
        mine = [one for name in config.marketplaces if (one := words.get((name, sku)))]
        is_whole = all(not int(one["buffer"]) and not int(one["promised"]) for one in mine)
        sells_everywhere = len(mine) == sum(1 for one in config.marketplaces.values() if one.stock)
        if is_whole and sells_everywhere and units < has:
            yield f"{sku}: NetSuite has {has} units, nothing is held back, and only {units} are shown"

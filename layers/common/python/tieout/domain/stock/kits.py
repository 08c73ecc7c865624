"""Kits: made of other items' units, so that they have what their members allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.stock.shelf import Member, StockItem

STOCKED = frozenset({"InvtPart", "Assembly"})
"""`itemtype` of items that stand on shelves; others (services, non-inventory) hold no kit back."""
KIT = "Kit"
_DEEPEST = 8


def recipe_of(kit: StockItem, items: Mapping[str, StockItem]) -> tuple[Member, ...]:
    """What one kit takes of stocked items, kits within it taken apart; empty where it takes none.

    An inactive or unknown member cannot be shipped: it stays in the recipe, and its empty shelf holds the kit at zero.
    Raises ValueError for a kit that contains itself.
    """
    takes: dict[str, Decimal] = {}
    _take_apart(kit, Decimal(1), items, takes, 0)
    return tuple(Member(item_id, units) for item_id, units in sorted(takes.items()))


def _take_apart(
    kit: StockItem, count: Decimal, items: Mapping[str, StockItem], takes: dict[str, Decimal], depth: int
) -> None:
    if depth > _DEEPEST:
        raise ValueError(f"kit {kit.id} contains itself")
    for member in kit.members:
        item = items.get(member.item_id)
        if item is not None and item.kind == KIT:
            _take_apart(item, count * member.units, items, takes, depth + 1)
        elif (item is None or item.kind in STOCKED) and member.units > 0:
            takes[member.item_id] = takes.get(member.item_id, ZERO) + count * member.units


def exploded(
    promised: Mapping[str, Mapping[str, Decimal]], recipes: Mapping[str, Sequence[Member]]
) -> dict[str, dict[str, Decimal]]:
    """Promises by item and marketplace, with those of kits put on their members: NetSuite, too, commits members."""
    by_item: dict[str, dict[str, Decimal]] = {}
    for item_id, units_by_marketplace in promised.items():
        for member in recipes.get(item_id, (Member(item_id, Decimal(1)),)):
            of_member = by_item.setdefault(member.item_id, {})
            for marketplace, units in units_by_marketplace.items():
                of_member[marketplace] = of_member.get(marketplace, ZERO) + units * member.units
    return by_item


def drawn_by(
    recipes: Mapping[str, Sequence[Member]], kit_offers: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, int]]:
    """Items that kits draw on: how many offers of kits do at each marketplace.

    `kit_offers` are the marketplaces of each kit's offers, one entry an offer.
    """
    drawn: dict[str, dict[str, int]] = {}
    for kit_id, marketplaces in kit_offers.items():
        for member in recipes.get(kit_id, ()):
            of_item = drawn.setdefault(member.item_id, {})
            for marketplace in marketplaces:
                of_item[marketplace] = of_item.get(marketplace, 0) + 1
    return drawn


def kits_of(parts: Sequence[int], members: Sequence[Member]) -> int:
    """Whole kits that can be made of a kit's part of each member; none of a kit without members."""
    if not members:
        return 0
    return min(int(part // member.units) for part, member in zip(parts, members, strict=True))

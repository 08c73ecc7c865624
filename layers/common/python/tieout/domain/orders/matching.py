"""Which NetSuite item an offer's SKU is. Strict: exact, by alias, or by UPC if switched on; never guessed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from tieout.domain.errors import NeedsAttention, Reason


class Item(Struct, frozen=True):
    """A NetSuite item, as the item table gives it."""

    id: str
    itemid: str
    upc: str
    kind: str
    """`itemtype`: InvtPart, NonInvtPart, Kit and so on."""
    is_inactive: bool


class Catalogue(Struct, frozen=True):
    """The items that a set of SKUs may be: exact candidates and, for the rest, near misses to suggest."""

    by_itemid: Mapping[str, tuple[Item, ...]]
    by_upc: Mapping[str, tuple[Item, ...]]
    similar: Mapping[str, tuple[Item, ...]]
    """Folded SKU (`folded`) to items that differ from it by case or blanks only."""


def folded(sku: str) -> str:
    """A SKU without what people mistype: case and blanks."""
    return "".join(sku.split()).upper()


def catalogue_of(exact: Iterable[Item], similar: Iterable[Item] = ()) -> Catalogue:
    """Index candidate items."""
    by_itemid: dict[str, tuple[Item, ...]] = {}
    by_upc: dict[str, tuple[Item, ...]] = {}
    near: dict[str, tuple[Item, ...]] = {}
    for item in exact:
        by_itemid[item.itemid] = (*by_itemid.get(item.itemid, ()), item)
        if item.upc:
            by_upc[item.upc] = (*by_upc.get(item.upc, ()), item)
    for item in similar:
        near[folded(item.itemid)] = (*near.get(folded(item.itemid), ()), item)
    return Catalogue(by_itemid, by_upc, near)


class SkuRules(Struct, frozen=True):
    """A marketplace's settings for matching."""

    aliases: Mapping[str, str]
    match_upc: bool = False


def item_for(sku: str, catalogue: Catalogue, rules: SkuRules) -> Item:
    """The one active item that a SKU is.

    Raises NeedsAttention: unknown SKU (with an inactive item or a near miss named, as a suggestion), or ambiguous SKU.
    """
    wanted = rules.aliases.get(sku, sku)
    found = catalogue.by_itemid.get(wanted, ())
    active = [item for item in found if not item.is_inactive]
    if not active and rules.match_upc and wanted == sku:
        active = [item for item in catalogue.by_upc.get(sku, ()) if not item.is_inactive]
    if len(active) == 1:
        return active[0]
    if active:
        raise NeedsAttention(Reason.AMBIGUOUS_SKU, {"sku": sku, "items": ", ".join(sorted(item.id for item in active))})
    facts = {"sku": sku}
    if wanted != sku:
        facts["alias"] = wanted
    if found:
        facts["inactive item"] = found[0].id
    elif near := [item for item in catalogue.similar.get(folded(wanted), ()) if item.itemid != wanted]:
        facts["suggestion"] = ", ".join(sorted(item.itemid for item in near))
    raise NeedsAttention(Reason.UNKNOWN_SKU, facts)


def item_id_of(sku: str, catalogue: Catalogue, rules: SkuRules) -> str | None:
    """The item of a SKU, an inactive one too: it has nothing to sell. None where it is not known for sure."""
    try:
        return item_for(sku, catalogue, rules).id
    except NeedsAttention as problem:
        return problem.facts.get("inactive item")


def items_for(skus: Collection[str], catalogue: Catalogue, rules: SkuRules) -> dict[str, Item]:
    """The item of each SKU.

    Raises NeedsAttention naming *all* SKUs that have none, so that a person mends an order once.
    """
    matched: dict[str, Item] = {}
    problems: list[NeedsAttention] = []
    for sku in dict.fromkeys(skus):
        try:
            matched[sku] = item_for(sku, catalogue, rules)
        except NeedsAttention as problem:
            problems.append(problem)
    if not problems:
        return matched
    if len(problems) == 1:
        raise problems[0]
    reason = Reason.UNKNOWN_SKU if any(p.reason is Reason.UNKNOWN_SKU for p in problems) else Reason.AMBIGUOUS_SKU
    facts = {"sku": ", ".join(problem.facts["sku"] for problem in problems)}
    for fact in ("inactive item", "suggestion", "items", "alias"):
        if noted := [f"{p.facts['sku']}: {p.facts[fact]}" for p in problems if fact in p.facts]:
            facts[fact] = "; ".join(noted)
    raise NeedsAttention(reason, facts)

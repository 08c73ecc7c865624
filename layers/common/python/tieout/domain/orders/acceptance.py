"""Whether a waiting order is accepted. One decision covers every line (OR21 refuses half answers)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import ZERO
from tieout.domain.orders.matching import Catalogue, SkuRules, items_for
from tieout.domain.orders.order import Order


class Otherwise(StrEnum):
    """What becomes of an order that cannot be accepted."""

    REFUSE = "refuse"
    PARK = "park"


class AcceptanceRules(Struct, frozen=True):
    """A marketplace's policy for orders that cannot be served."""

    unknown_sku: Otherwise
    short_stock: Otherwise


class Decision(Struct, frozen=True):
    """The answer to every line of an order, and what it takes from the stock."""

    accepted: bool
    facts: dict[str, str]
    takes: Mapping[str, Decimal]
    """Item id to units, for an accepted order."""


def units_by_item(order: Order, items: Mapping[str, str]) -> Counter[str]:
    """Units that an order takes, by item id. `items` is SKU to item id."""
    units: Counter[str] = Counter()
    for line in order.live_lines:
        units[items[line.sku]] += line.quantity
    return units


def decide(
    order: Order,
    catalogue: Catalogue,
    sku_rules: SkuRules,
    rules: AcceptanceRules,
    available: Mapping[str, Decimal],
) -> Decision:
    """Accept when every SKU is known and the stock serves the whole order; otherwise refuse by policy.

    `available` is item id to units that are free to promise (never below zero). Items that carry no stock are not in
    it and are not held against the order.

    Raises NeedsAttention where the policy is to park.
    """
    try:
        matched = items_for([line.sku for line in order.live_lines], catalogue, sku_rules)
    except NeedsAttention as problem:
        if rules.unknown_sku is Otherwise.REFUSE and problem.reason is Reason.UNKNOWN_SKU:
            return Decision(accepted=False, facts={"why": problem.reason, **problem.facts}, takes={})
        raise
    stocked = {sku: item.id for sku, item in matched.items()}
    takes = units_by_item(order, stocked)
    short = {
        sku: f"{takes[item_id]} wanted, {available[item_id].normalize():f} available"
        for sku, item_id in stocked.items()
        if item_id in available and takes[item_id] > available[item_id]
    }
    if not short:
        return Decision(accepted=True, facts={}, takes={item_id: Decimal(units) for item_id, units in takes.items()})
    facts = {"short": "; ".join(f"{sku}: {what}" for sku, what in sorted(short.items()))}
    if rules.short_stock is Otherwise.REFUSE:
        return Decision(accepted=False, facts={"why": Reason.SHORT_STOCK, **facts}, takes={})
    raise NeedsAttention(Reason.SHORT_STOCK, facts)


def less(available: Mapping[str, Decimal], taken: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Stock that is left after promises; never below zero."""
    return {item: max(ZERO, units - taken.get(item, ZERO)) for item, units in available.items()}

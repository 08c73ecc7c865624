"""A cycle's lines against the totals that Mirakl gives by bucket (invariant I5): what proves a cycle that pays nothing.

A cycle that is paid is proven by its payout. One that ends below zero transfers nothing, and its sum proves little: a
line too many would be carried on unseen. Source: SBC11 `summary`; its signs are not to be relied on, its sizes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tieout.domain.ledger.line import Cycle, Line
from tieout.domain.ledger.run import is_memo_only
from tieout.domain.ledger.types import TYPES, Group, rule_of
from tieout.domain.money import ZERO, Money

_WITH_PURCHASES = frozenset({"total_commissions", "total_refund_commissions"})
"""Buckets that may hold a principal's margin as well: not published."""


def buckets_that_differ(cycle: Cycle, lines: Sequence[Line]) -> list[str]:
    """Each total of the cycle that is not what its lines come to, with both figures; none where it has no totals."""
    sums: dict[str, Decimal] = {}
    skipped: frozenset[str] = frozenset()
    for line in lines:
        rule = rule_of(line.type)
        if rule is None or is_memo_only(line):
            continue
        if rule.group is Group.PURCHASE:
            skipped = _WITH_PURCHASES
        if rule.bucket:
            sums[rule.bucket] = sums.get(rule.bucket, ZERO) + line.amount
    told = {name.removesuffix("_incl_tax"): total for name, total in sorted(cycle.summary.items()) if _counts(name)}
    differing: list[str] = []
    for name in sorted(set(told) & _BUCKETS - skipped):
        by_lines = sums.get(name, ZERO)
        if abs(told[name]) != abs(by_lines):
            figures = (
                f"{Money(told[name], cycle.currency)} by the cycle, {Money(by_lines, cycle.currency)} by its lines"
            )
            differing.append(f"{name} is {figures}")
    return differing


def _counts(name: str) -> bool:
    return not name.endswith("_excl_tax")


_BUCKETS = frozenset(rule.bucket for rule in TYPES.values() if rule.bucket)

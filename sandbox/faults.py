"""Faults on order: which call goes wrong, how, and how often a rule has struck."""

import random
import threading
from dataclasses import dataclass, fields
from typing import Any

KINDS = ("429", "500", "timeout_before", "timeout_after", "reset", "slow", "duplicate_page", "maintenance")


@dataclass(frozen=True)
class FaultRule:
    """One rule.

    It strikes the `nth` matching call (and the `times` - 1 after it), or each matching call with `probability`,
    or, with neither, every matching call; `times` bounds how often in all. `seconds` is how long a timeout hangs
    or a slow answer takes, `retry_after` the seconds a 429 asks the client to wait.
    """

    operation: str
    kind: str
    nth: int | None = None
    probability: float | None = None
    times: int | None = None
    seconds: float = 5.0
    retry_after: float = 60.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if self.nth is not None and self.probability is not None:
            raise ValueError(f"a rule strikes either the nth call or with a probability: {self}")
        if self.nth is not None and self.nth < 1:
            raise ValueError(f"nth counts from 1: {self}")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError(f"a probability lies between 0 and 1: {self}")


class _Standing:
    """How a rule stands: calls it has seen, times it has struck, and its own dice."""

    def __init__(self, rule: FaultRule, seed: object) -> None:
        self.rule = rule
        self.seen = 0
        self.struck = 0
        self._dice = random.Random(f"{seed}")

    def strikes(self) -> bool:
        rule = self.rule
        self.seen += 1
        if rule.probability is not None:
            hit = self._dice.random() < rule.probability and (rule.times is None or self.struck < rule.times)
        elif rule.nth is not None:
            hit = rule.nth <= self.seen < rule.nth + (rule.times or 1)
        else:
            hit = rule.times is None or self.struck < rule.times
        self.struck += hit
        return hit


class Faults:
    """The rules in force; the first that strikes a call decides its fate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Standing] = []

    def set(self, order: object) -> None:
        """Replace the rules by a list of them, or by {"seed": n, "rules": [...]}.

        Raises ValueError naming the rule that makes no sense; then the former rules stay in force.
        """
        seed, rules = (order.get("seed", 0), order.get("rules", [])) if isinstance(order, dict) else (0, order)
        if not isinstance(rules, list):
            raise ValueError('faults: a list of rules, or {"seed": 7, "rules": [...]}')  # noqa: TRY004 - answered as 400
        standing = [_Standing(_rule_of(rule), f"{seed}:{place}") for place, rule in enumerate(rules)]
        with self._lock:
            self._rules = standing

    def clear(self) -> None:
        self.set([])

    def strike(self, operation: str, *, has_previous_page: bool = False) -> FaultRule | None:
        """The rule this call falls to. A page can only be served twice where one came before it."""
        with self._lock:
            struck: FaultRule | None = None
            for standing in self._rules:
                rule = standing.rule
                if rule.operation not in ("*", operation) or (rule.kind == "duplicate_page" and not has_previous_page):
                    continue
                if struck is None and standing.strikes():
                    struck = rule
                elif struck is not None:
                    standing.seen += 1
            return struck

    def listing(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {field.name: getattr(one.rule, field.name) for field in fields(FaultRule)}
                | {"seen": one.seen, "struck": one.struck}
                for one in self._rules
            ]


def _rule_of(order: object) -> FaultRule:
    known = {field.name for field in fields(FaultRule)}
    if not isinstance(order, dict) or not {"operation", "kind"} <= set(order) <= known:
        raise ValueError(f"a fault rule has operation, kind and any of {sorted(known)}; this has not: {order!r}")
    numbers = {
        name: float(order[name]) for name in ("probability", "seconds", "retry_after") if order.get(name) is not None
    }
    given = {name: value for name, value in order.items() if value is not None}
    return FaultRule(**{**given, **numbers, "kind": str(order["kind"])})

"""The log as it should have been: each finding says what it would change, and the rest is compared with that."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from tieout.domain.money import exponent_of

ZERO = Decimal(0)


def cent(currency):
    return Decimal(1).scaleb(-exponent_of(currency))


@dataclass
class Finding:
    code: str
    key: str
    amount: Decimal
    order: str | None = None
    refund: str | None = None
    cycle: str | None = None
    effect: Decimal = ZERO
    """What the log has too much of, by it; minus: what it lacks."""
    per_cycle: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    per_document: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    placed: bool = True
    """Whether it is known in which cycle it belongs."""
    information: bool = False


def explained(difference, effects):
    """Whether a difference is the sum of some of the effects; none of them counts too."""
    if difference == 0:
        return True
    effects = [each for each in effects if each]
    if sum(effects, ZERO) == difference:
        return True
    sums = {ZERO}
    for each in effects[:40]:
        sums |= {known + each for known in sums}
        if difference in sums:
            return True
        if len(sums) > 200_000:
            break
    return False

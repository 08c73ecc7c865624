"""What every write has at hand: the state, the switches, and how long what others do takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sandbox.behaviours import Behaviours
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.lifecycle import Waits
from sandbox.mirakl.moves import settle_order
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.settings import ships_in_parts
from sandbox.mirakl.state import Marketplace, MiraklState, Order

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    state: MiraklState
    behaviours: Behaviours
    waits: Waits

    def ships_in_parts(self, marketplace: Marketplace) -> bool:
        return ships_in_parts(marketplace, self.behaviours)

    def changed(self, call: Admitted, order: Order, *, tell: bool = True) -> None:
        """Date the change now, and make the moves that are due at once."""
        self.state.changed(call.marketplace, order, call.at, tell=tell)
        settle_order(self.state, call.marketplace, order, call.at)


def counted(entries: Sequence[T] | None, most: int, field: str) -> Sequence[T]:
    """Raises MiraklRefusal for none and for more than a call may carry."""
    if not entries or len(entries) > most:
        raise MiraklRefusal(400, f"1 to {most} {field} a call, not {len(entries or [])}")
    return entries

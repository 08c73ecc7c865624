"""A Mirakl marketplace in memory: orders with states, windows over their last update, and decisions taken once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tests.fakes.clock import VirtualClock
from tests.fakes.dispatch import MemoryDispatch
from tests.fakes.money import MemoryMoney
from tests.fakes.offers import MemoryOffers
from tests.fakes.orders import fetched, read_back
from tests.fakes.other_sellers import MemoryOtherSellers
from tests.fakes.taking_back import MemoryReturns
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.exchange import FetchedOrder
from tieout.domain.orders.order import TO_ACCEPT, Order
from tieout.domain.postings import version_of

A_PAGE = 100
TICK = timedelta(milliseconds=1)


def nothing_follows(order: Order) -> None:
    """After a decision: no debit, no shipping, until a test says so."""


class MemoryMarketplace(MemoryMoney, MemoryReturns, MemoryDispatch, MemoryOtherSellers, MemoryOffers):
    """Fits `ports.Marketplace`. `orders` is what Mirakl holds now, by order id.

    Its clock runs `skew` beside ours, and a change shows in listings only after `shows_after`.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        skew: timedelta = timedelta(),
        shows_after: timedelta = timedelta(),
    ) -> None:
        super().__init__()
        self._clock = clock
        self._skew = skew
        self._shows_after = shows_after
        self.orders: dict[str, Order] = {}
        self.references: dict[str, str] = {}
        self.decisions: list[tuple[str, bool]] = []
        self.refuses: dict[str, str] = {}
        """Words for a seller reference of these orders (OR04 answers them inside a 200)."""
        self.duplicate: Callable[[int], bool] = lambda page: False  # noqa: ARG005  the shape of the question
        self.decided: Callable[[Order], None] = nothing_follows
        """What follows from an acceptance: debit, shipping."""
        self.told: Callable[[Order], None] = nothing_follows
        """Who hears of a change: webhooks."""
        self.calls: Counter[str] = Counter()

    def now(self) -> datetime:
        return self._clock.now + self._skew

    # --- the marketplace's own life ----------------------------------------------------------------------------------

    def put(self, order: Order) -> Order:
        """An order comes or changes, now; each change has its own millisecond."""
        before = self.orders.get(order.order_id)
        updated_at = max(self.now(), before.updated_at + TICK) if before else self.now()
        changed = replace(
            order,
            updated_at=updated_at,
            created_at=before.created_at if before else updated_at,
            version=version_of(updated_at),
        )
        self.orders[order.order_id] = changed
        self.told(changed)
        return changed

    def change(self, order_id: str, state: str, *, lines: str | None = None) -> Order:
        """The order goes to a state, and its live lines to `lines` (or the same)."""
        order = self.orders[order_id]
        moved = tuple(replace(line, state=lines or state) if line.is_live else line for line in order.lines)
        return self.put(replace(order, state=state, lines=moved))

    # --- what Tieout asks --------------------------------------------------------------------------------------------

    def orders_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedOrder]]:
        shown = min(end, self.now() - self._shows_after)
        window = [order for order in self.orders.values() if start <= order.updated_at <= shown]
        window.sort(key=lambda order: order.created_at)
        for number, page in enumerate(batched_lists(window, A_PAGE)):
            self.calls["OR11"] += 1
            answer = [fetched(order) for order in page]
            yield answer
            if self.duplicate(number):
                yield answer
        if not window:
            self.calls["OR11"] += 1

    def orders_by_id(self, order_ids: Sequence[str]) -> list[FetchedOrder]:
        self.calls["OR11"] += 1
        return [fetched(self.orders[each]) for each in order_ids if each in self.orders]

    def read_order(self, raw: bytes) -> Order:
        return read_back(raw)

    def accept(self, order_id: str, decisions: Mapping[str, bool]) -> None:
        self.calls["OR21"] += 1
        order = self.orders[order_id]
        undecided = {line.line_id for line in order.lines if line.state == TO_ACCEPT}
        if order.state != TO_ACCEPT or set(decisions) != undecided:
            words = f"order is {order.state}, lines to decide: {sorted(undecided)}"
            raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"status": "400", "message": words})
        accepted = all(decisions.values())
        self.decisions.append((order_id, accepted))
        self.decided(self.change(order_id, "WAITING_DEBIT" if accepted else "REFUSED"))

    def set_seller_references(self, references: Mapping[str, str]) -> dict[str, str]:
        self.calls["OR04"] += 1
        taken = {each: number for each, number in references.items() if each not in self.refuses}
        self.references.update(taken)
        return {each: self.refuses[each] for each in references if each in self.refuses}


def batched_lists(orders: Sequence[Order], size: int) -> Iterator[Sequence[Order]]:
    """Pages of a listing."""
    for start in range(0, len(orders), size):
        yield orders[start : start + size]

"""What people do about stock, and the waiting until every offer shows what it should."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.demo.command_line import CommandLine
from sandbox.demo.day import Day
from sandbox.demo.shelves import Row, Shelves, judge, offers_of, stocked
from sandbox.demo.standing import PostingsTable
from sandbox.demo.twin_control import TwinControl
from tieout.config import Config
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, State

PUSH = "push-stock"
_NEVER = "1970-01-01T00:00:00Z"
ROUNDS = 12
"""Pushes at most until every offer is at rest: lowered first, raised later, and one day's file of offers before."""


@dataclass
class Stockkeeping:
    """Everything that it needs of a running stack."""

    config: Config
    control: TwinControl
    table: PostingsTable
    day: Day
    people: CommandLine
    morning: Mapping[str, Mapping[str, Row]]
    """Offers as the day began."""
    let_go: int = 0
    """Pushes that the brake held, and a person let go."""

    @classmethod
    def begins(
        cls, config: Config, control: TwinControl, table: PostingsTable, day: Day, people: CommandLine
    ) -> "Stockkeeping | None":
        """None where the deployment pushes no stock."""
        offers = offers_of(config, control)
        return cls(config, control, table, day, people, offers) if offers else None

    def first_push(self) -> None:
        """A connection's first push changes nearly every offer: the brake holds it until a person has looked."""
        for _ in range(ROUNDS):
            self.day.live_on(1, self._interval, lambda _: None)
            if self.let_go_of_held():
                return

    def come_to_rest(self) -> list[Row]:
        """Push until every offer shows what it should by a reading from now on; gives what is said of each then.

        A push whose turn somebody else has reads nothing, and all would seem to be at rest.
        """
        begun = datetime.now(UTC).replace(microsecond=0)
        said: list[Row] = []
        for _ in range(ROUNDS):
            self.day.live_on(1, self._interval, lambda _: None)
            self.let_go_of_held()
            read_at, said = self.said()
            if said and read_at > begun and all(_is_at_rest(one) for one in said):
                break
        return said

    def judged(self) -> Shelves:
        """Offers against shelves, when all is at rest."""
        said = self.come_to_rest()
        found = judge(self.config, self.morning, offers_of(self.config, self.control), stocked(self.control), said)
        if not said:
            found.problems.append("the book of stock is empty: nothing was pushed")
        found.told["pushes_let_go"] = self.let_go
        if any(one.listings for one in self.config.marketplaces.values()):
            found.told["mapping"] = self.audited()
        return found

    def audited(self) -> dict[str, int]:
        """What `tieout audit mapping` found last night, by fault."""
        document: dict[str, Any] = self.people.asked("audit", "mapping", accepted=(0, 1))
        return dict(sorted(Counter(str(task["fault"]) for task in document["tasks"]).items()))

    def said(self) -> tuple[datetime, list[Row]]:
        """`tieout stock`: when NetSuite was read, by the functions' clock (this machine's), and every offer."""
        document: dict[str, Any] = self.people.asked("stock", accepted=(0, 1))
        return datetime.fromisoformat(document["read_at"] or _NEVER), list(document["offers"])

    @property
    def _interval(self) -> timedelta:
        return next(one.every or timedelta(minutes=5) for one in self.day.schedules if one.name == PUSH)

    def let_go_of_held(self) -> int:
        """A person looks at what the brake holds, and lets it go."""
        held = [
            one.key
            for one in self.table.everything().postings
            if one.key.kind is Kind.STOCK_PUSH and one.state is State.PARKED and one.reason == Reason.STOCK_HELD
        ]
        for key in held:
            self.people.tieout("resubmit", str(key))
        self.let_go += len(held)
        return len(held)


def _is_at_rest(one: Row) -> bool:
    return one["shows"] == one["target"] and one["in_flight"] is None and not one["doubtful"]

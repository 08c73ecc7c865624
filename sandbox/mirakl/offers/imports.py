"""A file that changes offers: it waits its turn, runs for a while, and is applied when it is over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["stock", "offers", "prices"]


@dataclass
class Outcome:
    """What became of a file: lines taken and refused, offers made, changed and deleted, and why it failed if it did."""

    in_success: int = 0
    in_error: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    offers_in_error: int = 0
    report: bytes = b""
    failed: str = ""

    @property
    def read(self) -> int:
        return self.in_success + self.in_error


@dataclass
class Import:
    """`apply` does its work at the moment it is given, which is when the file is over."""

    id: str
    kind: Kind
    shop: int
    created: datetime
    starts: datetime
    ends: datetime
    request: bytes
    apply: Callable[[datetime], Outcome]
    mode: str = "NORMAL"
    outcome: Outcome = field(default_factory=Outcome)

    def finish(self) -> None:
        self.outcome = self.apply(self.ends)

    def is_over(self, now: datetime) -> bool:
        return now >= self.ends

    def status(self, now: datetime) -> str:
        """WAITING, RUNNING, COMPLETE or FAILED."""
        if now < self.starts:
            return "WAITING"
        if not self.is_over(now):
            return "RUNNING"
        return "FAILED" if self.outcome.failed else "COMPLETE"

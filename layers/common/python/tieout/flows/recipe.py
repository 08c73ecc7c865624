"""What is particular to a kind of record that `posting` creates, and what a recipe may say instead of making one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from tieout.domain.postings import Intent, Posting
from tieout.flows.ports import At, PostedTransaction

FLOW = "orders"


class Named(Protocol):
    """A record to be created."""

    @property
    def external_id(self) -> str:
        """What it is found by."""


class NotYet(Exception):
    """Something else has to happen first: the posting comes back, without having counted as an attempt."""

    def __init__(self, why: str, until: datetime | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.until = until
        """None: the longer it has waited, the less often it is looked at."""


class NotNeeded(Exception):
    """There is nothing to be written: the posting is confirmed with what was found, and with what follows instead."""

    def __init__(self, facts: Mapping[str, str], follow_ups: Sequence[Intent] = ()) -> None:
        super().__init__(", ".join(f"{name}={value}" for name, value in facts.items()))
        self.facts = facts
        self.follow_ups = follow_ups


S = TypeVar("S")
D = TypeVar("D", bound=Named)


class Recipe(ABC, Generic[S, D]):
    """What is particular to a kind of record. Made anew for each batch, so that it may remember what it looked up.

    `source` and `draft` work on one posting: they may raise NeedsAttention (it parks), NotYet (it comes back) or
    NotNeeded (it is confirmed as it is).
    """

    flow: ClassVar[str] = FLOW
    """What a person pauses."""
    record_type: ClassVar[str]
    """NetSuite's name for a GET, such as `invoice`."""
    counter: ClassVar[str]
    """What is counted for each record that was proven."""

    def __init__(self, at: At) -> None:
        self.at = at

    @abstractmethod
    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> S:
        """The document that a posting stands for, out of the archive."""

    def look_up(self, sources: Sequence[tuple[Posting, S]]) -> None:
        """Ask for what the drafts of the whole batch need. May raise what any call raises: then all come back."""

    @abstractmethod
    def draft(self, posting: Posting, source: S) -> D:
        """The record to be created."""

    @abstractmethod
    def create(self, draft: D) -> str:
        """Create it, and what has to be there first; answers the internal id."""

    def read(self, draft: D) -> PostedTransaction | None:
        """The record by its external id, where a search does not show it yet."""
        return self.at.ledger.read_transaction(self.record_type, draft.external_id)

    def read_back(self, drafts: Sequence[D]) -> None:
        """Ask for what the checks of the whole batch need besides. May raise what any call raises."""

    @abstractmethod
    def check(self, draft: D, record: PostedTransaction) -> None:
        """Raises NeedsAttention when the record is not ours, or not worth what it should be."""

    def facts(self, draft: D) -> dict[str, str]:  # noqa: ARG002  most recipes have none
        """What the posting must know of its record before anything is sent; written down first."""
        return {}

    def follow_ups(self, posting: Posting, draft: D, record: PostedTransaction) -> list[Intent]:  # noqa: ARG002
        """What the proven record calls for."""
        return []

    def fell_through(self, posting: Posting) -> bool:  # noqa: ARG002
        """Whether nobody wants the record any more, though it was perhaps sent."""
        return False

"""The store of postings in memory, with the semantics that DynamoDB's conditions and transactions give the real one.

A method either happens whole or not at all: nothing in here can be interrupted. What a caller gets is a copy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import Reason
from tieout.domain.exchange import LeaseLostError
from tieout.domain.postings import (
    LANE_OF,
    OPEN,
    REPLACEABLE,
    Attempt,
    Intent,
    Key,
    Lane,
    Posting,
    State,
)

NOT_SENT = REPLACEABLE | {State.SUPERSEDED}
THERE = frozenset({Reason.TOTAL_MISMATCH, Reason.EXTERNAL_ID_TAKEN})
"""Parked for these, NetSuite holds a record under our external id."""


def may_be_written(posting: Posting) -> bool:
    """Whether NetSuite has the effect, or may have it."""
    return (
        posting.target_id is not None
        or posting.ambiguous_since is not None
        or (posting.state is State.PARKED and posting.reason in THERE)
    )


class Seen(Struct, frozen=True):
    """An order as it was last recorded."""

    version: str
    state: str
    payload: str


class MemoryPostings:
    """Fits `ports.Postings`, and the command line's `resubmit`, `parked` and `life`."""

    def __init__(self, lease_seconds: float = 330) -> None:
        self.lease = timedelta(seconds=lease_seconds)
        self.all: dict[Key, Posting] = {}
        self.seen: dict[tuple[str, str], Seen] = {}
        self.subjects: dict[tuple[str, str], Seen] = {}
        """What else was seen of an order: fulfilments, shipments, returns."""
        self.history: defaultdict[Key, list[Attempt]] = defaultdict(list)
        self._open: dict[Lane, dict[Key, None]] = {lane: {} for lane in Lane}
        self._lease_until: dict[Key, datetime] = {}
        self._newer: dict[Key, Intent | str] = {}
        """What came while a worker held the posting: a newer intent, or the version that retires it."""

    # --- recording ---------------------------------------------------------------------------------------------------

    def seen_versions(self, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
        seen = self.seen
        return {each: seen[(marketplace, each)].version for each in order_ids if (marketplace, each) in seen}

    def seen_state(self, marketplace: str, order_id: str) -> str | None:
        seen = self.seen.get((marketplace, order_id))
        return seen.state if seen else None

    def seen_payload(self, marketplace: str, order_id: str) -> str | None:
        seen = self.seen.get((marketplace, order_id))
        return seen.payload if seen else None

    def seen_payloads(self, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
        return {each: seen.payload for each in order_ids if (seen := self.seen.get((marketplace, each)))}

    def of_thread(self, marketplace: str, thread: str) -> list[Posting]:
        return [each for key, each in self.all.items() if (key.marketplace, key.thread) == (marketplace, thread)]

    def record_order(
        self,
        *,
        marketplace: str,
        order_id: str,
        version: str,
        state: str,
        payload: str,
        intents: Sequence[Intent],
        retire: Sequence[Key],
        now: datetime,
        subject: str = "",
    ) -> list[Key]:
        seen = self.subjects if subject else self.seen
        what = (marketplace, f"{order_id}#{subject}" if subject else order_id)
        before = seen.get(what)
        if before and before.version >= version:
            return []
        seen[what] = Seen(version, state, payload)
        due = [intent.key for intent in intents if self._intend(intent, now)]
        for key in retire:
            self._retire(key, version, now)
        return due

    def _intend(self, intent: Intent, now: datetime) -> bool:
        """Write an intent where nothing newer or already sent stands in its way; answers whether it is due.

        While a worker holds the posting, the newer version waits until it is given back.
        """
        before = self.all.get(intent.key)
        if before and before.source_version >= intent.source_version:
            return False
        if before and before.state not in NOT_SENT:
            if before.state is State.ATTEMPTED and before.target_id is None:
                self._newer[intent.key] = intent
            return False
        return self._replace(before, intent, now)

    def _retire(self, key: Key, version: str, now: datetime) -> None:
        """Nobody wants this effect any more; what may be in NetSuite already is a person's to take back."""
        posting = self.all.get(key)
        if posting is None or posting.source_version >= version:
            return
        if posting.state is State.ATTEMPTED and posting.target_id is None:
            self._newer[key] = version
        elif posting.state in REPLACEABLE and not may_be_written(posting):
            self._supersede(posting, version, now)

    def _supersede(self, posting: Posting, version: str, now: datetime) -> None:
        gone = replace(posting, state=State.SUPERSEDED, source_version=version, due_at=None, parked_at=None)
        self._put(gone, now, "superseded")

    def _take_newer(self, left: Posting, now: datetime) -> bool:
        """Apply the version that waited while the posting was held; answers whether there was one."""
        newer = self._newer.pop(left.key, None)
        if isinstance(newer, str):
            if may_be_written(left):
                return False
            self._supersede(left, newer, now)
            return True
        if newer is not None:
            self._replace(left, newer, now)
        return newer is not None

    def _replace(self, before: Posting | None, intent: Intent, now: datetime) -> bool:
        parked = intent.parked is not None
        fresh = before or Posting(key=intent.key, state=State.DUE, source_version="", payload="", first_seen=now)
        self._newer.pop(intent.key, None)
        self._put(
            replace(
                fresh,
                state=State.PARKED if parked else State.DUE,
                source_version=intent.source_version,
                payload=intent.payload,
                external_id=intent.external_id,
                facts=dict(intent.facts),
                attempt=0,
                reason=intent.parked,
                due_at=None if parked else now,
                parked_at=now if parked else None,
            ),
            now,
            "replaced" if before else "recorded",
        )
        return not parked

    # --- claiming ----------------------------------------------------------------------------------------------------

    def claim(self, keys: Sequence[Key], now: datetime) -> list[Posting]:
        return [posting for key in dict.fromkeys(keys) if (posting := self._claim(key, now))]

    def _claim(self, key: Key, now: datetime) -> Posting | None:
        posting = self.all.get(key)
        if posting is None or posting.state not in OPEN or posting.due_at is None or posting.due_at > now:
            return None
        if not self._is_free(key, now):
            return None
        until = now + self.lease
        self._lease_until[key] = until
        claimed = replace(
            posting, state=State.ATTEMPTED, fence=posting.fence + 1, attempt=posting.attempt + 1, due_at=until
        )
        self._put(replace(claimed, ambiguous_since=posting.ambiguous_since or now), now, "claimed")
        return claimed

    def _is_free(self, key: Key, now: datetime) -> bool:
        held = self._lease_until.get(key)
        return held is None or held <= now

    def _mine(self, posting: Posting) -> Posting:
        """The stored posting, as long as its lease is the caller's. Raises LeaseLost."""
        stored = self.all[posting.key]
        if stored.fence != posting.fence or posting.key not in self._lease_until:
            raise LeaseLostError(str(posting.key))
        return stored

    # --- settling ----------------------------------------------------------------------------------------------------

    def remember(self, posting: Posting, facts: Mapping[str, str], now: datetime) -> Posting:
        stored = self._mine(posting)
        self._put(replace(stored, facts={**stored.facts, **facts}), now, "remembered", facts)
        return replace(posting, facts={**posting.facts, **facts})

    def mark_posted(
        self,
        posting: Posting,
        target_id: str,
        now: datetime,
        *,
        facts: Mapping[str, str] | None = None,
        due_at: datetime | None = None,
    ) -> None:
        stored = self._mine(posting)
        posted = replace(stored, state=State.POSTED, target_id=target_id, facts={**stored.facts, **(facts or {})})
        if due_at is not None:
            self._end_lease(posting.key)
            posted = replace(posted, due_at=due_at)
        self._put(posted, now, "posted")

    def confirm(self, posting: Posting, facts: Mapping[str, str], follow_ups: Sequence[Intent], now: datetime) -> None:
        stored = self._mine(posting)
        self._end_lease(posting.key)
        done = replace(stored, state=State.CONFIRMED, facts={**stored.facts, **facts}, due_at=None, reason=None)
        self._put(done, now, "confirmed")
        self._follow(follow_ups, now)

    def _follow(self, follow_ups: Iterable[Intent], now: datetime) -> None:
        for intent in follow_ups:
            if intent.key not in self.all:
                self._intend(intent, now)

    def park(self, posting: Posting, reason: str, facts: Mapping[str, str], now: datetime) -> None:
        stored = self._mine(posting)
        self._end_lease(posting.key)
        doubtful = stored.ambiguous_since if reason in THERE else posting.ambiguous_since
        parked = replace(
            stored,
            state=State.PARKED,
            reason=str(reason),
            facts={**stored.facts, **facts},
            ambiguous_since=doubtful,
            due_at=None,
            parked_at=now,
        )
        if not self._take_newer(parked, now):
            self._put(parked, now, "parked")

    def release(
        self,
        posting: Posting,
        due_at: datetime,
        why: str,
        now: datetime,
        *,
        held: bool = False,
        untouched: bool = False,
    ) -> None:
        stored = self._mine(posting)
        self._end_lease(posting.key)
        ambiguous = posting.ambiguous_since if untouched else stored.ambiguous_since
        if stored.target_id is not None:
            state = State.POSTED
        elif ambiguous is not None:
            state = State.ATTEMPTED  # something may have been sent: no newer version may take its place
        else:
            state = State.HELD if held else State.DUE
        attempt = stored.attempt - 1 if untouched else stored.attempt
        released = replace(stored, state=state, due_at=due_at, ambiguous_since=ambiguous, attempt=attempt)
        if state in REPLACEABLE and self._take_newer(released, now):
            return
        self._put(released, now, "held" if held else "released", {"why": why})

    def resubmit(self, key: Key, now: datetime, who: str) -> None:
        """A person sends a parked posting on its way again. Raises KeyError when it is not parked."""
        posting = self.all.get(key)
        if posting is None or posting.state is not State.PARKED:
            raise KeyError(str(key))
        self._put(
            replace(posting, state=State.DUE, due_at=now, parked_at=None, reason=None, attempt=0),
            now,
            "resubmitted",
            {"who": who},
        )

    # --- listing -----------------------------------------------------------------------------------------------------

    def due(self, lane: Lane, now: datetime, limit: int) -> list[Key]:
        found = [
            (posting.due_at, key)
            for key in self._open[lane]
            if (posting := self.all[key]).due_at is not None and posting.due_at <= now
        ]
        return [key for _, key in sorted(found)[:limit]]

    def oldest_due(self, lane: Lane, now: datetime) -> datetime | None:
        instants = [due_at for key in self._open[lane] if (due_at := self.all[key].due_at) and due_at <= now]
        return min(instants, default=None)

    def open_postings(self, lane: Lane) -> list[Posting]:
        return [self.all[key] for key in self._open[lane]]

    def posting(self, key: Key) -> Posting | None:
        return self.all.get(key)

    def parked(self, limit: int | None = None) -> list[Posting]:
        """What waits for a person, oldest first."""
        waiting = [posting for posting in self.all.values() if posting.state is State.PARKED]
        return sorted(waiting, key=lambda posting: (str(posting.parked_at), posting.key))[:limit]

    def oldest_parked(self) -> datetime | None:
        return min((posting.parked_at for posting in self.parked() if posting.parked_at), default=None)

    def note(self, key: Key, attempt: Attempt) -> None:
        self.history[key].append(attempt)

    def life(self, marketplace: str, thread: str) -> list[tuple[Key, Attempt]]:
        """Everything that happened to an order, in time order."""
        lines = [
            (key, attempt)
            for key, attempts in self.history.items()
            if (key.marketplace, key.thread) == (marketplace, thread)
            for attempt in attempts
        ]
        return sorted(lines, key=lambda line: line[1].at)

    # --- writing -----------------------------------------------------------------------------------------------------

    def _end_lease(self, key: Key) -> None:
        self._lease_until.pop(key, None)

    def _put(self, posting: Posting, now: datetime, what: str, facts: Mapping[str, str] | None = None) -> None:
        """The only place that writes; whoever watches the store overrides it."""
        key = posting.key
        self.all[key] = posting
        lane = self._open[LANE_OF[key.kind]]
        if posting.state in OPEN:
            lane[key] = None
        else:
            lane.pop(key, None)
        self.history[key].append(Attempt(at=now, what=what, facts=dict(facts or {})))

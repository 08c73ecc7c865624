"""Records out: each due posting becomes exactly one NetSuite record, worth what it should be worth.

The one mechanism for sales orders and all that follows them; a `Recipe` says what is particular to a kind. A batch
costs what the recipe looks up, one create a record and one read-back of all. Every posting is marked ATTEMPTED before
anything is sent; what has no answer is looked up by its external id before it is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import (
    AlreadyExists,
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    Retryable,
)
from tieout.domain.postings import Key, Posting, State
from tieout.flows.outcomes import come_back, held_until, hold, horizon_of, next_attempt, park, release, soon, wait
from tieout.flows.ports import At, LeaseLostError, PostedTransaction
from tieout.flows.recipe import FLOW, NotNeeded, NotYet, Recipe

__all__ = [
    "FLOW",
    "NETSUITE",
    "Guard",
    "NotNeeded",
    "NotYet",
    "Recipe",
    "post_records",
    "soon",
    "still_failing",
    "taken",
]

logger = logging.getLogger(__name__)

NETSUITE = "netsuite"


class Ready(Struct, frozen=True):
    """A claimed posting with the record it stands for."""

    posting: Posting
    draft: Any


def post_records(
    keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key], recipe: Recipe[Any, Any]
) -> list[Key]:
    """Post what is due of these keys, starting nothing that could outlive `deadline`.

    Answers the keys that failed for reasons nobody foresaw: their messages go back to the queue, and in the end to
    `orders-to-post-given-up`. `returned` are those of the keys whose message went back before.
    """
    postings = at.postings.claim(keys, at.clock())
    failed = still_failing(returned, postings, at)
    if not postings:
        return failed
    if held := held_until(at, recipe.flow, NETSUITE):
        hold(at, postings, *held)
        return failed
    ready = _prepare(postings, at, failed, recipe)
    to_prove = _create(ready, at, deadline, failed, recipe)
    _prove(to_prove, at, failed, recipe)
    return failed


def still_failing(returned: Collection[Key], claimed: Sequence[Posting], at: At) -> list[Key]:
    """Returned messages that find their posting under way for a later doorbell: they stay until it is through.

    Otherwise each doorbell of a failing posting would be forgotten for the next one's sake, and none given up.
    """
    mine = {posting.key for posting in claimed}
    return [
        key
        for key in returned
        if key not in mine and (posting := at.postings.posting(key)) and posting.state is State.ATTEMPTED
    ]


# --- prepare -------------------------------------------------------------------------------------------------------


def _prepare(postings: Sequence[Posting], at: At, failed: list[Key], recipe: Recipe[Any, Any]) -> list[Ready]:
    """Read the archived documents and draft their records; what a person must mend is parked here."""
    documents = at.archive.load([posting.payload for posting in postings])
    sources: list[tuple[Posting, Any]] = []
    for posting in postings:
        with Guard(posting, at, failed):
            sources.append((posting, recipe.source(posting, documents)))
    try:
        recipe.look_up(sources)
    except (Retryable, CredentialsRefused) as error:
        for posting, _ in sources:
            come_back(at, posting, error, NETSUITE)
        return []
    ready: list[Ready] = []
    for posting, source in sources:
        with Guard(posting, at, failed):
            ready.append(Ready(posting, recipe.draft(posting, source)))
    return ready


# --- create --------------------------------------------------------------------------------------------------------


def _create(
    ready: Sequence[Ready], at: At, deadline: datetime, failed: list[Key], recipe: Recipe[Any, Any]
) -> list[Ready]:
    """Send what was never sent; answers everything that NetSuite has, or may have, for the read-back."""
    to_prove, to_send = _sort_out_doubts(ready, at, recipe)
    patience = timedelta(seconds=at.config.netsuite.read_timeout_seconds)
    for index, each in enumerate(to_send):
        if at.clock() + patience > deadline:
            for rest in to_send[index:]:
                release(at, rest.posting, at.clock(), "out of time", untouched=True)
            break
        stop = ""
        with Guard(each.posting, at, failed):
            try:
                _send(each, at, recipe)
            except (AlreadyExists, OutcomeUnknown):
                to_prove.append(each)
            except (Retryable, CredentialsRefused) as error:
                if come_back(at, each.posting, error, NETSUITE):
                    stop = str(error)
            else:
                to_prove.append(each)
        if stop:
            # Outside of the guard: nothing may be sent for a posting that was given back, even if giving back fails.
            hold(at, [rest.posting for rest in to_send[index + 1 :]], at.clock(), stop)
            break
    return to_prove


def _send(each: Ready, at: At, recipe: Recipe[Any, Any]) -> None:
    """Create the record. Raises AlreadyExists also where an earlier attempt used up what this one wanted."""
    posting = each.posting
    if facts := recipe.facts(each.draft):
        posting = at.postings.remember(posting, facts, at.clock())
    try:
        target_id = recipe.create(each.draft)
    except NeedsAttention as refused:
        # That attempt may have ended after the look-up, or the look-up may lag behind it; a record GET does not.
        if each.posting.ambiguous_since is None or recipe.read(each.draft) is None:
            raise
        raise AlreadyExists(each.draft.external_id) from refused
    at.postings.mark_posted(posting, target_id, at.clock())


def _sort_out_doubts(ready: Sequence[Ready], at: At, recipe: Recipe[Any, Any]) -> tuple[list[Ready], list[Ready]]:
    """What earlier attempts wrote is proven, never sent again; the rest is to be sent, if it is still wanted.

    Where the look-up fails nothing in doubt is sent: a transform whose goods our own lost attempt has used up would be
    refused for want of them, not because its external id is taken.
    """
    doubtful = [each for each in ready if each.posting.ambiguous_since or each.posting.target_id]
    written = set[str]()
    if doubtful:
        try:
            written.update(at.ledger.find_transactions([each.draft.external_id for each in doubtful]))
        except (Retryable, CredentialsRefused) as error:
            for each in doubtful:
                release(at, each.posting, next_attempt(at, each.posting.attempt), f"not looked up: {error}")
            return [], [each for each in ready if each not in doubtful]
    to_prove = [each for each in ready if each.draft.external_id in written]
    unwritten = [each for each in ready if each.draft.external_id not in written]
    return to_prove, [each for each in unwritten if not _died_meanwhile(each.posting, at, recipe)]


def _died_meanwhile(posting: Posting, at: At, recipe: Recipe[Any, Any]) -> bool:
    """Whether nobody wants the record of a posting that was perhaps sent, but was not found, any more.

    It is given back: first until NetSuite can no longer finish what it was perhaps sent, then as if nothing had been,
    so that the cancelation takes its place.
    """
    if posting.ambiguous_since is None or not recipe.fell_through(posting):
        return False
    horizon = posting.ambiguous_since + horizon_of(at)
    if at.clock() < horizon:
        again = max(horizon, next_attempt(at, posting.attempt))
        release(at, posting, again, "the order was cancelled; a record may still appear")
    else:
        never_sent = replace(posting, ambiguous_since=None)
        release(at, never_sent, at.clock(), "the order was cancelled; no record appeared", untouched=True)
    return True


# --- prove ---------------------------------------------------------------------------------------------------------


def _prove(ready: Sequence[Ready], at: At, failed: list[Key], recipe: Recipe[Any, Any]) -> None:
    """Read back what was written and compare it with Mirakl to the cent, before anything follows from it."""
    if not ready:
        return
    try:
        found = at.ledger.find_transactions([each.draft.external_id for each in ready])
        recipe.read_back([each.draft for each in ready])
    except (Retryable, CredentialsRefused) as error:
        for each in ready:
            release(at, each.posting, next_attempt(at, each.posting.attempt), f"not read back: {error}")
        return
    at.switches.worked(NETSUITE, at.clock())
    proven: list[tuple[Ready, PostedTransaction]] = []
    for each in ready:
        with Guard(each.posting, at, failed):
            try:
                record = found.get(each.draft.external_id) or recipe.read(each.draft)
            except (Retryable, CredentialsRefused) as error:
                release(at, each.posting, next_attempt(at, each.posting.attempt), f"not read back: {error}")
                continue
            if record is None:
                release(at, each.posting, next_attempt(at, each.posting.attempt), "not found by external id")
                continue
            recipe.check(each.draft, record)
            proven.append((each, record))

    def confirm(pair: tuple[Ready, PostedTransaction]) -> None:
        each, record = pair
        with Guard(each.posting, at, failed):
            facts = {"id": record.id, "number": record.number, "total": str(record.total)}
            follow_ups = recipe.follow_ups(each.posting, each.draft, record)
            at.postings.confirm(each.posting, facts, follow_ups, at.clock())
            at.meter.count(recipe.counter, marketplace=each.posting.key.marketplace)

    # All at once: while a batch is written down its NetSuite slot is idle.
    at.together(confirm, proven)


def taken(external_id: str, record: PostedTransaction) -> NeedsAttention:
    """Somebody else's record under our external id."""
    return NeedsAttention(
        Reason.EXTERNAL_ID_TAKEN,
        {"external_id": external_id, "type": record.kind, "number": record.number, "id": record.id},
    )


class Guard:
    """Keeps one posting's trouble from the others of its batch.

    What a person must mend is parked; what is too early, or had no answer, comes back; a lost lease is its new
    owner's; what nobody foresaw is logged and given back to the queue. This is the flows' one broad handler, because a
    poison document must not stop the nine beside it.
    """

    def __init__(self, posting: Posting, at: At, failed: list[Key], system: str = NETSUITE) -> None:
        self._posting = posting
        self._at = at
        self._failed = failed
        self._system = system

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, LeaseLostError):
            return True
        if self._is_settled(error):
            return True
        if not isinstance(error, Exception):
            return False
        logger.error(
            "posting failed",
            exc_info=error,
            extra={"posting": str(self._posting.key), "attempt": self._posting.attempt},
        )
        self._failed.append(self._posting.key)
        return True

    def _is_settled(self, error: BaseException) -> bool:
        """Whether what happened is something that happens, and the posting was given where it belongs."""
        at, posting = self._at, self._posting
        if isinstance(error, NeedsAttention):
            park(at, posting, error)
        elif isinstance(error, NotYet):
            wait(at, posting, error.why, error.until)
        elif isinstance(error, NotNeeded):
            with suppress(LeaseLostError):
                at.postings.confirm(posting, error.facts, error.follow_ups, at.clock())
        elif isinstance(error, Retryable | CredentialsRefused):
            come_back(at, posting, error, self._system)
        else:
            return False
        return True

"""The store of postings on DynamoDB: recording, claiming, settling and listing behind one face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tieout.aws import claiming, listing, recording, settling
from tieout.aws.rows import history_row, row_key
from tieout.aws.table import Table
from tieout.domain.postings import Attempt, Intent, Key, Lane, Posting


class DynamoPostings:
    """Fits `flows.ports.Postings`, and answers what the command line asks besides.

    `lease` is how long a worker owns what it claimed: longer than its function may run.
    """

    def __init__(self, table: Table, lease: timedelta) -> None:
        self._table = table
        self._lease = lease

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
        """See `recording.record`."""
        sighting = recording.Sighting(
            marketplace=marketplace,
            order_id=order_id,
            version=version,
            state=state,
            payload=payload,
            intents=intents,
            retire=retire,
            now=now,
            subject=subject,
        )
        return recording.record(self._table, sighting)

    def seen_versions(self, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
        """See `listing.seen_versions`."""
        return listing.seen_versions(self._table, marketplace, order_ids)

    def seen_state(self, marketplace: str, order_id: str) -> str | None:
        """See `listing.seen_state`."""
        return listing.seen_state(self._table, marketplace, order_id)

    def seen_payload(self, marketplace: str, order_id: str) -> str | None:
        """See `listing.seen_payload`."""
        return listing.seen_payload(self._table, marketplace, order_id)

    def seen_payloads(self, marketplace: str, order_ids: Sequence[str]) -> dict[str, str]:
        """See `listing.seen_payloads`."""
        return listing.seen_payloads(self._table, marketplace, order_ids)

    def of_thread(self, marketplace: str, thread: str) -> list[Posting]:
        """See `listing.of_thread`."""
        return listing.of_thread(self._table, marketplace, thread)

    def claim(self, keys: Sequence[Key], now: datetime) -> list[Posting]:
        """See `claiming.claim`."""
        return claiming.claim(self._table, keys, now, self._lease)

    def remember(self, posting: Posting, facts: Mapping[str, str], now: datetime) -> Posting:
        """See `settling.remember`."""
        return settling.remember(self._table, posting, facts, now)

    def mark_posted(
        self,
        posting: Posting,
        target_id: str,
        now: datetime,
        *,
        facts: Mapping[str, str] | None = None,
        due_at: datetime | None = None,
    ) -> None:
        """See `settling.mark_posted`."""
        settling.mark_posted(self._table, posting, target_id, now, facts=facts or {}, due_at=due_at)

    def confirm(self, posting: Posting, facts: Mapping[str, str], follow_ups: Sequence[Intent], now: datetime) -> None:
        """See `settling.confirm`."""
        settling.confirm(self._table, posting, facts, follow_ups, now)

    def park(self, posting: Posting, reason: str, facts: Mapping[str, str], now: datetime) -> None:
        """See `settling.park`."""
        settling.park(self._table, posting, reason, facts, now)

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
        """See `settling.release`."""
        settling.release(self._table, posting, due_at, why, now, held=held, untouched=untouched)

    def resubmit(self, key: Key, now: datetime, who: str) -> None:
        """See `settling.resubmit`."""
        settling.resubmit(self._table, key, now, who)

    def note(self, key: Key, attempt: Attempt) -> None:
        """Add a line to a posting's history."""
        self._table.put(history_row(row_key(key), attempt))

    def due(self, lane: Lane, now: datetime, limit: int) -> list[Key]:
        """See `listing.due`."""
        return listing.due(self._table, lane, now, limit)

    def oldest_due(self, lane: Lane, now: datetime) -> datetime | None:
        """See `listing.oldest_due`."""
        return listing.oldest_due(self._table, lane, now)

    def open_postings(self, lane: Lane) -> list[Posting]:
        """See `listing.open_postings`."""
        return listing.open_postings(self._table, lane)

    def posting(self, key: Key) -> Posting | None:
        """See `listing.posting`."""
        return listing.posting(self._table, key)

    def parked(self, limit: int | None = None) -> list[Posting]:
        """See `listing.parked`."""
        return listing.parked(self._table, limit)

    def oldest_parked(self) -> datetime | None:
        """See `listing.oldest_parked`."""
        return listing.oldest_parked(self._table)

    def life(self, marketplace: str, thread: str) -> listing.Life:
        """See `listing.life`."""
        return listing.life(self._table, marketplace, thread)

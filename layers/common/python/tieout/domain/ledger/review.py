"""What a person agrees to: one hash over records, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from msgspec import json

from tieout.domain.ledger.record import Record


def review_hash(records: Iterable[Record]) -> str:
    """SHA-256 over the records; the same records in another order give the same hash."""
    parts = sorted(sha256(json.encode(record, order="sorted")).hexdigest() for record in records)
    return sha256("\n".join(parts).encode()).hexdigest()

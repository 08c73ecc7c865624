"""Balances of shops in the settlement log: kept as they were read, and given back where the log can answer for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tieout.domain.reconcile.reserve import NEAR
from tieout.flows.ports import At

ACCOUNTS = "accounts"
"""Table of the settlement log: a partition a reading, by its moment."""
WHOLE_LOG = "whole-log"
"""Watermark of up to when the log was last read to its end, and not cut off."""
READINGS = 7
"""So many are looked at: of a shop whose reserve moved around the newest, an earlier one counts."""


def keep_balances(marketplace: str, read_at: datetime, page: Sequence[bytes], at: At) -> None:
    """Add a page of a reading to the log."""
    at.settlement_log.append(marketplace, ACCOUNTS, {_named(read_at): page}, at.clock())


def balances_to_compare(marketplace: str, at: At) -> list[bytes]:
    """The last readings that the log is whole for: every line that came before one of them was read since."""
    whole = at.watermarks.read(f"{marketplace}/{WHOLE_LOG}")
    if whole is None:
        return []
    until = _named(whole - NEAR)
    readings = [each for each in at.settlement_log.partitions(marketplace, ACCOUNTS) if each <= until]
    return [row for each in readings[-READINGS:] for row in at.settlement_log.rows(marketplace, ACCOUNTS, each)]


def _named(read_at: datetime) -> str:
    """Name of a reading's partition; compares as text."""
    return read_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

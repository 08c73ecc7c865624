"""What marketplaces told of money, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime


class MemorySettlementLog:
    """Fits `ports.SettlementLog`; `tables` is what it holds, by marketplace, table and partition."""

    def __init__(self) -> None:
        self.tables: defaultdict[tuple[str, str, str], list[bytes]] = defaultdict(list)
        self.parts: list[tuple[datetime, str, str]] = []
        """When something was added, and to what."""

    def append(self, marketplace: str, table: str, rows: Mapping[str, Sequence[bytes]], now: datetime) -> None:
        self.parts.append((now, marketplace, table))
        for partition, added in rows.items():
            self.tables[marketplace, table, partition] += added

    def rows(self, marketplace: str, table: str, partition: str) -> list[bytes]:
        return list(self.tables.get((marketplace, table, partition), ()))

    def size(self, marketplace: str, table: str) -> int:
        return sum(len(row) for key, rows in self.tables.items() if key[:2] == (marketplace, table) for row in rows)

    def partitions(self, marketplace: str, table: str) -> list[str]:
        return sorted(one for market, kept, one in self.tables if (market, kept) == (marketplace, table))

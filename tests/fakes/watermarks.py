"""How far each marketplace was read, in memory."""

from __future__ import annotations

from datetime import datetime


class MemoryWatermarks:
    """Fits `ports.Watermarks`; moves forward only."""

    def __init__(self) -> None:
        self.marks: dict[str, datetime] = {}

    def read(self, marketplace: str) -> datetime | None:
        return self.marks.get(marketplace)

    def advance(self, marketplace: str, to: datetime) -> None:
        self.marks[marketplace] = max(to, self.marks.get(marketplace, to))

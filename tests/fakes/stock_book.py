"""The book of stock in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class MemoryStockBook:
    """Fits `flows.stock.store.StockBook`; `kept` is what it holds, by name."""

    def __init__(self) -> None:
        self.kept: dict[str, list[bytes]] = {}

    def lines(self, name: str) -> Iterator[bytes] | None:
        found = self.kept.get(name)
        return None if found is None else iter(found)

    def replace(self, name: str, lines: Iterable[bytes]) -> None:
        whole = list(lines)
        assert not [line for line in whole if line.find(b"\n") != len(line) - 1]
        self.kept[name] = whole

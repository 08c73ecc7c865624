"""The book of stock in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

A_BLOCK = 40


class MemoryStockBook:
    """Fits `flows.stock.store.StockBook`; `kept` is what it holds, by name. Its blocks are short, and cut anywhere."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def blocks(self, name: str) -> Iterator[bytes] | None:
        found = self.kept.get(name)
        if found is None:
            return None
        return (found[start : start + A_BLOCK] for start in range(0, len(found), A_BLOCK))

    def replace(self, name: str, blocks: Iterable[bytes]) -> None:
        self.kept[name] = b"".join(blocks)

"""Source documents in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class MemoryArchive:
    """Fits `ports.Archive`; `documents` is what it holds."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    def store(self, documents: Mapping[str, bytes]) -> None:
        self.documents.update(documents)

    def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.documents[key] for key in keys if key in self.documents}

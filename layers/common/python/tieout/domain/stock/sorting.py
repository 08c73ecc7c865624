"""Records put in order by their keys: kept as bytes in sorted runs, so that millions of them take little memory."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge as merged
from io import BytesIO
from itertools import groupby

A_RUN = 100_000
"""Lines that are sorted at once: as objects these take what all others take as bytes."""


class Sorter:
    """Takes records in any order, and gives them by key."""

    def __init__(self) -> None:
        self._runs: list[bytes] = []
        self._lines: list[bytes] = []

    def add(self, key: bytes, record: bytes) -> None:
        """Neither has a line end in it, and the key has no tab."""
        self._lines.append(b"%b\t%b\n" % (key, record))
        if len(self._lines) >= A_RUN:
            self._end_run()

    def groups(self) -> Iterator[list[bytes]]:
        """Records of one key after the other's, keys as bytes are sorted; those of a key by their own bytes."""
        self._end_run()
        for _, lines in groupby(merged(*map(BytesIO, self._runs)), key=_key_of):
            yield [line[line.index(b"\t") + 1 : -1] for line in lines]

    def _end_run(self) -> None:
        self._lines.sort()
        self._runs.append(b"".join(self._lines))
        self._lines = []


def _key_of(line: bytes) -> bytes:
    return line[: line.index(b"\t")]

"""Lines of a cycle as Parquet in the archive, with what only their own reading can tell; a cycle is in memory at once.

`settlement/<marketplace>/parquet/{lines,waiting,staged}/cycle=<id>/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from msgspec import DecodeError, Struct, json

from tieout import __version__
from tieout.books.parquet import COLUMNS, parquet_of
from tieout.flows.ports import At
from tieout.flows.settlement.log import LINES, NO_CYCLE, UNREAD, newest_lines
from tieout.flows.settlement.plan import digest_of

LAYOUT = f"{__version__} {' '.join(COLUMNS)}"
"""What another version of ours staged is staged again: it may have read the same rows otherwise."""


AT_ONCE = 8
"""Cycles that are read from the archive side by side."""


class Staged(Struct, frozen=True, kw_only=True):
    """What is kept beside the Parquet of a cycle."""

    layout: str
    digest: str
    """Of the lines, as a cycle that is booked keeps it."""
    unread: dict[str, str]
    """Why lines did not read in any version, by id."""


class Fetched(Struct, frozen=True, kw_only=True):
    """What the staged cycles of a marketplace tell beside their lines."""

    digests: Mapping[str, str]
    """By cycle; only where nothing is unread that may belong to it."""
    unread: Mapping[str, str]
    """Why lines did not read, by id."""


_STAGED = json.Decoder(Staged)


def stage_cycle(marketplace: str, cycle: str, at: At) -> int:
    """Keep the newest version of the lines of a cycle; answers how many lines."""
    page = at.marketplace(marketplace).read_lines(at.settlement_log.rows(marketplace, LINES, cycle))
    newest = newest_lines(page.lines)
    legible = {line.id for line in newest}
    staged = Staged(
        layout=LAYOUT,
        digest=digest_of(newest),
        unread={each.id: each.why for each in page.problems if each.id not in legible},
    )
    at.archive.store(
        {
            parquet_name(marketplace, cycle): parquet_of(newest),
            _staged_name(marketplace, cycle): json.encode(staged, order="deterministic"),
        }
    )
    return len(newest)


def fetch(folder: Path, marketplace: str, at: At) -> Fetched:
    """Put what was staged into the folder, a file at a time; what is not there, or of another layout, is staged now."""
    digests: dict[str, str] = {}
    unread: dict[str, str] = {}
    any_cycle = False
    for cycles in _some(at.settlement_log.partitions(marketplace, LINES)):
        for cycle, (packed, told) in _load(marketplace, cycles, at).items():
            place = folder / f"cycle={quote(cycle, safe='')}"
            place.mkdir()
            (place / "lines.parquet").write_bytes(packed)
            unread |= told.unread
            if not told.unread:
                digests[cycle] = told.digest
            elif cycle == UNREAD:
                any_cycle = True  # is in doubt: the line may belong to it
    return Fetched(digests={} if any_cycle else digests, unread=unread)


def parquet_name(marketplace: str, cycle: str) -> str:
    """Where lines stand as Parquet. Those in no cycle yet stand apart: whoever adds up must not meet a line twice."""
    folder = "waiting" if cycle in {NO_CYCLE, UNREAD} else "lines"
    return f"settlement/{marketplace}/parquet/{folder}/cycle={quote(cycle, safe='')}/lines.parquet"


def _some(cycles: Iterable[str]) -> Iterator[list[str]]:
    """A few at a time: they are read side by side, and are in memory together."""
    every = list(cycles)
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))


def _load(marketplace: str, cycles: Sequence[str], at: At) -> dict[str, tuple[bytes, Staged]]:
    names = {cycle: (parquet_name(marketplace, cycle), _staged_name(marketplace, cycle)) for cycle in cycles}
    found = at.archive.load([name for both in names.values() for name in both])
    loaded: dict[str, tuple[bytes, Staged]] = {}
    for cycle, (packed, beside) in names.items():
        if packed not in found or beside not in found or not _is_of_ours(found[beside]):
            stage_cycle(marketplace, cycle, at)
            found |= at.archive.load([packed, beside])
        loaded[cycle] = found[packed], _STAGED.decode(found[beside])
    return loaded


def _is_of_ours(told: bytes) -> bool:
    try:
        return _STAGED.decode(told).layout == LAYOUT
    except DecodeError:
        return False


def _staged_name(marketplace: str, cycle: str) -> str:
    return f"settlement/{marketplace}/parquet/staged/cycle={quote(cycle, safe='')}/staged.json"

"""A world: an export folder of what both vendors hold, read as the twins start from it."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import decimal_json
from sandbox.clock import moment_of

# Deadlines and delivery promises lie ahead: only what has happened tells how late it is in a world.
_HAPPENED = re.compile(
    rb'"(?:created_date|last_updated_date|customer_debited_date|acceptance_decision_date|date_created|last_updated'
    rb'|shipped_date|received_date|issue_date|trandate)":\s*"(\d{4}-\d{2}-\d{2}[^"]*)"'
)


class World:
    """An export folder: mirakl/<marketplace>/<file>.ndjson(.gz) and netsuite/<file>.ndjson(.gz); any may be missing."""

    def __init__(self, folder: Path | None) -> None:
        """Raises FileNotFoundError for a folder that is not there; None is a world where nothing has happened."""
        if folder is not None and not folder.is_dir():
            raise FileNotFoundError(f"there is no world at {folder}: it is a folder with mirakl/ and netsuite/ in it")
        if folder is not None and not any((folder / vendor).is_dir() for vendor in ("mirakl", "netsuite")):
            raise FileNotFoundError(f"{folder} is no world: it has neither mirakl/ nor netsuite/ in it")
        self.folder = folder

    def marketplaces(self) -> list[str]:
        if self.folder is None or not (self.folder / "mirakl").is_dir():
            return []
        return sorted(place.name for place in (self.folder / "mirakl").iterdir() if place.is_dir())

    def mirakl(self, marketplace: str, name: str) -> list[dict[str, Any]]:
        return self._rows("mirakl", marketplace, name)

    def netsuite(self, name: str) -> list[dict[str, Any]]:
        return self._rows("netsuite", name)

    def opens_at(self) -> datetime:
        """An hour after the newest thing that happened; now, where nothing has."""
        newest: datetime | None = None
        for file in self._files():
            found = _HAPPENED.findall(_bytes_of(file))
            if found:
                latest = max(_moment(text) for text in set(found))
                newest = max(newest, latest) if newest else latest
        return newest + timedelta(hours=1) if newest else datetime.now(UTC).replace(microsecond=0)

    def _rows(self, *place: str) -> list[dict[str, Any]]:
        if self.folder is None:
            return []
        file = self.folder.joinpath(*place[:-1])
        found = [file / f"{place[-1]}.ndjson{end}" for end in ("", ".gz")]
        return [row for path in found if path.is_file() for row in _rows_of(path)]

    def _files(self) -> Iterator[Path]:
        if self.folder is not None:
            for vendor in ("mirakl", "netsuite"):
                yield from sorted((self.folder / vendor).rglob("*.ndjson*"))


def _bytes_of(file: Path) -> bytes:
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw


def _rows_of(file: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_bytes_of(file).splitlines(), start=1):
        if line.strip():
            try:
                yield decimal_json.loads(line)
            except ValueError as wrong:
                raise ValueError(f"{file}, line {number}: {wrong}") from wrong


def _moment(text: bytes) -> datetime:
    read = text.decode()
    return moment_of(read) if "T" in read else datetime.fromisoformat(read).replace(tzinfo=UTC)

"""Files of an export folder: packed or not, and never both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tieout.books.rows import Decoder, Problem, numbered

T = TypeVar("T")


class Files:
    """Files of one folder; a file may be packed or not, but not there twice."""

    def __init__(self, folder: Path, root: Path, problems: list[Problem]) -> None:
        self._folder = folder
        self._root = root
        self._problems = problems

    def name(self, kind: str) -> str:
        """As problems call the file."""
        path = self._path(kind)
        return str((path or self._folder / f"{kind}.ndjson").relative_to(self._root))

    def there(self, kind: str) -> bool:
        """Whether there is such a file."""
        return self._path(kind) is not None

    def twice(self, kind: str) -> bool:
        """Whether it is there packed and unpacked: nobody can tell which one counts."""
        return all(path.exists() for path in self._paths(kind))

    def read(
        self,
        kind: str,
        decoder: Decoder,
        convert: Callable[[Any], T],
        bad: Callable[[bytes], object] | None = None,
    ) -> Iterator[tuple[int, T]]:
        """Rows with their numbers; none where there is no file."""
        path = self._path(kind)
        if self.twice(kind):
            plain, packed = (each.name for each in self._paths(kind))
            self._problems.append(Problem(self.name(kind), 0, "", f"is there as {plain} and as {packed}: keep one"))
            if bad:
                bad(b"")
        elif path:
            yield from numbered(path, decoder, convert, self._problems, name=self.name(kind), bad=bad)

    def needed(self, kind: str, otherwise: str) -> None:
        """Tell what it means that a file is not there."""
        if not self.there(kind):
            self._problems.append(Problem(self.name(kind), 0, "", f"is missing: {otherwise}"))

    def _paths(self, kind: str) -> tuple[Path, Path]:
        return self._folder / f"{kind}.ndjson", self._folder / f"{kind}.ndjson.gz"

    def _path(self, kind: str) -> Path | None:
        return next((path for path in self._paths(kind) if path.exists()), None)

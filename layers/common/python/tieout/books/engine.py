"""The engine that books are compared in (DuckDB), loaded when something is to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def opened(database: str = ":memory:") -> DuckDBPyConnection:
    """A connection, to be closed: in memory, or to a file."""
    import duckdb  # noqa: PLC0415  a fifth of the function's start, and most of its runs find nothing to compare

    return duckdb.connect(database)

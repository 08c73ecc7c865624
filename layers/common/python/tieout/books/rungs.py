"""By which rung of the key ladder NetSuite's documents were found: told with every break of their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.ladder import Climbed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def stage_rungs(engine: DuckDBPyConnection, marketplace: str, climbed: Climbed) -> None:
    """Keep them beside what is compared; they are few."""
    if climbed.found:
        engine.executemany(
            "INSERT INTO rung VALUES (?, ?, ?, ?)",
            [[marketplace, order_id, number, rung.value] for order_id, number, rung in climbed.found],
        )


def with_rungs(engine: DuckDBPyConnection, breaks: Iterable[Break]) -> list[Break]:
    """Breaks of an order say which documents it was given without naming it: a wrong pairing is where to look first."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for mkp, order_id, number, how in engine.execute("SELECT DISTINCT * FROM rung ORDER BY ALL").fetchall():
        found[mkp, order_id].append(f"{number} by {how}")
    return [_with(each, found.get((each.marketplace, each.order_id or ""), [])) for each in breaks]


def _with(found: Break, rungs: list[str]) -> Break:
    if not rungs:
        return found
    return replace(found, explanation=f"{found.explanation} Found in NetSuite: {', '.join(rungs)}.")

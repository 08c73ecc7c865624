"""A million transaction lines reconciled; and one match of it in our engine, in plain Python and in polars, by itself.

`python -m benchmarks.reconcile ENGINE FOLDER` runs one engine on staged tables and prints what it took.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from msgspec.structs import replace

from benchmarks import ROOT
from benchmarks.result import Result
from benchmarks.settlement import RULES
from tieout.books.reconcile import compare
from tieout.books.stage import run, stage_rules
from tieout.domain.ledger.rules import Mode

ORDERS = 250_000
LINES = 4 * ORDERS
AS_OF = date(2026, 11, 30)
MOST_MEMORY = "350MB"
TABLES = ("line", "sold", "sold_tax", "booked", "document", "cycle", "total")
MONTH = ROOT / "benchmarks" / "a_month_of_lines.sql"
WRONG = (
    len(range(0, ORDERS, 1000))
    + len(range(1, ORDERS, 1003))
    - len({*range(0, ORDERS, 1000)} & {*range(1, ORDERS, 1003)})
)
"""Orders with an invoice of 5 pence more, or none."""


def make(folder: Path, orders: int = ORDERS) -> None:
    """A month at rest: a Parquet file a table."""
    with duckdb.connect() as engine:
        engine.execute("SET enable_progress_bar = false")
        run(engine, "0_tables.sql")
        engine.execute(MONTH.read_text(encoding="utf-8").replace("$ORDERS", str(orders)))
        for table in TABLES:
            engine.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")


def by_duckdb(folder: Path) -> int:
    """Everything that `tieout reconcile` compares: all stages, and every code."""
    with duckdb.connect() as engine:
        engine.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
        engine.execute(f"SET memory_limit = '{MOST_MEMORY}'")
        run(engine, "0_tables.sql")
        for table in TABLES:
            engine.execute(f"DROP TABLE {table}")
            engine.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{folder / table}.parquet')")
        rules = replace(RULES, mode=Mode.RECORD_LEVEL)
        stage_rules(engine, [rules], AS_OF)
        return len(compare(engine, {rules.marketplace: rules}, AS_OF).breaks)


def match_by_duckdb(folder: Path) -> int:
    """What plain Python and polars do below, and no more."""
    with duckdb.connect() as engine:
        engine.execute("SET threads = 2; SET enable_progress_bar = false")
        engine.execute(f"SET memory_limit = '{MOST_MEMORY}'")
        for table in ("line", "booked", "sold"):
            engine.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{folder / table}.parquet')")
        found = engine.execute(_MATCH).fetchone()
        assert found is not None
        return int(found[0])


_MATCH = """
SELECT count(*)
FROM (
  SELECT order_id,
    coalesce(sum(a) FILTER (type IN ('ORDER_AMOUNT', 'ORDER_AMOUNT_TAX')), 0) AS gross,
    coalesce(sum(a) FILTER (type = 'ORDER_AMOUNT_TAX'), 0) AS tax,
    coalesce(-sum(a) FILTER (type = 'COMMISSION_FEE'), 0) AS fee
  FROM line WHERE order_id IS NOT NULL GROUP BY order_id
) logged
LEFT JOIN (SELECT order_id, sum(total) AS total, sum(tax) AS tax FROM booked GROUP BY order_id) billed USING (order_id)
LEFT JOIN (SELECT order_id, commission FROM sold) sold USING (order_id)
WHERE billed.total IS NULL OR billed.total <> gross OR billed.tax <> logged.tax OR fee <> commission
"""


def by_python(folder: Path) -> int:
    """Gross and tax by order, commission by order line, invoices: dictionaries of ints."""
    gross: defaultdict[str, int] = defaultdict(int)
    tax: defaultdict[str, int] = defaultdict(int)
    fee: defaultdict[str, int] = defaultdict(int)
    for order, kind, amount in _rows(folder, "line", "order_id, type, a"):
        if order is None:
            continue
        if kind in {"ORDER_AMOUNT", "ORDER_AMOUNT_TAX"}:
            gross[order] += amount
            if kind == "ORDER_AMOUNT_TAX":
                tax[order] += amount
        elif kind == "COMMISSION_FEE":
            fee[order] -= amount
    billed: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for order, total, of_it in _rows(folder, "booked", "order_id, total, tax"):
        billed[order][0] += total
        billed[order][1] += of_it
    due = dict(_rows(folder, "sold", "order_id, commission"))
    return sum(
        order not in billed or billed[order] != [gross[order], tax[order]] or fee[order] != due[order]
        for order in gross
    )


def _rows(folder: Path, table: str, columns: str) -> Any:
    with duckdb.connect() as engine:
        engine.execute("SET threads = 1")
        found = engine.execute(f"SELECT {columns} FROM read_parquet('{folder / table}.parquet')")
        while rows := found.fetchmany(10_000):
            yield from rows


def by_polars(folder: Path) -> int:
    """The same by lazy frames."""
    import polars as pl  # noqa: PLC0415  only this engine needs it

    line = pl.scan_parquet(folder / "line.parquet").filter(pl.col("order_id").is_not_null())
    kind, amount = pl.col("type"), pl.col("a")
    logged = line.group_by("order_id").agg(
        amount.filter(kind.is_in(["ORDER_AMOUNT", "ORDER_AMOUNT_TAX"])).sum().alias("gross"),
        amount.filter(kind == "ORDER_AMOUNT_TAX").sum().alias("log_tax"),
        (-amount.filter(kind == "COMMISSION_FEE").sum()).alias("fee"),
    )
    billed = (
        pl.scan_parquet(folder / "booked.parquet").group_by("order_id").agg(pl.col("total").sum(), pl.col("tax").sum())
    )
    sold = pl.scan_parquet(folder / "sold.parquet").select("order_id", "commission")
    both = logged.join(billed, on="order_id", how="left").join(sold, on="order_id", how="left")
    off = both.filter(
        pl.col("total").is_null()
        | (pl.col("total") != pl.col("gross"))
        | (pl.col("tax") != pl.col("log_tax"))
        | (pl.col("fee") != pl.col("commission"))
    )
    return int(off.select(pl.len()).collect().item())


ENGINES: dict[str, Callable[[Path], int]] = {
    "duckdb": by_duckdb,
    "duckdb-match": match_by_duckdb,
    "python": by_python,
    "polars": by_polars,
}


def measure() -> list[Result]:
    """Each engine in a process of its own, on the same files."""
    with tempfile.TemporaryDirectory() as name:
        make(Path(name))
        took = {engine: _alone(engine, name) for engine in ENGINES}
    ours = took["duckdb"]
    found = f"{ours['breaks']} breaks found of {WRONG} put in"
    results = [
        Result(
            what=f"{LINES:,} lines reconciled, all stages",
            figure=ours["seconds"],
            unit="s",
            goal=5,
            at_least=False,
            how=f"staged tables as Parquet, 2 threads, DuckDB held to {MOST_MEMORY}; {found}",
        ),
        Result(
            what="its peak memory", figure=ours["megabytes"], unit="MB", goal=512, at_least=False, how="whole process"
        ),
    ]
    for engine, words in (
        ("duckdb-match", "DuckDB"),
        ("python", "plain Python, dictionaries"),
        ("polars", "polars, lazy"),
    ):
        theirs = took[engine]
        how = f"gross, tax and commission by order only; {theirs['breaks']} found"
        results += [
            Result(what=f"{words}: one match of it", figure=theirs["seconds"], unit="s", how=how),
            Result(what=f"{words}: its peak memory", figure=theirs["megabytes"], unit="MB"),
        ]
    return results


def _alone(engine: str, folder: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reconcile", engine, folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Run one engine, and say what it took."""
    engine, folder = sys.argv[1:]
    began = time.perf_counter()
    breaks = ENGINES[engine](Path(folder))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "megabytes": peak(), "breaks": breaks}))


def peak() -> float:
    """Megabytes that this process held at most. `ru_maxrss` would count its parent's, which made the lines."""
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

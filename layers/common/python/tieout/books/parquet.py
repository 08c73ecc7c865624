"""Transaction lines as Parquet, for questions that nobody thought of before (Athena, or any engine that reads it)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import json

from tieout.books.engine import opened
from tieout.books.stage import MATCH
from tieout.domain.ledger.line import Line
from tieout.domain.ledger.types import ALIASES
from tieout.domain.money import exponent_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = {
    "id": "VARCHAR",
    "type": "VARCHAR",
    "amount": "DECIMAL(18, 3)",
    "currency": "VARCHAR",
    "created": "TIMESTAMP",
    "updated": "TIMESTAMP",
    "state": "VARCHAR",
    "document": "VARCHAR",
    "psp": "VARCHAR",
    "shop": "VARCHAR",
    "balance": "DECIMAL(18, 3)",
    "order_id": "VARCHAR",
    "order_line_id": "VARCHAR",
    "refund_id": "VARCHAR",
    "shipment_id": "VARCHAR",
    "debit_id": "VARCHAR",
    "tax_code": "VARCHAR",
    "tax_rate": "DECIMAL(9, 4)",
    "fee_code": "VARCHAR",
    "description": "VARCHAR",
}
"""Of `Line`, with their types: exact decimals with the three digits that any currency has, and instants in UTC. The
cycle is the partition.
"""


def parquet_of(lines: Iterable[Line]) -> bytes:
    """A Parquet file of these lines, by id: the same lines are the same bytes."""
    with TemporaryDirectory(prefix="tieout-") as folder:
        rows, packed = Path(folder) / "lines.ndjson", Path(folder) / "lines.parquet"
        with rows.open("wb") as out:
            for line in lines:
                out.write(json.encode(line) + b"\n")
        with opened() as engine:
            engine.execute("SET threads = 1")
            engine.execute(
                f"COPY (SELECT {', '.join(COLUMNS)} FROM read_json(?, format = 'newline_delimited', columns = ?)"  # noqa: S608  names of ours
                " ORDER BY id) TO '" + str(packed) + "' (FORMAT parquet, COMPRESSION zstd)",
                [str(rows), COLUMNS],
            )
        return packed.read_bytes()


def few_from_parquet(folder: Path, types: Iterable[str]) -> list[Line]:
    """Lines of these types of the folder, once each; whatever the log's size, few are asked for."""
    files = sorted(map(str, folder.glob("cycle=*/*.parquet")))
    if not files:
        return []
    query = (MATCH / "few_from_parquet.sql").read_text(encoding="utf-8")
    with opened() as engine:
        found = engine.execute(query, {"files": files, "types": sorted(types)})
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        row["created"] = row["created"].replace(tzinfo=UTC)
        row["updated"] = row["updated"].replace(tzinfo=UTC)
    return [Line(**row) for row in rows]


def lines_from_parquet(engine: DuckDBPyConnection, marketplace: str, folder: Path) -> None:
    """Fill the table `line` of `match/` with every line of the folder `cycle=<id>/*.parquet`, once."""
    files = sorted(map(str, folder.glob("cycle=*/*.parquet")))
    if not files:
        return
    currencies = engine.execute("SELECT DISTINCT currency FROM read_parquet(?)", [files]).fetchall()
    engine.execute("CREATE OR REPLACE TEMP TABLE currency_units (code VARCHAR, units DECIMAL(9, 0))")
    engine.execute("CREATE OR REPLACE TEMP TABLE type_alias (name VARCHAR, type VARCHAR)")
    for (code,) in currencies:
        engine.execute("INSERT INTO currency_units VALUES (?, ?)", [code, 10 ** exponent_of(code)])
    for name, kind in ALIASES.items():
        engine.execute("INSERT INTO type_alias VALUES (?, ?)", [name, kind])
    query = (MATCH / "from_parquet.sql").read_text(encoding="utf-8")
    engine.execute(query, {"marketplace": marketplace, "files": files})

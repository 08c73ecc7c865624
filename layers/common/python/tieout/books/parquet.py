"""Transaction lines as Parquet, for questions that nobody thought of before (Athena, or any engine that reads it)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from msgspec import json

from tieout.domain.ledger.line import Line

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
        with duckdb.connect() as engine:
            engine.execute("SET threads = 1")
            engine.execute(
                f"COPY (SELECT {', '.join(COLUMNS)} FROM read_json(?, format = 'newline_delimited', columns = ?)"  # noqa: S608  names of ours
                " ORDER BY id) TO '" + str(packed) + "' (FORMAT parquet, COMPRESSION zstd)",
                [str(rows), COLUMNS],
            )
        return packed.read_bytes()

"""OUT: the twins' books and ours, as files."""

import json
import shutil
from pathlib import Path
from typing import Any

from sandbox.demo.outcome import Outcome


def write_out(out: Path, outcome: Outcome, summary: dict[str, Any]) -> None:
    """netsuite/<type>.ndjson, mirakl/<marketplace>/{orders,shipments,returns,offers}.ndjson, parked and summary.

    Former ones go.
    """
    for former in (out / "netsuite", out / "mirakl"):
        shutil.rmtree(former, ignore_errors=True)
    books = outcome.books
    for kind, records in books.netsuite.items():
        _write(out / "netsuite" / f"{kind}.ndjson", records)
    for name, listed in (
        ("orders", books.orders),
        ("shipments", books.shipments),
        ("returns", books.returns),
        ("offers", books.offers),
    ):
        for marketplace, records in listed.items():
            _write(out / "mirakl" / marketplace / f"{name}.ndjson", records)
    lines = [json.dumps(line, ensure_ascii=False) for line in outcome.parked]
    _write(out / "parked.ndjson", "".join(f"{line}\n" for line in lines).encode())
    _write(out / "summary.json", (json.dumps(summary, indent=1, ensure_ascii=False) + "\n").encode())


def _write(file: Path, text: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)

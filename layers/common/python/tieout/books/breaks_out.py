"""The files of an offline reconciliation: `breaks.ndjson`, `information.ndjson`, `problems.ndjson`.

Field names are a contract (docs/finance/breaks.md). The same export gives the same bytes; amounts are text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tieout.books.postings_out import PROBLEMS, problem_row, shown, write_rows
from tieout.books.reconcile import Reconciled
from tieout.domain.reconcile.breaks import Break

BREAKS = "breaks.ndjson"
INFORMATION = "information.ndjson"


def break_row(found: Break) -> dict[str, Any]:
    """A line of `breaks.ndjson`."""
    return {
        "code": found.code,
        "key": found.key,
        "order_id": found.order_id,
        "refund_id": found.refund_id,
        "marketplace": found.marketplace,
        "cycle": found.cycle,
        "currency": found.currency,
        "amount": shown(found.amount, found.currency),
        "blocks_close": found.blocks_close,
        "explanation": found.explanation,
        "proposal": found.proposal,
    }


def write_reconciled(reconciled: Reconciled, out: Path) -> None:
    """Write the three files, each whole or not at all. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    write_rows(out / BREAKS, map(break_row, reconciled.breaks))
    write_rows(out / INFORMATION, map(break_row, reconciled.information))
    write_rows(out / PROBLEMS, map(problem_row, reconciled.problems))

"""The files of an offline settlement: `postings.ndjson`, `proof.ndjson`, `problems.ndjson`.

Field names are a contract (docs/finance/try-it-on-files.md). The same export gives the same bytes. Amounts are text,
with the digits of their currency, so that no reader makes a float of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tieout.books.rows import Problem
from tieout.books.settling import Outcome
from tieout.domain.ledger.proof import Proof, Status
from tieout.domain.ledger.record import Record
from tieout.domain.money import rounded

POSTINGS = "postings.ndjson"
PROOF = "proof.ndjson"
PROBLEMS = "problems.ndjson"
_ENCODE = msgspec.json.Encoder().encode


def shown(amount: Decimal, currency: str) -> str:
    """`12.50`: with the currency's digits; one that had more would be shown whole, never rounded away."""
    figure = rounded(amount, currency)
    return f"{(figure if figure == amount else amount) + 0:f}"


def posting_row(record: Record) -> dict[str, Any]:
    """A line of `postings.ndjson`."""
    currency = record.currency
    return {
        "external_id": record.external_id,
        "record_type": record.type.value,
        "marketplace": record.marketplace,
        "cycle": record.cycle,
        "date": record.day.isoformat(),
        "currency": currency,
        "lines": [
            {
                "role": entry.role.value,
                "account": entry.account,
                "debit": shown(entry.debit, currency),
                "credit": shown(entry.credit, currency),
                "entity": entry.entity,
                "memo": entry.memo,
            }
            for entry in record.entries
        ],
        "source_line_ids": sorted(record.source_line_ids),
        "applications": [
            {"external_id": each.external_id, "number": each.number, "amount": shown(each.amount, currency)}
            for each in record.applications
        ],
    }


def proof_row(proof: Proof) -> dict[str, Any]:
    """A line of `proof.ndjson`; a held cycle says why."""
    currency = proof.currency
    row: dict[str, Any] = {
        "marketplace": proof.marketplace,
        "cycle": proof.cycle,
        "currency": currency,
        "lines": proof.lines,
        "sum_of_lines": shown(proof.sum_of_lines, currency),
        "amount_transferred_to_seller": shown(proof.transferred, currency),
        "carried_in": shown(proof.carried_in, currency),
        "carried_out": shown(proof.carried_out, currency),
        "posted_to_clearing": shown(proof.posted_to_clearing, currency),
        "residual": shown(proof.residual, currency),
        "status": proof.status.value,
    }
    if proof.payout_waits:
        row["payout_waits"] = proof.payout_waits
    if proof.status is Status.HELD:
        row["reasons"] = [
            {"code": each.code.value, "key": each.key, "explanation": each.explanation} for each in proof.reasons
        ]
    return row


def problem_row(problem: Problem) -> dict[str, Any]:
    """A line of `problems.ndjson`."""
    return {"file": problem.file, "line": problem.line, "field": problem.field, "message": problem.message}


def write_outcome(outcome: Outcome, out: Path) -> None:
    """Write the three files, each whole or not at all. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    write_rows(out / POSTINGS, map(posting_row, outcome.records))
    write_rows(out / PROOF, map(proof_row, outcome.proofs))
    write_rows(out / PROBLEMS, map(problem_row, outcome.problems))


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """A row a line; a file of an earlier run stays until this one is complete."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        for row in rows:
            file.write(_ENCODE(row))
            file.write(b"\n")
    partial.replace(path)

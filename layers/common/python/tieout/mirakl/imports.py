"""What the three imports of offers have in common: a file is taken, followed, and told what of it was refused."""

from __future__ import annotations

from urllib.parse import quote

from tieout.domain.errors import NeedsAttention, OutcomeUnknown, Reason, SystemDown
from tieout.domain.stock.offer import Import, Rejected
from tieout.mirakl.connection import Calls, Connection
from tieout.mirakl.error_reports import rejected_lines
from tieout.mirakl.forms import form_with
from tieout.mirakl.values import text, utc
from tieout.mirakl.wire_offers import FILE_STATE, FILE_TAKEN, FileState

ANY_FILE = "*/*"
"""Reports are CSV by documentation, and come as `text/csv` or `application/octet-stream`."""


def take(calls: Calls, operation: str, path: str, file: bytes, fields: dict[str, str]) -> str:
    """Upload a file; answers the import's id. Raises OutcomeUnknown where Mirakl names none."""
    body, content_type = form_with(file, f"{operation.lower()}.csv", fields)
    taken = calls.upload(FILE_TAKEN, operation, path, body, content_type)
    if taken.import_id is None or taken.import_id == "":
        raise OutcomeUnknown(f"Mirakl answered {operation} without an import id")
    return str(taken.import_id)


def followed(calls: Calls, operation: str, path: str, import_id: str) -> Import:
    """How far a file is."""
    return state_of(calls.ask(FILE_STATE, operation, path), operation, import_id)


def state_of(told: FileState, operation: str, import_id: str) -> Import:
    """A state as told; an unknown one stays as it is, and none at all is no answer."""
    if not told.status:
        raise SystemDown(f"Mirakl answered {operation} without a status")
    in_error = _count(told.lines_in_error, operation)
    return Import(
        import_id=text(told.import_id) or import_id,
        state=told.status,
        in_success=_count(told.lines_in_success, operation),
        in_error=in_error,
        # A report that is not announced is asked for all the same where lines are in error.
        has_errors=bool(told.has_error_report) or in_error > 0,
        why=told.reason_status or "",
        created_at=None if told.date_created is None else utc(told.date_created),
    )


def refused_lines(calls: Calls, operation: str, path: str) -> list[Rejected]:
    """The report of lines that were not taken."""
    _, answer = calls.get(operation, path, accept=ANY_FILE)
    return rejected_lines(answer.body)


def whose(connection: Connection, field: str, shop: str = "") -> dict[str, str]:
    """Whose offers a file changes: a seller's call says so itself, an operator's form has to.

    Raises NeedsAttention(REFUSED_BY_MIRAKL) where an operator names no shop.
    """
    if connection.role == "seller":
        return {}
    if not shop:
        facts = {"message": "an operator's offers are changed for one shop: name its own in operator.own_shops"}
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, facts)
    return {field: shop}


def part(import_id: str) -> str:
    """An id as one segment of a path."""
    return quote(import_id, safe="")


def _count(told: int | str | None, operation: str) -> int:
    try:
        return int(told or 0)
    except ValueError as error:
        raise SystemDown(f"Mirakl answered {operation} with a count that is no number") from error

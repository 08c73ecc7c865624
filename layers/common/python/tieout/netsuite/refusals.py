"""What NetSuite's answers mean for us: who acts.

Most business refusals share the code USER_ERROR, so duplicates, locks and permissions are told by the few phrases that
Oracle publishes. What is not recognised goes to a person, with NetSuite's words; it is never repeated blindly.
"""

from __future__ import annotations

import re
from typing import TypeVar

from msgspec import DecodeError, Struct, ValidationError, field
from msgspec.json import Decoder

from tieout.calls import Answer, Call
from tieout.domain.errors import (
    AlreadyExists,
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    Retryable,
    SystemDown,
    Throttled,
    TieoutError,
)

LONGEST_DETAIL = 300

DUPLICATE_CODES = frozenset({"DUP_RCRD", "DUP_ENTITY", "DUP_EXTID", "DUP_ITEM", "UNIQUE_CUST_ID_REQD"})
BUSY_CODES = frozenset({"RCRD_HAS_BEEN_CHANGED", "CUSTOM_RECORD_COLLISION", "RCRD_LOCKED"})
LIMIT_CODES = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED"})
PERMISSION_CODES = frozenset({"INSUFFICIENT_PERMISSION"})

_DUPLICATE = re.compile(r"\b(entity|record|item|external ?id)\b[^.]*\balready exists\b", re.IGNORECASE)
_BUSY = re.compile(r"currently being edited|record has been changed", re.IGNORECASE)
_PERMISSION = re.compile(r"role does not have permission|do not have permission to (access|perform)", re.IGNORECASE)

T = TypeVar("T")


class ErrorDetail(Struct, frozen=True):
    """One of `o:errorDetails`."""

    detail: str = ""
    code: str = field(name="o:errorCode", default="")
    path: str = field(name="o:errorPath", default="")


class ErrorBody(Struct, frozen=True):
    """NetSuite's error envelope."""

    title: str = ""
    details: list[ErrorDetail] = field(name="o:errorDetails", default_factory=list)


_ERROR = Decoder(ErrorBody)


def refusal_of(call: Call, answer: Answer) -> TieoutError | None:
    """None for a 2xx; otherwise the error that says who acts."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004
        return None
    what = f"NetSuite answered {call.operation} with {status}"
    error = _first(answer)
    if status == 429 or error.code in LIMIT_CODES:  # noqa: PLR2004
        return Throttled(what, answer.retry_after)
    if status == 401:  # noqa: PLR2004
        return CredentialsRefused(what)
    if 400 <= status < 500:  # noqa: PLR2004
        return _refused(what, status, error)
    return SystemDown(what) if call.reads else OutcomeUnknown(what)


def _refused(what: str, status: int, error: ErrorDetail) -> TieoutError:
    if error.code in DUPLICATE_CODES or _DUPLICATE.search(error.detail):
        return AlreadyExists(f"{what}: {error.detail[:LONGEST_DETAIL]}")
    if error.code in BUSY_CODES or _BUSY.search(error.detail):
        return Retryable(f"{what}: {error.detail[:LONGEST_DETAIL]}")
    facts = {"code": error.code or str(status), "detail": error.detail[:LONGEST_DETAIL] or "no details given"}
    if error.path:
        facts["path"] = error.path
    if status == 403 or error.code in PERMISSION_CODES or _PERMISSION.search(error.detail):  # noqa: PLR2004
        facts["hint"] = "the integration role lacks a permission: run `tieout doctor`"
    return NeedsAttention(Reason.REFUSED_BY_NETSUITE, facts)


def _first(answer: Answer) -> ErrorDetail:
    try:
        body = _ERROR.decode(answer.body)
    except (ValidationError, DecodeError):
        return ErrorDetail()
    return body.details[0] if body.details else ErrorDetail(detail=body.title)


def read(decoder: Decoder[T], call: Call, answer: Answer) -> T:
    """The body of a read's 2xx. Raises SystemDown when it is not the JSON that was asked for."""
    try:
        return decoder.decode(answer.body)
    except (ValidationError, DecodeError) as error:
        raise SystemDown(f"NetSuite answered {call.operation} with something else than its JSON") from error

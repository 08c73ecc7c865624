"""Pages of the log, of cycles and of documents from their bytes: what does not read is told with its bytes, not lost.

The same readers serve what Mirakl just answered and what the archive kept of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder

from tieout.domain.exchange import CyclePage, DocumentPage, LinePage, UnreadRow
from tieout.domain.ledger.line import Document
from tieout.mirakl.document_rows import document_of_request
from tieout.mirakl.settlement_rows import Unreadable, cycle_of, document_of, line_of
from tieout.mirakl.values import name_of_their_own, text
from tieout.mirakl.wire_documents import REQUEST_WITH_LINES, RequestWithLines
from tieout.mirakl.wire_settlement import ACCOUNTING_DOCUMENT, BILLING_CYCLE, TRANSACTION_LINE

Wire = TypeVar("Wire")
Row = TypeVar("Row")


class _Head(Struct, frozen=True):
    id: str | int | None = None


class _CycleNamed(Struct, frozen=True):
    seller_billing_cycle_id: str | None = None


_HEAD = Decoder(_Head)
_CYCLE_NAMED = Decoder(_CycleNamed)


def line_page(raw: Sequence[bytes]) -> LinePage:
    """Transaction lines (TL02, TL05)."""
    lines, problems = _page(raw, TRANSACTION_LINE, line_of)
    return LinePage(list(raw), lines, problems)


def cycle_page(raw: Sequence[bytes]) -> CyclePage:
    """Billing cycles (SBC11)."""
    cycles, problems = _page(raw, BILLING_CYCLE, cycle_of)
    return CyclePage(list(raw), cycles, problems)


def document_page(raw: Sequence[bytes]) -> DocumentPage:
    """Accounting documents (IV01), and document requests with their rows (DR11, DR12) as `joined` writes them."""
    documents: list[Document] = []
    problems: list[UnreadRow] = []
    for place, each in enumerate(raw):
        try:
            document = _document(each)
        except (ValidationError, DecodeError, Unreadable) as error:
            problems.append(_unread(place, each, str(error)))
        else:
            if document is not None:
                documents.append(document)
    return DocumentPage(list(raw), documents, problems)


def joined(request: bytes, lines: Sequence[bytes]) -> bytes:
    """A document request and its rows as one document for the archive."""
    return b'{"request":' + request + b',"lines":[' + b",".join(lines) + b"]}"


def _unread(place: int, raw: bytes, why: str) -> UnreadRow:
    """What can still be said of a row that does not read."""
    return UnreadRow(place, _id(raw) or name_of_their_own(raw), why, _cycle_named(raw) or None)


def _page(
    raw: Sequence[bytes], decoder: Decoder[Wire], convert: Callable[[Wire], Row]
) -> tuple[list[Row], list[UnreadRow]]:
    rows: list[Row] = []
    problems: list[UnreadRow] = []
    for place, each in enumerate(raw):
        try:
            rows.append(convert(decoder.decode(each)))
        except (ValidationError, DecodeError, Unreadable) as error:
            problems.append(_unread(place, each, str(error)))
    return rows, problems


def _document(raw: bytes) -> Document | None:
    if raw.startswith(b'{"request":'):
        whole: RequestWithLines = REQUEST_WITH_LINES.decode(raw)
        return document_of_request(whole)
    return document_of(ACCOUNTING_DOCUMENT.decode(raw))


def _id(raw: bytes) -> str:
    try:
        return text(_HEAD.decode(raw).id)
    except (ValidationError, DecodeError):
        return ""


def _cycle_named(raw: bytes) -> str:
    try:
        return _CYCLE_NAMED.decode(raw).seller_billing_cycle_id or ""
    except (ValidationError, DecodeError):
        return ""

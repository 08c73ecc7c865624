"""A Mirakl return in the words of the domain (RT11)."""

from __future__ import annotations

from datetime import datetime

from msgspec import DecodeError, ValidationError

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.returns.goods import FetchedReturn, Return, ReturnLine
from tieout.mirakl import wire_taking_back as wire
from tieout.mirakl.values import NEVER, Unreadable, name_of_their_own, needed, text, units, utc


def fetched_return(raw: bytes) -> FetchedReturn:
    """A return of a page with its bytes. One that does not read is kept with its problem, so that it parks."""
    try:
        back = read_return(raw)
    except NeedsAttention as why:
        return_id, order_id, updated_at = _head(raw)
        return FetchedReturn(return_id, order_id, updated_at, raw, None, why.facts["problem"])
    return FetchedReturn(back.id, back.order_id, back.updated_at, raw, back)


def _head(raw: bytes) -> tuple[str, str, datetime]:
    try:
        head = wire.RETURN_HEAD.decode(raw)
    except (ValidationError, DecodeError):
        head = wire.ReturnHead()
    updated_at = head.last_updated
    return head.id or name_of_their_own(raw), head.order_id or "", utc(updated_at) if updated_at else NEVER


def read_return(raw: bytes) -> Return:
    """A return from its bytes. Raises NeedsAttention(UNREADABLE_DOCUMENT), with the ids as far as they read."""
    try:
        return _return(wire.RETURN.decode(raw))
    except (ValidationError, DecodeError, Unreadable) as error:
        return_id, order_id, _ = _head(raw)
        facts = {"return_id": return_id, "order_id": order_id, "problem": str(error)}
        raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, facts) from error


def _return(theirs: wire.Return) -> Return:
    if not theirs.return_lines:
        raise Unreadable("return_lines is missing")
    return Return(
        id=needed(theirs.id, "id"),
        order_id=needed(theirs.order_id, "order_id"),
        state=needed(theirs.state, "state"),
        lines=tuple(
            [
                ReturnLine(
                    needed(line.order_line_id, f"return_lines[{index}].order_line_id"),
                    units(line.quantity, f"return_lines[{index}].quantity"),
                    text(line.reason_code) or text(theirs.reason_code),
                )
                for index, line in enumerate(theirs.return_lines)
            ]
        ),
        created_at=utc(needed(theirs.date_created, "date_created")),
        updated_at=utc(needed(theirs.last_updated, "last_updated")),
        reference=text(theirs.rma),
    )

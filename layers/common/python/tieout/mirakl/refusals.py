"""What Mirakl's answers mean for us: who acts. The status code decides; messages are passed on, never branched on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from tieout.calls import Answer, Call
from tieout.domain.errors import (
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    SystemDown,
    Throttled,
    TieoutError,
)
from tieout.mirakl import wire

DEFAULT_WAIT_SECONDS = 60.0
"""Waited after a 429 whose Retry-After is missing or garbled."""
LONGEST_MESSAGE = 300
NOT_ANSWERED = "not in Mirakl's answer"
"""Of an item that was sent and that a 2xx does not name: nothing says that it was done."""
NEEDS_A_FEATURE = frozenset({"OR30", "S20"})
"""Operations that a platform ("Shop partial cancelation"), or an operator's role ("Shops"), grants or not: a 403 says
nothing about the key."""
GRANTED_APART: Mapping[str, str] = {
    **dict.fromkeys(("STO01", "STO02", "STO03"), "ROLE_PARTNER_OFFER_STOCK_WRITE"),
    "OF01": "ROLE_PARTNER_OFFER_WRITE",
    **dict.fromkeys(("OF02", "OF03"), "ROLE_PARTNER_OFFER_TRACKING_READ"),
    "PRI01": "ROLE_PARTNER_OFFER_PRICING_WRITE",
    **dict.fromkeys(("PRI02", "PRI03"), "ROLE_PARTNER_OFFER_PRICING_READ"),
    "P31": "ROLE_PARTNER_PRODUCT_READ",
}
"""Roles that a key has or lacks for these alone: with a 403 orders still work, and their flow must not stop for it."""

_REFUSAL = Decoder(wire.Refusal)

T = TypeVar("T")


def refusal_of(call: Call, answer: Answer) -> TieoutError | None:
    """None for a 2xx; otherwise the error that says who acts."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004
        return None
    what = f"Mirakl answered {call.operation} with {status}"
    if status == 429:  # noqa: PLR2004
        wait = answer.retry_after
        return Throttled(what, DEFAULT_WAIT_SECONDS if wait is None else wait)
    if status == 403 and call.operation in {*NEEDS_A_FEATURE, *GRANTED_APART}:  # noqa: PLR2004
        return NeedsAttention(Reason.REFUSED_BY_MIRAKL, _words(answer) | _missing_role(call.operation))
    if status in (401, 403):
        return CredentialsRefused(what)
    if 400 <= status < 500:  # noqa: PLR2004
        return NeedsAttention(Reason.REFUSED_BY_MIRAKL, _words(answer))
    return SystemDown(what) if call.reads else OutcomeUnknown(what)


def _missing_role(operation: str) -> dict[str, str]:
    role = GRANTED_APART.get(operation)
    return {"hint": f"the key's user needs {role}, or ROLE_SHOP_ADMIN, for {operation}"} if role else {}


def _words(answer: Answer) -> dict[str, str]:
    facts = {"status": str(answer.status)}
    try:
        refusal = _REFUSAL.decode(answer.body)
    except (ValidationError, DecodeError):
        return facts
    first = refusal.errors[0] if refusal.errors else wire.ErrorDetail()
    code, message = refusal.code or first.code, first.message or refusal.message
    if code:
        facts["code"] = code
    if message:
        facts["message"] = message[:LONGEST_MESSAGE]
    return facts


def read(decoder: Decoder[T], call: Call, answer: Answer) -> T:
    """The body of a 2xx. Raises SystemDown (a write: OutcomeUnknown) when it is not the JSON that was asked for."""
    try:
        return decoder.decode(answer.body)
    except (ValidationError, DecodeError) as error:
        what = f"Mirakl answered {call.operation} with something else than its JSON"
        raise (SystemDown(what) if call.reads else OutcomeUnknown(what)) from error


def words_of(errors: list[wire.ErrorDetail]) -> str:
    """Per-item errors of a 200 as one text."""
    each = (": ".join(part for part in (error.code, error.message) if part) for error in errors)
    return ("; ".join(text for text in each if text) or "refused without a word")[:LONGEST_MESSAGE]


def item_words(message: str | None) -> str:
    """The word on one item of a 2xx, where there is no code."""
    return (message or "refused without a word")[:LONGEST_MESSAGE]


def refused_items(
    asked: Collection[str], done: Collection[str | None], told: Mapping[str | None, str | None]
) -> dict[str, str]:
    """Words by refused item. One that is neither done nor refused counts as refused: nothing says that it was done."""
    refused = {each: item_words(told[each]) for each in asked if each in told}
    return refused | {each: NOT_ANSWERED for each in asked if each not in told and each not in done}

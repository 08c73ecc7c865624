"""The document that a posting stands for, as the archive kept it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import DecodeError, json

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.order import Order
from tieout.domain.postings import Posting
from tieout.flows.ports import At

Document = TypeVar("Document")


def archived(
    posting: Posting, documents: Mapping[str, bytes], at: At, reason: Reason = Reason.UNREADABLE_DOCUMENT
) -> bytes:
    """Its bytes. Raises NeedsAttention when they are gone, or their marketplace has left the settings."""
    if posting.key.marketplace not in at.config.marketplaces:
        raise left_the_settings(posting.key.marketplace)
    raw = documents.get(posting.payload)
    if raw is None:
        raise NeedsAttention(reason, {"archive": f"{posting.payload} is not there"})
    return raw


def archived_order(posting: Posting, documents: Mapping[str, bytes], at: At) -> Order:
    """The order, as Mirakl gave it. Raises as `archived` does, and when it does not read."""
    raw = archived(posting, documents, at, Reason.UNREADABLE_ORDER)
    return at.marketplace(posting.key.marketplace).read_order(raw)


def archived_reading(posting: Posting, documents: Mapping[str, bytes], at: At, form: type[Document]) -> Document:
    """What we read from NetSuite, in our own form. Raises as `archived` does, and when it does not read."""
    raw = archived(posting, documents, at)
    try:
        return json.decode(raw, type=form)
    except DecodeError as error:
        raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, {"archive": posting.payload, "why": str(error)}) from error


def left_the_settings(marketplace: str) -> NeedsAttention:
    """A posting of a marketplace that nobody knows any more: it waits for a person, and stops nobody else's."""
    return NeedsAttention(
        Reason.UNREADABLE_ORDER, {"marketplace": f"{marketplace} is not in the settings: put it back, then resubmit"}
    )

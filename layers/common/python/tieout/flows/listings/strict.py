"""Strict mode: orders of a SKU that the audit doubts wait for a person (`listings.strict`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.json import decode, encode

from tieout.config import Config
from tieout.domain.listings.audit import Finding
from tieout.domain.stock.storefront import marketplace_of
from tieout.flows.listings.rules import listed
from tieout.flows.listings.words import Word, key_of, words_of
from tieout.flows.stock.store import StockBook, whole

REMEMBERED = timedelta(minutes=3)
"""For so long a process does not look again: a person's word takes effect within that."""

Doubted = Mapping[str, str]
"""Fault by SKU."""


def keep_doubted(marketplace: str, findings: Iterable[Finding], book: StockBook) -> None:
    """Write down the few findings by which an order may be booked on the wrong item."""
    book.replace(_name(marketplace), [encode([each for each in findings if each.fault.mismatches])])


def doubted(book: StockBook, front: str) -> Doubted:
    """SKUs of a storefront whose orders wait; those that a person let pass are not among them."""
    marketplace = marketplace_of(front)
    document = whole(book, _name(marketplace))
    findings = decode(document, type=list[Finding]) if document else []
    words = words_of(book, marketplace) if findings else {}
    here = [each for each in findings if each.marketplace == front]
    return {each.sku: each.fault for each in here if not words.get(key_of(each), Word()).lets_pass(each)}


class LookedUp:
    """The same where the settings are strict, looked up once in a while; nothing elsewhere."""

    def __init__(self, config: Config, book: StockBook, clock: Callable[[], datetime]) -> None:
        self._strict = {name for name, listings in listed(config).items() if listings.strict}
        self._book = book
        self._clock = clock
        self._known: dict[str, tuple[datetime, Doubted]] = {}

    def __call__(self, front: str) -> Doubted:
        """What is doubted of a storefront's offers."""
        if marketplace_of(front) not in self._strict:
            return {}
        now = self._clock()
        known = self._known.get(front)
        if known is None or now - known[0] >= REMEMBERED:
            self._known[front] = known = (now, doubted(self._book, front))
        return known[1]


def _name(marketplace: str) -> str:
    return f"{marketplace}/doubted"

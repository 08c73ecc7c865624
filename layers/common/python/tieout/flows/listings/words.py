"""What people said about findings: let it stand, or whose it is. Only people write here; audits only read it.

A word holds for the evidence that it was given on: when the bar codes or the figures change, the finding is open again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.json import decode, encode
from msgspec.structs import replace

from tieout.domain.listings.audit import Finding
from tieout.domain.listings.worklist import Task
from tieout.domain.stock.storefront import marketplace_of, thread_of
from tieout.flows.stock.store import StockBook, whole


class Word(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """About one finding."""

    owner: str = ""
    """Empty: the one of the settings."""
    accepted: str = ""
    """Why it may stand, by whom, and when; empty: it may not."""
    suggestion: str = ""
    evidence: str = ""
    """What it was accepted on."""

    def lets_pass(self, finding: Finding) -> bool:
        """Whether a person let exactly this stand."""
        return bool(self.accepted) and (self.suggestion, self.evidence) == (finding.suggestion, finding.evidence)


Words = dict[str, Word]


def words_of(book: StockBook, marketplace: str) -> Words:
    """By fault and SKU (`key_of`)."""
    document = whole(book, _name(marketplace))
    return decode(document, type=Words) if document else {}


def key_of(finding: Finding) -> str:
    """What names a finding within its marketplace, from one audit to the next; at an operator's, with its shop."""
    return f"{finding.fault}/{thread_of(finding.marketplace, finding.sku)}"


def accept(finding: Finding, why: str, who: str, at: datetime, book: StockBook) -> None:
    """A person lets a finding stand."""
    told = f"{why} ({who}, {at.date().isoformat()})"
    _say(finding, book, accepted=told, suggestion=finding.suggestion, evidence=finding.evidence)


def give_to(finding: Finding, owner: str, book: StockBook) -> None:
    """A finding gets an owner."""
    _say(finding, book, owner=owner)


def with_words(tasks: Iterable[Task], words: Words) -> list[Task]:
    """Tasks with what people said about them."""
    told = []
    for task in tasks:
        word = words.get(key_of(task.finding), Word())
        accepted = word.accepted if word.lets_pass(task.finding) else ""
        told.append(replace(task, owner=word.owner or task.owner, accepted=accepted))
    return told


def _say(finding: Finding, book: StockBook, **said: str) -> None:
    marketplace = marketplace_of(finding.marketplace)
    words = words_of(book, marketplace)
    key = key_of(finding)
    words[key] = replace(words.get(key, Word()), **said)
    book.replace(_name(marketplace), [encode(words)])


def _name(marketplace: str) -> str:
    return f"{marketplace}/words"

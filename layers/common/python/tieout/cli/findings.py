"""What the doctor found: one line a check, which passed, is worth knowing, or has something to be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from tieout.cli.output import how_long
from tieout.cli.trouble import told
from tieout.domain.errors import CredentialsRefused

CLOCKS_APART = timedelta(seconds=60)


class Verdict(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105  not a password
    NOTE = "note"
    TO_DO = "to do"


class Finding(Struct, frozen=True):
    """One line: what it is about, how it stands, and what to do where something must be done."""

    about: str
    verdict: Verdict
    words: str

    def document(self) -> dict[str, Any]:
        """For a script."""
        return {"about": self.about, "verdict": self.verdict, "words": self.words}


def passed(about: str, words: str) -> Finding:
    """It is as it must be."""
    return Finding(about, Verdict.PASS, words)


def note(about: str, words: str) -> Finding:
    """Worth knowing; nothing must be done."""
    return Finding(about, Verdict.NOTE, words)


def to_do(about: str, words: str) -> Finding:
    """Something must be done, and the words say what."""
    return Finding(about, Verdict.TO_DO, words)


def clock_finding(about: str, apart: timedelta, *, of_a_twin: bool) -> Finding:
    """How far the other side's clock is from ours: what is signed lives five minutes. A twin's day is its own."""
    about = f"{about}, clock"
    words = f"{how_long(apart)} away from ours"
    if apart <= CLOCKS_APART:
        return passed(about, words)
    if of_a_twin:
        return note(about, f"{words}: a twin's day is its own")
    return to_do(about, f"{words}: set this machine's clock")


def attempt(about: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Run a check; a failure that a person can mend is a finding, and the other checks go on."""
    try:
        return check()
    except CredentialsRefused as error:
        return [to_do(about, f'{error}: correct the secret (docs/operations/deploy.md, "Fill the secrets")')]
    except Exception as error:
        words = told(error)
        if words is None:
            raise
        return [to_do(about, words)]

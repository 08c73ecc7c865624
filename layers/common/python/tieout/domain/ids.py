"""External ids: the dedupe authority for everything that Tieout writes to NetSuite.

`T-<marketplace>-<KIND>-<source id>`. All transactions of an account share one namespace, case-insensitively, so the
kind is part of the id, and a source id that would only differ by case from another is hashed.
"""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256

_SAFE = re.compile(r"^[A-Z0-9_-]+$")
_LONGEST = 100


class Party(StrEnum):
    """Who stands on a record. The value is part of the external id: customers and vendors share one namespace."""

    CUSTOMER = "CUS"
    """The marketplace, or a buyer."""
    VENDOR = "VEN"
    """A shop that an operator owes money, or the operator that a shop owes fees."""
    SHOP = "SHOP"
    """A shop as the customer that an operator invoices its fees to; buyers may have the numbers of shops."""


def external_id(marketplace: str, kind: str, source_id: str) -> str:
    """The one external id of an effect: letters, digits, `_` and `-` only, at most 100 characters.

    A source id with other characters, lower-case letters or too many of them keeps a readable start and gets a stable
    hash of the whole, so that two sources never meet in one id.
    """
    prefix = f"T-{marketplace}-{kind}-"
    if _SAFE.match(source_id) and len(prefix) + len(source_id) <= _LONGEST:
        return prefix + source_id
    digest = sha256(source_id.encode()).hexdigest()[:20]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", source_id)[: _LONGEST - len(prefix) - len(digest) - 1]
    return f"{prefix}{readable}-{digest}"


def parts_of(record_id: str, marketplace: str) -> tuple[str, str]:
    """Kind and source of an external id of this marketplace. Raises ValueError when it is none."""
    prefix = f"T-{marketplace}-"
    kind, dash, source = record_id.removeprefix(prefix).partition("-")
    if not record_id.startswith(prefix) or not dash or not source:
        raise ValueError(f"{record_id!r} is no external id of {marketplace}: expected {prefix}<KIND>-<source id>")
    return kind, source

"""Properties of records: what kind of value each takes, and what may be written to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["text", "number", "integer", "flag", "day", "moment", "ref", "refs", "choice", "subrecord"]


@dataclass(frozen=True, slots=True)
class Field:
    """One property. `target` names the records a reference may mean; `longest` bounds a text (0: not)."""

    kind: Kind
    target: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    longest: int = 0
    read_only: bool = False
    legacy_tax: bool = False
    not_modelled: bool = False
    fields: Mapping[str, "Field"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sublist:
    """Lines of a record; `key` is the property that tells them apart, "" where NetSuite only ever appends."""

    fields: Mapping[str, Field]
    key: str = ""
    custom_prefix: str = ""


@dataclass(frozen=True, slots=True)
class RecordType:
    """A record type. External ids are unique within its `group`; `suiteql_type` is its code in transaction.type."""

    name: str
    group: str
    fields: Mapping[str, Field]
    sublists: Mapping[str, Sublist] = field(default_factory=dict)
    custom_prefix: str = ""
    writable: bool = True
    suiteql_type: str = ""
    label: str = ""


def text(longest: int = 0) -> Field:
    return Field("text", longest=longest)


def ref(target: str) -> Field:
    return Field("ref", target=target)


def choice(choices: Mapping[str, str]) -> Field:
    return Field("choice", choices=choices)


def subrecord(fields: Mapping[str, Field]) -> Field:
    return Field("subrecord", fields=fields)


def read_only(plain: Field) -> Field:
    return replace(plain, read_only=True)


def legacy_tax(plain: Field) -> Field:
    return replace(plain, legacy_tax=True)


def not_modelled(plain: Field) -> Field:
    """NetSuite knows it and it changes figures, the twin does not calculate with it: using it is said out loud."""
    return replace(plain, not_modelled=True)


NUMBER = Field("number")
INTEGER = Field("integer")
FLAG = Field("flag")
DAY = Field("day")
MOMENT = Field("moment")

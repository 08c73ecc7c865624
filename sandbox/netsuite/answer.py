"""One vendor call and its answer, apart from any web server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from sandbox import decimal_json


@dataclass(frozen=True)
class Call:
    """A request. `target` is the path and query as sent (still encoded), headers have lower-case names."""

    method: str
    path: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    base: str

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.parameters)


@dataclass(frozen=True)
class Answer:
    """A response; an empty body has no content type but NetSuite's own."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return decimal_json.loads(self.body)


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    kind = {"Content-Type": "application/vnd.oracle.resource+json; type=singular"}
    return Answer(status, decimal_json.dumps(value), kind | headers)


def error_answer(body: object, status: int, headers: Mapping[str, str]) -> Answer:
    kind = {"Content-Type": "application/vnd.oracle.resource+json; type=error"}
    return Answer(status, decimal_json.dumps(body), kind | dict(headers))


def collection_answer(value: object) -> Answer:
    return Answer(
        200, decimal_json.dumps(value), {"Content-Type": "application/vnd.oracle.resource+json; type=collection"}
    )

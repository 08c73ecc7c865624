"""Answers that are more than a body."""

from typing import NamedTuple

from sandbox.mirakl.state import Json


class Created(NamedTuple):
    """An answer 201, with the path at which its outcome will be."""

    body: Json
    location: str


class Paged(NamedTuple):
    """A page by offset, whose neighbours the Link header names."""

    body: Json
    offset: int
    most: int
    total: int

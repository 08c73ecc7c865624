"""SuiteQL over REST: bound parameters only, a thousand rows a page, keys in lower case.

Values are text, flags `T` or `F`, and a null column is not there: read with `.get`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from tieout.domain.errors import SystemDown
from tieout.netsuite.connection import Connection
from tieout.netsuite.refusals import read

PATH = "/services/rest/query/v1/suiteql"
PAGE = 1000
"""Rows a page: the most there is, and `offset` must be a multiple of it."""
MOST_ROWS = 100_000
"""What one query can page through; beyond it NetSuite cuts off in silence."""
MOST_PARAMETERS = 500

Row = dict[str, str]


class _Query(Struct, frozen=True):
    q: str
    params: Sequence[str]


class _Rows(Struct, frozen=True, rename="camel"):
    items: list[dict[str, object]]
    has_more: bool = False


_encode = Encoder().encode
_ROWS = Decoder(_Rows)


def rows(connection: Connection, query: str, parameters: Sequence[str] = ()) -> list[Row]:
    """All rows of a query, up to 100,000. Raises SystemDown where NetSuite would cut off."""
    found: list[Row] = []
    body = _encode(_Query(query, parameters))
    while True:
        page, more = _page(connection, body, len(found))
        found += page
        if not more:
            return found
        _check_whole(page, found)


def groups(
    connection: Connection, query: str, parameters: Sequence[str] = (), key: str = "id", *, after: str = "0"
) -> Iterator[list[list[Row]]]:
    """Pages of records that have a row a line, each record whole, however many there are; those behind `after`.

    The query ends in `... key > ? ORDER BY key, ...`: each page starts behind the last record that came whole, so that
    rows which are saved meanwhile shift nothing, and no page is counted through twice.
    """
    while True:
        body = _encode(_Query(query, [*parameters, after]))
        found, more = _page(connection, body, 0)
        records = [list(rows_of) for _, rows_of in groupby(found, itemgetter(key))]
        while more and len(records) == 1:
            page, more = _page(connection, body, len(found))
            _check_whole(page, found)
            found += page
            records = [list(rows_of) for _, rows_of in groupby(found, itemgetter(key))]
        if more:
            del records[-1]  # its other rows are on the next page
        if records:
            yield records
        if not more:
            return
        after = records[-1][0][key]


def _check_whole(page: Sequence[Row], found: Sequence[Row]) -> None:
    if len(page) < PAGE or len(found) >= MOST_ROWS:
        raise SystemDown(f"NetSuite cut a query off after {len(found)} rows")


def _page(connection: Connection, body: bytes, offset: int) -> tuple[list[Row], bool]:
    call, answer = connection.read(
        "SuiteQL",
        PATH,
        params={"limit": str(PAGE), "offset": str(offset)},
        body=body,
        headers={"Prefer": "transient"},
    )
    page = read(_ROWS, call, answer)
    return [_row(item) for item in page.items], page.has_more


def _row(item: dict[str, object]) -> Row:
    """Lower-case keys: their case may change with a release. Links and nulls are left out."""
    return {
        name.lower(): value if isinstance(value, str) else str(value)
        for name, value in item.items()
        if value is not None and name != "links"
    }


def in_list(values: Sequence[str]) -> str:
    """As many question marks as there are values, for `IN (...)`."""
    return ", ".join("?" * len(values))


def chunks(values: Iterable[str], size: int = MOST_PARAMETERS) -> Iterator[list[str]]:
    """Distinct values in lists that one query can bind."""
    left = iter(dict.fromkeys(values))
    while chunk := list(islice(left, size)):
        yield chunk

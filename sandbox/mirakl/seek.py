"""Seek paging: a page goes on where the last one ended, whatever came or went meanwhile; the token says it all."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

DEFAULT_PAGE, LONGEST_PAGE = 10, 100
Query = list[tuple[str, str]]
Key = Callable[[Json], list[str]]


class Place(NamedTuple):
    """Where a page begins: the first call's query, and the key of the row before it or behind it."""

    query: Query
    after: list[str] | None = None
    before: list[str] | None = None
    number: int = 0


def place_of(query: Iterable[tuple[str, str]], *, by_shop: bool = False) -> Place:
    """With a page_token all other parameters are ignored. Raises MiraklRefusal for one that is none of ours.

    `by_shop` says that shop_id is a filter here; a seller's only says whose key it is.
    """
    sent = list(query)
    token = next((value for name, value in sent if name == "page_token"), None)
    if token is None:
        return Place([pair for pair in sent if by_shop or pair[0] != "shop_id"])
    try:
        read = json.loads(base64.urlsafe_b64decode(token.encode()))
        return Place([(name, value) for name, value in read[0]], read[1], read[2], int(read[3]))
    except (binascii.Error, ValueError, TypeError, IndexError) as unfit:
        raise MiraklRefusal(400, "page_token is not valid") from unfit


def page(rows: list[Json], key: Key, asked: dict[str, Any], place: Place, longest: int = LONGEST_PAGE) -> Json:
    """{data, next_page_token, previous_page_token}; `rows` are all that the filters find, in any order."""
    most = int(asked.get("limit", DEFAULT_PAGE))
    if not 1 <= most <= longest:
        raise MiraklRefusal(400, f"limit lies between 1 and {longest}, not {most}")
    falling = str(asked.get("sort", "")).endswith(",DESC")
    ordered = sorted(rows, key=key, reverse=falling)

    def is_behind(row: Json, than: list[str]) -> bool:
        return key(row) < than if falling else key(row) > than

    if place.before is not None:
        ahead = [row for row in ordered if key(row) != place.before and not is_behind(row, place.before)]
        shown = ahead[-most:]
    else:
        shown = [row for row in ordered if place.after is None or is_behind(row, place.after)][:most]
    answer: Json = {"data": shown}
    if shown and key(shown[-1]) != key(ordered[-1]):
        answer["next_page_token"] = _token(place._replace(after=key(shown[-1]), before=None, number=place.number + 1))
    if shown and key(shown[0]) != key(ordered[0]):
        answer["previous_page_token"] = _token(
            place._replace(after=None, before=key(shown[0]), number=max(0, place.number - 1))
        )
    return answer


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()

"""The demo must not call an evening good when it was not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.demo.agreement import View
from sandbox.demo.books import SALES_ORDER
from sandbox.demo.dispatch import Promptness
from sandbox.demo.outcome import outcome_of
from sandbox.demo.standing import Everything
from tieout.config import read_config
from tieout.domain.postings import Key, Kind, Posting, State

CONFIG = read_config(Path(__file__).parents[3] / "config/gift-shop.yaml")
VIEW = View(Promptness(datetime(2026, 10, 1, tzinfo=UTC), timedelta(minutes=20)), frozenset())
ORDER = b'{"order_id": "A-1", "order_state": "%s", "created_date": "%s", "order_lines": []}\n'
BOOKED = b'{"custbody_tieout_marketplace": "brightside-uk", "custbody_tieout_order": "A-1"}\n'


class Books:
    """Both twins, as far as an outcome asks them: one order at Mirakl, and `booked` sales orders for it."""

    def __init__(self, state: bytes, booked: int = 0, created: bytes = b"2026-10-01T12:00:00Z") -> None:
        self._order = ORDER % (state, created)
        self._booked = BOOKED * booked

    def orders(self, marketplace: str) -> bytes:
        return self._order if marketplace == "brightside-uk" else b""

    def shipments(self, _marketplace: str) -> bytes:
        return b""

    def returns(self, _marketplace: str) -> bytes:
        return b""

    def offers(self, _marketplace: str) -> bytes:
        return b""

    def records(self, kind: str) -> bytes:
        return self._booked if kind == SALES_ORDER else b""

    def violations(self) -> list[dict[str, str]]:
        return []

    def calls(self) -> tuple[dict[str, int], dict[str, int]]:
        return ({"total": 1}, {"total": 1, "peak_concurrency": 1})


def problems(books: Books, *postings: Posting) -> list[str]:
    return outcome_of(CONFIG, books, Everything(list(postings), {}), VIEW).problems  # type: ignore[arg-type]


def sale(state: State) -> Posting:
    key = Key("brightside-uk", "A-1", Kind.SALES_ORDER, "A-1")
    return Posting(key=key, state=state, source_version="", payload="", parked_at=datetime(2026, 11, 1, tzinfo=UTC))


def test_an_order_that_is_posted_once_is_well() -> None:
    assert problems(Books(b"SHIPPING", booked=1), sale(State.CONFIRMED)) == []


def test_an_order_that_is_parked_is_well() -> None:
    assert problems(Books(b"SHIPPING"), sale(State.PARKED)) == []


@pytest.mark.parametrize(
    ("books", "postings", "words"),
    [
        (Books(b"SHIPPING"), (), "neither posted nor parked"),
        (Books(b"SHIPPING", booked=2), (sale(State.CONFIRMED),), "2 times"),
        (Books(b"SHIPPING"), (sale(State.CONFIRMED),), "not in NetSuite"),
        (Books(b"SHIPPING", booked=1), (sale(State.POSTED),), "not confirmed here"),
        (Books(b"WAITING_ACCEPTANCE"), (), "neither posted nor parked"),
    ],
)
def test_an_order_that_is_lost_doubled_or_half_done_is_a_problem(
    books: Books, postings: tuple[Posting, ...], words: str
) -> None:
    (problem,) = problems(books, *postings)
    assert words in problem


@pytest.mark.parametrize("state", [b"REFUSED", b"CANCELED", b"STAGING"])
def test_an_order_that_came_to_nothing_is_explained(state: bytes) -> None:
    assert problems(Books(state)) == []


def test_an_order_from_before_the_cut_over_is_explained() -> None:
    assert problems(Books(b"SHIPPING", created=b"2025-12-31T12:00:00Z")) == []

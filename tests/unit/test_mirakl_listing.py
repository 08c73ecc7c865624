"""Paging through a window whose orders keep moving: none is ever skipped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.errors import SystemDown
from tieout.domain.exchange import FetchedOrder
from tieout.mirakl import listing
from tieout.mirakl.listing import MAX, Page, pages


def an_entry(order_id: str) -> FetchedOrder:
    return FetchedOrder(order_id, datetime(2026, 10, 1, tzinfo=UTC), b"{}", None)


class Window:
    """Orders by creation; `leaving` are those that are updated (and so leave) before the n-th page is read."""

    def __init__(self, size: int, leaving: dict[int, set[int]] | None = None) -> None:
        self.orders = [f"O-{n:05d}" for n in range(size)]
        self.leaving = leaving or {}
        self.calls = 0
        self.left: set[str] = set()
        self.doubled_calls: set[int] = set()
        self._last: Page | None = None

    def page_at(self, offset: int) -> Page:
        self.calls += 1
        gone = {f"O-{n:05d}" for n in self.leaving.get(self.calls, ())}
        self.left |= gone
        self.orders = [each for each in self.orders if each not in gone]
        if self.calls in self.doubled_calls and self._last is not None:
            return self._last
        found = self.orders[offset : offset + MAX]
        total = len(self.orders)
        self._last = Page([an_entry(each) for each in found], total, offset + len(found) < total)
        return self._last

    def read(self) -> set[str]:
        return {each.order_id for page in pages(self.page_at) for each in page}


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 199, 250, 1000])
def test_every_order_of_a_quiet_window_is_read(size: int):
    window = Window(size)
    assert window.read() == set(window.orders)


def test_a_hundred_orders_take_one_call():
    window = Window(100)
    window.read()
    assert window.calls == 1


def test_orders_behind_one_that_left_are_not_skipped():
    """Forty orders of the first page are updated before the second is read: everything moves left by forty."""
    window = Window(300, {2: set(range(10, 50))})
    assert window.read() >= set(window.orders)


def test_a_window_that_empties_while_it_is_read_is_read_to_its_end():
    window = Window(150, {2: set(range(100))})
    assert window.read() >= set(window.orders)


def test_an_order_that_leaves_while_another_takes_its_place_in_the_count_is_noticed():
    """The count alone would not tell: the pages must join."""
    window = Window(250)
    original = window.page_at

    def page_at(offset: int) -> Page:
        if window.calls == 1:
            window.orders = [*window.orders[5:], *(f"P-{n}" for n in range(5))]
        return original(offset)

    assert {each.order_id for page in pages(page_at) for each in page} >= set(window.orders)


def test_a_page_that_is_served_twice_hides_nothing():
    window = Window(350)
    window.doubled_calls = {2, 4}
    assert window.read() == set(window.orders)


def test_a_last_page_that_is_served_twice_hides_nothing():
    window = Window(150)
    window.doubled_calls = {2}
    assert window.read() == set(window.orders)


@pytest.mark.parametrize("doubled", [{2, 5}, {2, 5, 6}])
def test_a_page_that_is_served_in_the_place_of_the_first_hides_nothing(doubled: set[int]):
    """Three orders leave after a page was served twice: we are back at the start, and are shown the page before."""
    window = Window(200, {4: {0, 1, 2}})
    window.doubled_calls = doubled
    assert window.read() >= set(window.orders)


def test_a_window_whose_start_has_left_is_believed_to_have():
    window = Window(250, {2: set(range(100)), 3: set(range(100, 150))})
    assert window.read() >= set(window.orders)
    assert window.calls <= 10


def test_a_page_served_twice_costs_a_few_calls_and_no_more():
    window = Window(350)
    window.doubled_calls = {2}
    window.read()
    assert window.calls <= 4 + 3


def test_a_listing_without_a_count_follows_the_link():
    window = Window(250)

    def uncounted(offset: int) -> Page:
        page = window.page_at(offset)
        return Page(page.orders, None, page.has_next)

    assert {each.order_id for page in pages(uncounted) for each in page} == set(window.orders)


def test_a_listing_that_never_ends_is_a_broken_system(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "LONGEST_LISTING", 20)
    with pytest.raises(SystemDown, match="did not end"):
        list(pages(lambda offset: Page([an_entry(str(offset))], 10**9, has_next=True)))


@given(
    size=st.integers(0, 700),
    leaving=st.dictionaries(st.integers(2, 12), st.sets(st.integers(0, 699), max_size=200), max_size=6),
    doubled=st.sets(st.integers(2, 12), max_size=2),
)
def test_whatever_moves_no_order_that_stays_is_missed(size: int, leaving: dict[int, set[int]], doubled: set[int]):
    window = Window(size, leaving)
    window.doubled_calls = doubled
    assert window.read() >= set(window.orders)

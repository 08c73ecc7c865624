"""The judge of how fresh offers are: when a marketplace shows what it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.freshness import pages
from benchmarks.watch import Watch, centile, part_of

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
ONE, TWO = "brightside-uk", "maison-eu"


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def a_watch(units: int = 20) -> Watch:
    return Watch((ONE, TWO), {"MUG": units}, NINE)


def test_a_change_is_shown_when_the_last_marketplace_has_its_half() -> None:
    watch = a_watch()
    watch.changed("MUG", 11, after(60))
    watch.look("MUG", ONE, 10, after(70))
    watch.look("MUG", ONE, 16, after(100))
    watch.look("MUG", TWO, 15, after(130))
    (change,) = watch.changes
    assert (change.shown, watch.open_skus) == ({ONE: 40, TWO: 70}, [])


def test_a_half_that_does_not_change_is_shown_at_once() -> None:
    watch = a_watch()
    watch.changed("MUG", 1, after(60))
    watch.look("MUG", TWO, 10, after(60))
    assert watch.changes[0].exact == {TWO: 0}
    assert watch.open_skus == ["MUG"]


def test_what_a_marketplace_sold_since_is_off_its_half() -> None:
    watch = a_watch()
    watch.changed("MUG", 10, after(60))
    watch.sold("MUG", ONE, 2, after(80))
    watch.look("MUG", ONE, 13, after(90))
    assert watch.changes[0].exact == {ONE: 30}


def test_a_sale_that_the_file_wrote_over_leaves_the_figure_shown_but_not_to_the_unit() -> None:
    watch = a_watch()
    watch.changed("MUG", 10, after(60))
    watch.sold("MUG", ONE, 2, after(80))
    watch.look("MUG", ONE, 15, after(90))
    assert (watch.changes[0].shown, watch.changes[0].exact) == ({ONE: 30}, {})
    watch.look("MUG", ONE, 14, after(150))  # 28 units are there by now: 14 each
    assert watch.changes[0].exact == {ONE: 90}


def test_a_figure_from_before_the_change_does_not_count() -> None:
    watch = a_watch()
    watch.sold("MUG", TWO, 4, after(10))
    watch.changed("MUG", -8, after(60))
    watch.look("MUG", ONE, 8, after(70))
    watch.look("MUG", TWO, 6, after(70))
    assert watch.changes[0].shown == {}


def test_a_change_that_another_one_overtook_is_shown_with_it() -> None:
    watch = a_watch()
    watch.changed("MUG", 10, after(60))
    watch.changed("MUG", -4, after(90))
    for name in (ONE, TWO):
        watch.look("MUG", name, 13, after(120))
    assert [change.shown[ONE] for change in watch.changes] == [60, 30]


@given(st.integers(-5, 500))
def test_halves_come_to_what_there_is(units: int) -> None:
    assert part_of(units, 0) + part_of(units, 1) == max(0, units)


def test_percentiles_are_values_that_were_measured() -> None:
    assert (centile([3, 1, 2], 50), centile(range(1, 101), 99), centile([7], 99)) == (2, 100, 7)


def test_a_listing_leaves_the_last_record_of_a_page_to_the_next() -> None:
    assert [pages(rows) for rows in (1, 1000, 1001, 1999, 2000, 10_000)] == [1, 1, 2, 2, 3, 11]

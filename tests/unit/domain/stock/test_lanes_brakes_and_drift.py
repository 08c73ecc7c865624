"""What is sent first, what is held, what is too old, and why a quantity differs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.domain.stock.books import BRIGHTSIDE, MAISON, a_change, a_run, entries, push, rows
from tieout.domain.stock.drift import Cause, drift_of
from tieout.domain.stock.lanes import Lanes
from tieout.domain.stock.rules import Brakes
from tieout.domain.stock.shelf import Shelf
from tieout.domain.stock.showing import Shown
from tieout.domain.stock.stale import is_stale, newest_of
from tieout.domain.stock.told import told_of
from tieout.domain.stock.velocity import Sale
from tieout.domain.stock.workings import Want


def a_want(sku: str, was: int = 50, quantity: int = 40, *, urgent: bool = False) -> Want:
    return Want("brightside-uk", sku, "501", was, quantity, urgent)


def pushed(wants: list[Want], offers: int = 1000, *, rows_an_import: int = 50_000, brakes: Brakes | None = None):
    selling = replace(BRIGHTSIDE, rows_an_import=rows_an_import, brakes=brakes or Brakes())
    lanes = Lanes([selling, MAISON])
    for want in wants:
        lanes.take(want)
    return lanes.pushes({"brightside-uk": offers})


def test_fast_movers_and_low_stock_go_first_and_what_does_not_fit_waits() -> None:
    wants = [a_want("A"), a_want("B"), a_want("HOT", urgent=True), a_want("C")]
    [push] = pushed(wants, rows_an_import=2)
    assert [want.sku for want in push.rows] == ["HOT", "A"]
    assert push.waiting == 2


def test_of_two_rows_that_can_wait_the_one_that_shows_too_much_goes_first() -> None:
    [push] = pushed([a_want("RAISE", 10, 90), a_want("LOWER", 90, 20)], rows_an_import=1)
    assert [want.sku for want in push.rows] == ["LOWER"]


def test_a_fast_mover_is_one_that_sold_within_the_window_and_low_stock_shows_ten_or_less() -> None:
    sale = Sale(line_id="1", marketplace="maison-eu", sku="SKU-2", item_id="2", units=1, at=3000)
    changes = [a_change(1, 100, shown=90), a_change(2, 100, shown=90), a_change(3, 20, shown=90)]
    _, pushes = push(b"", changes, a_run([sale]), is_full=True)
    urgent = {(want.marketplace, want.sku) for each in pushes for want in each.rows if want.is_urgent}
    assert urgent == {("maison-eu", "SKU-2"), ("brightside-uk", "SKU-3"), ("maison-eu", "SKU-3")}


def test_a_push_that_would_zero_more_than_a_fifth_of_the_offers_is_held_with_examples() -> None:
    wants = [a_want(f"SKU-{number}", 9, 0, urgent=True) for number in range(201)]
    [push] = pushed(wants)
    assert push.held is not None
    assert push.held.facts == {
        "why": "20.1 % of the offers would be zeroed, the brake is at 20 %",
        "offers": "1000",
        "changed": "201",
        "zeroed": "201",
        "examples": "SKU-0: 9 to 0; SKU-1: 9 to 0; SKU-2: 9 to 0; SKU-3: 9 to 0; SKU-4: 9 to 0",
    }
    [push] = pushed(wants[:200])
    assert push.held is None


def test_a_push_that_would_change_more_than_three_fifths_is_held() -> None:
    wants = [a_want(f"SKU-{number}") for number in range(61)]
    [push] = pushed(wants, offers=100)
    assert push.held is not None
    assert push.held.why == "changed"
    assert pushed(wants[:60], offers=100)[0].held is None


def test_brakes_look_at_the_whole_push_not_at_what_fits_into_a_file() -> None:
    [push] = pushed([a_want(f"SKU-{number}") for number in range(61)], offers=100, rows_an_import=5)
    assert push.held is not None


def test_a_small_push_is_never_held_and_a_doubt_is_no_change() -> None:
    assert pushed([a_want(str(number), 5, 0) for number in range(49)], offers=49)[0].held is None
    assert pushed([a_want(str(number), 5, 5) for number in range(500)], offers=500)[0].held is None


def test_the_first_push_of_a_connection_changes_nearly_everything_and_is_held() -> None:
    book, pushes = push(b"", [a_change(number, 100) for number in range(1, 101)], a_run(), is_full=True)
    assert all(each.held is not None for each in pushes)
    assert all(shown.sent is None for entry in entries(book).values() for shown in entry.offers)


@given(st.lists(st.tuples(st.integers(0, 99), st.booleans()), max_size=60), st.integers(1, 20))
def test_no_urgent_row_waits_while_another_is_sent(wants: list[tuple[int, bool]], size: int) -> None:
    told = [a_want(str(number), 100, quantity, urgent=urgent) for number, (quantity, urgent) in enumerate(wants)]
    for each in pushed(told, rows_an_import=size):
        left = [want for want in told if want not in each.rows]
        assert len(each.rows) == min(size, len(told))
        assert each.waiting == len(left)
        assert not any(want.is_urgent for want in left) or all(want.is_urgent for want in each.rows)


def test_a_reading_older_than_the_last_one_applied_is_stale() -> None:
    assert is_stale(99, 100)
    assert not is_stale(100, 100)


def a_shelf(units: int, minute: int | None) -> Shelf:
    changed = None if minute is None else datetime(2026, 3, 1, 9, minute, tzinfo=UTC)
    return Shelf(item_id="501", location_id="7", units=Decimal(units), changed_at=changed)


@given(st.permutations([a_shelf(10, 1), a_shelf(4, 3), a_shelf(7, 2), a_shelf(6, 3), a_shelf(9, None)]))
def test_of_a_shelf_told_more_than_once_the_latest_change_counts_in_whatever_order(shelves: list[Shelf]) -> None:
    assert newest_of(shelves) == {"501": {"7": Decimal(4)}}


KNOWN = Shown("brightside-uk", "MUG", 5)


@pytest.mark.parametrize(
    ("quantity", "known", "target", "more", "cause"),
    [
        (5, KNOWN, 5, {}, None),
        (5, None, None, {}, Cause.NOT_MAPPED),
        (5, KNOWN, 3, {}, Cause.PUSH_PENDING),
        (5, replace(KNOWN, sent=3), 3, {}, Cause.PUSH_PENDING),
        (5, KNOWN, 3, {"is_blocked": True}, Cause.REFUSED),
        (4, KNOWN, 5, {"newly_sold": 1}, Cause.SOLD_SINCE),
        (2, KNOWN, 5, {"newly_sold": 1}, Cause.CHANGED_OUTSIDE),
        (8, KNOWN, 5, {}, Cause.CHANGED_OUTSIDE),
        (8, replace(KNOWN, sent=3), 3, {}, Cause.CHANGED_OUTSIDE),
    ],
)
def test_a_difference_has_a_cause(
    quantity: int, known: Shown | None, target: int | None, more: dict[str, Any], cause: Cause | None
) -> None:
    drift = drift_of("brightside-uk", "MUG", quantity, item_id="501", known=known, target=target, **more)
    assert (drift.cause if drift else None) == cause


def test_an_offers_figure_is_told_from_netsuites_to_what_is_shown() -> None:
    book, pushes = push(b"", [a_change(9, 10)], a_run(), is_full=True)
    run = a_run(promised={"9": {"maison-eu": Decimal(3)}})
    first, second = told_of(entries(book)["9"], run)
    assert (first.pool, first.promised) == (Decimal(10), Decimal(3))
    assert (first.part, first.buffer, first.target) == (4, 0, 4)
    assert (second.shows, second.in_flight, second.target) == (0, rows(pushes)["maison-eu", "SKU-9"], 3)

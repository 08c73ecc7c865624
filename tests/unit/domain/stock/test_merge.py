"""One pass over the book: only what is told of, or open, is looked at; the rest is copied."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.stock.books import (
    ALL_LANDED,
    BRIGHTSIDE,
    LEEDS,
    MAISON,
    a_change,
    a_run,
    entries,
    push,
    rows,
    shows,
    units_of,
)
from tieout.domain.stock.book import UnreadableBookError
from tieout.domain.stock.changes import Change, Listed
from tieout.domain.stock.kits import drawn_by
from tieout.domain.stock.merge import visits
from tieout.domain.stock.shelf import Member
from tieout.domain.stock.showing import Landing
from tieout.domain.stock.velocity import Sale
from tieout.domain.stock.workings import Workings

FIRST = [a_change(number, 10) for number in (9, 10, 11)]
SET = Change(
    item_id="50",
    offers=(Listed("brightside-uk", "SET", 0, 100),),
    members=(Member("9", Decimal(2)), Member("10", Decimal(1))),
)
DRAWN = drawn_by({"50": SET.members or ()}, {"50": ["brightside-uk"]})


def a_book() -> bytes:
    """Three items, each on two marketplaces, all taken and settled."""
    book, _ = push(b"", FIRST, a_run(), is_full=True)
    settled, pushes = push(book, [], a_run(landings=ALL_LANDED))
    assert not pushes
    return settled


def test_the_first_reading_shows_every_marketplace_its_part() -> None:
    book, pushes = push(b"", FIRST, a_run(), is_full=True)
    assert set(rows(pushes).values()) == {5}
    assert len(rows(pushes)) == 6
    assert all(entry.is_open for entry in entries(book).values())


def test_a_settled_book_asks_for_nothing_and_stays_as_it_is() -> None:
    book = a_book()
    assert push(book, [], a_run()) == (book, [])


def test_a_change_sends_the_offers_of_its_item_and_touches_no_other_line() -> None:
    book = a_book()
    after, pushes = push(book, [units_of(10, 4)], a_run())
    assert rows(pushes) == {("brightside-uk", "SKU-10"): 2, ("maison-eu", "SKU-10"): 2}
    assert after.splitlines()[1::2] == book.splitlines()[1::2]


def test_a_change_that_changes_no_figure_sends_nothing() -> None:
    assert push(a_book(), [units_of(10, "10.9")], a_run())[1] == []


def test_a_promise_lowers_both_marketplaces_and_ends_with_the_sale_in_netsuite() -> None:
    book, pushes = push(a_book(), [], a_run(promised={"9": {"maison-eu": Decimal(4)}}))
    assert rows(pushes) == {("brightside-uk", "SKU-9"): 3, ("maison-eu", "SKU-9"): 3}
    book, pushes = push(book, [units_of(9, 6)], a_run(landings=ALL_LANDED))
    assert pushes == []
    assert set(shows(book).values()) == {3, 5}


def test_an_order_that_came_to_nothing_gives_its_units_back_though_no_shelf_changed() -> None:
    book, _ = push(a_book(), [], a_run(promised={"9": {"maison-eu": Decimal(4)}}))
    book, pushes = push(book, [], a_run(landings=ALL_LANDED))
    assert rows(pushes) == {("brightside-uk", "SKU-9"): 5, ("maison-eu", "SKU-9"): 5}


def test_a_sale_lowers_the_other_marketplace_first_and_raises_its_own_afterwards() -> None:
    """Ten mugs, five shown at each; two are sold at the second, which then shows three by its own counting."""
    sale = Sale(line_id="1", marketplace="maison-eu", sku="SKU-9", item_id="9", units=2, at=3000)
    promised = {"9": {"maison-eu": Decimal(2)}}
    book, pushes = push(a_book(), [], a_run([sale], promised=promised))
    assert rows(pushes) == {("brightside-uk", "SKU-9"): 4}
    book, pushes = push(book, [], a_run([sale], promised=promised, landings=ALL_LANDED))
    assert rows(pushes) == {("maison-eu", "SKU-9"): 4}


def test_a_sale_that_leaves_each_its_part_needs_no_row_at_all() -> None:
    """Eleven mugs, six shown at the first; it sells one, and shows five by its own counting."""
    book, _ = push(b"", [a_change(9, 11)], a_run(), is_full=True)
    book, _ = push(book, [], a_run(landings=ALL_LANDED))
    sale = Sale(line_id="1", marketplace="brightside-uk", sku="SKU-9", item_id="9", units=1, at=3000)
    _, pushes = push(book, [], a_run([sale], promised={"9": {"brightside-uk": Decimal(1)}}))
    assert pushes == []


def test_a_line_that_was_refused_is_sent_again_unless_it_waits_for_a_person() -> None:
    book, _ = push(a_book(), [units_of(10, 4)], a_run())
    refused = {
        name: type(landing)(read_at=1000, ended_at=1060, is_complete=True, rejected=frozenset({"SKU-10"}))
        for name, landing in ALL_LANDED.items()
    }
    blocked = frozenset({("maison-eu", "SKU-10")})
    _, pushes = push(book, [], a_run(landings=refused, blocked=blocked))
    assert rows(pushes) == {("brightside-uk", "SKU-10"): 2}


def test_an_item_that_is_off_shows_nothing_where_it_is_off_and_leaves_its_part_to_the_others() -> None:
    off = frozenset({("maison-eu", "9")})
    book, pushes = push(a_book(), [Change(item_id="9")], a_run(off=off))
    assert rows(pushes) == {("maison-eu", "SKU-9"): 0}
    _, pushes = push(book, [], a_run(off=off, landings=ALL_LANDED))
    assert rows(pushes) == {("brightside-uk", "SKU-9"): 10}


def test_a_kit_and_its_members_never_show_more_than_there_is_together() -> None:
    book, pushes = push(b"", FIRST, a_run(drawn=DRAWN), kits=[SET], is_full=True)
    sent = rows(pushes)
    assert sent["brightside-uk", "SET"] == 1
    assert sent["brightside-uk", "SKU-9"] + sent["maison-eu", "SKU-9"] + 2 * sent["brightside-uk", "SET"] <= 10
    assert entries(book)["50"].is_kit


def test_a_kit_follows_a_member_that_changed() -> None:
    book, _ = push(b"", FIRST, a_run(drawn=DRAWN), kits=[SET], is_full=True)
    book, _ = push(book, [], a_run(drawn=DRAWN, landings=ALL_LANDED))
    book, pushes = push(book, [units_of(9, 40)], a_run(drawn=DRAWN))
    assert rows(pushes)["brightside-uk", "SET"] == 2
    book, pushes = push(book, [], a_run(drawn=DRAWN, landings=ALL_LANDED))
    assert pushes == []
    _, pushes = push(book, [units_of(10, 0)], a_run(drawn=DRAWN))
    assert rows(pushes)["brightside-uk", "SET"] == 0


def test_while_netsuite_is_away_figures_are_only_lowered() -> None:
    book = a_book()
    patient = a_run(age_seconds=1800)
    assert push(book, [], patient, looks_at_all=True) == (book, [])
    book, pushes = push(book, [], a_run(age_seconds=1801), looks_at_all=True)
    assert set(rows(pushes).values()) == {4}
    _, pushes = push(book, [], a_run(landings=ALL_LANDED))
    assert set(rows(pushes).values()) == {5}


def test_a_marketplace_whose_stock_is_not_pushed_is_left_alone() -> None:
    book, pushes = push(a_book(), [units_of(9, 4)], a_run(sellings=(BRIGHTSIDE,)))
    assert rows(pushes) == {("brightside-uk", "SKU-9"): 4}
    assert shows(book)["maison-eu", "SKU-9"] == 5
    assert MAISON.marketplace in book.splitlines()[0].decode()


def test_an_item_that_a_full_reading_does_not_tell_of_is_gone() -> None:
    book, pushes = push(a_book(), [a_change(9, 10, shown=5), a_change(11, 10, shown=5)], a_run(), is_full=True)
    assert sorted(entries(book)) == ["11", "9"]
    assert pushes == []


def test_a_full_reading_corrects_what_somebody_else_wrote() -> None:
    tampered = [a_change(number, 10, shown=99 if number == 10 else 5) for number in (9, 10, 11)]
    late = [
        Change(
            item_id=each.item_id,
            shelves=each.shelves,
            offers=tuple(Listed(o.marketplace, o.sku, o.quantity, 2500) for o in each.offers or ()),
        )
        for each in tampered
    ]
    _, pushes = push(a_book(), late, a_run(), is_full=True)
    assert rows(pushes) == {("brightside-uk", "SKU-10"): 5, ("maison-eu", "SKU-10"): 5}


def test_offers_that_were_read_long_ago_do_not_say_what_they_show_now() -> None:
    """At night the first showed nine; five landed there since, and then the list of that night is applied.

    Whether the nine came before the five or after, nobody knows any more: the five are sent once more.
    """
    night = Change(
        item_id="10",
        offers=(Listed("brightside-uk", "SKU-10", 9, 1500), Listed("maison-eu", "SKU-10", 5, 1500)),
    )
    book, pushes = push(a_book(), [night], a_run())
    assert rows(pushes) == {("brightside-uk", "SKU-10"): 5}
    assert shows(book)["brightside-uk", "SKU-10"] == 5
    landing = Landing(read_at=5600, ended_at=5660, is_complete=True)
    book, pushes = push(book, [], a_run(since=2060, until=5660, landings={"brightside-uk": landing}))
    assert (shows(book)["brightside-uk", "SKU-10"], pushes) == (5, [])


def test_an_old_list_of_offers_does_not_hide_that_one_shows_too_much() -> None:
    """The list of the night says four, as there are; meanwhile nine landed there, and the stock came back to four."""
    one = (BRIGHTSIDE,)
    book, _ = push(b"", [a_change(9, 9, at=("brightside-uk",))], a_run(sellings=one), is_full=True)
    book, _ = push(book, [], a_run(sellings=one, landings=ALL_LANDED))
    night = Change(item_id="9", shelves={LEEDS: Decimal(4)}, offers=(Listed("brightside-uk", "SKU-9", 4, 500),))
    _, pushes = push(book, [night], a_run(sellings=one), is_full=True)
    assert rows(pushes) == {("brightside-uk", "SKU-9"): 4}


def test_a_broken_line_is_named_by_its_number() -> None:
    book = a_book().replace(b"0:SKU-10:5", b"0:SKU-10:five")
    with pytest.raises(UnreadableBookError, match=r"line 3: a line of the stock book does not read: '10.*five"):
        list(visits([book], [units_of(10, 4)], [], a_run()))
    assert list(visits([book], [units_of(11, 10)], [], a_run()))  # a line that is only copied is not read


def test_a_book_that_was_cut_off_is_refused() -> None:
    with pytest.raises(UnreadableBookError, match="cut off"):
        list(visits([a_book()[:-3]], [], [], a_run()))


def test_changes_come_sorted_and_each_once() -> None:
    for wrong in ([10, 9], [9, 9]):
        with pytest.raises(ValueError, match="not sorted"):
            list(visits([], [a_change(number, 1) for number in wrong], [], a_run()))


numbers = st.integers(1, 130)
stock = st.dictionaries(numbers, st.integers(-3, 40), min_size=1, max_size=40)
pieces = st.integers(1, 200)


def full(units: dict[int, int]) -> list[Change]:
    return [a_change(number, units[number]) for number in sorted(units)]


def settled(book: bytes) -> bytes:
    """The book after every file landed and every raise that waited followed."""
    for _ in range(3):
        book, pushes = push(book, [], a_run(landings=ALL_LANDED, drawn=KIT_DRAWN))
        if not pushes:
            return book
    raise AssertionError("the book does not come to rest")


KITS = [
    Change(item_id="900", offers=(Listed("brightside-uk", "PAIR", 0, 100),), members=(Member("1", Decimal(2)),)),
    Change(
        item_id="901",
        offers=(Listed("brightside-uk", "SET", 0, 100), Listed("maison-eu", "SET", 0, 100)),
        members=(Member("1", Decimal(1)), Member("2", Decimal(3))),
    ),
]
KIT_DRAWN = drawn_by(
    {kit.item_id: kit.members or () for kit in KITS},
    {kit.item_id: [each.marketplace for each in kit.offers or ()] for kit in KITS},
)


@settings(deadline=None)
@given(stock, st.lists(st.dictionaries(numbers, st.integers(-3, 40), max_size=10), max_size=4), pieces)
def test_changes_one_after_the_other_and_one_full_reading_lead_to_the_same_figures(
    units: dict[int, int], deltas: list[dict[int, int]], cut: int
) -> None:
    book, _ = push(b"", full(units), a_run(drawn=KIT_DRAWN), kits=KITS, is_full=True)
    for delta in deltas:
        told = {number: count for number, count in delta.items() if number in units}
        units = {**units, **told}
        changes = [units_of(number, told[number]) for number in sorted(told)]
        book, _ = push(book, changes, a_run(drawn=KIT_DRAWN, landings=ALL_LANDED), cut=cut)
    at_once, _ = push(b"", full(units), a_run(drawn=KIT_DRAWN), kits=KITS, is_full=True)
    assert settled(book) == settled(at_once)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 9))
def test_items_and_the_kits_made_of_them_never_show_more_than_there_is_together(one: int, two: int, sold: int) -> None:
    run = a_run(drawn=KIT_DRAWN, promised={"1": {"maison-eu": Decimal(sold)}} if sold else {})
    book, _ = push(b"", full({1: one, 2: two}), run, kits=KITS, is_full=True, sends=lambda _: False)
    sent = {
        (shown.marketplace, shown.sku): target
        for entry in entries(book).values()
        for shown, target in zip(entry.offers, Workings(run).of(entry).targets, strict=True)
    }
    items = {name: sum(units for (_, sku), units in sent.items() if sku == name) for name in ("SKU-1", "SKU-2")}
    pairs = sent["brightside-uk", "PAIR"]
    sets = sent["brightside-uk", "SET"] + sent["maison-eu", "SET"]
    assert items["SKU-1"] + 2 * pairs + sets <= max(0, one - sold)
    assert items["SKU-2"] + 3 * sets <= two


@settings(deadline=None)
@given(stock, st.dictionaries(numbers, st.integers(0, 40)), pieces, pieces)
def test_it_does_not_matter_how_the_book_is_cut_into_blocks_nor_that_a_change_is_told_again(
    units: dict[int, int], delta: dict[int, int], cut: int, other: int
) -> None:
    book, _ = push(b"", full(units), a_run(), is_full=True)
    changes = [units_of(number, delta[number]) for number in sorted(delta)]
    once, pushes = push(book, changes, a_run(landings=ALL_LANDED), cut=cut)
    assert (once, pushes) == push(book, changes, a_run(landings=ALL_LANDED), cut=other)
    again, nothing = push(once, changes, a_run())
    assert (again, nothing) == (once, [])
    assert sorted(entries(once), key=int) == [
        item.decode() for item in (line.split(b"\t")[0] for line in once.splitlines()[1:])
    ]


@given(stock)
def test_every_item_is_looked_at_once_at_most(units: dict[int, int]) -> None:
    sale = [
        Sale(line_id=str(n), marketplace="maison-eu", sku=f"SKU-{n}", item_id=str(n), units=1, at=3000) for n in units
    ]
    run = a_run(sale, promised={str(n): {"maison-eu": Decimal(1)} for n in units})
    found = [each for each in visits([], full(units), [], run) if not isinstance(each, bytes)]
    assert [each.worked.entry.item_id for each in found if each.worked] == [str(n) for n in sorted(units)]
    assert all(
        each.worked.entry.shelves == {LEEDS: units[int(each.worked.entry.item_id)]} for each in found if each.worked
    )

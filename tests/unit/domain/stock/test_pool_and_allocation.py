"""Which units may be shown, and how marketplaces share them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.allocate import Taker, allocate, weights
from tieout.domain.stock.pool import free_units
from tieout.domain.stock.rules import Selling

LEEDS, LYON = "7", "8"
BRIGHTSIDE = Selling(marketplace="brightside-uk", location_ids=(LEEDS,))
MAISON = Selling(marketplace="maison-eu", location_ids=(LYON, LEEDS))


def units(**shelves: str) -> dict[str, Decimal]:
    return {place.removeprefix("at_"): Decimal(text) for place, text in shelves.items()}


def test_what_was_sold_and_is_not_in_netsuite_is_taken_off_before_anything_is_shared() -> None:
    promised = {"brightside-uk": Decimal(3)}
    assert free_units(units(at_7="10"), promised, [BRIGHTSIDE, MAISON]) == {LEEDS: 7}


def test_a_promise_is_taken_off_the_locations_its_marketplace_sells_from_in_their_order() -> None:
    promised = {"maison-eu": Decimal(6)}
    assert free_units(units(at_7="10", at_8="4"), promised, [BRIGHTSIDE, MAISON]) == {LEEDS: 8}


def test_a_promise_of_a_marketplace_that_sells_no_longer_still_counts() -> None:
    assert free_units(units(at_7="10"), {"closed-shop": Decimal(3)}, [BRIGHTSIDE]) == {LEEDS: 7}


def test_a_negative_shelf_is_empty_and_takes_nothing_from_the_others() -> None:
    assert free_units(units(at_7="-5", at_8="2.7"), {}, [MAISON]) == {LYON: 2}


def test_two_marketplaces_with_one_share_each_show_half_and_the_odd_unit_goes_to_the_first() -> None:
    even = Taker((LEEDS,), 1)
    assert allocate([even, even], {LEEDS: 10}) == [5, 5]
    assert allocate([even, even], {LEEDS: 11}) == [6, 5]
    assert allocate([even, even], {LEEDS: 1}) == [1, 0]


def test_three_shares_to_one() -> None:
    assert allocate([Taker((LEEDS,), 3), Taker((LEEDS,), 1)], {LEEDS: 10}) == [8, 2]


def test_only_those_who_sell_from_a_location_share_it() -> None:
    assert allocate([Taker((LEEDS,), 1), Taker((LYON, LEEDS), 1)], {LEEDS: 10, LYON: 4}) == [5, 9]


def test_what_one_cannot_use_is_shared_by_the_others() -> None:
    takers = [Taker((LEEDS,), 1), Taker((LEEDS,), 1, most=2), Taker((LEEDS,), 1)]
    assert allocate(takers, {LEEDS: 100}) == [49, 2, 49]


def test_two_offers_of_one_item_split_their_marketplaces_share() -> None:
    share = (Decimal(1), Decimal(1), Decimal(1))
    assert weights(share, (2, 2, 1)) == (1, 1, 2)
    assert weights((Decimal("0.5"), Decimal("1.25")), (1, 1)) == (2, 5)


places = st.sampled_from(["7", "8", "9"])
a_taker = st.builds(
    Taker,
    st.lists(places, min_size=1, unique=True).map(tuple),
    st.integers(1, 9),
    st.none() | st.integers(0, 30),
)
takers_of_one_item = st.lists(a_taker, min_size=1, max_size=5)
free = st.dictionaries(places, st.integers(0, 60))


@given(takers_of_one_item, free)
def test_the_parts_never_come_to_more_than_the_pool_whoever_you_ask(takers: list[Taker], pool: dict[str, int]) -> None:
    """Of any group of marketplaces: together they show no more than stands where any of them sells."""
    parts = allocate(takers, pool)
    assert min(parts) >= 0
    for chosen in range(1, 2 ** len(takers)):
        group = [turn for turn in range(len(takers)) if chosen >> turn & 1]
        where = {place for turn in group for place in takers[turn].location_ids}
        assert sum(parts[turn] for turn in group) <= sum(pool.get(place, 0) for place in where)


@given(takers_of_one_item, free, places)
def test_one_unit_more_never_makes_a_part_smaller(takers: list[Taker], pool: dict[str, int], place: str) -> None:
    more = {**pool, place: pool.get(place, 0) + 1}
    assert all(before <= after for before, after in zip(allocate(takers, pool), allocate(takers, more), strict=True))


@given(
    st.lists(st.builds(Taker, st.just((LEEDS,)), st.integers(1, 9), st.none() | st.integers(0, 30)), min_size=1),
    st.integers(0, 60),
)
def test_nothing_is_left_unshown_while_anybody_could_show_it(takers: list[Taker], pool: int) -> None:
    parts = allocate(takers, {LEEDS: pool})
    if sum(parts) < pool:
        assert all(taker.most == part for taker, part in zip(takers, parts, strict=True))


@given(
    st.dictionaries(places, st.decimals(-5, 50, places=2)),
    st.dictionaries(st.sampled_from(["brightside-uk", "maison-eu", "gone"]), st.decimals(0, 20, places=1)),
    places,
)
def test_free_units_are_monotone_and_never_negative(
    shelves: dict[str, Decimal], promised: dict[str, Decimal], place: str
) -> None:
    sellings = [BRIGHTSIDE, MAISON]
    before = free_units(shelves, promised, sellings)
    after = free_units({**shelves, place: shelves.get(place, Decimal(0)) + 1}, promised, sellings)
    assert all(count > 0 for count in before.values())
    assert all(count <= after.get(where, 0) for where, count in before.items())

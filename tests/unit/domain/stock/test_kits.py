"""Kits have what their members allow, and share it with them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.kits import drawn_by, exploded, kits_of, recipe_of
from tieout.domain.stock.shelf import Member, StockItem


def an_item(item_id: str, kind: str = "InvtPart", **members: int) -> StockItem:
    of_it = tuple(Member(name.removeprefix("i"), Decimal(units)) for name, units in members.items())
    return StockItem(id=item_id, itemid=f"SKU-{item_id}", kind=kind, members=of_it)


ITEMS = {
    each.id: each
    for each in [
        an_item("1"),
        an_item("2"),
        an_item("3", "Service"),
        an_item("10", "Kit", i1=2, i2=1, i3=1),
        an_item("11", "Kit", i10=3, i1=1),
    ]
}


def test_a_kit_takes_units_of_what_stands_on_shelves() -> None:
    assert recipe_of(ITEMS["10"], ITEMS) == (Member("1", Decimal(2)), Member("2", Decimal(1)))


def test_a_kit_within_a_kit_is_taken_apart() -> None:
    assert recipe_of(ITEMS["11"], ITEMS) == (Member("1", Decimal(7)), Member("2", Decimal(3)))


def test_a_member_that_netsuite_does_not_tell_of_stays_in_the_recipe_and_holds_the_kit_at_zero() -> None:
    assert recipe_of(an_item("12", "Kit", i1=1, i99=1), ITEMS) == (Member("1", Decimal(1)), Member("99", Decimal(1)))


def test_a_kit_that_contains_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="kit 13 contains itself"):
        recipe_of(an_item("13", "Kit", i13=1), {"13": an_item("13", "Kit", i13=1)})


def test_seven_mugs_and_five_saucers_make_three_sets_of_two_mugs_and_a_saucer() -> None:
    assert kits_of([7, 5], [Member("1", Decimal(2)), Member("2", Decimal(1))]) == 3
    assert kits_of([7], [Member("1", Decimal("0.5"))]) == 14
    assert kits_of([], []) == 0


def test_a_sold_kit_promises_its_members() -> None:
    recipes = {"10": recipe_of(ITEMS["10"], ITEMS)}
    promised = {"10": {"brightside-uk": Decimal(3)}, "1": {"brightside-uk": Decimal(1), "maison-eu": Decimal(2)}}
    assert exploded(promised, recipes) == {
        "1": {"brightside-uk": Decimal(7), "maison-eu": Decimal(2)},
        "2": {"brightside-uk": Decimal(3)},
    }


def test_items_know_how_many_offers_of_kits_draw_on_them() -> None:
    recipes = {kit: recipe_of(ITEMS[kit], ITEMS) for kit in ("10", "11")}
    assert drawn_by(recipes, {"10": ["brightside-uk"], "11": ["brightside-uk", "maison-eu"]}) == {
        "1": {"brightside-uk": 2, "maison-eu": 1},
        "2": {"brightside-uk": 2, "maison-eu": 1},
    }


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9)), min_size=1, max_size=5))
def test_kits_never_take_more_than_a_part_and_one_more_would(stock: list[tuple[int, int]]) -> None:
    recipe = [Member(str(number), Decimal(units)) for number, (_, units) in enumerate(stock)]
    kits = kits_of([part for part, _ in stock], recipe)
    assert all(kits * units <= part for part, units in stock)
    assert any((kits + 1) * units > part for part, units in stock)

"""Which item a SKU is: exact, by alias, by UPC if switched on; a near miss is suggested, never taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import an_item
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.matching import Item, SkuRules, catalogue_of, folded, item_for, items_for

STRICT = SkuRules(aliases={})
BY_UPC = SkuRules(aliases={}, match_upc=True)


def refusal(sku: str, items: list[Item], rules: SkuRules = STRICT, similar: list[Item] | None = None) -> NeedsAttention:
    with pytest.raises(NeedsAttention) as refused:
        item_for(sku, catalogue_of(items, similar or []), rules)
    return refused.value


def test_a_sku_is_the_item_of_exactly_that_name() -> None:
    assert item_for("MUG", catalogue_of([an_item("MUG"), an_item("BOWL")]), STRICT) == an_item("MUG")


def test_an_alias_names_the_item_of_a_sku_that_is_called_differently() -> None:
    assert item_for("MUG-UK", catalogue_of([an_item("MUG")]), SkuRules({"MUG-UK": "MUG"})).itemid == "MUG"


def test_an_alias_that_leads_nowhere_is_told() -> None:
    problem = refusal("MUG-UK", [an_item("MUG-UK")], SkuRules({"MUG-UK": "GONE"}))
    assert (problem.reason, problem.facts) == (Reason.UNKNOWN_SKU, {"sku": "MUG-UK", "alias": "GONE"})


@pytest.mark.parametrize("near", ["mug", " MUG", "M UG", "Mug "])
def test_a_difference_of_case_or_blanks_is_suggested_never_guessed(near: str) -> None:
    problem = refusal("MUG", [], similar=[an_item(near)])
    assert (problem.reason, problem.facts) == (Reason.UNKNOWN_SKU, {"sku": "MUG", "suggestion": near})


def test_an_inactive_item_is_named_and_not_used() -> None:
    problem = refusal("MUG", [an_item("MUG", is_inactive=True)])
    assert (problem.reason, problem.facts) == (Reason.UNKNOWN_SKU, {"sku": "MUG", "inactive item": "id-MUG"})


def test_an_active_item_wins_over_an_inactive_one_of_the_same_name() -> None:
    catalogue = catalogue_of([an_item("MUG", "1", is_inactive=True), an_item("MUG", "2")])
    assert item_for("MUG", catalogue, STRICT).id == "2"


def test_two_active_items_of_one_name_need_a_person() -> None:
    problem = refusal("MUG", [an_item("MUG", "1"), an_item("MUG", "2")])
    assert (problem.reason, problem.facts) == (Reason.AMBIGUOUS_SKU, {"sku": "MUG", "items": "1, 2"})


def test_a_upc_counts_only_where_it_is_switched_on() -> None:
    items = [an_item("MUG", upc="5012345678900")]
    assert refusal("5012345678900", items).reason is Reason.UNKNOWN_SKU
    assert item_for("5012345678900", catalogue_of(items), BY_UPC).itemid == "MUG"


def test_a_upc_of_two_items_is_ambiguous() -> None:
    items = [an_item("MUG", upc="501"), an_item("BOWL", upc="501")]
    assert refusal("501", items, BY_UPC).reason is Reason.AMBIGUOUS_SKU


def test_the_name_goes_before_the_upc() -> None:
    catalogue = catalogue_of([an_item("501"), an_item("MUG", upc="501")])
    assert item_for("501", catalogue, BY_UPC).itemid == "501"


def test_all_skus_without_an_item_are_named_at_once() -> None:
    """So that a person mends an order in one go."""
    catalogue = catalogue_of([an_item("MUG"), an_item("JUG", is_inactive=True)], [an_item("bowl")])
    with pytest.raises(NeedsAttention) as refused:
        items_for(["MUG", "BOWL", "JUG", "PAN"], catalogue, STRICT)
    assert refused.value.reason is Reason.UNKNOWN_SKU
    assert refused.value.facts == {
        "sku": "BOWL, JUG, PAN",
        "inactive item": "JUG: id-JUG",
        "suggestion": "BOWL: bowl",
    }


NAMES = st.text(alphabet="aAbB 1", min_size=1, max_size=4)


@given(
    sku=NAMES,
    items=st.lists(
        st.builds(an_item, NAMES, st.integers(1, 99).map(str), is_inactive=st.booleans(), upc=NAMES | st.just(""))
    ),
    match_upc=st.booleans(),
)
def test_matching_never_guesses(sku: str, items: list[Item], match_upc: bool) -> None:
    """Whatever the catalogue holds: the answer is active, exactly named and the only one, or there is none."""
    catalogue = catalogue_of(items, [item for item in items if folded(item.itemid) == folded(sku)])
    try:
        found = item_for(sku, catalogue, SkuRules({}, match_upc))
    except NeedsAttention:
        return
    named = [item for item in items if item.itemid == sku and not item.is_inactive]
    coded = [item for item in items if item.upc == sku and not item.is_inactive]
    assert not found.is_inactive
    assert named == [found] or (not named and match_upc and coded == [found])

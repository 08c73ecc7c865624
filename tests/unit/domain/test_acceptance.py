"""Whether a waiting order is accepted: every SKU known, the stock serves it whole; otherwise by the shop's policy."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import a_line, an_item, an_order
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.acceptance import AcceptanceRules, Decision, Otherwise, decide, less
from tieout.domain.orders.matching import SkuRules, catalogue_of
from tieout.domain.orders.order import Order

PARK = AcceptanceRules(Otherwise.PARK, Otherwise.PARK)
REFUSE = AcceptanceRules(Otherwise.REFUSE, Otherwise.REFUSE)
CATALOGUE = catalogue_of([an_item("MUG"), an_item("BOWL"), an_item("GIFT-CARD", kind="NonInvtPart")])


def decided(order: Order, rules: AcceptanceRules = PARK, **stock: int) -> Decision:
    available = {f"id-{sku}": Decimal(units) for sku, units in stock.items()}
    return decide(order, CATALOGUE, SkuRules({}), rules, available)


def test_an_order_that_the_stock_serves_is_accepted_and_takes_its_units() -> None:
    order = an_order(lines=[a_line("MUG", quantity=2), a_line("BOWL", quantity=1)])
    decision = decided(order, MUG=2, BOWL=5)
    assert decision.accepted
    assert decision.takes == {"id-MUG": 2, "id-BOWL": 1}


def test_an_order_is_never_half_accepted() -> None:
    order = an_order(lines=[a_line("MUG", quantity=2), a_line("BOWL", quantity=1)])
    with pytest.raises(NeedsAttention) as parked:
        decided(order, MUG=1, BOWL=5)
    assert parked.value.reason is Reason.SHORT_STOCK
    assert parked.value.facts == {"short": "MUG: 2 wanted, 1 available"}


def test_two_lines_of_one_item_need_the_stock_of_both() -> None:
    order = an_order(lines=[a_line("MUG", quantity=2, line_id="1"), a_line("MUG", quantity=2, line_id="2")])
    assert decided(order, MUG=4).accepted
    with pytest.raises(NeedsAttention):
        decided(order, MUG=3)


def test_short_stock_refuses_where_the_shop_says_so() -> None:
    decision = decided(an_order(lines=[a_line("MUG", quantity=2)]), REFUSE, MUG=1)
    assert not decision.accepted
    assert decision.takes == {}
    assert decision.facts == {"why": "short_stock", "short": "MUG: 2 wanted, 1 available"}


def test_an_unknown_sku_parks_or_refuses_by_policy() -> None:
    order = an_order(lines=[a_line("NOBODY-KNOWS")])
    with pytest.raises(NeedsAttention) as parked:
        decided(order)
    assert parked.value.reason is Reason.UNKNOWN_SKU
    refused = decided(order, REFUSE)
    assert (refused.accepted, refused.facts) == (False, {"why": "unknown_sku", "sku": "NOBODY-KNOWS"})


def test_an_ambiguous_sku_is_for_a_person_whatever_the_policy() -> None:
    twice = catalogue_of([an_item("MUG", "1"), an_item("MUG", "2")])
    with pytest.raises(NeedsAttention) as parked:
        decide(an_order(), twice, SkuRules({}), REFUSE, {})
    assert parked.value.reason is Reason.AMBIGUOUS_SKU


def test_what_carries_no_stock_is_not_held_against_an_order() -> None:
    assert decided(an_order(lines=[a_line("GIFT-CARD", quantity=500)])).accepted


def test_promises_are_taken_off_the_stock_and_never_below_zero() -> None:
    assert less({"1": Decimal(5), "2": Decimal(1)}, {"1": Decimal(3), "2": Decimal(4)}) == {"1": 2, "2": 0}


@given(
    stock=st.integers(0, 20),
    wanted=st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=3), max_size=12),
    rules=st.sampled_from([PARK, REFUSE]),
)
def test_acceptance_never_promises_more_than_the_stock(
    stock: int, wanted: list[list[int]], rules: AcceptanceRules
) -> None:
    """Orders come one after the other, each finding what the ones before it left."""
    promised: dict[str, Decimal] = {}
    for number, units in enumerate(wanted):
        lines = [a_line("MUG", quantity=each, line_id=str(place)) for place, each in enumerate(units)]
        left = less({"id-MUG": Decimal(stock)}, promised)
        try:
            decision = decide(an_order(f"A-{number}", lines), CATALOGUE, SkuRules({}), rules, left)
        except NeedsAttention:
            continue
        for item_id, taken in decision.takes.items():
            promised[item_id] = promised.get(item_id, Decimal(0)) + taken
    assert sum(promised.values()) <= stock

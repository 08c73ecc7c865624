"""What goes back of a delivery and of its tax, spread over the lines of a credit memo."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieout.netsuite.credits import spread

D = Decimal
PENNIES = st.decimals(0, 10_000, places=2)


@given(PENNIES, st.lists(PENNIES, min_size=1, max_size=8))
def test_the_parts_are_whole_pennies_that_add_up(amount: Decimal, weights: list[Decimal]):
    parts = spread(amount, weights, "GBP")
    assert len(parts) == len(weights)
    assert sum(parts) == amount
    assert all(part == part.quantize(D("0.01")) for part in parts)


@given(PENNIES, st.lists(PENNIES, min_size=1, max_size=8))
def test_no_part_is_more_than_a_penny_from_its_share(amount: Decimal, weights: list[Decimal]):
    whole = sum(weights)
    if whole:
        for part, weight in zip(spread(amount, weights, "GBP"), weights, strict=True):
            assert abs(part - amount * weight / whole) <= D("0.01")


def test_what_has_no_weight_goes_to_the_first():
    assert spread(D(6), [D(0), D(0)], "GBP") == [D(6), D(0)]


def test_yen_have_no_halves():
    assert spread(D(5), [D(1), D(1)], "JPY") == [D(3), D(2)]

"""All that a night tells of an item is put together out of sorted streams, whatever number of items there are."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.changes import Change, Listed, together
from tieout.domain.stock.sorting import Sorter

LEEDS, YORK = "7", "8"
MUG = Listed("brightside-uk", "MUG", 3, 100)


def test_units_that_moved_since_the_night_began_count_and_what_nobody_offers_is_left_out() -> None:
    offers = [Change(item_id="9", category="Mugs", offers=(MUG,)), Change(item_id="10", offers=())]
    kept = [
        Change(item_id="9", shelves={LEEDS: Decimal(5), YORK: Decimal(2)}),
        Change(item_id="11", shelves={LEEDS: Decimal(1)}),
    ]
    moved = [Change(item_id="9", shelves={LEEDS: Decimal(4)})]
    assert list(together(offers, kept, moved)) == [
        Change(item_id="9", category="Mugs", offers=(MUG,), shelves={LEEDS: Decimal(4), YORK: Decimal(2)}),
        Change(item_id="10", category="", offers=(), shelves={}),
    ]


def test_a_stream_out_of_order_is_refused_for_what_is_joined_from_it_would_be_wrong() -> None:
    with pytest.raises(ValueError, match="9 came too late"):
        list(together([Change(item_id="10", offers=()), Change(item_id="9", offers=())]))


KEYS = st.text(st.sampled_from("a\x01é "), max_size=3).map(str.encode)


@given(st.lists(st.tuples(KEYS, st.sampled_from((b"1", b"2", b"x\ty")))))
def test_sorted_in_runs_nothing_is_lost_and_each_key_comes_once(told: list[tuple[bytes, bytes]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tieout.domain.stock.sorting.A_RUN", 3)
        sorter = Sorter()
        for key, record in told:
            sorter.add(key, record)
        found = list(sorter.groups())
    by_key = defaultdict[bytes, list[bytes]](list)
    for key, record in told:
        by_key[key].append(record)
    expected = [sorted(by_key[key]) for key in sorted(by_key, key=lambda key: key + b"\t")]
    assert found == expected

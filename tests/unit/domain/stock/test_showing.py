"""What an offer shows as far as we know, and what may be sent now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.showing import Landing, Shown, landed, sold, to_send
from tieout.domain.stock.velocity import Sale


def an_offer(quantity: int, marketplace: str = "brightside-uk", **more: int) -> Shown:
    return Shown(marketplace, "MUG", quantity, **more)


def a_sale(at: int, units: int = 1) -> Sale:
    return Sale(line_id=str(at), marketplace="brightside-uk", sku="MUG", item_id="501", units=units, at=at)


TAKEN = Landing(read_at=100, ended_at=130, is_complete=True)


def test_an_order_that_the_marketplace_counted_itself_needs_no_row() -> None:
    after = sold(an_offer(10), [a_sale(140)], 0, counts_orders=True)
    assert after.quantity == 9
    assert to_send([after], [9], [9]) == [None]


def test_a_marketplace_that_does_not_count_orders_is_told() -> None:
    after = sold(an_offer(10), [a_sale(140)], 0, counts_orders=False)
    assert to_send([after], [9], [9]) == [9]


def test_a_sale_told_again_is_not_taken_off_again() -> None:
    once = sold(an_offer(10), [a_sale(140), a_sale(150)], 0, counts_orders=True)
    assert once.quantity == 8
    assert sold(once, [a_sale(140), a_sale(150)], 0, counts_orders=True) == once


def test_a_file_that_was_taken_is_what_the_offer_shows() -> None:
    assert landed(an_offer(10, sent=7), TAKEN, []) == an_offer(7, since=130)


def test_an_order_before_the_file_landed_was_perhaps_overwritten_so_the_offer_is_sent_again() -> None:
    after = landed(an_offer(10, sent=7), TAKEN, [a_sale(110)])
    assert after.may_show == 7
    assert after.doubt is not None
    assert to_send([after], [6], [6]) == [6]
    assert to_send([after], [7], [7]) == [7]


def test_a_line_that_was_refused_left_the_offer_as_it_was() -> None:
    refused = Landing(read_at=100, ended_at=130, is_complete=True, rejected=frozenset({"MUG"}))
    assert landed(an_offer(10, sent=7), refused, []) == an_offer(10)


def test_a_file_nobody_heard_of_leaves_a_doubt_at_its_highest() -> None:
    lost = Landing(read_at=100, ended_at=130, is_complete=False)
    assert landed(an_offer(3, sent=7), lost, []).may_show == 7
    assert to_send([landed(an_offer(7, sent=3), lost, [])], [7], [7]) == [7]


def test_units_that_came_back_are_perhaps_shown_again() -> None:
    after = sold(an_offer(5), [a_sale(140, units=-2)], 0, counts_orders=True)
    assert after.may_show == 7
    assert to_send([after], [5], [5]) == [5]


def test_nothing_is_sent_for_an_offer_whose_file_is_on_its_way() -> None:
    assert to_send([an_offer(10, sent=7)], [3], [3]) == [None]


def test_a_raise_waits_until_the_other_marketplace_was_lowered() -> None:
    one, other = an_offer(8), an_offer(2, "maison-eu")
    assert to_send([one, other], [5, 5], [5, 5]) == [5, None]
    lowered = an_offer(5)
    assert to_send([lowered, other], [5, 5], [5, 5]) == [None, 5]


def test_a_raise_goes_as_far_as_the_other_leaves_room() -> None:
    assert to_send([an_offer(7), an_offer(2, "maison-eu")], [5, 5], [5, 5]) == [5, 3]


def test_less_stock_is_shown_at_once_everywhere() -> None:
    assert to_send([an_offer(5), an_offer(5, "maison-eu")], [4, 4], [4, 4]) == [4, 4]


@pytest.mark.parametrize("window", [0, 200])
def test_an_offer_is_forgotten_to_have_sold_only_when_the_sale_is_told_no_more(window: int) -> None:
    after = sold(an_offer(9, since=140), [], window, counts_orders=True)
    assert after.since == (0 if window else 140)


a_shown = st.builds(
    lambda quantity, sent, doubt: an_offer(quantity, sent=sent, doubt=doubt),
    st.integers(0, 20),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(0, 30),
)
an_offer_of_a_pool = st.tuples(a_shown, st.integers(0, 20), st.integers(0, 5))


@given(st.lists(an_offer_of_a_pool, min_size=1, max_size=5))
def test_what_is_sent_never_brings_what_all_may_show_above_the_pool(pool: list[tuple[Shown, int, int]]) -> None:
    """Whichever file lands first: all of them, with all that was shown before, stay within the pool or what was."""
    offers = [shown for shown, _, _ in pool]
    parts = [part for _, part, _ in pool]
    sends = to_send(offers, parts, [max(0, part - held) for _, part, held in pool])
    before = [shown.may_show for shown in offers]
    after = [max(may, 0 if send is None else send) for may, send in zip(before, sends, strict=True)]
    assert sum(after) <= max(sum(parts), sum(before))
    raised = [turn for turn, send in enumerate(sends) if send is not None and send > before[turn]]
    assert not raised or sum(after) <= sum(parts)


def test_a_doubtful_offer_is_sent_no_more_than_the_others_leave_it() -> None:
    """Of three units one shows its two, or just one if a sale came after its file landed; the other still shows two."""
    one, other = an_offer(2, doubt=2), an_offer(2, marketplace="maison")
    assert to_send([one, other], [2, 1], [2, 1]) == [1, 1]

"""The running balance of a log: which findings it bears out, and what it says besides (invariant I2)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.reconcile.chain import Loose, Suspected, Walk, walk

BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
Line = tuple[int, int]
"""Amount and balance after it, in cents."""


def a_log(*amounts: int, opening: int = 0) -> list[Line]:
    lines, balance = [], opening
    for amount in amounts:
        balance += amount
        lines.append((amount, balance))
    return lines


def walked(lines: list[Line], *suspected: Suspected) -> Walk:
    """As the reconciliation reads it: balances that are not reached as often as they are left, and where."""
    more: Counter[int] = Counter()
    for amount, balance in lines:
        more[balance] += 1
        more[balance - amount] -= 1
    starts: list[Loose] = []
    ends: list[Loose] = []
    for value, count in more.items():
        for _ in range(abs(count)):
            place = next(
                place
                for place, (amount, balance) in enumerate(lines)
                if (balance if count > 0 else balance - amount) == value
            )
            loose = Loose(
                balance=value,
                at=BEGAN + timedelta(minutes=place),
                cycle="C1",
                orders=frozenset({f"A-{place}"}),
                line=f"{place:04}",
            )
            (ends if count > 0 else starts).append(loose)
    return walk(starts, ends, suspected)


def test_a_whole_log_has_no_gap() -> None:
    assert walked(a_log(2550, -383, 3000, -450)) == Walk((), ())


def test_a_line_that_is_missing_leaves_a_gap_of_its_amount() -> None:
    log = a_log(2550, -383, 3000, -450)
    del log[2]

    (gap,) = walked(log).gaps

    assert gap.amount == 3000


def test_a_fee_that_was_changed_after_it_was_added_up_is_borne_out_and_no_gap() -> None:
    # 3.83 of commission; the log says 5.00 now, the balances still know.
    log = a_log(2550, -383, 3000)
    log[1] = (-500, log[1][1])

    found = walked(log, Suspected(name="rate", amount=-500 + 383, order="A-1"))

    assert [each.name for each in found.borne_out] == ["rate"]
    assert not found.gaps


def test_a_fee_that_was_wrong_from_the_start_is_not_borne_out() -> None:
    found = walked(a_log(2550, -500, 3000), Suspected(name="rate", amount=-500 + 383, order="A-1"))

    assert found == Walk((), ())


def test_an_order_that_is_missing_altogether_explains_its_gap_wherever_it_was() -> None:
    log = a_log(2550, -383, 3000, -450, -90, 1200)
    del log[2:5]

    found = walked(log, Suspected(name="missing", amount=-(3000 - 450 - 90), order=None))

    assert [each.name for each in found.borne_out] == ["missing"]
    assert not found.gaps


def test_neighbours_that_are_both_missing_explain_one_gap_as_wide_as_both() -> None:
    # An order (25.50 less 3.83) and the refund after it (-10.00) are gone: one break of 11.67.
    log = a_log(4000, 2550, -383, -1000, 3000, 700)
    del log[1:4]

    found = walked(
        log,
        Suspected(name="order", amount=-(2550 - 383), order=None),
        Suspected(name="refund", amount=1000, order=None),
    )

    assert {each.name for each in found.borne_out} == {"order", "refund"}
    assert not found.gaps


def test_what_is_missing_after_a_payout_is_seen_where_the_log_began_with_nothing_too() -> None:
    # 40.00 is paid out; the 23.33 after it are gone. That balance of nothing is also the log's beginning.
    def place(balance: int, minute: int) -> Loose:
        at = BEGAN + timedelta(minutes=minute)
        return Loose(balance=balance, at=at, cycle="C1", orders=frozenset(), line=f"{minute:04}")

    found = walk([place(2333, 3)], [place(0, 1)], [Suspected(name="missing", amount=-2333, order=None)], is_closed=True)

    assert [each.name for each in found.borne_out] == ["missing"]
    assert not found.gaps


AMOUNTS = st.lists(st.integers(1, 50_000), min_size=4, max_size=30, unique=True)


@given(AMOUNTS, st.randoms())
def test_the_order_of_lines_does_not_matter(amounts: list[int], dice: object) -> None:
    log = a_log(*amounts)
    shuffled = sorted(log, key=lambda _: dice.random())  # type: ignore[attr-defined]

    assert not walked(shuffled).gaps


@given(AMOUNTS, st.data())
def test_one_line_that_is_missing_within_is_one_gap_of_its_amount(amounts: list[int], data: st.DataObject) -> None:
    log = a_log(*amounts)
    lost = data.draw(st.integers(1, len(log) - 2))
    amount, _ = log.pop(lost)

    assert [gap.amount for gap in walked(log).gaps] == [amount]


def loose(balance: int, minute: int, *orders: str, cycle: str = "C1", **more: object) -> Loose:
    at = BEGAN + timedelta(minutes=minute)
    return Loose(balance=balance, at=at, cycle=cycle, orders=frozenset(orders), line=f"{minute:04}", **more)  # type: ignore[arg-type]


def test_of_several_explanations_that_are_as_wide_the_one_with_the_fewest_mistakes_counts() -> None:
    # 1.80 is missing: a refund's commission of 1.50 with 0.30 of VAT; the next refund kept 0.30 of VAT from the start.
    found = walk(
        [loose(2180, 3, "A-2")],
        [loose(2000, 2, "A-1")],
        [
            Suspected(name=1, amount=-30, order="A-2", finding="refund 2"),
            Suspected(name=2, amount=-150, order="A-1", finding="refund 1"),
            Suspected(name=3, amount=-30, order="A-1", finding="refund 1"),
        ],
        is_closed=True,
    )

    assert {each.name for each in found.borne_out} == {2, 3}
    assert not found.gaps


def test_what_is_missing_after_a_payout_belongs_to_the_next_cycle() -> None:
    # The payout of the first cycle is booked in the second one's days.
    payout = loose(0, 9_000, cycle="C1", place=3, is_payout=True)
    found = walk([loose(500, 20, "A-1", cycle="C2", place=4)], [payout], [], is_closed=True)

    assert [(gap.amount, gap.cycles) for gap in found.gaps] == [(500, ("C2",))]


def test_breaks_are_paired_by_the_places_of_their_cycles_and_not_by_their_dates_alone() -> None:
    # What is still pending is dated before the last cycle's end, and stands behind it.
    found = walk(
        [loose(130, 40, cycle="C2", place=4), loose(900, 10, cycle="C3", place=6)],
        [loose(100, 39, cycle="C2", place=4), loose(870, 60, cycle="C2", place=4)],
        [],
        is_closed=True,
    )

    assert [gap.amount for gap in found.gaps] == [30, 30]


def test_what_was_worked_out_may_be_a_cent_beside_and_the_break_says_by_how_much() -> None:
    found = walk(
        [loose(2151, 3)],
        [loose(2000, 2)],
        [Suspected(name="refund", amount=-150, order=None, slack=2)],
        is_closed=True,
    )

    assert [(each.name, each.beside) for each in found.borne_out] == [("refund", -1)]

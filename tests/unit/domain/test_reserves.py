"""A reserve is held against the log as of the moment when it was told, and timing alone is never a break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.ledger.line import Books, Line
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.reserve import NEAR, ReservesCompared, ShopAccount, reserve_breaks

D = Decimal
SINCE = datetime(2026, 9, 1, tzinfo=UTC)
READ = datetime(2026, 10, 12, 4, 10, tzinfo=UTC)


def moved(amount: str | Decimal, at: datetime, kind: str = "RESERVE_FUNDING", shop: str = "2001") -> Line:
    """What is funded stands in the log below zero, what is settled above."""
    name = f"{shop} {at.isoformat()} {amount}"
    return Line(id=name, type=kind, amount=D(amount), currency="GBP", created=at, updated=at, shop=shop)


def told(reserve: str | Decimal | None, read_at: datetime | None = READ, shop: str = "2001") -> ShopAccount:
    held = None if reserve is None else D(reserve)
    return ShopAccount(shop=shop, currency="GBP", reserve=held, read_at=read_at)


def compared(
    lines: list[Line], *accounts: ShopAccount, brought_in: dict[str, Decimal] | None = None
) -> ReservesCompared:
    books = Books(marketplace="brightside-uk", lines=tuple(lines), cycles=())
    return reserve_breaks(books, accounts, brought_in, SINCE)


def differences(found: ReservesCompared) -> dict[str, Decimal]:
    assert {each.code for each in found.breaks} <= {Code.RESERVE_DIFF}
    return {each.key: each.amount for each in found.breaks}


FUNDED, SETTLED = SINCE + timedelta(days=10), SINCE + timedelta(days=20)
E11 = [moved("-500.00", FUNDED), moved("300.00", SETTLED, "RESERVE_SETTLEMENT")]
"""Worked example E11: 500.00 are withheld, 300.00 are released ten days later, 200.00 are held."""


def test_what_is_held_is_what_was_funded_less_what_was_settled() -> None:
    assert differences(compared(E11, told("200.00"))) == {}
    assert differences(compared(E11, told("150.00"))) == {"2001": D("50.00")}


def test_the_older_names_of_both_types_count_too() -> None:
    older = [moved("-500.00", FUNDED, "SELLER_RESERVE_FUND"), moved("300.00", SETTLED, "SELLER_RESERVE_SETTLEMENT")]
    assert differences(compared(older, told("200.00"))) == {}


def test_what_was_released_after_the_reading_is_not_missing_from_it() -> None:
    between = FUNDED + timedelta(days=5)
    assert differences(compared(E11, told("500.00", between))) == {}
    assert differences(compared(E11, told("200.00", between))) == {"2001": D("300.00")}


def test_without_a_moment_the_whole_log_counts() -> None:
    """As in a folder that somebody put together once everything had come."""
    assert differences(compared(E11, told("500.00", None))) == {"2001": D("300.00")}


@pytest.mark.parametrize("apart", [timedelta(minutes=-30), timedelta(0), NEAR])
@pytest.mark.parametrize("has_it", [True, False])
def test_a_line_next_to_the_reading_may_be_in_the_balance_or_not(apart: timedelta, *, has_it: bool) -> None:
    lines = [moved("-500.00", FUNDED), moved("-40.00", READ + apart)]
    assert differences(compared(lines, told("540.00" if has_it else "500.00"))) == {}


def test_where_lines_next_to_it_leave_a_difference_open_the_reading_before_decides() -> None:
    lines = [moved("-500.00", FUNDED), moved("-40.00", READ)]
    day_before = READ - timedelta(days=1)

    waits = compared(lines, told("490.00"))
    assert (differences(waits), waits.shops) == ({}, frozenset())

    right = compared(lines, told("490.00"), told("500.00", day_before))
    assert (differences(right), right.shops) == ({}, frozenset({"2001"}))

    wrong = compared(lines, told("490.00"), told("450.00", day_before))
    assert differences(wrong) == {"2001": D("50.00")}


def test_the_newest_reading_that_can_be_judged_counts() -> None:
    mended = compared(E11, told("150.00", READ - timedelta(days=1)), told("200.00"))
    assert (differences(mended), mended.shops) == ({}, frozenset({"2001"}))


def test_each_shop_has_a_reserve_of_its_own() -> None:
    lines = [*E11, moved("-70.00", FUNDED, shop="2002")]
    assert differences(compared(lines, told("200.00"), told("70.00", shop="2002"))) == {}
    assert differences(compared(lines, told("70.00"), told("200.00", shop="2002"))) == {
        "2001": D("130.00"),
        "2002": D("130.00"),
    }


def test_what_was_held_before_is_said_by_shop() -> None:
    """80.00 of the Lamp Shop are no 80.00 of the Mug Shop."""
    lines = [*E11, moved("-70.00", FUNDED, shop="2002")]
    before = {"2001": D("80.00")}
    assert differences(compared(lines, told("280.00"), told("70.00", shop="2002"), brought_in=before)) == {}
    assert differences(compared(lines, told("280.00"), told("150.00", shop="2002"), brought_in=before)) == {
        "2002": D("80.00")
    }


def test_lines_from_before_the_log_begins_are_in_what_was_brought_in() -> None:
    """A payout marks old lines PAID and so brings them into the log; they are no news of the reserve."""
    lines = [moved("-80.00", SINCE - timedelta(days=3)), *E11]
    assert differences(compared(lines, told("280.00"), brought_in={"2001": D("80.00")})) == {}


def test_a_shop_without_a_reserve_is_not_compared() -> None:
    found = compared(E11, told(None))
    assert (found.breaks, found.shops) == ([], frozenset())


days = st.integers(min_value=0, max_value=400)
amounts = st.decimals(min_value="-9999.99", max_value="9999.99", places=2)


@given(st.lists(st.tuples(days, amounts), max_size=12), st.integers(0, 400 * 24), st.integers(-119, 119))
def test_a_right_balance_is_never_a_break_whenever_it_is_read_and_a_wrong_one_is_told_to_the_cent(
    log: list[tuple[int, Decimal]], hour: int, minutes: int
) -> None:
    """Whatever the log holds, and though Mirakl's balance is up to two hours ahead of its log, or behind it."""
    lines = [moved(amount, SINCE + timedelta(days=day)) for day, amount in log]
    read_at = SINCE + timedelta(hours=hour)
    stood_at = read_at + timedelta(minutes=minutes)
    held = -sum((line.amount for line in lines if line.created <= stood_at), D(0))

    assert differences(compared(lines, told(held, read_at))) == {}

    off = compared(lines, told(held + D("12345678.90"), read_at))
    is_near = any(abs(line.created - read_at) <= NEAR for line in lines)
    assert differences(off) == ({} if is_near else {"2001": D("12345678.90")})

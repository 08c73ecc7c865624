"""A log that runs on by time has no gap, even where the last line before a payout is of the cycle that is paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.books.reconcile import reconcile
from tieout.domain.ledger.line import Books, Cycle, Line, PayOut
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.money import ZERO
from tieout.domain.reconcile.breaks import Code

MARKET, CYCLE = "harbour", "cycle-1"
BEGUN = datetime(2026, 10, 1, 9, tzinfo=UTC)
CLOSED = datetime(2026, 11, 1, tzinfo=UTC)
RULES = BookingRules(
    marketplace=MARKET,
    mode=Mode.OPERATOR,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, {role: role.value for role in Role}),),
)
SUMS = {Code.CHAIN_GAP, Code.CYCLE_NOT_TIED}


def a_log(shops: dict[str, list[tuple[int, bool]]]) -> Books:
    """Of each shop: sales an hour apart, in pence, that the cycle took or left; two days after it closed it is paid."""
    lines: list[Line] = []
    cycles: list[Cycle] = []
    for shop, sales in shops.items():
        balance = ZERO
        taken = sum((Decimal(pence) / 100 for pence, is_in in sales if is_in), ZERO)
        moves = [(Decimal(pence) / 100, is_in, BEGUN + timedelta(hours=n)) for n, (pence, is_in) in enumerate(sales)]
        for amount, is_in, at in [*moves, (-taken, True, CLOSED + timedelta(days=2))]:
            balance += amount
            is_payment = amount < 0
            lines.append(
                Line(
                    id=f"{shop}-{len(lines)}",
                    type="PAYMENT" if is_payment else "ORDER_AMOUNT",
                    amount=amount,
                    currency="GBP",
                    created=at,
                    updated=at,
                    state="PAID" if is_in else "PENDING",
                    cycle=f"{CYCLE}-{shop}" if is_in else None,
                    order_id=None if is_payment else f"{shop}-{len(lines)}",
                    shop=shop,
                    balance=balance,
                )
            )
        cycles.append(
            Cycle(
                id=f"{CYCLE}-{shop}",
                currency="GBP",
                closed_at=CLOSED,
                to_seller=taken,
                to_operator=None,
                pay_out=PayOut(state="PAID", paid_at=CLOSED + timedelta(days=2)),
                shop=shop,
            )
        )
    return Books(marketplace=MARKET, lines=tuple(lines), cycles=tuple(cycles))


def sums_off(books: Books) -> set[tuple[str, str]]:
    found = reconcile([books], {MARKET: RULES}, date(2026, 11, 4)).breaks
    return {(each.code.value, each.key) for each in found if each.code in SUMS}


def test_a_sale_that_waits_for_the_next_cycle_stands_between_those_of_this_one() -> None:
    """Charged on the first, the second and the third; the buyer of the second one has not received it yet."""
    assert sums_off(a_log({"2001": [(1000, True), (500, False), (2000, True)]})) == set()


def test_each_shop_has_a_balance_of_its_own() -> None:
    sales = [(1000, True), (500, False), (2000, True)]
    assert sums_off(a_log({"2001": sales, "2002": sales[::-1], "2003": [(700, True)]})) == set()


def test_a_line_that_is_lacking_is_still_told() -> None:
    books = a_log({"2001": [(1000, True), (500, False), (2000, True)]})
    holed = Books(marketplace=MARKET, lines=books.lines[1:], cycles=books.cycles)
    assert sums_off(holed) == {("CYCLE_NOT_TIED", f"{CYCLE}-2001")}


SALES = st.lists(st.tuples(st.integers(1, 9999), st.booleans()), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None)
@given(first=SALES, second=SALES)
def test_no_clean_log_has_a_gap_whatever_the_cycle_took(
    first: list[tuple[int, bool]], second: list[tuple[int, bool]]
) -> None:
    taken = [(pence, True) for pence, _ in first[:1]]
    assert sums_off(a_log({"2001": [*first, *taken], "2002": [*taken, *second]})) == set()

"""Which line of the statement is a payout that arrived in another currency, and which is nobody's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.ledger.rates import Arrival
from tieout.domain.reconcile.bank import PaidOut, StatementLine, at_the_bank
from tieout.domain.reconcile.exchanged import exchanged_at_the_bank

FRIDAY = date(2026, 1, 23)
MONDAY = date(2026, 1, 26)
LATER = date(2026, 2, 10)


def payout(cycle: str = "C1", amount: str = "10000.00", at: str | None = "0.8550", **more: object) -> PaidOut:
    """Of a shop in euros whose bank account is in pounds."""
    euros = Decimal(amount)
    told = {
        "reference": f"MKL-{cycle}",
        "into": "GBP",
        "day": FRIDAY,
        "expected": None if at is None else euros * Decimal(at),
    }
    return PaidOut(marketplace="leroy-fr", cycle=cycle, amount=euros, currency="EUR", **told | more)  # type: ignore[arg-type]


def line(
    amount: str, day: date = MONDAY, text: str = "INCOMING TRANSFER", original: str | None = None
) -> StatementLine:
    return StatementLine(
        day=day,
        amount=Decimal(amount),
        currency="GBP",
        reference=text,
        original=None if original is None else Decimal(original),
        original_currency="" if original is None else "EUR",
    )


START, END = line("-12.00", date(2026, 1, 14), "ACCOUNT FEE"), line("-12.00", LATER, "ACCOUNT FEE")
"""The statement has all days on which a payout of that Friday could stand."""


def found(payouts: list[PaidOut], *statement: StatementLine) -> dict[str, Arrival]:
    """The statement begins before any of them."""
    return told(payouts, START, *statement)


def told(payouts: list[PaidOut], *statement: StatementLine) -> dict[str, Arrival]:
    return {cycle: arrival for (_, cycle), arrival in exchanged_at_the_bank(payouts, statement).items()}


def test_the_reference_comes_before_any_amount() -> None:
    arrivals = found([payout()], line("8551.00"), line("8512.30", text="PAYOUT MKL C1"), END)
    assert (arrivals["C1"].amount, arrivals["C1"].found_by) == (Decimal("8512.30"), "")


def test_without_it_the_amount_before_the_exchange_tells_on_the_day_it_comes() -> None:
    arrivals = found([payout()], line("8512.30", original="10000.00"), line("8600.00", original="10050.00"))
    assert (arrivals["C1"].amount, arrivals["C1"].found_by) == (Decimal("8512.30"), "the amount before the exchange")


def test_else_the_line_that_alone_comes_to_what_the_rate_makes_of_it() -> None:
    """8,512.30 is 0.4 % less than 10,000 at 0.8550: what a converter keeps."""
    arrivals = found([payout()], line("8512.30"), line("950.00"), END)
    assert arrivals["C1"] == Arrival(
        day=MONDAY, currency="GBP", amount=Decimal("8512.30"), found_by="what the day's rate makes of it"
    )


def test_a_like_line_makes_it_a_person_s() -> None:
    assert found([payout()], line("8512.30"), line("8533.10", MONDAY + timedelta(days=1)), END) == {}


def test_two_like_payouts_are_a_person_s_too_though_one_line_is_there() -> None:
    assert found([payout(), payout("C2", "10010.00")], line("8512.30"), END) == {}
    alike = [payout(), payout("C2")]
    assert found(alike, line("8512.30", original="10000.00"), END) == {}


def test_the_rate_tells_nothing_before_the_statement_has_reached_all_days_that_it_could_be_on() -> None:
    """A transfer takes up to a week: what stands there on Monday may be a customer's money."""
    assert found([payout()], line("8512.30"), line("-12.00", FRIDAY + timedelta(days=6))) == {}
    assert found([payout()], line("8512.30"), line("-12.00", FRIDAY + timedelta(days=7)))


def test_nor_before_the_account_that_it_arrives_in_has_reached_them_whatever_others_have() -> None:
    """The euro account's statement was imported today, the pound account's a fortnight ago."""
    euros = StatementLine(day=LATER, amount=Decimal("-3.00"), currency="EUR", reference="ACCOUNT FEE")
    assert found([payout()], line("8512.30"), euros) == {}
    assert found([payout()], line("8512.30"), euros, END)
    seen = at_the_bank([payout()], [START, line("8512.30"), euros], LATER)
    assert (seen.missing, len(seen.waiting)) == ((), 1), "nor is it missed there"


def test_nor_where_the_first_statement_begins_after_the_payout() -> None:
    """It may have arrived on the Saturday before: what stands there on Monday may be a customer's money."""
    assert told([payout()], line("8512.30"), END) == {}
    assert told([payout()], line("-12.00", FRIDAY), line("8512.30"), END)


def test_what_is_too_far_off_too_late_or_of_the_wrong_direction_is_not_it() -> None:
    for other in (line("8290.00"), line("8512.30", LATER), line("-8512.30"), line("8512.30", original="9000.00")):
        assert found([payout()], other, END) == {}, other


def test_without_a_rate_or_an_account_in_another_currency_amounts_tell_nothing() -> None:
    assert found([payout(at=None)], line("8512.30"), END) == {}
    assert found([payout(into="")], line("8512.30", original="10000.00"), END) == {}


def test_a_line_that_shows_a_payout_of_its_own_currency_is_that_one_s() -> None:
    pounds = PaidOut(
        marketplace="harbour-uk", cycle="UK", day=FRIDAY, amount=Decimal("8512.30"), currency="GBP", reference="MKL-UK"
    )
    assert found([payout(), pounds], line("8512.30"), END) == {}


def test_a_payout_that_came_in_its_own_currency_takes_no_line_in_another() -> None:
    """Two of 10,000.00 EUR: one came as euros, so the pounds can be the other one's only."""
    euros = StatementLine(day=MONDAY, amount=Decimal("10000.00"), currency="EUR", reference="INCOMING TRANSFER")
    pounds = line("8512.30", MONDAY + timedelta(days=2), original="10000.00")
    assert len(found([payout(), payout("C2", day=MONDAY)], euros, pounds, END)) == 1
    assert found([payout()], euros, pounds, END) == {}
    seen = at_the_bank([payout(), payout("C2", day=MONDAY)], [START, euros, pounds, END], LATER)
    assert (len(seen.found), seen.missing) == (2, ())


def test_a_line_that_names_another_payout_is_not_taken_by_its_amount() -> None:
    other = payout("C2", "10010.00", day=FRIDAY - timedelta(days=30))
    assert set(found([payout(), other], line("8512.30", text="MKL-C2"), END)) == {"C2"}


def test_an_operator_s_payout_is_money_that_left() -> None:
    gone = payout(amount="-10000.00")
    assert found([gone], line("-8512.30"), line("8512.30"), END)["C1"].amount == Decimal("-8512.30")


def test_what_is_booked_by_its_amount_is_not_missed_at_the_bank() -> None:
    seen = at_the_bank([payout()], [START, line("8512.30"), END], LATER)
    assert (len(seen.found), seen.missing) == (1, ())
    seen = at_the_bank([payout()], [START, line("8512.30"), line("8533.10"), END], LATER)
    assert (seen.found, len(seen.missing)) == ((), 1)


@given(
    payouts=st.lists(st.tuples(st.integers(95, 105), st.integers(0, 9)), max_size=5),
    lines=st.lists(st.tuples(st.integers(78, 92), st.integers(0, 14), st.booleans()), max_size=6),
)
def test_no_line_stands_for_two_and_a_pair_is_each_other_s_only_choice(
    payouts: list[tuple[int, int]], lines: list[tuple[int, int, bool]]
) -> None:
    """Whatever the order in which either came."""
    paid = [payout(f"C{n}", str(a), day=FRIDAY + timedelta(days=on)) for n, (a, on) in enumerate(payouts)]
    statement = [
        line(str(a), FRIDAY + timedelta(days=on), f"line {n}", original="100" if tells else None)
        for n, (a, on, tells) in enumerate(lines)
    ]
    arrivals = found(paid, *statement, END)
    assert arrivals == found(paid[::-1], END, *statement[::-1])
    assert len(arrivals) <= len(statement)
    for each in paid:
        alike = [other for other in paid if (other.amount, other.day) == (each.amount, each.day)]
        assert each.cycle not in arrivals or len(alike) == 1

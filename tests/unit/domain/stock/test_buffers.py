"""What is held back, and never more than there is."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.buffers import Buffer, most_of_use, risk_units, rule_for, sellable
from tieout.domain.stock.rules import BufferRule, RiskRule
from tieout.domain.stock.velocity import Sale, sales_within, velocity

RISK = RiskRule()


def a_sale(line: str, units: int = 1, at: int = 100, sku: str = "MUG", marketplace: str = "brightside-uk") -> Sale:
    return Sale(line_id=line, marketplace=marketplace, sku=sku, item_id="501", units=units, at=at)


def test_the_first_rule_that_fits_counts() -> None:
    rules = [
        BufferRule(sku="MUG", units=2),
        BufferRule(category="Crockery", percent=Decimal(10)),
        BufferRule(units=1),
    ]
    assert rule_for("MUG", "Crockery", rules).units == 2
    assert rule_for("BOWL", "Crockery", rules).percent == 10
    assert rule_for("TOWEL", "Linen", rules).units == 1
    assert rule_for("TOWEL", "Linen", rules[:2]) == BufferRule()


def test_units_and_percent_are_held_back_and_the_rest_is_capped() -> None:
    buffer = Buffer(units=2, percent=Decimal(10))
    assert sellable(40, buffer, None) == 34
    assert sellable(40, buffer, 20) == 20
    assert sellable(5, buffer, None) == 2


def test_a_buffer_larger_than_the_part_shows_nothing() -> None:
    assert sellable(3, Buffer(units=5), None) == 0


def test_thirty_sales_an_hour_and_two_minutes_of_lag_hold_back_four() -> None:
    sales = [a_sale(str(number), at=number * 100) for number in range(1, 31)]
    speed = velocity(sales, 3600)
    assert speed * 120 == 1
    assert risk_units(speed, 120, RISK) == 4


def test_what_does_not_sell_carries_no_risk() -> None:
    assert risk_units(Decimal(0), 3600, RISK) == 0
    assert risk_units(Decimal(1), 3600, RiskRule(enabled=False)) == 0


def test_what_came_back_does_not_slow_the_sales_down() -> None:
    assert velocity([a_sale("1", 6), a_sale("1", -6)], 60) == Decimal("0.1")


def test_a_sale_told_twice_or_in_another_order_counts_once() -> None:
    sales = [a_sale("1", at=50), a_sale("2", at=40), a_sale("3", at=60, sku="BOWL")]
    told = sales_within(0, 100, [*reversed(sales), *sales])
    assert told == sales_within(0, 100, sales)
    assert [sale.line_id for sale in told.of("brightside-uk", "MUG")] == ["2", "1"]


def test_only_the_window_counts() -> None:
    told = sales_within(50, 100, [a_sale("old", at=50), a_sale("new", at=100), a_sale("not read yet", at=101)])
    assert [sale.line_id for sale in told.of("brightside-uk", "MUG")] == ["new"]


a_buffer = st.builds(Buffer, st.integers(0, 30), st.decimals(0, 100, places=1))


@given(st.integers(0, 200), a_buffer, st.none() | st.integers(0, 50))
def test_no_buffer_makes_an_offer_negative_or_larger_than_its_part(part: int, buffer: Buffer, cap: int | None) -> None:
    assert 0 <= sellable(part, buffer, cap) <= part
    assert sellable(part, buffer, cap) <= sellable(part + 1, buffer, cap)


@given(a_buffer, st.integers(0, 50))
def test_no_more_is_taken_than_the_cap_can_use_and_no_less(buffer: Buffer, cap: int) -> None:
    most = most_of_use(buffer, cap)
    assert most is not None
    assert sellable(most, buffer, cap) == (0 if buffer.percent == 100 else cap)
    if most:
        assert sellable(most - 1, buffer, cap) < cap


def test_an_offer_that_shows_nothing_whatever_it_has_takes_nothing() -> None:
    assert most_of_use(Buffer(percent=Decimal(100)), None) == 0
    assert most_of_use(Buffer(units=3), None) is None


@given(st.decimals(0, 1, places=4), st.integers(0, 3600))
def test_more_lag_or_more_speed_never_holds_back_less(speed: Decimal, lag: int) -> None:
    risk = risk_units(speed, lag, RISK)
    assert risk >= speed * lag
    assert risk <= risk_units(speed, lag + 60, RISK)
    assert risk <= risk_units(speed * 2, lag, RISK)

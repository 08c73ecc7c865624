"""Parts of an order line, and of its tax, always add up to the whole."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import a_line
from tieout.domain.money import rounded
from tieout.domain.orders.order import Refund, TaxAmount, tax_total
from tieout.domain.returns.shares import fitted, is_given_back, left_of, share_of, units_worth

TAXES = (TaxAmount("VAT", Decimal("5.00"), Decimal(20)), TaxAmount("ECO", Decimal("0.30"), None))


def a_refund(amount: str, shipping: str = "0", tax: str = "0", state: str = "REFUNDED") -> Refund:
    return Refund(
        id=f"R-{amount}",
        line_id="line-MUG",
        state=state,
        amount=Decimal(amount),
        shipping_amount=Decimal(shipping),
        taxes=(TaxAmount("VAT-GBR-20", Decimal(tax), Decimal(20)),),
    )


def test_what_is_announced_is_as_good_as_given() -> None:
    line = a_line(
        "MUG", "12.00", "2.00", shipping="3.00", refunds=(a_refund("6.00", "3.00", "1.00", "WAITING_REFUND"),)
    )
    left = left_of(line)
    assert (left.amount, left.shipping_amount, left.taxes[0].amount) == (Decimal("6.00"), Decimal(0), Decimal("1.00"))
    assert not is_given_back(line)
    assert is_given_back(replace(line, refunds=(*line.refunds, a_refund("6.00"))))


def test_a_free_line_without_a_refund_was_not_given_back() -> None:
    assert not is_given_back(a_line("MUG", "0", None))


@given(price=st.integers(0, 100_000), quantity=st.integers(1, 40), last=st.integers(0, 40))
def test_units_that_leave_and_units_that_do_not_are_worth_the_line(price: int, quantity: int, last: int) -> None:
    line = a_line("MUG", Decimal(price) / 100, None, quantity=quantity)
    last = min(last, quantity)
    first = rounded(line.price * (quantity - last) / quantity, "GBP") if last < quantity else Decimal(0)
    assert units_worth(line, last, "GBP") + first == line.price


@given(total=st.integers(0, 530), part=st.integers(0, 3000))
def test_a_tax_that_is_moved_to_a_total_has_it_and_takes_no_more_than_is_left(total: int, part: int) -> None:
    shares = share_of(TAXES, TAXES, Decimal(part) / 100, Decimal(30), "GBP")
    moved = fitted(shares, TAXES, Decimal(total) / 100)
    assert moved is not None
    assert tax_total(moved) == Decimal(total) / 100
    left = {tax.code: tax.amount for tax in TAXES}
    assert all(0 <= tax.amount <= left[tax.code] for tax in moved)


def test_more_tax_than_is_left_does_not_fit() -> None:
    assert fitted(TAXES, TAXES, Decimal("5.31")) is None

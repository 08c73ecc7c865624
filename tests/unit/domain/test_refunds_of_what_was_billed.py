"""Of a line that was refunded whole, and left in part, what was billed is credited: all of it, and no more."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from tests.fakes import a_line
from tieout.domain.orders.order import Refund
from tieout.domain.returns.credit import Found, within
from tieout.domain.shipments.invoice import Share

D = Decimal


def a_refund(refund_id: str, amount: str) -> Refund:
    return Refund(
        id=refund_id, line_id="line-BOWL", state="REFUNDED", amount=D(amount), shipping_amount=D(0), quantity=1
    )


def test_a_refund_of_units_that_never_left_takes_nothing_of_what_was_billed() -> None:
    """Three at 30.00: two left and were billed; NetSuite closed the third, which was refunded first."""
    third, of_one, of_another = a_refund("1", "10.00"), a_refund("2", "10.00"), a_refund("3", "10.00")
    line = replace(a_line("BOWL", "30.00", "0.00", quantity=3), refunds=(third, of_one, of_another))
    billed = Share(units=2, price=D("20.00"), shipping=D(0), taxes={}, shipping_taxes={})
    assert within(Found(line, of_another), billed, never_left={"1"}).refund.amount == D("10.00")
    assert within(Found(line, of_another), billed).refund.amount == D(0)

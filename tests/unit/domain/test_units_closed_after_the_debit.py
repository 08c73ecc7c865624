"""Units that NetSuite closes after the buyer was charged go back; with what is billed they are the order."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import a_line, an_order
from tieout.domain.orders.order import tax_total
from tieout.domain.returns.refund import ClosedLine, RefundLine
from tieout.domain.returns.refunds import cancelation_of
from tieout.domain.shipments.invoice import shares_of

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def closed(units: int) -> ClosedLine:
    return ClosedLine(
        marketplace="brightside",
        order_id="A-1",
        sales_order_id="1000",
        line_id="line-MUG",
        quantity=units,
        modified_at=NOW,
    )


def test_of_three_mugs_the_one_that_was_closed_goes_back_with_its_delivery() -> None:
    order = an_order(lines=[a_line("MUG", "10.00", "1.67", quantity=3, shipping="4.00", shipping_tax="0.67")])
    line = cancelation_of(closed(1), order, "X", excluded_from_shipment=True)
    assert (line.amount, line.shipping_amount) == (Decimal("3.33"), Decimal("1.33"))
    assert (line.taxes[0].amount, line.shipping_taxes[0].amount) == (Decimal("0.56"), Decimal("0.22"))


def test_a_cancelation_leaves_the_delivery_to_the_units_that_stay() -> None:
    order = an_order(lines=[a_line("MUG", "10.00", "1.67", quantity=3, shipping="4.00", shipping_tax="0.67")])
    line = cancelation_of(closed(1), order, "X")
    assert (line.amount, line.shipping_amount, line.shipping_taxes) == (Decimal("3.33"), Decimal(0), ())


def gross_of(line: RefundLine, *, tax_included: bool) -> Decimal:
    goods = line.amount + line.shipping_amount
    return goods if tax_included else goods + tax_total(line.taxes) + tax_total(line.shipping_taxes)


@given(
    st.integers(2, 12),
    st.data(),
    st.integers(1, 50_000),
    st.integers(0, 3_000),
    st.booleans(),
)
def test_what_is_billed_and_what_goes_back_are_the_order_to_the_cent(
    quantity: int, data: st.DataObject, price: int, shipping: int, tax_included: bool
) -> None:
    gone = data.draw(st.integers(1, quantity - 1))
    cents = Decimal("0.01")
    order = an_order(
        lines=[
            a_line(
                "MUG",
                price * cents,
                (price // 6) * cents,
                quantity=quantity,
                shipping=shipping * cents,
                shipping_tax=(shipping // 6) * cents,
            )
        ],
        tax_included=tax_included,
    )
    back = cancelation_of(closed(gone), order, "X", excluded_from_shipment=True)
    share = shares_of(order, {"line-MUG": quantity - gone}, {})["line-MUG"]
    billed = share.price + share.shipping
    if not tax_included:
        billed += sum(share.taxes.values(), Decimal(0)) + sum(share.shipping_taxes.values(), Decimal(0))
    assert billed + gross_of(back, tax_included=tax_included) == order.gross.amount

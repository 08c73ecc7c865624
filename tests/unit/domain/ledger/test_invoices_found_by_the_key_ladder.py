"""Money is applied to the invoices that reconciliation finds for certain, and to none that it works out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import an_invoice, books, log, rules
from tieout.domain.ledger.line import Booked, Line, Sold, SoldLine, SoldRefund
from tieout.domain.ledger.settle import settle
from tieout.domain.reconcile.ladder import CERTAIN, Rung, climb

SALE = log("ORDER_AMOUNT +100.00 ORDER_AMOUNT_TAX +20.00")


def sold(order: str = "O-1", *names: str, gross: str = "120.00") -> Sold:
    """What OR11 shows of an order: its goods left on the day of its invoice."""
    left = datetime(2026, 1, 10, 12, tzinfo=UTC)
    refund = SoldRefund(id="R-1", gross=Decimal("48.00"))
    line = SoldLine(id=f"{order}-1", gross=Decimal(gross), shipped_at=left, refunds=(refund,))
    return Sold(
        id=order, currency="EUR", state="RECEIVED", created_at=left, lines=(line,), tax_included=True, references=names
    )


def loose(total: str = "120.00", *, number: str = "INV-77", names: str | None = None, external: str = "") -> Booked:
    """An invoice that names no order of the log."""
    return replace(an_invoice(total), number=number, external_id=external, order_id=names, id="901")


def applied(lines: list[Line], *more: Booked | Sold) -> list[tuple[str, Decimal]]:
    """Documents and amounts of all payments and refunds."""
    settled = settle(books(lines, *more), rules("record_level"))
    return [(each.number, each.amount) for record in settled.records for each in record.applications]


def test_an_invoice_that_names_the_basket_of_one_order_is_paid_by_that_orders_money() -> None:
    assert applied(SALE, sold("O-1", "BASKET-9"), loose(names="BASKET-9")) == [("INV-77", Decimal("120.00"))]


def test_one_whose_number_is_the_orders_reference_is_paid_too() -> None:
    assert applied(SALE, sold("O-1", "SO-4711"), loose(number="SO-4711")) == [("SO-4711", Decimal("120.00"))]


def test_a_predecessors_external_id_names_the_order_as_well_as_ours_does() -> None:
    before = loose(external="tieout-leroy-fr-inv-O-1")
    assert applied(SALE, sold(), before) == [("INV-77", Decimal("120.00"))]


def test_a_credit_memo_is_refunded_by_the_refund_that_its_external_id_names() -> None:
    back = log("REFUND_ORDER_AMOUNT -40.00 REFUND_ORDER_AMOUNT_TAX -8.00", refund_id="R-1")
    memo = replace(loose("48.00", number="CM-3", external="T-leroy-fr-CM-R-1"), type="CustCred", day=date(2026, 1, 12))
    assert ("CM-3", Decimal("48.00")) in applied([*SALE, *back], sold(), an_invoice("120.00"), memo)


def test_what_only_the_amount_tells_is_compared_and_not_paid() -> None:
    """Two orders of one basket, invoiced under the basket's name: reconciliation pairs them by amount and day."""
    lines = [*SALE, *log("ORDER_AMOUNT +50.00 ORDER_AMOUNT_TAX +10.00", order="O-2")]
    there = (
        sold("O-1", "BASKET-9"),
        sold("O-2", "BASKET-9", gross="60.00"),
        loose(names="BASKET-9"),
        replace(loose("60.00", number="INV-78", names="BASKET-9"), id="902"),
    )
    assert {rung for _, _, rung in climb(books(lines, *there)).found} == {Rung.AMOUNT}
    assert applied(lines, *there) == []
    without = settle(books(lines, *there[:2]), rules("record_level"))
    assert settle(books(lines, *there), rules("record_level")) == without, "as if they had not been invoiced"


def test_a_name_of_two_orders_tells_nothing() -> None:
    assert applied(SALE, sold("O-1", "BASKET-9"), sold("O-2", "BASKET-9"), loose(names="BASKET-9")) == []


@given(
    baskets=st.lists(st.sampled_from(["B-1", "B-2", "B-3"]), min_size=1, max_size=5),
    named=st.lists(st.sampled_from(["B-1", "B-2", "B-3", "O-0", "O-1", "nothing"]), max_size=6),
)
def test_whatever_is_paid_is_what_reconciliation_gives_the_order(baskets: list[str], named: list[str]) -> None:
    lines, orders = list[Line](), list[Sold]()
    for place, basket in enumerate(baskets):
        lines += log("ORDER_AMOUNT +100.00 ORDER_AMOUNT_TAX +20.00", order=f"O-{place}")
        orders.append(sold(f"O-{place}", basket))
    invoices = [replace(loose(number=f"INV-{place}", names=name), id=f"9{place}") for place, name in enumerate(named)]
    there = books(lines, *orders, *invoices)
    found = {each.number: each.order_id for each in climb(there).booked}
    certain = {each.number: each.order_id for each in climb(there, rungs=CERTAIN).booked}
    for number, _ in applied(lines, *orders, *invoices):
        assert certain[number] == found[number]
        assert (certain[number] or "") in there.orders

"""Which order an invoice is of, where it does not bear the order's id: rung by rung, and never by a guess."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tieout.domain.ledger.line import Booked, Books, Line, Sold, SoldLine, SoldRefund
from tieout.domain.reconcile.ladder import Rung, climb

SHOP = "corner-shop"
LEFT = datetime(2026, 9, 10, 12, tzinfo=UTC)
TODAY = LEFT.date()


def an_order(name: str, gross: int, *names: str, refund: str | None = None, left: datetime = LEFT) -> Sold:
    given = (SoldRefund(id=refund, gross=Decimal(5)),) if refund else ()
    line = SoldLine(id=f"{name}-1", gross=Decimal(gross), shipped_at=left, refunds=given)
    return Sold(
        id=name,
        currency="GBP",
        state="RECEIVED",
        created_at=left - timedelta(days=1),
        lines=(line,),
        tax_included=True,
        references=names,
    )


def an_invoice(number: str, total: int, names: str | None = None, day: date = TODAY, **more: Any) -> Booked:
    told: dict[str, Any] = {"external_id": "", "type": "CustInvc", "currency": "GBP", **more}
    return Booked(number=number, total=Decimal(total), day=day, order_id=names, **told)


def books(orders: Sequence[Sold], booked: Sequence[Booked], lines: Sequence[Line] = ()) -> Books:
    return Books(
        marketplace=SHOP,
        lines=tuple(lines),
        cycles=(),
        orders={order.id: order for order in orders},
        booked=tuple(booked),
    )


def orders_of(orders: Sequence[Sold], booked: Sequence[Booked]) -> dict[str, str | None]:
    return {each.number: each.order_id for each in climb(books(orders, booked)).booked}


def test_an_invoice_that_bears_the_orders_id_needs_no_ladder() -> None:
    climbed = climb(books([an_order("A-1", 20)], [an_invoice("INV1", 20, "A-1")]))

    assert [each.order_id for each in climbed.booked] == ["A-1"]
    assert climbed.found == ()


def test_one_of_an_order_that_only_the_log_knows_stays_with_it() -> None:
    line = Line(
        id="1", type="ORDER_AMOUNT", amount=Decimal(20), currency="GBP", created=LEFT, updated=LEFT, order_id="GONE"
    )
    there = books([an_order("A-1", 20, "GONE")], [an_invoice("INV1", 20, "GONE")], [line])

    assert [each.order_id for each in climb(there).booked] == ["GONE"]


def test_an_order_of_the_log_is_one_wherever_its_lines_are_kept() -> None:
    """It is in no order that was read: another one has its number as a name."""
    there = books([an_order("A-1", 20, "GONE")], [an_invoice("INV1", 20, "GONE")])
    assert [each.order_id for each in climb(there, lambda _: {"GONE"}).booked] == ["GONE"]
    assert [each.order_id for each in climb(there, lambda _: set()).booked] == ["A-1"]


@pytest.mark.parametrize(
    "written",
    ["tieout-corner-shop-inv-A-1", "T-corner-shop-INV-A-1", "T-corner-shop-INV-A-1-2", "t-corner-shop-inv-a-1"],
)
def test_by_its_external_id_with_a_shipment_behind_it_or_not(written: str) -> None:
    climbed = climb(books([an_order("A-1", 20), an_order("A", 20)], [an_invoice("INV1", 20, external_id=written)]))

    assert climbed.found == (("A-1", "INV1", Rung.EXTERNAL_ID),)


@pytest.mark.parametrize("written", ["tieout-other-shop-inv-A-1", "T-corner-shop-INV-5001", "INV-A-1", ""])
def test_another_external_id_says_nothing(written: str) -> None:
    assert orders_of([an_order("A-1", 20)], [an_invoice("INV1", 20, external_id=written)]) == {"INV1": None}


def test_a_credit_memo_is_found_with_its_refund() -> None:
    memo = an_invoice("CM1", 5, external_id="tieout-corner-shop-cm-R-7", type="CustCred")

    (found,) = climb(books([an_order("A-1", 20, refund="R-7")], [memo])).booked

    assert (found.order_id, found.refund_id) == ("A-1", "R-7")


@pytest.mark.parametrize("names", ["PO-9", None], ids=["what it names", "its number"])
def test_by_another_name_of_the_order(names: str | None) -> None:
    number = "INV1" if names else "PO-9"

    climbed = climb(books([an_order("A-1", 20, "PO-9")], [an_invoice(number, 20, names)]))

    assert climbed.found == (("A-1", number, Rung.NAME),)


BASKET = [an_order("A-1", 20, "BASKET"), an_order("A-2", 35, "BASKET")]
"""Two orders of one commercial order."""


def test_by_amount_and_day_where_orders_share_a_name() -> None:
    found = orders_of(BASKET, [an_invoice("INV1", 35, "BASKET"), an_invoice("INV2", 20, "BASKET")])

    assert found == {"INV1": "A-2", "INV2": "A-1"}


@pytest.mark.parametrize(
    "invoice",
    [
        an_invoice("INV1", 20, "BASKET", day=TODAY + timedelta(days=4)),
        an_invoice("INV1", 20, "BASKET", currency="EUR"),
        an_invoice("INV1", 19, "BASKET"),
        an_invoice("INV1", 20),
    ],
    ids=["four days later", "in other money", "a pound less", "naming nothing"],
)
def test_all_of_it_has_to_fit(invoice: Booked) -> None:
    assert orders_of(BASKET, [invoice])["INV1"] == invoice.order_id


def test_two_orders_of_one_amount_are_nobodys() -> None:
    twins = [an_order("A-1", 20, "BASKET"), an_order("A-2", 20, "BASKET")]

    assert orders_of(twins, [an_invoice("INV1", 20, "BASKET")]) == {"INV1": "BASKET"}


def test_shipments_that_add_up_to_one_order_of_a_basket() -> None:
    parts = [an_invoice("INV1", 12, "BASKET"), an_invoice("INV2", 23, "BASKET"), an_invoice("INV3", 20, "BASKET")]

    climbed = climb(books(BASKET, parts))

    assert set(climbed.found) == {
        ("A-1", "INV3", Rung.AMOUNT),
        ("A-2", "INV1", Rung.PARTS),
        ("A-2", "INV2", Rung.PARTS),
    }


def test_parts_that_add_up_in_two_ways_are_no_match() -> None:
    parts = [an_invoice(f"INV{total}{n}", total, "BASKET") for n, total in enumerate((12, 23, 23))]

    assert set(orders_of(BASKET, parts).values()) == {"BASKET"}


def test_parts_that_two_orders_would_both_take_are_no_match() -> None:
    twins = [an_order("A-1", 35, "BASKET"), an_order("A-2", 35, "BASKET")]
    parts = [an_invoice("INV1", 12, "BASKET"), an_invoice("INV2", 23, "BASKET")]

    assert set(orders_of(twins, parts).values()) == {"BASKET"}


def test_among_more_than_twelve_nothing_is_tried() -> None:
    parts = [an_invoice(f"INV{n}", 2**n, "BASKET") for n in range(13)]

    assert set(orders_of([an_order("A-1", 3, "BASKET"), an_order("A-2", 99_999, "BASKET")], parts).values()) == {
        "BASKET"
    }


SMALL = st.lists(st.integers(1, 12), min_size=0, max_size=6)


@given(SMALL, SMALL, st.randoms(use_true_random=False))
def test_no_part_is_taken_twice_and_the_order_of_documents_does_not_matter(
    grosses: list[int], totals: list[int], chance: Random
) -> None:
    orders = [an_order(f"A-{n}", gross, "BASKET") for n, gross in enumerate([*grosses, 500])]
    booked = [an_invoice(f"INV{n}", total, "BASKET") for n, total in enumerate(totals)]

    found = climb(books(orders, booked)).found

    assert set(climb(books(orders, chance.sample(booked, len(booked)))).found) == set(found)
    assert len({number for _, number, _ in found}) == len(found)
    for order in orders:
        parts = [Decimal(totals[int(number[3:])]) for order_id, number, _ in found if order_id == order.id]
        if len(orders) > 1 and parts:
            assert sum(parts) == order.gross


@given(st.lists(st.integers(1, 30), min_size=2, max_size=7), st.integers(2, 60))
def test_parts_are_a_match_exactly_when_one_set_of_them_adds_up(totals: list[int], gross: int) -> None:
    if gross in totals:
        return
    booked = [an_invoice(f"INV{n}", total, "BASKET") for n, total in enumerate(totals)]
    ways = [
        {f"INV{n}" for n in chosen}
        for size in range(2, len(totals) + 1)
        for chosen in combinations(range(len(totals)), size)
        if sum(totals[n] for n in chosen) == gross
    ]

    found = climb(books([an_order("A-1", gross, "BASKET"), an_order("A-2", 999, "BASKET")], booked)).found

    assert {number for _, number, _ in found} == (ways[0] if len(ways) == 1 else set())


def test_a_document_that_was_found_keeps_everything_else() -> None:
    invoice = an_invoice("INV1", 20, external_id="T-corner-shop-INV-A-1")

    assert climb(books([an_order("A-1", 20)], [invoice])).booked == (replace(invoice, order_id="A-1"),)

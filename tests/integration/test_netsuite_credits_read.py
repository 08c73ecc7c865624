"""What our NetSuite client reads of money that goes back and of lines that end early, from the NetSuite twin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.netsuite_documents import D, Shop, a_sales_order
from tests.integration.running_twins import running
from tieout.domain.money import Money
from tieout.domain.orders.booked import Booked
from tieout.domain.orders.sales_order import TaxStrategy
from tieout.domain.returns.refund import ClosedLine, Credit, CreditLine

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running(tmp_path, []) as twins:
        yield Shop(twins)


def credited(shop: Shop, since: timedelta = -HOUR, until: timedelta = timedelta(seconds=2)) -> list[Credit]:
    now = shop.client.now()
    return [each for page in shop.client.credits_changed(now + since, now + until) for each in page]


def closed(shop: Shop, since: timedelta = -HOUR, until: timedelta = timedelta(seconds=2)) -> list[ClosedLine]:
    now = shop.client.now()
    return [each for page in shop.client.closed_lines_changed(now + since, now + until) for each in page]


def billed(shop: Shop) -> tuple[Booked, str]:
    """Three mugs and three pens, 120.00 each, 12.00 delivery, shipped and billed by hand."""
    order = shop.order(a_sales_order())
    shop.ship(order)
    return order, shop.hand.make("salesOrder", order.id, "invoice")


def memo(shop: Shop, invoice: str, *lines: dict[str, Any], **more: Any) -> str:
    applied = {"apply": {"items": [{"doc": {"id": invoice}, "apply": True}]}}
    items = {"item": {"items": list(lines)}} if lines else {}
    return shop.hand.make("invoice", invoice, "creditMemo", applied | items | more)


def gross(line: CreditLine) -> Decimal:
    return line.net + line.tax + line.shipping_net + line.shipping_tax


# -- credit memos ------------------------------------------------------------------------------------------------------


def test_a_credit_memo_that_somebody_made_tells_what_each_order_line_gives_back(shop: Shop):
    _, invoice = billed(shop)
    made = memo(shop, invoice, {"orderLine": 1, "quantity": 1}, {"orderLine": 2, "quantity": 0}, shippingCost=0)
    (found,) = credited(shop)
    assert (found.id, found.kind, found.external_id) == (made, "CustCred", "")
    assert (found.marketplace, found.order_id, found.total) == ("brightside-uk", "A-1", Money(D("40.00"), "GBP"))
    assert found.lines == (CreditLine(line_id="A-1-1", quantity=1, net=D("33.33"), tax=D("6.67")),)


def test_the_delivery_that_goes_back_goes_with_the_lines_to_the_penny(shop: Shop):
    """All of it: 252.00."""
    _, invoice = billed(shop)
    memo(shop, invoice)
    (found,) = credited(shop)
    assert found.total == Money(D(252), "GBP")
    assert [(line.net, line.tax, line.shipping_net, line.shipping_tax) for line in found.lines] == [
        (D(100), D(20), D(5), D(1)),
        (D(100), D(20), D(5), D(1)),
    ]
    assert sum(gross(line) for line in found.lines) == 252


def test_a_line_that_nobody_ordered_is_there_without_a_line_id_so_that_nothing_is_lost(shop: Shop):
    _, invoice = billed(shop)
    goodwill = {"item": {"id": "710"}, "quantity": 1, "rate": 5, "price": {"id": "-1"}}
    nothing = [{"orderLine": number, "quantity": 0} for number in (1, 2)]
    memo(shop, invoice, *nothing, goodwill, shippingCost=0)
    (found,) = credited(shop)
    assert found.lines == (CreditLine(line_id="", quantity=1, net=D(5), tax=D(0)),)
    assert found.total == Money(D(5), "GBP")


def test_a_tax_that_is_a_line_bears_no_delivery(shop: Shop):
    order = shop.order(a_sales_order(strategy=TaxStrategy.OTHER_CHARGE, charge_item="710"))
    shop.ship(order)
    memo(shop, shop.hand.make("salesOrder", order.id, "invoice"))
    (found,) = credited(shop)
    assert [(line.line_id, gross(line), line.shipping_net) for line in found.lines] == [
        ("A-1-1", D(105), D(5)),
        ("A-1-2", D(105), D(5)),
        ("TAX-VAT-GBR-20", D(42), D(0)),
    ]


def test_a_credit_memo_of_a_return_is_told_with_its_order(shop: Shop):
    order, _ = billed(shop)
    back = shop.back(order, {1: 2})
    receipt = shop.hand.make("returnAuthorization", back, "itemReceipt")
    made = shop.hand.make("returnAuthorization", back, "creditMemo")
    found = {each.id: each for each in credited(shop)}
    assert list(found) == [receipt, made]
    assert (found[made].order_id, found[made].lines[0].line_id, found[made].lines[0].quantity) == ("A-1", "A-1-1", 2)
    assert found[made].total == Money(D(80), "GBP")


def test_goods_that_were_received_are_told_with_what_they_had_cost(shop: Shop):
    """1 of the 2 mugs of a return for 80.00."""
    order, _ = billed(shop)
    back = shop.back(order, {1: 2})
    made = shop.hand.make("returnAuthorization", back, "itemReceipt", {"item": {"items": [_one(1)]}})
    (found,) = credited(shop)
    assert (found.id, found.kind, found.order_id, found.total) == (made, "ItemRcpt", "A-1", Money(D("40.00"), "GBP"))
    assert found.lines == (CreditLine(line_id="A-1-1", quantity=1, net=D("33.34"), tax=D("6.66")),)


def _one(line: int) -> dict[str, Any]:
    return {"orderLine": line, "quantity": 1}


def test_a_credit_memo_that_lost_its_fields_is_found_by_the_invoice_it_was_made_of(shop: Shop):
    _, invoice = billed(shop)
    made = memo(shop, invoice, custbody_tieout_order=None)
    shop.hand.change("creditMemo", made, {"custbody_tieout_order": None, "custbody_tieout_marketplace": None})
    (found,) = credited(shop)
    assert (found.order_id, found.marketplace) == ("A-1", "brightside-uk")


def test_a_credit_memo_of_somebody_elses_business_is_not_read(shop: Shop):
    order = shop.order(a_sales_order())
    shop.hand.change("salesOrder", order.id, {"custbody_tieout_order": None})
    shop.ship(order)
    memo(shop, shop.hand.make("salesOrder", order.id, "invoice"))
    assert credited(shop) == []


def test_a_credit_memo_of_ours_says_so_by_its_external_id(shop: Shop):
    _, invoice = billed(shop)
    memo(shop, invoice, externalId="T-brightside-uk-CM-R1")
    assert [each.external_id for each in credited(shop)] == ["T-brightside-uk-CM-R1"]


def test_a_credit_memo_outside_of_the_window_is_left_out(shop: Shop):
    _, invoice = billed(shop)
    memo(shop, invoice)
    assert credited(shop, since=-2 * HOUR, until=-HOUR) == []


# -- lines that were closed --------------------------------------------------------------------------------------------


def close(shop: Shop, order: Booked, *lines: int) -> None:
    items = [{"line": number, "isClosed": True} for number in lines]
    shop.hand.change("salesOrder", order.id, {"item": {"items": items}})


def test_a_closed_line_tells_the_units_that_will_not_leave(shop: Shop):
    order = shop.order(a_sales_order())
    shop.ship(order, {1: 1})
    close(shop, order, 1)
    (found,) = closed(shop)
    assert (found.marketplace, found.order_id, found.sales_order_id) == ("brightside-uk", "A-1", order.id)
    assert (found.line_id, found.quantity, found.shipped) == ("A-1-1", 2, 1)


def test_units_that_are_picked_leave_though_their_line_is_closed(shop: Shop):
    order = shop.order(a_sales_order())
    shop.ship(order, {1: 1}, letter="A")
    close(shop, order, 1, 2)
    assert [(line.line_id, line.quantity, line.shipped) for line in closed(shop)] == [("A-1-1", 2, 0), ("A-1-2", 3, 0)]


def test_a_line_that_left_whole_is_not_missing_when_it_is_closed(shop: Shop):
    order = shop.order(a_sales_order())
    shop.ship(order, {1: 3})
    close(shop, order, 1)
    assert closed(shop) == []


def test_an_open_line_is_not_closed_and_the_window_holds(shop: Shop):
    order = shop.order(a_sales_order())
    close(shop, order, 2)
    assert [line.line_id for line in closed(shop)] == ["A-1-2"]
    assert closed(shop, since=-2 * HOUR, until=-HOUR) == []


def test_a_line_that_shipped_in_two_parts_counts_both(shop: Shop):
    order = shop.order(a_sales_order())
    shop.ship(order, {1: 1})
    shop.ship(order, {1: 1})
    close(shop, order, 1)
    assert [(line.quantity, line.shipped) for line in closed(shop)] == [(1, 2)]

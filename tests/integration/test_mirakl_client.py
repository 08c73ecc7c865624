"""Our Mirakl client against the Mirakl twin, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.or11 import a_wire_line, a_wire_order
from tests.integration.running_twins import Running, running
from tieout.domain.errors import CredentialsRefused, NeedsAttention, OutcomeUnknown, SystemDown, Throttled
from tieout.mirakl.client import Connection, Mirakl

FIRST = datetime(2026, 10, 1, tzinfo=UTC)


def orders(count: int, **details: Any) -> list[dict[str, Any]]:
    """Orders a minute apart."""
    moments = [(FIRST + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(count)]
    return [
        a_wire_order(f"{n:04d}-A", created_date=at, last_updated_date=at, **details) for n, at in enumerate(moments)
    ]


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, orders(250)) as both:
        yield both


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Running]:
    """One order of two lines that waits for acceptance."""
    lines = [a_wire_line(f"0000-A-{n}", order_line_state="WAITING_ACCEPTANCE") for n in (1, 2)]
    order = a_wire_order("0000-A", lines, order_state="WAITING_ACCEPTANCE", total_price=252)
    with running(tmp_path, [order]) as both:
        yield both


def read(client: Mirakl, start: datetime = FIRST) -> list[str]:
    pages = client.orders_updated(start, client.now())
    return [each.order_id for page in pages for each in page]


@pytest.mark.parametrize("role", ["seller", "operator"])
def test_every_order_of_a_window_comes_and_reads(twins: Running, role: str):
    client = twins.mirakl(role)
    found = [each for page in client.orders_updated(FIRST, client.now()) for each in page]
    assert {each.order_id for each in found} == {f"{n:04d}-A" for n in range(250)}
    assert all(each.order is not None and each.order.gross.amount == 126 for each in found)
    assert {each.order.seller_id for each in found if each.order} == {2001}


def test_an_order_that_changes_while_pages_are_read_hides_none_behind_it(twins: Running):
    """Thirty orders of the first page are updated before the second is asked for: all behind them move left."""
    client = twins.mirakl()
    pages = client.orders_updated(FIRST, client.now())
    seen = {each.order_id for each in next(pages)}
    twins.wait(60)
    for n in range(30):
        twins.change(order_id=f"{n:04d}-A", set={"has_incident": True})
    seen |= {each.order_id for page in pages for each in page}
    assert seen == {f"{n:04d}-A" for n in range(250)}


def test_a_page_that_is_served_twice_hides_nothing(twins: Running):
    twins.fault("mirakl", {"operation": "OR11", "kind": "duplicate_page", "nth": 2})
    assert set(read(twins.mirakl())) == {f"{n:04d}-A" for n in range(250)}
    assert any(call["fault"] == "duplicate_page" for call in twins.calls("mirakl"))


def test_orders_by_id_come_whatever_their_number_and_unknown_ones_do_not(twins: Running):
    asked = [f"{n:04d}-A" for n in range(150)]
    found = twins.mirakl().orders_by_id([*asked, "9999-Z"])
    assert sorted(each.order_id for each in found) == asked


def test_an_archived_order_reads_as_it_did_when_it_came(twins: Running):
    client = twins.mirakl()
    (fetched,) = client.orders_by_id(["0007-A"])
    assert client.read_order(fetched.raw) == fetched.order


def test_polling_faster_than_mirakl_allows_is_told_with_how_long_to_wait(twins: Running):
    client = twins.mirakl()
    read(client)
    with pytest.raises(Throttled) as refused:
        read(client)
    assert refused.value.after_seconds is not None
    assert 0 < refused.value.after_seconds <= 60
    twins.wait(61)
    assert read(client)


def test_a_read_that_fails_twice_still_answers(twins: Running):
    twins.fault(
        "mirakl", {"operation": "OR11", "kind": "500", "nth": 1}, {"operation": "OR11", "kind": "reset", "nth": 2}
    )
    assert len(twins.mirakl().orders_by_id(["0001-A"])) == 1
    assert twins.slept == pytest.approx([0.2, 0.6])


def test_a_maintenance_page_is_no_list_of_orders(twins: Running):
    twins.fault("mirakl", {"operation": "OR11", "kind": "maintenance"})
    with pytest.raises(SystemDown):
        read(twins.mirakl())


def test_an_order_is_accepted_with_every_line_decided(waiting: Running):
    client = waiting.mirakl()
    (before,) = client.orders_by_id(["0000-A"])
    assert before.order is not None
    assert before.order.ship_to is None, "the address is hidden until acceptance"
    client.accept("0000-A", {"0000-A-1": True, "0000-A-2": True})
    waiting.wait(3600)
    (after,) = client.orders_by_id(["0000-A"])
    assert after.order is not None
    assert after.order.state == "SHIPPING"
    assert after.order.ship_to is not None


def test_half_a_decision_is_refused_in_mirakls_words(waiting: Running):
    with pytest.raises(NeedsAttention) as refused:
        waiting.mirakl().accept("0000-A", {"0000-A-1": True})
    assert refused.value.facts["code"] == "ORDER_LINE_ACCEPTANCE_DECISION_MISSING"


def test_an_acceptance_whose_answer_is_lost_may_have_happened_and_is_not_repeated(waiting: Running):
    waiting.fault("mirakl", {"operation": "OR21", "kind": "timeout_after", "seconds": 0.1})
    with pytest.raises(OutcomeUnknown):
        waiting.mirakl().accept("0000-A", {"0000-A-1": True, "0000-A-2": True})
    assert [call["operation"] for call in waiting.calls("mirakl")] == ["OR21"]
    waiting.fault("mirakl")
    (order,) = waiting.mirakl().orders_by_id(["0000-A"])
    assert order.order is not None
    assert order.order.state != "WAITING_ACCEPTANCE"


def test_our_numbers_are_written_back_and_refusals_named(twins: Running):
    client = twins.mirakl()
    refused = client.set_seller_references({"0001-A": "SO1001", "nobody": "SO1002"})
    assert list(refused) == ["nobody"]
    assert refused["nobody"].startswith("ORDER_NOT_FOUND")
    (order,) = client.orders_by_id(["0001-A"])
    assert order.order is not None
    assert order.order.seller_reference == "SO1001"


def test_a_wrong_key_stops_at_once(twins: Running):
    here = twins.twins.mirakl.marketplaces["brightside-uk"]
    connection = Connection(marketplace="brightside-uk", base_url=here.url, role="seller", shop_id=here.shop_id)
    with pytest.raises(CredentialsRefused):
        read(Mirakl(connection, lambda: {"api_key": "wrong"}), FIRST)


def test_what_the_doctor_asks_is_answered(twins: Running):
    client = twins.mirakl()
    configuration = client.platform_configuration()
    assert configuration.features is not None
    assert configuration.features.order_tax_mode == "TAX_INCLUDED"
    assert client.account().shop_id == 2001
    assert client.version()
    assert twins.mirakl("operator").version()

"""Rules of the Mirakl twin that hold for any order, any decision and any pace of calls."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.mirakl.arrivals import place_orders
from sandbox.mirakl.frequencies import Frequencies
from sandbox.mirakl.lifecycle import Waits, cancel_lines, decide, live_lines
from sandbox.mirakl.listing import found_orders
from sandbox.mirakl.operation import Frequency
from sandbox.mirakl.state import Marketplace, MiraklState, Order
from sandbox.mirakl.tax_mode import in_tax_mode

NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)
NO_WAIT = Waits()
amounts = st.decimals(0, 1000, places=2)
lines = st.builds(
    lambda unit, quantity, tax, shipping: {
        "offer_sku": "X",
        "price_unit": unit,
        "quantity": quantity,
        "shipping_price": shipping,
        "taxes": [{"code": "VAT", "amount": tax}],
        "shipping_taxes": [{"code": "VAT", "amount": tax / 2}],
    },
    amounts,
    st.integers(1, 9),
    amounts,
    amounts,
)


def placed(order_lines: list[dict[str, Any]], **fields: Any) -> Order:
    state = MiraklState("secret")
    marketplace = state.open("brightside-uk")
    body = {"order_id": "A", "order_lines": order_lines, **fields}
    place_orders(state, marketplace, [body], NOW, NO_WAIT, as_of_now=False)
    return marketplace.orders["A"]


@given(st.lists(lines, min_size=1, max_size=5), st.sampled_from(["TAX_INCLUDED", "TAX_EXCLUDED"]))
def test_amounts_turned_to_the_other_tax_mode_and_back_are_the_same(order_lines: list[Any], mode: str) -> None:
    order = placed(order_lines, order_tax_mode=mode).body
    (other,) = {"TAX_INCLUDED", "TAX_EXCLUDED"} - {mode}
    back = in_tax_mode(in_tax_mode(order, other), mode)
    for name in ("price", "shipping_price", "total_price"):
        assert back[name] == order[name]
        assert [line[name] for line in back["order_lines"]] == [line[name] for line in order["order_lines"]]


@given(st.lists(st.tuples(lines, st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_whatever_is_refused_or_cancelled_the_total_is_that_of_the_live_lines(drawn: list[Any]) -> None:
    order = placed([line for line, _, _ in drawn])
    decide(order, {f"A-{place}": accepted for place, (_, accepted, _) in enumerate(drawn, 1)}, NOW, NO_WAIT)
    cancelled = [f"A-{place}" for place, (_, accepted, gone) in enumerate(drawn, 1) if accepted and gone]
    cancel_lines(order, cancelled, "OUT_OF_STOCK", NOW)
    live = live_lines(order)
    if live:
        assert order.body["total_price"] == sum(line["total_price"] for line in live)
        assert order.state == "WAITING_DEBIT"
    else:
        assert order.state in ("REFUSED", "CANCELED")


@given(st.integers(0, 40), st.integers(1, 15))
def test_pages_of_any_size_give_every_order_once(count: int, size: int) -> None:
    marketplace = Marketplace("brightside-uk", "key", "token")
    for number in range(count):
        created = NOW + timedelta(minutes=number % 7)
        marketplace.orders[f"{number}"] = Order({"order_id": f"{number}", "order_state": "SHIPPING"}, created, created)
    found = found_orders(marketplace, "seller", {}, delta=timedelta(0), staging=True)
    pages = [found[offset : offset + size] for offset in range(0, count, size)]
    assert sorted(order.id for page in pages for order in page) == sorted(marketplace.orders)
    assert [order.created for order in found] == sorted(order.created for order in found)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_no_window_ever_sees_more_calls_than_allowed(pauses: list[int], most: int, seconds: int) -> None:
    """And who waits as long as told is let in."""
    frequencies, allowed, at, let_in = Frequencies(), Frequency(most, seconds), NOW, []
    for pause in pauses:
        at += timedelta(seconds=pause)
        wait = frequencies.seconds_to_wait("shop", allowed, at)
        if wait is not None:
            at += timedelta(seconds=wait)
            assert frequencies.seconds_to_wait("shop", allowed, at) is None
        let_in.append(at)
    for start in let_in:
        assert sum(start <= one < start + timedelta(seconds=seconds) for one in let_in) <= most


def test_a_penny_stays_a_penny() -> None:
    """3 x 0.1 is 0.30, never 0.30000000000000004."""
    order = placed([{"offer_sku": "X", "price_unit": Decimal("0.1"), "quantity": 3}])
    assert order.body["total_price"] == Decimal("0.3")

"""OR11: which orders a caller's filters find, in which order, and which page of them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.mirakl.operation import Persona
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace, Order

DEFAULT_PAGE, LONGEST_PAGE = 10, 100
_LONGEST_RANGE = timedelta(days=31)

Test = Callable[[Order], bool]


def found_orders(
    marketplace: Marketplace, persona: Persona, asked: dict[str, Any], *, delta: timedelta, staging: bool
) -> list[Order]:
    """All orders that pass every filter, by creation and then by id.

    `delta` is what Mirakl takes off start_update_date, so that a late update is not missed.
    """
    _check_ranges(asked)
    tests = [_TESTS[name](value) for name, value in asked.items() if name in _TESTS]
    if "start_update_date" in asked:
        tests.append(_since_update(asked["start_update_date"] - delta))
    if persona == "seller":
        tests.append(lambda order: order.shop_id() == SHOP_ID and (staging or order.state != "STAGING"))
    known = marketplace.orders
    named = {*asked["order_ids"]} & known.keys() if "order_ids" in asked else known.keys()
    found = [known[order_id] for order_id in named if all(test(known[order_id]) for test in tests)]
    return sorted(found, key=lambda order: (order.created, order.id), reverse=asked.get("order") == "desc")


def page_bounds(asked: dict[str, Any]) -> tuple[int, int]:
    """(offset, max). Raises MiraklRefusal out of 1..100."""
    most, offset = asked.get("max", DEFAULT_PAGE), asked.get("offset", 0)
    if not 1 <= most <= LONGEST_PAGE:
        raise MiraklRefusal(400, f"max lies between 1 and {LONGEST_PAGE}, not {most}")
    if offset < 0:
        raise MiraklRefusal(400, f"offset is not negative: {offset}")
    return offset, most


def link_to(url: str, query: Iterable[tuple[str, str]], offset: int, most: int, total: int) -> str:
    """The Link header: where the next page is, and the previous, as far as there are any."""
    kept = [(name, value) for name, value in query if name not in ("offset", "max")]

    def link(place: int, relation: str) -> str:
        named = urlencode([*kept, ("max", str(most)), ("offset", str(place))], quote_via=quote)
        return f'<{url}?{named}>; rel="{relation}"'

    links = [link(max(0, offset - most), "previous")] if offset > 0 else []
    if offset + most < total:
        links.append(link(offset + most, "next"))
    return ", ".join(links)


def _since_update(start: datetime) -> Test:
    return lambda order: order.updated >= start


def _any_line(name: str) -> Callable[[list[str]], Test]:
    return lambda wanted: lambda order: any(str(line.get(name)) in wanted for line in order.lines())


def _refund_states(wanted: list[str]) -> Test:
    def has_one(order: Order) -> bool:
        refunds = (refund for line in order.lines() for refund in line.get("refunds") or [])
        return any((refund.get("refund_state") or refund.get("state")) in wanted for refund in refunds)

    return has_one


def _inner(order: Order, *path: str) -> Any:
    value: Any = order.body
    for name in path:
        value = (value or {}).get(name)
    return value


def _value_in(*path: str) -> Callable[[list[str]], Test]:
    return lambda wanted: lambda order: str(_inner(order, *path)) in wanted


def _flag_is(name: str, *, otherwise: bool) -> Callable[[bool], Test]:
    def is_so(wanted: bool) -> Test:
        return lambda order: bool(order.body.get(name, otherwise)) is wanted

    return is_so


def _tax_recalculation(wanted: bool) -> Test:
    def needs_one(order: Order) -> bool:
        return not wanted or any(line.get("tax_recalculation_required") for line in order.lines())

    return needs_one


_TESTS: dict[str, Callable[[Any], Test]] = {
    "order_references_for_customer": _value_in("references", "order_reference_for_customer"),
    "order_references_for_seller": _value_in("references", "order_reference_for_seller"),
    "order_state_codes": lambda states: lambda order: order.state in states,
    "channel_codes": _value_in("channel", "code"),
    "only_null_channel": lambda only: lambda order: not only or not order.body.get("channel"),
    "start_date": lambda start: lambda order: order.created >= start,
    "end_date": lambda end: lambda order: order.created <= end,
    "end_update_date": lambda end: lambda order: order.updated <= end,
    "customer_debited": lambda yes: lambda order: (order.body.get("customer_debited_date") is not None) is yes,
    "payment_workflow": lambda one: lambda order: order.body.get("payment_workflow") == one,
    "has_incident": _flag_is("has_incident", otherwise=False),
    "fulfillment_center_code": _value_in("fulfillment", "center", "code"),
    "shop_ids": lambda ids: lambda order: str(order.shop_id()) in ids,
    "commercial_ids": _value_in("commercial_id"),
    "customer_ids": _value_in("customer", "customer_id"),
    "customer_organization_ids": _value_in("customer", "organization", "organization_id"),
    "offer_ids": _any_line("offer_id"),
    "product_skus": _any_line("product_sku"),
    "commissionable": _flag_is("commissionable", otherwise=True),
    "waiting_tax_confirmation": _flag_is("waiting_tax_confirmation", otherwise=False),
    "waiting_funding_confirmation": _flag_is("waiting_funding_confirmation", otherwise=False),
    "tax_recalculation_required_only": _tax_recalculation,
    "refund_state_codes": _refund_states,
}


def _check_ranges(asked: dict[str, Any]) -> None:
    """Two operator filters search deep, so Mirakl wants a range of at most a month with them."""
    updates = _range(asked, "start_update_date", "end_update_date")
    if "refund_state_codes" in asked and not updates:
        raise MiraklRefusal(
            400, "refund_state_codes needs start_update_date and end_update_date, at most a month apart"
        )
    if asked.get("tax_recalculation_required_only") and not (updates or _range(asked, "start_date", "end_date")):
        raise MiraklRefusal(400, "tax_recalculation_required_only needs a creation or update range of at most a month")


def _range(asked: Json, start: str, end: str) -> bool:
    return start in asked and end in asked and asked[end] - asked[start] <= _LONGEST_RANGE

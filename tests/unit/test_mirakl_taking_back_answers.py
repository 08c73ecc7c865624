"""What Mirakl is told and asked about what is taken back, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import responses

from tieout.domain.errors import CredentialsRefused, NeedsAttention, OutcomeUnknown, SystemDown
from tieout.domain.orders.order import TaxAmount
from tieout.domain.returns.refund import RefundLine
from tieout.mirakl.client import Connection, Mirakl

D = Decimal
URL = "https://brightside.mirakl.net"
REFUND, CANCEL = f"{URL}/api/orders/refund", f"{URL}/api/orders/cancel"


@pytest.fixture
def mirakl() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def a_client(role: str = "seller") -> Mirakl:
    shop_id = 2001 if role == "seller" else None
    connection = Connection(marketplace="brightside-uk", base_url=URL, role=role, shop_id=shop_id)
    return Mirakl(connection, lambda: {"api_key": "k-1", "bearer_token": "t"}, sleep=lambda _seconds: None)


def a_line(**details: Any) -> RefundLine:
    given: dict[str, Any] = {
        "line_id": "A-1-1",
        "amount": D("40.10"),
        "shipping_amount": D("0"),
        "quantity": 1,
        "reason_code": "15",
        "currency": "GBP",
    }
    return RefundLine(**(given | details))


def refund(*lines: RefundLine) -> list[str]:
    return a_client().refund_lines(lines or [a_line()], tax_included=True)


def cancel(*lines: RefundLine) -> list[str]:
    return a_client().cancel_lines(lines or [a_line()], tax_included=False)


def sent(mock: responses.RequestsMock) -> str:
    body = mock.calls[0].request.body
    return body.decode() if isinstance(body, bytes) else str(body)


def test_money_is_sent_as_the_number_it_is(mirakl: responses.RequestsMock):
    """To the cent, not as the binary fraction next to it, nor as a text."""
    mirakl.put(REFUND, json={"refunds": [{"refund_id": "1130"}]})
    taxes = (TaxAmount("VAT", D("6.68"), D(20)),)
    assert refund(a_line(taxes=taxes)) == ["1130"]
    assert '"amount":40.10' in sent(mirakl)
    assert json.loads(sent(mirakl)) == {
        "order_tax_mode": "TAX_INCLUDED",
        "refunds": [
            {
                "order_line_id": "A-1-1",
                "amount": 40.10,
                "shipping_amount": 0,
                "quantity": 1,
                "reason_code": "15",
                "currency_iso_code": "GBP",
                "taxes": [{"code": "VAT", "amount": 6.68}],
            }
        ],
    }


def test_units_that_never_leave_are_taken_out_of_shipping(mirakl: responses.RequestsMock):
    mirakl.put(REFUND, json={"refunds": [{"refund_id": "1"}, {"refund_id": "2"}]})
    refund(a_line(excluded_from_shipment=True), a_line())
    told = [each.get("excluded_from_shipment") for each in json.loads(sent(mirakl))["refunds"]]
    assert told == [True, None]


def test_a_cancelation_without_taxes_says_nothing_of_any(mirakl: responses.RequestsMock):
    """Where tax is worked out on the whole order, an empty list may count as telling."""
    mirakl.put(CANCEL, json={"cancelations": [{"cancelation_id": 1116}]})
    assert cancel(a_line(excluded_from_shipment=True)) == ["1116"]
    body = json.loads(sent(mirakl))
    assert body["order_tax_mode"] == "TAX_EXCLUDED"
    assert not {"taxes", "shipping_taxes", "excluded_from_shipment"} & set(body["cancelations"][0])


@pytest.mark.parametrize(("tax_included", "told"), [(True, True), (False, False)])
def test_where_tax_is_worked_out_on_the_order_it_is_told_only_as_part_of_the_amount(
    mirakl: responses.RequestsMock, tax_included: bool, told: bool
):
    mirakl.put(REFUND, json={"refunds": [{"refund_id": "1"}]})
    taxed = a_line(taxes=(TaxAmount("VAT", D(1)),), shipping_taxes=(TaxAmount("VAT", D(1)),))
    a_client().refund_lines([taxed], tax_included=tax_included, taxed_as_a_whole=True)
    (line,) = json.loads(sent(mirakl))["refunds"]
    assert ({"taxes", "shipping_taxes"} <= set(line)) is told
    assert bool({"taxes", "shipping_taxes"} & set(line)) is told


@pytest.mark.parametrize(
    ("url", "call", "answer"),
    [
        (REFUND, refund, {"refunds": []}),
        (REFUND, refund, {"refunds": [{"refund_id": None}]}),
        (REFUND, refund, {"refunds": [{"refund_id": "1"}, {"refund_id": "2"}]}),
        (REFUND, refund, {}),
        (CANCEL, cancel, {"cancelations": [{"id": "1"}]}),
        (CANCEL, cancel, []),
    ],
)
def test_money_whose_id_is_not_told_may_have_gone_back(
    mirakl: responses.RequestsMock, url: str, call: Callable[[], list[str]], answer: Any
):
    mirakl.put(url, json=answer)
    with pytest.raises(OutcomeUnknown):
        call()


def test_a_right_that_is_not_granted_is_no_wrong_key(mirakl: responses.RequestsMock):
    mirakl.put(CANCEL, status=403, json={"message": "Not enabled", "status": 403})
    with pytest.raises(NeedsAttention) as refused:
        cancel()
    assert refused.value.facts == {"status": "403", "message": "Not enabled"}


@pytest.mark.parametrize(("url", "call", "status"), [(CANCEL, cancel, 401), (REFUND, refund, 403)])
def test_a_refused_key_stops_everything_else(
    mirakl: responses.RequestsMock, url: str, call: Callable[[], list[str]], status: int
):
    mirakl.put(url, status=status)
    with pytest.raises(CredentialsRefused):
        call()


def test_a_return_that_the_answer_does_not_name_was_not_received(mirakl: responses.RequestsMock):
    answer = {"return_success": [{"id": "R-1"}], "return_errors": [{"id": "R-2", "message": "Too late."}]}
    mirakl.put(f"{URL}/api/returns/receive", json=answer)
    refused = a_client().receive_returns(["R-1", "R-2", "R-3", "R-1"])
    assert refused == {"R-2": "Too late.", "R-3": "not in Mirakl's answer"}
    assert json.loads(sent(mirakl)) == {"returns": [{"id": "R-1"}, {"id": "R-2"}, {"id": "R-3"}]}


def test_more_returns_than_mirakl_takes_in_a_call_are_not_sent():
    with pytest.raises(ValueError, match="100"):
        a_client().receive_returns([str(n) for n in range(101)])


def test_a_reason_may_be_for_more_than_one_thing_and_some_are_not_a_shops_to_give(mirakl: responses.RequestsMock):
    reasons = [
        {"code": 15, "type": "REFUND", "is_shop_right": True},
        {"code": "15", "type": "CANCELATION", "is_shop_right": None},
        {"code": "16", "type": "REFUND", "is_shop_right": False},
        {"code": None, "type": "REFUND"},
    ]
    mirakl.get(f"{URL}/api/reasons", json={"reasons": reasons})
    assert a_client().reasons() == {"15": {"REFUND", "CANCELATION"}}
    assert set(a_client("operator").reasons()) == {"15", "16"}


def test_an_answer_without_reasons_is_not_a_platform_without_any(mirakl: responses.RequestsMock):
    mirakl.get(f"{URL}/api/reasons", json={})
    with pytest.raises(SystemDown):
        a_client().reasons()

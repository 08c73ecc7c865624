"""OR28: money given back to a buyer who has paid, to the cent and never more than they paid."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import decimal_json
from sandbox.mirakl.giving_back import UnfitAmount, commission_of, sum_of
from tests.integration.twins.mirakl import Json, Mirakl, line, order


def vat(amount: float, rule: str = "PROPORTIONAL_TO_AMOUNT", code: str = "VAT") -> Json:
    return {"code": code, "amount": amount, "tax_calculation_rule": rule}


def paid(order_id: str = "A", *lines: Json, **fields: Any) -> Json:
    return order(order_id, *lines, **{"order_state": "SHIPPED", **fields})


def entry(line_id: str = "A-1", amount: float = 10, shipping: float = 0, **fields: Any) -> Json:
    whole = {"order_line_id": line_id, "amount": amount, "shipping_amount": shipping, "reason_code": "DAMAGED"}
    return {**whole, **fields}


def refund(mirakl: Mirakl, *entries: Json, **fields: Any) -> list[Json]:
    answer = mirakl.seller("PUT", "/api/orders/refund", json={"refunds": list(entries), **fields})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["refunds"])


def refused(mirakl: Mirakl, *entries: Json, **fields: Any) -> int:
    return mirakl.seller("PUT", "/api/orders/refund", json={"refunds": list(entries), **fields}).status_code


def refunds_of(mirakl: Mirakl, order_id: str = "A", place: int = 0) -> list[Json]:
    """With exact amounts."""
    answer = mirakl.seller("GET", "/api/orders", params={"order_ids": order_id})
    return list(decimal_json.loads(answer.content)["orders"][0]["order_lines"][place]["refunds"])


def test_a_refund_is_asked_for_picked_up_and_paid(mirakl: Mirakl) -> None:
    mirakl.place(paid())
    (given_back,) = refund(mirakl, entry(amount=4))
    seen = []
    for _ in range(3):
        (one,) = refunds_of(mirakl)
        seen.append((one["refund_state"], one["state"], one["transaction_date"] is not None))
        mirakl.wait(minutes=5)
    assert (one["id"], one["order_refund_id"]) == (given_back["refund_id"], given_back["order_refund_id"])
    states = ("WAITING_REFUND", "WAITING_REFUND_PAYMENT", "REFUNDED")
    assert seen == [(state, state, state == "REFUNDED") for state in states]


def test_a_line_is_refunded_once_the_last_of_its_money_is_back(mirakl: Mirakl) -> None:
    mirakl.place(paid("A", line(shipping_price=2), line()))
    refund(mirakl, entry(amount=10))
    mirakl.wait(minutes=10)
    assert mirakl.order("A")["order_lines"][0]["order_line_state"] == "SHIPPED"
    refund(mirakl, entry(amount=0, shipping=2))
    assert mirakl.order("A")["order_lines"][0]["order_line_state"] == "SHIPPED"
    mirakl.wait(minutes=10)
    found = mirakl.order("A")
    assert [one["order_line_state"] for one in found["order_lines"]] == ["REFUNDED", "SHIPPED"]
    assert [one["can_refund"] for one in found["order_lines"]] == [False, True]
    assert (found["fully_refunded"], found["order_state"]) == (False, "SHIPPED")


def test_an_order_is_fully_refunded_as_soon_as_all_of_it_is_asked_for(mirakl: Mirakl) -> None:
    mirakl.place(paid("A", line(), line()))
    refund(mirakl, entry(), entry("A-2"))
    assert mirakl.order("A")["fully_refunded"] is True
    mirakl.wait(days=30)
    found = mirakl.order("A")
    assert {one["order_line_state"] for one in found["order_lines"]} == {"REFUNDED"}


def test_refunds_of_one_call_and_order_share_an_id(mirakl: Mirakl) -> None:
    mirakl.place(paid("A", line(), line()), paid("B"))
    first, second, other = refund(mirakl, entry(amount=1), entry("A-2", 1), entry("B-1", 1))
    assert first["order_refund_id"] == second["order_refund_id"] != other["order_refund_id"]
    assert len({one["refund_id"] for one in (first, second, other)}) == 3


def test_the_same_call_again_refunds_again_as_far_as_money_is_left(mirakl: Mirakl) -> None:
    """OR28 knows no key: who repeats it after a timeout without looking pays twice."""
    mirakl.place(paid())
    refund(mirakl, entry(amount=4))
    refund(mirakl, entry(amount=4))
    assert refused(mirakl, entry(amount=4)) == 400
    assert [one["amount"] for one in refunds_of(mirakl)] == [4, 4]


@pytest.mark.parametrize(
    "wrong",
    [
        entry(amount=10.01),
        entry(amount=-1),
        entry(shipping=0.01),
        entry(amount=0),
        entry(reason_code="OTHER"),
        entry(reason_code="SOLVED"),
        entry(reason_code="FRAUD"),
        entry(currency_iso_code="EUR"),
        entry(quantity=-1),
        entry(taxes=[{"code": "VAT", "amount": 2.01}]),
        entry(taxes=[{"code": "OTHER", "amount": 1}]),
        {"order_line_id": "A-1", "amount": 1},
    ],
)
def test_a_refund_that_does_not_fit_refuses_the_whole_call(mirakl: Mirakl, wrong: Json) -> None:
    mirakl.place(paid("A", line(taxes=[vat(2)]), line()))
    assert refused(mirakl, entry("A-2"), wrong) == 400
    assert [one["refunds"] for one in mirakl.order("A")["order_lines"]] == [[], []]


@pytest.mark.parametrize(
    ("state", "workflow", "can"),
    [
        ("SHIPPING", "PAY_ON_ACCEPTANCE", True),
        ("RECEIVED", "PAY_ON_ACCEPTANCE", True),
        ("CLOSED", "PAY_ON_ACCEPTANCE", False),
        ("WAITING_DEBIT_PAYMENT", "PAY_ON_ACCEPTANCE", False),
        ("SHIPPED", "PAY_ON_DELIVERY", False),
        ("SHIPPING", "NO_CUSTOMER_PAYMENT_CONFIRMATION", False),
        ("SHIPPED", "NO_CUSTOMER_PAYMENT_CONFIRMATION", True),
    ],
)
def test_money_goes_back_once_it_was_paid_and_until_the_order_is_closed(
    mirakl: Mirakl, state: str, workflow: str, can: bool
) -> None:
    mirakl.place(paid("A", order_state=state, payment_workflow=workflow))
    assert mirakl.order("A")["order_lines"][0]["can_refund"] is can
    assert refused(mirakl, entry()) == (200 if can else 400)


def test_a_line_that_is_not_there_or_not_ours_cannot_be_refunded(mirakl: Mirakl) -> None:
    mirakl.place(paid("THEIRS", shop_id=2002))
    assert (refused(mirakl, entry("NONE-1")), refused(mirakl, entry("THEIRS-1")), refused(mirakl)) == (404, 404, 400)
    body = {"refunds": [entry("THEIRS-1", reason_code="FRAUD")]}
    assert mirakl.operator("PUT", "/api/orders/refund", json=body).status_code == 200


def test_a_tax_follows_the_amount_unless_its_rule_is_none(mirakl: Mirakl) -> None:
    """A tenth of the amount takes a tenth of the tax; a tax with no calculation goes back only if it is sent."""
    taxes = [vat(20), vat(5, "NONE", "ECO")]
    mirakl.place(paid("A", line(price_unit=100, taxes=taxes)))
    refund(mirakl, entry(amount=10))
    assert refunds_of(mirakl)[0]["taxes"] == [{"code": "VAT", "amount": 2}]
    sent = [{"code": "VAT", "amount": 2}, {"code": "ECO", "amount": 0.5}]
    refund(mirakl, entry(amount=10, taxes=sent))
    assert [one["amount"] for one in refunds_of(mirakl)[1]["taxes"]] == [2, Decimal("0.5")]


def test_a_refund_in_the_other_tax_mode_means_the_same_money(mirakl: Mirakl) -> None:
    """100 plus 20 tax: 60 with tax is 50 and 10, and answered as it was asked."""
    mirakl.place(paid("A", line(price_unit=100, taxes=[vat(20)]), order_tax_mode="TAX_EXCLUDED"))
    (said,) = refund(mirakl, entry(amount=60), order_tax_mode="TAX_INCLUDED")
    assert said["amount"] == 60
    (one,) = refunds_of(mirakl)
    assert (one["amount"], one["taxes"]) == (50, [{"code": "VAT", "amount": 10}])


def test_where_tax_is_calculated_on_the_order_none_may_be_sent_without_it(mirakl: Mirakl) -> None:
    mirakl.behave(order_level_tax_calculation=True)
    mirakl.place(paid("A", line(taxes=[vat(2)]), order_tax_mode="TAX_EXCLUDED"))
    assert refused(mirakl, entry(amount=5, taxes=[{"code": "VAT", "amount": 1}])) == 400
    assert refused(mirakl, entry(amount=5)) == 200


def test_the_commission_goes_back_in_proportion_and_to_the_last_cent(mirakl: Mirakl) -> None:
    """1.00 on a line of 30: a third is 0.33, and the rest is 0.67."""
    fee: Json = {"commission_fee": 1, "commission_taxes": [{"code": "TAXDEFAULT", "amount": 0.2, "rate": 20}]}
    mirakl.place(paid("A", line(price_unit=30, **fee)))
    refund(mirakl, entry(amount=10))
    refund(mirakl, entry(amount=20))
    commission = [(one["commission_amount"], one["commission_total_amount"]) for one in refunds_of(mirakl)]
    assert commission == [(Decimal("0.33"), Decimal("0.40")), (Decimal("0.67"), Decimal("0.80"))]


def test_what_a_refund_takes_out_of_shipping_is_not_to_be_shipped(mirakl: Mirakl) -> None:
    mirakl.behave(multi_shipment=True)
    mirakl.place(paid("A", line(quantity=3), order_state="SHIPPING"))
    assert refused(mirakl, entry(amount=10, quantity=4, excluded_from_shipment=True)) == 400
    refund(mirakl, entry(amount=10, quantity=1, excluded_from_shipment=True))
    (row,) = mirakl.seller("GET", "/api/shipments/items_to_ship").json()["data"]
    assert row["shipment_lines"][0]["quantity"] == 2


def test_an_order_refunded_whole_before_it_ships_is_over(mirakl: Mirakl) -> None:
    mirakl.place(paid(order_state="SHIPPING"))
    refund(mirakl, entry())
    mirakl.wait(minutes=10)
    found = mirakl.order("A")
    assert (found["order_state"], found["order_lines"][0]["order_line_state"]) == ("CLOSED", "REFUNDED")
    assert found["can_shop_ship"] is False


def test_every_step_of_a_refund_moves_the_update_date_and_operators_find_it(mirakl: Mirakl) -> None:
    mirakl.place(paid())
    seen = [mirakl.order("A")["last_updated_date"]]
    mirakl.wait(seconds=1)
    start = mirakl.now()
    refund(mirakl, entry())
    for minutes in (0, 5, 5):
        mirakl.wait(minutes=minutes)
        seen.append(mirakl.order("A")["last_updated_date"])
    assert len(set(seen)) == 4
    window = {"start_update_date": start.isoformat(), "end_update_date": mirakl.now().isoformat()}
    asked = {"refund_state_codes": "REFUNDED", **window}
    found = mirakl.operator("GET", "/api/orders", params=asked).json()["orders"]
    assert [one["order_id"] for one in found] == ["A"]


cents = st.decimals("0.00", "500.00", places=2)


@given(cents, cents, cents, st.lists(st.fractions(0, 1), max_size=5), st.sampled_from([-1, 0, 1]))
def test_however_a_line_is_refunded_all_of_it_adds_up_to_what_was_paid(
    price: Decimal, tax: Decimal, fee: Decimal, parts: list[Any], sign: int
) -> None:
    """Parts of any size in either tax mode, then the rest: amount, tax and commission come out to the cent."""
    if sign < 0 and tax > price:
        return
    whole: Json = {"order_line_id": "A-1", "price": price, "taxes": [vat(0) | {"amount": tax}], "commission_fee": fee}
    whole["refunds"] = []
    for share in [*parts, 1]:
        left = price + sign * tax - sum(one["amount"] + sign * one["taxes"][0]["amount"] for one in whole["refunds"])
        asked = left if share == 1 else (left * share.numerator / share.denominator).quantize(Decimal("0.01"))
        if asked < 0:
            continue
        try:
            back = sum_of(whole, "price", asked, {}, sign)
        except UnfitAmount:
            assert asked > left or asked < 0 or share != 1
            continue
        commission = commission_of(whole, back.amount, Decimal(0))
        whole["refunds"].append({"amount": back.amount, "taxes": back.taxes, **commission})
    if price:
        assert sum(one["amount"] for one in whole["refunds"]) == price
        assert sum(one["taxes"][0]["amount"] for one in whole["refunds"]) == tax
        assert sum(one["commission_amount"] for one in whole["refunds"]) == fee

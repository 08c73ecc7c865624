"""The Mirakl twin keeps a shop's account: sales, refunds, billing cycles, payouts, documents."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from sandbox.clock import moment_of
from tests.integration.twins.conftest import running_mirakl
from tests.integration.twins.mirakl import MARKETPLACE, Mirakl
from tests.integration.twins.mirakl_money import Json, Money, chain_holds, mug, paid, vat

D = Decimal
EMBEDDED = {
    "ORDER_AMOUNT": D(120),
    "ORDER_SHIPPING_AMOUNT": D(6),
    "COMMISSION_FEE": D(-15),
    "COMMISSION_VAT": D(-3),
}
SPLIT = EMBEDDED | {
    "ORDER_AMOUNT": D(100),
    "ORDER_AMOUNT_TAX": D(20),
    "ORDER_SHIPPING_AMOUNT": D(5),
    "ORDER_SHIPPING_AMOUNT_TAX": D(1),
}


@pytest.fixture
def money(mirakl: Mirakl) -> Money:
    """A twin on a quiet day of the month, whose frequencies bind nobody."""
    mirakl.control("POST", "clock", json={"set": "2026-10-12T10:00:00Z"})
    mirakl.behave(frequencies_enforced=False)
    return Money(mirakl)


def test_a_debit_puts_the_sale_and_the_commission_on_the_account(money: Money) -> None:
    money.mirakl.place(paid())
    assert money.types() == EMBEDDED
    assert money.states() == {"PENDING"}, "the buyer has paid; the goods have not arrived"
    first = money.lines()[0]
    assert first["entities"]["order"]["id"] == "1-A"
    assert first["entities"]["order_line"]["id"] == "1-A-1"
    assert (first["amount_credited"], first["amount_debited"]) == (120, 0)
    assert first["seller_billing_cycle_id"] is None


def test_nothing_is_on_the_account_before_the_debit(money: Money) -> None:
    money.mirakl.place(paid(state="WAITING_DEBIT"))
    assert money.lines() == []
    money.mirakl.wait(minutes=11)
    assert money.types() == EMBEDDED


def test_an_order_paid_on_delivery_is_on_the_account_when_it_was_received(money: Money) -> None:
    money.mirakl.place(paid(payment_workflow="PAY_ON_DELIVERY", customer_debited_date=None))
    assert money.lines() == []
    money.receive()
    assert (money.types(), money.states()) == (EMBEDDED, {"PAYABLE"})


def test_what_was_cancelled_before_the_debit_is_not_charged(money: Money) -> None:
    cancelled = {
        "id": "C-1",
        "amount": 60,
        "shipping_amount": 0,
        "taxes": [{"code": "VAT-20", "amount": 10}],
        "shipping_taxes": [],
        "commission_amount": 7.5,
        "commission_taxes": [{"code": "TAXDEFAULT", "amount": 1.5}],
        "quantity": 1,
        "reason_code": "OUT_OF_STOCK",
    }
    money.mirakl.place(paid("1-A", mug(quantity=2, cancelations=[cancelled])))
    assert money.types() == EMBEDDED | {
        "ORDER_AMOUNT": D(60),
        "COMMISSION_FEE": D("-7.5"),
        "COMMISSION_VAT": D("-1.5"),
    }


@pytest.mark.parametrize(("presentation", "expected"), [("split", SPLIT), ("embedded", EMBEDDED)])
@pytest.mark.parametrize("mode", ["TAX_INCLUDED", "TAX_EXCLUDED"])
def test_tax_is_shown_apart_or_inside_and_the_money_is_the_same(
    money: Money, presentation: str, expected: dict[str, Decimal], mode: str
) -> None:
    money.mirakl.behave(tax_presentation=presentation)
    apart = mode == "TAX_EXCLUDED"
    one = mug(100 if apart else 120, shipping_price=5 if apart else 6)
    money.mirakl.place(paid("1-A", one, order_tax_mode=mode))
    assert money.types() == expected


def test_unless_told_a_platform_without_tax_in_its_prices_shows_tax_apart(money: Money) -> None:
    money.mirakl.place(paid("1-A", mug(100, shipping_price=5), order_tax_mode="TAX_EXCLUDED"))
    assert money.types() == SPLIT
    (tax,) = [row for row in money.lines() if row["type"] == "ORDER_AMOUNT_TAX"]
    assert tax["entities"]["order_tax"] == {"code": "VAT-20", "rate": 20}


def test_a_refund_takes_the_money_back_and_gives_the_commission_back(money: Money) -> None:
    money.mirakl.place(paid("1-A", mug(shipping_price=0, shipping_taxes=[])))
    money.receive()
    refund_id = money.refund(60)
    refunds = {name: amount for name, amount in money.types().items() if name.startswith("REFUND")}
    assert refunds == {
        "REFUND_ORDER_AMOUNT": D(-60),
        "REFUND_COMMISSION_FEE": D("7.5"),
        "REFUND_COMMISSION_VAT": D("1.5"),
    }
    rows = [row for row in money.lines() if row["type"].startswith("REFUND")]
    assert {row["entities"]["refund"]["id"] for row in rows} == {refund_id}
    assert {row["payment_state"] for row in rows} == {"PAYABLE"}
    assert chain_holds(money.lines())


def test_an_operator_that_buys_owes_the_price_less_its_margin_and_the_tax_on_that(money: Money) -> None:
    """105.00 net of the buyer's 21.00 of VAT; 15.00 are the operator's margin; VAT on 90.00 is 18.00."""
    money.mirakl.behave(dropship_at=MARKETPLACE)
    money.mirakl.place(paid())
    assert money.types() == {
        "ORDER_AMOUNT": D(100),
        "ORDER_SHIPPING_AMOUNT": D(5),
        "PURCHASE_COMMISSION_FEE": D(-15),
        "PURCHASE_ORDER_AMOUNT_TAX": D(18),
    }
    money.receive()
    money.refund(60)
    refunds = {name: amount for name, amount in money.types().items() if name.startswith("REFUND")}
    assert refunds == {
        "REFUND_ORDER_AMOUNT": D(-50),
        "REFUND_PURCHASE_COMMISSION_FEE": D("7.14"),
        "REFUND_PURCHASE_ORDER_AMOUNT_TAX": D("-8.57"),
    }, "of 126.00 with tax, 60.00 go back"
    assert chain_holds(money.lines())


@pytest.mark.parametrize(("switch", "at_once"), [("paid", False), ("asked", True)])
def test_a_refund_is_on_the_account_when_it_is_paid_or_when_it_is_asked_for(
    money: Money, switch: str, at_once: bool
) -> None:
    money.mirakl.behave(refunds_written=switch)
    money.mirakl.place(paid())
    money.receive()
    entry = {"order_line_id": "1-A-1", "amount": 12, "shipping_amount": 0, "quantity": 0, "reason_code": "DAMAGED"}
    assert money.mirakl.seller("PUT", "/api/orders/refund", json={"refunds": [entry]}).status_code == 200
    assert ("REFUND_ORDER_AMOUNT" in money.types()) is at_once
    money.mirakl.wait(minutes=11)
    assert money.types()["REFUND_ORDER_AMOUNT"] == D(-12)


def test_a_line_refunded_whole_before_it_shipped_becomes_payable_with_its_refund(money: Money) -> None:
    money.mirakl.place(paid())
    money.refund(120, shipping_amount=6)
    assert money.states() == {"PAYABLE"}
    assert sum(row["amount"] for row in money.lines()) == 0


@pytest.mark.parametrize(("switch", "written"), [("debited", True), ("received", False), ("", True)])
def test_sales_are_written_at_the_debit_or_at_reception(money: Money, switch: str, written: bool) -> None:
    money.mirakl.behave(sales_written=switch)
    money.mirakl.place(paid())
    assert bool(money.lines()) is written
    money.receive()
    assert (money.types(), money.states()) == (EMBEDDED, {"PAYABLE"})


def test_money_that_the_buyer_pays_to_the_shop_is_a_memo_and_its_commission_is_not(money: Money) -> None:
    money.mirakl.place(paid(customer_directly_pays_seller=True, customer_debited_date=None))
    money.receive()
    states = {row["type"]: row["payment_state"] for row in money.lines()}
    assert states == {
        "ORDER_AMOUNT": "NOT_APPLICABLE",
        "ORDER_SHIPPING_AMOUNT": "NOT_APPLICABLE",
        "COMMISSION_FEE": "PAYABLE",
        "COMMISSION_VAT": "PAYABLE",
    }
    assert money.lines()[-1]["balance"] == D(-18)
    money.close()
    (cycle,) = money.cycles()
    assert cycle["amount_transferred_to_seller"] == 0
    assert cycle["summary"]["total_non_payable_orders_incl_tax"] == D(126)
    assert cycle["summary"]["total_payable_orders_incl_tax"] == 0


def test_a_cycle_takes_what_is_payable_and_leaves_the_rest(money: Money) -> None:
    money.mirakl.place(paid("1-A"), paid("2-A"))
    money.receive("1-A")
    (cycle_id,) = money.close()
    (cycle,) = money.cycles()
    assert cycle["id"] == cycle_id
    assert (cycle["amount_transferred_to_seller"], cycle["amount_transferred_to_operator"]) == (D(108), D(18))
    assert cycle["pay_out"] == {"state": "TO_PAY"}
    taken = {(row["entities"]["order"]["id"], row["seller_billing_cycle_id"]) for row in money.lines()}
    assert taken == {("1-A", cycle_id), ("2-A", None)}
    assert money.close() == [], "nothing new is payable"


def test_closing_and_paying_change_lines_and_say_so_in_their_last_update(money: Money) -> None:
    money.mirakl.place(paid())
    money.receive()
    money.mirakl.wait(hours=1)
    money.close()
    closed_at = moment_of(money.cycles()[0]["date_created"])
    (document,) = money.documents()
    for row in money.lines():
        assert row["accounting_document_number"] == str(document["invoice_id"])
        assert row["payment_state"] == "PAYABLE", "a closed cycle is not a paid one"
        assert abs(moment_of(row["last_updated"]) - closed_at) < timedelta(seconds=1)
        assert moment_of(row["date_created"]) < closed_at - timedelta(minutes=59)
    money.mirakl.wait(hours=1)
    money.pay()
    assert money.states() == {"PAID"}
    changed = {moment_of(row["last_updated"]) - closed_at > timedelta(minutes=59) for row in money.lines()}
    assert changed == {True}


def test_a_payout_empties_the_account_with_one_payment_line(money: Money) -> None:
    money.mirakl.place(paid())
    money.receive()
    (cycle_id,) = money.close()
    assert money.pay() == [cycle_id]
    *_, payment = money.lines()
    assert (payment["type"], payment["amount"], payment["balance"]) == ("PAYMENT", D(-108), 0)
    assert (payment["payment_state"], payment["seller_billing_cycle_id"]) == ("PAID", cycle_id)
    (cycle,) = money.cycles()
    assert cycle["pay_out"]["state"] == "PAID"
    assert cycle["pay_out"]["reference"] == "PO-GBP-000001"
    (document,) = money.documents()
    assert document["payment"]["reference"] == "PO-GBP-000001"
    assert chain_holds(money.lines())


def test_a_payment_may_not_say_which_cycle_it_pays(money: Money) -> None:
    money.mirakl.behave(payment_names_its_cycle=False)
    money.mirakl.place(paid())
    money.receive()
    money.close()
    money.pay()
    assert money.lines()[-1]["seller_billing_cycle_id"] is None


def test_cycles_close_on_their_days_and_are_paid_two_days_later(money: Money) -> None:
    money.mirakl.place(paid())
    money.receive()
    money.mirakl.wait(days=10)
    (cycle,) = money.cycles()
    assert (cycle["date_created"], cycle["pay_out"]["state"]) == ("2026-10-21T00:00:00Z", "TO_PAY")
    money.mirakl.wait(days=1)
    (cycle,) = money.cycles()
    assert cycle["pay_out"]["transaction_date"] == "2026-10-23T00:00:00Z"
    (document,) = money.documents()
    assert (document["start_time"][:10], document["end_time"]) == ("2026-10-12", "2026-10-21T00:00:00Z")


def test_an_operator_chooses_its_days_or_none(money: Money) -> None:
    money.mirakl.behave(billing_cycle_days="15")
    money.mirakl.place(paid("1-A"), paid("2-A"))
    money.receive("1-A")
    money.mirakl.wait(days=4)
    assert [cycle["date_created"] for cycle in money.cycles()] == ["2026-10-15T00:00:00Z"]
    money.mirakl.behave(billing_cycle_days="")
    money.receive("2-A")
    money.mirakl.wait(days=60)
    assert len(money.cycles()) == 1


def test_months_that_pass_at_once_close_every_cycle_in_its_turn(money: Money) -> None:
    """A parcel that arrives between two closings is in the second, as if the clock had run day by day."""
    money.mirakl.behave(received_minutes=60 * 24 * 10)
    money.mirakl.place(paid("1-A"), paid("2-A"))
    money.receive("1-A")
    tracking = {"carrier_name": "Van", "tracking_number": "1"}
    assert money.mirakl.seller("PUT", "/api/orders/2-A/tracking", json=tracking).ok
    assert money.mirakl.seller("PUT", "/api/orders/2-A/ship").ok
    money.mirakl.wait(days=40)
    closed = [(cycle["date_created"], cycle["amount_transferred_to_seller"]) for cycle in money.cycles()]
    assert closed == [("2026-10-21T00:00:00Z", D(108)), ("2026-11-01T00:00:00Z", D(108))]
    assert chain_holds(money.lines())


def test_a_failed_payout_moves_no_money_and_is_tried_again(money: Money) -> None:
    money.mirakl.behave(payouts_fail="INCOMPLETE_KYC")
    money.mirakl.place(paid())
    money.receive()
    money.close()
    money.mirakl.wait(days=2, minutes=1)
    (cycle,) = money.cycles()
    assert cycle["pay_out"] == {"state": "FAILED", "failure_reason": "INCOMPLETE_KYC"}
    assert (money.states(), "PAYMENT" in money.types()) == ({"PAYABLE"}, False)
    money.mirakl.behave(payouts_fail="")
    money.mirakl.wait(days=2)
    assert money.cycles()[0]["pay_out"]["state"] == "PAID"
    assert money.types()["PAYMENT"] == D(-108)


def a_debt(money: Money) -> None:
    """An order that was paid out, and given back afterwards with its delivery: the shop owes 108.00."""
    money.mirakl.place(paid("1-A"), paid("2-A", mug(240, commission_fee=30)))
    money.receive("1-A")
    money.close()
    money.pay()
    money.refund(120, shipping_amount=6)


def test_a_negative_cycle_closes_without_a_payout_and_the_next_one_takes_the_debt(money: Money) -> None:
    a_debt(money)
    money.close()
    money.receive("2-A")
    money.close()
    first, negative, last = money.cycles()
    assert (first["amount_transferred_to_seller"], negative["amount_transferred_to_seller"]) == (D(108), 0)
    assert negative["pay_out"] == {"state": "TO_PAY"}
    assert last["amount_transferred_to_seller"] == D(246) - D(33) - D(108)
    money.pay()
    assert money.lines()[-1]["balance"] == 0
    assert [cycle["pay_out"]["state"] for cycle in money.cycles()] == ["PAID", "TO_PAY", "PAID"]


def test_a_negative_cycle_may_stay_open_until_there_is_something_to_pay(money: Money) -> None:
    money.mirakl.behave(negative_cycles_close=False)
    a_debt(money)
    assert money.close() == []
    money.receive("2-A")
    money.close()
    _, last = money.cycles()
    assert last["amount_transferred_to_seller"] == D(105)
    assert {row["seller_billing_cycle_id"] for row in money.lines() if row["type"].startswith("REFUND")} == {last["id"]}


def test_the_payout_of_nothing_may_be_called_paid(money: Money) -> None:
    money.mirakl.behave(empty_payout_state="PAID")
    a_debt(money)
    money.close()
    assert money.cycles()[-1]["pay_out"] == {"state": "PAID"}


def test_the_operators_bill_is_the_commission_less_what_was_given_back(money: Money) -> None:
    money.mirakl.place(paid("1-A", mug(shipping_price=0, shipping_taxes=[])))
    money.receive()
    money.refund(60)
    money.close()
    (bill,) = money.documents()
    assert (bill["type"], bill["total_amount_excl_taxes"], bill["total_amount_incl_taxes"]) == (
        "AUTO_INVOICE",
        D("7.5"),
        D(9),
    )
    assert bill["total_taxes"] == [{"code": "TAXDEFAULT", "amount": D("1.5")}]


def test_a_bills_tax_may_be_worked_out_on_its_total(money: Money) -> None:
    """Three commissions of 0.12 have 0.02 of tax each; 20 % of 0.36 are 0.07."""
    penny = {"commission_fee": 0.12, "commission_taxes": [{"code": "TAXDEFAULT", "amount": 0.02, "rate": 20}]}
    taxes = []
    for number, on_the_total in enumerate((False, True)):
        money.mirakl.behave(bill_taxes_on_the_total=on_the_total)
        money.mirakl.place(paid(f"{number}-A", *[mug(10, taxes=[vat(1)], **penny)] * 3))
        money.receive(f"{number}-A")
        money.close()
        taxes.append(money.documents()[-1]["total_taxes"][0]["amount"])
    assert taxes == [D("0.06"), D("0.07")]


def test_a_subscription_is_charged_with_each_cycle_where_there_is_one(money: Money) -> None:
    money.mirakl.behave(subscription_fee=39.99)
    money.mirakl.place(paid())
    money.receive()
    money.close()
    assert money.types()["SUBSCRIPTION_FEE"] == D("-39.99")
    assert money.types()["SUBSCRIPTION_VAT"] == D("-8.00")
    (bill,) = money.documents()
    assert bill["total_amount_incl_taxes"] == D(18) + D("47.99")
    assert money.cycles()[0]["amount_transferred_to_seller"] == D(108) - D("47.99")


def test_fees_may_come_as_document_requests_and_no_bill(money: Money) -> None:
    money.mirakl.behave(fees_by_document_request=True)
    money.mirakl.place(paid("1-A", mug(shipping_price=0, shipping_taxes=[])))
    money.receive()
    money.refund(60)
    (cycle_id,) = money.close()
    assert money.documents() == []
    invoice, credit = sorted(money.requests(), key=lambda one: one["type"], reverse=True)
    assert (invoice["type"], invoice["total_amount_including_taxes"]) == ("INVOICE", D(18))
    assert (credit["type"], credit["total_amount_including_taxes"]) == ("CREDIT_NOTE", D(9))
    assert invoice["entities"]["shop_billing_cycle"]["id"] == cycle_id
    (row,) = money.request_lines(invoice["id"])
    assert (row["entity_type"], row["price_excluding_taxes"]) == ("FEES_DEBIT_COMMISSION", D(15))
    numbers = {row["type"]: row["accounting_document_number"] for row in money.lines()}
    assert numbers["COMMISSION_FEE"] == numbers["COMMISSION_VAT"] == invoice["document_number"]
    assert numbers["REFUND_COMMISSION_FEE"] == credit["document_number"]
    assert numbers["ORDER_AMOUNT"] is None


def test_a_manual_credit_is_in_the_next_cycle_under_its_own_number(money: Money) -> None:
    items: list[Json] = [{"description": "Goodwill", "amount": 10, "taxes": [{"code": "TAXDEFAULT", "amount": 2}]}]
    number = money.mirakl.control(
        "POST",
        "manual_documents",
        json={"marketplace": "brightside-uk", "type": "MANUAL_CREDIT", "items": items},
    )["invoice_id"]
    assert money.types() == {"MANUAL_CREDIT": D(10), "MANUAL_CREDIT_VAT": D(2)}
    money.close()
    assert {row["accounting_document_number"] for row in money.lines()} == {str(number)}
    assert money.cycles()[0]["amount_transferred_to_seller"] == D(12)
    assert [document["type"] for document in money.documents()] == ["MANUAL_CREDIT"]


def test_whatever_the_operator_writes_is_in_the_log(money: Money) -> None:
    money.write({"type": "NEW_MYSTERY_FEE", "amount": -1.49, "entities": {"order": {"id": "1-A"}}})
    (row,) = money.lines()
    assert (row["type"], row["amount"], row["payment_state"]) == ("NEW_MYSTERY_FEE", D("-1.49"), "PAYABLE")


def test_shops_and_currencies_have_accounts_and_cycles_of_their_own(money: Money) -> None:
    money.mirakl.place(
        paid("1-A"), paid("2-A", currency_iso_code="EUR"), paid("3-A", shop_id=2002), paid("4-A", shop_id=2002)
    )
    for order_id in ("1-A", "2-A", "3-A"):
        money.receive(order_id)
    assert len(money.close()) == 3
    assert {cycle["currency_iso_code"] for cycle in money.cycles()} == {"GBP", "EUR"}, "the shop sees its own"
    assert {row["entities"]["order"]["id"] for row in money.lines()} == {"1-A", "2-A"}
    answer = money.mirakl.operator("GET", "/api/seller-billing-cycles")
    assert sorted(cycle["shop"]["shop_id"] for cycle in answer.json()["data"]) == [2001, 2001, 2002]
    answer = money.mirakl.operator("GET", "/api/sellerpayment/transactions_logs", params={"shop_id": 2002})
    assert {row["entities"]["order"]["id"] for row in answer.json()["data"]} == {"3-A", "4-A"}


@pytest.fixture
def unruly() -> Iterator[Mirakl]:
    with running_mirakl(official_contracts=True) as running:
        yield running


def test_a_deed_at_the_back_office_that_makes_no_sense_says_so(unruly: Mirakl) -> None:
    for verb, order, said in (
        ("payouts", {"cycle": "none"}, "billing cycle"),
        ("payouts", {"failure_reason": "NO_MOOD"}, "NO_MOOD"),
        ("manual_documents", {"type": "MANUAL_GIFT", "items": []}, "MANUAL_GIFT"),
    ):
        answer = unruly.seller("GET", "/api/version")
        assert answer.ok
        response = _post(unruly, verb, {"marketplace": "brightside-uk", **order})
        assert response[0] == 400, response
        assert said in response[1]


def _post(mirakl: Mirakl, verb: str, order: Json) -> tuple[int, str]:
    answer = requests.post(f"{mirakl.url}/_twin/{verb}", json=order, timeout=10)
    return answer.status_code, answer.text

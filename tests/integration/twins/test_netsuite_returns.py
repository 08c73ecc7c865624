"""Money given back and goods taken back: credit memos, return authorisations, receipts."""

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.twins.netsuite import MUG, RECORD, NetSuite, line, refusal

SHIPPED = {"shipStatus": {"id": "C"}}
UK_VAT = {"externalId": "VAT-GBR-20"}


@pytest.fixture(autouse=True)
def marketplace(netsuite: NetSuite) -> None:
    netsuite.customer()


def shipped_order(netsuite: NetSuite) -> str:
    """4 mugs at 10.00 with 8.00 tax and 5.00 delivery, all shipped."""
    detail = {"taxDetailsReference": "L1", "taxCode": UK_VAT, "taxBasis": 40, "taxRate": 20, "taxAmount": 8}
    body = netsuite.order(
        line(MUG, 4, taxDetailsReference="L1"),
        shippingCost=5,
        taxDetailsOverride=True,
        taxDetails={"items": [detail]},
    )
    order = netsuite.create("salesOrder", body)
    netsuite.make("salesOrder", order, "itemFulfillment", SHIPPED)
    return order


def invoiced(netsuite: NetSuite) -> str:
    return netsuite.make("salesOrder", shipped_order(netsuite), "invoice")


def applied(invoice: str, amount: Any = None) -> dict[str, Any]:
    entry = {"doc": {"id": invoice}, "apply": True} | ({} if amount is None else {"amount": amount})
    return {"apply": {"items": [entry]}}


def on_hand(netsuite: NetSuite) -> int:
    text = "SELECT quantityonhand AS n FROM aggregateitemlocation WHERE item = ? AND location = '1'"
    return int(netsuite.rows(text, MUG)[0]["n"])


def back(netsuite: NetSuite, order: str, quantity: int, letter: str = "B") -> str:
    lines = {"items": [{"orderLine": 1, "quantity": quantity}]}
    return netsuite.make("salesOrder", order, "returnAuthorization", {"orderStatus": {"id": letter}, "item": lines})


# -- credit memos ------------------------------------------------------------------------------------------------


def test_an_invoice_is_credited_whole_and_closed_by_it(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    memo = netsuite.get("creditMemo", netsuite.make("invoice", invoice, "creditMemo", applied(invoice)))
    assert (memo["total"], memo["applied"], memo["unapplied"]) == (53, 53, 0)
    assert memo["status"]["refName"] == "Fully Applied"
    read = netsuite.get("invoice", invoice)
    assert (read["status"]["refName"], read["amountRemaining"]) == ("Paid In Full", 0)


def test_a_part_of_an_invoice_is_credited_with_its_tax(netsuite: NetSuite):
    """1 of 4 mugs: 10.00 and 2.00 tax, no delivery."""
    invoice = invoiced(netsuite)
    body = {"shippingCost": 0, "item": {"items": [{"orderLine": 1, "quantity": 1}]}} | applied(invoice)
    memo = netsuite.get("creditMemo", netsuite.make("invoice", invoice, "creditMemo", body))
    assert (memo["subtotal"], memo["taxTotal"], memo["total"]) == (10, 2, 12)
    assert netsuite.get("invoice", invoice)["amountRemaining"] == 41


def test_an_amount_is_credited_on_a_line_without_its_goods(netsuite: NetSuite):
    """3.00 goodwill on 40.00 with 8.00 tax: 0.60 tax go with it."""
    invoice = invoiced(netsuite)
    body = {"shippingCost": 0, "item": {"items": [{"orderLine": 1, "amount": 3}]}} | applied(invoice)
    memo = netsuite.get("creditMemo", netsuite.make("invoice", invoice, "creditMemo", body))
    assert (memo["subtotal"], memo["taxTotal"], memo["total"]) == (3, Decimal("0.60"), Decimal("3.60"))


def test_a_line_of_its_own_may_stand_on_a_credit_memo(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    own = {"item": {"id": "710"}, "quantity": 1, "rate": 5, "price": {"id": "-1"}}
    body = {"shippingCost": 0, "item": {"items": [{"orderLine": 1, "quantity": 0}, own]}} | applied(invoice)
    memo = netsuite.get("creditMemo", netsuite.make("invoice", invoice, "creditMemo", body))
    assert [one["item"]["refName"] for one in memo["item"]["items"]] == ["MARKETPLACE-TAX"]
    assert memo["total"] == 5


def test_a_credit_memo_names_the_invoice_it_is_for(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    assert "Apply" in refusal(netsuite.transform("invoice", invoice, "creditMemo"))["detail"]
    netsuite.behave(credit_memo_needs_apply=False)
    memo = netsuite.get("creditMemo", netsuite.make("invoice", invoice, "creditMemo"))
    assert (memo["status"]["refName"], memo["unapplied"]) == ("Open", 53)
    assert netsuite.get("invoice", invoice)["amountRemaining"] == 53


def test_nobody_keeps_an_invoice_from_being_credited_twice_but_it_is_settled_once(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    netsuite.make("invoice", invoice, "creditMemo", applied(invoice))
    answer = netsuite.transform("invoice", invoice, "creditMemo", applied(invoice, 1))
    assert "amount" in refusal(answer)["o:errorPath"]
    assert netsuite.get("creditMemo", netsuite.make("invoice", invoice, "creditMemo"))["unapplied"] == 53


def test_no_more_is_applied_than_is_credited(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    body = {"shippingCost": 0, "item": {"items": [{"orderLine": 1, "quantity": 1}]}} | applied(invoice, 13)
    assert "more than" in refusal(netsuite.transform("invoice", invoice, "creditMemo", body))["detail"]


def test_a_credit_memo_that_is_unapplied_or_deleted_opens_its_invoice_again(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    memo = netsuite.make("invoice", invoice, "creditMemo", applied(invoice))
    assert "linked" in refusal(netsuite.call("DELETE", f"{RECORD}invoice/{invoice}"))["detail"]
    netsuite.change("creditMemo", memo, {"apply": {"items": [{"doc": {"id": invoice}, "apply": False}]}})
    assert netsuite.get("invoice", invoice)["status"]["refName"] == "Open"
    netsuite.change("creditMemo", memo, applied(invoice))
    assert netsuite.get("invoice", invoice)["amountRemaining"] == 0
    assert netsuite.call("DELETE", f"{RECORD}creditMemo/{memo}").status_code == 204
    assert netsuite.get("invoice", invoice)["amountRemaining"] == 53


def test_a_closed_period_takes_no_credit_memo(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    netsuite.close_period(arLocked=True)
    assert "locked" in refusal(netsuite.transform("invoice", invoice, "creditMemo", applied(invoice)))["detail"]


def test_what_is_credited_comes_back_positive_in_a_query(netsuite: NetSuite):
    invoice = invoiced(netsuite)
    memo = netsuite.make("invoice", invoice, "creditMemo", applied(invoice) | {"custbody_tieout_refund": "R-1"})
    text = "SELECT quantity, foreignamount FROM transactionline WHERE transaction = ? AND item = ?"
    assert netsuite.rows(text, memo, MUG) == [{"quantity": "4", "foreignamount": "40"}]
    text = "SELECT type, BUILTIN.DF(status) AS said FROM transaction WHERE custbody_tieout_refund = ?"
    assert netsuite.rows(text, "R-1") == [{"type": "CustCred", "said": "Credit Memo : Fully Applied"}]


# -- returns -----------------------------------------------------------------------------------------------------


def test_no_more_comes_back_than_was_shipped(netsuite: NetSuite):
    order = shipped_order(netsuite)
    back(netsuite, order, 3)
    lines = {"items": [{"orderLine": 1, "quantity": 2}]}
    answer = netsuite.transform("salesOrder", order, "returnAuthorization", {"item": lines})
    assert "more than the 1" in refusal(answer)["detail"]
    fresh = netsuite.create("salesOrder", netsuite.order())
    assert "initialize" in refusal(netsuite.transform("salesOrder", fresh, "returnAuthorization"))["detail"]


def test_a_return_goes_from_receipt_to_refund(netsuite: NetSuite):
    """2 mugs come back one by one; what was received is credited; 10 - 4 shipped + 2 are on the shelf."""
    order = shipped_order(netsuite)
    netsuite.make("salesOrder", order, "invoice")
    authorised = back(netsuite, order, 2)
    seen = [netsuite.status("returnAuthorization", authorised)]
    one = {"item": {"items": [{"orderLine": 1, "itemReceive": True, "quantity": 1}]}}
    netsuite.make("returnAuthorization", authorised, "itemReceipt", one)
    seen.append(netsuite.status("returnAuthorization", authorised))
    memo = netsuite.get("creditMemo", netsuite.make("returnAuthorization", authorised, "creditMemo"))
    seen.append(netsuite.status("returnAuthorization", authorised))
    netsuite.make("returnAuthorization", authorised, "itemReceipt", {"externalId": "T-IR-2"})
    seen.append(netsuite.status("returnAuthorization", authorised))
    netsuite.make("returnAuthorization", authorised, "creditMemo")
    seen.append(netsuite.status("returnAuthorization", authorised))
    assert seen == ["B", "E", "D", "F", "G"]
    assert (memo["total"], memo["unapplied"], on_hand(netsuite)) == (12, 12, 8)


def test_a_return_waits_for_its_approval(netsuite: NetSuite):
    authorised = back(netsuite, shipped_order(netsuite), 1, "A")
    assert "initialize" in refusal(netsuite.transform("returnAuthorization", authorised, "itemReceipt"))["detail"]
    netsuite.change("returnAuthorization", authorised, {"orderStatus": {"id": "B"}})
    netsuite.make("returnAuthorization", authorised, "itemReceipt")


def test_what_is_not_restocked_stays_off_the_shelf(netsuite: NetSuite):
    authorised = back(netsuite, shipped_order(netsuite), 2)
    body = {"item": {"items": [{"orderLine": 1, "quantity": 2, "restock": False}]}}
    receipt = netsuite.make("returnAuthorization", authorised, "itemReceipt", body)
    assert on_hand(netsuite) == 6
    netsuite.call("DELETE", f"{RECORD}itemReceipt/{receipt}")
    assert (on_hand(netsuite), netsuite.status("returnAuthorization", authorised)) == (6, "B")


def test_a_receipt_takes_no_more_than_was_authorised_and_is_undone_by_deleting_it(netsuite: NetSuite):
    authorised = back(netsuite, shipped_order(netsuite), 2)
    body = {"item": {"items": [{"orderLine": 1, "quantity": 3}]}}
    assert (
        "more than the 2"
        in refusal(netsuite.transform("returnAuthorization", authorised, "itemReceipt", body))["detail"]
    )
    receipt = netsuite.make("returnAuthorization", authorised, "itemReceipt")
    assert on_hand(netsuite) == 8
    netsuite.call("DELETE", f"{RECORD}itemReceipt/{receipt}")
    assert on_hand(netsuite) == 6


def test_a_closed_return_frees_what_it_held(netsuite: NetSuite):
    order = shipped_order(netsuite)
    authorised = back(netsuite, order, 4)
    netsuite.change("returnAuthorization", authorised, {"item": {"items": [{"line": 1, "isClosed": True}]}})
    assert netsuite.status("returnAuthorization", authorised) == "H"
    back(netsuite, order, 4)


def test_a_return_is_found_by_query(netsuite: NetSuite):
    order = shipped_order(netsuite)
    authorised = back(netsuite, order, 1)
    text = "SELECT type, status, BUILTIN.DF(status) AS said FROM transaction WHERE id = ?"
    assert netsuite.rows(text, authorised) == [
        {"type": "RtnAuth", "status": "B", "said": "Return Authorization : Pending Receipt"}
    ]
    receipt = netsuite.make("returnAuthorization", authorised, "itemReceipt")
    text = "SELECT quantity, createdfrom FROM transactionline WHERE transaction = ? AND item = ?"
    assert netsuite.rows(text, receipt, MUG) == [{"quantity": "1", "createdfrom": authorised}]

"""What is billed for an order: what was shipped, its tax in proportion, in a period that is open."""

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.twins.netsuite import MUG, PEN, RECORD, NetSuite, line, refusal

SHIPPED = {"shipStatus": {"id": "C"}}
UK_VAT = {"externalId": "VAT-GBR-20"}


@pytest.fixture(autouse=True)
def marketplace(netsuite: NetSuite) -> None:
    netsuite.customer()


def tax(reference: str, basis: Any, amount: Any) -> dict[str, Any]:
    return {"taxDetailsReference": reference, "taxCode": UK_VAT, "taxBasis": basis, "taxRate": 20, "taxAmount": amount}


def taxed_order(netsuite: NetSuite) -> str:
    """4 mugs at 10.00 and a pen at 5.00, shipping 5.00, 20 % on all of it: 60.00."""
    lines = [
        line(MUG, 4, 10, taxDetailsReference="L1", custcol_tieout_line="ORD-1"),
        line(PEN, 1, 5, taxDetailsReference="L2"),
    ]
    details = {"items": [tax("L1", 40, 8), tax("L2", 5, 1), tax("SHIPPING", 5, 1)]}
    body = netsuite.order(*lines, shippingCost=5, taxDetailsOverride=True, taxDetails=details, otherRefNum="ORD")
    return netsuite.create("salesOrder", body)


def ship(netsuite: NetSuite, order: str, mugs: int, pens: int) -> str:
    lines = [
        {"orderLine": number, "itemReceive": bool(quantity), "quantity": quantity}
        for number, quantity in ((1, mugs), (2, pens))
    ]
    return netsuite.make("salesOrder", order, "itemFulfillment", SHIPPED | {"item": {"items": lines}})


def bill(netsuite: NetSuite, order: str, **body: Any) -> dict[str, Any]:
    return netsuite.get("invoice", netsuite.make("salesOrder", order, "invoice", body))


def test_an_empty_body_bills_all_that_was_shipped_and_nothing_else(netsuite: NetSuite):
    """1 of 4 mugs: 10.00 and 2.00 of the 8.00 tax, and the whole 5.00 delivery with its 1.00."""
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    read = bill(netsuite, order, externalId="T-INV-1")
    (only,) = read["item"]["items"]
    assert (only["orderLine"], only["quantity"], only["amount"], only["custcol_tieout_line"]) == (1, 1, 10, "ORD-1")
    assert (read["subtotal"], read["shippingCost"], read["taxTotal"], read["total"]) == (10, 5, 3, 18)
    assert (read["status"]["refName"], read["amountRemaining"]) == ("Open", 18)
    assert (read["createdFrom"]["id"], read["otherRefNum"], read["externalId"]) == (order, "ORD", "T-INV-1")
    assert netsuite.status("salesOrder", order) == "D"


def test_the_invoices_of_an_order_add_up_to_it(netsuite: NetSuite):
    """Delivery is billed once, with the first."""
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    first = bill(netsuite, order)
    ship(netsuite, order, 3, 1)
    assert netsuite.status("salesOrder", order) == "F"
    second = bill(netsuite, order)
    assert (first["total"], second["total"], second.get("shippingCost")) == (18, 42, 0)
    assert netsuite.status("salesOrder", order) == "G"
    assert [one["quantityBilled"] for one in netsuite.get("salesOrder", order)["item"]["items"]] == [4, 1]
    assert "initialize" in refusal(netsuite.transform("salesOrder", order, "invoice"))["detail"]


def test_a_part_of_what_was_shipped_can_be_billed(netsuite: NetSuite):
    order = taxed_order(netsuite)
    ship(netsuite, order, 3, 1)
    lines = [{"orderLine": 1, "quantity": 2}, {"orderLine": 2, "quantity": 0}]
    read = bill(netsuite, order, shippingCost=0, item={"items": lines})
    assert [(one["orderLine"], one["quantity"]) for one in read["item"]["items"]] == [(1, 2)]
    assert (read["taxTotal"], read["total"]) == (4, 24)
    assert netsuite.status("salesOrder", order) == "E"


def test_no_more_is_billed_than_was_shipped(netsuite: NetSuite):
    order = taxed_order(netsuite)
    answer = netsuite.transform("salesOrder", order, "invoice")
    assert "at least one" in refusal(answer)["detail"]
    ship(netsuite, order, 1, 0)
    answer = netsuite.transform("salesOrder", order, "invoice", {"item": {"items": [{"orderLine": 1, "quantity": 2}]}})
    assert "more than the 1" in refusal(answer)["detail"]


def test_tax_that_is_sent_stands(netsuite: NetSuite):
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    details = {"items": [tax("L1", 10, Decimal("2.01")), tax("SHIPPING", 5, 1)]}
    read = bill(netsuite, order, taxDetailsOverride=True, taxDetails=details)
    assert (read["taxTotal"], read["total"]) == (Decimal("3.01"), Decimal("18.01"))


def test_services_are_billed_without_being_shipped(netsuite: NetSuite):
    wrap = netsuite.create("serviceSaleItem", {"itemId": "WRAP"})
    order = netsuite.create("salesOrder", netsuite.order(line(MUG, 1), line(wrap, 1, 2)))
    shipment = netsuite.make("salesOrder", order, "itemFulfillment", SHIPPED)
    assert len(netsuite.get("itemFulfillment", shipment)["item"]["items"]) == 1
    assert bill(netsuite, order)["total"] == 12
    assert netsuite.status("salesOrder", order) == "G"


def test_what_was_shipped_of_a_line_closed_since_is_still_billed(netsuite: NetSuite):
    order = netsuite.create("salesOrder", netsuite.order(line(MUG, 4)))
    netsuite.make(
        "salesOrder", order, "itemFulfillment", SHIPPED | {"item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    )
    netsuite.change("salesOrder", order, {"item": {"items": [{"line": 1, "isClosed": True}]}})
    assert netsuite.status("salesOrder", order) == "F"
    assert bill(netsuite, order)["total"] == 10
    assert netsuite.status("salesOrder", order) == "H"


def test_an_invoice_holds_its_shipment_in_place_until_it_is_deleted(netsuite: NetSuite):
    order = taxed_order(netsuite)
    shipment = ship(netsuite, order, 1, 0)
    invoice = netsuite.make("salesOrder", order, "invoice")
    for answer in (
        netsuite.call("DELETE", f"{RECORD}itemFulfillment/{shipment}"),
        netsuite.patch("itemFulfillment", shipment, {"shipStatus": {"id": "A"}}),
    ):
        assert "billed" in refusal(answer)["detail"]
    assert netsuite.call("DELETE", f"{RECORD}invoice/{invoice}").status_code == 204
    assert netsuite.status("salesOrder", order) == "E"
    netsuite.change("itemFulfillment", shipment, {"shipStatus": {"id": "A"}})


@pytest.mark.parametrize("flag", ["closed", "allLocked", "arLocked"])
def test_a_closed_or_locked_period_takes_no_invoice(netsuite: NetSuite, flag: str):
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    netsuite.close_period(**{flag: True})
    assert "period" in refusal(netsuite.transform("salesOrder", order, "invoice"))["detail"]


def test_the_day_of_an_invoice_lies_in_its_period_unless_the_account_allows_otherwise(netsuite: NetSuite):
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    (year,) = netsuite.rows("SELECT id FROM accountingperiod WHERE isyear = 'T'")
    answer = netsuite.transform("salesOrder", order, "invoice", {"postingPeriod": {"id": year["id"]}})
    assert refusal(answer)["o:errorPath"] == "postingPeriod"
    today = netsuite.get("salesOrder", order)["tranDate"]
    other = "312" if today[5:7] != "12" else "311"
    body = {"postingPeriod": {"id": other}, "tranDate": today}
    netsuite.twin.account.store.by_id("accountingPeriod", other).values.update(
        closed=False, allLocked=False, arLocked=False
    )
    assert "date range" in refusal(netsuite.transform("salesOrder", order, "invoice", body))["detail"]
    netsuite.behave(dates_outside_posting_period=True)
    assert bill(netsuite, order, **body)["postingPeriod"]["id"] == other


def test_an_invoice_is_found_by_query_with_its_order(netsuite: NetSuite):
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    made = netsuite.make("salesOrder", order, "invoice")
    text = "SELECT type, status, foreigntotal, BUILTIN.DF(status) AS said FROM transaction WHERE id = ?"
    assert netsuite.rows(text, made) == [
        {"type": "CustInvc", "status": "A", "foreigntotal": "18", "said": "Invoice : Open"}
    ]
    text = "SELECT quantity, foreignamount, createdfrom FROM transactionline WHERE transaction = ? AND item = ?"
    assert netsuite.rows(text, made, MUG) == [{"quantity": "-1", "foreignamount": "-10", "createdfrom": order}]
    text = "SELECT linktype FROM previoustransactionlinelink WHERE previousdoc = ? AND nextdoc = ?"
    assert netsuite.rows(text, order, made) == [{"linktype": "OrdBill"}]


def test_the_buyer_of_an_invoice_is_the_orders(netsuite: NetSuite):
    order = taxed_order(netsuite)
    ship(netsuite, order, 1, 0)
    other = netsuite.customer("T-other")
    answer = netsuite.transform("salesOrder", order, "invoice", {"entity": {"id": other}})
    assert refusal(answer)["o:errorPath"] == "entity"

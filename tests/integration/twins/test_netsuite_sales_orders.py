"""What a sales order costs in NetSuite, and which ones it does not take."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.netsuite import NetSuiteTwin
from tests.integration.twins.netsuite import EURO_PLUG, LISTED_BOOK, MUG, PEN, RECORD, NetSuite, line, refusal

JPY, KWD = {"id": "4"}, {"id": "5"}
UK_VAT = {"externalId": "VAT-GBR-20"}


@pytest.fixture(autouse=True)
def marketplace(netsuite: NetSuite) -> None:
    """The customer every order here is sold to."""
    netsuite.customer()


def taxed(reference: str, basis: Any, amount: Any, **more: Any) -> dict[str, Any]:
    plain = {"taxDetailsReference": reference, "taxCode": UK_VAT, "taxBasis": basis, "taxRate": 20, "taxAmount": amount}
    return {name: value for name, value in (plain | more).items() if value is not None}


def with_tax(netsuite: NetSuite, lines: list[dict[str, Any]], *details: dict[str, Any], **more: Any) -> dict[str, Any]:
    return netsuite.order(*lines, taxDetailsOverride=True, taxDetails={"items": list(details)}, **more)


def test_the_total_is_lines_and_shipping_and_tax(netsuite: NetSuite):
    """2 x 10.00 and 1 x 5.00, 4.90 shipping, 20 % on all of it: 29.90 + 5.98."""
    body = with_tax(
        netsuite,
        [line(MUG, 2, 10, taxDetailsReference="L1"), line(PEN, 1, 5, taxDetailsReference="L2")],
        taxed("L1", 20, 4),
        taxed("L2", 5, 1),
        taxed("SHIPPING", 4.90, 0.98),
        shippingCost=4.90,
    )
    read = netsuite.get("salesOrder", netsuite.create("salesOrder", body))
    assert (read["subtotal"], read["shippingCost"]) == (Decimal("25.00"), Decimal("4.90"))
    assert (read["taxTotal"], read["total"]) == (Decimal("5.98"), Decimal("35.88"))
    first, second = read["item"]["items"]
    assert (first["amount"], first["taxAmount"], first["grossAmt"]) == (20, 4, 24)
    assert (second["rate"], second["quantity"]) == (5, 1)
    assert [one["taxCode"]["refName"] for one in read["taxDetails"]["items"]] == ["VAT-GBR-20"] * 3


def test_handling_counts_into_the_total(netsuite: NetSuite):
    """10.00 goods, 2.00 shipping, 1.00 handling with 0.20 tax."""
    body = with_tax(netsuite, [line()], taxed("HANDLING", 1, 0.20), shippingCost=2, handlingCost=1)
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", body))["total"] == Decimal("13.20")


def test_a_line_shows_the_price_level_it_was_sold_at(netsuite: NetSuite):
    plain, listed = line(MUG), line(LISTED_BOOK)
    del plain["price"], listed["price"]
    read = netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order(plain, listed)))
    assert [one["price"]["refName"] for one in read["item"]["items"]] == ["Custom", "Base Price"]


def test_an_amount_that_is_sent_stands_whatever_the_rate(netsuite: NetSuite):
    """3 for 10.00 has no rate in cents; the amount decides."""
    order = netsuite.create("salesOrder", netsuite.order(line(MUG, 3, None, amount=10)))
    read = netsuite.get("salesOrder", order)
    assert read["total"] == 10
    assert read["item"]["items"][0]["rate"] == Decimal("3.33333333")


def test_an_amount_follows_from_quantity_and_rate_to_the_cent(netsuite: NetSuite):
    order = netsuite.create("salesOrder", netsuite.order(line(MUG, 3, 0.335)))
    assert netsuite.get("salesOrder", order)["total"] == Decimal("1.01")


def test_a_line_without_rate_and_amount_has_no_price(netsuite: NetSuite):
    assert "Amount" in refusal(netsuite.post("salesOrder", netsuite.order(line(MUG, 1, None))))["detail"]


def test_a_gross_amount_that_is_sent_decides_the_net_one(netsuite: NetSuite):
    """Since 2026.1 grossAmt wins over amount."""
    lines = [line(MUG, 2, None, grossAmt=24, amount=99, taxDetailsReference="L1")]
    read = netsuite.get("salesOrder", netsuite.create("salesOrder", with_tax(netsuite, lines, taxed("L1", 20, 4))))
    assert (read["item"]["items"][0]["amount"], read["total"]) == (20, 24)


def test_the_price_list_wins_unless_the_custom_price_is_named(netsuite: NetSuite):
    """Unverified, and why the total is compared after every create."""
    sourced = line(LISTED_BOOK, 2, 10)
    del sourced["price"]
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order(sourced)))["total"] == 25
    own = line(LISTED_BOOK, 2, 10)
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order(own)))["total"] == 20
    netsuite.behave(price_level_overrides_rate=False)
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order(sourced)))["total"] == 20


@pytest.mark.parametrize(
    ("currency", "rate", "total"), [(JPY, 10.4, "10"), (JPY, 10.5, "11"), (KWD, 1.2345, "1.235"), (KWD, 1, "1.000")]
)
def test_amounts_have_the_decimals_of_their_currency(netsuite: NetSuite, currency: Any, rate: float, total: str):
    netsuite.customer("T-other", currency=currency)
    body = netsuite.order(line(rate=rate), entity={"externalId": "T-other"}, currency=currency)
    read = netsuite.get("salesOrder", netsuite.create("salesOrder", body))
    assert str(read["total"]) == total


def test_an_order_gets_its_number_its_day_and_its_state(netsuite: NetSuite):
    netsuite.control("POST", "clock", json={"set": "2026-10-31T12:34:06Z"})
    first = netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order(orderStatus=None)))
    second = netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order(orderStatus="B")))
    assert (first["tranId"], second["tranId"]) == ("SO1001", "SO1002")
    assert first["tranDate"] == "2026-10-31"
    assert first["createdDate"] == "2026-10-31T12:34:00Z"
    assert (first["status"]["refName"], second["status"]["refName"]) == ("Pending Approval", "Pending Fulfillment")


def test_a_refused_order_takes_no_number(netsuite: NetSuite):
    assert netsuite.post("salesOrder", netsuite.order(line("9999"))).status_code == 400
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order()))["tranId"] == "SO1001"


def test_line_numbers_need_not_be_consecutive(netsuite: NetSuite):
    """Unverified: lines are only promised to have a number."""
    for how, numbers in (("consecutive", [1, 2, 3]), ("gaps", [1, 4, 7])):
        netsuite.behave(line_numbers=how)
        order = netsuite.create("salesOrder", netsuite.order(line(), line(), line()))
        lines = netsuite.get("salesOrder", order)["item"]["items"]
        assert [one["line"] for one in lines] == numbers
        assert len({one["lineUniqueKey"] for one in lines}) == 3


# -- refused -------------------------------------------------------------------------------------------------------


def test_an_order_needs_a_customer_and_a_line(netsuite: NetSuite):
    assert "Customer" in refusal(netsuite.post("salesOrder", netsuite.order(entity=None)))["detail"]
    empty = netsuite.order(item={"items": []})
    assert "at least one line item" in refusal(netsuite.post("salesOrder", empty))["detail"]
    assert "Item" in refusal(netsuite.post("salesOrder", netsuite.order({"quantity": 1, "rate": 1})))["detail"]
    nothing = {"item": {"id": MUG}, "rate": 1}
    assert "Quantity" in refusal(netsuite.post("salesOrder", netsuite.order(nothing)))["detail"]


def test_a_state_other_than_pending_cannot_be_written(netsuite: NetSuite):
    found = refusal(netsuite.post("salesOrder", netsuite.order(orderStatus={"id": "G"})))
    assert (found["o:errorCode"], found["o:errorPath"]) == ("INVALID_CONTENT", "orderStatus")


def test_a_customer_buys_in_its_own_currencies_only(netsuite: NetSuite):
    euros = netsuite.order(currency={"id": "2"})
    assert refusal(netsuite.post("salesOrder", euros))["o:errorPath"] == "currency"
    more = {"currencyList": {"items": [{"currency": {"id": "2"}}]}}
    netsuite.call("PATCH", RECORD + "customer/eid:T-shop-CUS-MARKETPLACE", more)
    assert netsuite.post("salesOrder", euros).status_code == 204


def test_an_order_stays_in_the_subsidiary_of_its_customer(netsuite: NetSuite):
    found = refusal(netsuite.post("salesOrder", netsuite.order(subsidiary={"id": "2"})))
    assert (found["o:errorCode"], found["o:errorPath"]) == ("INVALID_KEY_OR_REF", "subsidiary")


def test_a_location_belongs_to_the_subsidiary(netsuite: NetSuite):
    for body in (netsuite.order(location={"id": "3"}), netsuite.order(line(location={"id": "3"}))):
        assert (
            "Invalid Field Value 3 for the following field: location"
            in (refusal(netsuite.post("salesOrder", body))["detail"])
        )


def test_an_item_belongs_to_the_subsidiary(netsuite: NetSuite):
    found = refusal(netsuite.post("salesOrder", netsuite.order(line(EURO_PLUG))))
    assert found["o:errorCode"] == "INVALID_KEY_OR_REF"
    assert f"Invalid item reference key {EURO_PLUG} for subsidiary 1" in found["detail"]


def test_an_inactive_customer_buys_nothing(netsuite: NetSuite):
    netsuite.call("PATCH", RECORD + "customer/eid:T-shop-CUS-MARKETPLACE", {"isInactive": True})
    assert refusal(netsuite.post("salesOrder", netsuite.order()))["o:errorPath"] == "entity"


def test_a_shipping_cost_may_need_a_method(netsuite: NetSuite):
    """Unverified: it depends on the account."""
    body = netsuite.order(shippingCost=1)
    assert netsuite.post("salesOrder", body).status_code == 204
    netsuite.behave(shipping_cost_needs_method=True)
    assert "Ship Via" in refusal(netsuite.post("salesOrder", body))["detail"]
    assert netsuite.post("salesOrder", body | {"shipMethod": {"id": "700"}}).status_code == 204
    assert netsuite.post("salesOrder", netsuite.order(shipMethod={"id": MUG})).status_code == 400


# -- tax -----------------------------------------------------------------------------------------------------------


def test_tax_details_belong_to_a_line_or_to_the_shipping(netsuite: NetSuite):
    body = with_tax(netsuite, [line(taxDetailsReference="L1")], taxed("L2", 10, 2))
    assert refusal(netsuite.post("salesOrder", body))["o:errorPath"] == "taxDetails.items[0].taxDetailsReference"


@pytest.mark.parametrize("missing", ["taxDetailsReference", "taxCode", "taxBasis", "taxRate", "taxAmount"])
def test_a_tax_detail_is_whole(netsuite: NetSuite, missing: str):
    body = with_tax(netsuite, [line(taxDetailsReference="L1")], taxed("L1", 10, 2, **{missing: None}))
    assert missing in refusal(netsuite.post("salesOrder", body))["detail"]


def test_a_tax_detail_may_do_without_its_rate(netsuite: NetSuite):
    """Unverified: the REST browser lists the rate among what a detail must carry."""
    body = with_tax(netsuite, [line(taxDetailsReference="L1")], taxed("L1", 10, 2, taxRate=None))
    netsuite.behave(tax_details_need_rate=False)
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", body))["total"] == 12


def test_tax_details_without_the_override_are_calculated_away(netsuite: NetSuite):
    """Unverified, and another reason to compare the total."""
    body = with_tax(netsuite, [line(taxDetailsReference="L1")], taxed("L1", 10, 2)) | {"taxDetailsOverride": False}
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", body))["total"] == 10
    netsuite.behave(tax_details_without_override="refused")
    assert refusal(netsuite.post("salesOrder", body))["o:errorPath"] == "taxDetails"


def test_a_line_may_get_its_tax_reference_from_netsuite(netsuite: NetSuite):
    """Unverified: where the client's reference does not hold, tax is written in a second step."""
    netsuite.behave(client_tax_references=False)
    body = with_tax(netsuite, [line(taxDetailsReference="L1")], taxed("L1", 10, 2))
    assert netsuite.post("salesOrder", body).status_code == 400
    order = netsuite.create("salesOrder", netsuite.order(line(taxDetailsReference="L1"), taxDetailsOverride=True))
    reference = netsuite.get("salesOrder", order)["item"]["items"][0]["taxDetailsReference"]
    assert reference != "L1"
    netsuite.call("PATCH", f"{RECORD}salesOrder/{order}", {"taxDetails": {"items": [taxed(reference, 10, 2)]}})
    assert netsuite.get("salesOrder", order)["total"] == 12


def test_tax_codes_on_lines_are_refused_unless_the_account_calculates_with_them(netsuite: NetSuite):
    """Unverified: Oracle says REST supports SuiteTax only. 2 x 10.00 at 20 %, gross 12.00, shipping 5.00 at 20 %."""
    lines = [line(MUG, 2, 10, taxCode=UK_VAT), line(PEN, 1, None, grossAmt=12, taxCode=UK_VAT)]
    body = netsuite.order(*lines, shippingCost=5, shippingTaxCode=UK_VAT)
    assert "taxCode" in refusal(netsuite.post("salesOrder", body))["detail"]
    netsuite.behave(legacy_tax="computed")
    read = netsuite.get("salesOrder", netsuite.create("salesOrder", body))
    assert [(one["amount"], one["tax1Amt"]) for one in read["item"]["items"]] == [(20, 4), (10, 2)]
    assert (read["taxTotal"], read["total"]) == (7, 42)


def test_every_standard_rate_of_the_union_has_its_tax_code(netsuite: NetSuite):
    for code, rate in (("VAT-GBR-20", 20), ("VAT-DEU-19", 19), ("VAT-HUN-27", 27), ("VAT-FIN-25_5", Decimal("25.5"))):
        assert netsuite.get("salesTaxItem", f"eid:{code}")["rate"] == rate
    assert netsuite.get("salesTaxItem", "eid:VAT-MARKETPLACE")["itemId"] == "VAT-MARKETPLACE"


# -- a rule for any order ------------------------------------------------------------------------------------------

CENTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents) / 100)
LINES = st.lists(st.tuples(st.integers(1, 500), CENTS, CENTS), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, CENTS, CENTS)
def test_the_total_of_any_order_is_the_sum_of_its_parts_to_the_cent(
    lines: list[tuple[int, Decimal, Decimal]], shipping: Decimal, shipping_tax: Decimal
):
    account = NetSuiteTwin(seed=1).account
    for record, kind in (
        ({"companyName": "Shop", "subsidiary": {"id": "1"}, "externalId": "C"}, "customer"),
        ({"itemId": "MUG", "externalId": "MUG"}, "inventoryItem"),
    ):
        assert account.request("POST", RECORD + kind, record).status == 204
    item, price = {"externalId": "MUG"}, {"id": "-1"}
    sent = [
        {"item": item, "quantity": count, "price": price, "amount": net, "taxDetailsReference": str(place)}
        for place, (count, net, _) in enumerate(lines)
    ]
    details = [taxed(str(place), net, tax) for place, (_, net, tax) in enumerate(lines)]
    body = {
        "entity": {"externalId": "C"},
        "item": {"items": sent},
        "shippingCost": shipping,
        "taxDetailsOverride": True,
        "taxDetails": {"items": [*details, taxed("SHIPPING", shipping, shipping_tax)]},
    }
    made = account.request("POST", RECORD + "salesOrder", body)
    read = account.request("GET", made.headers["Location"].removeprefix(account.base)).json()
    assert read["total"] == sum((net + tax for _, net, tax in lines), shipping + shipping_tax)
    assert read["subtotal"] == sum(net for _, net, _ in lines)

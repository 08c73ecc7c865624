"""How records are written and read over REST: where they are, what is refused, and in which words."""

import pytest

from sandbox.netsuite.seeds import seed_documents
from sandbox.world import World
from tests.integration.twins.netsuite import MUG, OLD_LAMP, PEN, RECORD, NetSuite, line, published, refusal


def test_a_create_answers_with_the_place_of_the_record_and_nothing_else(netsuite: NetSuite):
    answer = netsuite.post("customer", {"companyName": "Shop", "subsidiary": {"id": "1"}})
    assert answer.status_code == 204
    assert answer.content == b""
    place = answer.headers["Location"]
    assert place.startswith(netsuite.url + RECORD + "customer/")
    assert netsuite.get("customer", place.rpartition("/")[2])["companyName"] == "Shop"


def test_a_record_is_found_by_its_external_id_whatever_its_case(netsuite: NetSuite):
    made = netsuite.customer("T-shop-CUS-1")
    assert netsuite.get("customer", "eid:t-SHOP-cus-1")["id"] == made


def test_a_record_that_is_not_there_is_the_published_404(netsuite: NetSuite):
    answer = netsuite.call("GET", RECORD + "customer/eid:NOBODY")
    assert answer.status_code == 404
    assert answer.json() == published("error-404-nonexistent-id")


def test_a_record_of_one_type_is_not_found_as_another(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(externalId="T-shop-SO-1"))
    assert netsuite.call("GET", f"{RECORD}invoice/{order}").status_code == 404
    assert netsuite.call("GET", RECORD + "invoice/eid:T-shop-SO-1").status_code == 404


def test_a_record_type_that_does_not_exist_is_not_found(netsuite: NetSuite):
    assert refusal(netsuite.call("GET", RECORD + "salesOrders"), 404)["o:errorCode"] == "NONEXISTENT_ID"


def test_reading_gives_sublists_and_addresses_as_links_until_they_are_asked_for(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(line(), line(PEN), shippingAddress={"city": "Leeds"}))
    here = f"{netsuite.url}{RECORD}salesOrder/{order}"
    plain = netsuite.get("salesOrder", order, expandSubResources="false")
    assert plain["item"] == {"links": [{"rel": "self", "href": here + "/item"}]}
    assert plain["shippingAddress"] == {"links": [{"rel": "self", "href": here + "/shippingAddress"}]}
    expanded = netsuite.get("salesOrder", order)
    assert [one["line"] for one in expanded["item"]["items"]] == [1, 2]
    assert expanded["shippingAddress"]["city"] == "Leeds"
    one = netsuite.call("GET", f"{RECORD}salesOrder/{order}/item/2").json()
    assert one["item"]["id"] == PEN
    assert netsuite.call("GET", f"{RECORD}salesOrder/{order}/item").json()["totalResults"] == 2
    assert netsuite.call("GET", f"{RECORD}salesOrder/{order}/shippingAddress").json()["city"] == "Leeds"


def test_reading_can_be_limited_to_some_fields(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order())
    assert set(netsuite.get("salesOrder", order, fields="total,tranId")) == {"links", "id", "total", "tranId"}


def test_references_carry_the_name_of_what_they_mean(netsuite: NetSuite):
    netsuite.customer(companyName="Brightside UK")
    order = netsuite.get("salesOrder", netsuite.create("salesOrder", netsuite.order()))
    assert order["entity"]["refName"] == "Brightside UK"
    assert order["currency"]["refName"] == "British Pound"
    assert order["subsidiary"] == {
        "id": "1",
        "refName": "Gift Shop UK",
        "links": [{"rel": "self", "href": f"{netsuite.url}{RECORD}subsidiary/1"}],
    }
    assert order["status"] == {"id": "B", "refName": "Pending Fulfillment"}


# -- names and values of properties --------------------------------------------------------------------------------


def test_a_misspelt_property_is_dropped_with_a_warning_unless_told_otherwise(netsuite: NetSuite):
    """The default of NetSuite: the order is made without the field, and only a header says so."""
    netsuite.customer()
    body = netsuite.order(line(custcol_tieout_lien="1"), custbody_tieout_ordre="4711")
    answer = netsuite.post("salesOrder", body)
    assert answer.status_code == 204
    assert "custbody_tieout_ordre" in answer.headers["X-NetSuite-Warning"]
    assert "item.items[0].custcol_tieout_lien" in answer.headers["X-NetSuite-Warning"]
    silent = netsuite.post("salesOrder", body, X_NetSuite_PropertyNameValidation="Ignore")
    assert "X-NetSuite-Warning" not in silent.headers
    strict = netsuite.post("salesOrder", body, X_NetSuite_PropertyNameValidation="error")
    assert refusal(strict)["o:errorPath"] == "item.items[0].custcol_tieout_lien"


def test_a_value_of_the_wrong_kind_is_refused_where_it_stands(netsuite: NetSuite):
    netsuite.customer()
    for body, path in (
        (netsuite.order(line(rate="10.00")), "item.items[0].rate"),
        (netsuite.order(tranDate="20.11.2026"), "tranDate"),
        (netsuite.order(location="1"), "location"),
        (netsuite.order(memo=5), "memo"),
        (netsuite.order(shippingAddress={"country": {"id": "GBR"}}), "shippingAddress.country"),
    ):
        found = refusal(netsuite.post("salesOrder", body))
        assert (found["o:errorCode"], found["o:errorPath"]) == ("INVALID_CONTENT", path)


def test_values_of_the_wrong_kind_can_be_dropped_with_a_warning(netsuite: NetSuite):
    netsuite.customer()
    body = netsuite.order(memo=5)
    answer = netsuite.post("salesOrder", body, X_NetSuite_PropertyValueValidation="Warning")
    assert answer.status_code == 204
    assert "memo" in answer.headers["X-NetSuite-Warning"]


def test_a_reference_to_nothing_is_the_published_refusal(netsuite: NetSuite):
    netsuite.customer()
    answer = netsuite.post("salesOrder", netsuite.order(line("9999")))
    assert answer.json() == published("error-400-invalid-content-with-path")


def test_an_inactive_item_cannot_be_sold(netsuite: NetSuite):
    netsuite.customer()
    found = refusal(netsuite.post("salesOrder", netsuite.order(line(), line(OLD_LAMP))))
    assert found["o:errorPath"] == "item.items[1].item"


def test_a_bare_number_is_no_reference_unless_the_account_takes_it(netsuite: NetSuite):
    """Unverified: Oracle's samples write both {"id": "1"} and 1."""
    netsuite.customer()
    assert netsuite.post("salesOrder", netsuite.order(location=1)).status_code == 400
    netsuite.behave(bare_references=True)
    assert netsuite.post("salesOrder", netsuite.order(location=1)).status_code == 204


def test_property_names_have_their_case_unless_the_account_takes_any(netsuite: NetSuite):
    """Unverified: Oracle's samples write both isClosed and isclosed."""
    netsuite.customer()
    body = netsuite.order(MEMO="x")
    strict = {"X_NetSuite_PropertyNameValidation": "error"}
    assert netsuite.post("salesOrder", body, **strict).status_code == 400
    netsuite.behave(property_names_any_case=True)
    assert netsuite.post("salesOrder", body, **strict).status_code == 204


def test_what_netsuite_calculates_cannot_be_written(netsuite: NetSuite):
    """Unverified whether it is refused or ignored."""
    netsuite.customer()
    body = netsuite.order(total=99)
    assert "permissions to set a value for element total" in refusal(netsuite.post("salesOrder", body))["detail"]
    netsuite.behave(read_only_refused=False)
    assert netsuite.get("salesOrder", netsuite.create("salesOrder", body))["total"] == 10


def test_a_text_has_its_longest_length(netsuite: NetSuite):
    netsuite.customer()
    assert netsuite.post("salesOrder", netsuite.order(otherRefNum="9" * 45)).status_code == 204
    found = refusal(netsuite.post("salesOrder", netsuite.order(otherRefNum="9" * 46)))
    assert "maximum number ( 45 )" in found["detail"]


def test_line_ends_survive_only_when_they_are_sent_escaped(netsuite: NetSuite):
    netsuite.customer()
    lost = netsuite.create("salesOrder", netsuite.order(memo="one\ntwo"))
    kept = netsuite.create("salesOrder", netsuite.order(memo="one\\ntwo"))
    assert netsuite.get("salesOrder", lost)["memo"] == "onetwo"
    assert netsuite.get("salesOrder", kept)["memo"] == "one\ntwo"


def test_moments_are_read_with_their_offset_and_given_in_utc(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(custbody_tieout_deadline="2026-11-25T10:00:00+02:00"))
    assert netsuite.get("salesOrder", order)["custbody_tieout_deadline"] == "2026-11-25T08:00:00Z"


def test_custom_fields_are_those_the_account_has(netsuite: NetSuite):
    netsuite.customer()
    netsuite.control("POST", "custom_fields", json={"custbody_mine": "decimal"})
    strict = {"X_NetSuite_PropertyNameValidation": "error"}
    assert netsuite.post("salesOrder", netsuite.order(custbody_tieout_order="1"), **strict).status_code == 400
    order = netsuite.create("salesOrder", netsuite.order(custbody_mine=1.25))
    assert float(netsuite.get("salesOrder", order)["custbody_mine"]) == 1.25
    assert netsuite.rows("SELECT custbody_mine AS mine FROM transaction") == [{"mine": "1.25"}]


# -- external ids --------------------------------------------------------------------------------------------------


def test_an_external_id_is_taken_once_for_all_transactions(netsuite: NetSuite):
    netsuite.customer()
    netsuite.create("salesOrder", netsuite.order(externalId="T-shop-SO-1"))
    found = refusal(netsuite.post("salesOrder", netsuite.order(externalId="t-SHOP-so-1")))
    assert found["o:errorCode"] == "USER_ERROR"
    assert found["detail"].endswith("This record already exists.")
    assert len(netsuite.twin.records("salesOrder")) == 1


def test_a_document_of_another_type_holds_its_external_id_too(netsuite: NetSuite):
    """All transactions share one namespace: an invoice blocks the sales order's id."""
    document = {"externalid": "ORD-1", "type": "CustInvc", "tranid": "INV1", "foreigntotal": 5, "currency": "GBP"}
    seed_documents(netsuite.twin.account.store, [document], netsuite.twin.clock.now())
    netsuite.customer()
    assert "already exists" in refusal(netsuite.post("salesOrder", netsuite.order(externalId="ORD-1")))["detail"]
    assert netsuite.call("GET", RECORD + "salesOrder/eid:ORD-1").status_code == 404
    put = netsuite.call("PUT", RECORD + "salesOrder/eid:ORD-1", netsuite.order())
    assert "already exists" in refusal(put)["detail"]


def test_customers_transactions_and_items_do_not_share_external_ids(netsuite: NetSuite):
    netsuite.customer("SKU-MUG")
    assert netsuite.get("inventoryItem", "eid:SKU-MUG")["id"] == MUG
    order = netsuite.order(externalId="SKU-MUG", entity={"externalId": "SKU-MUG"})
    assert netsuite.post("salesOrder", order).status_code == 204


def test_a_customer_that_exists_is_refused_in_the_published_words(netsuite: NetSuite):
    netsuite.customer("T-1")
    again = {"companyName": "Another", "subsidiary": {"id": "1"}, "externalId": "T-1"}
    assert netsuite.post("customer", again).json() == published("error-400-user-error-already-exists")
    same_name = {"companyName": "Shop T-1", "subsidiary": {"id": "1"}, "externalId": "T-2"}
    assert netsuite.post("customer", same_name).json() == published("error-400-user-error-already-exists")


def test_the_code_of_a_duplicate_may_also_be_one_of_soaps(netsuite: NetSuite):
    """Unverified for transactions: live answers say USER_ERROR for entities, SOAP and SuiteScript have codes."""
    netsuite.customer()
    netsuite.create("salesOrder", netsuite.order(externalId="T-1"))
    netsuite.behave(duplicate_code="DUP_RCRD")
    assert refusal(netsuite.post("salesOrder", netsuite.order(externalId="T-1")))["o:errorCode"] == "DUP_RCRD"


@pytest.mark.parametrize("external_id", ["A|B", "A/B", "A B", "Ä", "A.B", "A" * 256])
def test_an_external_id_is_letters_digits_hyphen_and_underscore(netsuite: NetSuite, external_id: str):
    netsuite.customer()
    assert refusal(netsuite.post("salesOrder", netsuite.order(externalId=external_id)))["o:errorPath"] == "externalId"


def test_a_deleted_record_gives_its_external_id_back(netsuite: NetSuite):
    """Unverified; it is why a deleted order must be remembered as done on our side."""
    netsuite.customer()
    for frees, status in ((True, 204), (False, 400)):
        netsuite.behave(delete_frees_external_id=frees)
        external_id = f"T-{frees}"
        netsuite.create("salesOrder", netsuite.order(externalId=external_id))
        gone = netsuite.call("DELETE", f"{RECORD}salesOrder/eid:{external_id}")
        assert gone.status_code == 204
        assert netsuite.call("GET", f"{RECORD}salesOrder/eid:{external_id}").status_code == 404
        assert netsuite.post("salesOrder", netsuite.order(externalId=external_id)).status_code == status


# -- patch and upsert ----------------------------------------------------------------------------------------------


def test_a_patch_changes_what_it_names_and_null_clears(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(memo="first", otherRefNum="4711"))
    answer = netsuite.call("PATCH", f"{RECORD}salesOrder/{order}", {"memo": None, "shippingCost": 2.5})
    assert answer.status_code == 204
    read = netsuite.get("salesOrder", order)
    assert "memo" not in read
    assert read["otherRefNum"] == "4711"
    assert float(read["total"]) == 12.5


def test_a_patched_line_needs_its_key_or_it_is_one_more(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(externalId="T-1"))
    netsuite.call("PATCH", RECORD + "salesOrder/eid:T-1", {"item": {"items": [{"line": 1, "quantity": 3}]}})
    assert float(netsuite.get("salesOrder", order)["total"]) == 30
    netsuite.call("PATCH", RECORD + "salesOrder/eid:T-1", {"item": {"items": [line(PEN, rate=1)]}})
    read = netsuite.get("salesOrder", order)
    assert [(one["line"], float(one["amount"])) for one in read["item"]["items"]] == [(1, 30), (2, 1)]


def test_replace_takes_away_the_lines_that_are_not_named(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(line(), line(PEN), line(rate=5)))
    body = {"item": {"items": [{"line": 3, "quantity": 2}, line(PEN, rate=7)]}}
    assert netsuite.call("PATCH", f"{RECORD}salesOrder/{order}?replace=item", body).status_code == 204
    read = netsuite.get("salesOrder", order)
    assert [(one["line"], float(one["amount"])) for one in read["item"]["items"]] == [(3, 10), (4, 7)]


def test_an_order_cannot_lose_all_its_lines(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order())
    answer = netsuite.call("PATCH", f"{RECORD}salesOrder/{order}", {"item": None})
    assert "at least one line item" in refusal(answer)["detail"]
    assert len(netsuite.get("salesOrder", order)["item"]["items"]) == 1


def test_closing_all_lines_closes_the_order(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order(line(), line(PEN)))
    closing = {"item": {"items": [{"line": 1, "isClosed": True}, {"line": 2, "isClosed": True}]}}
    netsuite.call("PATCH", f"{RECORD}salesOrder/{order}", closing)
    assert netsuite.get("salesOrder", order)["status"]["refName"] == "Closed"


def test_an_upsert_creates_and_a_replayed_one_doubles_the_lines(netsuite: NetSuite):
    """Why a sales order must never be put twice: its lines append, as NetSuite's do."""
    netsuite.customer()
    for total in (10, 20):
        assert netsuite.call("PUT", RECORD + "salesOrder/eid:T-1", netsuite.order()).status_code == 204
        assert float(netsuite.get("salesOrder", "eid:T-1")["total"]) == total
    assert len(netsuite.twin.records("salesOrder")) == 1


def test_an_upsert_without_lines_can_be_replayed(netsuite: NetSuite):
    body = {"companyName": "Shop", "subsidiary": {"id": "1"}}
    places = {netsuite.call("PUT", RECORD + "customer/eid:T-1", body).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    with_address = body | {"addressBook": {"items": [{"addressBookAddress": {"city": "Leeds"}}]}}
    for count in (1, 2):
        netsuite.call("PUT", RECORD + "customer/eid:T-1", with_address)
        assert len(netsuite.get("customer", "eid:T-1")["addressBook"]["items"]) == count


def test_an_upsert_goes_by_external_id_only(netsuite: NetSuite):
    made = netsuite.customer()
    assert refusal(netsuite.call("PUT", f"{RECORD}customer/{made}", {}))["o:errorCode"] == "INVALID_REQUEST"
    other = {"externalId": "T-2", "companyName": "Shop", "subsidiary": {"id": "1"}}
    assert netsuite.call("PUT", RECORD + "customer/eid:T-1", other).status_code == 400


# -- customers, items, reference tables ----------------------------------------------------------------------------


def test_a_company_needs_a_name_and_a_person_two(netsuite: NetSuite):
    company = netsuite.post("customer", {"subsidiary": {"id": "1"}})
    assert company.json() == published("error-400-user-error-mandatory-field")
    person = {"isPerson": True, "firstName": "Ada", "subsidiary": {"id": "1"}}
    assert "Last Name" in refusal(netsuite.post("customer", person))["detail"]
    made = netsuite.create("customer", person | {"lastName": "Byron"})
    assert netsuite.get("customer", made)["entityId"] == "Ada Byron"


def test_a_customer_belongs_to_a_subsidiary_and_takes_its_currency(netsuite: NetSuite):
    assert "Primary Subsidiary" in refusal(netsuite.post("customer", {"companyName": "Shop"}))["detail"]
    made = netsuite.create("customer", {"companyName": "Shop", "subsidiary": {"id": "2"}})
    assert netsuite.get("customer", made)["currency"]["refName"] == "Euro"


def test_a_customer_with_orders_cannot_be_deleted(netsuite: NetSuite):
    made = netsuite.customer()
    netsuite.create("salesOrder", netsuite.order())
    assert "dependent records" in refusal(netsuite.call("DELETE", f"{RECORD}customer/{made}"))["detail"]


def test_an_item_has_a_name_of_its_own(netsuite: NetSuite):
    made = netsuite.create("inventoryItem", {"itemId": "CANDLE", "externalId": "SKU-CANDLE"})
    assert netsuite.rows("SELECT itemid, itemtype FROM item WHERE id = ?", made) == [
        {"itemid": "CANDLE", "itemtype": "InvtPart"}
    ]
    assert "already exists" in refusal(netsuite.post("serviceSaleItem", {"itemId": "candle"}))["detail"]
    assert "Item Name" in refusal(netsuite.post("inventoryItem", {}))["detail"]


def test_reference_tables_are_read_and_not_written(netsuite: NetSuite):
    assert netsuite.get("currency", "4")["currencyPrecision"] == 0
    assert netsuite.get("location", "3")["subsidiary"]["refName"] == "Gift Shop Europe"
    assert netsuite.get("salesTaxItem", "eid:VAT-DEU-19")["rate"] == 19
    answer = netsuite.post("currency", {"name": "Dollar"})
    assert answer.status_code == 403
    assert answer.json() == published("error-403-insufficient-permission")


def test_periods_before_last_month_are_closed(netsuite: NetSuite):
    netsuite.control("POST", "clock", json={"set": "2026-11-15T12:00:00Z"})
    netsuite.twin.account.load(World(None))
    closed = {one["periodName"]: one["closed"] for one in netsuite.twin.records("accountingPeriod")}
    assert (closed["Sep 2026"], closed["Oct 2026"], closed["Nov 2026"]) == (True, False, False)


def test_a_role_that_lacks_a_record_type_is_told_so(netsuite: NetSuite):
    netsuite.behave(role_lacks="customer, location")
    answer = netsuite.post("customer", {"companyName": "Shop"})
    assert answer.json() == published("error-400-user-error-role-permission")
    assert "Record 'location' was not found" in refusal(netsuite.query("SELECT id FROM location"))["detail"]


# -- lists ---------------------------------------------------------------------------------------------------------


def test_a_list_gives_ids_and_links_a_page_at_a_time(netsuite: NetSuite):
    made = [netsuite.customer(f"T-{number}") for number in range(3)]
    first = netsuite.call("GET", RECORD + "customer?limit=2").json()
    assert [one["id"] for one in first["items"]] == made[:2]
    assert (first["count"], first["offset"], first["hasMore"], first["totalResults"]) == (2, 0, True, 3)
    links = {one["rel"]: one["href"] for one in first["links"]}
    assert set(links) == {"next", "last", "self"}
    second = netsuite.call("GET", links["next"].removeprefix(netsuite.url)).json()
    assert [one["id"] for one in second["items"]] == made[2:]
    assert first["items"][0]["links"] == [{"rel": "self", "href": f"{netsuite.url}{RECORD}customer/{made[0]}"}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('externalId IS "t-1"', ["T-1"]),
        ('companyName START_WITH "Shop" AND externalId IS_NOT "T-1"', ["T-2"]),
        ('externalId IS "T-1" OR email IS "two@example.com"', ["T-1", "T-2"]),
        ("email EMPTY", ["T-1"]),
        ("isInactive IS true", []),
        ("subsidiary ANY_OF [1, 2]", ["T-1", "T-2"]),
        ('dateCreated ON_OR_AFTER "01/01/2026"', ["T-1", "T-2"]),
    ],
)
def test_a_list_is_filtered_by(netsuite: NetSuite, query: str, found: list[str]):
    netsuite.customer("T-1")
    netsuite.customer("T-2", email="two@example.com")
    answer = netsuite.call("GET", f"{RECORD}customer?q={query}").json()
    assert [netsuite.get("customer", one["id"])["externalId"] for one in answer["items"]] == found


@pytest.mark.parametrize("query", ["nothing IS 1", "email", 'dateCreated AFTER "2026-01-01T00:00:00Z"', "email IS"])
def test_a_filter_that_cannot_be_read_is_refused(netsuite: NetSuite, query: str):
    found = refusal(netsuite.call("GET", f"{RECORD}customer?q={query}"))
    assert (found["o:errorCode"], found["o:errorQueryParam"]) == ("INVALID_PARAMETER", "q")


@pytest.mark.parametrize("page", ["limit=1001", "limit=0", "limit=2&offset=3", "offset=-1", "limit=x"])
def test_pages_have_at_most_a_thousand_and_start_at_multiples(netsuite: NetSuite, page: str):
    assert refusal(netsuite.call("GET", f"{RECORD}customer?{page}"))["o:errorCode"] == "INVALID_PARAMETER"


# -- requests that cannot be understood ----------------------------------------------------------------------------


def test_a_body_that_is_no_json_object_is_the_published_invalid_request(netsuite: NetSuite):
    for body in (b"{", b"[]", b"", b"1"):
        assert netsuite.call("POST", RECORD + "customer", body).json() == published("error-400-invalid-request")


def test_a_body_of_another_content_type_is_refused(netsuite: NetSuite):
    answer = netsuite.call("POST", RECORD + "customer", {}, Content_Type="text/plain")
    assert refusal(answer, 415)["o:errorCode"] == "INVALID_HEADER"


def test_methods_that_do_not_exist_are_refused(netsuite: NetSuite):
    for method, target in (("DELETE", "customer"), ("POST", "customer/1"), ("PATCH", "customer/1/addressBook")):
        assert refusal(netsuite.call(method, RECORD + target, {}), 405)["o:errorCode"] == "METHOD_NOT_ALLOWED"


def test_the_server_tells_its_time_and_keeps_its_limits_for_administrators(netsuite: NetSuite):
    netsuite.control("POST", "clock", json={"set": "2026-10-31T12:00:00Z"})
    answer = netsuite.call("GET", "/services/rest/system/v1/serverTime")
    assert answer.json()["serverTime"].startswith("2026-10-31T12:00:0")
    assert answer.json()["serverTime"].endswith("Z")
    limits = netsuite.call("GET", "/services/rest/system/v1/governanceLimits")
    assert limits.status_code == 403


def test_the_catalogue_knows_the_custom_fields(netsuite: NetSuite):
    schema = netsuite.call("GET", RECORD + "metadata-catalog/salesOrder", Accept="application/schema+json").json()
    assert schema["properties"]["custbody_tieout_order"]["x-ns-custom-field"] is True
    assert "custcol_tieout_line" in schema["properties"]["item"]["properties"]["items"]["items"]["properties"]


def test_transforms_netsuite_does_not_have_are_refused(netsuite: NetSuite):
    netsuite.customer()
    order = netsuite.create("salesOrder", netsuite.order())
    answer = netsuite.call("POST", f"{RECORD}salesOrder/{order}/!transform/vendorBill", {})
    assert refusal(answer)["o:errorCode"] == "INVALID_REQUEST"
    assert netsuite.call("POST", RECORD + "salesOrder/1/!transform/invoice", {}).status_code == 404

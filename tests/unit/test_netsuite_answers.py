"""What NetSuite's answers mean: who acts, and whether a record may have been made."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from tests.fakes.orders import an_item
from tests.requests_sent import body_of, query_of
from tests.shared import shared
from tieout.calls import Caller
from tieout.domain.errors import (
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    Retryable,
    SystemDown,
    Throttled,
    TieoutError,
)
from tieout.domain.money import Money
from tieout.domain.orders.sales_order import CustomerDraft
from tieout.netsuite.client import NetSuite
from tieout.netsuite.connection import Connection

URL = "https://1234567-sb1.suitetalk.api.netsuite.com"
CUSTOMERS = f"{URL}/services/rest/record/v1/customer"
SALES_ORDER = f"{URL}/services/rest/record/v1/salesOrder/eid:T-m-SO-1"
SUITEQL = f"{URL}/services/rest/query/v1/suiteql"
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
BUYER = CustomerDraft("T-m-CUS-MARKETPLACE", "Brightside", "1", "4")


class Login:
    """Tokens from a list; `renew` moves to the next."""

    def __init__(self) -> None:
        self.renewed = 0

    def sign(self, _method: str, _url: str) -> str:
        return f"Bearer {self.renewed}"

    def renew(self) -> bool:
        self.renewed += 1
        return True


class Account:
    def __init__(self) -> None:
        self.login = Login()
        self.now = NOW
        connection = Connection("1234567_SB1", URL, self.login, Caller(1, 1), sleep=lambda _seconds: None)
        self.client = NetSuite(connection, lambda: self.now)


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def netsuite() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def refusal(code: str, detail: str, path: str = "") -> dict[str, Any]:
    details = {"detail": detail, "o:errorCode": code} | ({"o:errorPath": path} if path else {})
    return {"title": "Bad Request", "status": 400, "o:errorDetails": [details]}


def rows(*items: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"items": [{"links": [], **item} for item in items], "hasMore": more, "count": len(items)}


def write(account: Account) -> None:
    account.client.ensure_customer(BUYER)


def read(account: Account) -> None:
    account.client.similar_items(["MUG"])


def raised_by(call: Callable[[Account], None], account: Account) -> TieoutError:
    with pytest.raises(TieoutError) as error:
        call(account)
    return error.value


@pytest.mark.parametrize(
    ("example", "error"),
    [
        ("error-400-user-error-mandatory-field.json", NeedsAttention),
        ("error-400-user-error-invalid-field-value.json", NeedsAttention),
        ("error-400-invalid-content-with-path.json", NeedsAttention),
        ("error-400-user-error-workflow-lock.json", NeedsAttention),
        ("error-400-user-error-role-permission.json", NeedsAttention),
        ("error-403-insufficient-permission.json", NeedsAttention),
        ("error-404-nonexistent-id.json", NeedsAttention),
        ("error-401-invalid-login.json", CredentialsRefused),
        ("error-429-concurrency.json", Throttled),
        ("error-500-unexpected.json", OutcomeUnknown),
    ],
)
def test_oracles_published_refusals_go_to_the_one_who_can_act(
    netsuite: responses.RequestsMock, account: Account, example: str, error: type[TieoutError]
):
    body = json.loads(shared(f"fixtures/netsuite/{example}").read_bytes())
    netsuite.add(responses.POST, CUSTOMERS, status=body["status"], json=body)
    found = raised_by(write, account)
    assert type(found) is error
    if isinstance(found, NeedsAttention):
        assert found.reason is Reason.REFUSED_BY_NETSUITE
        assert found.facts["detail"] == body["o:errorDetails"][0]["detail"]
        assert ("hint" in found.facts) is ("permission" in example)


def test_oracles_published_duplicate_means_that_the_record_is_there(netsuite: responses.RequestsMock, account: Account):
    body = json.loads(shared("fixtures/netsuite/error-400-user-error-already-exists.json").read_bytes())
    netsuite.add(responses.POST, CUSTOMERS, status=400, json=body)
    netsuite.add(responses.GET, f"{CUSTOMERS}/eid:{BUYER.external_id}", json={"id": "7"})
    write(account)
    write(account)
    assert len(netsuite.calls) == 2, "a customer that is known is not asked for again"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("DUP_EXTID", "Duplicate."),
        ("DUP_RCRD", "There is such a record."),
        ("USER_ERROR", "Error while accessing a resource. This record already exists."),
        ("USER_ERROR", "Error while accessing a resource. This entity already exists."),
    ],
)
def test_another_customer_with_the_same_name_is_not_ours(
    netsuite: responses.RequestsMock, account: Account, code: str, words: str
):
    """The name is taken, the external id is not: a sales order would have nobody to be sold to."""
    netsuite.add(responses.POST, CUSTOMERS, status=400, json=refusal(code, words))
    missing = refusal("NONEXISTENT_ID", "Record does not exist.")
    netsuite.add(responses.GET, f"{CUSTOMERS}/eid:{BUYER.external_id}", status=404, json=missing)
    found = raised_by(write, account)
    assert isinstance(found, NeedsAttention)
    assert found.facts["customer"] == BUYER.external_id
    assert words in found.facts["detail"]


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        ("SSS_REQUEST_LIMIT_EXCEEDED", "", Throttled),
        ("RCRD_HAS_BEEN_CHANGED", "", Retryable),
        ("USER_ERROR", "This record is currently being edited by another user.", Retryable),
        ("USER_ERROR", "The account period is closed; SKU-7 already exists in a count.", NeedsAttention),
        ("SOMETHING_NEW", "?", NeedsAttention),
    ],
)
def test_a_400_is_told_by_its_code_or_published_words_and_else_goes_to_a_person(
    netsuite: responses.RequestsMock, account: Account, code: str, words: str, error: type[TieoutError]
):
    netsuite.add(responses.POST, CUSTOMERS, status=400, json=refusal(code, words))
    assert type(raised_by(write, account)) is error


def test_a_refusal_carries_netsuites_words_and_where_they_point(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, CUSTOMERS, status=400, json=refusal("INVALID_CONTENT", "x" * 900, "item.items[0]"))
    found = raised_by(write, account)
    assert isinstance(found, NeedsAttention)
    assert found.facts == {"code": "INVALID_CONTENT", "detail": "x" * 300, "path": "item.items[0]"}


UNCLEAR = [
    {"status": 500, "json": refusal("UNEXPECTED_ERROR", "Error ID: abc")},
    {"status": 503, "body": "<html>Maintenance</html>", "content_type": "text/html"},
    {"status": 504, "body": ""},
    {"status": 302, "headers": {"Location": "https://evil.example"}},
    {"body": requests.ConnectionError("reset")},
    {"body": requests.ReadTimeout("slow")},
    {"body": requests.exceptions.ChunkedEncodingError("cut")},
]


@pytest.mark.parametrize("answer", UNCLEAR)
def test_a_create_without_a_clear_answer_may_have_happened_and_is_sent_once(
    netsuite: responses.RequestsMock, account: Account, answer: dict[str, Any]
):
    netsuite.add(responses.POST, CUSTOMERS, **answer)
    assert type(raised_by(write, account)) is OutcomeUnknown
    assert len(netsuite.calls) == 1


@pytest.mark.parametrize(
    "answer", [*UNCLEAR, {"status": 200, "body": "<html>Maintenance</html>", "content_type": "text/html"}]
)
def test_a_read_without_a_clear_answer_means_the_system_is_down(
    netsuite: responses.RequestsMock, account: Account, answer: dict[str, Any]
):
    netsuite.add(responses.POST, SUITEQL, **answer)
    assert type(raised_by(read, account)) is SystemDown


def test_a_create_that_never_connected_has_not_happened(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, CUSTOMERS, body=requests.ConnectTimeout("no route"))
    assert type(raised_by(write, account)) is SystemDown


def test_a_login_that_ended_is_renewed_once_and_never_in_a_loop(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, CUSTOMERS, status=401)
    netsuite.add(responses.POST, CUSTOMERS, status=204, headers={"Location": f"{CUSTOMERS}/7"})
    write(account)
    assert [call.request.headers["Authorization"] for call in netsuite.calls] == ["Bearer 0", "Bearer 1"]
    netsuite.reset()
    netsuite.add(responses.POST, SUITEQL, status=401)
    assert type(raised_by(read, account)) is CredentialsRefused
    assert len(netsuite.calls) == 2


def test_misspelt_properties_are_refused_rather_than_dropped(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, CUSTOMERS, status=204)
    write(account)
    headers = netsuite.calls[0].request.headers
    assert headers["X-NetSuite-PropertyNameValidation"] == "error"
    assert headers["X-NetSuite-PropertyValueValidation"] == "error"


def test_a_warning_is_logged_by_property_without_what_was_sent(
    netsuite: responses.RequestsMock, account: Account, caplog: pytest.LogCaptureFixture
):
    warning = "Unknown property custbody_tieout_seler; value 'Ada Buyer, 1 High Street' ignored for companyName"
    netsuite.add(responses.POST, CUSTOMERS, status=204, headers={"X-NetSuite-Warning": warning})
    write(account)
    (told,) = [record.getMessage() for record in caplog.records if record.name == "tieout.netsuite"]
    assert "custbody_tieout_seler, companyName" in told
    assert "Ada" not in told


def test_each_call_is_one_line_with_its_time_and_without_a_body(
    netsuite: responses.RequestsMock, account: Account, caplog: pytest.LogCaptureFixture
):
    netsuite.add(responses.POST, SUITEQL, status=500)
    netsuite.add(responses.POST, SUITEQL, json=rows())
    with caplog.at_level(logging.INFO, logger="tieout.calls"):
        read(account)
    lines = [vars(record) for record in caplog.records if record.name == "tieout.calls"]
    assert [(line["system"], line["operation"], line["status"], line["attempt"]) for line in lines] == [
        ("netsuite", "SuiteQL", 500, 1),
        ("netsuite", "SuiteQL", 200, 2),
    ]
    assert all(isinstance(line["ms"], int) for line in lines)
    assert "MUG" not in str(lines)


def test_a_sales_order_is_read_back_in_its_own_currency(netsuite: responses.RequestsMock, account: Account):
    body = {
        "links": [],
        "id": "10",
        "tranId": "SO1001",
        "externalId": "T-m-SO-1",
        "otherRefNum": "1",
        "total": 204.10,
        "currency": {"id": "4", "refName": "British Pound"},
    }
    netsuite.add(responses.GET, SALES_ORDER, json=body)
    netsuite.add(responses.POST, SUITEQL, json=rows({"kind": "currency", "id": "4", "name": "GBP"}))
    found = account.client.read_sales_order("T-m-SO-1")
    assert found is not None
    assert (found.id, found.number, found.kind) == ("10", "SO1001", "SalesOrd")
    assert found.total == Money(Decimal("204.10"), "GBP")
    assert query_of(netsuite.calls[0].request)["fields"] == "id,tranId,externalId,otherRefNum,total,currency"


def test_a_sales_order_that_is_not_there_is_none(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.GET, SALES_ORDER, status=404, json=refusal("NONEXISTENT_ID", "Record does not exist."))
    assert account.client.read_sales_order("T-m-SO-1") is None


def test_transactions_are_found_whatever_the_case_of_their_external_id(
    netsuite: responses.RequestsMock, account: Account
):
    row = {"id": "10", "externalid": "T-M-SO-A1", "type": "CustInvc", "foreigntotal": "9.90", "symbol": "GBP"}
    netsuite.add(responses.POST, SUITEQL, json=rows(row))
    found = account.client.find_transactions(["T-m-SO-A1"])
    assert found["T-m-SO-A1"].kind == "CustInvc"
    asked = json.loads(body_of(netsuite.calls[0].request))
    assert "T-M-SO-A1" in asked["params"]
    assert "T-m-SO" not in asked["q"], "values are bound, never written into the query"
    assert netsuite.calls[0].request.headers["Prefer"] == "transient"


def test_no_ids_are_no_call(netsuite: responses.RequestsMock, account: Account):
    assert account.client.find_transactions([]) == {}
    assert account.client.items([]) == []
    assert account.client.available([], ["1"]) == {}
    assert len(netsuite.calls) == 0


def test_more_rows_than_a_page_are_read_page_by_page(netsuite: responses.RequestsMock, account: Account):
    page = [{"id": str(n), "itemid": "mug", "isinactive": "F"} for n in range(1000)]
    netsuite.add(responses.POST, SUITEQL, json=rows(*page, more=True))
    netsuite.add(responses.POST, SUITEQL, json=rows({"id": "1000", "itemid": "mug", "isinactive": "F"}))
    assert len(account.client.similar_items(["MUG"])) == 1001
    assert [query_of(call.request)["offset"] for call in netsuite.calls] == ["0", "1000"]


def test_a_query_that_is_cut_off_is_not_taken_for_whole(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, SUITEQL, json=rows({"id": "1", "itemid": "mug"}, more=True))
    assert type(raised_by(read, account)) is SystemDown


def test_five_hundred_values_are_bound_at_once_and_no_more(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, SUITEQL, json=rows())
    account.client.items([f"SKU-{n}" for n in range(501)])
    assert [len(json.loads(body_of(call.request))["params"]) for call in netsuite.calls] == [500, 1]


def test_an_item_that_was_found_is_kept_for_five_minutes_and_a_miss_is_asked_again(
    netsuite: responses.RequestsMock, account: Account
):
    mug = {"id": "1", "itemid": "MUG", "itemtype": "InvtPart", "isinactive": "F"}
    netsuite.add(responses.POST, SUITEQL, json=rows(mug))
    for _ in range(3):
        assert [item.id for item in account.client.items(["MUG", "PEN"])] == ["1"]
    asked = [json.loads(body_of(call.request))["params"] for call in netsuite.calls]
    assert asked == [["MUG", "PEN"], ["PEN"], ["PEN"]]
    account.now += timedelta(minutes=5)
    account.client.items(["MUG"])
    assert json.loads(body_of(netsuite.calls[-1].request))["params"] == ["MUG"]


def test_an_inactive_item_is_asked_again_so_that_mending_it_works_at_once(
    netsuite: responses.RequestsMock, account: Account
):
    netsuite.add(responses.POST, SUITEQL, json=rows({"id": "1", "itemid": "MUG", "isinactive": "T"}))
    netsuite.add(responses.POST, SUITEQL, json=rows({"id": "1", "itemid": "MUG", "isinactive": "F"}))
    assert [item.is_inactive for item in account.client.items(["MUG"])] == [True]
    assert [item.is_inactive for item in account.client.items(["MUG"])] == [False]


def test_an_item_found_by_another_case_is_not_the_one_asked_for(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, SUITEQL, json=rows({"id": "1", "itemid": "mug", "isinactive": "F"}))
    assert account.client.items(["MUG"]) == []


def test_stock_that_was_never_kept_is_zero_and_a_kit_has_none(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(responses.POST, SUITEQL, json=rows({"item": "id-MUG", "available": "7.5"}, {"item": "id-CUP"}))
    items = [an_item("MUG"), an_item("CUP"), an_item("PEN"), an_item("BOX", kind="Kit")]
    assert account.client.available(items, ["1", "2"]) == {"id-MUG": Decimal("7.5"), "id-CUP": 0, "id-PEN": 0}


def test_names_that_two_records_share_are_not_guessed(netsuite: responses.RequestsMock, account: Account):
    netsuite.add(
        responses.POST,
        SUITEQL,
        json=rows(
            {"kind": "location", "id": "1", "name": "Main"},
            {"kind": "location", "id": "2", "name": "Main"},
            {"kind": "location", "id": "3", "name": "Shop"},
        ),
    )
    assert account.client.references().locations == {"Shop": "3"}
    account.client.references()
    assert len(netsuite.calls) == 1


def test_an_account_without_subsidiaries_has_locations_and_currencies(
    netsuite: responses.RequestsMock, account: Account
):
    unknown = refusal("INVALID_PARAMETER", "Search error occurred: Record 'subsidiary' was not found.")
    netsuite.add(responses.POST, SUITEQL, status=400, json=unknown)
    netsuite.add(responses.POST, SUITEQL, json=rows({"kind": "currency", "id": "4", "name": "GBP"}))
    assert account.client.references().currencies == {"GBP": "4"}

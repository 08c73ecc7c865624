"""Reading money at the Mirakl twin: who may, how often, in which pages; exports, worlds, the payment system's queue."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import decimal_json
from tests.integration.twins.mirakl import MARKETPLACE, Mirakl
from tests.integration.twins.mirakl_money import CYCLES, INVOICES, LOG, Json, Money, mug, paid
from tests.shared import shared

D = Decimal


@pytest.fixture
def money(mirakl: Mirakl) -> Money:
    mirakl.control("POST", "clock", json={"set": "2026-10-12T10:00:00Z"})
    return Money(mirakl)


@pytest.mark.parametrize("path", [LOG, f"{LOG}/async/status/1"])
def test_an_administrators_key_does_not_open_the_transaction_log(mirakl: Mirakl, path: str) -> None:
    mirakl.behave(seller_roles="ROLE_SHOP_ADMIN")
    assert mirakl.seller("GET", path).status_code == 403
    assert mirakl.seller("GET", CYCLES).status_code == 200
    assert mirakl.seller("GET", INVOICES).status_code == 200
    assert mirakl.operator("GET", LOG).status_code == 200


def test_an_accountants_key_opens_the_transaction_log_alone(mirakl: Mirakl) -> None:
    mirakl.behave(seller_roles="ROLE_SHOP_ACCOUNTANCY")
    assert mirakl.seller("GET", LOG).status_code == 200
    assert mirakl.seller("GET", CYCLES).status_code == 403
    assert mirakl.seller("GET", INVOICES).status_code == 403


@pytest.mark.parametrize("path", ["/api/payment/debit", "/api/payment/refund"])
def test_the_payment_systems_queue_is_the_operators_alone(strict_mirakl: Mirakl, path: str) -> None:
    assert strict_mirakl.operator("GET", path).status_code == 200
    assert strict_mirakl.seller("GET", path).json()["twin"] == "contract violation"


def test_the_log_is_read_twenty_times_a_minute_and_sixty_an_hour_pages_included(money: Money) -> None:
    answers = [money.mirakl.seller("GET", LOG) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) <= 60
    for _ in range(2):
        money.mirakl.wait(minutes=1)
        assert {money.mirakl.seller("GET", LOG).status_code for _ in range(20)} == {200}
    money.mirakl.wait(minutes=1)
    refused = money.mirakl.seller("GET", LOG)
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 3000) == (429, True)


def test_every_page_of_the_log_is_a_call(money: Money) -> None:
    money.mirakl.place(*[paid(f"{number}-A") for number in range(6)])
    token = None
    for _ in range(20):
        page = money.mirakl.seller("GET", LOG, params={"page_token": token} if token else {"limit": 1}).json()
        token = page["next_page_token"]
    assert money.mirakl.seller("GET", LOG, params={"page_token": token}).status_code == 429


@pytest.mark.parametrize(("path", "asked"), [(CYCLES, {"limit": 1}), (INVOICES, {"max": 1, "type": "ALL"})])
def test_cycles_and_documents_are_read_once_a_day_and_their_pages_are_free(
    money: Money, path: str, asked: Json
) -> None:
    money.mirakl.behave(payout_days=30)
    for number in range(2):
        money.mirakl.place(paid(f"{number}-A"))
        money.receive(f"{number}-A")
        money.close()
    first = money.mirakl.seller("GET", path, params=asked)
    if path == CYCLES:
        second = money.mirakl.seller("GET", path, params={"page_token": first.json()["next_page_token"]})
    else:
        second = money.mirakl.seller("GET", first.links["next"]["url"].removeprefix(money.mirakl.access.url))
    assert second.status_code == 200
    assert second.json() != first.json()
    money.mirakl.wait(hours=23)
    assert money.mirakl.seller("GET", path, params=asked).status_code == 429
    money.mirakl.wait(hours=1)
    assert money.mirakl.seller("GET", path, params=asked).status_code == 200


def test_pages_of_the_log_take_up_to_two_thousand_lines_and_ten_unless_told(money: Money) -> None:
    money.mirakl.place(paid("1-A", *[mug() for _ in range(3)]))
    page = money.mirakl.seller("GET", LOG).json()
    assert len(page["data"]) == 10
    assert page["data"][0]["balance"] == 3 * 108, "the newest first unless told otherwise"
    assert money.mirakl.seller("GET", LOG, params={"limit": 2000}).status_code == 200
    assert money.mirakl.seller("GET", LOG, params={"limit": 2001}).status_code == 400
    assert money.mirakl.seller("GET", CYCLES, params={"limit": 1001}).status_code == 400
    assert money.mirakl.seller("GET", INVOICES, params={"max": 101}).status_code == 400


def test_by_change_a_line_that_changes_meanwhile_comes_twice_and_none_is_skipped(money: Money) -> None:
    money.mirakl.place(paid("1-A"), paid("2-A"))
    asked = {"limit": 4, "sort": "lastUpdated,ASC"}
    first = money.mirakl.seller("GET", LOG, params=asked).json()
    money.mirakl.wait(minutes=1)
    money.receive("1-A")
    second = money.mirakl.seller("GET", LOG, params={"page_token": first["next_page_token"]}).json()
    third = money.mirakl.seller("GET", LOG, params={"page_token": second["next_page_token"]}).json()
    told = [(row["entities"]["order"]["id"], row["payment_state"]) for row in [*second["data"], *third["data"]]]
    assert told == [("2-A", "PENDING")] * 4 + [("1-A", "PAYABLE")] * 4
    assert "next_page_token" not in third


def test_the_log_is_found_by_its_filters(money: Money) -> None:
    money.mirakl.behave(frequencies_enforced=False)
    money.mirakl.place(paid("1-A"), paid("2-A", references={"order_reference_for_seller": "SO-7"}))
    money.mirakl.wait(minutes=10)
    money.receive("2-A")
    (cycle_id,) = money.close()
    everything = money.lines()
    assert len(everything) == 8
    for asked, expected in (
        ({"order_id": ["1-A", "3-A"]}, {"1-A"}),
        ({"order_line_id": "2-A-1"}, {"2-A"}),
        ({"order_reference_for_seller": "SO-7"}, {"2-A"}),
        ({"payment_state": "PENDING"}, {"1-A"}),
        ({"seller_billing_cycle_id": cycle_id}, {"2-A"}),
        ({"accounting_document_number": money.documents()[0]["invoice_id"]}, {"2-A"}),
        ({"last_updated_from": "2026-10-12T10:05:00Z"}, {"2-A"}),
        ({"date_created_from": "2026-10-12T10:05:00Z"}, set()),
        ({"date_created_to": "2026-10-12T10:05:00Z"}, {"1-A", "2-A"}),
        ({"transaction_date_from": "2026-10-12T00:00:00Z"}, {"1-A", "2-A"}),
        ({"transaction_date_to": "2026-10-12T00:00:00Z"}, set()),
        ({"shop_model": "DROPSHIP"}, set()),
        ({"pay_out_psp_codes": "NOT_SPECIFIED"}, {"1-A", "2-A"}),
        ({"other_reference": "X"}, set()),
    ):
        assert {row["entities"]["order"]["id"] for row in money.lines(**asked)} == expected, asked
    assert {row["type"] for row in money.lines(transaction_type=["COMMISSION_FEE", "COMMISSION_VAT"])} == {
        "COMMISSION_FEE",
        "COMMISSION_VAT",
    }


def test_cycles_and_documents_are_found_by_their_filters(money: Money) -> None:
    money.mirakl.behave(frequencies_enforced=False)
    money.mirakl.place(paid("1-A"), paid("2-A"))
    money.receive("1-A")
    (first,) = money.close()
    money.pay()
    money.mirakl.wait(days=1)
    money.receive("2-A")
    (second,) = money.close()
    for asked, expected in (
        ({"pay_out_state": "PAID"}, [first]),
        ({"pay_out_state": "TO_PAY"}, [second]),
        ({"id": second}, [second]),
        ({"currency": "EUR"}, []),
        ({"start_date": "2026-10-13T00:00:00Z"}, [second]),
        ({"end_date": "2026-10-13T00:00:00Z"}, [first]),
        ({"sort": "dateCreated,DESC"}, [second, first]),
    ):
        assert [cycle["id"] for cycle in money.cycles(**asked)] == expected, asked
    for asked, expected in (
        ({"payment_status": "PAID"}, [first]),
        ({"payment_status": "PENDING"}, [second]),
        ({"seller_billing_cycle_id": second}, [second]),
        ({"currency": "EUR"}, []),
        ({"issuing_user_types": "OPERATOR"}, []),
        ({"start_date": "2026-10-13T00:00:00Z"}, [second]),
        ({"order": "desc"}, [second, first]),
    ):
        assert [document["seller_billing_cycle_id"] for document in money.documents(**asked)] == expected, asked


def test_manual_documents_are_hidden_unless_asked_for(money: Money) -> None:
    money.mirakl.behave(frequencies_enforced=False)
    items = [{"description": "Listing fee", "amount": 5}]
    manual = {"marketplace": MARKETPLACE, "type": "MANUAL_INVOICE", "items": items}
    money.mirakl.control("POST", "manual_documents", json=manual)
    assert money.mirakl.seller("GET", INVOICES).json()["invoices"] == []
    for kind, count in (("ALL", 1), ("MANUAL_INVOICE", 1), ("MANUAL_CREDIT", 0)):
        assert len(money.documents(type=kind)) == count
    assert money.types() == {"MANUAL_INVOICE": D(-5)}


def test_a_document_request_is_found_by_entity_only_with_its_type(money: Money) -> None:
    path = "/api/document-request/requests"
    assert money.mirakl.seller("GET", path, params={"entity_id": "x"}).status_code == 400
    assert money.mirakl.seller("GET", path, params={"entity_id": "x", "entity_type": "FEES"}).json()["data"] == []
    assert money.mirakl.seller("GET", "/api/document-request/none/lines").status_code == 404


def export(money: Money, **asked: Any) -> list[str]:
    """TL03, a while, TL04: the addresses of the files."""
    started = money.mirakl.seller("POST", f"{LOG}/async", json=asked)
    assert started.status_code == 200, started.text
    status = f"{LOG}/async/status/{started.json()['tracking_id']}"
    assert money.mirakl.seller("GET", status).json()["status"] == "PENDING"
    assert money.mirakl.seller("GET", status).status_code == 429, "every ten seconds at most"
    money.mirakl.wait(minutes=1)
    told = money.mirakl.seller("GET", status).json()
    assert told["status"] == "COMPLETED", told
    return list(told["urls"])


def test_an_export_holds_the_lines_that_a_listing_shows(money: Money) -> None:
    money.mirakl.place(paid("1-A"), paid("2-A"))
    (url,) = export(money, format="NDJSON", order_id=["1-A"])
    file = requests.get(url, headers={"Authorization": money.mirakl.access.api_key}, timeout=10)
    rows = [decimal_json.loads(line) for line in file.content.splitlines()]
    assert rows == money.lines(order_id="1-A")
    assert requests.get(url, timeout=10).status_code == 401
    assert money.mirakl.seller("POST", f"{LOG}/async", json={}).status_code == 429, "once a day"


def test_an_export_comes_in_files_of_the_length_that_was_asked_for(money: Money) -> None:
    money.mirakl.place(paid("1-A"), paid("2-A"))
    urls = export(money, items_per_chunk=3)
    headers = {"Authorization": money.mirakl.access.api_key}
    files = [decimal_json.loads(requests.get(url, headers=headers, timeout=10).content)["data"] for url in urls]
    assert [len(rows) for rows in files] == [3, 3, 2]
    assert [row for rows in files for row in rows] == money.lines()
    missing = requests.get(urls[0].replace("file=0", "file=9"), headers=headers, timeout=10)
    assert missing.status_code == 404


def test_the_files_of_an_export_may_be_signed_and_then_take_no_credential(money: Money) -> None:
    money.mirakl.behave(export_files_are_signed=True)
    money.mirakl.place(paid())
    (url,) = export(money, format="NDJSON")
    assert len(requests.get(url, timeout=10).content.splitlines()) == 4
    assert requests.get(url, headers={"Authorization": money.mirakl.access.api_key}, timeout=10).status_code == 400
    assert requests.get(url.partition("&signature")[0], timeout=10).status_code == 403


def test_an_export_may_fail(money: Money) -> None:
    money.mirakl.behave(exports_fail=True)
    tracking_id = money.mirakl.seller("POST", f"{LOG}/async", json={}).json()["tracking_id"]
    money.mirakl.wait(minutes=1)
    told = money.mirakl.seller("GET", f"{LOG}/async/status/{tracking_id}").json()
    assert (told["status"], told["error"]["code"]) == ("FAILED", "INTERNAL_ERROR")
    money.mirakl.wait(minutes=1)
    assert money.mirakl.seller("GET", f"{LOG}/async/status/unknown").status_code == 404


def test_the_payment_system_sees_what_buyers_are_to_pay_and_to_get_back(money: Money) -> None:
    """Amounts with tax and delivery, whatever the order's tax mode."""
    money.mirakl.place(
        paid("1-A", mug(100, shipping_price=5), state="WAITING_DEBIT", order_tax_mode="TAX_EXCLUDED"),
        paid("2-A"),
    )
    (debit,) = money.mirakl.operator("GET", "/api/payment/debit").json()["orders"]["order"]
    assert (debit["order_id"], debit["amount"]) == ("1-A", 126)
    assert debit["debit_entity"] == {"type": "ORDER", "id": "1-A"}
    entry = {"order_line_id": "2-A-1", "amount": 12, "shipping_amount": 6, "quantity": 0, "reason_code": "DAMAGED"}
    assert money.mirakl.seller("PUT", "/api/orders/refund", json={"refunds": [entry]}).ok
    (waiting,) = money.mirakl.operator("GET", "/api/payment/refund").json()["orders"]["order"]
    (line,) = waiting["order_lines"]["order_line"]
    (refund,) = line["refunds"]["refund"]
    assert (waiting["order_id"], refund["amount"], waiting["amount"]) == ("2-A", 18, 18)
    money.mirakl.wait(minutes=20)
    for path in ("/api/payment/debit", "/api/payment/refund"):
        assert money.mirakl.operator("GET", path).json()["total_count"] == 0


@pytest.mark.parametrize("name", ["gift-shop-settled", "gift-shop-breaks"])
def test_a_world_that_brings_its_log_is_served_as_it_is(mirakl: Mirakl, name: str) -> None:
    """Mistakes too: an order that the world's log lacks stays missing."""
    folder = shared(f"worlds/{name}")
    mirakl.behave(frequencies_enforced=False)
    mirakl.control("POST", "world", json={"path": str(folder)})
    money = Money(mirakl)
    served = mirakl.twin.records("transaction_lines", marketplace=MARKETPLACE)
    by_date = sorted(served, key=lambda row: row["date_created"])
    assert [row["id"] for row in money.lines(limit=2000)] == [row["id"] for row in by_date[:2000]]
    missing = {"565397-A", "565400-A"} if name == "gift-shop-breaks" else set()
    named = {((row.get("entities") or {}).get("order") or {}).get("id") for row in served}
    assert missing & named == set()
    first, second, third = money.cycles()
    assert [cycle["pay_out"]["state"] for cycle in (first, second, third)] == ["PAID", "PAID", "TO_PAY"]
    mirakl.wait(days=3)
    assert money.cycles()[2]["pay_out"]["state"] == "PAID"
    assert money.lines(transaction_type="PAYMENT")[-1]["amount"] == -third["amount_transferred_to_seller"]


def test_a_world_without_a_log_has_its_debits_so_far_written(mirakl: Mirakl, tmp_path: Path) -> None:
    folder = tmp_path / "mirakl" / MARKETPLACE
    folder.mkdir(parents=True)
    rows = [
        paid(
            f"{number}-A",
            {**mug(), "order_line_id": f"{number}-A-1", "order_line_state": "SHIPPING", "debited_date": at},
            created_date=at,
            customer_debited_date=at,
        )
        for number, at in ((1, "2026-10-02T09:00:00Z"), (2, "2026-10-01T09:00:00Z"))
    ]
    (folder / "orders.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    mirakl.behave(frequencies_enforced=False)
    mirakl.control("POST", "world", json={"path": str(tmp_path)})
    lines = Money(mirakl).lines()
    assert [(row["entities"]["order"]["id"], row["date_created"]) for row in lines[::4]] == [
        ("2-A", "2026-10-01T09:00:00Z"),
        ("1-A", "2026-10-02T09:00:00Z"),
    ]
    assert lines[-1]["balance"] == 216


def test_the_account_says_what_is_pending_payable_and_paid(money: Money) -> None:
    money.mirakl.place(paid("1-A"), paid("2-A"))
    money.receive("1-A")
    balances = money.mirakl.seller("GET", "/api/account").json()["payment_details"]
    assert (balances["pending_balance"], balances["payable_balance"], balances["paid_balance"]) == (108, 108, 0)

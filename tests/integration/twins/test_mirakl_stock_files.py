"""STO01 to STO03: quantities by file. Absolute, applied when the file is over, and nothing else of an offer moves."""

from typing import Any

import pytest
import requests

from tests.integration.twins.mirakl import MARKETPLACE, Mirakl
from tests.integration.twins.mirakl_offers import HEADER, STOCK, Shop


@pytest.fixture
def shop(mirakl: Mirakl) -> Shop:
    return Shop(mirakl).open()


def test_a_file_of_quantities_waits_runs_and_is_complete(shop: Shop) -> None:
    import_id = shop.send_stock("MUG;7;;", "POT;0;;")
    assert shop.status(import_id)["status"] == "WAITING"
    shop.mirakl.wait(seconds=15)
    running = shop.status(import_id)
    assert (running["status"], running["has_error_report"], "lines_in_success" in running) == ("RUNNING", False, False)
    shop.mirakl.wait(seconds=15)
    over = shop.status(import_id)
    assert (over["status"], over["lines_in_success"], over["lines_in_error"]) == ("COMPLETE", 2, 0)
    assert (over["import_id"], over["shop_id"], over["has_error_report"]) == (import_id, 2001, False)


def test_quantities_stand_when_the_file_is_over_and_not_before(shop: Shop) -> None:
    shop.send_stock("MUG;7;;")
    shop.mirakl.wait(seconds=19)
    assert shop.quantity() == 10
    shop.mirakl.wait(seconds=2)
    assert shop.quantity() == 7


def test_the_answer_says_where_to_ask_on(shop: Shop) -> None:
    answer = shop.send(STOCK, f"{HEADER}\nMUG;7;;")
    assert answer.headers["Location"] == f"{shop.mirakl.access.url}{STOCK}/{answer.json()['import_id']}/status"


def test_nothing_but_the_quantity_of_the_offers_named_changes(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "description": "A mug", "leadtime_to_ship": 3, "house_code": "H-7"}])
    before = shop.offers()
    shop.take_stock("MUG;3;;")
    assert shop.offers() == {**before, "MUG": {**before["MUG"], "quantity": 3}}


def test_a_long_file_takes_longer(shop: Shop) -> None:
    import_id = shop.send_stock("MUG;7;;", *[f"GONE-{number};1;;" for number in range(20_000)])
    shop.mirakl.wait(seconds=30)
    assert shop.status(import_id)["status"] == "RUNNING"
    shop.mirakl.wait(seconds=20)
    over = shop.status(import_id)
    assert (over["status"], over["lines_in_success"], over["lines_in_error"]) == ("COMPLETE", 1, 20_000)


def test_a_byte_order_mark_quotes_and_two_columns_are_enough(shop: Shop) -> None:
    shop.send(STOCK, b'\xef\xbb\xbf"offer-sku";"quantity"\r\n"MUG";"4"\r\n')
    shop.mirakl.wait(seconds=30)
    assert shop.quantity() == 4


def test_a_sku_with_a_semicolon_or_a_quote_in_it_is_quoted(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": 'TEA; 2" tin', "product_sku": "PTEA", "price": 4, "quantity": 1}])
    assert shop.take_stock('"TEA; 2"" tin";5;;')["lines_in_success"] == 1
    assert shop.quantity('TEA; 2" tin') == 5


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("CUP;5;;", "There is no offer with SKU CUP"),
        ("mug;5;;", "There is no offer with SKU mug"),
        ("MUG ;5;;", "There is no offer with SKU MUG "),
        (";5;;", "offer-sku is required"),
        ("MUG;-1;;", "quantity is a whole number from 0 on, not -1"),
        ("MUG;1.5;;", "quantity is a whole number from 0 on, not 1.5"),
        ("MUG;many;;", "quantity is a whole number from 0 on, not many"),
        ("MUG;;;", "quantity is required"),
        ("MUG", "quantity is required"),
        ("MUG;5;LEEDS;", "There is no warehouse LEEDS"),
        ("MUG;5;;drop", "update-delete is update or delete, not drop"),
        ("MUG;5;;;;", "6 cells in a line of 4 columns"),
    ],
)
def test_a_line_in_error_is_reported_with_its_reason_and_the_others_stand(shop: Shop, row: str, why: str) -> None:
    import_id = shop.send_stock("POT;1;;", row, "LAMP;2;;")
    shop.mirakl.wait(seconds=30)
    over = shop.status(import_id)
    assert (over["status"], over["lines_in_success"], over["lines_in_error"]) == ("COMPLETE", 2, 1)
    header, line = shop.report(import_id)
    assert header[:4] == ["error-line", "error-message", "offer-sku", "quantity"]
    assert (line[:2], line[2]) == (["3", why], row.split(";", maxsplit=1)[0])
    assert (shop.quantity("MUG"), shop.quantity("POT"), shop.quantity("LAMP")) == (10, 1, 2)


def test_an_offer_listed_twice_is_refused_whole(shop: Shop) -> None:
    import_id = shop.send_stock("MUG;5;;", "MUG;6;;", "POT;1;;")
    shop.mirakl.wait(seconds=30)
    assert [line[:4] for line in shop.report(import_id)[1:]] == [
        ["2", "The offer is listed twice", "MUG", "5"],
        ["3", "The offer is listed twice", "MUG", "6"],
    ]
    assert (shop.quantity("MUG"), shop.quantity("POT")) == (10, 1)


def test_a_report_can_be_sent_again_once_its_values_are_put_right(shop: Shop) -> None:
    import_id = shop.send_stock("MUG;five;;")
    shop.mirakl.wait(seconds=60)
    report = "\n".join(";".join(line) for line in shop.report(import_id))
    shop.send(STOCK, report.replace(";five;", ";5;"))
    shop.mirakl.wait(seconds=60)
    assert shop.quantity() == 5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"offer-sku,quantity\nMUG,5\n",
        b"sku;quantity\nMUG;5\n",
        b"offer-sku;quantity;price\nMUG;5;9\n",
        b"offer-sku;quantity\nMUG;\xff\n",
        b'offer-sku;quantity\n"MUG;5\n',
        b"offer-sku;quantity;quantity\nMUG;5;5\n",
    ],
)
def test_a_file_that_cannot_be_read_fails_and_changes_nothing(shop: Shop, content: bytes) -> None:
    import_id = shop.send(STOCK, content).json()["import_id"]
    shop.mirakl.wait(seconds=30)
    over = shop.status(import_id)
    assert (over["status"], over["has_error_report"], over["lines_in_success"]) == ("FAILED", False, 0)
    assert shop.quantity() == 10
    assert shop.mirakl.seller("GET", f"{STOCK}/{import_id}/error_report").status_code == 404


def test_an_import_may_fail_without_a_reason_of_ours(shop: Shop) -> None:
    shop.mirakl.behave(imports_fail=True)
    assert shop.take_stock("MUG;5;;")["status"] == "FAILED"
    assert shop.quantity() == 10


def test_a_second_file_waits_for_the_first_and_the_newest_wins(shop: Shop) -> None:
    shop.mirakl.behave(import_seconds=90)
    first = shop.send_stock("MUG;5;;", "POT;5;;")
    shop.mirakl.wait(seconds=61)
    second = shop.send_stock("MUG;3;;")
    shop.mirakl.wait(seconds=20)
    assert (shop.status(second)["status"], shop.quantity()) == ("WAITING", 10)
    shop.mirakl.wait(seconds=16)
    assert (shop.status(first)["status"], shop.quantity()) == ("COMPLETE", 5)
    shop.mirakl.wait(seconds=80)
    assert (shop.status(second)["status"], shop.quantity()) == ("RUNNING", 5)
    shop.mirakl.wait(seconds=20)
    assert (shop.status(second)["status"], shop.quantity("MUG"), shop.quantity("POT")) == ("COMPLETE", 3, 5)


def test_files_side_by_side_may_land_in_another_order(shop: Shop) -> None:
    """Nobody documents that they do not: whoever sends one at a time is safe either way."""
    shop.mirakl.behave(imports_wait_their_turn=False, import_seconds=90)
    shop.send_stock("MUG;5;;")
    shop.mirakl.behave(import_seconds=0)
    shop.mirakl.wait(seconds=61)
    shop.send_stock("MUG;3;;")
    shop.mirakl.wait(seconds=10)
    assert shop.quantity() == 3
    shop.mirakl.wait(seconds=60)
    assert shop.quantity() == 5


def test_an_offer_deleted_while_the_file_waits_is_unknown(shop: Shop) -> None:
    import_id = shop.send_stock("MUG;5;;", "POT;6;;")
    shop.change(delete=["MUG"])
    shop.mirakl.wait(seconds=30)
    assert [line[:3] for line in shop.report(import_id)[1:]] == [["2", "There is no offer with SKU MUG", "MUG"]]
    assert shop.quantity("POT") == 6


def test_quantities_by_warehouse_add_up(shop: Shop) -> None:
    shop.mirakl.behave(warehouses="LEEDS, YORK")
    assert shop.take_stock("MUG;4;LEEDS;", "MUG;3;YORK;")["lines_in_success"] == 2
    assert shop.quantity() == 7
    assert shop.offers()["MUG"]["warehouses"] == [{"code": "LEEDS", "quantity": 4}, {"code": "YORK", "quantity": 3}]
    shop.take_stock("MUG;;LEEDS;delete")
    assert shop.quantity() == 3
    shop.take_stock("MUG;9;;")
    assert (shop.quantity(), "warehouses" in shop.offers()["MUG"]) == (9, False)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["MUG;4;LEEDS;", "POT;1;;", "MUG;3;YORK;"], "The lines of an offer stand together"),
        (["MUG;4;LEEDS;", "MUG;3;;"], "A quantity by warehouse and one without, of the same offer"),
        (["MUG;4;LEEDS;", "MUG;x;YORK;"], "Another line of this offer is in error"),
    ],
)
def test_the_lines_of_an_offer_are_taken_all_or_none(shop: Shop, rows: list[str], why: str) -> None:
    shop.mirakl.behave(warehouses="LEEDS,YORK")
    import_id = shop.send_stock(*rows)
    shop.mirakl.wait(seconds=30)
    errors = shop.report(import_id)[1:]
    assert [line[2] for line in errors] == ["MUG", "MUG"]
    assert errors[0][1] == why
    assert shop.quantity() == 10


def test_stock_is_sent_once_a_minute_asked_for_every_15_seconds_and_reported_once_a_minute(shop: Shop) -> None:
    import_id = shop.send_stock("CUP;5;;")
    refused = shop.send(STOCK, f"{HEADER}\nMUG;5;;")
    assert (refused.status_code, 45 <= int(refused.headers["Retry-After"]) <= 60) == (429, True)
    assert shop.status(import_id)["status"] == "WAITING"
    asked = shop.mirakl.seller("GET", f"{STOCK}/{import_id}/status")
    assert (asked.status_code, int(asked.headers["Retry-After"]) <= 15) == (429, True)
    shop.mirakl.wait(seconds=30)
    assert shop.report(import_id)
    assert shop.mirakl.seller("GET", f"{STOCK}/{import_id}/error_report").status_code == 429
    shop.mirakl.wait(seconds=60)
    assert shop.report(import_id)
    assert shop.send_stock("MUG;5;;")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {"file": "MUG;5"}}, 415),
        ({"data": "offer-sku;quantity", "headers": {"Content-Type": "text/csv"}}, 415),
        ({"files": {"stock": ("s.csv", "offer-sku;quantity")}}, 400),
        ({"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"data": b"nonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"files": {"file": ("bestände.csv", "offer-sku;quantity")}}, 400),
        ({"files": {"file": ("s.csv", "offer-sku;quantity")}, "params": {"shop_id": 9}}, 403),
    ],
)
def test_a_request_that_is_no_file_of_this_shop_is_refused(shop: Shop, options: dict[str, Any], status: int) -> None:
    refused = shop.mirakl.seller("POST", STOCK, **options)
    assert (refused.status_code, refused.json()["status"], bool(refused.json()["message"])) == (status, status, True)


def test_nobody_else_gets_in(shop: Shop) -> None:
    url = shop.mirakl.access.url + STOCK
    file = {"file": ("s.csv", HEADER)}
    assert requests.post(url, files=file, timeout=5).status_code == 401
    shop.mirakl.behave(seller_roles="ROLE_SHOP_ACCOUNTANCY,ROLE_PARTNER_OFFER_WRITE")
    assert shop.send(STOCK, HEADER).status_code == 403
    shop.mirakl.behave(seller_roles="ROLE_PARTNER_OFFER_STOCK_WRITE")
    assert shop.send(STOCK, HEADER).status_code == 201


def test_an_import_that_is_not_there_is_not_found(shop: Shop) -> None:
    assert shop.mirakl.seller("GET", f"{STOCK}/1/status").status_code == 404
    assert shop.mirakl.seller("GET", f"{STOCK}/1/error_report").status_code == 404


def test_a_report_is_text_and_nothing_else(shop: Shop) -> None:
    import_id = shop.send_stock("CUP;5;;")
    shop.mirakl.wait(seconds=30)
    path = f"{STOCK}/{import_id}/error_report"
    assert shop.mirakl.seller("GET", path, headers={"Accept": "application/json"}).status_code == 406
    answer = shop.mirakl.seller("GET", path, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/csv")


def test_an_operator_names_the_shop_whose_stock_it_sends(shop: Shop) -> None:
    shop.change(offers=[{"shop_sku": "MUG", "product_sku": "PMUG", "price": 9, "quantity": 2}], shop_id=3005)

    def send(**fields: str) -> requests.Response:
        return shop.mirakl.operator("POST", STOCK, files={"file": ("s.csv", f"{HEADER}\nMUG;6;;")}, data=fields)

    assert [send().status_code, send(shop_id="9").status_code] == [400, 429]
    shop.mirakl.wait(seconds=60)
    assert send(shop_id="9").status_code == 404
    shop.mirakl.wait(seconds=60)
    import_id = send(shop_id="3005").json()["import_id"]
    shop.mirakl.wait(seconds=30)
    status = shop.mirakl.operator("GET", f"{STOCK}/{import_id}/status").json()
    assert (status["status"], status["shop_id"], status["lines_in_success"]) == ("COMPLETE", 3005, 1)
    assert shop.mirakl.seller("GET", f"{STOCK}/{import_id}/status").status_code == 404


@pytest.mark.parametrize("field", ["shop", "import_mode"])
def test_a_field_outside_the_contract_is_named(strict_mirakl: Mirakl, field: str) -> None:
    answer = strict_mirakl.seller("POST", STOCK, files={"file": ("s.csv", HEADER)}, data={field: "1"})
    assert (answer.json()["twin"], field in answer.json()["detail"]) == ("contract violation", True)


def test_faults_strike_files_as_they_strike_all_else(shop: Shop) -> None:
    shop.mirakl.fault({"operation": "STO01", "kind": "429", "nth": 1}, {"operation": "STO02", "kind": "500", "nth": 1})
    assert shop.send(STOCK, HEADER).status_code == 429
    import_id = shop.send_stock("MUG;5;;")
    assert shop.mirakl.seller("GET", f"{STOCK}/{import_id}/status").status_code == 500
    assert shop.status(import_id)["status"] == "WAITING"


def test_a_file_whose_answer_was_lost_is_applied_all_the_same(shop: Shop) -> None:
    shop.mirakl.fault({"operation": "STO01", "kind": "timeout_after", "seconds": 0.1, "nth": 1})
    with pytest.raises(requests.ConnectionError):
        shop.send(STOCK, f"{HEADER}\nMUG;5;;")
    shop.mirakl.wait(seconds=30)
    assert shop.quantity() == 5


def test_each_marketplace_has_offers_of_its_own(shop: Shop) -> None:
    shop.take_stock("MUG;5;;")
    listed = requests.get(f"{shop.mirakl.url}/_twin/records/offers?marketplace=maison-eu", timeout=5)
    assert (MARKETPLACE, listed.text) == ("brightside-uk", "")

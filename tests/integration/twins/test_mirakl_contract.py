"""What Mirakl's contract does not know is a mistake of the client, and the twin says which."""

import json
from pathlib import Path

import pytest

from sandbox.mirakl.contract import Contract, official_contract
from sandbox.mirakl.operation import Persona
from sandbox.mirakl.operations import OPERATIONS
from tests.integration.twins.mirakl import Json, Mirakl, order
from tests.shared import shared

PERSONAS: list[Persona] = ["seller", "operator"]
MISTAKES_IN_EXAMPLES = {
    ("seller", "OR28-req-0.json"): ["refunds.0.tax_legal_notice: the contract knows no such field"],
    ("both", "ST01-req-0.json"): [
        "shipments.0.shipment_additional_information.0.value: an object, not str 'IUYHJ777-98'",
        "shipments.0.shipment_additional_information.1.value: an object, not str '2024-01-01'",
    ],
    ("both", "OR30-req-0.json"): ["cancelations.0.reason_code: a string, not int '34'"],
    ("seller", "TL03-req-0.json"): ["Transaction_date_from: the contract knows no such field"],
}
OURS = {operation.code: operation for operation in OPERATIONS}


def said(mirakl: Mirakl, persona: str, method: str, path: str, **options: object) -> str:
    """What the violation says; the call must be answered as one."""
    answer = getattr(mirakl, persona)(method, path, **options)
    assert answer.status_code == 500, answer.text
    assert answer.json()["twin"] == "contract violation"
    detail = str(answer.json()["detail"])
    assert mirakl.control("GET", "violations")[-1]["violation"] == detail
    return detail


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"order_state": "SHIPPING"}, "order_state"),
        ({"order_state_codes": "SHIPPING,SHIPED"}, "SHIPED"),
        ({"payment_workflow": "PAY_LATER"}, "PAY_LATER"),
        ({"max": "many"}, "max"),
        ({"page_token": "x"}, "page_token"),
        ({"customer_debited": "yes"}, "customer_debited"),
        ({"sort": "lastUpdated"}, "lastUpdated"),
        ({"start_update_date": "2026-10-01"}, "start_update_date"),
        ({"start_update_date": "2026-10-01T00:00:00"}, "start_update_date"),
        ({"shop_ids": "2001"}, "shop_ids"),
    ],
)
def test_a_parameter_outside_the_contract_is_named(strict_mirakl: Mirakl, asked: Json, named: str) -> None:
    assert named in said(strict_mirakl, "seller", "GET", "/api/orders", params=asked)


def test_a_plus_sent_bare_in_a_date_is_explained(strict_mirakl: Mirakl) -> None:
    path = "/api/orders?start_update_date=2026-10-01T00:00:00+02:00"
    assert "%2B" in said(strict_mirakl, "seller", "GET", path)


@pytest.mark.parametrize(
    ("path", "asked", "named"),
    [
        ("/api/shipments", {"max": 100}, "max"),
        ("/api/shipments", {"sort": "lastUpdated,ASC"}, "sort"),
        ("/api/returns", {"return_state": "LOST"}, "LOST"),
        ("/api/shipments", {"shipment_state_code": "SHIPPING,SHIPPED"}, "SHIPPING,SHIPPED"),
        ("/api/shipments/items_to_ship", {"shipping_date_from": "today"}, "shipping_date_from"),
    ],
)
def test_a_parameter_of_a_seek_listing_outside_the_contract_is_named(
    strict_mirakl: Mirakl, path: str, asked: Json, named: str
) -> None:
    """Among them max, which these listings do not know, and lists in commas, which they take as repeated values."""
    strict_mirakl.behave(multi_shipment=True)
    assert named in said(strict_mirakl, "seller", "GET", path, params=asked)


def test_an_operator_names_no_shop_on_its_calls(strict_mirakl: Mirakl) -> None:
    assert "shop_id" in said(strict_mirakl, "operator", "GET", "/api/orders", params={"shop_id": 2001})


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/api/orders/A/accept", {"order_lines": [{"id": "A-1", "accepted": "yes"}]}, "accepted"),
        ("/api/orders/A/accept", {"order_lines": [{"order_line_id": "A-1", "accepted": True}]}, "order_line_id"),
        ("/api/orders/A/accept", [], ""),
        (
            "/api/orders",
            {"orders": [{"order_id": "A", "shipping_deadline": "2026-12-01T12:00:00Z"}]},
            "shipping_deadline",
        ),
        ("/api/orders", {"orders": [{"order_id": 7}]}, "order_id"),
        ("/api/orders/A/additional_fields", {"order_additional_fields": [{"code": "x", "value": 7}]}, ""),
        ("/api/orders/A/tracking", {"carrier": "DHL"}, "carrier"),
        ("/api/orders/A/tracking", {"tracking_number": 7}, "tracking_number"),
        ("/api/orders/refund", {"refunds": [{"order_line_id": "A-1", "amount": "ten"}]}, "amount"),
        ("/api/orders/refund", {"order_tax_mode": "NET", "refunds": []}, "order_tax_mode"),
        (
            "/api/orders/cancel",
            {"cancelations": [{"order_line_id": "A-1", "excluded_from_shipment": True}]},
            "excluded",
        ),
        ("/api/orders/cancel", {"cancelations": [{"order_line_id": "A-1", "quantity": 1.5}]}, "quantity"),
        ("/api/shipments/ship", {"shipments": ["7"]}, "shipments"),
        ("/api/returns/accept", {"returns": [{"id": "7", "accepted": "no"}]}, "accepted"),
        (
            "/api/returns/compliance",
            {"returns": [{"id": "7", "return_lines": [{"non_compliance_reason_code": "UGLY"}]}]},
            "non_compliance_reason_code",
        ),
    ],
)
def test_a_body_outside_the_contract_is_named(strict_mirakl: Mirakl, path: str, body: object, named: str) -> None:
    strict_mirakl.behave(multi_shipment=True)
    strict_mirakl.place(order("A"))
    assert named in said(strict_mirakl, "seller", "PUT", path, json=body)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/order"), ("POST", "/api/orders"), ("PUT", "/api/orders/A/receive")]
)
def test_a_path_or_method_the_twin_does_not_play_is_named(strict_mirakl: Mirakl, method: str, path: str) -> None:
    assert f"{method} {path}" in said(strict_mirakl, "seller", method, path, json={})


def test_the_account_is_a_shops_alone(strict_mirakl: Mirakl) -> None:
    assert "A01" in said(strict_mirakl, "operator", "GET", "/api/account")


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_twins_own_table_agrees_with_the_official_document(persona: Persona) -> None:
    """Same paths, same parameters: without the documents the twin refuses what it refuses with them."""
    document = json.loads(shared(f"contracts/mirakl-{persona}.openapi.json").read_text())
    for operation in OPERATIONS:
        if persona not in operation.personas or operation.code == "V01":
            continue
        if not operation.in_contract:
            assert operation.path not in document["paths"], "what has become official is checked like the rest"
            continue
        official = document["paths"][operation.path][operation.method.lower()]
        assert official["operationId"] == operation.code
        declared = {one["name"] for one in official.get("parameters", []) if one["in"] == "query"}
        assert set(operation.parameters(persona)) == declared, operation.code


def examples(persona: Persona, kind: str) -> list[tuple[str, Path]]:
    """Mirakl's own example payloads of our operations: (code, file)."""
    files = sorted(shared(f"fixtures/mirakl/openapi-{persona}").glob(f"*-{kind}-*.json"))
    return [(file.name.split("-")[0], file) for file in files if file.name.split("-")[0] in OURS]


@pytest.mark.parametrize("persona", PERSONAS)
def test_mirakls_own_examples_pass_the_contract_check(persona: Persona) -> None:
    shared("contracts")
    contract = official_contract(persona)
    assert contract is not None
    responses = [*examples(persona, "resp200"), *examples(persona, "resp201")]
    assert responses
    for code, file in responses:
        check = contract.response_check(OURS[code].method, OURS[code].path)
        assert check(json.loads(file.read_text())) == [], file.name
    for code, file in examples(persona, "req"):
        body = json.loads(file.read_text())
        problems = contract.request_problems(OURS[code].method, OURS[code].path, [], body)
        known = MISTAKES_IN_EXAMPLES.get((persona, file.name)) or MISTAKES_IN_EXAMPLES.get(("both", file.name), [])
        assert problems == known, file.name


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"price": "ten"}, "price"),
        ({"order_lines": {}}, "order_lines"),
        ({"created_date": "yesterday"}, "created_date"),
    ],
)
def test_a_wrong_answer_would_not_pass_the_contract_check(change: Json, named: str) -> None:
    contract = Contract(shared("contracts/mirakl-seller.openapi.json"))
    example = json.loads(shared("fixtures/mirakl/openapi-seller/OR11-resp200-0.json").read_text())
    example["orders"][0] |= change
    (problem,) = contract.response_check("GET", "/api/orders")(example)
    assert problem.startswith(f"orders.0.{named}:")


def test_mirakls_own_example_requests_from_shipping_on_are_understood(mirakl: Mirakl) -> None:
    """As the documentation shows them; the shipments and returns they name are not here, and the answer says so."""
    mirakl.behave(multi_shipment=True)
    mirakl.place(order("A", order_state="SHIPPING"))
    folder = shared("fixtures/mirakl/openapi-seller")
    tracking = json.loads((folder / "OR23-req-0.json").read_text())
    assert mirakl.seller("PUT", "/api/orders/A/tracking", json=tracking).status_code == 204
    assert mirakl.order("A")["shipping_carrier_code"] == tracking["carrier_code"]
    for name, path in (
        ("ST23-req-0.json", "/api/shipments/tracking"),
        ("ST24-req-0.json", "/api/shipments/ship"),
        ("RT21-req-0.json", "/api/returns/accept"),
        ("RT25-req-0.json", "/api/returns/receive"),
        ("RT26-req-0.json", "/api/returns/compliance"),
    ):
        method = "POST" if name.startswith("ST23") else "PUT"
        answer = mirakl.seller(method, path, json=json.loads((folder / name).read_text()))
        assert answer.status_code == 200, answer.text
        assert "does not exist" in answer.text


def test_mirakls_own_example_requests_are_understood(mirakl: Mirakl) -> None:
    """OR04, OR21 and OR31 as the documentation shows them, on orders of those names."""
    lines = {"Order_00014": "Order_00014-A-1", "Order_00012-B": "Order_00012-B-1"}
    mirakl.place(*[order(one, {"offer_sku": "X", "order_line_id": two}) for one, two in lines.items()])
    folder = shared("fixtures/mirakl/openapi-seller")
    for name, path in (
        ("OR04-req-0.json", "/api/orders"),
        ("OR04-req-1.json", "/api/orders"),
        ("OR21-req-0.json", "/api/orders/Order_00012-B/accept"),
        ("OR31-req-0.json", "/api/orders/Order_00014/additional_fields"),
    ):
        mirakl.wait(minutes=1)
        answer = mirakl.seller("PUT", path, json=json.loads((folder / name).read_text()))
        assert answer.ok, answer.text
        assert '"errors":[{' not in answer.text
    assert mirakl.held("Order_00014").body["references"]["order_reference_for_seller"] == "ref_seller"
    assert mirakl.held("Order_00012-B").state == "WAITING_DEBIT"

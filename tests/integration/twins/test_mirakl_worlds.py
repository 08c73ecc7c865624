"""The Mirakl twin on whole worlds: real retail rows, and made-up ones."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import decimal_json
from sandbox.generate import world
from tests.integration.twins.mirakl import Json, Mirakl
from tests.shared import shared


def listed(mirakl: Mirakl, marketplace: str, credential: str, **filters: Any) -> list[Json]:
    """Every order of a marketplace, page by page, amounts exact."""
    access = mirakl.twin.access(mirakl.url).marketplaces[marketplace]
    headers = {"Authorization": access.api_key if credential == "seller" else f"Bearer {access.operator_token}"}
    url: str | None = f"{access.url}/api/orders"
    params: dict[str, Any] | None = {"max": 100, **filters}
    found: list[Json] = []
    while url:
        answer = requests.get(url, params=params, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        found += decimal_json.loads(answer.content)["orders"]
        url, params = answer.links.get("next", {}).get("url"), None
    return found


def check_gross(mirakl: Mirakl, folder: Path) -> None:
    """Asked with tax, total_price is the gross of the truth; asked without, the taxes of the live lines make it up."""
    mirakl.behave(frequencies_enforced=False)
    mirakl.control("POST", "world", json={"path": str(folder)})
    expected = {
        one["order_id"]: Decimal(one["gross"]) for one in json.loads((folder / "truth.json").read_text())["to_post"]
    }
    with_tax, without_tax = {}, {}
    for marketplace in ("brightside-uk", "maison-eu"):
        for order in listed(mirakl, marketplace, "seller", order_tax_mode="TAX_INCLUDED"):
            with_tax[order["order_id"]] = Decimal(order["total_price"])
        for order in listed(mirakl, marketplace, "operator", order_tax_mode="TAX_EXCLUDED"):
            live = [line for line in order["order_lines"] if line["order_line_state"] not in ("REFUSED", "CANCELED")]
            taxes = sum(Decimal(tax["amount"]) for line in live for tax in line["taxes"] + line["shipping_taxes"])
            without_tax[order["order_id"]] = order["total_price"] + taxes
    assert {order_id: with_tax[order_id] for order_id in expected} == expected
    assert {order_id: without_tax[order_id] for order_id in expected} == expected


def test_real_orders_add_up_to_their_gross_in_either_tax_mode(mirakl: Mirakl) -> None:
    check_gross(mirakl, shared("worlds/gift-shop-live"))


def test_made_up_orders_add_up_to_their_gross_in_either_tax_mode(mirakl: Mirakl, tmp_path: Path) -> None:
    check_gross(mirakl, world(7, 40, tmp_path))


def test_a_world_replaces_what_was_there_and_sets_the_clock(mirakl: Mirakl, tmp_path: Path) -> None:
    mirakl.control("POST", "world", json={"path": str(world(7, 12, tmp_path))})
    newest = max(order["last_updated_date"] for order in mirakl.orders(max=100))
    assert mirakl.now().isoformat() > newest
    mirakl.control("POST", "world", json={"path": None})
    assert mirakl.orders() == []


def test_a_world_that_is_not_there_is_refused_and_changes_nothing(mirakl: Mirakl, tmp_path: Path) -> None:
    mirakl.control("POST", "world", json={"path": str(world(7, 1, tmp_path))})
    answer = requests.post(f"{mirakl.url}/_twin/world", json={"path": str(tmp_path / "nowhere")}, timeout=5)
    assert (answer.status_code, "nowhere" in answer.json()["error"]) == (400, True)
    assert len(mirakl.orders()) == 1


def test_a_world_with_an_order_that_is_none_is_refused_naming_it(mirakl: Mirakl, tmp_path: Path) -> None:
    good, bad = world(7, 1, tmp_path / "good"), world(7, 1, tmp_path / "bad")
    (bad / "mirakl" / "maison-eu" / "orders.ndjson").write_text(
        '{"order_id":"A-1","created_date":"2026-10-01T09:00:00Z"}'
    )
    mirakl.control("POST", "world", json={"path": str(good)})
    answer = requests.post(f"{mirakl.url}/_twin/world", json={"path": str(bad)}, timeout=5)
    assert answer.status_code == 400
    assert "A-1" in answer.json()["error"]
    assert len(mirakl.orders()) == 1


@pytest.mark.parametrize("kind", ["offers", "orders"])
def test_the_records_of_a_marketplace_can_be_read_whole(mirakl: Mirakl, tmp_path: Path, kind: str) -> None:
    folder = world(7, 12, tmp_path)
    mirakl.control("POST", "world", json={"path": str(folder)})
    text = requests.get(f"{mirakl.url}/_twin/records/{kind}?marketplace=maison-eu", timeout=5).content
    assert len(text.splitlines()) == len((folder / f"mirakl/maison-eu/{kind}.ndjson").read_bytes().splitlines())
    unknown = requests.get(f"{mirakl.url}/_twin/records/stars", timeout=5)
    assert (unknown.status_code, "stars" in unknown.json()["error"]) == (400, True)

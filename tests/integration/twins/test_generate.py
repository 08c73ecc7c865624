"""The made-up world: the same for the same seed, worth practising on, and its answer sheet adds up."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import decimal_json
from sandbox.generate import world
from sandbox.mirakl import MiraklTwin
from sandbox.mirakl.contract import official_contract
from sandbox.world import World
from tests.shared import shared

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world(7, 300, tmp_path_factory.mktemp("world"))


def rows(made: Path, name: str) -> Rows:
    return [decimal_json.loads(row) for row in (made / name).read_bytes().splitlines()]


def all_orders(made: Path) -> Rows:
    return [order for name in ("brightside-uk", "maison-eu") for order in rows(made, f"mirakl/{name}/orders.ndjson")]


def truth(made: Path) -> dict[str, Any]:
    return dict(json.loads((made / "truth.json").read_text()))


def test_the_same_seed_makes_the_same_world_and_another_seed_another(made: Path, tmp_path: Path) -> None:
    files = [file.relative_to(made) for file in made.rglob("*") if file.is_file()]
    again, other = world(7, 300, tmp_path / "again"), world(8, 300, tmp_path / "other")
    assert all((made / file).read_bytes() == (again / file).read_bytes() for file in files)
    assert (made / "truth.json").read_bytes() != (other / "truth.json").read_bytes()


def test_every_order_is_in_the_truth_exactly_once(made: Path) -> None:
    told = truth(made)
    parked = {*told["orders_with_unmapped_sku"], *told["orders_without_address"], *told["orders_to_an_unknown_country"]}
    posted = [one["order_id"] for one in told["to_post"]]
    everything = sorted([*posted, *parked, *told["waiting_acceptance"]])
    assert everything == sorted(order["order_id"] for order in all_orders(made))
    assert len(everything) == 300


def test_a_world_has_every_kind_of_order_a_clerk_meets(made: Path) -> None:
    told, orders = truth(made), all_orders(made)
    for kind in (
        "refused_lines",
        "orders_without_address",
        "orders_to_an_unknown_country",
        "inactive_skus",
        "acceptable",
    ):
        assert told[kind], kind
    assert 0.04 < len(told["waiting_acceptance"]) / 300 < 0.12
    items = {item["itemid"]: item for item in rows(made, "netsuite/items.ndjson")}
    unmapped = set(told["unmapped_skus"])
    assert {sku for sku in unmapped if items.get(sku, {}).get("isinactive") != "T"}.isdisjoint(items)
    assert {sku.upper() for sku in told["skus_in_another_case"]} <= set(items)
    assert any(len(order["order_lines"]) > 1 for order in orders)
    assert any(line["quantity"] > 1 for order in orders for line in order["order_lines"])
    assert any(order["shipping_price"] for order in orders)
    assert any(not order["customer"]["lastname"].isascii() for order in orders)
    assert any(item["locations"][0]["quantityavailable"] == 0 for item in items.values())


def test_every_order_with_an_unmapped_sku_names_one_on_a_live_line(made: Path) -> None:
    told = truth(made)
    by_id = {order["order_id"]: order for order in all_orders(made)}
    for order_id in told["orders_with_unmapped_sku"]:
        live = {line["offer_sku"] for line in by_id[order_id]["order_lines"] if line["order_line_state"] != "REFUSED"}
        assert live & set(told["unmapped_skus"]), order_id


def test_gross_is_what_the_buyer_pays_with_tax_in_both_tax_modes(made: Path) -> None:
    """UK prices contain 20 % VAT; EU prices do not, and the country's rate comes on top."""
    told = {one["order_id"]: one for one in truth(made)["to_post"]}
    for order in all_orders(made):
        live = [line for line in order["order_lines"] if line["order_line_state"] != "REFUSED"]
        taxes = [tax for line in live for tax in line["taxes"] + line["shipping_taxes"]]
        total = Decimal(order["total_price"])
        assert total == order["price"] + order["shipping_price"]
        if order["order_id"] in told:
            on_top = sum(Decimal(tax["amount"]) for tax in taxes) if order["order_tax_mode"] == "TAX_EXCLUDED" else 0
            assert Decimal(told[order["order_id"]]["gross"]) == total + on_top
            assert told[order["order_id"]]["lines"] == len(live)
    for order in rows(made, "mirakl/brightside-uk/orders.ndjson"):
        for line in order["order_lines"]:
            assert abs(line["taxes"][0]["amount"] * 6 - line["price"]) <= Decimal("0.03")


@pytest.mark.parametrize("count", [1, 2, 12])
def test_a_small_world_is_a_world_too(tmp_path: Path, count: int) -> None:
    assert truth(world(1, count, tmp_path))["counts"]["brightside-uk"]["orders"] == max(1, round(count * 0.7))


def test_a_world_without_orders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one order"):
        world(1, 0, tmp_path)


def test_the_orders_are_what_the_contract_calls_orders(made: Path) -> None:
    shared("contracts")
    contract = official_contract("seller")
    assert contract is not None
    check = contract.schema_check("OR11_Response_200_Orders")
    assert [problem for order in all_orders(made) for problem in check(order)] == []


def test_the_truth_has_the_shape_of_the_worlds_made_from_real_rows(made: Path) -> None:
    live = json.loads(shared("worlds/gift-shop-live/truth.json").read_text())
    told = truth(made)
    assert set(live) <= set(told)
    assert set(live["to_post"][0]) == set(told["to_post"][0])
    assert set(live["counts"]["brightside-uk"]) == set(told["counts"]["brightside-uk"])


@pytest.mark.parametrize("name", ["gift-shop-live", "gift-shop-settled", "gift-shop-breaks"])
def test_a_world_opens_an_hour_after_the_newest_thing_in_it(name: str) -> None:
    opened = World(shared(f"worlds/{name}"))
    twin = MiraklTwin(seed=1)
    twin.load(opened)
    orders = [order for one in twin.state.marketplaces.values() for order in one.orders.values()]
    assert len(orders) == sum(len(opened.mirakl(one, "orders")) for one in opened.marketplaces())
    newest = max(order.updated for order in orders)
    assert (opened.opens_at() - newest).total_seconds() >= 3600
    assert len(twin.records("offers")) == sum(len(opened.mirakl(one, "offers")) for one in opened.marketplaces())


def test_a_world_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no world at"):
        World(tmp_path / "nowhere")


def test_a_broken_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "mirakl" / "brightside-uk"
    folder.mkdir(parents=True)
    (folder / "orders.ndjson").write_text('{"order_id":"A"}\n{"order_id":\n')
    with pytest.raises(ValueError, match=r"orders\.ndjson, line 2"):
        World(tmp_path).mirakl("brightside-uk", "orders")

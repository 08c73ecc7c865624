"""The whole demo on real retail orders, as the README's command runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import demo, expected, ndjson, posted
from tests.shared import shared

Books = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    world = shared("worlds/gift-shop-live")
    out = demo(tmp_path_factory.mktemp("gift-shop"), "--world", str(world), "--no-flash-sale")
    return out, json.loads((world / "truth.json").read_text())


def test_exactly_the_orders_to_post_are_in_netsuite_and_those_that_were_accepted(books: Books) -> None:
    out, truth = books
    booked = posted(ndjson(out / "netsuite/salesOrder.ndjson"))
    assert {order_id: booked.get(order_id) for order_id in expected(truth)} == expected(truth)
    assert set(booked) - set(truth["waiting_acceptance"]) == set(expected(truth))


def test_every_order_with_an_unmapped_sku_is_parked_naming_the_sku(books: Books) -> None:
    out, truth = books
    parked = {line["order_id"]: line for line in ndjson(out / "parked.ndjson")}
    for order_id in truth["orders_with_unmapped_sku"]:
        assert parked[order_id]["reason"] == "unknown_sku"
        assert any(sku in parked[order_id]["facts"]["sku"] for sku in truth["unmapped_skus"])


def test_every_waiting_order_is_posted_or_parked_by_policy(books: Books) -> None:
    out, truth = books
    booked = posted(ndjson(out / "netsuite/salesOrder.ndjson"))
    reasons = {line["order_id"]: line["reason"] for line in ndjson(out / "parked.ndjson")}
    for order_id in truth["waiting_acceptance"]:
        assert order_id in booked or reasons[order_id] in ("unknown_sku", "short_stock")

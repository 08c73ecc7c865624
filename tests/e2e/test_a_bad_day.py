"""Every fault at one call in ten, workers killed, every message doubled: the books are those of a good day."""

import json
from pathlib import Path

from sandbox.faults import KINDS
from tests.e2e.conftest import Evening, expected, ndjson, posted


def test_the_same_sales_orders_none_twice_none_lost(bad_evening: Path, evening: Evening) -> None:
    booked = posted(ndjson(bad_evening / "netsuite/salesOrder.ndjson"))
    assert {order_id: booked.get(order_id) for order_id in expected(evening.truth)} == expected(evening.truth)
    assert set(booked) - set(evening.truth["waiting_acceptance"]) == set(expected(evening.truth))


def test_the_day_really_was_bad(bad_evening: Path) -> None:
    """Without this, the test above could pass on a good day."""
    faults = json.loads((bad_evening / "summary.json").read_text())["faults"]
    # A page can only come twice where a listing has more than one; two dozen orders have not.
    assert set(KINDS) - {"duplicate_page"} <= set(faults["struck"])
    assert faults["workers_killed"] > 0


def test_what_needs_a_person_is_parked_on_a_bad_day_too(bad_evening: Path, evening: Evening) -> None:
    parked = {line["order_id"] for line in ndjson(bad_evening / "parked.ndjson")}
    assert set(evening.truth["orders_with_unmapped_sku"]) <= parked

"""What waits for a person moves on once it is mended."""

import json
from datetime import timedelta

from tests.e2e.conftest import posted
from tests.e2e.evening.conftest import STRICT, Evening


def test_a_parked_order_is_posted_once_its_item_exists_and_it_is_resubmitted(evening: Evening) -> None:
    unknown = set(evening.truth["unmapped_skus"]) - set(evening.truth["inactive_skus"])
    parked = [
        line
        for line in json.loads(evening.tieout("parked", "--json"))["parked"]
        # Strict mode has the audit look again first.
        if line["reason"] == "unknown_sku" and line["kind"] == "SO" and line["marketplace"] != STRICT
        if line["facts"]["sku"] in unknown
        if "suggestion" not in line["facts"]
    ]
    line = parked[0]
    made = evening.stack.twins.netsuite.state.request(
        "POST", "/services/rest/record/v1/inventoryItem", {"itemId": line["facts"]["sku"]}
    )
    assert made.status == 204

    evening.tieout("resubmit", line["key"])
    evening.stack.control.advance(timedelta(minutes=10))
    evening.day.run()

    assert line["order_id"] in posted(evening.sales_orders())
    left = json.loads(evening.tieout("parked", "--json"))["parked"]
    assert line["key"] not in {other["key"] for other in left}


def test_the_life_of_an_order_can_be_told(evening: Evening) -> None:
    order_id = evening.truth["to_post"][0]["order_id"]
    told = evening.tieout("explain", order_id, "--json")
    sales_order = next(one for one in evening.sales_orders() if one["otherRefNum"] == order_id)
    assert sales_order["tranId"] in told

"""A good day on the deployed stack: what came in is in NetSuite once, or parked with its reason."""

from typing import Any

from sandbox.invented.truth import gross_of
from tests.e2e.conftest import expected, posted
from tests.e2e.evening.conftest import Evening


def test_every_order_that_can_be_posted_is_in_netsuite_once_with_its_gross_and_its_lines(evening: Evening) -> None:
    booked = posted(evening.sales_orders())
    assert {order_id: booked.get(order_id) for order_id in expected(evening.truth)} == expected(evening.truth)


def test_nothing_is_in_netsuite_but_what_was_to_post_and_what_was_accepted(evening: Evening) -> None:
    waiting = set(evening.truth["waiting_acceptance"])
    assert set(posted(evening.sales_orders())) - waiting == set(expected(evening.truth))


def test_an_order_with_a_sku_that_netsuite_does_not_know_is_parked_and_names_it(evening: Evening) -> None:
    unknown = {*evening.truth["unmapped_skus"]}
    parked = {line["order_id"]: line for line in evening.outcome.parked if line["reason"] == "unknown_sku"}
    assert evening.truth["orders_with_unmapped_sku"]
    for order_id in evening.truth["orders_with_unmapped_sku"]:
        assert unknown & set(parked[order_id]["facts"]["sku"].replace(",", " ").split())


def test_an_order_without_an_address_or_to_nowhere_is_parked_with_that_reason(evening: Evening) -> None:
    reasons = {line["order_id"]: line["reason"] for line in evening.outcome.parked}
    for order_id in evening.truth["orders_without_address"]:
        assert reasons[order_id] == "missing_address"
    for order_id in evening.truth["orders_to_an_unknown_country"]:
        assert reasons[order_id] == "unknown_country"


def test_a_waiting_order_is_accepted_debited_and_then_posted(evening: Evening) -> None:
    orders, booked = evening.orders(), posted(evening.sales_orders())
    accepted = [order_id for order_id in evening.truth["waiting_acceptance"] if order_id in booked]
    assert accepted
    for order_id in accepted:
        assert orders[order_id]["order_state"] not in ("WAITING_ACCEPTANCE", "REFUSED")
        assert orders[order_id]["acceptance_decision_date"] < orders[order_id]["customer_debited_date"]
        assert booked[order_id][0] > 0


def test_a_waiting_order_that_cannot_be_served_waits_for_a_person(evening: Evening) -> None:
    orders, booked = evening.orders(), posted(evening.sales_orders())
    reasons = {line["order_id"]: line["reason"] for line in evening.outcome.parked if line["kind"] == "ACC"}
    left = [order_id for order_id in evening.truth["waiting_acceptance"] if order_id not in booked]
    assert left
    for order_id in left:
        assert orders[order_id]["order_state"] == "WAITING_ACCEPTANCE"
        assert reasons[order_id] in ("unknown_sku", "short_stock")


def test_the_marketplace_learns_every_sales_order_number(evening: Evening) -> None:
    orders = evening.orders()
    for sales_order in evening.sales_orders():
        references = orders[sales_order["otherRefNum"]]["references"]
        assert references["order_reference_for_seller"] == sales_order["tranId"]


def test_every_total_is_what_the_buyer_pays_to_the_cent(evening: Evening) -> None:
    whole = {order_id: order for order_id, order in evening.orders().items() if not _was_cancelled(order)}
    booked = {order_id: total for order_id, (total, _) in posted(evening.sales_orders()).items() if order_id in whole}
    assert len(booked) > len(evening.sales_orders()) / 2
    assert booked == {order_id: gross_of(whole[order_id]) for order_id in booked}


def _was_cancelled(order: dict[str, Any]) -> bool:
    return any(line["order_line_state"] == "CANCELED" for line in order["order_lines"])


def test_orders_come_by_schedule_and_by_webhook(evening: Evening) -> None:
    said = evening.stack.aws.log.read_text(errors="replace")
    by_webhook = [line for line in said.splitlines() if '"orders fetched"' in line and '"fresh":0' not in line]
    by_schedule = [line for line in said.splitlines() if '"orders collected"' in line and '"fresh":0' not in line]
    assert by_webhook
    assert by_schedule


def test_nothing_was_given_up(evening: Evening) -> None:
    sqs = evening.stack.aws.client("sqs")
    given_up = [url for url in sqs.list_queues(MaxResults=100)["QueueUrls"] if url.endswith("-given-up")]
    assert given_up
    for url in given_up:
        held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        assert held["Attributes"]["ApproximateNumberOfMessages"] == "0", url


def test_no_call_breaks_a_vendors_contract_and_netsuite_is_never_crowded(evening: Evening) -> None:
    assert evening.stack.control.violations() == []
    _, netsuite = evening.stack.control.calls()
    assert netsuite["peak_concurrency"] <= evening.stack.settings.config.netsuite.slots


def test_no_schedule_failed(evening: Evening) -> None:
    assert evening.day.firing.fired.failures == []
    assert {schedule.name for schedule in evening.day.schedules} == set(evening.day.firing.fired.times)


def test_the_evening_has_no_problems(evening: Evening) -> None:
    assert evening.outcome.problems == []


def test_no_buyers_address_is_in_the_logs(evening: Evening) -> None:
    said = evening.stack.aws.log.read_text(errors="replace")
    streets = {
        str(order["customer"]["shipping_address"]["street_1"])
        for order in evening.orders().values()
        if (order.get("customer") or {}).get("shipping_address")
    }
    assert streets
    assert [street for street in streets if street in said] == []


def test_tables_forget_what_they_are_told_to_and_one_reader_runs_at_a_time(evening: Evening) -> None:
    """MiniStack's CloudFormation drops both; the local run mends them."""
    aws, outputs = evening.stack.aws, evening.stack.outputs
    expiry = aws.client("dynamodb").describe_time_to_live(TableName=outputs["IdempotencyTable"])
    assert expiry["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    (reader,) = [one for one in evening.day.schedules if one.name == "accept-orders"]
    reserved = aws.client("lambda").get_function_concurrency(FunctionName=reader.function)
    assert reserved["ReservedConcurrentExecutions"] == 1

"""Each deployed function works a day with AWS in this process, and its calls are held against its role.

The local AWS enforces no role: without this a missing permission would show on the first real deployment only.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import botocore.client
import botocore.exceptions
import pytest
import requests
from moto import mock_aws

from tests.fakes.or11 import a_wire_line, a_wire_order
from tests.infra.deployed import Deployed, listed, refs
from tests.integration.aws.rehearsal import new_table
from tests.integration.netsuite_documents import Shop
from tests.integration.running_twins import CUSTOM_FIELDS, MARKETPLACE, Running, running
from tieout import wiring
from tieout.aws.postings import DynamoPostings
from tieout.aws.table import Table
from tieout.config import deployed_config
from tieout.domain.postings import Kind, State
from tieout.domain.webhooks import netsuite_signature, signature
from tieout.flows.ports import one_by_one

ACCOUNT = "1234567_SB1"
POLL_ORDERS = {"schedule": f"poll-orders-{MARKETPLACE}", "marketplace": MARKETPLACE, "task": "poll"}
GOOD = ("GOOD-A", "GOOD-B", "GOOD-C")
POLL_NETSUITE = {"schedule": "poll-netsuite", "task": "poll"}
REGION = "eu-central-1"
SOMEBODY = {
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "test"),
    **dict.fromkeys(("AWS_DEFAULT_REGION", "AWS_REGION"), REGION),
}
NOT_CALLED_BY_OUR_CODE = {
    "kms:Decrypt": "the services call it for the function",
    "kms:DescribeKey": "the services call it for the function",
    "kms:Encrypt": "the services call it for the function",
    "kms:GenerateDataKey": "the services call it for the function",
    "logs:CreateLogStream": "the runtime's",
    "logs:PutLogEvents": "the runtime's",
    "xray:PutTelemetryRecords": "the runtime's",
    "xray:PutTraceSegments": "the runtime's",
    "sqs:ReceiveMessage": "the queue's poller's",
    "sqs:DeleteMessage": "the queue's poller's",
    "sqs:ChangeMessageVisibility": "the queue's poller's",
    "sqs:GetQueueAttributes": "the queue's poller's",
    "s3:ListBucket": "S3 asks it when an object is missing, to answer 404",
}

POWERTOOLS_WAY_OUT = "Powertools' way out when DynamoDB refuses without showing the record"
SELDOM = {
    ("confirm_shipments", "dynamodb:Query"): "with ten doorbells and more it looks for what else is due",
    ("receive_mirakl_event", "dynamodb:GetItem"): POWERTOOLS_WAY_OUT,
    ("receive_netsuite_event", "dynamodb:GetItem"): POWERTOOLS_WAY_OUT,
    ("reconcile", "states:StartExecution"): "above a threshold only",
}

Call = tuple[str, str]
"""What is done (`dynamodb:GetItem`), and to which resource of the template (its logical id)."""


class Day:
    """Our functions in this process, on resources named by their logical ids; remembers who called what."""

    def __init__(self, deployed: Deployed, twins: Running, folder: Path) -> None:
        self.deployed = deployed
        self.calls: dict[str, set[Call]] = defaultdict(set)
        self._settings = self._write_settings(twins, folder)
        self._ids = {key: refs(one["Value"])[0] for key, one in deployed.template["Outputs"].items()}
        self._secrets = {
            str(one["Properties"]["Name"]): name
            for name, one in deployed.of_type("AWS::SecretsManager::Secret").items()
        }
        self._make_resources(twins)

    def _write_settings(self, twins: Running, folder: Path) -> Path:
        config = self.deployed.config.model_dump(mode="json", exclude_none=True)
        config["marketplaces"][MARKETPLACE]["returns"]["reasons"] = {"refund": "DAMAGED", "cancelation": "OUT_OF_STOCK"}
        config["marketplaces"][MARKETPLACE]["settlement"] |= {"settled_hours": 0, "autopost": True}
        for name, one in config["marketplaces"].items():
            if name != MARKETPLACE:  # nobody is there, and stock is read of all together or not at all
                del one["stock"], one["listings"]
        here = twins.twins
        config["sandbox"] = {
            "mirakl": {MARKETPLACE: here.mirakl.marketplaces[MARKETPLACE].url},
            "netsuite": here.netsuite.url,
        }
        file = folder / "settings.json"
        file.write_text(json.dumps(config))
        return file

    def _make_resources(self, twins: Running) -> None:
        dynamodb = boto3.client("dynamodb")
        new_table(dynamodb, self._ids["PostingsTable"])
        dynamodb.create_table(
            TableName=self._ids["IdempotencyTable"],
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        boto3.client("s3").create_bucket(
            Bucket=self._ids["ArchiveBucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self._urls = {
            variable: boto3.client("sqs").create_queue(QueueName=self._ids[output])["QueueUrl"]
            for variable, output in (
                ("QUEUE_ORDERS_TO_POST", "QueueOrdersToPost"),
                ("QUEUE_ORDERS_TO_FETCH", "QueueOrdersToFetch"),
                ("QUEUE_SHIPMENTS_TO_CONFIRM", "QueueShipmentsToConfirm"),
                ("QUEUE_FULFILMENTS_TO_FETCH", "QueueFulfilmentsToFetch"),
                ("QUEUE_SETTLEMENTS_TO_POST", "QueueSettlementsToPost"),
            )
        }
        netsuite = twins.twins.netsuite
        parts = ("client_id", "certificate_id", "private_key", "certificate")
        fields = {
            "netsuite": {part: getattr(netsuite, part) for part in parts},
            f"mirakl/{MARKETPLACE}": {"api_key": twins.twins.mirakl.marketplaces[MARKETPLACE].api_key},
            f"webhooks/{MARKETPLACE}": {"current": "shared"},
            "webhooks/netsuite": {"current": "shared"},
        }
        for name, value in fields.items():
            boto3.client("secretsmanager").create_secret(
                Name=f"tieout/{self.deployed.config.deployment}/{name}", SecretString=json.dumps(value)
            )

    def run(self, function: str, event: dict[str, Any]) -> Any:
        """Start a function afresh in its deployed environment, and note its calls."""
        variables = self.deployed.functions[function]["Environment"]["Variables"]
        environment = {name: self._urls.get(name, refs(value)[0]) for name, value in variables.items()} | {
            "TIEOUT_CONFIG": str(self._settings),
        }
        # One after the other: AWS in this process knows no threads.
        alone = patch.object(wiring, "in_parallel", one_by_one)
        with patch.dict(os.environ, environment), _fresh(), alone, self._noting(function):
            return importlib.import_module(function).handler(event, Context(function))

    @contextmanager
    def _noting(self, function: str) -> Iterator[None]:
        call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's one way out

        def noted(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            for action, resource in self._asked(client.meta.service_model.service_name, operation, arguments):
                self.calls[function].add((action, resource))
            return call(client, operation, arguments)

        with patch.object(botocore.client.BaseClient, "_make_api_call", noted):
            yield

    def _asked(self, service: str, operation: str, arguments: dict[str, Any]) -> Iterator[Call]:
        """The permissions that a call needs, as the service authorisation reference maps them."""
        match service, operation:
            case "dynamodb", "TransactWriteItems":
                for item in arguments["TransactItems"]:
                    ((kind, one),) = item.items()
                    yield (
                        f"dynamodb:{'ConditionCheckItem' if kind == 'ConditionCheck' else kind + 'Item'}",
                        one["TableName"],
                    )
            case "dynamodb", "BatchGetItem":
                yield from ((f"dynamodb:{operation}", table) for table in arguments["RequestItems"])
            case "dynamodb", _:
                index = f"/index/{arguments['IndexName']}" if "IndexName" in arguments else ""
                yield f"dynamodb:{operation}", arguments["TableName"] + index
            case "s3", "ListObjectsV2":
                yield "s3:ListBucket", arguments["Bucket"]
            case "s3", _:
                yield f"s3:{operation}", f"{arguments['Bucket']}/{arguments['Key'].partition('/')[0]}/*"
            case "sqs", _:
                yield f"sqs:{operation.removesuffix('Batch')}", arguments["QueueUrl"].rpartition("/")[2]
            case "secretsmanager", _:
                yield f"secretsmanager:{operation}", self._secrets[arguments["SecretId"]]
            case _:
                yield f"{service}:{operation}", "*"

    @contextmanager
    def without_queue(self, variable: str) -> Iterator[None]:
        """SQS does not take messages for a while."""
        boto3.client("sqs").delete_queue(QueueUrl=self._urls[variable])
        yield
        boto3.client("sqs").create_queue(QueueName=self._urls[variable].rpartition("/")[2])

    def take(self, variable: str) -> list[dict[str, Any]]:
        """Messages of a queue as Lambda hands them to a worker."""
        answer = boto3.client("sqs").receive_message(QueueUrl=self._urls[variable], MaxNumberOfMessages=10)
        source = {"eventSourceARN": "arn:aws:sqs:r:1:orders", "attributes": {"ApproximateReceiveCount": "1"}}
        return [{"messageId": one["MessageId"], "body": one["Body"], **source} for one in answer.get("Messages", ())]


class Context:
    """What Lambda tells a function about a run."""

    aws_request_id = "run-1"

    def __init__(self, function: str) -> None:
        self.function_name = function

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@contextmanager
def _fresh() -> Iterator[None]:
    """A process of one's own: nothing is remembered from another function."""
    kept = (
        *(wiring.runtime, wiring._client, wiring._reception, wiring._netsuite_reception, wiring.break_log),
        *(wiring.stock_book, wiring.listings_book),
        deployed_config,
    )
    package = logging.getLogger("tieout")
    before = package.handlers, package.propagate, package.level
    try:
        yield
    finally:
        for each in kept:
            each.cache_clear()
        package.handlers, package.propagate, package.level = before


def an_event(message_id: str, order_id: str = "ODD-A") -> dict[str, Any]:
    """A signed event about an order, as API Gateway hands it over."""
    body, stamp = json.dumps({"order_id": order_id}), str(int(datetime.now(UTC).timestamp()))
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": signature("shared", message_id, stamp, body.encode()),
    }
    return {
        "pathParameters": {"marketplace": MARKETPLACE},
        "headers": headers,
        "body": body,
        "requestContext": {"http": {"sourceIp": "127.0.0.1"}},
    }


def the_day(day: Day, twins: Running) -> None:
    """Everything that functions do: collect, decide, post, confirm, ring, watch, take an event in, fetch, fail."""
    day.run("poll_orders", POLL_ORDERS)
    twins.wait(3600)
    day.run("poll_orders", {**POLL_ORDERS, "task": "sweep"})
    twins.wait(3600)
    day.run("accept_orders", {"schedule": "accept-orders"})
    records = day.take("QUEUE_ORDERS_TO_POST")
    assert records
    assert day.run("post_orders", {"Records": records}) == {"batchItemFailures": []}
    assert day.run("confirm_orders", {"schedule": "confirm-orders"})["written"] == 3
    with day.without_queue("QUEUE_ORDERS_TO_FETCH"), pytest.raises(botocore.exceptions.ClientError):
        day.run("receive_mirakl_event", an_event("m-1"))
    assert day.run("receive_mirakl_event", an_event("m-1"))["statusCode"] == 202
    twins.change(order_id="ODD-A", set={"has_incident": True})
    day.run("fetch_orders", {"Records": day.take("QUEUE_ORDERS_TO_FETCH")})
    goods_come_back(day, twins, goods_leave(day, twins))
    twins.set_custom_fields(CUSTOM_FIELDS | {"custitem_tieout_approved": "checkbox"})
    stock_is_pushed(day, twins)
    offers_are_looked_at(day, twins)
    money_moves(day, twins)
    day.run("check_health", {"schedule": "check-health"})
    day.run("check_deadlines", {"schedule": "check-deadlines"})


def stock_is_pushed(day: Day, twins: Running) -> None:
    """Everything is read and sent: orders of long ago, one with refunds, and one that was parked and is due again."""
    twins.wait(3600)
    for_sale = [{"shop_sku": "MUG", "product_sku": "P-MUG", "product_title": "Mug", "price": 10, "quantity": 1}]
    by_hand(twins, "offers", marketplace=MARKETPLACE, offers=for_sale)
    with patch("time.sleep"):
        for task in ("full", "push"):
            twins.wait(600)
            day.run("push_stock", {"schedule": "push-stock", "task": task})
    new = a_wire_order("LATE-A", customer_debited_date="2026-10-01T10:00:00Z")
    by_hand(twins, "orders", marketplace=MARKETPLACE, orders=[new], as_of_now=True)
    twins.change(order_id="GOOD-B", set={"has_incident": False})
    twins.wait(600)
    with patch("time.sleep"):
        assert day.run("push_stock", {"schedule": "push-stock", "task": "push"})["waiting"] == 0


def offers_are_looked_at(day: Day, twins: Running) -> None:
    """The audit, the sync and the watch over quantities."""
    audited = {"schedule": f"audit-mapping-{MARKETPLACE}", "marketplace": MARKETPLACE}
    assert day.run("audit_mapping", audited)["offers"] == 1
    day.run("sync_listings", {"schedule": "sync-listings"})
    twins.wait(24 * 3600)
    with patch("time.sleep"):
        for task in ("full", "sample"):
            day.run("detect_drift", {"schedule": "detect-drift", "task": task})
            twins.wait(600)


def by_hand(twins: Running, what: str, **body: Any) -> None:
    """Something happens at the marketplace."""
    answer = requests.post(f"{twins.twins.mirakl.url}/_twin/{what}", json=body, timeout=5)
    assert answer.status_code == 200, answer.text


def a_ring(fulfilment: str) -> dict[str, Any]:
    """A signed ring of the account's script, as API Gateway hands it over."""
    body, stamp = json.dumps({"account": ACCOUNT, "type": "itemfulfillment", "id": fulfilment}), str(int(time.time()))
    signed = netsuite_signature("shared", stamp, body.encode())
    return {"headers": {"x-tieout-timestamp": stamp, "x-tieout-signature": signed}, "body": body}


def goods_leave(day: Day, twins: Running) -> dict[str, str]:
    """Orders are shipped in NetSuite, read by ring and by poll, told, and billed; one of them is undone.

    Answers their fulfilments' ids.
    """
    shop = Shop(twins)
    shipped = {order: shop.ship(shop.read(f"T-{MARKETPLACE}-SO-{order}")) for order in GOOD}
    with day.without_queue("QUEUE_FULFILMENTS_TO_FETCH"), pytest.raises(botocore.exceptions.ClientError):
        day.run("receive_netsuite_event", a_ring(shipped["GOOD-B"]))
    ring(day, shipped["GOOD-B"])
    assert day.run("poll_fulfilments", POLL_NETSUITE)["fresh"] == 2
    to_tell = day.take("QUEUE_SHIPMENTS_TO_CONFIRM")
    assert len(to_tell) == 3
    assert day.run("ring_due_postings", {"schedule": "ring-due-postings"})["rung"] >= 6
    assert day.run("confirm_shipments", {"Records": to_tell}) == {"batchItemFailures": []}
    for status, read in (
        ("B", lambda: ring(day, shipped["GOOD-C"])),
        ("A", lambda: day.run("poll_fulfilments", POLL_NETSUITE)),
    ):
        time.sleep(1)  # versions of a record are told apart by the second
        shop.hand.change("itemFulfillment", shipped["GOOD-C"], {"shipStatus": {"id": status}})
        read()
    assert day.run("post_orders", {"Records": day.take("QUEUE_ORDERS_TO_POST")}) == {"batchItemFailures": []}
    return shipped


def ring(day: Day, fulfilment: str) -> None:
    assert day.run("receive_netsuite_event", a_ring(fulfilment))["statusCode"] == 202
    rings = day.take("QUEUE_FULFILMENTS_TO_FETCH")
    assert day.run("fetch_fulfilments", {"Records": rings}) == {"batchItemFailures": []}


def goods_come_back(day: Day, twins: Running, shipped: dict[str, str]) -> None:
    """Each side gives money back, a buyer sends goods back, and in NetSuite somebody undoes what was told."""
    hand = Shop(twins).hand
    written = hand.rows("SELECT id FROM transaction WHERE externalid = ?", f"T-{MARKETPLACE}-INV-{shipped['GOOD-A']}")
    applied = {"apply": {"items": [{"doc": {"id": written[0]["id"]}, "apply": True}]}}
    hand.make("invoice", written[0]["id"], "creditMemo", applied)
    day.run("poll_fulfilments", {**POLL_NETSUITE, "task": "sweep"})
    twins.wait(600)
    day.run("send_refunds", {"schedule": "send-refunds"})
    asked = {"marketplace": MARKETPLACE, "order_id": "GOOD-B"}
    back = {**asked, "lines": [{"order_line_id": "GOOD-B-1", "quantity": 1}]}
    answer = requests.post(f"{twins.twins.mirakl.url}/_twin/returns", json=back, timeout=5)
    in_mirakl(twins, "returns/accept", returns=[{"id": answer.json()["id"], "accepted": True}])
    twins.wait(300)
    assert day.run("poll_returns", {"schedule": "poll-returns", "marketplace": MARKETPLACE})["seen"] == 1
    given_up = {
        "order_line_id": "ODD-A-1",
        "amount": 40,
        "shipping_amount": 0,
        "quantity": 1,
        "reason_code": "OUT_OF_STOCK",
    }
    in_mirakl(twins, "orders/cancel", cancelations=[given_up])
    given_back = {"order_line_id": "GOOD-B-1", "amount": 1, "shipping_amount": 0, "reason_code": "DAMAGED"}
    in_mirakl(twins, "orders/refund", refunds=[given_back])
    twins.wait(3600)
    day.run("poll_orders", POLL_ORDERS)
    for order in ("GOOD-B", "ODD-A"):
        twins.wait(60)
        twins.change(order_id=order, set={"has_incident": True})
        assert day.run("receive_mirakl_event", an_event(f"back-{order}", order))["statusCode"] == 202
        day.run("fetch_orders", {"Records": day.take("QUEUE_ORDERS_TO_FETCH")})
    day.run("post_orders", {"Records": day.take("QUEUE_ORDERS_TO_POST")})


def money_moves(day: Day, twins: Running) -> None:
    """A billing cycle closes, is booked and compared; then its money leaves."""
    fetch = {"schedule": f"fetch-settlements-{MARKETPLACE}", "marketplace": MARKETPLACE}
    amounts = {"ORDER_AMOUNT": 100, "ORDER_AMOUNT_TAX": 20, "ORDER_SHIPPING_AMOUNT": 5, "ORDER_SHIPPING_AMOUNT_TAX": 1}
    of_the_order = {"order": {"id": "GOOD-C"}, "order_line": {"id": "GOOD-C-1"}}
    lines = [{"type": kind, "amount": amount, "entities": of_the_order} for kind, amount in amounts.items()]
    by_operator(twins, "transaction_lines", lines=lines)
    twins.wait(24 * 3600)
    (cycle,) = by_operator(twins, "billing_cycles")["cycles"]
    twins.wait(24 * 3600)
    assert day.run("fetch_settlements", fetch)["due"] >= 1
    work_cycles(day)
    day.run("reconcile", {"schedule": "reconcile", "task": "look"})
    by_operator(twins, "payouts", cycle=cycle)
    twins.wait(24 * 3600)
    day.run("fetch_settlements", fetch)
    work_cycles(day)
    postings = DynamoPostings(Table(boto3.client("dynamodb"), day._ids["PostingsTable"]), timedelta(seconds=330))
    booked = {str(each.key): (each.state, each.facts) for each in postings.of_thread(MARKETPLACE, cycle)}
    assert {state for state, _ in booked.values()} == {State.CONFIRMED}, booked
    assert any(f"|{Kind.PAYOUT}|" in key for key in booked), booked


def work_cycles(day: Day) -> None:
    """Until nothing rings any more; what is born with a confirmation is rung by the sweeper."""
    for _ in range(6):
        day.run("ring_due_postings", {"schedule": "ring-due-postings"})
        records = day.take("QUEUE_SETTLEMENTS_TO_POST")
        if not records:
            return
        assert day.run("post_settlements", {"Records": records}) == {"batchItemFailures": []}


def by_operator(twins: Running, what: str, **body: Any) -> Any:
    """The operator's finance people do something at their back office."""
    answer = requests.post(
        f"{twins.twins.mirakl.url}/_twin/{what}", json={"marketplace": MARKETPLACE, **body}, timeout=5
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def in_mirakl(twins: Running, path: str, **body: Any) -> None:
    """The shop's people do something in the marketplace's back office."""
    here = twins.twins.mirakl.marketplaces[MARKETPLACE]
    answer = requests.put(f"{here.url}/api/{path}", json=body, headers={"Authorization": here.api_key}, timeout=5)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def day(shop: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    orders = [
        *(a_wire_order(order, customer_debited_date="2026-10-01T10:00:00Z") for order in GOOD),
        a_wire_order("ODD-A", [a_wire_line("ODD-A-1", offer_sku="UNHEARD-OF")]),
        a_wire_order(
            "WAIT-A",
            [a_wire_line("WAIT-A-1", order_line_state="WAITING_ACCEPTANCE")],
            order_state="WAITING_ACCEPTANCE",
        ),
    ]
    folder = tmp_path_factory.mktemp("day")
    with patch.dict(os.environ, SOMEBODY), mock_aws(), running(folder / "world", orders) as twins:
        os.environ.pop("AWS_ENDPOINT_URL", None)
        for url in (twins.twins.mirakl.url, twins.twins.netsuite.url):
            clock = {"set": datetime.now(UTC).isoformat()}
            requests.post(f"{url}/_twin/clock", json=clock, timeout=5).raise_for_status()
        one = Day(shop, twins, folder)
        the_day(one, twins)
        yield one


def allowed(deployed: Deployed, function: str) -> set[Call]:
    """What a function's role lets it do, on which resource of the template."""
    return {
        (action, "".join(refs(resource)))
        for statement in deployed.may(function)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def test_every_function_was_at_work(day: Day) -> None:
    assert set(day.calls) == set(day.deployed.functions)


def test_a_role_allows_all_that_its_function_asks_for(day: Day) -> None:
    denied = {name: calls - allowed(day.deployed, name) for name, calls in day.calls.items()}
    assert {name: calls for name, calls in denied.items() if calls} == {}


def test_a_role_allows_nothing_that_its_function_never_asks_for(day: Day) -> None:
    """One marketplace of the two is at work, so each secret is counted by its kind."""
    secrets = set(day.deployed.of_type("AWS::SecretsManager::Secret"))
    ends = {name for name in day.deployed.of_type("AWS::SQS::Queue") if "GivenUp" in name}

    def kinds(function: str, calls: set[Call]) -> set[Call]:
        return {
            (action, "a secret" if resource in secrets else resource)
            for action, resource in calls
            if action not in NOT_CALLED_BY_OUR_CODE and (function, action) not in SELDOM and resource not in ends
        }

    idle = {
        name: kinds(name, allowed(day.deployed, name)) - kinds(name, day.calls[name]) for name in day.deployed.functions
    }
    assert {name: calls for name, calls in idle.items() if calls} == {}

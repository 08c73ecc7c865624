"""Queues that say "there is something to do"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import boto3
import pytest

from tieout.aws.doorbells import OrdersToFetch, SqsDoorbells
from tieout.domain.postings import Key, Kind, Lane

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Choosy:
    """SQS that takes every message of a batch but its first."""

    def __init__(self, client: SQSClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        first, *others = request["Entries"]
        failed = [{"Id": first["Id"], "SenderFault": False, "Code": "InternalError"}]
        if others:
            self._client.send_message_batch(QueueUrl=request["QueueUrl"], Entries=others)
        return {"Successful": others, "Failed": failed}


@pytest.fixture
def sqs(session: boto3.Session) -> SQSClient:
    client: SQSClient = session.client("sqs")
    return client


@pytest.fixture
def queue(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName=uuid4().hex)["QueueUrl"]


def sale(order_id: str, marketplace: str = "shop") -> Key:
    return Key(marketplace, order_id, Kind.SALES_ORDER, order_id)


def taken(sqs: SQSClient, queue: str) -> list[tuple[str, str]]:
    """Group and body of every message of a queue."""
    found = []
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
    ).get("Messages"):
        found += [(each["Attributes"]["MessageGroupId"], each["Body"]) for each in messages]
    return sorted(found)


def test_a_doorbell_names_its_posting_and_waits_in_its_marketplaces_turn(sqs: SQSClient, queue: str) -> None:
    SqsDoorbells(sqs, {Lane.ORDERS_TO_POST: queue}).ring([sale("A1"), sale("B1", "outlet")])
    assert taken(sqs, queue) == [("outlet", "outlet|B1|SO|B1"), ("shop", "shop|A1|SO|A1")]


def test_a_doorbell_is_read_back_as_the_key_it_was_rung_for(sqs: SQSClient, queue: str) -> None:
    keys = [sale(f"A{n}") for n in range(25)]
    doorbells = SqsDoorbells(sqs, {Lane.ORDERS_TO_POST: queue})
    doorbells.ring([*keys, *keys])
    assert doorbells.waiting(Lane.ORDERS_TO_POST) == 25
    assert sorted(Key.parse(body) for _, body in taken(sqs, queue)) == sorted(keys)


def test_lanes_without_a_queue_are_left_to_their_schedule(sqs: SQSClient, queue: str) -> None:
    doorbells = SqsDoorbells(sqs, {Lane.ORDERS_TO_POST: queue})
    doorbells.ring([Key("shop", "A1", Kind.ACCEPTANCE, "A1"), Key("shop", "A1", Kind.SELLER_REFERENCE, "A1")])
    assert taken(sqs, queue) == []
    assert doorbells.waiting(Lane.ORDERS_TO_ACCEPT) == 0


def test_a_doorbell_that_was_not_taken_is_counted_and_stops_nothing(sqs: SQSClient, queue: str) -> None:
    """The sweeper rings again for what is still due."""
    lost: list[int] = []
    choosy = cast("SQSClient", Choosy(sqs))
    SqsDoorbells(choosy, {Lane.ORDERS_TO_POST: queue}, lost.append).ring([sale(f"A{n}") for n in range(12)])
    assert lost == [2]
    assert len(taken(sqs, queue)) == 10


def test_an_event_is_queued_as_marketplace_and_order_and_nothing_else(sqs: SQSClient, queue: str) -> None:
    OrdersToFetch(sqs, queue)("shop", ["A1", "A2", "A1"])
    messages = [json.loads(body) for _, body in taken(sqs, queue)]
    assert messages == [{"marketplace": "shop", "order_id": order_id} for order_id in ("A1", "A2")]


def test_an_event_that_was_not_queued_is_not_taken_in(sqs: SQSClient, queue: str) -> None:
    """Its sender has to hear of it, and sends again."""
    with pytest.raises(ConnectionError, match="1 of 2"):
        OrdersToFetch(cast("SQSClient", Choosy(sqs)), queue)("shop", ["A1", "A2"])

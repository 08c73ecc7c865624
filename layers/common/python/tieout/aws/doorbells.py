"""Queues that say "there is something to do", and nothing more (SQS, standard queues with fair sharing)."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tieout.aws.in_parallel import in_parallel
from tieout.domain.postings import LANE_OF, Key, Lane

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

logger = logging.getLogger(__name__)

_A_CALL = 10


class SqsDoorbells:
    """Fits `flows.ports.Doorbells`. `queues` holds the address of each lane that has a queue.

    A doorbell that SQS did not take is counted (`on_lost`) and forgotten: the sweeper rings for what is still due.
    """

    def __init__(
        self, client: SQSClient, queues: Mapping[Lane, str], on_lost: Callable[[int], None] = lambda _: None
    ) -> None:
        self._client = client
        self._queues = queues
        self._on_lost = on_lost

    def ring(self, keys: Sequence[Key]) -> None:
        """One message a key on its lane's queue; the marketplace is the group, so that none waits behind another's."""
        by_queue: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key in dict.fromkeys(keys):
            if queue := self._queues.get(LANE_OF[key.kind]):
                by_queue[queue].append((key.marketplace, str(key)))
        for queue, messages in by_queue.items():
            if lost := _send(self._client, queue, messages):
                logger.warning("doorbells not rung", extra={"queue": queue, "lost": lost})
                self._on_lost(lost)

    def waiting(self, lane: Lane) -> int:
        """About how many doorbells wait in a lane's queue."""
        if lane not in self._queues:
            return 0
        answer = self._client.get_queue_attributes(
            QueueUrl=self._queues[lane], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


class OrdersToFetch:
    """Fits `flows.events.OrdersToFetch`: the queue of orders that an event named."""

    def __init__(self, client: SQSClient, queue: str) -> None:
        self._client = client
        self._queue = queue

    def __call__(self, marketplace: str, order_ids: Sequence[str]) -> None:
        """Returns when the queue holds them. Raises ConnectionError otherwise: the sender has to send again."""
        messages = [
            (marketplace, json.dumps({"marketplace": marketplace, "order_id": order_id}))
            for order_id in dict.fromkeys(order_ids)
        ]
        if lost := _send(self._client, self._queue, messages):
            raise ConnectionError(f"SQS did not take {lost} of {len(messages)} messages")


class FulfilmentsToFetch:
    """The queue of fulfilments that the NetSuite account rang for."""

    def __init__(self, client: SQSClient, queue: str) -> None:
        self._client = client
        self._queue = queue

    def __call__(self, ids: Sequence[str]) -> None:
        """Returns when the queue holds them. Raises ConnectionError otherwise: nobody rings a second time."""
        messages = [("netsuite", json.dumps({"fulfilment_id": each})) for each in dict.fromkeys(ids)]
        if lost := _send(self._client, self._queue, messages):
            raise ConnectionError(f"SQS did not take {lost} of {len(messages)} messages")


def _send(client: SQSClient, queue: str, messages: Sequence[tuple[str, str]]) -> int:
    """Send (group, body) pairs in tens; answers how many SQS did not take."""

    def send(chunk: Sequence[tuple[str, str]]) -> int:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(n), "MessageBody": body, "MessageGroupId": group} for n, (group, body) in enumerate(chunk)
        ]
        return len(client.send_message_batch(QueueUrl=queue, Entries=entries).get("Failed", ()))

    return sum(in_parallel(send, [messages[start : start + _A_CALL] for start in range(0, len(messages), _A_CALL)]))

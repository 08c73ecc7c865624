"""A batch of doorbells, as SQS hands it to a worker: the keys in it, and which messages have to come again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tieout.domain.postings import Key
from tieout.flows.ports import At

SPARE = timedelta(seconds=15)
"""Kept back of a function's time for writing down what happened."""

Work = Callable[[Sequence[Key], At, datetime, Collection[Key]], Iterable[Key]]
"""Does what is due: keys, surroundings, when to stop, keys that came before; answers keys that have to come again."""
Answer = dict[str, list[dict[str, str]]]

logger = logging.getLogger(__name__)


def work_batch(records: Iterable[Mapping[str, Any]], left: timedelta, at: At, work: Work) -> Answer:
    """Work what a batch rings for, in what is `left` of the run. A message carries only a key.

    Only what failed for unforeseen reasons goes back to the queue.
    """
    messages: dict[Key, list[str]] = {}
    returned: set[Key] = set()
    unreadable: list[str] = []
    for record in records:
        try:
            key = Key.parse(record["body"])
        except ValueError as error:
            logger.error("not a doorbell", extra={"why": str(error)})  # noqa: TRY400  the message is the fact
            unreadable.append(record["messageId"])
            continue
        messages.setdefault(key, []).append(record["messageId"])
        if int(record["attributes"]["ApproximateReceiveCount"]) > 1:
            returned.add(key)
    failed = work(list(messages), at, at.clock() + left - SPARE, returned) if messages else ()
    return come_again([*unreadable, *(each for key in failed for each in messages[key])])


def come_again(message_ids: Iterable[str]) -> Answer:
    """What Lambda is told of the messages that SQS shall deliver again."""
    return {"batchItemFailures": [{"itemIdentifier": each} for each in message_ids]}

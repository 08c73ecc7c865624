"""A batch of doorbells: each key is worked once, and only what failed for unforeseen reasons comes again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.fakes import a_house
from tieout.domain.postings import Key, Kind
from tieout.flows.batches import SPARE, work_batch
from tieout.flows.ports import At

LEFT = timedelta(seconds=300)


def sale(order_id: str) -> Key:
    return Key("brightside", order_id, Kind.SALES_ORDER, order_id)


def message(number: str, body: str, received: int = 1) -> dict[str, Any]:
    return {"messageId": number, "body": body, "attributes": {"ApproximateReceiveCount": str(received)}}


class Worker:
    """Remembers what it was given; fails for the keys that it is told to."""

    def __init__(self, *fails: Key) -> None:
        self.fails = fails
        self.given: list[tuple[list[Key], datetime, set[Key]]] = []

    def __call__(self, keys: Sequence[Key], _at: At, deadline: datetime, returned: Collection[Key]) -> list[Key]:
        self.given.append((list(keys), deadline, set(returned)))
        return [key for key in keys if key in self.fails]


def comes_again(answer: dict[str, list[dict[str, str]]]) -> set[str]:
    return {each["itemIdentifier"] for each in answer["batchItemFailures"]}


def test_a_batch_is_worked_with_its_time_but_for_what_writing_down_takes() -> None:
    at, worker = a_house().at, Worker()
    answer = work_batch([message("m1", str(sale("A"))), message("m2", str(sale("B")))], LEFT, at, worker)
    assert comes_again(answer) == set()
    assert worker.given == [([sale("A"), sale("B")], at.clock() + LEFT - SPARE, set())]


def test_a_message_that_was_delivered_before_is_told_to_the_worker() -> None:
    worker = Worker()
    work_batch([message("m1", str(sale("A")), received=2), message("m2", str(sale("B")))], LEFT, a_house().at, worker)
    assert worker.given[0][2] == {sale("A")}


def test_only_what_failed_comes_again() -> None:
    batch = [message("m1", str(sale("A"))), message("m2", str(sale("B")))]
    assert comes_again(work_batch(batch, LEFT, a_house().at, Worker(sale("B")))) == {"m2"}


def test_two_messages_of_one_posting_come_again_together() -> None:
    worker = Worker(sale("A"))
    batch = [message("m1", str(sale("A"))), message("m2", str(sale("A")))]
    assert comes_again(work_batch(batch, LEFT, a_house().at, worker)) == {"m1", "m2"}
    assert worker.given[0][0] == [sale("A")]


def test_what_is_no_doorbell_comes_again_until_it_is_given_up_and_stops_nobody() -> None:
    worker = Worker()
    batch = [message("m1", "not a key"), message("m2", str(sale("B")))]
    assert comes_again(work_batch(batch, LEFT, a_house().at, worker)) == {"m1"}
    assert worker.given[0][0] == [sale("B")]

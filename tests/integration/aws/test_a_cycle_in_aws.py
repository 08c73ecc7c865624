"""A billing cycle from the log to its records, with postings, archive and settlement log on AWS (moto)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tests.fakes import House
from tests.unit.flows.test_settlements import CYCLE, MARKET, a_settled_house, close, sell
from tieout.aws.archive import S3Archive
from tieout.aws.postings import DynamoPostings
from tieout.aws.settlement_log import S3SettlementLog
from tieout.aws.watermarks import DynamoWatermarks
from tieout.domain.errors import Reason
from tieout.domain.postings import SETTLED_AS, Key, Lane, State
from tieout.flows.ports import At
from tieout.flows.settlement.collect import collect_settlements
from tieout.flows.settlement.plan import of_the_cycle
from tieout.flows.settlement.review import approve, list_reviews
from tieout.flows.settlement.work import post_due

if TYPE_CHECKING:
    import boto3

    from tieout.aws.table import Table

BUCKET = "books"


def on_aws(house: House, session: boto3.Session, table: Table) -> At:
    s3 = session.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return replace(
        house.at,
        postings=DynamoPostings(table, timedelta(seconds=330)),
        watermarks=DynamoWatermarks(table),
        archive=S3Archive(s3, BUCKET),
        settlement_log=S3SettlementLog(s3, BUCKET),
    )


def work(house: House, at: At) -> None:
    """Until nothing is due any more."""
    while keys := at.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 10):
        assert post_due(keys, at, house.clock.now + timedelta(minutes=5)) == []
        house.clock.advance(seconds=1)


def states(at: At) -> dict[Key, State]:
    return {each.key: each.state for each in at.postings.of_thread(MARKET, CYCLE)}


def test_a_cycle_is_read_reviewed_agreed_to_booked_and_paid(session: boto3.Session, table: Table) -> None:
    house = a_settled_house()
    at = on_aws(house, session, table)
    sell(house)
    close(house)
    house.clock.advance(hours=25)
    collect_settlements(MARKET, at, asked=True)
    work(house, at)
    cycle = at.postings.posting(of_the_cycle(MARKET, CYCLE))
    assert cycle is not None
    assert (cycle.state, cycle.reason) == (State.PARKED, Reason.SETTLEMENT_TO_REVIEW)

    (review,) = list_reviews(at)
    assert approve(at, "another hash", "finance") == []
    assert approve(at, review.plan.hash, "finance") == [cycle.key]
    work(house, at)
    records = {key: state for key, state in states(at).items() if key.kind in SETTLED_AS}
    assert len(records) == len(review.plan.records)
    assert set(records.values()) == {State.CONFIRMED}
    assert {each.external_id for each in house.ledger.settled} == {each.external_id for each in review.plan.records}

    house.market.pay(CYCLE)
    house.clock.advance(hours=1)
    collect_settlements(MARKET, at, asked=True)
    work(house, at)
    assert set(states(at).values()) == {State.CONFIRMED}
    assert len(house.ledger.settled) == len(records) + 1
    collect_settlements(MARKET, at, asked=True)
    work(house, at)
    assert len(house.ledger.settled) == len(records) + 1

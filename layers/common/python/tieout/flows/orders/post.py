"""Sales orders out: each due posting becomes exactly one NetSuite sales order whose total is Mirakl's gross.

A batch costs one look-up of items, one create an order and one read-back of all. Every posting is marked ATTEMPTED
before anything is sent; what has no answer is looked up by its external id before it is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import (
    AlreadyExists,
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    Retryable,
)
from tieout.domain.orders.matching import Catalogue
from tieout.domain.orders.order import DEAD, Order
from tieout.domain.orders.sales_order import SalesOrder, SalesOrderRules, sales_order_for
from tieout.domain.postings import Intent, Key, Kind, Posting, State
from tieout.flows.orders import rules
from tieout.flows.orders.collect import archived_order
from tieout.flows.outcomes import come_back, held_until, hold, next_attempt, park, release
from tieout.flows.ports import At, LeaseLostError, PostedTransaction

logger = logging.getLogger(__name__)

NETSUITE = "netsuite"
FLOW = "orders"
SALES_ORDER_TYPE = "SalesOrd"
HORIZON = timedelta(minutes=20)
"""NetSuite finishes a request up to 15 minutes after we stopped waiting for its answer."""
LONGEST_REFERENCE = 45
"""`otherRefNum` holds this many characters; a longer order id stands whole in its custom field."""


class Ready(Struct, frozen=True):
    """A claimed posting with the sales order it stands for."""

    posting: Posting
    sales_order: SalesOrder


def post_sales_orders(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys, starting nothing that could outlive `deadline`.

    Answers the keys that failed for reasons nobody foresaw: their messages go back to the queue, and in the end to
    `orders-to-post-given-up`. `returned` are those of the keys whose message went back before.
    """
    postings = at.postings.claim(keys, at.clock())
    failed = _still_failing(returned, postings, at)
    if not postings:
        return failed
    if held := held_until(at, FLOW, NETSUITE):
        hold(at, postings, *held)
        return failed
    ready = _prepare(postings, at, failed)
    to_prove = _create(ready, at, deadline, failed)
    _prove(to_prove, at, failed)
    return failed


def _still_failing(returned: Collection[Key], claimed: Sequence[Posting], at: At) -> list[Key]:
    """Returned messages that find their posting under way for a later doorbell: they stay until it is through.

    Otherwise each doorbell of a failing posting would be forgotten for the next one's sake, and none given up.
    """
    mine = {posting.key for posting in claimed}
    return [
        key
        for key in returned
        if key not in mine and (posting := at.postings.posting(key)) and posting.state is State.ATTEMPTED
    ]


# --- prepare -------------------------------------------------------------------------------------------------------


def _prepare(postings: Sequence[Posting], at: At, failed: list[Key]) -> list[Ready]:
    """Read the archived orders and build their sales orders; what a person must mend is parked here."""
    documents = at.archive.load([posting.payload for posting in postings])
    orders: list[tuple[Posting, Order]] = []
    for posting in postings:
        with _Guard(posting, at, failed):
            orders.append((posting, archived_order(posting, documents, at)))
    try:
        catalogue = rules.catalogue_for(at.config, [order for _, order in orders], at.ledger)
        references = at.ledger.references()
    except (Retryable, CredentialsRefused) as error:
        for posting, _ in orders:
            come_back(at, posting, error, NETSUITE)
        return []
    ready: list[Ready] = []
    known: dict[str, SalesOrderRules] = {}
    for posting, order in orders:
        with _Guard(posting, at, failed):
            if order.marketplace not in known:
                charge_item = rules.charge_item_id(at.config, order.marketplace, catalogue)
                known[order.marketplace] = rules.sales_order_rules(
                    at.config, order.marketplace, references, charge_item
                )
            ready.append(Ready(posting, _draft(order, known[order.marketplace], catalogue, at)))
    return ready


def _draft(order: Order, settings: SalesOrderRules, catalogue: Catalogue, at: At) -> SalesOrder:
    return sales_order_for(order, settings, rules.item_ids(at.config, order, catalogue))


# --- create --------------------------------------------------------------------------------------------------------


def _create(ready: Sequence[Ready], at: At, deadline: datetime, failed: list[Key]) -> list[Ready]:
    """Send what was never sent; answers everything that NetSuite has, or may have, for the read-back."""
    to_prove, to_send = _sort_out_doubts(ready, at)
    patience = timedelta(seconds=at.config.netsuite.read_timeout_seconds)
    for index, each in enumerate(to_send):
        if at.clock() + patience > deadline:
            for rest in to_send[index:]:
                release(at, rest.posting, at.clock(), "out of time", untouched=True)
            break
        stop = ""
        with _Guard(each.posting, at, failed):
            try:
                at.ledger.ensure_customer(each.sales_order.customer)
                target_id = at.ledger.create_sales_order(each.sales_order)
            except (AlreadyExists, OutcomeUnknown):
                to_prove.append(each)
            except (Retryable, CredentialsRefused) as error:
                if come_back(at, each.posting, error, NETSUITE):
                    stop = str(error)
            else:
                at.postings.mark_posted(each.posting, target_id, at.clock())
                to_prove.append(each)
        if stop:
            # Outside of the guard: nothing may be sent for a posting that was given back, even if giving back fails.
            hold(at, [rest.posting for rest in to_send[index + 1 :]], at.clock(), stop)
            break
    return to_prove


def _sort_out_doubts(ready: Sequence[Ready], at: At) -> tuple[list[Ready], list[Ready]]:
    """What earlier attempts wrote is proven, never sent again; the rest is to be sent, if its order still stands.

    A look-up that fails changes little: a create with an external id that is taken is refused, and then read back.
    """
    doubtful = [each for each in ready if each.posting.ambiguous_since or each.posting.target_id]
    looked_up, written = True, set[str]()
    if doubtful:
        try:
            written.update(at.ledger.find_transactions([each.sales_order.external_id for each in doubtful]))
        except (Retryable, CredentialsRefused):
            looked_up = False
    to_prove = [each for each in ready if each.sales_order.external_id in written]
    unwritten = [each for each in ready if each.sales_order.external_id not in written]
    return to_prove, [each for each in unwritten if not _died_meanwhile(each.posting, at, looked_up=looked_up)]


def _died_meanwhile(posting: Posting, at: At, *, looked_up: bool) -> bool:
    """Whether the order of a posting that was perhaps sent, but was not found, has been cancelled since.

    It is given back: first until NetSuite can no longer finish what it was perhaps sent, then as if nothing had been,
    so that the cancelation takes its place.
    """
    if posting.ambiguous_since is None:
        return False
    if at.postings.seen_state(posting.key.marketplace, posting.key.source_id) not in DEAD:
        return False
    horizon = posting.ambiguous_since + HORIZON
    if at.clock() < horizon or not looked_up:
        again = max(horizon, next_attempt(at, posting.attempt))
        release(at, posting, again, "the order was cancelled; a sales order may still appear")
    else:
        never_sent = replace(posting, ambiguous_since=None)
        release(at, never_sent, at.clock(), "the order was cancelled; no sales order appeared", untouched=True)
    return True


# --- prove ---------------------------------------------------------------------------------------------------------


def _prove(ready: Sequence[Ready], at: At, failed: list[Key]) -> None:
    """Read back what was written and compare it with Mirakl to the cent, before anything follows from it."""
    if not ready:
        return
    try:
        found = at.ledger.find_transactions([each.sales_order.external_id for each in ready])
    except (Retryable, CredentialsRefused) as error:
        for each in ready:
            release(at, each.posting, next_attempt(at, each.posting.attempt), f"not read back: {error}")
        return
    at.switches.worked(NETSUITE, at.clock())
    proven: list[tuple[Posting, PostedTransaction]] = []
    for each in ready:
        with _Guard(each.posting, at, failed):
            external_id = each.sales_order.external_id
            try:
                record = found.get(external_id) or at.ledger.read_sales_order(external_id)
            except (Retryable, CredentialsRefused) as error:
                release(at, each.posting, next_attempt(at, each.posting.attempt), f"not read back: {error}")
                continue
            if record is None:
                release(at, each.posting, next_attempt(at, each.posting.attempt), "not found by external id")
                continue
            _compare(each.sales_order, record)
            proven.append((each.posting, record))

    def confirm(pair: tuple[Posting, PostedTransaction]) -> None:
        posting, record = pair
        with _Guard(posting, at, failed):
            at.postings.confirm(posting, _facts(record), [_reference(posting, record)], at.clock())
            at.meter.count("SalesOrdersPosted", marketplace=posting.key.marketplace)

    # All at once: while a batch is written down its NetSuite slot is idle.
    at.together(confirm, proven)


def _compare(sent: SalesOrder, record: PostedTransaction) -> None:
    """Raises NeedsAttention when the record is not ours, or is not worth what the buyer paid."""
    if record.kind != SALES_ORDER_TYPE or record.reference != sent.order_id[:LONGEST_REFERENCE]:
        raise NeedsAttention(
            Reason.EXTERNAL_ID_TAKEN,
            {"external_id": sent.external_id, "type": record.kind, "number": record.number, "id": record.id},
        )
    if record.total != sent.gross:
        raise NeedsAttention(
            Reason.TOTAL_MISMATCH,
            {"netsuite": str(record.total), "mirakl": str(sent.gross), "number": record.number, "id": record.id},
        )


def _facts(record: PostedTransaction) -> dict[str, str]:
    return {"id": record.id, "number": record.number, "total": str(record.total)}


def _reference(posting: Posting, record: PostedTransaction) -> Intent:
    """The marketplace learns our number (OR04)."""
    key = posting.key
    return Intent(
        key=Key(key.marketplace, key.thread, Kind.SELLER_REFERENCE, key.source_id),
        source_version=posting.source_version,
        payload=posting.payload,
        facts={"reference": record.number},
    )


class _Guard:
    """Keeps one posting's trouble from the others of its batch.

    What a person must mend is parked; a lost lease is its new owner's; what nobody foresaw is logged and given back to
    the queue. This is the flow's one broad handler, because a poison order must not stop the nine beside it.
    """

    def __init__(self, posting: Posting, at: At, failed: list[Key]) -> None:
        self._posting = posting
        self._at = at
        self._failed = failed

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, LeaseLostError):
            return True
        if isinstance(error, NeedsAttention):
            park(self._at, self._posting, error)
            return True
        if not isinstance(error, Exception):
            return False
        logger.error(
            "posting failed",
            exc_info=error,
            extra={"posting": str(self._posting.key), "attempt": self._posting.attempt},
        )
        self._failed.append(self._posting.key)
        return True

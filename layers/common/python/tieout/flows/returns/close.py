"""Sales order lines end where the marketplace cancelled, refused or refunded them before they left.

What changes is worked out from the newest order and the sales order as it stands, and written by line number: doing it
twice changes nothing. It is believed only when it was read back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.errors import CredentialsRefused, NeedsAttention, Reason, Retryable
from tieout.domain.orders.booked import Booked, LineChange
from tieout.domain.orders.order import Order
from tieout.domain.postings import OPEN, Key, Kind, Posting, State
from tieout.domain.returns.closures import Closing, closing_of, everything_open
from tieout.flows.archived import archived_order
from tieout.flows.outcomes import come_back, held_until, hold, next_attempt, park, release
from tieout.flows.ports import At
from tieout.flows.posting import FLOW, NETSUITE, Guard, NotNeeded, NotYet, still_failing
from tieout.flows.returns.thread import has_sales_order, newest_payload, of_kind, sales_order_id, tax_rules
from tieout.flows.shipments.from_order import DONE

PATIENCE = timedelta(hours=6)
"""How long the last fulfilments of an order that is over may take; after that it is closed without them."""
MOST_ATTEMPTS = 8
"""A line that does not change after so many writes needs a person."""


class Wanted(Struct, frozen=True):
    """A claimed posting with its order as it is now."""

    posting: Posting
    order: Order


def post_closures(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Close what is due of these keys, one PATCH an order; answers the keys that failed unforeseen."""
    postings = at.postings.claim(keys, at.clock())
    failed = still_failing(returned, postings, at)
    if not postings:
        return failed
    if held := held_until(at, FLOW, NETSUITE):
        hold(at, postings, *held)
        return failed
    wanted = _read(postings, at, failed)
    standing = _booked(wanted, at)
    if standing is None:
        return failed
    written: list[Wanted] = []
    for group in _by_order(wanted):
        if at.clock() + timedelta(seconds=at.config.netsuite.read_timeout_seconds) > deadline:
            for each in group:
                release(at, each.posting, at.clock(), "out of time", untouched=True)
            continue
        written += _close(group, standing, at, failed)
    if written and (now := _booked(written, at)) is not None:
        at.switches.worked(NETSUITE, at.clock())
        for group in _by_order(written):
            _prove(group, now, at, failed)
    return failed


def _read(postings: Sequence[Posting], at: At, failed: list[Key]) -> list[Wanted]:
    newest = {posting.key: newest_payload(posting.key, at, posting.payload) for posting in postings}
    documents = at.archive.load(list(dict.fromkeys(newest.values())))
    wanted: list[Wanted] = []
    for posting in postings:
        with Guard(posting, at, failed):
            order = archived_order(replace(posting, payload=newest[posting.key]), documents, at)
            _check_sales_order(posting, at)
            wanted.append(Wanted(posting, order))
    return wanted


def _check_sales_order(posting: Posting, at: At) -> None:
    """Raises NotYet or NotNeeded. A parked sales order is made without what was cancelled, if it ever is made."""
    sale = at.postings.posting(Key(posting.key.marketplace, posting.key.thread, Kind.SALES_ORDER, posting.key.thread))
    parked_unwritten = (
        sale is not None
        and sale.state is State.PARKED
        and sale.reason != Reason.TOTAL_MISMATCH
        and sale.ambiguous_since is None
    )
    if parked_unwritten or not has_sales_order(posting.key, at):
        raise NotNeeded({"closed": "no sales order"})
    if posting.key.source_id == DONE:
        thread = at.postings.of_thread(posting.key.marketplace, posting.key.thread)
        if of_kind(thread, Kind.FULFILMENT, *OPEN, State.PARKED):
            raise NotYet("a fulfilment is on its way")


def _booked(wanted: Sequence[Wanted], at: At) -> dict[str, Booked] | None:
    """The sales orders as they stand; None where NetSuite did not say, and everything was given back."""
    if not wanted:
        return {}
    try:
        return at.ledger.booked(list(dict.fromkeys(sales_order_id(each.posting.key) for each in wanted)))
    except (Retryable, CredentialsRefused) as error:
        for each in wanted:
            come_back(at, each.posting, error, NETSUITE)
        return None


def _by_order(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    groups: defaultdict[str, list[Wanted]] = defaultdict(list)
    for each in wanted:
        groups[sales_order_id(each.posting.key)].append(each)
    return list(groups.values())


def _closing(group: Sequence[Wanted], booked: Booked, at: At) -> Closing:
    """What is to change for all postings of one order."""
    order = max((each.order for each in group), key=lambda order: order.version)
    closing = closing_of(order, booked, tax_rules(at.config, order.marketplace))
    done = next((each.posting for each in group if each.posting.key.source_id == DONE), None)
    if done is None:
        return closing
    units = {line.line_id: line.quantity for line in order.live_lines}
    unshipped = [line for line in booked.lines if line.ships and line.shipped < units.get(line.line_id, 0)]
    if unshipped and not booked.is_over and at.clock() < (done.first_seen or at.clock()) + PATIENCE:
        raise NotYet("not everything is fulfilled yet")
    return Closing(everything_open(booked), ())


def _close(group: list[Wanted], standing: Mapping[str, Booked], at: At, failed: list[Key]) -> list[Wanted]:
    """Write the changes of one order; answers the postings whose changes are to be read back."""
    booked = standing.get(sales_order_id(group[0].posting.key))
    closing: Closing | None = None
    for each in group:
        with Guard(each.posting, at, failed):
            if booked is None or booked.kind != "SalesOrd":
                raise NotYet("NetSuite does not show the sales order yet")
            closing = _closing(group, booked, at)
            if not closing.changes:
                closing.complain()
                _confirm(each, booked, (), at)
            elif each.posting.attempt > MOST_ATTEMPTS:
                raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"number": booked.number, "detail": "lines stay open"})
    if booked is None or closing is None or not closing.changes:
        return []
    if any(each.posting.attempt > MOST_ATTEMPTS for each in group):
        group = [each for each in group if each.posting.attempt <= MOST_ATTEMPTS]
    return _write(group, booked, closing.changes, at)


def _write(group: list[Wanted], booked: Booked, changes: Sequence[LineChange], at: At) -> list[Wanted]:
    if not group:
        return []
    try:
        at.ledger.change_lines(booked.id, changes)
    except (Retryable, CredentialsRefused) as error:
        for each in group:
            come_back(at, each.posting, error, NETSUITE)
        return []
    except NeedsAttention as problem:
        for each in group:
            park(at, each.posting, problem)
        return []
    return group


def _prove(group: list[Wanted], now: Mapping[str, Booked], at: At, failed: list[Key]) -> None:
    """Believe the change when NetSuite shows it; what shows late is looked at again."""
    booked = now.get(sales_order_id(group[0].posting.key))
    for each in group:
        with Guard(each.posting, at, failed):
            closing = _closing(group, booked, at) if booked else None
            if booked is None or closing is None or closing.changes:
                release(at, each.posting, next_attempt(at, each.posting.attempt), "not shown as closed yet")
                continue
            closing.complain()
            _confirm(each, booked, [line.line_id for line in booked.lines if line.is_closed], at)


def _confirm(each: Wanted, booked: Booked, closed: Sequence[str], at: At) -> None:
    facts = {"id": booked.id, "number": booked.number, "closed": ", ".join(filter(None, closed)) or "nothing to close"}
    at.postings.confirm(each.posting, facts, [], at.clock())
    at.meter.count("LinesClosed", marketplace=each.posting.key.marketplace)

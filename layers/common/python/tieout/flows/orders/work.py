"""The queue orders-to-post: whatever is to be written to NetSuite for an order, by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from importlib import import_module

from tieout.domain.postings import Key, Kind
from tieout.flows.ports import At

Worker = Callable[[Sequence[Key], At, datetime, Collection[Key]], list[Key]]

WORKERS = {
    Kind.SALES_ORDER: ("tieout.flows.orders.post", "post_sales_orders"),
    Kind.FULFILMENT: ("tieout.flows.shipments.fulfil", "post_fulfilments"),
    Kind.INVOICE: ("tieout.flows.shipments.bill", "post_invoices"),
    Kind.CLOSURE: ("tieout.flows.returns.close", "post_closures"),
    Kind.CREDIT_MEMO: ("tieout.flows.returns.credit", "post_credit_memos"),
    Kind.RETURN_AUTHORIZATION: ("tieout.flows.returns.authorize", "post_return_authorizations"),
    Kind.ITEM_RECEIPT: ("tieout.flows.returns.receive", "post_item_receipts"),
}
"""In the order in which they build on each other. Loaded when first needed: most batches are sales orders alone."""


def post_due(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys; answers those that have to come again by the queue.

    Each kind's worker starts nothing that could outlive `deadline`; what it does not get to stays due.
    """
    by_kind: defaultdict[Kind, list[Key]] = defaultdict(list)
    for key in keys:
        by_kind[key.kind].append(key)
    failed: list[Key] = []
    for kind in WORKERS:
        if mine := by_kind.pop(kind, []):
            failed += worker_of(kind)(mine, at, deadline, [key for key in returned if key.kind is kind])
    # A kind of another queue is nobody's here: its message comes again until somebody is called.
    return failed + [key for keys in by_kind.values() for key in keys]


def worker_of(kind: Kind) -> Worker:
    """Who writes this kind."""
    module, name = WORKERS[kind]
    worker: Worker = getattr(import_module(module), name)
    return worker

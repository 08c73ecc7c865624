"""Sales orders out: each due posting becomes exactly one NetSuite sales order whose total is Mirakl's gross."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.orders.matching import Catalogue
from tieout.domain.orders.order import DEAD, Order
from tieout.domain.orders.sales_order import SalesOrder, SalesOrderRules, sales_order_for
from tieout.domain.postings import Intent, Key, Kind, Posting
from tieout.flows.archived import archived_order
from tieout.flows.orders import rules
from tieout.flows.orders.doubts import stop_doubted
from tieout.flows.ports import At, PostedTransaction, References
from tieout.flows.posting import FLOW, NETSUITE, Recipe, post_records, taken

__all__ = ["FLOW", "NETSUITE", "post_sales_orders"]

SALES_ORDER_TYPE = "SalesOrd"
LONGEST_REFERENCE = 45
"""`otherRefNum` holds this many characters; a longer order id stands whole in its custom field."""


def post_sales_orders(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys; see `posting.post_records`."""
    return post_records(keys, at, deadline, returned, SalesOrders(at))


class SalesOrders(Recipe[Order, SalesOrder]):
    """A sold order becomes a sales order; a batch costs one look-up of items."""

    record_type = "salesOrder"
    counter = "SalesOrdersPosted"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._rules: dict[str, SalesOrderRules] = {}
        self._catalogue: Catalogue
        self._references: References

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> Order:
        return archived_order(posting, documents, self.at)

    def look_up(self, sources: Sequence[tuple[Posting, Order]]) -> None:
        self._catalogue = rules.catalogue_for(self.at.config, [order for _, order in sources], self.at.ledger)
        self._references = self.at.ledger.references()

    def draft(self, posting: Posting, source: Order) -> SalesOrder:
        if posting.target_id is None and posting.ambiguous_since is None:
            # What may be written already is proven all the same.
            stop_doubted(source, self.at)
        if source.marketplace not in self._rules:
            charge_item = rules.charge_item_id(self.at.config, source.marketplace, self._catalogue)
            self._rules[source.marketplace] = rules.sales_order_rules(
                self.at.config, source.marketplace, self._references, charge_item
            )
        return _draft(source, self._rules[source.marketplace], self._catalogue, self.at)

    def create(self, draft: SalesOrder) -> str:
        self.at.ledger.ensure_customer(draft.customer)
        return self.at.ledger.create_sales_order(draft)

    def read(self, draft: SalesOrder) -> PostedTransaction | None:
        return self.at.ledger.read_sales_order(draft.external_id)

    def check(self, draft: SalesOrder, record: PostedTransaction) -> None:
        _compare(draft, record)

    def follow_ups(self, posting: Posting, draft: SalesOrder, record: PostedTransaction) -> list[Intent]:  # noqa: ARG002
        """The marketplace learns our number (OR04)."""
        key = posting.key
        return [
            Intent(
                key=Key(key.marketplace, key.thread, Kind.SELLER_REFERENCE, key.source_id),
                source_version=posting.source_version,
                payload=posting.payload,
                facts={"reference": record.number},
            )
        ]

    def fell_through(self, posting: Posting) -> bool:
        """Whether the order has been cancelled since."""
        return self.at.postings.seen_state(posting.key.marketplace, posting.key.source_id) in DEAD


def _draft(order: Order, settings: SalesOrderRules, catalogue: Catalogue, at: At) -> SalesOrder:
    return sales_order_for(order, settings, rules.item_ids(at.config, order, catalogue))


def _compare(sent: SalesOrder, record: PostedTransaction) -> None:
    """Raises NeedsAttention when the record is not ours, or is not worth what the buyer paid."""
    if record.kind != SALES_ORDER_TYPE or record.reference != sent.order_id[:LONGEST_REFERENCE]:
        raise taken(sent.external_id, record)
    if record.total != sent.gross:
        raise NeedsAttention(
            Reason.TOTAL_MISMATCH,
            {"netsuite": str(record.total), "mirakl": str(sent.gross), "number": record.number, "id": record.id},
        )

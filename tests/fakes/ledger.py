"""A NetSuite account in memory: one namespace of external ids, items with stock, and totals computed from the lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal

from tests.fakes.billing import MemoryBilling
from tests.fakes.clock import VirtualClock
from tests.fakes.dispatch import MemoryWarehouse
from tests.fakes.record import Record
from tests.fakes.settlement import MemorySettlement
from tests.fakes.shelves import MemoryShelves
from tests.fakes.taking_back import MemoryCredits
from tieout.domain.errors import AlreadyExists, NeedsAttention, Reason
from tieout.domain.exchange import PostedTransaction, References
from tieout.domain.money import ZERO, Money
from tieout.domain.orders.matching import Item, folded
from tieout.domain.orders.sales_order import CustomerDraft, SalesOrder

STOCKED = frozenset({"InvtPart", "Assembly"})


class MemoryLedger(MemoryCredits, MemorySettlement, MemoryWarehouse, MemoryBilling, MemoryShelves):
    """Fits `ports.Ledger`. `records` is every sales order in the order it was committed."""

    def __init__(self, clock: VirtualClock, items: Collection[Item] = (), lag: timedelta = timedelta()) -> None:
        super().__init__()
        self._clock = clock
        self.lag = lag
        """How long SuiteQL does not show what was just written; a record GET always does."""
        self.items_table: list[Item] = list(items)
        self.stock: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        """On hand by item id and location id."""
        self.names = References(
            subsidiaries={"Gift Shop UK": "1", "Gift Shop Europe": "2"},
            locations={"Main warehouse": "1", "Shop": "2", "Rotterdam": "3"},
            currencies={"GBP": "1", "EUR": "2", "JPY": "3", "KWD": "4"},
        )
        self.records: list[Record] = []
        self.customers: dict[str, CustomerDraft] = {}
        self.refuses: dict[str, NeedsAttention] = {}
        """What NetSuite says to a sales order with this order id."""
        self.adds: dict[str, Decimal] = {}
        """What NetSuite makes of a total by its own rules (a list price, a rounding), by order id."""
        self.calls: Counter[str] = Counter()
        self._by_external_id: dict[str, Record] = {}
        self._committed: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)

    # --- reference data ----------------------------------------------------------------------------------------------

    def references(self) -> References:
        return self.names

    def items(self, itemids: Collection[str], upcs: Collection[str] = ()) -> list[Item]:
        self.calls["items"] += 1
        return [item for item in self.items_table if item.itemid in itemids or (item.upc and item.upc in upcs)]

    def similar_items(self, itemids: Collection[str]) -> list[Item]:
        self.calls["similar_items"] += 1
        wanted = {folded(itemid) for itemid in itemids}
        return [item for item in self.items_table if not item.is_inactive and folded(item.itemid) in wanted]

    def available(self, items: Collection[Item], location_ids: Collection[str]) -> dict[str, Decimal]:
        self.calls["available"] += 1
        return {
            item.id: max(
                ZERO, sum((self.stock[item.id, at] - self._committed[item.id, at] for at in location_ids), ZERO)
            )
            for item in items
            if item.kind in STOCKED
        }

    # --- customers and sales orders ----------------------------------------------------------------------------------

    def ensure_customer(self, customer: CustomerDraft) -> None:
        if customer.external_id not in self.customers:
            self.calls["ensure_customer"] += 1
            self.customers[customer.external_id] = customer

    def create_sales_order(self, order: SalesOrder) -> str:
        self.calls["create_sales_order"] += 1
        if problem := self.refuses.get(order.order_id):
            raise problem
        if self._is_taken(order.external_id):
            raise AlreadyExists(order.external_id)
        return self.commit(order).transaction.id

    def _is_taken(self, external_id: str) -> bool:
        return external_id.casefold() in self._by_external_id

    def commit(self, order: SalesOrder, kind: str = "SalesOrd") -> Record:
        """Write a transaction as it is; for tests also one that somebody else wrote."""
        internal_id = str(1000 + len(self.records))
        total = total_of(order) + self.adds.get(order.order_id, ZERO)
        transaction = PostedTransaction(
            id=internal_id,
            external_id=order.external_id,
            kind=kind,
            number=f"SO{internal_id}",
            reference=order.order_id[:45],
            total=Money(total, order.gross.currency),
        )
        record = Record(transaction, order, self._clock.now)
        self.records.append(record)
        self._by_external_id[order.external_id.casefold()] = record
        for line in order.lines:
            self._committed[line.item_id, order.location_id] += line.quantity
        return record

    def find_transactions(self, external_ids: Collection[str]) -> dict[str, PostedTransaction]:
        self.calls["find_transactions"] += 1
        shown = self._clock.now - self.lag
        return {
            external_id: record.transaction
            for external_id in external_ids
            if (record := self._by_external_id.get(external_id.casefold())) and record.created_at <= shown
        }

    def read_sales_order(self, external_id: str) -> PostedTransaction | None:
        self.calls["read_sales_order"] += 1
        record = self._by_external_id.get(external_id.casefold())
        return record.transaction if record and record.transaction.kind == "SalesOrd" else None

    def refuse(self, order_id: str, words: str) -> None:
        """NetSuite will refuse a sales order for this order."""
        self.refuses[order_id] = NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"code": "USER_ERROR", "detail": words})


def total_of(order: SalesOrder) -> Decimal:
    """A sales order's total as NetSuite adds it up: lines, shipping, and the tax on both."""
    total = order.shipping_net
    for line in order.lines:
        total += line.net
        for tax in line.taxes:
            total += tax.amount
    for tax in order.shipping_taxes:
        total += tax.amount
    return total

"""The NetSuite account: sales orders in, and what is asked about them. Fits `flows.ports.Ledger`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.json import Decoder

from tieout.domain.errors import AlreadyExists, NeedsAttention, Reason
from tieout.domain.exchange import PostedTransaction, References
from tieout.domain.orders.matching import Item
from tieout.domain.orders.sales_order import CustomerDraft, SalesOrder
from tieout.netsuite import queries
from tieout.netsuite.connection import Connection
from tieout.netsuite.dispatch import AfterTheOrder
from tieout.netsuite.items import Items
from tieout.netsuite.payloads import customer_body, sales_order_body
from tieout.netsuite.records import RECORDS, created_id, is_missing
from tieout.netsuite.refusals import read
from tieout.netsuite.seller_stock import SellerStocks
from tieout.netsuite.settlement import Settlement
from tieout.netsuite.shelves import Shelves
from tieout.netsuite.withholding import names_of, personal_of, withheld


class _Customer(Struct, frozen=True):
    id: str | int = field(default="")


_CUSTOMER = Decoder(_Customer)


class NetSuite(AfterTheOrder, Settlement, Shelves, SellerStocks):
    """Creates records once and reads by SuiteQL. What never changes is kept for the life of the process."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        AfterTheOrder.__init__(self, connection, clock, self._symbol)
        Settlement.__init__(self, connection, self.references)
        Shelves.__init__(self, connection, self._zone)
        SellerStocks.__init__(self, connection)
        self._connection = connection
        self._items = Items(connection, clock)
        self._references: References | None = None
        self._customers: set[str] = set()

    @property
    def connection(self) -> Connection:
        """The connection itself, for questions about the account that no flow asks (`netsuite.probes`)."""
        return self._connection

    def references(self) -> References:
        """Ids of subsidiaries, locations and currencies, by name (SuiteQL), asked once a process."""
        if self._references is None:
            self._references = queries.references(self._connection)
        return self._references

    def items(self, itemids: Collection[str], upcs: Collection[str] = ()) -> list[Item]:
        """Items whose `itemid` (or UPC) is exactly one of these, inactive ones too (SuiteQL)."""
        return self._items.exact(itemids, upcs)

    def similar_items(self, itemids: Collection[str]) -> list[Item]:
        """Active items that differ from these by case or blanks only (SuiteQL)."""
        return self._items.similar(itemids)

    def available(self, items: Collection[Item], location_ids: Collection[str]) -> dict[str, Decimal]:
        """Units free to promise by item id, over the locations (SuiteQL). Items that carry no stock are not in it."""
        return self._items.available(items, location_ids)

    def ensure_customer(self, customer: CustomerDraft) -> None:
        """Create the customer; that its external id is taken already is as good (record `customer`).

        Raises NeedsAttention when NetSuite refuses, also because another customer has the name.
        """
        if customer.external_id in self._customers:
            return
        try:
            with withheld(names_of(customer)):
                self._connection.write("POST customer", f"{RECORDS}/customer", customer_body(customer))
        except AlreadyExists as taken:
            self._check_is_ours(customer, str(taken))
        self._customers.add(customer.external_id)

    def create_sales_order(self, order: SalesOrder) -> str:
        """Create record `salesOrder`, once; answers its internal id.

        Raises AlreadyExists when the external id is taken, NeedsAttention when NetSuite refuses, OutcomeUnknown when it
        may have been created.
        """
        with withheld(personal_of(order)):
            answer = self._connection.write("POST salesOrder", f"{RECORDS}/salesOrder", sales_order_body(order))
        return created_id(answer)

    def find_transactions(self, external_ids: Collection[str]) -> dict[str, PostedTransaction]:
        """Transactions of any type by the external ids asked for (SuiteQL); a fresh one may be missing still."""
        return queries.transactions(self._connection, external_ids)

    def read_sales_order(self, external_id: str) -> PostedTransaction | None:
        """A sales order by external id (record GET, always current); None when there is none."""
        return self.read_transaction("salesOrder", external_id)

    def _symbol(self, currency_id: str) -> str:
        symbols = {known: symbol for symbol, known in self.references().currencies.items()}
        return symbols.get(currency_id, f"currency {currency_id}")

    def _check_is_ours(self, customer: CustomerDraft, words: str) -> None:
        """NetSuite says "already exists" of the external id and of the name alike."""
        path = f"{RECORDS}/customer/eid:{quote(customer.external_id, safe='')}"
        try:
            call, answer = self._connection.read("GET customer", path, params={"fields": "id"})
        except NeedsAttention as refused:
            if not is_missing(refused):
                raise
            facts = {
                "customer": customer.external_id,
                "detail": words,
                "hint": "another customer has this name: give that one this external id, or set customer.name",
            }
            raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, facts) from refused
        read(_CUSTOMER, call, answer)

"""The NetSuite account: sales orders in, and what is asked about them. Fits `flows.ports.Ledger`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.json import Decoder

from tieout.calls import Answer
from tieout.domain.errors import AlreadyExists, NeedsAttention, OutcomeUnknown, Reason
from tieout.domain.exchange import PostedTransaction, References
from tieout.domain.money import Money
from tieout.domain.orders.matching import Item
from tieout.domain.orders.sales_order import CustomerDraft, SalesOrder
from tieout.netsuite import queries
from tieout.netsuite.connection import Connection
from tieout.netsuite.items import Items
from tieout.netsuite.payloads import customer_body, sales_order_body
from tieout.netsuite.refusals import read
from tieout.netsuite.withholding import names_of, personal_of, withheld

RECORDS = "/services/rest/record/v1"
SALES_ORDER_TYPE = "SalesOrd"
READ_BACK_FIELDS = "id,tranId,externalId,otherRefNum,total,currency"

_ID_IN_LOCATION = re.compile(r"/(\d+)/?$")


class _Reference(Struct, frozen=True):
    id: str | int = ""


class _SalesOrder(Struct, frozen=True, rename="camel"):
    id: str | int
    total: Decimal
    currency: _Reference
    tran_id: str = ""
    external_id: str = ""
    other_ref_num: str = ""


class _Customer(Struct, frozen=True):
    id: str | int = field(default="")


_SALES_ORDER = Decoder(_SalesOrder)
_CUSTOMER = Decoder(_Customer)


class NetSuite:
    """Creates records once and reads by SuiteQL. What never changes is kept for the life of the process."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
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
        return _created_id(answer)

    def find_transactions(self, external_ids: Collection[str]) -> dict[str, PostedTransaction]:
        """Transactions of any type by the external ids asked for (SuiteQL); a fresh one may be missing still."""
        return queries.transactions(self._connection, external_ids)

    def read_sales_order(self, external_id: str) -> PostedTransaction | None:
        """A sales order by external id (record GET, always current); None when there is none."""
        path = f"{RECORDS}/salesOrder/eid:{quote(external_id, safe='')}"
        try:
            call, answer = self._connection.read("GET salesOrder", path, params={"fields": READ_BACK_FIELDS})
        except NeedsAttention as refused:
            if _is_missing(refused):
                return None
            raise
        found = read(_SALES_ORDER, call, answer)
        return PostedTransaction(
            id=str(found.id),
            external_id=found.external_id or external_id,
            kind=SALES_ORDER_TYPE,
            number=found.tran_id,
            reference=found.other_ref_num,
            total=Money(found.total, self._symbol(str(found.currency.id))),
        )

    def _symbol(self, currency_id: str) -> str:
        symbols = {known: symbol for symbol, known in self.references().currencies.items()}
        return symbols.get(currency_id, f"currency {currency_id}")

    def _check_is_ours(self, customer: CustomerDraft, words: str) -> None:
        """NetSuite says "already exists" of the external id and of the name alike."""
        path = f"{RECORDS}/customer/eid:{quote(customer.external_id, safe='')}"
        try:
            call, answer = self._connection.read("GET customer", path, params={"fields": "id"})
        except NeedsAttention as refused:
            if not _is_missing(refused):
                raise
            facts = {
                "customer": customer.external_id,
                "detail": words,
                "hint": "another customer has this name: give that one this external id, or set customer.name",
            }
            raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, facts) from refused
        read(_CUSTOMER, call, answer)


def _created_id(answer: Answer) -> str:
    """The new id stands in the Location header only; the address itself is never called."""
    found = _ID_IN_LOCATION.search(answer.headers.get("Location", ""))
    if found is None:
        raise OutcomeUnknown(f"NetSuite answered {answer.status} to a create, without a Location that ends in an id")
    return found.group(1)


def _is_missing(refused: NeedsAttention) -> bool:
    return refused.facts.get("code") in {"NONEXISTENT_ID", "404"}

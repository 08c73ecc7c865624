"""The settlement's side of NetSuite: records that close a cycle, and the books read back. Part of `client.NetSuite`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from urllib.parse import quote

from msgspec.json import Encoder
from msgspec.structs import replace

from tieout.domain.errors import AlreadyExists, NeedsAttention, Reason
from tieout.domain.exchange import References
from tieout.domain.ledger.gl import Balance, GlLine, VendorBalance, VendorDraft
from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.record import Record
from tieout.domain.orders.sales_order import TaxRules
from tieout.netsuite import settlement_queries as queries
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import Json, text
from tieout.netsuite.records import RECORDS, created_id, is_missing
from tieout.netsuite.settlement_bodies import Setting, body_of, item_accounts
from tieout.netsuite.withholding import withheld

_encode = Encoder(decimal_format="number").encode


class Settlement:
    """Creates the records of a settlement once, and reads documents and the general ledger by SuiteQL.

    Account ids, and the items that stand for accounts, are kept for the life of the process.
    """

    def __init__(self, connection: Connection, references: Callable[[], References]) -> None:
        self._link = connection
        self._names = references
        self._accounts: dict[str, str] = {}
        self._account_items: dict[str, str] = {}
        self._vendors: set[str] = set()
        self._routed = False

    # --- records -----------------------------------------------------------------------------------------------------

    def create_record(
        self,
        record: Record,
        *,
        subsidiary_id: str | None = None,
        approve: bool = False,
        taxes: TaxRules | None = None,
    ) -> str:
        """Create a record of the settlement, once; answers its internal id.

        Journals are written into `subsidiary_id` (all other forms follow their customer or vendor), and as approved
        only if `approve`. `taxes` says how cash sales and invoices carry their VAT. What it is applied to is looked up
        by external id where the application has no internal id. Raises AlreadyExists, OutcomeUnknown, and
        NeedsAttention: REFUSED_BY_NETSUITE; FIGURES_DISAGREE where the form cannot say the record;
        CURRENCY_NOT_CONFIGURED; ACCOUNT_NOT_FOUND for accounts, items or documents that are not there.
        """
        currency_id = self._names().currencies.get(record.currency)
        if currency_id is None:
            raise NeedsAttention(Reason.CURRENCY_NOT_CONFIGURED, {"currency": record.currency})
        wanted = item_accounts(record, taxes)
        setting = Setting(
            accounts=self.account_ids({entry.account for entry in record.entries}),
            currency_id=currency_id,
            subsidiary_id=subsidiary_id,
            approve=approve,
            taxes=taxes,
            applied=self._applied(record),
            items=self._items_of(wanted) if wanted else {},
            routed=self._routed,
        )
        try:
            return self._create(record, setting)
        except NeedsAttention as refused:
            if setting.routed or refused.facts.get("path") != "approved":
                raise
        # An account that routes journals for approval knows this by another name; a refusal has written nothing.
        self._routed = True
        return self._create(record, replace(setting, routed=True))

    def ensure_vendor(self, vendor: VendorDraft) -> None:
        """Create the vendor; that its external id is taken already is as good (record `vendor`).

        Raises NeedsAttention when NetSuite refuses, also because a customer or another vendor has the id or the name;
        never with the name in it: a shop may be a person.
        """
        if vendor.external_id in self._vendors:
            return
        body: Json = {
            "externalId": vendor.external_id,
            "isPerson": False,
            "companyName": text(vendor.name),
            "currency": {"id": vendor.currency_id},
        }
        if vendor.subsidiary_id is not None:
            body["subsidiary"] = {"id": vendor.subsidiary_id}
        try:
            with withheld(() if vendor.external_id.endswith("-VEN-OPERATOR") else (vendor.name,)):
                self._link.write("POST vendor", f"{RECORDS}/vendor", _encode(body))
        except AlreadyExists as taken:
            self._check_is_vendor(vendor, str(taken))
        self._vendors.add(vendor.external_id)

    # --- what stands there -------------------------------------------------------------------------------------------

    def documents_of(self, order_ids: Collection[str]) -> list[Booked]:
        """Invoices, credit memos, cash sales and cash refunds of these orders, whoever wrote them (SuiteQL)."""
        return queries.documents_of(self._link, order_ids)

    def documents_of_marketplace(self, marketplace: str, since: date) -> Iterator[list[Booked]]:
        """Pages of the same documents of all orders of a marketplace, dated since then (SuiteQL)."""
        return queries.documents_of_marketplace(self._link, marketplace, since)

    def documents_by_external_id(self, external_ids: Collection[str]) -> dict[str, Booked]:
        """Transactions of any type by the external ids asked for (SuiteQL); a fresh one may be missing still."""
        return queries.documents_by_external_id(self._link, external_ids)

    def gl_lines(self, external_ids: Collection[str]) -> list[GlLine]:
        """The general ledger's lines of these transactions, also of those that wait for approval (SuiteQL)."""
        return queries.gl_lines(self._link, external_ids)

    def balances(self, accounts: Collection[str], until: date | None = None) -> list[Balance]:
        """What accounts (by number) hold by transaction currency, posted up to and with that day (SuiteQL)."""
        return queries.balances(self._link, accounts, until)

    def vendor_balances(self, account: str, until: date) -> list[VendorBalance]:
        """What an account (by number) holds by vendor and currency, posted up to and with that day (SuiteQL)."""
        return queries.vendor_balances(self._link, account, until)

    def account_ids(self, numbers: Collection[str]) -> dict[str, str]:
        """Internal ids by account number. Raises NeedsAttention(ACCOUNT_NOT_FOUND) naming what is not there."""
        unknown = [number for number in numbers if number not in self._accounts]
        if unknown:
            self._accounts.update(queries.account_ids(self._link, unknown))
        missing = sorted(number for number in numbers if number not in self._accounts)
        if missing:
            raise _not_there("accounts", missing, "the account map names them: correct it, or create the account")
        return {number: self._accounts[number] for number in numbers}

    def _create(self, record: Record, setting: Setting) -> str:
        body = body_of(record, setting)
        return created_id(self._link.write(f"POST {record.type}", f"{RECORDS}/{record.type}", body))

    # --- looked up for a record --------------------------------------------------------------------------------------

    def _applied(self, record: Record) -> Mapping[str, str]:
        wanted = [each.external_id for each in record.applications if not each.id]
        if not wanted:
            return {}
        found = queries.ids_by_external_id(self._link, wanted)
        missing = sorted(each for each in wanted if each not in found)
        if missing:
            raise _not_there("documents", missing, "the record is applied to them")
        return found

    def _items_of(self, accounts: Collection[str]) -> Mapping[str, str]:
        unknown = [number for number in accounts if number not in self._account_items]
        if unknown:
            self._account_items.update(queries.account_items(self._link, unknown))
        missing = sorted(queries.item_of(number) for number in accounts if number not in self._account_items)
        if missing:
            raise _not_there("items", missing, "items of type Other Charge or Service, with that income account")
        return self._account_items

    def _check_is_vendor(self, vendor: VendorDraft, words: str) -> None:
        """NetSuite says "already exists" of the external id and of the name alike; customers share both."""
        path = f"{RECORDS}/vendor/eid:{quote(vendor.external_id, safe='')}"
        try:
            self._link.read("GET vendor", path, params={"fields": "id"})
        except NeedsAttention as refused:
            if not is_missing(refused):
                raise
            facts = {
                "vendor": vendor.external_id,
                "detail": words,
                "hint": "a customer or another vendor has this name or external id: give the right vendor this one",
            }
            raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, facts) from refused


def _not_there(what: str, missing: Collection[str], hint: str) -> NeedsAttention:
    return NeedsAttention(Reason.ACCOUNT_NOT_FOUND, {what: ", ".join(missing), "hint": hint})

"""Records of billing cycles in NetSuite: each once, dated into an open period, proven against the general ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from tieout.domain.errors import NeedsAttention, Reason, Retryable
from tieout.domain.exchange import References
from tieout.domain.ids import Party
from tieout.domain.ledger.gl import GlLine, VendorDraft, differences
from tieout.domain.ledger.parties import parties_of
from tieout.domain.ledger.record import Record
from tieout.domain.orders.sales_order import CustomerDraft
from tieout.domain.postings import Key, Posting, State
from tieout.flows.archived import archived
from tieout.flows.ports import At, PostedTransaction
from tieout.flows.posting import NotYet, Recipe, post_records, soon, taken
from tieout.flows.returns.thread import tax_rules
from tieout.flows.settlement.plan import Plan, archived_plan
from tieout.flows.settlement.review import FLOW, key_of

__all__ = ["post_settlement_records"]

WANTED = "reconcile/wanted"
"""Name of the watermark that says when there was something new to compare."""
SUITEQL_TYPE = {
    "customerPayment": "CustPymt",
    "customerRefund": "CustRfnd",
    "vendorBill": "VendBill",
    "vendorCredit": "VendCred",
    "vendorPayment": "VendPymt",
    "journalEntry": "Journal",
    "cashSale": "CashSale",
    "cashRefund": "CashRfnd",
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
}
"""How SuiteQL calls what REST calls otherwise."""


def post_settlement_records(
    keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()
) -> list[Key]:
    """Post what is due of these keys; see `posting.post_records`."""
    recipe = SettlementRecords(at)
    failed = post_records(keys, at, deadline, returned, recipe)
    if recipe.proven:
        at.watermarks.advance(WANTED, at.clock())
    return failed


class SettlementRecords(Recipe[Record, Record]):
    """A record of an archived plan, made as it was agreed to; a batch costs one look at the general ledger."""

    flow = FLOW
    record_type = ""  # each record says its own
    counter = "SettlementRecordsPosted"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self.proven = 0
        """How many records were found to be as they should be."""
        self._plans: dict[str, Plan] = {}
        self._shop_names: dict[str, str] = {}
        """By external id of the record."""
        self._before: dict[Key, Posting | None] = {}
        self._days: dict[tuple[str, date], date | NeedsAttention] = {}
        self._names: References
        self._moved: defaultdict[str, list[GlLine]] = defaultdict(list)

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> Record:
        if posting.payload not in self._plans:
            self._plans[posting.payload] = archived_plan(archived(posting, documents, self.at))
        found = [each for each in self._plans[posting.payload].records if each.external_id == posting.external_id]
        if len(found) != 1:
            raise NeedsAttention(
                Reason.UNREADABLE_DOCUMENT, {"archive": posting.payload, "why": f"no record {posting.external_id}"}
            )
        self._shop_names[posting.external_id] = self._plans[posting.payload].shop_name
        return found[0]

    def look_up(self, sources: Sequence[tuple[Posting, Record]]) -> None:
        self._names = self.at.ledger.references()
        for posting, record in sources:
            for key in _keys_before(posting, record):
                if key not in self._before:
                    self._before[key] = self.at.postings.posting(key)
            self._find_day(posting.key.marketplace, record.day)

    def _find_day(self, marketplace: str, day: date) -> None:
        if (marketplace, day) in self._days:
            return
        settings = self.at.config.marketplaces[marketplace].settlement
        try:
            self._days[marketplace, day] = self.at.ledger.open_day(day, settings.closed_period if settings else "hold")
        except NeedsAttention as problem:
            self._days[marketplace, day] = problem

    def draft(self, posting: Posting, source: Record) -> Record:
        """The record on a day whose period is open, once everything that it builds on is proven."""
        self._wait_for(_keys_before(posting, source))
        day = self._days[posting.key.marketplace, source.day]
        if isinstance(day, NeedsAttention):
            raise day
        if day == source.day:
            return source
        memo = f"{source.memo} ({source.day} is in a closed period)".strip()
        return replace(source, day=day, original_day=source.original_day or source.day, memo=memo)

    def _wait_for(self, keys: Sequence[Key]) -> None:
        for key in keys:
            before = self._before[key]
            # One that is not of this cycle was made by another, or by hand: NetSuite says so when it is applied to.
            if before is None or before.state is State.CONFIRMED:
                continue
            until = None if before.state is State.PARKED else soon(self.at)
            raise NotYet(f"{before.external_id} has to be there first", until)

    def create(self, draft: Record) -> str:
        connection = self.at.config.marketplaces[draft.marketplace]
        name = self.at.config.netsuite.subsidiaries[connection.orders.sales_orders.subsidiary].name
        subsidiary_id = self._names.subsidiaries.get(name) if name else None
        self._ensure_parties(draft, subsidiary_id)
        return self.at.ledger.create_record(
            draft,
            subsidiary_id=subsidiary_id,
            approve=bool(connection.settlement and connection.settlement.approve_journals),
            taxes=tax_rules(self.at.config, draft.marketplace),
        )

    def _ensure_parties(self, draft: Record, subsidiary_id: str | None) -> None:
        """Shops, as vendors and as customers, and the operator: whoever is not there yet is made, and never changed."""
        parties = parties_of(draft, self._shop_names.get(draft.external_id, ""))
        if not parties:
            return
        currency_id = self._names.currencies.get(draft.currency)
        if currency_id is None:
            raise NeedsAttention(Reason.CURRENCY_NOT_CONFIGURED, {"currency": draft.currency})
        for each in parties:
            if each.party is Party.VENDOR:
                self.at.ledger.ensure_vendor(VendorDraft(each.external_id, each.name, subsidiary_id, currency_id))
            else:
                self.at.ledger.ensure_customer(CustomerDraft(each.external_id, each.name, subsidiary_id, currency_id))

    def read(self, draft: Record) -> PostedTransaction | None:
        return self.at.ledger.read_transaction(draft.type, draft.external_id)

    def read_back(self, drafts: Sequence[Record]) -> None:
        for line in self.at.ledger.gl_lines([each.external_id for each in drafts]):
            self._moved[line.external_id.casefold()].append(line)

    def check(self, draft: Record, record: PostedTransaction) -> None:
        """Ours, and every account moved by what it should have been (invariant I26)."""
        if record.kind != SUITEQL_TYPE[draft.type]:
            raise taken(draft.external_id, record)
        lines = self._moved.get(draft.external_id.casefold())
        if not lines:
            raise Retryable("the general ledger does not show it yet")
        if told := differences(draft, lines):
            raise NeedsAttention(
                Reason.TOTAL_MISMATCH,
                {"id": record.id, "number": record.number, "differences": "; ".join(told[:10])},
            )
        self.proven += 1


def _keys_before(posting: Posting, record: Record) -> list[Key]:
    """Postings of what has to be there before the record."""
    return [key_of(each, posting.key.marketplace, posting.key.thread) for each in record.after]

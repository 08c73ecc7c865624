"""Returned goods that came in by the marketplace's word are received on their return authorisation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.orders.booked import Booked
from tieout.domain.postings import OPEN, Key, Kind, Posting, State
from tieout.domain.returns.goods import ItemReceiptDraft, Return
from tieout.flows.ports import At, PostedTransaction
from tieout.flows.posting import NotNeeded, NotYet, Recipe, post_records, taken
from tieout.flows.returns.authorize import archived_return
from tieout.flows.returns.thread import day_of

__all__ = ["post_item_receipts"]

RECEIPT_TYPE = "ItemRcpt"


def post_item_receipts(keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()) -> list[Key]:
    """Post what is due of these keys; see `posting.post_records`."""
    return post_records(keys, at, deadline, returned, Receipts(at))


def authorization_of(key: Key) -> Key:
    """The authorisation that a return's goods are received on."""
    return Key(key.marketplace, key.thread, Kind.RETURN_AUTHORIZATION, key.source_id)


class Receipts(Recipe[Return, ItemReceiptDraft]):
    """Received goods become an item receipt; a batch costs one look-up of authorisations and one of each day."""

    record_type = "itemReceipt"
    counter = "ReturnsReceived"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._booked: dict[str, Booked] = {}
        self._days: dict[tuple[str, date], date | NeedsAttention] = {}

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> Return:
        return archived_return(posting, documents, self.at)

    def look_up(self, sources: Sequence[tuple[Posting, Return]]) -> None:
        wanted = sorted({_authorization_id(posting.key) for posting, _ in sources})
        self._booked = self.at.ledger.booked(wanted) if wanted else {}
        for posting, back in sources:
            marketplace, day = posting.key.marketplace, self._day(posting, back)
            if (marketplace, day) in self._days:
                continue
            policy = self.at.config.marketplaces[marketplace].invoices.closed_period
            try:
                self._days[marketplace, day] = self.at.ledger.open_day(day, policy)
            except NeedsAttention as problem:
                self._days[marketplace, day] = problem

    def draft(self, posting: Posting, source: Return) -> ItemReceiptDraft:
        key = posting.key
        authorization = self.at.postings.posting(authorization_of(key))
        if authorization is None or authorization.state is State.SUPERSEDED or "number" not in authorization.facts:
            if authorization is not None and authorization.state in {*OPEN, State.PARKED}:
                raise NotYet("the return authorisation is on its way")
            raise NotNeeded({"found": "no return authorisation"})
        booked = self._booked.get(_authorization_id(key))
        if booked is None:
            raise NotYet("NetSuite does not show the return authorisation yet")
        day = self._days[key.marketplace, self._day(posting, source)]
        if isinstance(day, NeedsAttention):
            raise day
        quantities: dict[int, int] = {}
        for line in source.lines:
            there = booked.line_of(line.line_id)
            if there is None:
                raise NeedsAttention(
                    Reason.UNREADABLE_DOCUMENT,
                    {"return": source.id, "line": f"{line.line_id} is not on {booked.number}"},
                )
            if there.ships:
                quantities[there.number] = quantities.get(there.number, 0) + line.quantity
        if not quantities:
            raise NotNeeded({"found": "nothing of it is kept in stock"})
        return ItemReceiptDraft(
            external_id=external_id(key.marketplace, Kind.ITEM_RECEIPT, source.id),
            key=f"T-{key.marketplace}-{Kind.ITEM_RECEIPT}-{source.id}",
            authorization_id=booked.id,
            day=day,
            quantities=quantities,
            all_lines=booked.line_numbers,
        )

    def _day(self, posting: Posting, back: Return) -> date:
        return day_of(self.at.config, posting.key.marketplace, back.updated_at).date()

    def create(self, draft: ItemReceiptDraft) -> str:
        return self.at.ledger.create_item_receipt(draft)

    def check(self, draft: ItemReceiptDraft, record: PostedTransaction) -> None:
        if record.kind != RECEIPT_TYPE:
            raise taken(draft.external_id, record)


def _authorization_id(key: Key) -> str:
    return external_id(key.marketplace, Kind.RETURN_AUTHORIZATION, key.source_id)

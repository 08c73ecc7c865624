"""Returns of the marketplace's become return authorisations, approved, out of the sales order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.orders.booked import Booked
from tieout.domain.postings import Key, Kind, Posting
from tieout.domain.returns.goods import Return, ReturnAuthorizationDraft
from tieout.flows.archived import archived
from tieout.flows.ports import At, PostedTransaction
from tieout.flows.posting import NotNeeded, NotYet, Recipe, post_records, taken
from tieout.flows.returns.thread import day_of, has_sales_order, sales_order_id

__all__ = ["archived_return", "post_return_authorizations"]

AUTHORIZATION_TYPE = "RtnAuth"


def post_return_authorizations(
    keys: Sequence[Key], at: At, deadline: datetime, returned: Collection[Key] = ()
) -> list[Key]:
    """Post what is due of these keys; see `posting.post_records`."""
    return post_records(keys, at, deadline, returned, Authorizations(at))


def archived_return(posting: Posting, documents: Mapping[str, bytes], at: At) -> Return:
    """The return that a posting stands for. Raises NeedsAttention."""
    return at.marketplace(posting.key.marketplace).read_return(archived(posting, documents, at))


class Authorizations(Recipe[Return, ReturnAuthorizationDraft]):
    """A return becomes a return authorisation; a batch costs one look-up of sales orders."""

    record_type = "returnAuthorization"
    counter = "ReturnsAuthorized"

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._booked: dict[str, Booked] = {}

    def source(self, posting: Posting, documents: Mapping[str, bytes]) -> Return:
        return archived_return(posting, documents, self.at)

    def look_up(self, sources: Sequence[tuple[Posting, Return]]) -> None:
        wanted = sorted({sales_order_id(posting.key) for posting, _ in sources})
        self._booked = self.at.ledger.booked(wanted) if wanted else {}

    def draft(self, posting: Posting, source: Return) -> ReturnAuthorizationDraft:
        key = posting.key
        if not has_sales_order(key, self.at):
            raise NotNeeded({"found": "no sales order"})
        sale = self._booked.get(sales_order_id(key))
        if sale is None:
            raise NotYet("NetSuite does not show the sales order yet")
        quantities: dict[int, int] = {}
        for line in source.lines:
            there = sale.line_of(line.line_id)
            if there is None:
                raise NeedsAttention(
                    Reason.UNREADABLE_DOCUMENT, {"return": source.id, "line": f"{line.line_id} is not on {sale.number}"}
                )
            if there.ships and there.shipped < line.quantity:
                raise NotYet(f"{there.shipped} of {line.quantity} units of {line.line_id} are fulfilled")
            quantities[there.number] = quantities.get(there.number, 0) + line.quantity
        return ReturnAuthorizationDraft(
            external_id=external_id(key.marketplace, Kind.RETURN_AUTHORIZATION, source.id),
            key=f"T-{key.marketplace}-{Kind.RETURN_AUTHORIZATION}-{source.id}",
            sales_order_id=sale.id,
            order_id=source.order_id,
            day=day_of(self.at.config, key.marketplace, source.created_at).date(),
            quantities=quantities,
            all_lines=sale.line_numbers,
            memo=source.reference,
        )

    def create(self, draft: ReturnAuthorizationDraft) -> str:
        return self.at.ledger.create_return_authorization(draft)

    def check(self, draft: ReturnAuthorizationDraft, record: PostedTransaction) -> None:
        if record.kind != AUTHORIZATION_TYPE:
            raise taken(draft.external_id, record)

"""The Mirakl connection of one marketplace: one method an operation code. Fits `flows.ports.Marketplace`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec.json import Decoder

from tieout.calls import Caller
from tieout.domain.errors import SystemDown
from tieout.domain.exchange import FetchedOrder
from tieout.domain.orders.order import Order
from tieout.mirakl import wire
from tieout.mirakl.accounts import Accounts
from tieout.mirakl.connection import Calls, Connection, instant, of_order
from tieout.mirakl.dispatch import Dispatch
from tieout.mirakl.listing import MAX, Page, pages
from tieout.mirakl.offers import Offers
from tieout.mirakl.prices import PriceImports
from tieout.mirakl.refusals import NOT_ANSWERED, read, words_of
from tieout.mirakl.settlement import Settlement
from tieout.mirakl.stock import StockImports
from tieout.mirakl.taking_back import TakingBack
from tieout.mirakl.translate import fetched_order, read_order

__all__ = ["Connection", "Mirakl"]

MOST_AT_ONCE = 100
"""Orders an OR04, and ids an OR11, may carry."""

_NEXT = re.compile(r'<[^>]*>\s*;[^,]*\brel="?next"?')
_VERSION = Decoder(wire.Version)
_ACCOUNT = Decoder(wire.Account)
_UPDATED_ORDERS = Decoder(wire.UpdatedOrders)


class Mirakl(Dispatch, TakingBack, Settlement, Accounts, Offers, StockImports, PriceImports):
    """Calls Mirakl as a seller or as an operator. `credentials` gives the secret; it is asked when needed."""

    def __init__(
        self,
        connection: Connection,
        credentials: Callable[[], Mapping[str, str]],
        *,
        caller: Caller | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._calls = Calls(connection, credentials, caller, sleep)

    def now(self) -> datetime:
        """Mirakl's clock: the `Date` header of V01. Raises SystemDown when it has none."""
        _, answer = self._calls.get("V01", "/api/version", scoped=False)
        try:
            return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
        except (ValueError, TypeError) as error:
            raise SystemDown("Mirakl answered V01 without a Date header") from error

    def version(self) -> str:
        """V01: the release of the platform."""
        return self._calls.ask(_VERSION, "V01", "/api/version", scoped=False).version or ""

    def account(self) -> wire.Account:
        """A01: the shop that a seller's key stands for; once a day."""
        return self._calls.ask(_ACCOUNT, "A01", "/api/account")

    def orders_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedOrder]]:
        """OR11 by update window: pages of at most 100, oldest creation first, duplicates possible, none skipped."""
        window = {"start_update_date": instant(start), "end_update_date": instant(end)}
        return pages(lambda offset: self._page(window, offset))

    def orders_in_states(self, states: Collection[str]) -> Iterator[list[FetchedOrder]]:
        """OR11 by state, in pages as above; an order that changes its state meanwhile may or may not be there."""
        named = {"order_state_codes": ",".join(sorted(states))}
        return pages(lambda offset: self._page(named, offset)) if states else iter(())

    def orders_by_id(self, order_ids: Sequence[str]) -> list[FetchedOrder]:
        """OR11 by id, 100 a call; an unknown id is simply not there."""
        found: list[FetchedOrder] = []
        wanted = list(dict.fromkeys(order_ids))
        for start in range(0, len(wanted), MOST_AT_ONCE):
            found += self._page({"order_ids": ",".join(wanted[start : start + MOST_AT_ONCE])}, 0).orders
        return found

    def read_order(self, raw: bytes) -> Order:
        """An archived order. Raises NeedsAttention(UNREADABLE_ORDER)."""
        return read_order(raw, self._connection.marketplace, self._connection.shop_id)

    def accept(self, order_id: str, decisions: Mapping[str, bool]) -> None:
        """OR21: accept or refuse each line, all at once. Raises NeedsAttention(REFUSED_BY_MIRAKL)."""
        body = {"order_lines": [{"id": line_id, "accepted": accepted} for line_id, accepted in decisions.items()]}
        self._calls.write("OR21", "PUT", of_order(order_id, "accept"), body)

    def set_seller_references(self, references: Mapping[str, str]) -> dict[str, str]:
        """OR04: our number on each order, at most 100. Answers Mirakl's words by refused order: HTTP 200 hides them.

        An order that the answer does not name counts as refused: nothing says that it was written.
        """
        if len(references) > MOST_AT_ONCE:
            raise ValueError(f"OR04 takes {MOST_AT_ONCE} orders a call, not {len(references)}")
        if not references:
            return {}
        body = {
            "orders": [
                {"order_id": order_id, "references": {"order_reference_for_seller": reference}}
                for order_id, reference in references.items()
            ]
        }
        answered = self._calls.tell(_UPDATED_ORDERS, "OR04", "PUT", "/api/orders", body)
        told = {each.order_id: each.errors or [] for each in answered.updated_orders}
        refused = {order_id: words_of(told[order_id]) for order_id in references if told.get(order_id)}
        missing = {order_id: NOT_ANSWERED for order_id in references if order_id not in told}
        return refused | missing

    def _page(self, filters: Mapping[str, str], offset: int) -> Page:
        asked = {**filters, "max": str(MAX), "offset": str(offset)}
        call, answer = self._calls.get("OR11", "/api/orders", asked)
        page = read(wire.ORDER_PAGE, call, answer)
        here = self._connection
        orders = [fetched_order(bytes(raw), here.marketplace, here.shop_id) for raw in page.orders]
        return Page(orders, page.total_count, bool(_NEXT.search(answer.headers.get("Link", ""))))

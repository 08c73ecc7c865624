"""What was sold lately, and what of it NetSuite does not hold yet: a short list in the book's store.

An order stays on it for as long as its units are promised, or its sale counts for how fast things sell. It holds ids,
SKUs and units, and nothing of a buyer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.json import decode, encode

from tieout.config import Config
from tieout.domain.errors import NeedsAttention
from tieout.domain.exchange import FetchedOrder
from tieout.domain.money import ZERO
from tieout.domain.orders.order import DEAD, SOLD, Line, Order
from tieout.domain.postings import Key, Kind, Lane, Posting
from tieout.domain.stock.velocity import Sale, Sales, sales_within
from tieout.flows.archived import archived_order
from tieout.flows.orders.promises import is_off_the_shelf
from tieout.flows.orders.rules import is_own_shop
from tieout.flows.ports import At
from tieout.flows.stock.rules import front_of_order
from tieout.flows.stock.store import StockBook, whole

NAME = "sold"


class SoldLine(Struct, array_like=True):
    """A line of an order."""

    line_id: str
    sku: str
    units: int
    """That were ordered."""
    lost: int = 0
    """Of them, refused or canceled since."""
    item_id: str = ""
    """Empty until it is found."""
    lost_at: int = 0
    """When that was first seen; a later change of the order loses nothing again."""

    @property
    def left(self) -> int:
        """Units that are still sold."""
        return self.units - self.lost


class SoldOrder(Struct, array_like=True):
    """An order, instants in seconds since 1970 by Mirakl's clock."""

    marketplace: str
    order_id: str
    version: str
    state: str
    created_at: int
    updated_at: int
    lines: list[SoldLine]
    held_since: int | None = None
    """Since when, by our clock, NetSuite is known to hold it, or nobody any more."""
    front: str = ""
    """The storefront that sold it (`domain.stock.storefront`)."""

    @property
    def sold_by(self) -> str:
        """Whose offers its units were on; of a list from before shops had names, the marketplace's."""
        return self.front or self.marketplace

    def is_promised(self, read_at: int) -> bool:
        """Whether its units are to be taken off the shelves as they were read then, by our clock.

        What was booked later is not off them yet, and stays promised while NetSuite cannot be read.
        """
        return self.held_since is None or self.held_since > read_at


class SoldOrders:
    """The list. `remember` fits as who is told of orders that are read."""

    def __init__(self, orders: Iterable[SoldOrder], config: Config) -> None:
        self._orders = {(each.marketplace, each.order_id): each for each in orders}
        self._config = config

    @classmethod
    def load(cls, book: StockBook, config: Config) -> SoldOrders:
        """As the last run left it; empty where there was none."""
        return cls((decode(line, type=SoldOrder) for line in (whole(book, NAME) or b"").splitlines()), config)

    def keep(self, book: StockBook) -> None:
        """Write it down."""
        book.replace(NAME, (encode(each) + b"\n" for _, each in sorted(self._orders.items())))

    def __iter__(self) -> Iterator[SoldOrder]:
        return iter(self._orders.values())

    # --- what comes in -----------------------------------------------------------------------------------------------

    def remember(self, fetched: Sequence[FetchedOrder]) -> None:
        """Orders as a reading brought them; an older version, and a line that is known already, change nothing."""
        for each in fetched:
            if each.order is not None and is_own_shop(self._config, each.order):
                self._remember(each.order)

    def _remember(self, order: Order) -> None:
        known = self._orders.get((order.marketplace, order.order_id))
        if known is not None and known.version >= order.version:
            return
        before = {line.line_id: line for line in known.lines} if known else {}
        self._orders[order.marketplace, order.order_id] = SoldOrder(
            marketplace=order.marketplace,
            order_id=order.order_id,
            version=order.version,
            state=order.state,
            created_at=int(order.created_at.timestamp()),
            updated_at=int(order.updated_at.timestamp()),
            lines=[_line(line, before.get(line.line_id), int(order.updated_at.timestamp())) for line in order.lines],
            held_since=known.held_since if known and known.state in SOLD else None,
            front=front_of_order(self._config, order),
        )

    def find(self, at: At) -> None:
        """Orders whose postings are open though no reading told of them, out of the archive."""
        unknown = {
            posting.payload: posting
            for posting in _unfinished(at)
            if posting.key.marketplace in at.config.marketplaces
            and (posting.key.marketplace, posting.key.source_id) not in self._orders
        }
        documents = at.archive.load(list(unknown)) if unknown else {}
        for posting in unknown.values():
            try:
                order = archived_order(posting, documents, at)
            except NeedsAttention:
                continue  # its own worker parks it, and says why
            if is_own_shop(self._config, order):
                self._remember(order)

    def name_items(self, item_ids: Callable[[str, Sequence[str]], Mapping[str, str]]) -> None:
        """Find the items of SKUs; asked by marketplace for those that have none yet, each once."""
        nameless: dict[str, dict[str, list[SoldLine]]] = {}
        for order in self:
            for line in order.lines:
                if not line.item_id:
                    nameless.setdefault(order.marketplace, {}).setdefault(line.sku, []).append(line)
        for marketplace, lines_by_sku in nameless.items():
            for sku, item_id in item_ids(marketplace, list(lines_by_sku)).items():
                for line in lines_by_sku[sku]:
                    line.item_id = item_id

    # --- what follows ------------------------------------------------------------------------------------------------

    def settle(self, since: int, read_at: int, at: At) -> None:
        """See which sales NetSuite holds by now, and forget those before `since` (Mirakl's clock) that it shows.

        `read_at` is when its shelves were last read, by our clock.
        """
        now = int(at.clock().timestamp())

        def look(order: SoldOrder) -> None:
            if order.held_since is None and _is_over(order, at):
                order.held_since = now

        at.together(look, [order for order in self if order.held_since is None])
        self._orders = {
            key: order
            for key, order in self._orders.items()
            if order.is_promised(read_at) or max(order.created_at, order.updated_at) >= since
        }

    def promised(self, read_at: int) -> dict[str, dict[str, Decimal]]:
        """Units by item id and storefront that are sold, and that NetSuite's shelves did not show when last read."""
        promised: dict[str, dict[str, Decimal]] = {}
        for order in self:
            if not order.is_promised(read_at):
                continue
            for line in order.lines:
                if line.item_id and line.left > 0:
                    of_item = promised.setdefault(line.item_id, {})
                    of_item[order.sold_by] = of_item.get(order.sold_by, ZERO) + line.left
        return promised

    def sales(self, since: int, until: int) -> Sales:
        """What was sold within a window, and what of it came to nothing; instants by Mirakl's clock."""
        return sales_within(since, until, self._told())

    def _told(self) -> Iterator[Sale]:
        for order in self:
            for line in order.lines:
                if not line.item_id:
                    continue
                for units, instant in ((line.units, order.created_at), (-line.lost, line.lost_at)):
                    if units:
                        yield Sale(
                            line_id=line.line_id,
                            marketplace=order.sold_by,
                            sku=line.sku,
                            item_id=line.item_id,
                            units=units,
                            at=instant,
                        )


def _line(line: Line, known: SoldLine | None, updated_at: int) -> SoldLine:
    """A canceled line has no quantity any more: what it was before is remembered, or told by its cancelations."""
    canceled = sum(each.quantity for each in line.cancelations)
    units = max(known.units if known else 0, line.quantity + canceled)
    left = min(units, line.quantity) if line.is_live else 0
    lost = units - left
    lost_at = known.lost_at if known and known.lost == lost else updated_at
    return SoldLine(line.line_id, line.sku, units, lost, known.item_id if known else "", lost_at)


def _is_over(order: SoldOrder, at: At) -> bool:
    """Whether nobody is owed these units any more: the order is dead, or NetSuite's own figures have them off."""
    if order.state in DEAD:
        return True
    if order.state not in SOLD:
        return False
    sale = at.postings.posting(Key(order.marketplace, order.order_id, Kind.SALES_ORDER, order.order_id))
    state = order.state
    if not at.config.netsuite.commits_stock:
        state = at.postings.seen_state(order.marketplace, order.order_id) or state
    return sale is None or is_off_the_shelf(sale, state, at)


def _unfinished(at: At) -> list[Posting]:
    """Acceptances and sales orders that are not done, those that wait for a person too."""
    waiting = [
        *at.postings.open_postings(Lane.ORDERS_TO_ACCEPT),
        *at.postings.open_postings(Lane.ORDERS_TO_POST),
        *at.postings.parked(),
    ]
    return [each for each in waiting if each.key.kind in {Kind.ACCEPTANCE, Kind.SALES_ORDER}]

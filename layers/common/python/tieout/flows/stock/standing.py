"""How the flow of stock stands between two runs: one small document, written whole, that names the book it goes with.

What is in no document that was written did not happen: a run that is cut off leaves the book and the standing of the
run before it, and perhaps files whose end nobody knows. Their rows are sent again: they are absolute.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.json import decode, encode

from tieout.domain.stock.shelf import Member
from tieout.domain.stock.showing import Landing
from tieout.domain.stock.storefront import marketplace_of
from tieout.flows.stock.store import StockBook, whole

NAME = "standing"


class Flight(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A marketplace's file of quantities that is not over, as far as we know. Instants are in seconds since 1970."""

    import_id: str = ""
    """Empty: it is not known whether the marketplace has it; its rows are doubtful."""
    read_at: int
    """Up to when orders had been read when it was made, by Mirakl's clock."""
    stock_read_at: int
    """When NetSuite was read for it, by Mirakl's clock."""
    sent_at: int
    """By our clock."""
    rows: int

    def ended(self, ended_at: int, *, is_complete: bool, rejected: frozenset[str] = frozenset()) -> Landing:
        """What became of it. A file without an import id was never complete."""
        is_complete = is_complete and bool(self.import_id)
        return Landing(read_at=self.read_at, ended_at=ended_at, is_complete=is_complete, rejected=rejected)

    def lag(self, ended_at: int) -> int:
        """Seconds from reading the stock and the orders to the offers that show it."""
        return max(0, ended_at - min(self.read_at, self.stock_read_at))


ROUNDED = 2
"""Mirakl's clock is told in whole seconds, twice where a difference is taken."""


class Called(Struct, frozen=True, array_like=True):
    """When a marketplace was called last, by both clocks: a sandbox's may be ahead of ours."""

    at_ms: int
    """Milliseconds since 1970 by our clock."""
    there: int
    """Seconds since 1970 by Mirakl's."""


class Export(Struct, frozen=True):
    """A file of all offers that was asked for (OF52)."""

    tracking_id: str
    asked_at: int
    """Seconds since 1970 by Mirakl's clock, before it was asked for: what it tells may be of then."""


class Offered(Struct, frozen=True, omit_defaults=True):
    """What the last export of all offers had that was worked with (`listed`)."""

    offers: dict[str, int]
    """How many, by storefront; of all shops together, an operator's others as well, by ""."""
    doubted: int = 0
    """When the first export was asked for that lacked most of them, since then; by Mirakl's clock."""


class Seen(Struct, frozen=True, array_like=True):
    """What an offer was seen to show though nothing of ours wrote it."""

    marketplace: str
    sku: str
    quantity: int


class Night(Struct, kw_only=True, omit_defaults=True):
    """How far everything has been read (`night`)."""

    began: int
    """By NetSuite's clock: what is kept may be of then."""
    began_here: int
    """By ours."""
    asked: str
    """What is asked for, as a digest."""
    kept: list[int] = field(default_factory=list)
    """Blocks of each listing that was read to its end."""
    blocks: int = 0
    """Of the listing that is being read."""
    after: str = "0"
    """The last item of them."""


class Standing(Struct, kw_only=True, omit_defaults=True):
    """All that a run has to know of the runs before it. Instants are seconds since 1970, by our clock if none is said.

    Orders, exports and clocks are by marketplace; `off`, `refused` and so on by storefront (`domain.stock.storefront`).
    """

    book: str = ""
    """Where the book is kept; empty: there is none yet."""
    night: Night | None = None
    """None while nobody reads everything."""
    offers: dict[str, int] = field(default_factory=dict)
    """Offers in the book."""
    rules: str = ""
    """Digest of the rules that every line was worked out by."""
    stock_read_at: int = 0
    """Last good reading of NetSuite, by NetSuite's clock."""
    read_at: int = 0
    """The same by ours."""
    items_read_at: int = 0
    """Last good reading of items and deletions, by NetSuite's clock; shelves are read more often."""
    items_read_there: int = 0
    """The same by Mirakl's clock (`furthest`)."""
    netsuite_ahead: int = 0
    """Seconds by which NetSuite's clock is before ours, as told with the items."""
    full_at: int = 0
    """Last reading of everything."""
    wants_full: bool = False
    """Everything is to be read anew as soon as the files of offers are there."""
    exports: dict[str, Export] = field(default_factory=dict)
    exports_after: dict[str, int] = field(default_factory=dict)
    """Before then, by Mirakl's clock, a marketplace does not want to be asked for its offers."""
    offered: dict[str, Offered] = field(default_factory=dict)
    made_until: dict[str, int] = field(default_factory=dict)
    """Offers that were made up to then, by Mirakl's clock, are in the book."""
    locations: dict[str, str] = field(default_factory=dict)
    """NetSuite's ids of locations by name: while NetSuite is away they are known all the same."""
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    """Items of SKUs that were sold, by marketplace, as matched since everything was read last."""
    recipes: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    """Members by kit."""
    kit_offers: dict[str, list[str]] = field(default_factory=dict)
    """Marketplaces by kit, one an offer."""
    unstocked: set[str] = field(default_factory=set)
    """Members of kits that stand on no shelf, such as services."""
    off: dict[str, set[str]] = field(default_factory=dict)
    """Items that show nothing: inactive, deleted or not approved."""
    clocks: dict[str, int] = field(default_factory=dict)
    """Seconds by which a marketplace's clock is before ours, as last told."""
    orders_read_at: dict[str, int] = field(default_factory=dict)
    """Up to when a run read orders itself, by Mirakl's clock."""
    orders_known_at: dict[str, int] = field(default_factory=dict)
    """Up to when they are known: the poll of orders may have read them, just before."""
    sales_until: int = 0
    """Up to when every marketplace's sales were told to the book, by Mirakl's clock."""
    listed: dict[str, Called] = field(default_factory=dict)
    """When this flow read orders last (OR11)."""
    flights: dict[str, Flight] = field(default_factory=dict)
    handed_in: dict[str, Called] = field(default_factory=dict)
    """When a file was given last (STO01)."""
    lead_ms: int = 6000
    """How long before a file may go a run begins to read orders and shelves for it: nearly as long as that takes."""
    raise_waits: bool = False
    """An offer is to show more once a file on its way lowered another, or it is another shop's turn (`by_turns`)."""
    landings: dict[str, Landing] = field(default_factory=dict)
    """What became of files that the book does not say yet."""
    lags: dict[str, int] = field(default_factory=dict)
    """Seconds from reading to showing, as last measured."""
    refused: dict[str, dict[str, int]] = field(default_factory=dict)
    """By SKU, when its row was refused last; it is not sent again at once."""
    retried: dict[str, list[str]] = field(default_factory=dict)
    """Of them, those that are in the file on its way."""
    released: set[str] = field(default_factory=set)
    """Marketplaces whose held push a person let go, until all of it went."""
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    """By item: offers that somebody else changed, until the next run has marked them as doubtful."""
    behind_since: dict[str, int] = field(default_factory=dict)
    """Since when a marketplace does not show all that it should, though nobody holds it."""

    def there(self, marketplace: str, now: int) -> int:
        """What a marketplace's clock shows, or that of a storefront's, when ours shows `now`."""
        return now + self.clocks.get(marketplace_of(marketplace), 0)

    def furthest(self, now: int) -> int:
        """What the marketplace's clock that is furthest ahead shows when ours shows `now`; ours where none is told.

        They are told each run, at no question of NetSuite's, and between twins they go where ours stands still.
        """
        return now + max(self.clocks.values(), default=0)

    def orders_known(self, storefront: str) -> int:
        """Up to when its orders are known, by Mirakl's clock; 0: they were not read yet."""
        return self.orders_known_at.get(marketplace_of(storefront), 0)

    def last_file(self, marketplace: str) -> Called | None:
        """When a file was given last of any shop of this access: Mirakl counts calls by access (STO01)."""
        given = [called for front, called in self.handed_in.items() if marketplace_of(front) == marketplace]
        return max(given, key=lambda called: called.at_ms, default=None)

    def called(self, marketplace: str, now_ms: int) -> Called:
        """A call that is made now; counted from its answer, runs a minute apart would fall behind."""
        return Called(now_ms, self.there(marketplace, now_ms // 1000))

    def seconds_left(self, last: Called | None, apart: float, marketplace: str, now_ms: int) -> float:
        """Until a call may be made again that is allowed once in `apart` seconds, by either clock."""
        if last is None:
            return 0.0
        ours = (now_ms - last.at_ms) / 1000
        theirs = self.there(marketplace, now_ms // 1000) - last.there - ROUNDED
        return max(0.0, apart - max(ours, theirs))

    @property
    def off_pairs(self) -> set[tuple[str, str]]:
        """(Marketplace, item id) of what shows nothing."""
        return {(marketplace, item_id) for marketplace, items in self.off.items() for item_id in items}


def load(book: StockBook) -> Standing:
    """As the last run left it; a new one where there was none."""
    document = whole(book, NAME)
    return decode(document, type=Standing) if document else Standing()


def put(standing: Standing, book: StockBook) -> None:
    """Write it down: from now on it is true."""
    book.replace(NAME, [encode(standing)])

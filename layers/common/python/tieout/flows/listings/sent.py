"""What the sync of listings knows of its own files: those on their way, what landed, and what was refused.

One small document a marketplace, written whole, before each file is sent and after each answer. What an export of
offers does not show yet is remembered until one does; nothing is sent twice meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field
from msgspec.json import decode, encode
from msgspec.structs import replace

from tieout.domain.stock.offer import Offer
from tieout.flows.stock.store import NewOffer, StockBook, whole

AGAIN_AFTER = 24 * 3600
"""Seconds after which a refused row is tried again by itself."""


class What(StrEnum):
    """What a row does to its offer."""

    CREATE = "create"
    DELETE = "delete"
    PRICE = "price"


class Row(Struct, frozen=True, array_like=True):
    """A row of a file, as far as it has to be known again."""

    what: What
    sku: str
    price: Decimal | None = None
    """That the offer has after it."""


class File(Struct, frozen=True, kw_only=True):
    """A file that is not over, as far as we know."""

    import_id: str = ""
    """Empty: it is not known whether the marketplace has it; its rows are doubtful, and what is wanted then is sent."""
    sent_at: int
    """Seconds since 1970 by our clock."""
    rows: tuple[Row, ...]


class Landed(Struct, frozen=True):
    """A row that was taken."""

    row: Row
    at: int
    """Seconds since 1970 by Mirakl's clock, when that was seen."""


class Refused(Struct, frozen=True):
    """A row that was not."""

    row: Row
    why: str
    """In Mirakl's words."""
    at: int
    """Seconds since 1970 by our clock."""


class NewItem(Struct, frozen=True, array_like=True):
    """What a new offer is of."""

    id: str
    category: str


class Sent(Struct, kw_only=True):
    """Of one marketplace."""

    files: dict[str, File] = field(default_factory=dict)
    """On their way: one of `offers` (OF01), and one of `prices` (PRI01)."""
    landed: dict[str, Landed] = field(default_factory=dict)
    """By SKU, what no export shows yet."""
    doubtful: dict[str, int] = field(default_factory=dict)
    """SKUs whose price a file may have changed that nobody knows the end of, and when that was given up (seconds since
    1970 by Mirakl's clock): until a price of theirs lands, or an export shows what came of it."""
    refused: dict[str, Refused] = field(default_factory=dict)
    """By SKU."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why the last file of a kind came to nothing, while its rows are still wanted."""
    discontinued: dict[str, date] = field(default_factory=dict)
    """Since when SKUs show nothing because their items may not be listed."""

    items: dict[str, NewItem] = field(default_factory=dict)
    """By SKU of a new offer, the item that it is of, until an export shows it; of items that stand on shelves."""

    def as_known(self, offers: Iterable[Offer], asked_at: int, currency: str) -> list[Offer]:
        """Offers of an export, with what landed after it was asked for; what is older it shows by itself."""
        self.landed = {sku: landed for sku, landed in self.landed.items() if landed.at > asked_at}
        self.doubtful = {sku: at for sku, at in self.doubtful.items() if at > asked_at}
        known: list[Offer] = []
        for offer in offers:
            landed = self.landed.get(offer.sku)
            if landed is None:
                known.append(offer)
            elif landed.row.what is not What.DELETE:
                known.append(replace(offer, price=landed.row.price))
        listed = {offer.sku for offer in known}
        for sku, landed in self.landed.items():
            if landed.row.what is What.CREATE and sku not in listed:
                known.append(Offer(sku=sku, offer_id="", quantity=0, price=landed.row.price, currency=currency))
        return known

    def keep_items(self, new: Mapping[str, NewItem]) -> None:
        """Remember what offers are of that are to be made; forget what is neither on its way nor new any more."""
        waiting = {row.sku for file in self.files.values() for row in file.rows} | set(self.landed)
        self.items = {sku: item for sku, item in self.items.items() if sku in waiting} | dict(new)

    def land(self, row: Row, at: int) -> None:
        """A row was taken. One that is priced before an export showed it is a new offer still."""
        before = self.landed.get(row.sku)
        if row.what is What.PRICE and before is not None and before.row.what is What.CREATE:
            row = replace(row, what=What.CREATE)
        self.landed[row.sku] = Landed(row, at)
        self.refused.pop(row.sku, None)
        self.doubtful.pop(row.sku, None)

    def doubt(self, rows: Iterable[Row], at: int) -> None:
        """Rows may have been taken, and may not: a price that is wanted is sent, even where the old one seems right."""
        self.doubtful.update((row.sku, at) for row in rows if row.what is What.PRICE)

    def keep_failed(self, wanted: Collection[str]) -> None:
        """Forget that a file failed of a kind of which nothing is wanted any more."""
        self.failed = {name: why for name, why in self.failed.items() if name in wanted}

    def may_go(self, row: Row, now: int) -> bool:
        """Whether a row is sent: not if just this one was refused lately."""
        refused = self.refused.get(row.sku)
        return refused is None or refused.row != row or now - refused.at >= AGAIN_AFTER

    def keep_refused(self, rows: Sequence[Row]) -> None:
        """Forget refusals of what is not wanted any more."""
        wanted = set(rows)
        self.refused = {sku: refused for sku, refused in self.refused.items() if refused.row in wanted}


def load(book: StockBook, marketplace: str) -> Sent:
    """As the last run left it; a new one where there was none."""
    document = whole(book, _name(marketplace))
    return decode(document, type=Sent) if document else Sent()


def new_offers(book: StockBook, marketplace: str) -> list[NewOffer]:
    """Offers that landed and that no export shows yet, for the push of stock: they need not wait for the night."""
    sent = load(book, marketplace)
    return [
        NewOffer(sku=sku, item_id=sent.items[sku].id, category=sent.items[sku].category, at=landed.at)
        for sku, landed in sent.landed.items()
        if landed.row.what is What.CREATE and sku in sent.items
    ]


def put(sent: Sent, book: StockBook, marketplace: str) -> None:
    """Write it down."""
    book.replace(_name(marketplace), [encode(sent)])


def _name(marketplace: str) -> str:
    return f"{marketplace}/sent"

"""One item worked out: from its shelves and promises to what each of its offers should show, and what to send now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.stock.allocate import Taker, allocate, weights
from tieout.domain.stock.book import Entry
from tieout.domain.stock.buffers import Buffer, most_of_use, risk_units, rule_for, sellable
from tieout.domain.stock.kits import kits_of
from tieout.domain.stock.pool import free_units
from tieout.domain.stock.rules import Selling
from tieout.domain.stock.shelf import Member
from tieout.domain.stock.showing import Landing, Shown, landed, sold, to_send
from tieout.domain.stock.storefront import marketplace_of
from tieout.domain.stock.velocity import Sales, velocity

_ALL = Decimal(100)
_KNOWN = 10_000
"""Groups of takers that are remembered; caps with risk buffers may make many."""


class Run(Struct, frozen=True, kw_only=True):
    """What a run knows besides the book."""

    sellings: tuple[Selling, ...]
    """Of all marketplaces whose stock is pushed, in the settings' order."""
    sales: Sales
    promised: Mapping[str, Mapping[str, Decimal]] = {}
    """Units by item id and marketplace that NetSuite does not hold yet; kits on their members (`kits.exploded`)."""
    drawn: Mapping[str, Mapping[str, int]] = {}
    """Items that kits draw on (`kits.drawn_by`)."""
    landings: Mapping[str, Landing] = {}
    """By marketplace: its file that came to its end. What is in flight where there is none stays so."""
    lags: Mapping[str, int] = {}
    """By marketplace: seconds from reading the stock to the offer that shows it."""
    off: Collection[tuple[str, str]] = frozenset()
    """Items (marketplace, item id) that show nothing there, and in no kit: inactive, or not approved."""
    blocked: Collection[tuple[str, str]] = frozenset()
    """Offers (marketplace, SKU) that wait for a person: nothing is sent for them."""
    age_seconds: int = 0
    """How old NetSuite's figures are, where it gives none; 0: they are of now."""
    seen: Mapping[str, Mapping[tuple[str, str], int]] = {}
    """By item id: what offers (marketplace, SKU) were seen to show though nothing of ours wrote it."""


class Want(Struct, frozen=True):
    """A row to send."""

    marketplace: str
    sku: str
    item_id: str
    was: int
    """What the offer shows, as far as we know."""
    quantity: int
    is_urgent: bool
    """A fast mover, or low stock."""


class Worked(Struct, frozen=True):
    """An item after it was worked out, nothing sent yet."""

    entry: Entry
    parts: tuple[int, ...]
    """What each offer has of the pool; of a kit, in kits. Of the offers of marketplaces whose stock is pushed, which
    come first in the entry."""
    held: tuple[int, ...]
    """What buffers hold back of these."""
    targets: tuple[int, ...]
    """What these should show."""
    wants: tuple[Want, ...]
    for_kits: Mapping[str, int]
    """By marketplace: the part of this item that each offer of a kit made of it has there."""


def sent(worked: Worked, rows: Collection[tuple[str, str]]) -> Entry:
    """The entry after these rows (marketplace, SKU) of its wants went into files."""
    flying = {
        (want.marketplace, want.sku): want.quantity for want in worked.wants if (want.marketplace, want.sku) in rows
    }
    if not flying:
        return worked.entry
    offers = [
        replace(shown, sent=flying.get((shown.marketplace, shown.sku), shown.sent)) for shown in worked.entry.offers
    ]
    return replace(worked.entry, offers=tuple(offers), is_open=True)


class Workings:
    """Works out items, one by one, by what a run knows.

    A full reading asks for a million of them: what is the same for many is worked out once.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._sellings = {each.marketplace: each for each in run.sellings}
        self._turns = {each.marketplace: turn for turn, each in enumerate(run.sellings)}
        self._window = max(1, run.sales.until - run.sales.since)
        self._sold = run.sales.item_ids
        self._named = {rule.sku for each in run.sellings for rule in each.buffers}
        self._buffers: dict[tuple[str, str, str], Buffer] = {}
        self._takers: dict[tuple[tuple[str, ...], tuple[int | None, ...]], list[Taker]] = {}

    def of(self, entry: Entry) -> Worked:
        """What an item's offers should show now, and what is to be sent for them.

        Offers of marketplaces whose stock is not pushed are left alone, and count for nothing.
        """
        mine = [shown for shown in entry.offers if shown.marketplace in self._sellings]
        others = [shown for shown in entry.offers if shown.marketplace not in self._sellings]
        if len(mine) > 1:
            mine.sort(key=self._place)
        is_sold = entry.item_id in self._sold
        offers = [self._heard(shown) for shown in mine] if is_sold or self._run.landings or entry.is_open else mine
        if entry.item_id in self._run.seen:
            offers = [self._seen(shown, self._run.seen[entry.item_id]) for shown in offers]
        sellers = [self._sellings[shown.marketplace] for shown in offers]
        pairs = list(zip(offers, sellers, strict=True))
        risks = [self._risk(shown, seller) for shown, seller in pairs] if is_sold else [0] * len(pairs)
        buffers = [self._buffer(shown, entry, seller) for shown, seller in pairs]
        if is_sold:
            buffers = [Buffer(each.units + risk, each.percent) for each, risk in zip(buffers, risks, strict=True)]
        promised = self._run.promised.get(entry.item_id, {})
        parts, for_kits = self._parts(entry, offers, buffers, promised)
        held = [buffer.held_of(part) for buffer, part in zip(buffers, parts, strict=True)]
        targets = [
            self._target(shown, part, buffer, seller)
            for (shown, seller), part, buffer in zip(pairs, parts, buffers, strict=True)
        ]
        wants = [
            self._want(shown, send, entry.item_id, seller)
            for (shown, seller), send in zip(pairs, to_send(offers, parts, targets), strict=True)
            if send is not None and (shown.marketplace, shown.sku) not in self._run.blocked
        ]
        rests = all(
            shown.quantity == target and shown.is_settled for shown, target in zip(offers, targets, strict=True)
        )
        worked = replace(
            entry, promised=promised, offers=(*offers, *others), is_open=bool(promised) or any(risks) or not rests
        )
        return Worked(worked, tuple(parts), tuple(held), tuple(targets), tuple(wants), for_kits)

    def _place(self, shown: Shown) -> tuple[int, str]:
        return self._turns[shown.marketplace], shown.sku

    def _heard(self, shown: Shown) -> Shown:
        """An offer after what is told of its file and its sales."""
        sales = self._run.sales.of(shown.marketplace, shown.sku)
        landing = self._run.landings.get(shown.marketplace)
        if landing is not None:
            shown = landed(shown, landing, sales)
        counts_orders = self._sellings[shown.marketplace].counts_orders
        return sold(shown, sales, self._run.sales.since, counts_orders=counts_orders)

    @staticmethod
    def _seen(shown: Shown, seen: Mapping[tuple[str, str], int]) -> Shown:
        """An offer that somebody else changed is doubtful, at its highest; a file on its way writes over it anyway."""
        quantity = seen.get((shown.marketplace, shown.sku))
        if quantity is None or shown.sent is not None:
            return shown
        return replace(shown, doubt=max(quantity, shown.may_show))

    def _is_away(self, selling: Selling) -> bool:
        return self._run.age_seconds > selling.outage.after_seconds

    def _risk(self, shown: Shown, selling: Selling) -> int:
        sales = self._run.sales.of(shown.marketplace, shown.sku)
        if not sales:
            return 0
        lag = max(self._run.lags.get(shown.marketplace, 0), self._run.age_seconds)
        return risk_units(velocity(sales, self._window), lag, selling.risk)

    def _buffer(self, shown: Shown, entry: Entry, selling: Selling) -> Buffer:
        """What is held back of an offer, but for the risk."""
        if (shown.marketplace, entry.item_id) in self._run.off:
            return Buffer(percent=_ALL)
        known = shown.marketplace, shown.sku if shown.sku in self._named else "", entry.category
        buffer = self._buffers.get(known)
        if buffer is None:
            rule = rule_for(shown.sku, entry.category, selling.buffers)
            percent = rule.percent + selling.outage.percent if self._is_away(selling) else rule.percent
            buffer = self._buffers[known] = Buffer(rule.units, min(_ALL, percent))
        return buffer

    def _target(self, shown: Shown, part: int, buffer: Buffer, selling: Selling) -> int:
        target = sellable(part, buffer, selling.cap)
        return min(target, shown.quantity) if self._is_away(selling) else target

    def _parts(
        self, entry: Entry, offers: Sequence[Shown], buffers: Sequence[Buffer], promised: Mapping[str, Decimal]
    ) -> tuple[list[int], dict[str, int]]:
        """Each offer's part of the pool (of a kit: in whole kits), and each kit's by marketplace.

        A marketplace's share of an item is split evenly between its offers of it and those of kits that take from it.
        """
        if entry.is_kit:
            recipe = [Member(member.item_id, member.units) for member in entry.members]
            return [
                kits_of([member.parts.get(shown.marketplace, 0) for member in entry.members], recipe)
                for shown in offers
            ], {}
        drawn = self._run.drawn.get(entry.item_id, {})
        kits = [
            name
            for name, count in drawn.items()
            if name in self._sellings and (name, entry.item_id) not in self._run.off
            for _ in range(count)
        ]
        most = [
            most_of_use(buffer, self._sellings[shown.marketplace].cap)
            for shown, buffer in zip(offers, buffers, strict=True)
        ]
        takers = self._takers_of((*[shown.marketplace for shown in offers], *kits), (*most, *[None] * len(kits)))
        parts = allocate(takers, free_units(entry.shelves, promised, self._run.sellings))
        for_kits = dict.fromkeys(drawn, 0)
        for_kits |= dict(zip(kits, parts[len(offers) :], strict=True))  # of several the last has the smallest part
        return parts[: len(offers)], for_kits

    def _takers_of(self, names: tuple[str, ...], most: tuple[int | None, ...]) -> list[Taker]:
        """Who takes from a pool: one entry for each offer. The shops of one marketplace have its share together."""
        takers = self._takers.get((names, most))
        if takers is None:
            counts = Counter(marketplace_of(name) for name in names)
            sellers = [self._sellings[name] for name in names]
            heavy = weights(
                tuple([each.share for each in sellers]), tuple([counts[marketplace_of(name)] for name in names])
            )
            takers = [
                Taker(each.location_ids, weight, top) for each, weight, top in zip(sellers, heavy, most, strict=True)
            ]
            if len(self._takers) < _KNOWN:
                self._takers[names, most] = takers
        return takers

    def _want(self, shown: Shown, send: int, item_id: str, selling: Selling) -> Want:
        is_fast = any(sale.units > 0 for sale in self._run.sales.of(shown.marketplace, shown.sku))
        is_low = min(send, shown.quantity) <= selling.low_stock_units
        return Want(shown.marketplace, shown.sku, item_id, shown.quantity, send, is_fast or is_low)

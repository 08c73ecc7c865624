"""What the findings would change in the log, added up for each cycle, total and document that they explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.chain import Suspected, Walk
from tieout.domain.reconcile.explain import left_over

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PAYOUT = "payout"
"""With a cycle: the name under which a payout is suspected."""


class Effect(Struct, frozen=True):
    """A row of `effect`: what a finding would change in the log, and where that belongs. Minor units."""

    code: str
    marketplace: str
    key: str
    order: str | None
    cycle: str | None
    document: str | None
    bucket: str | None
    is_tax: bool | None
    amount: int
    lines: int
    """How many lines the log lacks by it; less than nothing where it has too many."""
    slack: int
    placed: bool
    """False: its cycle and document are a guess."""
    sure: bool
    """It came about after the log was added up, whatever the running balance says."""
    day: date | None

    @property
    def is_anywhere(self) -> bool:
        """Whether nobody can say which total it belongs to."""
        return self.bucket == "?"


class Edges(Struct, frozen=True):
    """Where a log begins and ends: what is missing there leaves no break in its balance."""

    cycles: frozenset[str | None]
    orders: frozenset[str]


class Explained(Struct, frozen=True):
    """What may explain a difference, in minor units."""

    certain: Sequence[int]
    possible: Sequence[int]
    slack: int
    lines: int
    exact: bool

    def left_of(self, difference: int) -> int:
        """What it leaves unexplained."""
        left = left_over(difference, self.certain, self.possible, exact=self.exact)
        return 0 if abs(left) <= self.slack else left


_Is = Callable[[Effect], bool]


class Effects:
    """Where the log has a running balance, only what it bears out explains anything, and exactly.

    Elsewhere every finding may, as far as some of them add up.
    """

    def __init__(self, effects: Iterable[Effect], documents: Mapping[tuple[str, str], str]) -> None:
        self._documents = documents
        self._cycles = {(mkp, number): cycle for (mkp, cycle), number in documents.items()}
        self._of: dict[str, list[Effect]] = defaultdict(list)
        for effect in effects:
            self._of[effect.marketplace].append(effect)
        self._sure: dict[str, dict[int, Effect]] = {}
        self._edges: dict[str, list[Edges]] = defaultdict(list)
        self._gaps: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._doubtful_gaps: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._payouts: set[tuple[str, Hashable]] = set()

    def suspected(self, marketplace: str) -> list[Suspected]:
        """What may have left breaks in the running balance: lines one by one, what is missing as a whole."""
        found = []
        whole: dict[tuple[str, str], list[Effect]] = defaultdict(list)
        for place, each in enumerate(self._of[marketplace]):
            if each.code == Code.UNMAPPED_TYPE or each.sure:
                continue
            if not each.placed:
                whole[each.code, each.key].append(each)
                continue
            found.append(
                Suspected(
                    name=place,
                    amount=each.amount,
                    order=each.order,
                    slack=each.slack,
                    finding=(each.code, each.key),
                )
            )
        found += [
            Suspected(
                name=name,
                amount=sum(each.amount for each in effects),
                order=None,
                slack=max(each.slack for each in effects),
                day=effects[0].day,
            )
            for name, effects in whole.items()
        ]
        return found

    def bear_out(self, marketplace: str, walk: Walk, edges: Edges | None = None) -> None:
        """The marketplace's running balance decides what explains its totals."""
        mine = self._of[marketplace]
        sure = self._sure.setdefault(marketplace, {place: each for place, each in enumerate(mine) if each.sure})
        if edges is not None:
            self._edges[marketplace].append(edges)
        for found in walk.borne_out:
            self._payouts.add((marketplace, found.name))
            cycle = next((each for each in found.cycles if each), None)
            if cycle and found.beside:
                self._gaps[marketplace, cycle].append(found.beside)
            for place, effect in enumerate(mine):
                if place == found.name:
                    sure[place] = effect
                elif (effect.code, effect.key) == found.name and not effect.placed:
                    sure[place] = self._settled(effect, found.cycles)
        for gap in walk.gaps:
            cycles = [each for each in gap.cycles if each]
            for cycle in cycles:
                known = self._gaps if len(cycles) == 1 else self._doubtful_gaps
                known[marketplace, cycle].append(-gap.amount)

    def is_payout_off(self, marketplace: str, cycle: str) -> bool:
        """Whether the balance goes on as if the cycle's payout were in the log with another amount, or at all."""
        return (marketplace, (PAYOUT, cycle)) in self._payouts

    def _settled(self, effect: Effect, cycles: Sequence[str | None]) -> Effect:
        """Between two cycles the one that the day tells; else the one where the break is."""
        cycle = effect.cycle if effect.cycle in cycles else next((each for each in cycles if each), effect.cycle)
        document = effect.document
        if document is not None:
            document = self._documents.get((effect.marketplace, cycle or ""), document)
        return replace(effect, cycle=cycle, document=document, placed=True)

    def _explained(self, marketplace: str, cycle: str | None, here: _Is, maybe: _Is) -> Explained:
        sure = self._sure.get(marketplace)
        certain: list[Effect] = []
        possible: list[Effect] = []
        for effect in self._of[marketplace] if sure is None else sure.values():
            if here(effect):
                certain.append(effect)
            elif maybe(effect):
                possible.append(effect)
        if sure is not None:
            # A type that nobody knows moves the balance all the same; what is missing at the log's very beginning or
            # end leaves no break.
            for place, effect in enumerate(self._of[marketplace]):
                unseen = place not in sure and self._is_at_an_edge(effect, cycle)
                if (unseen or effect.code == Code.UNMAPPED_TYPE) and (here(effect) or maybe(effect)):
                    possible.append(effect)
        return Explained(
            certain=_together(certain),
            possible=_together(possible),
            slack=sum(each.slack for each in (*certain, *possible)),
            lines=sum(each.lines for each in (*certain, *possible) if each.is_tax),
            exact=sure is not None,
        )

    def _is_at_an_edge(self, effect: Effect, cycle: str | None) -> bool:
        for edges in self._edges[effect.marketplace]:
            if (cycle is None or cycle in edges.cycles) and (not effect.placed or effect.order in edges.orders):
                return True
        return False

    def of_cycle(self, marketplace: str, cycle: str) -> Explained:
        """Effects on the cycle's sum."""
        found = self._explained(
            marketplace,
            cycle,
            lambda each: each.cycle == cycle and each.code != Code.UNMAPPED_TYPE,
            lambda each: not each.placed,
        )
        return replace(
            found,
            certain=[*found.certain, *self._gaps[marketplace, cycle]],
            possible=[*found.possible, *self._doubtful_gaps[marketplace, cycle]],
        )

    def of_document(self, marketplace: str, document: str, *, tax: bool) -> Explained:
        """The same of a document's tax, or of what is left without it."""

        def counts(effect: Effect) -> bool:
            return effect.document is not None and (effect.is_tax is None or effect.is_tax is tax)

        return self._explained(
            marketplace,
            self._cycles.get((marketplace, document)),
            lambda each: each.document == document and counts(each) and not each.is_anywhere,
            lambda each: (not each.placed or each.document == document) and counts(each),
        )

    def of_bucket(self, marketplace: str, cycle: str, bucket: str, *, net: bool) -> Explained:
        """The same of a total in a cycle's summary. An unknown type may belong to any."""

        def counts(effect: Effect) -> bool:
            return effect.bucket == bucket and not (net and effect.is_tax)

        found = self._explained(
            marketplace,
            cycle,
            lambda each: each.cycle == cycle and counts(each),
            lambda each: (each.is_anywhere and each.cycle in {None, cycle}) or (not each.placed and counts(each)),
        )
        gaps = (*self._gaps[marketplace, cycle], *self._doubtful_gaps[marketplace, cycle])
        return replace(found, possible=[*found.possible, *gaps])


def _together(effects: Iterable[Effect]) -> list[int]:
    """What one finding changes is changed at once."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for effect in effects:
        sums[effect.code, effect.key] += effect.amount
    return [each for each in sums.values() if each]


def read_effects(engine: DuckDBPyConnection) -> Effects:
    """The rows of `effect`, and the invoice of each cycle."""
    rows = engine.execute(
        "SELECT code, mkp, key, order_id, cycle, doc, bucket, is_tax, a, lines, slack, placed, sure, day "
        "FROM effect WHERE a <> 0 ORDER BY ALL"
    ).fetchall()
    documents = engine.execute(
        "SELECT mkp, cycle, min(number) FROM document WHERE cycle IS NOT NULL AND NOT is_credit "
        "AND (type LIKE '%AUTO%' OR type LIKE 'FEES%') GROUP BY ALL"
    ).fetchall()
    return Effects((Effect(*row) for row in rows), {(mkp, cycle): number for mkp, cycle, number in documents})

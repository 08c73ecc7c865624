"""Two marketplaces and a warehouse, whatever happens in whatever order: buyers never find more than there is."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.stock.books import BOTH, LEEDS, a_change, entries, push, units_of
from tieout.domain.stock.showing import Landing
from tieout.domain.stock.velocity import Sale, sales_within
from tieout.domain.stock.workings import Run, Workings

NAMES = [each.marketplace for each in BOTH]
SKU, ITEM = "SKU-9", "9"


class World:
    """One item, as the warehouse has it, as two marketplaces show it, and as Tieout knows it."""

    def __init__(self, units: int) -> None:
        self.now = 1000
        self.shelf = units
        self.shown = dict.fromkeys(NAMES, 0)
        self.sales: list[Sale] = []
        self.promised = dict.fromkeys(NAMES, 0)
        self.files: dict[str, tuple[int, int]] = {}
        """What is in flight: quantity, and up to when orders had been read."""
        self.ends: dict[str, Landing] = {}
        self.overwritten = 0
        """Units that were sold while a file was on its way, and that it then showed again."""
        self.meanwhile = dict.fromkeys(NAMES, 0)
        self.book, _ = push(b"", [a_change(int(ITEM), units)], self.run(), is_full=True, sends=lambda _: False)

    @property
    def free(self) -> int:
        return self.shelf - sum(self.promised.values())

    def run(self) -> Run:
        promised = {name: Decimal(units) for name, units in self.promised.items() if units}
        return Run(
            sellings=BOTH,
            sales=sales_within(0, self.now, self.sales),
            promised={ITEM: promised} if promised else {},
            landings=self.ends,
        )

    def push(self) -> None:
        """A run: ends of files are heard of, orders and the shelf are read, files are sent."""
        self.book, pushes = push(self.book, [units_of(int(ITEM), self.shelf)], self.run())
        self.ends = {}
        for each in pushes:
            assert each.marketplace not in self.files
            self.files[each.marketplace] = each.rows[0].quantity, self.now
            self.meanwhile[each.marketplace] = 0

    def land(self, name: str, *, told: bool = True, taken: bool = True) -> None:
        """A file comes to its end: taken or not, and we hear of it or not."""
        if name not in self.files:
            return
        quantity, read_at = self.files.pop(name)
        if taken:
            self.shown[name] = quantity
            self.overwritten += self.meanwhile[name]
        self.ends[name] = Landing(read_at=read_at, ended_at=self.now, is_complete=told and taken)

    def sell(self, name: str) -> None:
        """A buyer takes one, which the marketplace takes off its offer by itself."""
        if not self.shown[name]:
            return
        self.shown[name] -= 1
        self.promised[name] += 1
        self.meanwhile[name] += 1
        self.sales.append(
            Sale(line_id=str(len(self.sales)), marketplace=name, sku=SKU, item_id=ITEM, units=1, at=self.now)
        )

    def receive(self, units: int) -> None:
        self.shelf += units

    def commit(self, name: str) -> None:
        """NetSuite holds the sales: they are off its shelf, and promised no longer."""
        self.shelf -= self.promised[name]
        self.promised[name] = 0

    def rest(self) -> None:
        """Everything lands and is heard of, until nothing is sent any more."""
        for _ in range(8):
            self.now += 100_000
            for name in NAMES:
                self.land(name)
            self.push()
            if not self.files:
                return
        raise AssertionError("the offers do not come to rest")


names = st.sampled_from(NAMES)
moves = st.one_of(
    st.tuples(st.just("push")),
    st.tuples(st.just("land"), names, st.booleans(), st.booleans()),
    st.tuples(st.just("receive"), st.integers(1, 12)),
    st.tuples(st.just("commit"), names),
    st.tuples(st.just("sell"), names),
)


def play(world: World, move: tuple[object, ...]) -> None:
    world.now += 7
    match move:
        case ("push",):
            world.push()
        case ("land", str(name), bool(told), bool(taken)):
            world.land(name, told=told, taken=taken)
        case ("receive", int(units)):
            world.receive(units)
        case ("commit", str(name)):
            world.commit(name)
        case ("sell", str(name)):
            world.sell(name)
        case _:
            raise AssertionError(move)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 12), st.lists(moves, max_size=40))
def test_buyers_never_find_more_than_there_is_but_for_what_sold_while_a_file_was_on_its_way(
    units: int, steps: list[tuple[object, ...]]
) -> None:
    """Files land in any order, or not at all, and we hear of it or not.

    What is sold between the making of a file and its landing is shown once more by it: no rule can know of it, and it
    is what the risk buffer is for. But for these units, all that is shown is never above what is free.
    """
    world = World(units)
    for move in steps:
        play(world, move)
        assert sum(world.shown.values()) <= world.free + world.overwritten
    world.rest()
    assert sum(world.shown.values()) <= max(0, world.free)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 12), st.lists(moves, max_size=30), st.integers(0, 12))
def test_whatever_happened_once_all_is_quiet_every_offer_shows_its_part(
    units: int, steps: list[tuple[object, ...]], correction: int
) -> None:
    world = World(units)
    for move in steps:
        play(world, move)
    world.shelf = correction  # a stock count finds other figures than the books had
    world.promised = dict.fromkeys(NAMES, 0)
    world.rest()
    entry = entries(world.book)[ITEM]
    assert entry.shelves == {LEEDS: correction}
    worked = Workings(world.run()).of(entry)
    assert worked.wants == ()
    assert sum(worked.targets) == correction
    assert dict(zip(NAMES, worked.targets, strict=True)) == world.shown

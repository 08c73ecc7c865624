"""Whatever buyers, the warehouse and our own files do, nobody else is blamed for it; whoever else writes is found."""

from itertools import count

from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.fakes.listings import ListingsHouse, a_listings_house
from tests.fakes.orders import a_line, an_order
from tieout.domain.postings import Key, Kind
from tieout.domain.stock.drift import Cause
from tieout.flows.orders import collect
from tieout.flows.stock.push import push_stock

ONE = "brightside"
SKUS = ("MUG", "BOWL", "JUG")
skus, units = st.sampled_from(SKUS), st.integers(1, 9)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), skus, units),
        st.tuples(st.just("restock"), skus, st.integers(0, 120)),
        st.tuples(st.just("push"), st.just(""), st.integers(0, 4)),
        st.tuples(st.just("poll"), st.just(""), st.just(0)),
        st.tuples(st.just("book"), st.just(""), st.just(0)),
        st.tuples(st.just("sample"), st.just(""), st.just(0)),
        st.tuples(st.just("night"), st.just(""), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 2000)),
        st.tuples(st.just("refuse"), skus, st.integers(0, 1)),
    ),
    max_size=25,
)
calmly = how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Days:
    """Days of a shop."""

    def __init__(self) -> None:
        self.shop: ListingsHouse = a_listings_house()
        self.shop.read_offers()
        self.numbers = count(1)
        self.unbooked: list[tuple[str, str, int]] = []

    def step(self, what: str, sku: str, number: int) -> None:
        shop, market, clock = self.shop, self.shop.house.market, self.shop.house.clock
        clock.advance(seconds=7)
        match what:
            case "buy" if market.offers[sku].quantity >= number:
                order_id = f"A-{next(self.numbers)}"
                market.put(an_order(order_id, [a_line(sku, quantity=number, line_id=f"{order_id}-1")]))
                market.sell(sku, number)
                self.unbooked.append((order_id, sku, number))
            case "restock":
                shop.house.ledger.set_stock(f"id-{sku}", "1", number)
            case "push":
                market.imports_take = number
                shop.push()
            case "poll":
                collect.collect_updates(ONE, shop.house.at)
            case "book" if self.unbooked:
                self._book()
            case "sample":
                shop.drift("sample", after_minutes=0)
            case "night":
                shop.drift("full", after_minutes=60)
                push_stock("full", shop.stockroom)
            case "wait":
                clock.advance(minutes=number)
            case "refuse":
                market.rejects = {sku: "locked"} if number else {}

    def _book(self) -> None:
        """NetSuite holds the oldest sale that was recorded, and has its units off what is available."""
        order_id, sku, number = self.unbooked[0]
        house = self.shop.house
        for posting in house.postings.claim([Key(ONE, order_id, Kind.SALES_ORDER, order_id)], house.clock()):
            house.postings.confirm(posting, {}, [], house.clock())
            left = house.ledger.stock[f"id-{sku}", "1"] - number
            house.ledger.set_stock(f"id-{sku}", "1", str(left))
            self.unbooked.pop(0)

    def blamed(self) -> set[str]:
        """SKUs that somebody else is said to have changed."""
        return {sku for sku, cause in self.shop.causes().items() if cause == Cause.CHANGED_OUTSIDE}

    def comes_to_rest(self) -> None:
        self.shop.house.market.rejects = {}
        self.shop.house.market.imports_take = 0
        for _ in range(16):
            self.shop.push()


@calmly
@given(steps)
def test_nobody_is_blamed_for_what_we_and_buyers_did(taken: list[tuple[str, str, int]]) -> None:
    days = Days()
    for step in taken:
        days.step(*step)
        assert days.blamed() == set(), step


@calmly
@given(steps, skus, st.integers(0, 500))
def test_what_somebody_else_wrote_is_written_over(taken: list[tuple[str, str, int]], sku: str, quantity: int) -> None:
    days = Days()
    for step in taken:
        days.step(*step)
    days.comes_to_rest()
    right = {each: offer.quantity for each, offer in days.shop.house.market.offers.items()}
    days.shop.house.market.put_offer(sku, quantity)
    for _ in range(2):
        days.shop.push()
        days.shop.drift()
    days.comes_to_rest()
    assert {each: offer.quantity for each, offer in days.shop.house.market.offers.items()} == right

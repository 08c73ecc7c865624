"""What other shops offer, kept in NetSuite: what changed, once, whatever cuts a run off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.json import encode

from tests.fakes.stock_book import MemoryStockBook
from tests.fakes.stockroom import ONE, StockHouse, a_stock_house
from tieout.config import config_from
from tieout.domain.errors import (
    AlreadyExists,
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    Reason,
    Retryable,
    SystemDown,
    Throttled,
)
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.sellers import NOTHING, Figures, SellerStock
from tieout.flows.stock.listed import offers_name
from tieout.flows.stock.seller_records import Kept, keep_in_netsuite, refusals_of

NIGHT = datetime(2026, 3, 2, 1, 20, tzinfo=UTC)
LIST = f"reports/{ONE}/sellers-in-netsuite"
REFUSED = NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"detail": "no"})


class Operator:
    """An operator's deployment, and what its marketplace was last read to offer."""

    def __init__(self, **stock: Any) -> None:
        self.house: StockHouse = a_stock_house(sellers="netsuite", **stock)
        data = self.house.room.at.config.model_dump(exclude_none=True)
        data["marketplaces"][ONE] |= {"role": "operator", "operator": {"own_shops": [2001]}}
        at = structs.replace(self.house.room.at, config=config_from(data))
        self.room = structs.replace(self.house.room, at=at)
        self.ledger = self.house.house.ledger
        self.nights = 0

    def read(self, **units: int) -> None:
        """The nightly reading: so many units of each product at one other shop, for 5.00 apiece."""
        self.nights += 1
        offers = [
            Offer(
                sku=f"THEIR-{product}",
                offer_id=product,
                quantity=quantity,
                price=Decimal("5.00"),
                currency="GBP",
                product=product,
                shop_id="2002",
            )
            for product, quantity in units.items()
        ]
        self._keep(offers)

    def _keep(self, offers: Iterable[Offer]) -> None:
        asked_at = int((NIGHT + timedelta(days=self.nights)).timestamp())
        self.house.book.replace(offers_name(ONE), (encode(each) + b"\n" for each in [asked_at, *offers]))

    def keep(self, has_time: Callable[[], bool] = lambda: True) -> Kept | None:
        return keep_in_netsuite(ONE, self.room, has_time)

    def settle(self) -> None:
        """Until nothing is left to write."""
        for _ in range(20):
            if self.keep() == Kept():
                return
        raise AssertionError("it never comes to rest")

    def fails(self, product: str, error: Exception) -> None:
        self.ledger.refused_products[product] = error  # type: ignore[assignment]

    @property
    def units(self) -> dict[str, int]:
        """What NetSuite holds."""
        return {each.product: each.figures.units for each in self.ledger.seller_stock.values()}

    @property
    def writes(self) -> int:
        return self.ledger.calls["keep_seller_stock"]


def test_a_record_a_product_says_what_the_other_shops_have() -> None:
    operator = Operator()
    operator.read(MUG=7)
    assert operator.keep() == Kept(written=1)
    assert operator.ledger.seller_stock == {
        "T-brightside-SST-MUG": SellerStock(
            marketplace=ONE,
            product="MUG",
            figures=Figures(7, 1, Decimal("5.00"), "GBP"),
            as_of=NIGHT + timedelta(days=1),
        )
    }


def test_before_the_first_nightly_reading_there_is_nothing_to_keep() -> None:
    assert Operator().keep() is None


def test_only_what_changed_is_written() -> None:
    operator = Operator()
    operator.read(MUG=7, BOWL=3)
    operator.keep()
    operator.read(MUG=7, BOWL=4)
    assert operator.keep() == Kept(written=1)
    assert operator.units == {"MUG": 7, "BOWL": 4}
    assert operator.ledger.seller_stock["T-brightside-SST-MUG"].as_of == NIGHT + timedelta(days=1)


def test_until_offers_are_read_again_another_run_writes_nothing() -> None:
    operator = Operator()
    operator.read(MUG=7)
    operator.keep()
    assert operator.keep() == Kept()
    assert operator.writes == 1


def test_a_record_that_netsuite_refuses_is_told_with_its_age_until_it_is_taken() -> None:
    operator = Operator()
    operator.read(MUG=7, BOWL=3)
    operator.fails("MUG", REFUSED)
    assert operator.keep() == Kept(written=1, refused=1)
    operator.house.house.clock.advance(hours=26)
    assert operator.keep() == Kept(refused=1, refused_hours=26)
    assert refusals_of(operator.house.book, ONE)["MUG"].why == str(REFUSED)
    operator.read(MUG=7, BOWL=4)  # another night, other figures: it is the same refusal
    operator.house.house.clock.advance(hours=1)
    assert operator.keep() == Kept(written=1, refused=1, refused_hours=27)
    operator.ledger.refused_products.clear()
    assert operator.keep() == Kept(written=1)
    assert refusals_of(operator.house.book, ONE) == {}


def test_a_record_is_told_to_be_refused_also_while_the_flow_is_paused() -> None:
    """Nothing was mended by that: the alarm would end, and ring anew."""
    operator = Operator()
    operator.read(MUG=9)
    operator.fails("MUG", REFUSED)
    operator.keep()
    operator.house.house.clock.advance(hours=26)
    operator.house.house.switches.paused_flows.add("stock")
    assert operator.keep() == Kept(refused_hours=26)


def test_a_run_writes_so_many_at_most_and_the_next_goes_on() -> None:
    operator = Operator(seller_records_a_run=2)
    operator.read(A=1, B=2, C=3, D=4, E=5)
    assert operator.keep() == Kept(written=2, waiting=3)
    assert operator.keep() == Kept(written=2, waiting=1)
    assert operator.keep() == Kept(written=1)
    assert operator.writes == 5


def test_a_run_that_has_no_more_time_leaves_the_rest_to_the_next() -> None:
    operator = Operator()
    operator.read(A=1, B=2, C=3)
    times = iter((True, False))
    assert operator.keep(lambda: next(times)) == Kept(written=1, waiting=2)
    assert operator.keep() == Kept(written=2)
    assert operator.writes == 3


def test_a_product_that_nobody_offers_any_more_has_no_units_at_no_price() -> None:
    operator = Operator()
    operator.read(MUG=7, BOWL=3)
    operator.keep()
    operator.read(BOWL=3)
    assert operator.keep() == Kept(written=1)
    assert operator.ledger.seller_stock["T-brightside-SST-MUG"].figures == NOTHING
    operator.read(BOWL=3)
    assert operator.keep() == Kept()
    operator.read(BOWL=3, MUG=2)
    assert operator.keep() == Kept(written=1)
    assert operator.units == {"MUG": 2, "BOWL": 3}


@pytest.mark.parametrize("refusal", [REFUSED, AlreadyExists("taken")])
def test_a_record_that_is_refused_stops_no_other_and_comes_last_the_next_time(
    refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    operator = Operator(seller_records_a_run=2)
    operator.read(A=1, B=2, C=3)
    operator.fails("A", refusal)
    assert operator.keep() == Kept(written=1, refused=1, waiting=1)
    assert "seller stock refused by NetSuite" in caplog.messages
    assert operator.keep() == Kept(written=1, refused=1)
    assert operator.units == {"B": 2, "C": 3}
    assert operator.keep() == Kept(refused=1)
    operator.ledger.refused_products.clear()
    assert operator.keep() == Kept(written=1)


def test_a_run_in_which_all_were_refused_is_stuck_and_one_with_nothing_to_do_is_not() -> None:
    assert Kept(refused=2).is_stuck
    assert Kept(waiting=1).is_stuck
    assert not Kept(written=1, refused=2).is_stuck
    assert not Kept().is_stuck


def test_what_may_have_been_written_is_written_again() -> None:
    operator = Operator()
    operator.read(A=1, B=2)
    operator.fails("A", OutcomeUnknown("no answer"))
    assert operator.keep() == Kept(written=1, unknown=1)
    operator.ledger.refused_products.clear()
    assert operator.keep() == Kept(written=1)
    assert operator.units == {"A": 1, "B": 2}


def test_what_may_have_been_written_and_is_offered_no_more_gets_its_zero() -> None:
    operator = Operator()
    operator.read(A=1, B=2)
    operator.fails("A", OutcomeUnknown("no answer"))
    operator.keep()
    operator.ledger.refused_products.clear()
    operator.read(B=2)
    assert operator.keep() == Kept(written=1)
    assert operator.units == {"A": 0, "B": 2}


@pytest.mark.parametrize("error", [Throttled("429"), SystemDown("away"), Retryable("edited"), CredentialsRefused("no")])
def test_where_netsuite_takes_nothing_now_the_rest_waits(error: Exception) -> None:
    operator = Operator()
    operator.read(A=1, B=2, C=3)
    operator.fails("B", error)
    assert operator.keep() == Kept(written=1, waiting=2)
    assert operator.writes == 2
    operator.ledger.refused_products.clear()
    operator.house.house.clock.advance(minutes=60)
    assert operator.keep() == Kept(written=2)


def test_refused_credentials_open_netsuites_breaker() -> None:
    operator = Operator()
    operator.read(A=1)
    operator.fails("A", CredentialsRefused("401"))
    operator.keep()
    assert operator.room.at.switches.closed_until("netsuite", operator.room.at.clock())
    assert operator.keep() == Kept()
    assert operator.writes == 1


def test_a_paused_flow_writes_nothing() -> None:
    operator = Operator()
    operator.read(A=1)
    operator.house.house.switches.paused_flows.add("stock")
    assert operator.keep() == Kept()
    operator.house.house.switches.paused_flows.clear()
    assert operator.keep() == Kept(written=1)


def test_each_record_is_a_turn_of_its_own() -> None:
    operator = Operator()
    operator.read(A=1, B=2)
    turns: list[int] = []

    def in_turn(ask: Callable[[], object]) -> object:
        before = operator.writes
        ask()
        turns.append(operator.writes - before)
        return None

    operator.room = structs.replace(operator.room, in_turn=in_turn)
    operator.keep()
    assert turns == [1, 1]


class Killed(BaseException):
    """The process is gone."""


class Fragile:
    """Kills the process after so many calls of NetSuite's and the book's."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class FragileBook(MemoryStockBook):
    def __init__(self, whole: MemoryStockBook, fragile: Fragile) -> None:
        self.kept, self._fragile = whole.kept, fragile

    def replace(self, name: str, blocks: Iterable[bytes]) -> None:
        super().replace(name, blocks)
        self._fragile.tick()


def cut_off(operator: Operator, calls: int) -> None:
    """A run that ends after so many calls, whatever it was doing."""
    fragile, whole = Fragile(calls), operator.room

    def in_turn(ask: Callable[[], object]) -> object:
        answer = ask()
        fragile.tick()
        return answer

    operator.room = structs.replace(whole, in_turn=in_turn, book=FragileBook(operator.house.book, fragile))
    try:
        operator.keep()
    except Killed:
        pass
    finally:
        operator.room = whole


PRODUCTS = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 9))


@given(st.lists(st.tuples(PRODUCTS, st.integers(1, 8)), max_size=5), PRODUCTS)
def test_whatever_was_cut_off_netsuite_comes_to_hold_what_is_offered(
    nights: list[tuple[dict[str, int], int]], at_last: dict[str, int]
) -> None:
    operator = Operator(seller_records_a_run=3)
    for units, calls in nights:
        operator.read(**units)
        cut_off(operator, calls)
    operator.read(**at_last)
    operator.settle()
    assert {product: units for product, units in operator.units.items() if units or product in at_last} == at_last
    before = operator.writes
    operator.read(**at_last)
    assert operator.keep() == Kept()
    assert operator.writes == before


def test_who_lost_the_list_writes_all_again_and_changes_nothing() -> None:
    operator = Operator()
    operator.read(A=1, B=2)
    operator.keep()
    before = dict(operator.ledger.seller_stock)
    del operator.house.book.kept[LIST]
    assert operator.keep() == Kept(written=2)
    assert operator.ledger.seller_stock == before

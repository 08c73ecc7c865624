"""Over any days of a shop, each change reaches the marketplace once, and what a person should see first never goes."""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.fakes.listings import APPROVED, ListingsHouse, a_listings_house
from tests.fakes.orders import an_item
from tieout.domain.errors import OutcomeUnknown
from tieout.domain.listings.listing import PriceRow
from tieout.flows.listings.sync import Synced

SKUS = ("MUG", "BOWL", "PLATE", "VASE")
skus = st.sampled_from(SKUS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("price"), skus, st.sampled_from(["4.00", "4.40", "4.80", "90.00"])),
        st.tuples(st.just("approve"), skus, st.sampled_from(["", "yes"])),
        st.tuples(st.just("refuse"), skus, st.sampled_from(["", "locked"])),
        st.tuples(st.just("sync"), st.just(""), st.sampled_from(["0", "1", "3"])),
        st.tuples(st.just("cut"), st.just(""), st.sampled_from(["1", "2", "3", "4"])),
        st.tuples(st.just("lose"), st.just(""), st.sampled_from(["", "taken"])),
        st.tuples(st.just("night"), st.just(""), st.just("")),
    ),
    max_size=20,
)
calmly = how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def a_shop() -> ListingsHouse:
    """MUG, BOWL and JUG are offered; PLATE and VASE have a bar code and a price, and nobody approved them."""
    shop = a_listings_house(sync=True, approval_field=APPROVED, delete_after_days=2)
    for number, sku in enumerate(("PLATE", "VASE")):
        shop.house.ledger.save_item(an_item(sku, upc=f"501234567893{number}"))
        shop.price(sku, "4.00")
    shop.read_offers()
    return shop


def step(shop: ListingsHouse, what: str, sku: str, value: str) -> None:
    match what:
        case "price":
            shop.price(sku, value)
        case "approve":
            shop.approve(sku, yes=bool(value))
        case "refuse":
            shop.house.market.rejects = {sku: value} if value else {}
        case "sync":
            shop.house.market.imports_take = int(value)
            shop.sync()
        case "cut":
            cut_off(shop, int(value))
        case "lose":
            lose(shop, is_taken=bool(value))
        case "night":
            shop.read_offers()


def cut_off(shop: ListingsHouse, at_write: int) -> None:
    """A run dies as it writes something down."""
    replace, writes = shop.kept.replace, iter(range(1, 1000))

    def dies(name: str, blocks: Iterable[bytes]) -> None:
        if next(writes) == at_write:
            raise KeyboardInterrupt(name)
        replace(name, blocks)

    shop.kept.replace = dies  # type: ignore[method-assign]
    with suppress(KeyboardInterrupt):
        shop.sync()
    shop.kept.replace = replace  # type: ignore[method-assign]


def lose(shop: ListingsHouse, *, is_taken: bool) -> None:
    """A run gets no answer to its file of prices, whether Mirakl has it or not."""
    market = shop.house.market
    send = market.send_prices

    def no_answer(prices: Iterable[PriceRow]) -> str:
        if is_taken:
            send(prices)
        raise OutcomeUnknown("no answer")

    market.send_prices = no_answer  # type: ignore[method-assign]
    shop.sync()
    market.send_prices = send  # type: ignore[method-assign]


def at_rest(shop: ListingsHouse) -> None:
    """Nothing is refused any more, and days go by."""
    shop.house.market.rejects, shop.house.market.imports_take = {}, 0
    for _ in range(5):
        shop.read_offers()
        for _ in range(4):
            shop.sync()


@calmly
@given(steps)
def test_in_the_end_offers_are_what_netsuite_approves_at_its_price(taken: list[tuple[str, str, str]]) -> None:
    shop = a_shop()
    for each in taken:
        step(shop, *each)
    at_rest(shop)
    files = len(shop.house.market.price_files), len(shop.house.market.offer_files)
    assert shop.sync() == Synced(held=len(shop.tasks()))
    assert (len(shop.house.market.price_files), len(shop.house.market.offer_files)) == files
    held = {task.finding.sku for task in shop.tasks()}
    approved = shop.house.ledger.approved_items[APPROVED]
    for sku in SKUS:
        offer = shop.house.market.offers.get(sku)
        if f"id-{sku}" not in approved:
            assert offer is None or offer.is_deleted, sku
        elif sku not in held:
            assert offer is not None, sku
            assert not offer.is_deleted, sku
            assert offer.price == shop.house.ledger.prices["Base Price", "GBP", f"id-{sku}"]


@calmly
@given(steps)
def test_a_price_is_netsuites_the_same_day_whatever_was_lost(taken: list[tuple[str, str, str]]) -> None:
    """An offer that the last night showed: also where NetSuite's price went back to that night's meanwhile."""
    shop = a_shop()
    market = shop.house.market
    for each in taken:
        step(shop, *each)
    market.rejects, market.imports_take = {}, 0
    for _ in range(4):
        shop.sync()
    waiting = {task.finding.sku for task in shop.tasks()}
    approved = shop.house.ledger.approved_items[APPROVED]
    for sku, offer in market.offers.items():
        if f"id-{sku}" in approved and sku not in waiting and not offer.is_deleted:
            assert offer.price == shop.house.ledger.prices["Base Price", "GBP", f"id-{sku}"], sku


@calmly
@given(steps)
def test_a_price_file_never_takes_a_step_that_nobody_saw(taken: list[tuple[str, str, str]]) -> None:
    """From 4.00 to 90.00, or back, only a person's word leads; a new offer may begin anywhere."""
    shop = a_shop()
    market = shop.house.market
    for each in taken:
        before = {sku: offer.price for sku, offer in market.offers.items()}
        known = len(market.price_files)
        step(shop, *each)
        for row in (row for file in market.price_files[known:] for row in file):
            was = before.get(row.sku)
            assert was is None or abs(row.price - was) <= was * Decimal("0.25"), row


@calmly
@given(steps)
def test_offers_of_others_are_never_touched(taken: list[tuple[str, str, str]]) -> None:
    shop = a_shop()
    stranger = shop.house.market.put_offer("STRANGER", 9, price=Decimal("1.00"))
    for each in taken:
        step(shop, *each)
    assert shop.house.market.offers["STRANGER"] == stranger
    assert {row.sku for file, _ in shop.house.market.offer_files for row in file} <= set(SKUS)

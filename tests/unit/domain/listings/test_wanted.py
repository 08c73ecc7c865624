"""An offer comes from an approved item, at NetSuite's price, and goes when the item may no longer be listed."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tieout.domain.listings.audit import AuditRules, Fault
from tieout.domain.listings.listing import ItemPrice, Listing, PriceRow
from tieout.domain.listings.wanted import ListingRules, Wanted, wanted
from tieout.domain.orders.matching import SkuRules
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import StockItem

TODAY = date(2026, 11, 27)
RULES = ListingRules(
    audit=AuditRules(
        marketplace="maison-eu",
        sku=SkuRules(aliases={}),
        currency="EUR",
        price_band_percent=Decimal(25),
        approves=True,
    ),
    state_code="11",
    delete_after_days=30,
)
CUP = StockItem(id="1", itemid="CUP", upc="5012345678900", title="A cup")


@dataclass
class Shop:
    """NetSuite and the marketplace as they stand."""

    items: list[StockItem] = field(default_factory=lambda: [CUP])
    offers: list[Offer] = field(default_factory=list)
    price: str = "4.00"
    discontinued: dict[str, date] = field(default_factory=dict)
    accepted: dict[str, Decimal] = field(default_factory=dict)

    def wants(self) -> Wanted:
        return wanted(
            self.offers,
            self.items,
            [ItemPrice(item_id="1", currency="EUR", price=Decimal(self.price))],
            RULES,
            today=TODAY,
            discontinued=self.discontinued,
            accepted_prices=self.accepted,
        )


def _offer(price: str = "4.00", *, currency: str = "EUR", special: bool = False, quantity: int = 3) -> Offer:
    return Offer(
        sku="CUP", offer_id="77", quantity=quantity, price=Decimal(price), currency=currency, has_more_prices=special
    )


def _unapproved() -> StockItem:
    return StockItem(id="1", itemid="CUP", upc="5012345678900", is_approved=False)


def test_an_approved_item_without_an_offer_becomes_one_that_shows_nothing_yet() -> None:
    assert Shop().wants() == Wanted(
        (
            Listing(
                sku="CUP",
                product_id="5012345678900",
                product_id_type="EAN",
                price=Decimal("4.00"),
                quantity=0,
                state_code="11",
                description="A cup",
            ),
        ),
        (),
        (),
        (),
        (),
    )


def test_an_item_without_a_bar_code_or_a_price_is_for_a_person() -> None:
    (found,) = Shop(items=[StockItem(id="1", itemid="CUP")], price="0").wants().findings
    assert (found.fault, found.evidence) == (Fault.NOT_LISTED, "item 1 has no UPC and no price")


def test_a_changed_price_is_sent_and_nothing_else() -> None:
    assert Shop(offers=[_offer()], price="4.50").wants() == Wanted((), (PriceRow("CUP", Decimal("4.50")),), (), (), ())


def test_the_same_price_is_not_sent() -> None:
    assert Shop(offers=[_offer()]).wants() == Wanted((), (), (), (), ())


def test_a_price_far_from_the_old_one_waits_until_a_person_accepts_exactly_that_one() -> None:
    shop = Shop(offers=[_offer()], price="40.00")
    (found,) = shop.wants().findings
    assert (found.fault, found.evidence) == (Fault.PRICE_TO_REVIEW, "NetSuite 40.00, the offer 4.00 EUR")
    shop.accepted = {"CUP": Decimal("41.00")}
    assert shop.wants().prices == ()
    shop.accepted = {"CUP": Decimal("40.00")}
    assert shop.wants().prices == (PriceRow("CUP", Decimal("40.00")),)


def test_a_discount_is_never_deleted_by_a_new_price() -> None:
    shop = Shop(offers=[_offer(special=True)], price="4.10")
    assert (shop.wants().prices, [one.fault for one in shop.wants().findings]) == ((), [Fault.OTHER_PRICES])


def test_an_offer_that_has_prices_by_channel_only_is_for_a_person() -> None:
    wants = Shop(offers=[replace(_offer(special=True), price=None)], price="4.40").wants()
    assert wants.prices == ()
    assert [(one.fault, one.suggestion, one.evidence) for one in wants.findings] == [
        (Fault.OTHER_PRICES, "4.40", "NetSuite 4.40, the offer has no price for everybody")
    ]


def test_an_offer_that_an_export_tells_twice_is_priced_once() -> None:
    assert Shop(offers=[_offer(), _offer()], price="4.40").wants().prices == (PriceRow("CUP", Decimal("4.40")),)


@pytest.mark.parametrize(
    ("currency", "decimals", "netsuites", "sent"),
    [
        ("EUR", None, "4.3333", "4.33"),
        ("EUR", None, "4.335", "4.34"),
        ("EUR", None, "4.400000", "4.40"),
        ("EUR", 4, "4.3333", "4.3333"),
        ("JPY", None, "4.5", "5"),
        ("KWD", None, "4.3335", "4.334"),
    ],
)
def test_a_price_has_as_many_decimals_as_the_marketplaces_prices(
    currency: str, decimals: int | None, netsuites: str, sent: str
) -> None:
    """A finer one is refused there, or rounded: then it would differ from the offer's the next day, for ever."""
    rules = replace(RULES, audit=replace(RULES.audit, currency=currency), price_decimals=decimals)

    def wants(*offers: Offer) -> Wanted:
        price = ItemPrice(item_id="1", currency=currency, price=Decimal(netsuites))
        return wanted(offers, [CUP], [price], rules, today=TODAY, discontinued={})

    assert [f"{row.price}" for row in wants(_offer("4", currency=currency)).prices] == [sent]
    assert [f"{listing.price}" for listing in wants().create] == [sent]
    assert wants(_offer(sent, currency=currency)) == Wanted((), (), (), (), ())


def test_a_price_that_rounds_to_nothing_is_none() -> None:
    assert [one.evidence for one in Shop(price="0.004").wants().findings] == ["item 1 has no price"]


@pytest.mark.parametrize("price", ["0.00", "-4.00"])
def test_an_offer_whose_item_lost_its_price_stays_as_it_is_and_is_told(price: str) -> None:
    wants = Shop(offers=[_offer()], price=price).wants()
    assert wants.prices == ()
    assert [(one.fault, one.evidence) for one in wants.findings] == [
        (Fault.PRICE_TO_REVIEW, "NetSuite has no price, the offer 4.00 EUR")
    ]


def test_an_offer_in_another_currency_is_left_alone() -> None:
    assert Shop(offers=[_offer(currency="GBP")], price="4.10").wants() == Wanted((), (), (), (), ())


def test_an_item_that_may_no_longer_be_listed_first_shows_nothing_and_is_deleted_later() -> None:
    shop = Shop(items=[_unapproved()], offers=[_offer(quantity=0)])
    for days, deleted in ((None, ()), (29, ()), (30, ("CUP",))):
        shop.discontinued = {} if days is None else {"CUP": TODAY - timedelta(days=days)}
        assert (shop.wants().discontinued, shop.wants().delete) == (("CUP",), deleted)


def test_what_can_still_be_bought_is_not_deleted() -> None:
    shop = Shop(items=[_unapproved()], offers=[_offer(quantity=1)], discontinued={"CUP": TODAY - timedelta(days=90)})
    assert (shop.wants().discontinued, shop.wants().delete) == (("CUP",), ())


def test_an_offer_of_two_active_items_is_not_touched() -> None:
    again = StockItem(id="2", itemid="CUP", upc="5012345678917", is_approved=False)
    assert Shop(items=[CUP, again], offers=[_offer()], price="4.50").wants().prices == ()


def test_an_item_whose_offer_is_written_otherwise_is_not_offered_twice() -> None:
    """The shop offers `cup `: somebody corrects that first."""
    found = Shop(offers=[replace(_offer(), sku="cup ")]).wants()
    assert (found.create, [one.evidence for one in found.findings]) == (
        (),
        ["item 1: offer 'cup ' is there, and is not surely this item's"],
    )


def test_two_items_of_one_name_never_write_over_an_offer() -> None:
    again = StockItem(id="2", itemid="CUP", upc="5012345678917")
    for offers in ([], [_offer()]):
        found = Shop(items=[CUP, again], offers=offers).wants()
        assert (found.create, len(found.findings)) == ((), 2)


def test_a_name_that_an_alias_gives_to_another_item_is_not_offered() -> None:
    rules = replace(RULES, audit=replace(RULES.audit, sku=SkuRules({"CUP": "BOWL"})))
    prices = [ItemPrice(item_id="1", currency="EUR", price=Decimal("4.00"))]
    found = wanted([], [CUP], prices, rules, today=TODAY, discontinued={})
    assert (found.create, found.findings[0].evidence) == ((), "item 1: orders.sku.aliases says that 'CUP' is 'BOWL'")


def test_an_offer_by_bar_code_is_its_items_where_the_settings_say_so() -> None:
    rules = replace(RULES, audit=replace(RULES.audit, sku=SkuRules({}, match_upc=True)))
    prices = [ItemPrice(item_id="1", currency="EUR", price=Decimal("4.10"))]
    offer = replace(_offer(), sku=CUP.upc)
    found = wanted([offer], [CUP], prices, rules, today=TODAY, discontinued={})
    assert (found.create, found.prices) == ((), (PriceRow(CUP.upc, Decimal("4.10")),))


states = st.builds(
    Shop,
    items=st.sampled_from([[CUP], [_unapproved()], []]),
    offers=st.lists(st.sampled_from([_offer(), _offer("3.10"), _offer(special=True)]), max_size=1),
    price=st.sampled_from(["4.00", "4.50", "90.00"]),
)


@given(states)
def test_no_offer_is_made_or_priced_that_is_not_of_an_approved_item(shop: Shop) -> None:
    found = shop.wants()
    if not any(item.is_approved for item in shop.items):
        assert (found.create, found.prices) == ((), ())
    assert not {row.sku for row in found.prices} & {*found.discontinued, *found.delete}

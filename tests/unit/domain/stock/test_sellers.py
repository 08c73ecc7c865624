"""What other shops offer, added up product by product."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.offer import Offer
from tieout.domain.stock.sellers import Figures, added_up

OWN = {"2001"}


def an_offer(
    product: str,
    quantity: int,
    price: str | None = "5.00",
    *,
    shop: str = "2002",
    currency: str = "GBP",
    is_active: bool = True,
    is_deleted: bool = False,
) -> Offer:
    return Offer(
        sku=f"{shop}-{product}",
        offer_id=f"{shop}-{product}-{quantity}-{price}",
        quantity=quantity,
        price=None if price is None else Decimal(price),
        currency=currency,
        product=product,
        shop_id=shop,
        is_active=is_active,
        is_deleted=is_deleted,
    )


def test_units_are_of_all_shops_and_the_price_is_the_lowest_that_can_be_bought() -> None:
    offers = [
        an_offer("P-MUG", 7, "5.00"),
        an_offer("P-MUG", 2, "4.50", shop="2003"),
        an_offer("P-MUG", 0, "1.00", shop="2004"),
        an_offer("P-MUG", 9, "2.00", shop="2005", is_active=False),
    ]
    assert added_up(offers, OWN) == {"P-MUG": Figures(9, 4, Decimal("4.50"), "GBP")}


def test_our_own_shops_stock_is_not_in_it() -> None:
    assert added_up([an_offer("P-MUG", 7, shop="2001")], OWN) == {}


def test_a_deleted_offer_is_none() -> None:
    assert added_up([an_offer("P-MUG", 7, is_deleted=True)], OWN) == {}


def test_a_product_that_nobody_has_is_offered_at_no_price() -> None:
    assert added_up([an_offer("P-MUG", 0)], OWN) == {"P-MUG": Figures(0, 1)}


def test_of_two_currencies_neither_is_lower() -> None:
    offers = [an_offer("P-MUG", 7, "5.00"), an_offer("P-MUG", 2, "5.60", shop="2003", currency="EUR")]
    assert added_up(offers, OWN) == {"P-MUG": Figures(9, 2)}


def test_an_offer_of_no_product_counts_by_its_shops_sku() -> None:
    assert added_up([Offer(sku="THEIRS", offer_id="1", quantity=3, shop_id="2002")], OWN) == {"THEIRS": Figures(3, 1)}


@given(
    st.lists(
        st.builds(
            an_offer,
            st.sampled_from(("P-MUG", "P-BOWL")),
            st.integers(-3, 20),
            st.sampled_from((None, "1.00", "2.00", "3.50")),
            shop=st.sampled_from(("2001", "2002", "2003")),
            currency=st.sampled_from(("GBP", "EUR")),
            is_active=st.booleans(),
        ),
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_mirakl_lists_offers_changes_nothing(offers: list[Offer], chance: Random) -> None:
    shuffled = list(offers)
    chance.shuffle(shuffled)
    found = added_up(offers, OWN)
    assert added_up(shuffled, OWN) == found
    others = [each for each in offers if each.shop_id not in OWN]
    assert sum(each.offers for each in found.values()) == len(others)
    assert sum(each.units for each in found.values()) == sum(max(0, o.quantity) for o in others if o.is_active)

"""Every offer is of an approved, active item, or somebody is told why not and what would mend it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.listings.audit import AuditRules, Fault, Finding, audit
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.orders.matching import SkuRules
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import StockItem

RULES = AuditRules(
    marketplace="brightside-uk",
    sku=SkuRules(aliases={"OLD-CUP": "CUP"}),
    currency="GBP",
    price_band_percent=Decimal(25),
    approves=True,
)
CUP = StockItem(id="1", itemid="CUP", upc="5012345678900")
BOWL = StockItem(id="2", itemid="BOWL", upc="5012345678917")
PRICES = [ItemPrice(item_id="1", currency="GBP", price=Decimal("4.00"))]


def _offer(sku: str = "CUP", **changes: object) -> Offer:
    fields: dict[str, object] = {
        "offer_id": f"O-{sku}",
        "quantity": 3,
        "price": Decimal("4.00"),
        "currency": "GBP",
        "references": (("EAN", "5012345678900"),),
    }
    return Offer(sku=sku, **(fields | changes))  # type: ignore[arg-type]


def _audit(*offers: Offer, items: tuple[StockItem, ...] = (CUP,), **more: object) -> list[Finding]:
    return audit(offers, items, PRICES, RULES, **more)  # type: ignore[arg-type]


def _faults(*offers: Offer, items: tuple[StockItem, ...] = (CUP,), **more: object) -> list[Fault]:
    return [one.fault for one in _audit(*offers, items=items, **more)]


def test_an_offer_of_an_approved_item_at_its_price_is_no_finding() -> None:
    assert _audit(_offer()) == []


def test_an_alias_is_as_good_as_the_itemid() -> None:
    assert _audit(_offer("OLD-CUP")) == []


def test_an_offer_without_a_sku_is_named_by_its_id_and_found_by_its_bar_code() -> None:
    (found,) = (one for one in _audit(_offer("", offer_id="77")) if one.fault is Fault.OFFER_WITHOUT_SKU)
    assert (found.sku, found.suggestion) == ("77", "CUP")
    assert found.evidence == "item 1 has UPC 5012345678900, the product's EAN"


def test_a_sku_that_no_item_has_is_suggested_by_the_products_bar_code() -> None:
    found = _audit(_offer("MUG"), _offer())
    assert [(one.fault, one.suggestion) for one in found] == [(Fault.NO_ITEM, "CUP")]


def test_a_bar_code_that_two_items_have_suggests_nothing() -> None:
    twin = StockItem(id="3", itemid="CUP-2", upc=CUP.upc, is_approved=False)
    (found,) = (one for one in _audit(_offer("MUG"), _offer(), items=(CUP, twin)) if one.fault is Fault.NO_ITEM)
    assert found.suggestion == ""


def test_case_and_blanks_are_told_and_never_taken() -> None:
    (found,) = (one for one in _audit(_offer("cup "), _offer()) if one.sku == "cup ")
    assert (found.fault, found.suggestion) == (Fault.CASE_OR_BLANKS, "CUP")
    assert found.evidence == "item 1 is 'CUP', the offer says 'cup '"


def test_a_sku_that_differs_by_a_blank_never_throws_doubt_on_the_one_without() -> None:
    """Strict mode stops the orders of the SKU that a finding names: of `CUP ` those, and none of `CUP`."""
    assert [one.sku for one in _audit(_offer("CUP"), _offer("CUP ")) if one.fault.mismatches] == ["CUP "]


def test_an_offer_whose_sku_is_nothing_but_blanks_is_named_by_its_id() -> None:
    assert {(one.sku, one.fault) for one in _audit(_offer("  ", offer_id="77"))} >= {("77", Fault.OFFER_WITHOUT_SKU)}


def test_an_inactive_item_matters_while_its_offer_can_be_bought() -> None:
    gone = StockItem(id="1", itemid="CUP", is_inactive=True)
    assert _faults(_offer(), items=(gone,)) == [Fault.ITEM_INACTIVE]
    assert _faults(_offer(quantity=0), items=(gone,)) == []
    assert _faults(_offer(is_active=False), items=(gone,)) == []


def test_two_active_items_of_one_sku_are_for_a_person_to_tell_apart() -> None:
    again = StockItem(id="9", itemid="CUP", is_approved=False)
    assert Fault.SEVERAL_ITEMS in _faults(_offer(), items=(CUP, again))


def test_one_item_offered_under_two_skus_is_one_stock() -> None:
    found = _audit(_offer(), _offer("OLD-CUP"))
    assert [one.fault for one in found] == [Fault.OFFERED_TWICE, Fault.OFFERED_TWICE]
    assert found[0].evidence == "item 1 is offered as CUP, OLD-CUP (2 offers)"


def test_an_offer_that_an_export_tells_twice_is_not_offered_twice() -> None:
    assert _audit(_offer(), _offer(quantity=2)) == []
    assert _faults(_offer("MUG"), _offer("MUG"), _offer()) == [Fault.NO_ITEM]


def test_an_offer_that_was_made_anew_is_looked_at() -> None:
    (found,) = _audit(_offer(offer_id="78"), known={"CUP": "77"})
    assert (found.fault, found.evidence) == (Fault.OFFER_RE_CREATED, "was 77, is 78")


def test_a_product_with_another_bar_code_names_the_item_that_has_it() -> None:
    found = _audit(_offer(references=(("EAN", BOWL.upc),)), _offer("BOWL", references=()), items=(CUP, BOWL))
    assert [(one.fault, one.suggestion) for one in found] == [(Fault.OTHER_PRODUCT, "BOWL")]


def test_an_items_bar_code_that_is_another_product_there_is_told_without_the_products_own_codes() -> None:
    (found,) = _audit(_offer(product="P-9", references=()), products={CUP.upc: "P-1"})
    assert (found.fault, found.evidence) == (
        Fault.OTHER_PRODUCT,
        "product P-9, item 5012345678900, which is product P-1",
    )
    assert _audit(_offer(product="P-1", references=()), products={CUP.upc: "P-1"}) == []
    assert _audit(_offer(product="P-9"), products={CUP.upc: "P-1"}) == []  # two products have this bar code


def test_a_price_is_out_of_band_beyond_the_settings_share_of_netsuites() -> None:
    assert _faults(_offer(price=Decimal("5.00"))) == []
    (found,) = _audit(_offer(price=Decimal("5.02")))
    assert (found.fault, found.evidence) == (Fault.PRICE_OUT_OF_BAND, "5.02 against 4.00 GBP (+25.5 %)")
    assert _faults(_offer(price=Decimal("2.99"))) == [Fault.PRICE_OUT_OF_BAND]


def test_another_currency_is_told_once_and_its_price_is_not_compared() -> None:
    assert _faults(_offer(currency="EUR", price=Decimal(400))) == [Fault.OTHER_CURRENCY]


def test_an_offer_of_an_item_that_may_not_be_listed() -> None:
    closed = StockItem(id="1", itemid="CUP", upc=CUP.upc, is_approved=False)
    assert _faults(_offer(), items=(closed,)) == [Fault.NOT_APPROVED]


def test_an_approved_item_without_an_offer() -> None:
    (found,) = _audit(_offer(), items=(CUP, BOWL))
    assert (found.fault, found.sku, found.evidence) == (Fault.NOT_LISTED, "BOWL", "item 2, UPC 5012345678917")


def test_a_deleted_offer_is_none() -> None:
    assert _faults(_offer(is_deleted=True)) == [Fault.NOT_LISTED]


def test_every_fault_says_what_to_do() -> None:
    assert all(fault.sentence.endswith(".") for fault in Fault)


skus = st.sampled_from(["CUP", "cup", "CUP ", "BOWL", "MUG", "OLD-CUP", ""])
offers = st.lists(
    st.builds(
        lambda sku, number, price: _offer(sku, offer_id=str(number), price=price),
        skus,
        st.integers(1, 6),
        st.decimals("0.01", "9.99", places=2),
    ),
    max_size=8,
    unique_by=lambda offer: (offer.offer_id, offer.sku),  # of one that is told twice, the last counts
)


@given(offers, st.randoms())
def test_the_order_of_offers_and_items_changes_nothing(listed: list[Offer], dice: object) -> None:
    shuffled = list(listed)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _audit(*listed, items=(CUP, BOWL)) == _audit(*shuffled, items=(BOWL, CUP))

"""A report that does not name every line in error leaves the whole file doubtful: a lowering may not have landed."""

import pytest
from msgspec.structs import replace

from tests.fakes.listings import a_listings_house
from tieout.domain.stock.offer import Import, Rejected


@pytest.mark.parametrize(
    ("report", "in_error"),
    [([], 1), ([], 0), ([Rejected("BOWL", "The offer is locked", 2)], 2)],
    ids=["names none", "is announced without a count", "names one of two"],
)
def test_a_lowering_is_sent_again_until_it_is_known_to_have_landed(
    report: list[Rejected], in_error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = a_listings_house()
    shop.read_offers()
    market, ledger = shop.house.market, shop.house.ledger
    for item, location in list(ledger.stock):
        ledger.set_stock(item, location, 3)
    market.rejects = {"MUG": "The offer is locked"}
    ask = market.stock_import

    def told(import_id: str) -> Import:
        state = ask(import_id)
        return replace(state, in_error=in_error, has_errors=True) if state.is_over else state

    with monkeypatch.context() as patched:
        patched.setattr(market, "stock_import", told)
        patched.setattr(market, "stock_errors", lambda _: report)
        for _ in range(3):
            shop.push()
    market.rejects = {}
    for _ in range(3):
        shop.push()
    assert {offer.quantity for offer in market.offers.values()} == {3}

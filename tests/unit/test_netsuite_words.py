"""NetSuite's words are kept where an order parks; the buyer that they may quote is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes import a_house, an_address, fetched
from tests.fakes.orders import an_order
from tieout.domain.errors import AlreadyExists, NeedsAttention, Reason, Retryable
from tieout.domain.orders.sales_order import CustomerDraft, SalesOrder
from tieout.domain.postings import Key, Kind
from tieout.flows.orders import collect, post
from tieout.netsuite.withholding import names_of, personal_of, withheld


def drafted() -> SalesOrder:
    house = a_house()
    address = an_address(name="Ada Lovelace", street_1="12 St James's Square", city="Reading", zip_code="RG1 2LU")
    collect.record("brightside", [fetched(an_order("A-1", ship_to=address))], house.at)
    post.post_sales_orders(
        [Key("brightside", "A-1", Kind.SALES_ORDER, "A-1")], house.at, house.clock.now + timedelta(minutes=5)
    )
    sent: SalesOrder = house.ledger.records[0].draft
    return sent


def test_a_refusal_that_quotes_the_buyer_is_kept_without_the_buyer() -> None:
    order = drafted()
    words = "Invalid zip RG1 2lu for Lovelace, 12 ST JAMES'S SQUARE. Please enter a value for Department."
    with pytest.raises(NeedsAttention) as refused, withheld(personal_of(order)):
        raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"code": "USER_ERROR", "detail": words})
    assert refused.value.facts == {
        "code": "USER_ERROR",
        "detail": "Invalid zip (withheld) for (withheld), (withheld). Please enter a value for Department.",
    }
    assert "Lovelace" not in str(refused.value)


def test_what_comes_back_by_itself_is_told_without_the_buyer_too() -> None:
    with pytest.raises(AlreadyExists, match=r"^entity \(withheld\) already exists$"), withheld(["Ada Lovelace"]):
        raise AlreadyExists("entity Ada Lovelace already exists")
    with pytest.raises(Retryable, match=r"^\(withheld\) is being edited$") as busy, withheld(["Ada Lovelace"]):
        raise Retryable("Ada Lovelace is being edited", 30)
    assert busy.value.after_seconds == 30


def test_words_that_quote_nobody_stay_whole() -> None:
    with pytest.raises(NeedsAttention) as refused, withheld(["", "NY", "Ann"]):
        raise NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"detail": "Cannot post: any annual period is closed"})
    assert refused.value.facts["detail"] == "Cannot post: any annual period is closed"


def test_a_marketplaces_own_name_is_told_and_a_buyers_is_not() -> None:
    assert names_of(CustomerDraft("T-m-CUS-MARKETPLACE", "Brightside", "1", "4")) == []
    assert "Lovelace" in names_of(CustomerDraft("T-m-CUS-77", "Ada Lovelace 77", "1", "4"))

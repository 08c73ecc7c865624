"""An operator's cycles: each shop has its own, is a vendor of its own, and owes or is owed by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes import House, a_house
from tieout.domain.ledger.line import Cycle, Document, Line, PayOut
from tieout.domain.ledger.record import Record
from tieout.domain.money import ZERO
from tieout.domain.postings import SETTLED_AS, Lane, State
from tieout.flows.settlement.collect import collect_settlements
from tieout.flows.settlement.plan import of_the_cycle
from tieout.flows.settlement.review import approve, list_reviews
from tieout.flows.settlement.work import post_due

MARKET = "brightside"
AGENT = {
    "seller_payable": "2300",
    "seller_receivable": "1310",
    "customer_funds_unallocated": "2330",
    "customer_refunds_payable": "2340",
    "bank_or_psp_wallet": "1060",
    "commission_revenue": "4200",
    "vat_output": "2200",
    "rounding": "7200",
    "accrued_commission_receivable": "1330",
}
PRINCIPAL = AGENT | {"accounts_payable_supplier": "2000", "cogs_dropship": "5000", "vat_input": "1450"}
SOLD = {"ORDER_AMOUNT": "100.00", "ORDER_AMOUNT_TAX": "20.00", "COMMISSION_FEE": "-15.00", "COMMISSION_VAT": "-3.00"}
BOUGHT = {"ORDER_AMOUNT": "100.00", "PURCHASE_COMMISSION_FEE": "-30.00", "PURCHASE_ORDER_AMOUNT_TAX": "14.00"}


def an_operators_house(model: str = "agent", **more: Any) -> House:
    settlement = {
        "since": "2026-01-01T00:00:00Z",
        "seller_model": model,
        "approve_journals": True,
        "accounts": [{"roles": AGENT if model == "agent" else PRINCIPAL}],
        "month_end": "off",
    }
    house = a_house(
        marketplaces__brightside__role="operator",
        marketplaces__brightside__settlement=settlement | more,
    )
    house.clock.to(datetime(2026, 3, 25, 12, tzinfo=UTC))
    return house


def close(house: House, shop: str, amounts: dict[str, str], *, document: str = "", name: str = "") -> Cycle:
    """A shop's cycle of these lines; fees are on a document if one is named."""
    now, order_id = house.clock.now, f"A-{shop}"
    lines = [
        Line(
            id=f"{shop}-{kind}",
            type=kind,
            amount=Decimal(amount),
            currency="GBP",
            created=now,
            updated=now,
            state="PAYABLE",
            order_id=order_id,
            order_line_id=f"{order_id}-1",
            shop=shop,
            document=document if document and "COMMISSION" in kind and "PURCHASE" not in kind else None,
        )
        for kind, amount in amounts.items()
    ]
    house.market.put_lines(*lines)
    if document:
        fee, vat = -Decimal(amounts["COMMISSION_FEE"]), -Decimal(amounts["COMMISSION_VAT"])
        house.market.documents[document] = Document(
            number=document,
            type="AUTO_INVOICE",
            currency="GBP",
            issued=now,
            net=fee,
            gross=fee + vat,
            taxes={"TAXDEFAULT": vat},
            shop=shop,
        )
    total = sum((line.amount for line in lines), ZERO)
    return house.market.close_cycle(
        Cycle(
            id=f"cycle-{shop}",
            currency="GBP",
            closed_at=now,
            to_seller=max(total, ZERO),
            to_operator=None,
            pay_out=PayOut(state="TO_PAY"),
            shop=shop,
            shop_name=name,
        )
    )


def work(house: House) -> None:
    for _ in range(50):
        keys = house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 10)
        if not keys:
            return
        assert post_due(keys, house.at, house.clock.now + timedelta(minutes=5)) == []
        if not house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock.now, 10):
            house.clock.advance(seconds=600)
    raise AssertionError("never at rest")


def settle(house: House) -> None:
    """A day later the log is read, and everything that is shown is agreed to."""
    house.clock.advance(hours=25)
    collect_settlements(MARKET, house.at, asked=True)
    work(house)
    for review in list_reviews(house.at):
        approve(house.at, review.plan.hash, "finance")
    work(house)


def balance(house: House, *accounts: str) -> Decimal:
    return sum((each.amount for each in house.ledger.balances(accounts)), ZERO)


def owed(house: House, account: str = "2300") -> dict[str, Decimal]:
    """By vendor, as NetSuite has it."""
    return {each.vendor: each.amount for each in house.ledger.vendor_balances(account, house.clock.now.date())}


def test_each_shop_s_cycle_is_shown_agreed_to_and_booked_with_the_shop_as_its_vendor() -> None:
    house = an_operators_house()
    close(house, "2001", SOLD, document="FI-1", name="Gift Shop")
    close(house, "2002", SOLD | {"ORDER_AMOUNT": "50.00"}, document="FI-2", name="Lamp Shop")
    settle(house)
    assert owed(house) == {"T-brightside-VEN-2001": Decimal("-102.00"), "T-brightside-VEN-2002": Decimal("-52.00")}
    assert balance(house, "4200") == Decimal("-30.00"), "commission of both"
    assert balance(house, "1310") == ZERO, "fees are invoiced and set off at once"
    assert balance(house, "2330") == Decimal("190.00"), "what customers paid is the shops' now"


def test_shops_are_made_in_netsuite_once_as_vendor_and_as_customer() -> None:
    house = an_operators_house()
    close(house, "2001", SOLD, document="FI-1", name="Gift Shop")
    settle(house)
    assert {each.external_id: each.name for each in house.ledger.vendors.values()} == {
        "T-brightside-VEN-2001": "Gift Shop (brightside 2001)"
    }
    assert {each.external_id: each.name for each in house.ledger.customers.values()} == {
        "T-brightside-SHOP-2001": "Gift Shop (brightside 2001, fees)"
    }


def test_a_shop_s_name_is_in_no_posting() -> None:
    """A shop may be a person: the name goes from Mirakl to NetSuite, and no row of ours holds it."""
    house = an_operators_house()
    close(house, "2001", SOLD, document="FI-1", name="Jeanne Dupont")
    settle(house)
    assert "Dupont" not in repr(house.postings.all) + repr(house.postings.history)


def test_a_payout_empties_what_is_owed_to_the_shop() -> None:
    house = an_operators_house()
    close(house, "2001", SOLD, document="FI-1")
    settle(house)
    house.market.pay("cycle-2001")
    settle(house)
    assert owed(house) == {"T-brightside-VEN-2001": ZERO}
    assert balance(house, "1060") == Decimal("-102.00")


def test_a_principal_buys_the_goods_and_pays_the_shop_s_bill() -> None:
    house = an_operators_house("principal")
    close(house, "2001", BOUGHT)
    settle(house)
    assert owed(house, "2000") == {"T-brightside-VEN-2001": Decimal("-84.00")}
    assert (balance(house, "5000"), balance(house, "1450")) == (Decimal("70.00"), Decimal("14.00"))
    cycle = house.postings.posting(of_the_cycle(MARKET, "cycle-2001"))
    assert cycle is not None
    assert cycle.facts["moved"] == "84.00 GBP"
    house.market.pay("cycle-2001")
    settle(house)
    assert owed(house, "2000") == {"T-brightside-VEN-2001": ZERO}
    assert [record.type for record in house.ledger.settled] == ["vendorBill", "vendorPayment"]


@pytest.mark.parametrize(("model", "left_out"), [("agent", "seller_payable"), ("principal", "cogs_dropship")])
def test_a_role_without_an_account_holds_the_cycle_and_nothing_is_made(model: str, left_out: str) -> None:
    roles = {role: number for role, number in PRINCIPAL.items() if role != left_out} | {"marketplace_clearing": "1115"}
    house = an_operators_house(model, accounts=[{"roles": roles}])
    close(house, "2001", SOLD if model == "agent" else BOUGHT)
    settle(house)
    cycle = house.postings.posting(of_the_cycle(MARKET, "cycle-2001"))
    assert cycle is not None
    assert (cycle.state, left_out in repr(cycle.facts)) == (State.PARKED, True)
    assert not house.ledger.settled
    assert not house.ledger.vendors


def test_at_the_month_s_end_a_shop_that_owes_is_shown_by_itself_whatever_is_owed_to_others() -> None:
    house = an_operators_house(autopost=True, month_end="accrue")
    close(house, "2001", SOLD)
    close(house, "2002", {"COMMISSION_FEE": "-40.00", "COMMISSION_VAT": "-8.00"}, name="Lamp Shop")
    settle(house)
    house.clock.to(datetime(2026, 4, 2, 4, tzinfo=UTC))
    settle(house)
    (reclass,) = [each for each in house.ledger.settled if "-RCL-" in each.external_id]
    assert told(reclass) == [
        ("2300", "T-brightside-VEN-2002", Decimal("-48.00")),
        ("1310", "T-brightside-SHOP-2002", Decimal("48.00")),
    ]
    assert (reclass.day, reclass.reversal_day) == (date(2026, 3, 31), date(2026, 4, 1))
    assert {each.key.kind for each in house.postings.all.values() if "-RCL-" in each.external_id} <= set(SETTLED_AS)


def told(record: Record) -> list[tuple[str, str | None, Decimal]]:
    return [(entry.account, entry.entity, entry.debit - entry.credit) for entry in record.entries]

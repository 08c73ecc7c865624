"""Who is on a record: shops are made as vendors and as customers, each under an external id that no buyer has."""

from __future__ import annotations

from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import a_cycle, a_document, an_invoice, books, log, rules, with_document
from tieout.domain.ids import Party, external_id
from tieout.domain.ledger.line import Line
from tieout.domain.ledger.parties import LONGEST_NAME, Named, parties_of
from tieout.domain.ledger.settle import settle

SALE = "ORDER_AMOUNT +100.00 COMMISSION_FEE -12.00 COMMISSION_VAT -2.40"


def of_shop(shop: str) -> list[Line]:
    return log(SALE, shop=shop)


def made_for(shop: str, name: str, mode: str = "operator") -> set[Named]:
    lines = of_shop(shop)
    settled = settle(books(lines, a_cycle(lines, shop=shop)), replace(rules(mode), fees_by_bill=False))
    return {each for record in settled.records for each in parties_of(record, name)}


def test_a_shop_that_is_owed_money_is_a_vendor_and_its_name_tells_where() -> None:
    assert made_for("7", "Maison Bleue") == {
        Named("T-leroy-fr-VEN-7", Party.VENDOR, "Maison Bleue (leroy-fr 7)"),
    }


def test_a_principal_buys_from_the_same_vendor() -> None:
    assert {each.external_id for each in made_for("7", "Maison Bleue", "operator_principal")} == {"T-leroy-fr-VEN-7"}


def test_of_a_seller_s_records_the_operator_alone_is_ours_to_make() -> None:
    """The marketplace's customer is there: the order flow made it, with the first sales order."""
    lines = with_document(log(SALE))
    records = settle(books(lines, an_invoice("100.00"), a_document("12.00", "2.40")), rules()).records
    assert {rules().customer, rules().vendor} <= {record.entity for record in records}
    made = {each for record in records for each in parties_of(record)}
    assert made == {Named("T-leroy-fr-VEN-OPERATOR", Party.VENDOR, "Operator of leroy-fr")}
    own = [replace(record, entity="BRIGHTSIDE-LTD", entries=record.entries[:0]) for record in records]
    assert [parties_of(record) for record in own] == [[]] * len(own), "one that the settings name is there"


def test_fees_are_invoiced_to_the_shop_as_a_customer() -> None:
    lines = with_document(log(SALE, shop="7"))
    document = a_document("12.00", "2.40", shop="7")
    settled = settle(books(lines, a_cycle(lines, shop="7"), document), rules("operator"))
    made = {each for record in settled.records for each in parties_of(record, "Maison Bleue")}
    assert made == {
        Named("T-leroy-fr-VEN-7", Party.VENDOR, "Maison Bleue (leroy-fr 7)"),
        Named("T-leroy-fr-SHOP-7", Party.SHOP, "Maison Bleue (leroy-fr 7, fees)"),
    }, "two records of two names: NetSuite takes a name once"


def test_a_shop_s_customer_is_never_a_buyer_of_the_same_number() -> None:
    """`customer.per: buyer` gives a buyer T-<marketplace>-CUS-<number>; fees are invoiced to the shop."""
    assert external_id("m", Party.SHOP, "2001") != external_id("m", Party.CUSTOMER, "2001")


def test_names_fit_netsuite_and_differ_where_the_ids_do() -> None:
    (vendor,) = made_for("7", "N" * 200)
    assert len(vendor.name) == LONGEST_NAME
    assert vendor.name.endswith(" (leroy-fr 7)")
    (nameless,) = made_for("8", "")
    assert nameless.name == "Shop (leroy-fr 8)"

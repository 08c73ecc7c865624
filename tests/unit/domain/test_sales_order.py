"""How an order becomes a sales order: a line a live line, net and tax apart, and a total that the buyer pays."""

# mypy: disable-error-code="comparison-overlap"
# A Decimal equals an int; worked examples are told in round numbers.

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import a_line, an_address, an_order
from tests.fakes.ledger import total_of
from tests.fakes.orders import taxes_of
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.money import Money
from tieout.domain.orders.order import Line, Order
from tieout.domain.orders.sales_order import (
    LocationRule,
    SalesOrder,
    SalesOrderRules,
    TaxRules,
    TaxStrategy,
    sales_order_for,
)

OVERRIDE = TaxRules(TaxStrategy.SUITETAX_OVERRIDE, {"VAT-GBR-20": "VAT-GBR-20"}, "VAT-MARKETPLACE")
BY_CODE = TaxRules(TaxStrategy.TAX_CODE, {"VAT-GBR-20": "S-GB"})
CHARGED = TaxRules(TaxStrategy.OTHER_CHARGE, {}, charge_item="900")
RULES = SalesOrderRules(
    marketplace="brightside",
    subsidiary_id="1",
    time_zone=ZoneInfo("Europe/London"),
    currency_ids={"GBP": "1", "EUR": "2", "JPY": "3", "KWD": "4"},
    customer_per_buyer=False,
    customer_name="Brightside",
    locations=(LocationRule("1"),),
    tax=OVERRIDE,
)
ITEMS = {"MUG": "11", "BOWL": "12", "JUG": "13"}


def posted(order: Order, items: Mapping[str, str] = ITEMS, **rules: Any) -> SalesOrder:
    return sales_order_for(order, replace(RULES, **rules), items)


def refused(order: Order, **rules: Any) -> NeedsAttention:
    with pytest.raises(NeedsAttention) as why:
        posted(order, **rules)
    return why.value


# --- worked examples -------------------------------------------------------------------------------------------------


def test_with_tax_in_the_price_the_net_is_what_is_left() -> None:
    """Two mugs at 60.00 with 20.00 tax in them, shipping 6.00 with 1.00: net 100.00 and 5.00, tax 21.00."""
    order = an_order(lines=[a_line("MUG", "120.00", "20.00", quantity=2, shipping="6.00", shipping_tax="1.00")])
    sales_order = posted(order)
    (line,) = sales_order.lines
    assert (line.item_id, line.quantity, line.net, line.taxes[0].amount) == ("11", 2, 100, 20)
    assert (sales_order.shipping_net, sales_order.shipping_taxes[0].amount) == (5, 1)
    assert sales_order.gross == Money(Decimal(126), "GBP")
    assert total_of(sales_order) == 126


def test_with_tax_on_top_the_net_is_the_price() -> None:
    """Two mugs at 50.00 and 20.00 tax, 5.00 shipping and 1.00 tax: the buyer pays 126.00, Mirakl says 105.00."""
    lines = [a_line("MUG", "100.00", "20.00", quantity=2, shipping="5.00", shipping_tax="1.00")]
    order = an_order(lines=lines, tax_included=False)
    assert order.total_price == 105
    sales_order = posted(order)
    (line,) = sales_order.lines
    assert (line.net, line.rate, line.taxes[0].basis, line.taxes[0].amount) == (100, 50, 100, 20)
    assert sales_order.shipping_net == 5
    assert sales_order.gross == Money(Decimal(126), "GBP")


def test_without_tax_there_is_only_the_price() -> None:
    sales_order = posted(an_order(lines=[a_line("MUG", "12.00", None)]))
    assert (sales_order.lines[0].net, sales_order.lines[0].taxes, sales_order.gross.amount) == (12, (), 12)


def test_refused_and_canceled_lines_are_left_out() -> None:
    lines = [
        a_line("MUG", "12.00", "2.00"),
        a_line("BOWL", "30.00", "5.00", state="REFUSED"),
        a_line("JUG", "6.00", "1.00", state="CANCELED", quantity=0),
    ]
    sales_order = posted(an_order(lines=lines))
    assert [line.sku for line in sales_order.lines] == ["MUG"]
    assert sales_order.gross.amount == 12


def test_after_a_partial_cancelation_only_what_is_left_is_sold() -> None:
    """Three of four mugs at 12.00 are left: 36.00, 6.00 of it tax, although 12.00 were canceled."""
    lines = [a_line("MUG", "36.00", "6.00", quantity=3, unit_price=Decimal(12), canceled=Decimal(12))]
    sales_order = posted(an_order(lines=lines))
    assert (sales_order.lines[0].quantity, sales_order.lines[0].net, sales_order.gross.amount) == (3, 30, 36)


# --- tax strategies --------------------------------------------------------------------------------------------------


def test_overridden_taxes_carry_the_configured_code_or_the_default() -> None:
    lines = [a_line("MUG", tax_code="VAT-GBR-20"), a_line("BOWL", tax_code="VAT-XYZ")]
    codes = [line.taxes[0].code for line in posted(an_order(lines=lines)).lines]
    assert codes == ["VAT-GBR-20", "VAT-MARKETPLACE"]


def test_a_tax_code_that_nobody_mapped_parks_where_there_is_no_default() -> None:
    problem = refused(an_order(lines=[a_line(tax_code="VAT-XYZ")]), tax=BY_CODE)
    assert (problem.reason, problem.facts) == (Reason.TAX_CODE_NOT_CONFIGURED, {"tax_code": "VAT-XYZ"})


def test_where_netsuite_computes_the_tax_it_gets_the_gross_to_take_it_from() -> None:
    (line,) = posted(an_order(lines=[a_line("MUG", "12.00", "2.00")]), tax=BY_CODE).lines
    assert (line.net, line.gross, line.taxes[0].code) == (10, 12, "S-GB")


def test_charged_taxes_are_lines_of_their_own_one_a_code_shipping_and_all() -> None:
    lines = [
        a_line("MUG", "12.00", "2.00", shipping="6.00", shipping_tax="1.00"),
        a_line("BOWL", "24.00", "4.00"),
        a_line("JUG", "11.00", "1.00", tax_code="ECO"),
    ]
    sales_order = posted(an_order(lines=lines), tax=CHARGED)
    assert [(line.item_id, line.net) for line in sales_order.lines] == [
        ("11", 10),
        ("12", 20),
        ("13", 10),
        ("900", 1),
        ("900", 7),
    ]
    assert [line.line_id for line in sales_order.lines[3:]] == ["TAX-ECO", "TAX-VAT-GBR-20"]
    assert sales_order.shipping_taxes == ()
    assert total_of(sales_order) == sales_order.gross.amount == 53


def test_shipping_taxes_of_several_lines_are_one_detail_a_code() -> None:
    lines = [
        a_line("MUG", shipping="6.00", shipping_tax="1.00"),
        a_line("BOWL", shipping="12.00", shipping_tax="2.00"),
    ]
    (detail,) = posted(an_order(lines=lines)).shipping_taxes
    assert (detail.basis, detail.amount, detail.rate) == (15, 3, 20)


def test_a_rate_stands_only_where_it_multiplies_back_to_the_amount() -> None:
    """Three for 10.00 has no unit price that NetSuite could multiply."""
    odd = a_line("MUG", "10.00", None, quantity=3, unit_price=Decimal("3.33"))
    even = a_line("BOWL", "9.00", None, quantity=3, unit_price=Decimal(3))
    assert [line.rate for line in posted(an_order(lines=[odd, even])).lines] == [None, 3]


# --- days, places, currencies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", date(2026, 1, 31)), ("Europe/Berlin", date(2026, 1, 31)), ("Asia/Tokyo", date(2026, 2, 1))],
)
def test_the_day_is_the_subsidiarys(zone: str, day: date) -> None:
    """22:30 UTC on 31 January is 23:30 in Berlin, still January's; in Tokyo February has begun."""
    order = an_order(created_at=datetime(2026, 1, 31, 22, 30, tzinfo=UTC))
    assert posted(order, time_zone=ZoneInfo(zone)).day == day


def test_half_an_hour_before_midnight_in_berlin_is_the_next_day_in_summer_and_not_in_winter() -> None:
    in_summer = an_order(created_at=datetime(2026, 7, 31, 22, 30, tzinfo=UTC))
    in_winter = an_order(created_at=datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    assert posted(in_summer, time_zone=ZoneInfo("Europe/Berlin")).day == date(2026, 8, 1)
    assert posted(in_winter, time_zone=ZoneInfo("Europe/Berlin")).day == date(2026, 12, 31)


def test_the_first_location_rule_that_fits_wins() -> None:
    rules = (
        LocationRule("rotterdam", countries=("NLD", "DEU")),
        LocationRule("shop", fulfilment_center="SHOP"),
        LocationRule("main"),
    )

    def place(center: str, country: str) -> str:
        order = an_order(fulfilment_center=center, ship_to=an_address(country_iso3=country))
        return posted(order, locations=rules).location_id

    assert place("SHOP", "DEU") == "rotterdam"
    assert place("SHOP", "GBR") == "shop"
    assert place("DEFAULT", "GBR") == "main"


def test_an_order_that_no_location_serves_parks() -> None:
    problem = refused(an_order(), locations=(LocationRule("rotterdam", countries=("NLD",)),))
    assert problem.reason is Reason.LOCATION_NOT_CONFIGURED
    assert problem.facts == {"fulfilment_center": "DEFAULT", "country": "GBR"}


def test_a_country_is_written_as_netsuite_knows_it() -> None:
    order = an_order(ship_to=an_address(country_iso3="DEU"), bill_to=an_address(country_iso3="FRA"))
    sales_order = posted(order)
    assert (sales_order.country, sales_order.bill_country) == ("DE", "FR")


@pytest.mark.parametrize("country", ["", "XXX", "GB", "gbr"])
def test_a_country_that_nobody_knows_parks(country: str) -> None:
    assert refused(an_order(ship_to=an_address(country_iso3=country))).reason is Reason.UNKNOWN_COUNTRY


@pytest.mark.parametrize("address", [None, an_address(street_1=""), an_address(city="")])
def test_an_order_without_an_address_parks(address: Any) -> None:
    assert refused(an_order(ship_to=address)).reason is Reason.MISSING_ADDRESS


def test_an_order_in_a_currency_that_is_not_set_up_parks() -> None:
    problem = refused(an_order(currency="USD"))
    assert (problem.reason, problem.facts) == (Reason.CURRENCY_NOT_CONFIGURED, {"currency": "USD"})


@pytest.mark.parametrize(("currency", "price", "gross"), [("JPY", "1200", "1200 JPY"), ("KWD", "1.234", "1.234 KWD")])
def test_currencies_keep_their_own_digits(currency: str, price: str, gross: str) -> None:
    order = an_order(lines=[a_line("MUG", price, None)], currency=currency)
    assert str(posted(order).gross) == gross


# --- figures of Mirakl's that do not add up --------------------------------------------------------------------------


def test_lines_that_do_not_add_up_to_mirakls_total_park_with_both() -> None:
    problem = refused(an_order(total_price=Decimal("12.01")))
    assert (problem.reason, problem.facts) == (Reason.FIGURES_DISAGREE, {"total_price": "12.01", "lines": "12.00"})


@pytest.mark.parametrize("total", ["36.00", "37.50", "48.00", "49.50"])
def test_mirakls_total_may_have_fees_on_it_and_a_cancelation_still_in_it(total: str) -> None:
    """36.00 are left of 48.00, fees are 1.50; each of the four readings of the documents is taken."""
    line = a_line("MUG", "36.00", "6.00", quantity=3, fees=Decimal("1.50"), canceled=Decimal(12))
    assert an_order(lines=[line], total_price=Decimal(total)).figures_agree


# --- who buys, who sells ---------------------------------------------------------------------------------------------


def test_the_marketplace_is_the_customer_unless_each_buyer_is() -> None:
    assert posted(an_order()).customer.external_id == "T-brightside-CUS-MARKETPLACE"
    buyer = posted(an_order(customer_id="B7"), customer_per_buyer=True).customer
    assert (buyer.external_id, buyer.name) == ("T-brightside-CUS-B7", "Ada Buyer B7")


def test_an_operators_order_names_the_seller_and_its_vendor() -> None:
    sales_order = posted(an_order(seller_id=2005), names_the_seller=True)
    assert (sales_order.seller, sales_order.vendor) == ("2005", "T-brightside-VEN-2005")


def test_a_sellers_own_order_names_no_vendor() -> None:
    sales_order = posted(an_order(seller_id=2001))
    assert (sales_order.seller, sales_order.vendor) == (None, None)


# --- always ----------------------------------------------------------------------------------------------------------


@st.composite
def lines_of(draw: st.DrawFn, currency: str) -> list[Line]:
    """Any basket in a currency's minor units, dead lines and rounding quirks included."""
    exponent = {"JPY": 0, "GBP": 2, "KWD": 3}[currency]

    def amount(most: int = 1_000_000) -> Decimal:
        return Decimal(draw(st.integers(0, most))).scaleb(-exponent)

    lines = []
    for number in range(draw(st.integers(1, 5))):
        price, shipping = amount(), amount(5_000)
        line = a_line(
            draw(st.sampled_from(sorted(ITEMS))),
            price,
            amount(int(price.scaleb(exponent))),
            quantity=draw(st.integers(1, 9)),
            line_id=str(number),
            state=draw(st.sampled_from(["SHIPPING", "SHIPPED", "REFUSED", "CANCELED"])),
        )
        share = amount(int(shipping.scaleb(exponent)))
        code = draw(st.sampled_from(["VAT-GBR-20", "OTHER"]))
        lines.append(replace(line, shipping_price=shipping, shipping_taxes=taxes_of(share, code)))
    return lines


@given(st.data(), st.sampled_from(["JPY", "GBP", "KWD"]), st.booleans(), st.sampled_from([OVERRIDE, CHARGED]))
def test_net_and_tax_are_always_the_gross(data: st.DataObject, currency: str, included: bool, tax: TaxRules) -> None:
    """What NetSuite adds up from the document is what the buyer pays, added up here by hand from the live lines."""
    lines = data.draw(lines_of(currency))
    sales_order = posted(an_order(lines=lines, currency=currency, tax_included=included), tax=tax)
    live = [line for line in lines if line.state in ("SHIPPING", "SHIPPED")]
    paid = sum((line.price + line.shipping_price for line in live), Decimal(0))
    if not included:
        paid += sum((each.amount for line in live for each in (*line.taxes, *line.shipping_taxes)), Decimal(0))
    assert total_of(sales_order) == sales_order.gross.amount == paid
    assert [line.sku for line in sales_order.lines[: len(live)]] == [line.sku for line in live]

"""How a marketplace order becomes a NetSuite sales order: one line a live line, and a total that is Mirakl's gross.

Source: OR11 on one side, record `salesOrder` on the other; `docs/finance/orders.md` tells it in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from tieout.domain.countries import ALPHA_2
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ids import external_id
from tieout.domain.money import ZERO, Money
from tieout.domain.orders.order import Address, Line, Order, TaxAmount, tax_total
from tieout.domain.postings import Kind

SHIPPING = "SHIPPING"
"""Reference of the tax details that belong to the shipping cost."""


class TaxStrategy(StrEnum):
    """How the tax is written; see `config.Tax`."""

    SUITETAX_OVERRIDE = "suitetax_override"
    TAX_CODE = "tax_code"
    OTHER_CHARGE = "other_charge"


class TaxRules(Struct, frozen=True):
    """Tax settings of a marketplace; codes are NetSuite external ids, `charge_item` an item id."""

    strategy: TaxStrategy
    codes: Mapping[str, str]
    default_code: str | None = None
    charge_item: str | None = None


class LocationRule(Struct, frozen=True):
    """First match wins; an empty condition matches everything. `location_id` is NetSuite's."""

    location_id: str
    fulfilment_center: str | None = None
    countries: tuple[str, ...] = ()


class SalesOrderRules(Struct, frozen=True, kw_only=True):
    """A marketplace's settings with NetSuite's ids in place of names."""

    marketplace: str
    subsidiary_id: str | None
    time_zone: ZoneInfo
    currency_ids: Mapping[str, str]
    """Currencies the marketplace may sell in: symbol to NetSuite id."""
    customer_per_buyer: bool
    customer_name: str
    locations: tuple[LocationRule, ...]
    tax: TaxRules
    names_the_seller: bool = False
    """An operator's orders say whose goods they are."""
    custom_form: str | None = None


class TaxDetail(Struct, frozen=True):
    """One tax on one line (or on the shipping), as the document carries it."""

    code: str
    basis: Decimal
    amount: Decimal
    rate: Decimal | None


class SalesOrderLine(Struct, frozen=True):
    """A line. `net` is without tax; `gross` is set where NetSuite computes the tax out of it."""

    item_id: str
    quantity: int
    net: Decimal
    rate: Decimal | None
    gross: Decimal | None
    taxes: tuple[TaxDetail, ...]
    line_id: str
    sku: str


class CustomerDraft(Struct, frozen=True):
    """Who the order is sold to; made in NetSuite when it is not there yet."""

    external_id: str
    name: str
    subsidiary_id: str | None
    currency_id: str


class SalesOrder(Struct, frozen=True, kw_only=True):
    """The sales order to be created. `gross` is what its total must be."""

    external_id: str
    order_id: str
    marketplace: str
    customer: CustomerDraft
    subsidiary_id: str | None
    currency_id: str
    location_id: str
    day: date
    lines: tuple[SalesOrderLine, ...]
    shipping_net: Decimal
    shipping_taxes: tuple[TaxDetail, ...]
    tax_strategy: TaxStrategy
    ship_to: Address
    bill_to: Address | None
    country: str
    bill_country: str | None
    gross: Money
    deadline: datetime | None
    commission: Decimal
    seller: str | None
    vendor: str | None
    custom_form: str | None


class Figures(Struct, frozen=True):
    """Lines, shipping and taxes of a document by its tax strategy; they add up to the order's gross."""

    lines: tuple[SalesOrderLine, ...]
    shipping_net: Decimal
    shipping_taxes: tuple[TaxDetail, ...]


def figures_of(order: Order, items: Mapping[str, str], tax: TaxRules) -> Figures:
    """An order's figures, or those of a part of one that is written as an order of its own.

    Raises NeedsAttention(TAX_CODE_NOT_CONFIGURED).
    """
    lines = tuple([_line(order, line, items[line.sku], tax) for line in order.live_lines])
    shipping_net, shipping_taxes = _shipping(order, tax)
    if tax.strategy is TaxStrategy.OTHER_CHARGE:
        return Figures(_with_charges(lines, shipping_taxes, tax), shipping_net, ())
    return Figures(lines, shipping_net, shipping_taxes)


def sales_order_for(order: Order, rules: SalesOrderRules, items: Mapping[str, str]) -> SalesOrder:
    """The sales order of a marketplace order. `items` is the NetSuite item id of each SKU.

    Raises NeedsAttention: missing address, unknown country, currency, location or tax code not configured, or figures
    of Mirakl's that do not add up.
    """
    currency_id = rules.currency_ids.get(order.currency)
    if currency_id is None:
        raise NeedsAttention(Reason.CURRENCY_NOT_CONFIGURED, {"currency": order.currency})
    if not order.figures_agree:
        raise NeedsAttention(
            Reason.FIGURES_DISAGREE,
            {
                "total_price": str(order.total_price),
                "lines": str(sum((line.price + line.shipping_price for line in order.live_lines), ZERO)),
            },
        )
    ship_to, country = _delivery(order)
    tax = rules.tax
    figures = figures_of(order, items, tax)
    seller = str(order.seller_id) if rules.names_the_seller and order.seller_id is not None else None
    return SalesOrder(
        external_id=external_id(order.marketplace, Kind.SALES_ORDER, order.order_id),
        order_id=order.order_id,
        marketplace=order.marketplace,
        customer=_customer(order, rules, currency_id),
        subsidiary_id=rules.subsidiary_id,
        currency_id=currency_id,
        location_id=_location(order, rules.locations),
        day=order.created_at.astimezone(rules.time_zone).date(),
        lines=figures.lines,
        shipping_net=figures.shipping_net,
        shipping_taxes=figures.shipping_taxes,
        tax_strategy=tax.strategy,
        ship_to=ship_to,
        bill_to=order.bill_to,
        country=country,
        bill_country=ALPHA_2.get(order.bill_to.country_iso3) if order.bill_to else None,
        gross=order.gross,
        deadline=order.deadline,
        commission=order.commission,
        seller=seller,
        vendor=seller and external_id(order.marketplace, "VEN", seller),
        custom_form=rules.custom_form,
    )


def _delivery(order: Order) -> tuple[Address, str]:
    address = order.ship_to
    if address is None or not (address.street_1 and address.city):
        raise NeedsAttention(Reason.MISSING_ADDRESS, {"missing": "address" if address is None else "street or city"})
    country = ALPHA_2.get(address.country_iso3)
    if country is None:
        raise NeedsAttention(Reason.UNKNOWN_COUNTRY, {"country_iso_code": address.country_iso3 or "(none)"})
    return address, country


def _location(order: Order, rules: tuple[LocationRule, ...]) -> str:
    country = order.ship_to.country_iso3 if order.ship_to else ""
    for rule in rules:
        if rule.fulfilment_center not in (None, order.fulfilment_center):
            continue
        if rule.countries and country not in rule.countries:
            continue
        return rule.location_id
    raise NeedsAttention(
        Reason.LOCATION_NOT_CONFIGURED,
        {"fulfilment_center": order.fulfilment_center, "country": country},
    )


def _customer(order: Order, rules: SalesOrderRules, currency_id: str) -> CustomerDraft:
    if rules.customer_per_buyer:
        # NetSuite refuses a second entity of the same name, and two buyers may share theirs.
        name = f"{order.customer_name} {order.customer_id}".strip()
        return CustomerDraft(
            external_id(order.marketplace, "CUS", order.customer_id), name, rules.subsidiary_id, currency_id
        )
    return CustomerDraft(
        external_id(order.marketplace, "CUS", "MARKETPLACE"), rules.customer_name, rules.subsidiary_id, currency_id
    )


def _code(tax: TaxAmount, rules: TaxRules) -> str:
    code = rules.codes.get(tax.code, rules.default_code)
    if code is None:
        if rules.strategy is TaxStrategy.OTHER_CHARGE:
            return tax.code
        raise NeedsAttention(Reason.TAX_CODE_NOT_CONFIGURED, {"tax_code": tax.code})
    return code


def _details(taxes: tuple[TaxAmount, ...], net: Decimal, rules: TaxRules) -> tuple[TaxDetail, ...]:
    return tuple([TaxDetail(_code(tax, rules), net, tax.amount, tax.rate) for tax in taxes])


def _line(order: Order, line: Line, item_id: str, rules: TaxRules) -> SalesOrderLine:
    net = line.price - tax_total(line.taxes) if order.tax_included else line.price
    taxes = _details(line.taxes, net, rules)
    gross = line.price if order.tax_included and rules.strategy is TaxStrategy.TAX_CODE and taxes else None
    # A rate that does not multiply back to the amount would make NetSuite show another price than the buyer paid.
    rate = line.unit_price if line.unit_price * line.quantity == net else None
    return SalesOrderLine(item_id, line.quantity, net, rate, gross, taxes, line.line_id, line.sku)


def _shipping(order: Order, rules: TaxRules) -> tuple[Decimal, tuple[TaxDetail, ...]]:
    net = ZERO
    taxes: dict[str, TaxDetail] = {}
    for line in order.live_lines:
        if not line.shipping_price and not line.shipping_taxes:
            continue
        line_net = line.shipping_price - tax_total(line.shipping_taxes) if order.tax_included else line.shipping_price
        net += line_net
        for tax in line.shipping_taxes:
            code = _code(tax, rules)
            before = taxes.get(code)
            taxes[code] = TaxDetail(
                code,
                line_net + (before.basis if before else ZERO),
                tax.amount + (before.amount if before else ZERO),
                tax.rate if before is None or before.rate == tax.rate else None,
            )
    return net, tuple(taxes.values())


def _with_charges(
    lines: tuple[SalesOrderLine, ...],
    shipping_taxes: tuple[TaxDetail, ...],
    rules: TaxRules,
) -> tuple[SalesOrderLine, ...]:
    """Lines net, and one charge line a tax code at the end."""
    totals: dict[str, Decimal] = {}
    for tax in (*(tax for line in lines for tax in line.taxes), *shipping_taxes):
        totals[tax.code] = totals.get(tax.code, ZERO) + tax.amount
    plain = tuple(
        SalesOrderLine(line.item_id, line.quantity, line.net, line.rate, None, (), line.line_id, line.sku)
        for line in lines
    )
    charges = tuple(
        SalesOrderLine(rules.charge_item or "", 1, amount, amount, None, (), f"TAX-{code}", code)
        for code, amount in sorted(totals.items())
        if amount
    )
    return plain + charges

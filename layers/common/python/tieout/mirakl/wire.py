"""What we read of Mirakl's answers, as lenient as Mirakl's own examples are.

Every field may be missing or null, numbers may come quoted, enums are open text, and what we do not use is skipped.
Whether something that is missing matters is decided in `translate`, which never takes a missing amount for zero.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, Struct
from msgspec.json import Decoder


class Tax(Struct, frozen=True):
    """A tax of a line, of its shipping, of a cancelation or of a refund. `rate` is a percentage."""

    code: str | None = None
    amount: Decimal | None = None
    rate: Decimal | None = None
    tax_calculation_rule: str | None = None


class Fee(Struct, frozen=True):
    """A fee of a line, such as an eco tax that is shown apart."""

    code: str | None = None
    amount: Decimal | None = None


class Cancelation(Struct, frozen=True):
    """What was taken off a line before it was shipped. `quantity` is informative only, Mirakl says."""

    id: str | int | None = None
    amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    quantity: Decimal | None = None
    reason_code: str | int | None = None
    taxes: list[Tax] | None = None
    shipping_taxes: list[Tax] | None = None
    fees: list[Fee] | None = None
    commission_total_amount: Decimal | None = None


class Refund(Struct, frozen=True):
    """What was given back of a line after the buyer had paid. `quantity` is informative only, Mirakl says."""

    id: str | int | None = None
    order_refund_id: str | int | None = None
    refund_state: str | None = None
    state: str | None = None
    amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    quantity: Decimal | None = None
    reason_code: str | int | None = None
    created_date: datetime | None = None
    taxes: list[Tax] | None = None
    shipping_taxes: list[Tax] | None = None


class OrderLine(Struct, frozen=True):
    """A line of an order."""

    order_line_id: str | None = None
    order_line_state: str | None = None
    offer_sku: str | None = None
    product_title: str | None = None
    quantity: Decimal | None = None
    price_unit: Decimal | None = None
    price: Decimal | None = None
    shipping_price: Decimal | None = None
    taxes: list[Tax] | None = None
    shipping_taxes: list[Tax] | None = None
    fees: list[Fee] | None = None
    total_commission: Decimal | None = None
    cancelations: list[Cancelation] | None = None
    refunds: list[Refund] | None = None


class Address(Struct, frozen=True):
    """A delivery or billing address; `country_iso_code` is ISO 3166 alpha-3, `country` a translated label."""

    firstname: str | None = None
    lastname: str | None = None
    company: str | None = None
    street_1: str | None = None
    street_2: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country_iso_code: str | None = None
    phone: str | None = None


class Customer(Struct, frozen=True):
    """The buyer; the addresses may be hidden until the order is accepted."""

    customer_id: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None


class Center(Struct, frozen=True):
    """Who ships: `DEFAULT` is the seller."""

    code: str | None = None


class Fulfillment(Struct, frozen=True):
    """Wrapper of the fulfilment centre."""

    center: Center | None = None


class References(Struct, frozen=True):
    """Numbers that the other sides gave the order."""

    order_reference_for_seller: str | None = None


class Order(Struct, frozen=True):
    """An order as OR11 lists it; `shop_id` and `shop_name` come to operators only."""

    order_id: str | None = None
    order_state: str | None = None
    order_tax_mode: str | None = None
    created_date: datetime | None = None
    last_updated_date: datetime | None = None
    currency_iso_code: str | None = None
    total_price: Decimal | None = None
    total_commission: Decimal | None = None
    shipping_deadline: datetime | None = None
    customer: Customer | None = None
    fulfillment: Fulfillment | None = None
    references: References | None = None
    order_lines: list[OrderLine] | None = None
    shop_id: int | str | None = None
    shop_name: str | None = None
    customer_debited_date: datetime | None = None
    payment_workflow: str | None = None
    shipping_tracking: str | None = None
    order_taxes: list[Raw] | None = None


class OrderHead(Struct, frozen=True):
    """What names an order when the rest does not read."""

    order_id: str | None = None
    last_updated_date: datetime | None = None


class OrderPage(Struct, frozen=True):
    """A page of OR11; each order stays as its bytes, for the archive."""

    orders: list[Raw]
    total_count: int | None = None


class ErrorDetail(Struct, frozen=True):
    """One error of a refusal."""

    code: str | None = None
    field: str | None = None
    message: str | None = None


class Refusal(Struct, frozen=True):
    """The body of a 4xx, in the shapes seen in the field; not part of the official documents."""

    message: str | None = None
    code: str | None = None
    errors: list[ErrorDetail] | None = None


class UpdatedOrder(Struct, frozen=True):
    """What OR04 says of one order."""

    order_id: str | None = None
    errors: list[ErrorDetail] | None = None


class UpdatedOrders(Struct, frozen=True):
    """OR04's answer: HTTP 200, also where every order was refused."""

    updated_orders: list[UpdatedOrder]


class Version(Struct, frozen=True):
    """V01."""

    version: str | None = None


class OrderWorkflows(Struct, frozen=True):
    """How orders live on this platform."""

    order_acceptance: str | None = None
    shipping_and_billing_details_before_acceptance: bool | None = None


class Shipments(Struct, frozen=True):
    """How orders leave."""

    multi_shipment: bool | None = None


class Returns(Struct, frozen=True):
    """For which kinds of sale goods may come back through Mirakl."""

    marketplace: bool | None = None
    drop_ship: bool | None = None
    one_creditor: bool | None = None


class Features(Struct, frozen=True):
    """What this platform has switched on."""

    order_tax_mode: str | None = None
    order_workflows: OrderWorkflows | None = None
    shipment: Shipments | None = None
    disable_seller_alternative_carrier: bool | None = None
    returns: Returns | None = None
    multi_currency: bool | None = None


class PlatformConfiguration(Struct, frozen=True):
    """PC01."""

    features: Features | None = None


class Account(Struct, frozen=True):
    """A01: the shop that a key stands for."""

    shop_id: int | None = None
    shop_name: str | None = None
    shop_state: str | None = None
    currency_iso_code: str | None = None


ORDER = Decoder(Order)
ORDER_HEAD = Decoder(OrderHead)
ORDER_PAGE = Decoder(OrderPage)

"""A sales order of ours in the NetSuite twin, and its people: who ships, bills and credits there by hand."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from sandbox.netsuite import NetSuiteTwin
from tests.fakes.or11 import a_wire_line, a_wire_order, in_bytes
from tests.integration.running_twins import Running
from tests.integration.twins.netsuite import NetSuite as Hand
from tieout.domain.orders.booked import Booked
from tieout.domain.orders.sales_order import (
    LocationRule,
    SalesOrder,
    SalesOrderRules,
    TaxRules,
    TaxStrategy,
    sales_order_for,
)
from tieout.mirakl.translate import read_order
from tieout.netsuite.client import NetSuite

D = Decimal
SUITETAX = TaxStrategy.SUITETAX_OVERRIDE


def drafted(wire: dict[str, Any], tax: TaxRules) -> SalesOrder:
    rules = SalesOrderRules(
        marketplace="brightside-uk",
        subsidiary_id="1",
        time_zone=ZoneInfo("Europe/London"),
        currency_ids={"GBP": "1"},
        customer_per_buyer=False,
        customer_name="Brightside",
        locations=(LocationRule("1"),),
        tax=tax,
    )
    order = read_order(in_bytes(wire), "brightside-uk", 2001)
    return sales_order_for(order, rules, {"MUG": "1000", "PEN": "1001"})


def a_sales_order(
    order_id: str = "A-1", strategy: TaxStrategy = SUITETAX, charge_item: str | None = None, **details: Any
) -> SalesOrder:
    """Three mugs and a pen: two lines of 120.00, 6.00 of shipping each, tax included."""
    lines = [a_wire_line(f"{order_id}-1"), a_wire_line(f"{order_id}-2", offer_sku="PEN", price_unit=37)]
    wire = a_wire_order(order_id, lines, **{"total_price": 252, **details})
    return drafted(wire, TaxRules(strategy, {}, default_code="VAT-GBR-20", charge_item=charge_item))


class Shop:
    """Our client, and a person at the same account."""

    def __init__(self, twins: Running) -> None:
        self.twins = twins
        self.client: NetSuite = twins.netsuite()
        here = twins.twins.netsuite
        self.hand = Hand(here.url, cast("NetSuiteTwin", SimpleNamespace(account=here.state)), here)

    def order(self, order: SalesOrder, external_id: str = "") -> Booked:
        """Write a sales order and read it, by another external id where told."""
        self.client.ensure_customer(order.customer)
        self.client.create_sales_order(order)
        return self.read(external_id or order.external_id)

    def read(self, external_id: str) -> Booked:
        return self.client.booked([external_id])[external_id]

    def ship(self, order: Booked, units: dict[int, int] | None = None, letter: str = "C", **more: Any) -> str:
        """A fulfilment by hand, of all lines unless told; answers its id."""
        lines = {line.number: line.quantity for line in order.lines if line.ships} if units is None else units
        items = [
            {"orderLine": line.number, "itemReceive": line.number in lines}
            | ({"quantity": lines[line.number]} if line.number in lines else {})
            for line in order.lines
        ]
        body = {"shipStatus": {"id": letter}, "item": {"items": items}} | more
        return self.hand.make("salesOrder", order.id, "itemFulfillment", body)

    def back(self, order: Booked, units: dict[int, int]) -> str:
        """A return authorisation by hand."""
        items = [{"orderLine": line.number, "quantity": units.get(line.number, 0)} for line in order.lines]
        body = {"orderStatus": {"id": "B"}, "item": {"items": items}}
        return self.hand.make("salesOrder", order.id, "returnAuthorization", body)


def parcels(*numbers: str) -> dict[str, Any]:
    return {"package": {"items": [{"packageTrackingNumber": number} for number in numbers]}}

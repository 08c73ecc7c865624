"""Orders that leave in parts, billed in the NetSuite twin: its totals are Mirakl's, by every tax strategy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.or11 import a_tax, a_wire_line, a_wire_order, in_bytes
from tests.integration.netsuite_documents import D, Shop, drafted
from tests.integration.running_twins import running
from tieout.domain.orders.sales_order import TaxRules, TaxStrategy
from tieout.domain.shipments.fulfilment import FulfilmentDraft
from tieout.domain.shipments.gone import units_to_fulfil
from tieout.domain.shipments.invoice import Shares, at_least, invoice_for, shares_of, together
from tieout.domain.shipments.shipment import ShippedLine
from tieout.mirakl.translate import read_order

TODAY = datetime.now(UTC).date()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running(tmp_path, []) as twins:
        twins.behave("netsuite", line_numbers="gaps", legacy_tax="computed")
        yield Shop(twins)


@pytest.mark.parametrize("strategy", list(TaxStrategy))
def test_the_invoices_of_an_order_in_parts_are_each_worth_mirakls_share_and_together_its_gross(
    shop: Shop, strategy: TaxStrategy
) -> None:
    """Three mugs at 10.00 in all and a pen, tax in it: thirds of a penny have to go somewhere."""
    lines = [
        a_wire_line("A-1-1", price=10.0, price_unit=3.33, shipping_price=5.0, total_price=15.0)
        | {"taxes": [a_tax(1.67)], "shipping_taxes": [a_tax(0.83)]},
        a_wire_line("A-1-2", offer_sku="PEN", price_unit=40),
    ]
    wire = a_wire_order("A-1", lines, total_price=141)
    order = read_order(in_bytes(wire), "brightside-uk", 2001)
    tax = TaxRules(
        strategy, {}, default_code="VAT-GBR-20", charge_item="710" if strategy is TaxStrategy.OTHER_CHARGE else None
    )
    sale = drafted(wire, tax)
    shop.order(sale)
    earlier: list[Shares] = []
    totals = []
    parts = [{"A-1-1": 1}, {"A-1-1": 1, "A-1-2": 3}, {"A-1-1": 1}]
    for number, units in enumerate(parts, start=1):
        booked = shop.read(sale.external_id)
        by_number = units_to_fulfil([ShippedLine(line_id, units[line_id]) for line_id in units], booked)
        shop.client.create_fulfilment(
            FulfilmentDraft(
                external_id=f"T-brightside-uk-IF-{number}",
                sales_order_id=booked.id,
                day=TODAY,
                quantities=by_number,
                all_lines=booked.line_numbers,
            )
        )
        booked = shop.read(sale.external_id)
        shares = shares_of(order, units, at_least(together(earlier), order, booked))
        draft = invoice_for(order, booked, shares, tax, source_id=str(number), day=TODAY, original_day=TODAY)
        shop.client.create_invoice(draft)
        made = shop.client.read_transaction("invoice", draft.external_id)
        assert made is not None
        assert made.total == draft.gross
        totals.append(made.total.amount)
        earlier.append(shares)
    assert totals == [D("5.00"), D("131.00"), D("5.00")]
    assert sum(totals) == order.gross.amount

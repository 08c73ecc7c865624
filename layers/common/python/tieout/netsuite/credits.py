"""What NetSuite gives back for orders of ours, by SuiteQL: credit memos, and receipts of returned goods.

Both carry the order's fields from the document they were made of; where they lost them, that document (an invoice or a
return authorisation) tells them. A receipt has no amounts: they are the authorisation's, by the units received.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from tieout.domain.money import ZERO, Money, rounded
from tieout.domain.returns.refund import Credit, CreditLine
from tieout.domain.shipments.invoice import CHARGE
from tieout.netsuite.booked import units
from tieout.netsuite.clock import SHAPE, Zone
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import LINE_ID, MARKETPLACE, ORDER_ID
from tieout.netsuite.suiteql import Row, groups

RECEIPT = "ItemRcpt"
SHIPPING_LINE = "ShipItem"

_CHANGED = f"""
SELECT c.id, c.type, c.tranid, c.externalid, TO_CHAR(c.lastmodifieddate, '{SHAPE}') AS modified, c.foreigntotal,
  cur.symbol, COALESCE(c.{ORDER_ID}, p.{ORDER_ID}) AS order_id,
  COALESCE(c.{MARKETPLACE}, p.{MARKETPLACE}) AS marketplace,
  cl.id AS line, cl.itemtype, cl.quantity, cl.foreignamount, cl.taxamount,
  COALESCE(cl.{LINE_ID}, pl.{LINE_ID}) AS line_id,
  pl.quantity AS source_quantity, pl.foreignamount AS source_amount, pl.taxamount AS source_tax
FROM transaction c
JOIN transactionline cl ON cl.transaction = c.id
LEFT JOIN previoustransactionlinelink l ON l.nextdoc = c.id AND l.nextline = cl.id
LEFT JOIN transaction p ON p.id = l.previousdoc
LEFT JOIN transactionline pl ON pl.transaction = l.previousdoc AND pl.id = l.previousline
LEFT JOIN currency cur ON cur.id = COALESCE(c.currency, p.currency)
WHERE c.type IN ('CustCred', '{RECEIPT}') AND cl.mainline = 'F' AND cl.taxline = 'F' AND NVL(cl.iscogs, 'F') = 'F'
  AND NVL(cl.kitcomponent, 'F') = 'F'
  AND (c.{ORDER_ID} IS NOT NULL OR EXISTS (
    SELECT 1 FROM previoustransactionlinelink pll JOIN transaction s ON s.id = pll.previousdoc
    WHERE pll.nextdoc = c.id AND s.{ORDER_ID} IS NOT NULL))
  AND c.lastmodifieddate >= TO_TIMESTAMP(?, '{SHAPE}') AND c.lastmodifieddate <= TO_TIMESTAMP(?, '{SHAPE}')
  AND c.id > ? ORDER BY c.id, cl.id
"""  # noqa: S608  names of ours, never data


def credits_changed(connection: Connection, zone: Zone, since: datetime, until: datetime) -> Iterator[list[Credit]]:
    """Pages of credit memos and receipts that were saved in the window; one question a page."""
    for page in groups(connection, _CHANGED, (zone.shown(since), zone.shown(until))):
        found = [credit for lines in page if (credit := _credit(lines, zone)) is not None]
        if found:
            yield found


def _credit(lines: Sequence[Row], zone: Zone) -> Credit | None:
    """None for goods that came back by another way than a return, such as a purchase."""
    head = lines[0]
    order_id, marketplace, symbol = (_first(lines, name) for name in ("order_id", "marketplace", "symbol"))
    if not order_id or not marketplace:
        return None
    own = list({row["line"]: row for row in lines}.values())
    credited = _received(own, symbol) if head["type"] == RECEIPT else _given_back(own, symbol)
    total = sum((each.net + each.tax + each.shipping_net + each.shipping_tax for each in credited), ZERO)
    return Credit(
        id=head["id"],
        kind=head["type"],
        number=head.get("tranid", ""),
        external_id=head.get("externalid", ""),
        marketplace=marketplace,
        order_id=order_id,
        total=Money(total, symbol),
        modified_at=zone.instant(head["modified"]),
        lines=credited,
    )


def _first(lines: Sequence[Row], name: str) -> str:
    return next((row[name] for row in lines if name in row), "")


def _given_back(lines: Sequence[Row], currency: str) -> tuple[CreditLine, ...]:
    """A credit memo's lines. Tax that is on no line is the shipping's; the shipping goes with the lines, by their net.

    A line that is nobody's at the marketplace has no line id, so that the sum is the whole memo's.
    """
    items = [row for row in lines if row.get("itemtype") != SHIPPING_LINE]
    if not items:
        return ()
    nets = [_amount(row, "foreignamount") for row in items]
    shipping_net = abs(sum((_amount(row, "foreignamount") for row in lines if row not in items), ZERO))
    if sum(nets, ZERO) < 0:
        nets = [-net for net in nets]
    total_tax = abs(_amount(lines[0], "foreigntotal")) - sum(nets, ZERO) - shipping_net
    if any("taxamount" in row for row in items):
        taxes = [abs(_amount(row, "taxamount")) for row in items]
    else:
        taxes = spread(total_tax, [*nets, shipping_net], currency)[:-1]
    shipping_tax = total_tax - sum(taxes, ZERO)
    sold = [net if _is_sold(row) else ZERO for row, net in zip(items, nets, strict=True)]
    return tuple(
        CreditLine(
            line_id=row.get("line_id", ""),
            quantity=units(row, "quantity"),
            net=net,
            tax=tax,
            shipping_net=net_of_shipping,
            shipping_tax=tax_of_shipping,
        )
        for row, net, tax, net_of_shipping, tax_of_shipping in zip(
            items,
            nets,
            taxes,
            spread(shipping_net, sold, currency),
            spread(shipping_tax, sold, currency),
            strict=True,
        )
    )


def _is_sold(row: Row) -> bool:
    """Whether a line stands for a marketplace's order line: not for a tax, and not for nothing there."""
    line_id = row.get("line_id", "")
    return bool(line_id) and not line_id.startswith(CHARGE)


def _received(lines: Sequence[Row], currency: str) -> tuple[CreditLine, ...]:
    """What the units had cost: gross to the minor unit, as that is what a buyer paid, and the net of it."""
    received: list[CreditLine] = []
    for row in lines:
        quantity, whole = units(row, "quantity"), units(row, "source_quantity")
        share = Decimal(quantity) / whole if whole else ZERO
        net, tax = abs(_amount(row, "source_amount")), abs(_amount(row, "source_tax"))
        gross, net = rounded((net + tax) * share, currency), rounded(net * share, currency)
        received.append(CreditLine(line_id=row.get("line_id", ""), quantity=quantity, net=net, tax=gross - net))
    return tuple(received)


def _amount(row: Row, column: str) -> Decimal:
    return Decimal(row.get(column, "0"))


def spread(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Parts of an amount in proportion, to the minor unit, that add up to it; without weights the first has it all."""
    whole = sum(weights, ZERO)
    if not whole:
        return [amount if place == 0 else ZERO for place in range(len(weights))]
    parts: list[Decimal] = []
    given = so_far = ZERO
    for weight in weights:
        so_far += weight
        until_here = rounded(amount * so_far / whole, currency)
        parts.append(until_here - given)
        given = until_here
    return parts

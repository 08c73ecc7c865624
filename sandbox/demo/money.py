"""What the marketplace says that an order line costs, and what of it was given back: gross, in the order's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from sandbox.clock import moment_of
from sandbox.demo.books import DEAD, ZERO, Life, Row, lines_of

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Gross:
    """Goods and delivery of a line, tax included."""

    goods: Decimal = ZERO
    shipping: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.goods + self.shipping

    def __add__(self, other: "Gross") -> "Gross":
        return Gross(self.goods + other.goods, self.shipping + other.shipping)

    def __sub__(self, other: "Gross") -> "Gross":
        return Gross(self.goods - other.goods, self.shipping - other.shipping)


def gross_of_line(life: Life, line: Row) -> Gross:
    """What the buyer pays for a line, less what was cancelled of it; nothing for a refused or cancelled one."""
    if line["order_line_state"] in DEAD:
        return Gross()
    whole = _gross(life, line, "price", "shipping_price")
    for one in line.get("cancelations") or []:
        whole = whole - _gross(life, one, "amount", "shipping_amount")
    return whole


def given_back(life: Life, line: Row, *, states: Iterable[str] = (), since: datetime | None = None) -> Gross:
    """What was refunded of a line: whatever the refund's state unless `states` are named, `since` the day began."""
    total = Gross()
    for refund in line.get("refunds") or []:
        if since and moment_of(refund["created_date"]) < since:
            continue
        if not states or (refund.get("refund_state") or refund.get("state")) in states:
            total = total + _gross(life, refund, "amount", "shipping_amount")
    return total


def gross_of_refund(life: Life, refund: Row) -> Gross:
    """What one refund gives back."""
    return _gross(life, refund, "amount", "shipping_amount")


def document_gross(record: Row) -> tuple[dict[str, Decimal], Decimal]:
    """Of a NetSuite document: gross by the marketplace's order line, and what is left of its total (delivery)."""
    by_line: dict[str, Decimal] = {}
    for line in lines_of(record):
        line_id = str(line.get("custcol_tieout_line") or "")
        by_line[line_id] = by_line.get(line_id, ZERO) + Decimal(line.get("grossAmt", line.get("amount")) or 0)
    total = Decimal(record.get("total") or 0)
    return by_line, total - sum(by_line.values(), ZERO)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _gross(life: Life, row: Row, goods: str, shipping: str) -> Gross:
    amounts = Gross(Decimal(row.get(goods) or 0), Decimal(row.get(shipping) or 0))
    if life.tax_included:
        return amounts
    return amounts + Gross(_taxes(row, "taxes"), _taxes(row, "shipping_taxes"))


def _taxes(row: Row, name: str) -> Decimal:
    return sum((Decimal(tax["amount"]) for tax in row.get(name) or []), ZERO)

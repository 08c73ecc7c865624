"""A sales order (or what was made out of it) as NetSuite has it now: how much of each line is shipped, billed, closed.

Source: SuiteQL `transaction`, `transactionline`; statuses in `netsuite/queries`.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

CANCELLED, CLOSED = "C", "H"
"""Sales order statuses after which nothing is shipped or billed."""


class BookedLine(Struct, frozen=True, kw_only=True):
    """A line. `number` is what transforms and updates address it by; it need not run from 1 to n."""

    number: int
    line_id: str
    """`custcol_tieout_line`; empty on lines that somebody else added."""
    item_id: str
    quantity: int
    shipped: int = 0
    billed: int = 0
    is_closed: bool = False
    net: Decimal = Decimal(0)
    """The line's amount without tax, in the transaction's currency, positive."""
    ships: bool = True
    """False for lines that no warehouse handles, such as a tax charge."""


class Booked(Struct, frozen=True, kw_only=True):
    """A transaction with its lines."""

    id: str
    external_id: str
    kind: str
    """SuiteQL type: `SalesOrd`, `CustInvc`, `RtnAuth`."""
    number: str
    status: str
    lines: tuple[BookedLine, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing can be shipped or billed any more."""
        return self.kind == "SalesOrd" and self.status in {CANCELLED, CLOSED}

    def line_of(self, line_id: str) -> BookedLine | None:
        """The line that stands for an order line of the marketplace."""
        return next((line for line in self.lines if line.line_id == line_id), None)

    @property
    def line_numbers(self) -> tuple[int, ...]:
        """Every line's number, for transforms that must name them all."""
        return tuple(line.number for line in self.lines)


class LineChange(Struct, frozen=True):
    """How a sales order line is to be: closed, or with fewer units."""

    number: int
    quantity: int | None = None
    close: bool = False
    net: Decimal | None = None
    """Amount without tax of what is left."""

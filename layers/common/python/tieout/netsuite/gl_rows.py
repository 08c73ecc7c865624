"""Lines of the general ledger as SuiteQL gives them, read in bulk.

Columns: externalid, type, trandate, currency, acctnumber, debit, credit (both in the transaction's currency); id,
transactionline, amount (in the subsidiary's currency), posting, entity and memo where they were asked for.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.json import Decoder

from tieout.domain.ledger.gl import GlLine
from tieout.domain.money import ZERO
from tieout.netsuite.booked_rows import UnreadableError, amount_of, currency_of, day_of, text_of


class Row(Struct, frozen=True):
    """A row of `transactionaccountingline` with its transaction's columns."""

    id: str | int | None = None
    externalid: str | None = None
    type: str | None = None
    trandate: str | None = None
    currency: str | int | None = None
    acctnumber: str | int | None = None
    transactionline: int | None = None
    debit: Decimal | None = None
    credit: Decimal | None = None
    amount: Decimal | None = None
    posting: str | None = None
    entity: str | int | None = None
    memo: str | None = None


GL_ROW = Decoder(Row, strict=False)


def gl_line_of(row: Row) -> GlLine:
    """The line. Raises UnreadableError naming the column."""
    if not row.externalid:
        raise UnreadableError("externalid is missing")
    account = text_of(row.acctnumber)
    if not account:
        raise UnreadableError("acctnumber is missing")
    debit = ZERO if row.debit is None else amount_of(row.debit, "debit")
    credit = ZERO if row.credit is None else amount_of(row.credit, "credit")
    return GlLine(
        external_id=row.externalid,
        account=account,
        currency=currency_of(row.currency),
        debit=debit,
        credit=credit,
        base=debit - credit if row.amount is None else amount_of(row.amount, "amount"),
        day=day_of(row.trandate) if row.trandate else None,
        type=row.type or "",
        transaction=text_of(row.id),
        line=row.transactionline or 0,
        posts=row.posting != "F",
        entity=text_of(row.entity),
        memo=row.memo or "",
    )

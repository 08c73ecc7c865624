"""What NetSuite told, as rows of an export of SuiteQL: `netsuite/documents` and `netsuite/gl_lines` of a folder."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked
from tieout.domain.money import ZERO

DOCUMENTS_OF_ORDERS = frozenset({"CustInvc", "CustCred", "CashSale", "CashRfnd"})
"""What NetSuite tells with its taxes and what is open; out of what it moved neither can be said."""


class DocumentRow(Struct, frozen=True, kw_only=True):
    """A document as an export of SuiteQL gives it."""

    id: str
    externalid: str
    type: str
    tranid: str
    trandate: date
    currency: str
    entity: str
    otherrefnum: str | None
    custbody_tieout_order: str | None
    custbody_tieout_refund: str | None
    foreigntotal: Decimal
    taxtotal: Decimal | None
    foreignamountunpaid: Decimal | None
    status: str


class LedgerRow(Struct, frozen=True, kw_only=True):
    """A line of the general ledger as an export of SuiteQL gives it."""

    id: str
    externalid: str
    type: str
    trandate: date | None
    currency: str
    acctnumber: str
    transactionline: int
    debit: Decimal
    credit: Decimal
    amount: Decimal
    posting: str
    entity: str
    memo: str


def written(general_ledger: Iterable[GlLine], known: Collection[str]) -> Iterator[Booked]:
    """Records of ours, out of what they moved: who settles again has to see that they are there already."""
    moved: dict[str, list[GlLine]] = {}
    for line in general_ledger:
        if line.external_id.casefold() not in known:
            moved.setdefault(line.external_id, []).append(line)
    for external_id, lines in moved.items():
        first = lines[0]
        if first.type not in DOCUMENTS_OF_ORDERS and first.day is not None:
            yield Booked(
                external_id=external_id,
                type=first.type,
                number="",
                day=first.day,
                currency=first.currency,
                total=sum((line.debit for line in lines), ZERO),
                id=first.transaction,
            )


def document_row(document: Booked) -> DocumentRow:
    """A document for such an export."""
    return DocumentRow(
        id=document.id,
        externalid=document.external_id,
        type=document.type,
        tranid=document.number,
        trandate=document.day,
        currency=document.currency,
        entity=document.entity,
        otherrefnum=document.order_id,
        custbody_tieout_order=document.order_id,
        custbody_tieout_refund=document.refund_id,
        foreigntotal=document.total,
        taxtotal=document.tax,
        foreignamountunpaid=document.unpaid,
        status=document.status,
    )


def ledger_row(line: GlLine) -> LedgerRow:
    """A ledger line for such an export."""
    return LedgerRow(
        id=line.transaction,
        externalid=line.external_id,
        type=line.type,
        trandate=line.day,
        currency=line.currency,
        acctnumber=line.account,
        transactionline=line.line,
        debit=line.debit,
        credit=line.credit,
        amount=line.base,
        posting="T" if line.posts else "F",
        entity=line.entity,
        memo=line.memo,
    )

"""What a deployment keeps of money as an export folder, so that the same engine compares it as anybody's files."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from msgspec import Struct, json

from tieout.books.parquet import parquet_of
from tieout.books.reconcile import Reconciled, reconcile_folder
from tieout.domain.errors import NeedsAttention
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked
from tieout.flows.ports import At
from tieout.flows.reconcile.compare import Findings
from tieout.flows.settlement.log import CYCLES, DOCUMENTS, LINES, NO_CYCLE, ORDERS, UNREAD, newest_lines

PACKED = 1
"""Level of compression: the folder lives for minutes."""


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


class ArchivedSources:
    """Fits `flows.reconcile.run.Sources`. `staged` reads what `stage` has just kept, and not every version."""

    def __init__(self, at: At, *, staged: bool = False) -> None:
        self._at = at
        self._staged = staged

    def __call__(
        self, marketplace: str, documents: Sequence[Booked], general_ledger: Sequence[GlLine], as_of: date
    ) -> Findings:
        """Everything that differs as of that day."""
        with TemporaryDirectory(prefix="tieout-") as made:
            folder = Path(made)
            self.write(folder, marketplace, documents, general_ledger)
            found: Reconciled = reconcile_folder(folder, self._at.config, [marketplace], as_of)
        return Findings(
            breaks=found.breaks,
            information=len(found.information),
            problems=[str(problem) for problem in found.problems],
        )

    def write(
        self, folder: Path, marketplace: str, documents: Sequence[Booked], general_ledger: Iterable[GlLine]
    ) -> None:
        """An export folder of one marketplace; its lines a cycle at a time, so that few are in memory at once."""
        log, mine, theirs = self._at.settlement_log, folder / "mirakl" / marketplace, folder / "netsuite"
        mine.mkdir(parents=True)
        theirs.mkdir()
        _write(mine / "transaction_lines.ndjson.gz", self._lines(marketplace))
        _write(mine / "billing_cycles.ndjson.gz", log.rows(marketplace, CYCLES, NO_CYCLE))
        _write(mine / "accounting_documents.ndjson.gz", log.rows(marketplace, DOCUMENTS, NO_CYCLE))
        _write(mine / "orders.ndjson.gz", self._orders(marketplace, documents))
        _write(theirs / "documents.ndjson.gz", (json.encode(_document_row(each)) for each in documents))
        _write(theirs / "gl_lines.ndjson.gz", (json.encode(_ledger_row(each)) for each in general_ledger))

    def stage(self, marketplace: str, cycle: str) -> int:
        """Keep the newest version of each line of a cycle, alone, and as Parquet beside it; answers how many."""
        rows = self._at.settlement_log.rows(marketplace, LINES, cycle)
        page = self._at.marketplace(marketplace).read_lines(rows)
        unread = {each.place for each in page.problems}
        legible = (raw for place, raw in enumerate(page.raw) if place not in unread)
        of_line = {id(line): raw for raw, line in zip(legible, page.lines, strict=True)}
        newest = newest_lines(page.lines)
        kept = [*(of_line[id(line)] for line in newest), *(page.raw[place] for place in sorted(unread))]
        documents = {_staged(marketplace, cycle): gzip.compress(b"".join(row + b"\n" for row in kept), mtime=0)}
        if cycle not in {NO_CYCLE, UNREAD}:
            # A line that is in no cycle yet will be in one: whoever adds up Parquet should not meet it twice.
            documents[_parquet(marketplace, cycle)] = parquet_of(newest)
        self._at.archive.store(documents)
        return len(newest)

    def _lines(self, marketplace: str) -> Iterator[bytes]:
        for cycle in self._at.settlement_log.partitions(marketplace, LINES):
            if self._staged:
                name = _staged(marketplace, cycle)
                yield from gzip.decompress(self._at.archive.load([name])[name]).splitlines()
            else:
                yield from self._at.settlement_log.rows(marketplace, LINES, cycle)

    def _orders(self, marketplace: str, documents: Iterable[Booked]) -> Iterator[bytes]:
        """Every order that a line of the log, or a document of NetSuite, names; once, as it was told last."""
        market, log = self._at.marketplace(marketplace), self._at.settlement_log
        told: dict[str, bytes] = {}
        for cycle in log.partitions(marketplace, ORDERS):
            for row in log.rows(marketplace, ORDERS, cycle):
                told[market.read_sold(row).id] = row
        missing = {each.order_id for each in documents if each.order_id} - set(told)
        payloads = self._at.postings.seen_payloads(marketplace, sorted(missing))
        for raw in self._at.archive.load(list(payloads.values())).values():
            # One that does not read as an order is parked for that by the flow of orders.
            with suppress(NeedsAttention):
                order = market.only_money(raw)
                told[market.read_sold(order).id] = order
        return iter(told.values())


def _write(path: Path, rows: Iterable[bytes]) -> None:
    with gzip.open(path, "wb", compresslevel=PACKED) as out:
        for row in rows:
            out.write(row + b"\n")


def _staged(marketplace: str, cycle: str) -> str:
    return f"settlement/{marketplace}/staged/cycle={quote(cycle, safe='')}/lines.ndjson.gz"


def _parquet(marketplace: str, cycle: str) -> str:
    return f"settlement/{marketplace}/parquet/lines/cycle={quote(cycle, safe='')}/lines.parquet"


def _document_row(document: Booked) -> DocumentRow:
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


def _ledger_row(line: GlLine) -> LedgerRow:
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

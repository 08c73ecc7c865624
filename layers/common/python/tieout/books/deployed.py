"""What a deployment keeps of money as an export folder, so that the same engine compares it as anybody's files."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import duckdb
from msgspec import Struct, json
from msgspec.structs import replace

from tieout.books.bank import Statement, bank_breaks, payouts_at_the_bank
from tieout.books.parquet import few_from_parquet, lines_from_parquet, parquet_of
from tieout.books.reconcile import Reconciled, compare, reconcile_folder
from tieout.books.stage import stage
from tieout.domain.errors import NeedsAttention
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked, Books
from tieout.domain.money import ZERO
from tieout.domain.reconcile.manual import MANUAL, unclassified
from tieout.flows.ports import At
from tieout.flows.reconcile.compare import Findings, Gathered
from tieout.flows.settlement.at_the_bank import RATES, STATEMENT, bank_rows, line_row, statement_for
from tieout.flows.settlement.log import (
    CYCLES,
    DOCUMENTS,
    LINES,
    NO_CYCLE,
    ORDERS,
    UNREAD,
    cycles_of,
    documents_of,
    newest_lines,
)
from tieout.flows.settlement.rules import booking_rules

PACKED = 1
"""Level of compression: the folder lives for minutes."""


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
            if self._staged:
                return self._match_staged(folder, marketplace, documents, as_of)
            self._write_bank(folder / "bank", map(line_row, statement_for(marketplace, self._at)))
            self.write(folder, marketplace, documents, general_ledger)
            return _findings(reconcile_folder(folder, self._at.config, [marketplace], as_of))

    def _match_staged(self, folder: Path, marketplace: str, documents: Sequence[Booked], as_of: date) -> Findings:
        """The same SQL over Parquet: the lines stay out of our memory, and DuckDB spills what does not fit its own."""
        rules = {marketplace: booking_rules(self._at.config, marketplace)}
        market, problems = self._at.marketplace(marketplace), self._fetch(folder, marketplace)
        books = Books(
            marketplace=marketplace,
            lines=(),
            cycles=tuple(cycles_of(marketplace, self._at)),
            documents=tuple(documents_of(marketplace, self._at)),
            orders={sold.id: sold for sold in map(market.read_sold, self._orders(marketplace, documents))},
            booked=tuple(documents),
        )
        with duckdb.connect(str(folder / "compared.duckdb")) as engine:
            engine.execute("SET preserve_insertion_order = false")
            stage(engine, [books], rules.values(), as_of)
            lines_from_parquet(engine, marketplace, folder)
            mended = {
                name for (name,) in engine.execute("SELECT id FROM line WHERE id IN ?", [list(problems)]).fetchall()
            }
            compared = compare(engine, rules, as_of)
        statement = Statement(lines=tuple(statement_for(marketplace, self._at)), is_whole=True)
        at_bank = payouts_at_the_bank([books], rules, statement, as_of)
        told = {(each.code, each.key) for each in compared.breaks}
        more = [each for each in bank_breaks(at_bank, statement) if (each.code, each.key) not in told]
        more += unclassified(replace(books, lines=tuple(few_from_parquet(folder, MANUAL))), rules[marketplace])
        found = _findings(replace(compared, breaks=[*compared.breaks, *more]))
        left = [f"{name}: {why}" for name, why in sorted(problems.items()) if name not in mended]
        return replace(found, problems=[*found.problems, *left])

    def _fetch(self, folder: Path, marketplace: str) -> dict[str, str]:
        """Put what was staged into the folder, a file at a time; answers the rows that did not read, by id."""
        problems: dict[str, str] = {}
        for cycle in self._at.settlement_log.partitions(marketplace, LINES):
            packed, told = _parquet(marketplace, cycle), _unread(marketplace, cycle)
            found = self._at.archive.load([packed, told])
            place = folder / f"cycle={quote(cycle, safe='')}"
            place.mkdir()
            (place / "lines.parquet").write_bytes(found[packed])
            problems |= json.decode(found[told], type=dict[str, str])
        return problems

    def write(
        self, folder: Path, marketplace: str, documents: Sequence[Booked], general_ledger: Sequence[GlLine]
    ) -> None:
        """An export folder of one marketplace; its lines a cycle at a time, so that few are in memory at once."""
        log, mine, theirs = self._at.settlement_log, folder / "mirakl" / marketplace, folder / "netsuite"
        mine.mkdir(parents=True)
        theirs.mkdir(exist_ok=True)
        _write(mine / "transaction_lines.ndjson.gz", self._lines(marketplace))
        _write(mine / "billing_cycles.ndjson.gz", log.rows(marketplace, CYCLES, NO_CYCLE))
        _write(mine / "accounting_documents.ndjson.gz", log.rows(marketplace, DOCUMENTS, NO_CYCLE))
        _write(mine / "orders.ndjson.gz", self._orders(marketplace, documents))
        if not (folder / "bank").exists():  # one for all marketplaces
            self._write_bank(folder / "bank", bank_rows(STATEMENT, self._at))
        booked = [*documents, *_written(general_ledger, {each.external_id.casefold() for each in documents})]
        _write(theirs / "documents.ndjson.gz", (json.encode(_document_row(each)) for each in booked))
        _write(theirs / "gl_lines.ndjson.gz", (json.encode(_ledger_row(each)) for each in general_ledger))

    def _write_bank(self, folder: Path, statement: Iterable[bytes]) -> None:
        folder.mkdir()
        for table, rows in ((STATEMENT, list(statement)), (RATES, bank_rows(RATES, self._at))):
            if rows:
                _write(folder / f"{table}.ndjson.gz", rows)

    def export(self, folder: str, books: Mapping[str, Gathered]) -> list[str]:
        """Keep an export folder of these marketplaces in the archive; answers its files."""
        with TemporaryDirectory(prefix="tieout-") as made:
            here = Path(made)
            for marketplace, theirs in books.items():
                self.write(here, marketplace, theirs.documents, theirs.posted.general_ledger)
            files = sorted(path for path in here.rglob("*") if path.is_file())
            names = [f"{folder}/{path.relative_to(here)}" for path in files]
            for name, path in zip(names, files, strict=True):
                self._at.archive.store({name: path.read_bytes()})
        return names

    def stage(self, marketplace: str, cycle: str) -> int:
        """Keep the newest version of the lines of a cycle as Parquet, and what did not read; answers how many lines."""
        rows = self._at.settlement_log.rows(marketplace, LINES, cycle)
        page = self._at.marketplace(marketplace).read_lines(rows)
        newest = newest_lines(page.lines)
        legible = {line.id for line in newest}
        unread = {each.id: each.why for each in page.problems if each.id not in legible}
        self._at.archive.store(
            {
                _parquet(marketplace, cycle): parquet_of(newest),
                _unread(marketplace, cycle): json.encode(unread, order="deterministic"),
            }
        )
        return len(newest)

    def _lines(self, marketplace: str) -> Iterator[bytes]:
        for cycle in self._at.settlement_log.partitions(marketplace, LINES):
            rows = list(self._at.settlement_log.rows(marketplace, LINES, cycle))
            page = self._at.marketplace(marketplace).read_lines(rows)
            legible = {line.id for line in page.lines}
            # A version that did not read is no hole any more once the line came again and did.
            mended = {each.place for each in page.problems if each.id in legible}
            yield from (row for place, row in enumerate(rows) if place not in mended)

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
    """Add rows to a file: what NetSuite holds is one file for all marketplaces."""
    with path.open("ab") as file, gzip.GzipFile("", "wb", PACKED, file, mtime=0) as out:
        for row in rows:
            out.write(row + b"\n")


def _parquet(marketplace: str, cycle: str) -> str:
    """Where lines stand as Parquet. Those in no cycle yet stand apart: whoever adds up must not meet a line twice."""
    folder = "parquet/waiting" if cycle in {NO_CYCLE, UNREAD} else "parquet/lines"
    return f"settlement/{marketplace}/{folder}/cycle={quote(cycle, safe='')}/lines.parquet"


def _unread(marketplace: str, cycle: str) -> str:
    return f"settlement/{marketplace}/parquet/unread/cycle={quote(cycle, safe='')}/unread.json"


def _findings(found: Reconciled) -> Findings:
    return Findings(
        breaks=found.breaks,
        information=len(found.information),
        problems=[str(problem) for problem in found.problems],
    )


def _written(general_ledger: Iterable[GlLine], known: Collection[str]) -> Iterator[Booked]:
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

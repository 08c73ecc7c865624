"""What a deployment keeps of money, compared by the engine that compares anybody's files, and given as such files."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import json
from msgspec.structs import replace

from tieout.books.accounts import reserves
from tieout.books.bank import Statement, bank_breaks, payouts_at_the_bank
from tieout.books.engine import opened
from tieout.books.netsuite_out import document_row, ledger_row, written
from tieout.books.parquet import few_from_parquet, lines_from_parquet
from tieout.books.reconcile import compare
from tieout.books.rows import Problem
from tieout.books.stage import stage
from tieout.books.staged import fetch, stage_cycle
from tieout.domain.errors import NeedsAttention
from tieout.domain.exchange import UnreadRow
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked, Books, Cycle
from tieout.domain.reconcile.breaks import Break
from tieout.domain.reconcile.manual import MANUAL, unclassified
from tieout.domain.reconcile.reserve import RESERVE
from tieout.flows.ports import At
from tieout.flows.reconcile.compare import Findings, Gathered, settled_marketplaces
from tieout.flows.settlement.at_the_bank import RATES, STATEMENT, bank_rows, rates_of, statement_of
from tieout.flows.settlement.balances import balances_to_compare
from tieout.flows.settlement.log import (
    CYCLES,
    DOCUMENTS,
    LINES,
    NO_CYCLE,
    ORDERS,
    cycles_of,
    documents_of,
)
from tieout.flows.settlement.rules import booking_rules

PACKED = 1
"""Level of compression: the folder lives for minutes."""


class ArchivedSources:
    """Fits `flows.reconcile.run.Sources`. Compares what `stage` has kept, whatever the size of the log."""

    def __init__(self, at: At) -> None:
        self._at = at

    def __call__(
        self, marketplace: str, documents: Sequence[Booked], general_ledger: Sequence[GlLine], as_of: date
    ) -> Findings:
        """Everything that differs as of that day, but for what was posted."""
        with TemporaryDirectory(prefix="tieout-") as made:
            return self._matched(Path(made), marketplace, documents, general_ledger, as_of)

    def _matched(
        self,
        folder: Path,
        marketplace: str,
        documents: Sequence[Booked],
        general_ledger: Sequence[GlLine],
        as_of: date,
    ) -> Findings:
        """By SQL over Parquet: the lines stay out of our memory, and DuckDB spills what does not fit its own."""
        rules = {marketplace: booking_rules(self._at.config, marketplace)}
        fetched = fetch(folder, marketplace, self._at)
        market, log = self._at.marketplace(marketplace), self._at.settlement_log
        known = {each.external_id.casefold() for each in documents}
        books = Books(
            marketplace=marketplace,
            lines=(),
            cycles=tuple(cycles_of(marketplace, self._at)),
            documents=tuple(documents_of(marketplace, self._at)),
            orders={sold.id: sold for sold in map(market.read_sold, self._orders(marketplace, documents))},
            booked=(*documents, *written(general_ledger, known)),
            rates=rates_of(self._at),
        )
        with opened(str(folder / "compared.duckdb")) as engine:
            engine.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
            stage(engine, [books], rules.values(), as_of, lambda _: lines_from_parquet(engine, marketplace, folder))
            unread = list(fetched.unread)
            mended = {name for (name,) in engine.execute("SELECT id FROM line WHERE id IN ?", [unread]).fetchall()}
            compared = compare(engine, rules, as_of)
        told = {(each.code, each.key) for each in compared.breaks}
        more = [each for each in self._at_the_bank(books, as_of) if (each.code, each.key) not in told]
        problems = [f"{name}: {why}" for name, why in sorted(fetched.unread.items()) if name not in mended]
        doubts = {"*": "lines that do not read"} if problems else {}
        few = replace(books, lines=tuple(few_from_parquet(folder, MANUAL | RESERVE)), doubts=doubts)
        more += unclassified(few, rules[marketplace])
        self._write_accounts(folder, marketplace)
        illegible = list[Problem]()
        held = reserves(folder, [few], self._at.config.marketplaces, illegible)
        problems += _unread(market.read_cycles(log.rows(marketplace, CYCLES, NO_CYCLE)).problems, books.cycles)
        problems += _unread(market.read_documents(log.rows(marketplace, DOCUMENTS, NO_CYCLE)).problems)
        return Findings(
            breaks=[*compared.breaks, *more, *held.breaks],
            information=len(compared.information),
            problems=[*problems, *map(str, illegible)],
            reserves=held.compared,
            digests=fetched.digests,
        )

    def _at_the_bank(self, books: Books, as_of: date) -> Iterator[Break]:
        """What the statement does not show of this marketplace; a line of it is one payout's, of whichever one."""
        others = settled_marketplaces(self._at)
        every = [books, *(self._only_cycles(name, books) for name in others if name != books.marketplace)]
        rules = {each.marketplace: booking_rules(self._at.config, each.marketplace) for each in every}
        statement = Statement(lines=tuple(statement_of(self._at)), is_whole=True)
        found = bank_breaks(payouts_at_the_bank(every, rules, statement, as_of), statement)
        return (each for each in found if each.marketplace == books.marketplace)

    def _only_cycles(self, marketplace: str, books: Books) -> Books:
        cycles = tuple(cycles_of(marketplace, self._at))
        return Books(marketplace=marketplace, lines=(), cycles=cycles, rates=books.rates)

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
        self._write_accounts(folder, marketplace)
        if not (folder / "bank").exists():  # one for all marketplaces
            self._write_bank(folder / "bank", bank_rows(STATEMENT, self._at))
        booked = [*documents, *written(general_ledger, {each.external_id.casefold() for each in documents})]
        _write(theirs / "documents.ndjson.gz", (json.encode(document_row(each)) for each in booked))
        _write(theirs / "gl_lines.ndjson.gz", (json.encode(ledger_row(each)) for each in general_ledger))

    def _write_accounts(self, folder: Path, marketplace: str) -> None:
        """Where there is none, nothing of earlier readings is gone by that."""
        if rows := balances_to_compare(marketplace, self._at):
            place = folder / "mirakl" / marketplace
            place.mkdir(parents=True, exist_ok=True)
            _write(place / "accounts.ndjson.gz", rows)

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
        """Keep the newest version of the lines of a cycle as Parquet; answers how many lines."""
        return stage_cycle(marketplace, cycle, self._at)

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


def _unread(problems: Iterable[UnreadRow], came: Iterable[Cycle] = ()) -> list[str]:
    """Rows that did not read, and of which no version that came later does."""
    legible = {each.id for each in came}
    return sorted({f"{each.id}: {each.why}" for each in problems if each.id not in legible})

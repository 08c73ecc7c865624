"""An export folder: what Mirakl and NetSuite gave, as files, without either of them (docs/finance/try-it-on-files.md).

    mirakl/<marketplace>/{orders, transaction_lines, billing_cycles, accounting_documents}.ndjson[.gz]
    netsuite/{documents, items, gl_lines}.ndjson[.gz]
    bank/{statement, rates}.ndjson[.gz]

Lines come in any order and pages may be doubled. What cannot be read is a `Problem`, and the cycles that it may belong
to are in doubt (`Books.doubts`): they are held, as a sum with a hole proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tieout.books.bank import Statement, read_rates, read_statement, with_the_bank
from tieout.books.belonging import Belonging
from tieout.books.folder import Files
from tieout.books.once import once, told_twice
from tieout.books.rows import Problem
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line, Sold
from tieout.domain.ledger.rules import BookingRules
from tieout.mirakl.document_rows import document_of_request
from tieout.mirakl.settlement_rows import cycle_of, document_of, line_of
from tieout.mirakl.sold import SOLD_ORDER, Order, sold_of
from tieout.mirakl.values import NEVER, utc
from tieout.mirakl.wire_documents import REQUEST_WITH_LINES
from tieout.mirakl.wire_settlement import ACCOUNTING_DOCUMENT, BILLING_CYCLE, TRANSACTION_LINE
from tieout.netsuite.booked_rows import BOOKED_ROW, booked_of
from tieout.netsuite.gl_rows import GL_ROW, gl_line_of

ALL = "*"
"""In `Books.doubts`: every cycle of the marketplace."""
_PAID = {"TO_PAY": 0, "FAILED": 1, "PAID": 2}


class ExportError(Exception):
    """The folder cannot be used at all; the message names what is missing."""


class Item(Struct, frozen=True):
    """An item of NetSuite."""

    id: str | int | None = None
    itemid: str | None = None
    displayname: str | None = None
    itemtype: str | None = None
    isinactive: str | None = None


class Export(Struct, frozen=True, kw_only=True):
    """What a folder holds."""

    books: Mapping[str, Books]
    """By marketplace."""
    gl_lines: tuple[GlLine, ...] = ()
    items: tuple[Item, ...] = ()
    strangers: tuple[Booked, ...] = ()
    """Documents of NetSuite that belong to no marketplace that was asked for."""
    statement: Statement | None = None
    """Of the bank; None where there is no such file, or it was not asked for."""
    problems: list[Problem]
    """By file and line."""
    replaced: Mapping[str, tuple[Line, ...]] = {}
    """By marketplace: older versions of lines that had another amount, or were of another type, in any of them."""


def read_export(
    folder: Path,
    marketplaces: Iterable[str],
    *,
    customers: Mapping[str, str] | None = None,
    general_ledger: bool = False,
    bank: Mapping[str, BookingRules] | None = None,
) -> Export:
    """Everything of these marketplaces; items and the general ledger only with `general_ledger`, the bank with `bank`.

    `customers`: the marketplace's name as a customer of NetSuite, by marketplace. `bank`: the rules of each, which say
    in what currency its payouts arrive. Raises ExportError.
    """
    reading = _Reading(folder, tuple(marketplaces))
    books = {name: reading.marketplace(name) for name in reading.marketplaces}
    belonging = Belonging(books, customers or {})
    booked, strangers = reading.documents(belonging)
    files = Files(folder / "netsuite", folder, reading.problems)
    statement = read_statement(folder, reading.problems) if bank is not None else None
    rates = read_rates(folder, reading.problems) if bank is not None else ()
    whole = {
        name: msgspec.structs.replace(each, booked=booked[name], doubts=reading.doubts[name])
        for name, each in books.items()
    }
    return Export(
        books=whole if bank is None else with_the_bank(whole, statement, rates, bank),
        statement=statement,
        gl_lines=tuple(row for _, row in files.read("gl_lines", GL_ROW, gl_line_of)) if general_ledger else (),
        items=tuple(row for _, row in files.read("items", _ITEM, _itself)) if general_ledger else (),
        strangers=strangers,
        problems=sorted(reading.problems),
        replaced=reading.replaced,
    )


_ITEM = msgspec.json.Decoder(Item)


def _itself(item: Item) -> Item:
    return item


class _Reading:
    """One reading of a folder, with what it could not read."""

    def __init__(self, folder: Path, marketplaces: tuple[str, ...]) -> None:
        self._folder = folder
        self.marketplaces = marketplaces
        self.problems: list[Problem] = []
        self.doubts: dict[str, dict[str, str]] = {name: {} for name in marketplaces}
        self.replaced: dict[str, tuple[Line, ...]] = {}
        self._check()

    def _check(self) -> None:
        """Raises ExportError. Folders that nobody asked for are told: nothing is left out in silence."""
        if not self._folder.is_dir():
            raise ExportError(
                f"{self._folder} is not a folder: name the export folder (it holds mirakl/ and netsuite/)"
            )
        wrong = []
        for name in self.marketplaces:
            files = self._files(name)
            if files.twice("transaction_lines"):
                wrong.append(f"{files.name('transaction_lines')} is there packed and unpacked: keep one")
            elif not files.there("transaction_lines"):
                wrong.append(f"{files.name('transaction_lines')}[.gz] is missing")
        if wrong:
            raise ExportError(f"{self._folder} cannot be settled: {'; '.join(wrong)}")
        for other in sorted((self._folder / "mirakl").glob("*/")):
            if other.name not in self.marketplaces and not other.name.startswith("."):
                why = "was left out: the settings do not say how to book it"
                self.problems.append(Problem(f"mirakl/{other.name}", 0, "", why))

    def _files(self, marketplace: str) -> Files:
        return Files(self._folder / "mirakl" / marketplace, self._folder, self.problems)

    def marketplace(self, name: str) -> Books:
        """All but what NetSuite holds."""
        files = self._files(name)
        files.needed("billing_cycles", "no cycle can be proven")
        files.needed("accounting_documents", "taken as none; fees that a document should prove are held or unproven")
        files.needed("orders", "taken as none; what is compared with orders is not")
        lines = self._lines(name, files)
        return Books(
            marketplace=name,
            lines=tuple(sorted(lines.values(), key=_by_time)),
            cycles=tuple(sorted(self._cycles(name, files).values(), key=lambda each: (each.closed_at, each.id))),
            documents=tuple(
                sorted(self._legal(name, files, lines).values(), key=lambda each: (each.issued, each.number))
            ),
            orders=dict(sorted(self._orders(files).items())),
        )

    def _lines(self, name: str, files: Files) -> dict[str, Line]:
        file = files.name("transaction_lines")

        def bad(row: bytes) -> None:
            self._doubt(name, _cycle_named(row), f"a line of {file} could not be read")

        def contradiction(number: int, one: Line, other: Line) -> None:
            self.problems.append(told_twice(file, number, "id", "a transaction line"))
            for each in (one, other):
                if each.cycle:
                    self._doubt(name, each.cycle, f"a line of {file} is told twice, and differently")

        rows = files.read("transaction_lines", TRANSACTION_LINE, line_of, bad)
        older: list[Line] = []
        lines = once(rows, lambda line: line.id, lambda line: line.updated, contradiction, older.append)
        # All versions of such a line: when it changed is told by those between, which may be like the newest.
        changed = {
            each.id for each in older if (each.amount, each.type) != (lines[each.id].amount, lines[each.id].type)
        }
        self.replaced[name] = tuple(each for each in older if each.id in changed)
        return lines

    def _cycles(self, name: str, files: Files) -> dict[str, Cycle]:
        """A cycle is told again when its payout moves on; its figures stay as they are."""
        file = files.name("billing_cycles")

        def contradiction(number: int, one: Cycle, _: Cycle) -> None:
            self.problems.append(told_twice(file, number, "id", "a billing cycle"))
            self._doubt(name, one.id, f"{file} tells the cycle twice, and differently")

        rows = files.read("billing_cycles", BILLING_CYCLE, cycle_of)
        return once(rows, lambda cycle: cycle.id, lambda cycle: _PAID.get(cycle.pay_out.state, -1), contradiction)

    def _legal(self, name: str, files: Files, lines: Mapping[str, Line]) -> dict[str, Document]:
        file = files.name("accounting_documents")

        def doubt(number: str, cycle: str | None, why: str) -> None:
            cycles = {cycle} if cycle else {line.cycle for line in lines.values() if line.document == number}
            for each in cycles or {ALL}:
                if each:
                    self._doubt(name, each, why)

        def bad(row: bytes) -> None:
            number = _texts(row, "invoice_id")
            doubt(number, _texts(row, "seller_billing_cycle_id") or None, f"a document of {file} could not be read")

        def contradiction(number: int, one: Document, _: Document) -> None:
            self.problems.append(told_twice(file, number, "invoice_id", "a document"))
            doubt(one.number, one.cycle, f"{file} tells document {one.number} twice, and differently")

        rows = files.read("accounting_documents", _LEGAL, _document, bad)
        issued = ((number, document) for number, document in rows if document is not None)
        # A document that was read before its cycle closed names it later.
        return once(
            issued, lambda document: document.number, lambda document: document.cycle is not None, contradiction
        )

    def _orders(self, files: Files) -> dict[str, Sold]:
        file = files.name("orders")

        def contradiction(number: int, _: _Dated, __: _Dated) -> None:
            self.problems.append(told_twice(file, number, "order_id", "an order"))

        rows = files.read("orders", SOLD_ORDER, _dated)
        return {
            name: dated.order
            for name, dated in once(rows, lambda each: each.order.id, lambda each: each.at, contradiction).items()
        }

    def documents(self, belonging: Belonging) -> tuple[dict[str, tuple[Booked, ...]], tuple[Booked, ...]]:
        """What NetSuite holds, by marketplace; and what belongs to none."""
        files = Files(self._folder / "netsuite", self._folder, self.problems)
        files.needed("documents", "taken as none; sales without an invoice are booked as undelivered")
        file = files.name("documents")

        def doubt(order_id: str, why: str) -> None:
            for name in self.marketplaces:
                for cycle in belonging.cycles_of(name, order_id) if order_id else {ALL}:
                    self._doubt(name, cycle, why)

        def bad(row: bytes) -> None:
            order_id = _texts(row, "custbody_tieout_order") or _texts(row, "otherrefnum")
            doubt(order_id, f"a row of {file} could not be read")

        def contradiction(number: int, one: Booked, _: Booked) -> None:
            self.problems.append(told_twice(file, number, "externalid", "a document"))
            doubt(one.order_id or "", f"{file} tells {one.number or one.external_id} twice, and differently")

        rows = files.read("documents", BOOKED_ROW, booked_of, bad)
        found = once(rows, lambda each: each.external_id.upper() or each.id, lambda _: 0, contradiction)
        theirs: dict[str, list[Booked]] = {name: [] for name in self.marketplaces}
        strangers: list[Booked] = []
        for each in sorted(found.values(), key=lambda each: (each.day, each.external_id, each.number, each.id)):
            names = belonging.of(each)
            if len(names) > 1:
                self.problems.append(
                    Problem(file, 0, "otherrefnum", f"{each.number}: an order of several marketplaces")
                )
                doubt(each.order_id or "", f"{each.number} of {file} may be another marketplace's")
            (theirs[names[0]] if len(names) == 1 else strangers).append(each)
        return {name: tuple(each) for name, each in theirs.items()}, tuple(strangers)

    def _doubt(self, marketplace: str, cycle: str | None, why: str) -> None:
        if cycle is not None:
            self.doubts[marketplace].setdefault(cycle, why)


def _by_time(line: Line) -> tuple[Any, str]:
    return line.created, line.id


class _Dated(Struct, frozen=True):
    order: Sold
    at: Any


def _dated(order: Order) -> _Dated:
    return _Dated(sold_of(order), utc(order.last_updated_date) if order.last_updated_date else NEVER)


class _Legal:
    """Reads a document of either kind."""

    @staticmethod
    def decode(row: bytes, /) -> Any:
        """IV01, or DR11 with its DR12 rows."""
        return (REQUEST_WITH_LINES if row.lstrip().startswith(b'{"request":') else ACCOUNTING_DOCUMENT).decode(row)


_LEGAL = _Legal()


def _document(row: Any) -> Document | None:
    return document_of_request(row) if hasattr(row, "request") else document_of(row)


def _cycle_named(row: bytes) -> str | None:
    """The cycle that a line which does not read names; None where it says that it has none yet."""
    found = _told(row)
    cycle = found.get("seller_billing_cycle_id", ALL)
    if cycle is None:
        return None
    return cycle if isinstance(cycle, str) and cycle else ALL


def _texts(row: bytes, field: str) -> str:
    value = _told(row).get(field)
    return str(value) if isinstance(value, str | int) else ""


def _told(row: bytes) -> Mapping[str, Any]:
    """What still reads of a row that does not."""
    try:
        found = msgspec.json.decode(row) if row else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

"""Settlement: from a million transaction lines to journals, and from the export of a busy month to its records."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from benchmarks.result import Result
from tieout.books.export import read_export
from tieout.domain.ledger.line import Books, Cycle, Document, Line, PayOut
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.settle import Settled, Status, settle
from tieout.domain.money import ZERO

MARKETPLACE = "brightside-uk"
MILLION = 1_000_000
BUSY_MONTH = 123_000
CYCLES = 3
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
AN_ORDER = (
    ("ORDER_AMOUNT", Decimal("100.00")),
    ("ORDER_AMOUNT_TAX", Decimal("20.00")),
    ("COMMISSION_FEE", Decimal("-12.00")),
    ("COMMISSION_VAT", Decimal("-2.40")),
)
RULES = BookingRules(
    marketplace=MARKETPLACE,
    mode=Mode.SUMMARY_JOURNAL,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, {role: role.value for role in Role}),),
    customer="T-brightside-uk-CUS-MARKETPLACE",
    vendor="T-brightside-uk-VEN-OPERATOR",
)


def lines(count: int) -> Iterator[Line]:
    """So many lines of orders of four, over three cycles of ten days."""
    minute = timedelta(days=10 * CYCLES) / count
    for number in range(count):
        name, amount = AN_ORDER[number % len(AN_ORDER)]
        created = FIRST + minute * number
        cycle = number * CYCLES // count
        yield Line(
            id=f"{number:08}-0000-4000-8000-000000000000",
            type=name,
            amount=amount,
            currency="GBP",
            created=created,
            updated=created,
            state="PAID",
            cycle=f"C{cycle}",
            document=f"{210100001 + cycle}",
            order_id=f"{number // 4:07}-A",
            order_line_id=f"{number // 4:07}-A-1",
            tax_code="VAT-GBR-20" if name.endswith("AMOUNT_TAX") else None,
        )


def books(count: int) -> Books:
    """The same as books, each cycle paid out whole."""
    every = tuple(lines(count))
    sums = dict.fromkeys((f"C{number}" for number in range(CYCLES)), ZERO)
    for line in every:
        sums[line.cycle or ""] += line.amount
    cycles = tuple(
        Cycle(
            id=name,
            currency="GBP",
            closed_at=FIRST + timedelta(days=10 * (number + 1)),
            to_seller=amount,
            to_operator=None,
            pay_out=PayOut(state="PAID", paid_at=FIRST + timedelta(days=10 * (number + 1) + 2)),
        )
        for number, (name, amount) in enumerate(sums.items())
    )
    return Books(
        marketplace=MARKETPLACE,
        lines=every,
        cycles=cycles,
        documents=tuple(document(number, cycle, every) for number, cycle in enumerate(cycles)),
    )


def document(number: int, cycle: Cycle, every: tuple[Line, ...]) -> Document:
    """The operator's invoice of a cycle's commission."""
    net = -sum((line.amount for line in every if line.cycle == cycle.id and line.type == "COMMISSION_FEE"), ZERO)
    vat = -sum((line.amount for line in every if line.cycle == cycle.id and line.type == "COMMISSION_VAT"), ZERO)
    return Document(
        number=f"{210100001 + number}",
        type="AUTO_INVOICE",
        currency=cycle.currency,
        issued=cycle.closed_at,
        net=net,
        gross=net + vat,
        taxes={"TAXDEFAULT": vat},
        cycle=cycle.id,
    )


def seconds_to_journals(given: Books, mode: Mode) -> float:
    """How long all cycles take; they have to tie out."""
    rules = replace(RULES, mode=mode)
    begun = time.perf_counter()
    settled = settle(given, rules)
    seconds = time.perf_counter() - begun
    check(settled)
    return seconds


def check(settled: Settled) -> None:
    """A figure of something that did not tie out would say nothing."""
    held = [proof.reasons for proof in settled.proofs if proof.status is not Status.TIED_OUT]
    if held or not settled.records:
        raise ValueError(f"did not settle: {held[:1]}")


def write(folder: Path, given: Books) -> None:
    """An export folder as Mirakl and NetSuite give it: TL02, SBC11 and IV01 objects, and an invoice an order."""
    mirakl = folder / "mirakl" / MARKETPLACE
    netsuite = folder / "netsuite"
    mirakl.mkdir(parents=True)
    netsuite.mkdir()
    _ndjson(mirakl / "transaction_lines.ndjson", (_tl02(line) for line in given.lines))
    _ndjson(mirakl / "billing_cycles.ndjson", (_sbc11(cycle) for cycle in given.cycles))
    _ndjson(mirakl / "accounting_documents.ndjson", (_iv01(each) for each in given.documents))
    _ndjson(mirakl / "orders.ndjson", ())
    _ndjson(netsuite / "documents.ndjson", (_invoice(line) for line in given.lines if line.type == "ORDER_AMOUNT"))


def _ndjson(path: Path, rows: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


def _tl02(line: Line) -> dict[str, object]:
    amount = float(line.amount)
    tax = {"order_tax": {"code": line.tax_code, "rate": 20}} if line.tax_code else {}
    return {
        "id": line.id,
        "type": line.type,
        "date_created": f"{line.created:%Y-%m-%dT%H:%M:%SZ}",
        "last_updated": f"{line.updated:%Y-%m-%dT%H:%M:%SZ}",
        "currency_iso_code": line.currency,
        "amount": amount,
        "amount_credited": max(amount, 0),
        "amount_debited": max(-amount, 0),
        "payment_state": line.state,
        "seller_billing_cycle_id": line.cycle,
        "payment_voucher_number": "000001",
        "pay_out_psp_code": "NOT_SPECIFIED",
        "shop": {"id": 2101, "model": "MARKETPLACE"},
        "entities": {**tax, "order": {"id": line.order_id}, "order_line": {"id": line.order_line_id}},
        "accounting_document_number": line.document,
    }


def _sbc11(cycle: Cycle) -> dict[str, object]:
    return {
        "id": cycle.id,
        "date_created": f"{cycle.closed_at:%Y-%m-%dT%H:%M:%SZ}",
        "currency_iso_code": cycle.currency,
        "amount_transferred_to_seller": float(cycle.to_seller),
        "pay_out": {"state": "PAID", "reference": "PO", "transaction_date": f"{cycle.closed_at:%Y-%m-%dT%H:%M:%SZ}"},
        "pay_out_psp_code": "NOT_SPECIFIED",
        "shop": {"shop_id": 2101},
        "summary": {},
    }


def _iv01(document: Document) -> dict[str, object]:
    net = float(document.net)
    taxes = [{"code": code, "amount": float(amount)} for code, amount in document.taxes.items()]
    return {
        "id": f"doc-{document.number}",
        "invoice_id": int(document.number),
        "type": document.type,
        "state": "COMPLETE",
        "currency_iso_code": document.currency,
        "date_created": f"{document.issued:%Y-%m-%dT%H:%M:%SZ}",
        "issue_date": f"{document.issued:%Y-%m-%dT%H:%M:%SZ}",
        "seller_billing_cycle_id": document.cycle,
        "shop_id": 2101,
        "details": [{"description": "Fees", "quantity": 1, "amount_excl_taxes": net, "taxes": taxes}],
        "total_amount_excl_taxes": net,
        "total_amount_incl_taxes": float(document.gross),
        "total_taxes": taxes,
    }


def _invoice(line: Line) -> dict[str, object]:
    return {
        "externalid": f"T-{MARKETPLACE}-INV-{line.order_id}",
        "type": "CustInvc",
        "tranid": f"INV{line.order_id}",
        "trandate": f"{line.created:%Y-%m-%d}",
        "currency": "GBP",
        "entity": MARKETPLACE,
        "otherrefnum": line.order_id,
        "custbody_tieout_order": line.order_id,
        "foreigntotal": 120.0,
        "taxtotal": 20.0,
        "status": "open",
    }


def seconds_from_ndjson() -> float:
    """Read and settle a month of 123,000 lines, by record, out of plain NDJSON."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), books(BUSY_MONTH))
        rules = replace(RULES, mode=Mode.RECORD_LEVEL)
        begun = time.perf_counter()
        export = read_export(Path(folder), [MARKETPLACE])
        settled = settle(export.books[MARKETPLACE], rules)
        seconds = time.perf_counter() - begun
        if export.problems:
            raise ValueError(f"did not read: {export.problems[0]}")
        check(settled)
    return seconds


def measure() -> list[Result]:
    """The rows of the table."""
    given = books(MILLION)
    results = [
        Result(
            what=f"journals for {MILLION:,} lines, {mode.value}",
            figure=seconds_to_journals(given, mode),
            unit="s",
            goal=30,
            at_least=False,
            how="three cycles, lines in memory, to balanced records with proof",
        )
        for mode in (Mode.SUMMARY_JOURNAL, Mode.OPERATOR)
    ]
    del given
    return [
        *results,
        Result(
            what=f"settle {BUSY_MONTH:,} lines from NDJSON",
            figure=seconds_from_ndjson(),
            unit="s",
            goal=5,
            at_least=False,
            how="plain files, an invoice an order, to payments and vendor bills with proof",
        ),
    ]

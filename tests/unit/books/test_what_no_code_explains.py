"""What is lost of an order or a document, and what the labels of a key leave: each pound is told once, by one code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.shared import ROOT
from tests.unit.books.folders import CYCLE, LINES, MARKETPLACE, Folder, a_cycle, a_document, a_line, an_invoice
from tieout.books.export import read_export
from tieout.books.reconcile import SCRIPTS, reconcile_folder
from tieout.books.stage import run, stage
from tieout.config import Config, read_config
from tieout.domain.reconcile.breaks import Code
from tieout.flows.settlement.rules import booking_rules

AS_OF = date(2026, 11, 30)


@pytest.fixture(scope="module")
def config() -> Config:
    return read_config(ROOT / "config/gift-shop.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def told(folder: Folder, config: Config) -> list[tuple[str, str, Decimal]]:
    found = reconcile_folder(folder.root, config, [MARKETPLACE], AS_OF)
    return [(each.code, each.key, each.amount) for each in found.breaks]


def test_a_sale_that_the_log_lost_while_it_kept_its_commission(folder: Folder, config: Config) -> None:
    """The cycle still pays 98.00: it lacks exactly the sale, and is no break of its own."""
    folder.lines(LINES[1:])

    assert told(folder, config) == [(Code.AMOUNT_DIFF, "A-1", Decimal("116.00"))]


def test_lines_of_a_refund_alone_lack_no_sale(folder: Folder, config: Config) -> None:
    """Sold before the log begins, refunded after: nobody misses the sale."""
    refund = {"entities": {"order": {"id": "A-1"}, "order_line": {"id": "A-1-1"}, "refund": {"id": "R-1"}}}
    folder.lines(
        [
            a_line(4, "REFUND_ORDER_AMOUNT", -116.0, **refund),
            a_line(5, "REFUND_COMMISSION_FEE", 15.0, **refund),
            a_line(6, "REFUND_COMMISSION_VAT", 3.0, **refund),
        ]
    )

    assert Code.AMOUNT_DIFF not in {code for code, _, _ in told(folder, config)}


def test_fees_of_a_document_that_nobody_sent(folder: Folder, config: Config) -> None:
    other = {**a_document(), "invoice_id": 210100099, "seller_billing_cycle_id": None}
    other |= {"total_amount_excl_taxes": 0, "total_amount_incl_taxes": 0, "total_taxes": []}
    folder.write("accounting_documents", [other])

    assert told(folder, config) == [(Code.DOC_NOT_TIED, "210100001", Decimal("18.00"))]


@pytest.mark.parametrize("kind", ["no document at all", "a cycle that is still open"])
def test_a_document_that_cannot_be_there_is_not_missed(folder: Folder, config: Config, kind: str) -> None:
    if kind == "no document at all":
        folder.write("accounting_documents", [])
    else:
        more = {"seller_billing_cycle_id": "next", "accounting_document_number": "210100002", "entities": {}}
        folder.lines([*LINES, a_line(9, "SUBSCRIPTION_FEE", -40.0, **more)])

    assert Code.DOC_NOT_TIED not in {code for code, _, _ in told(folder, config)}


@pytest.fixture
def engine(folder: Folder, config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """An order that was billed twice, and too much: 120.00 instead of 116.00 each time."""
    second = an_invoice(externalid="T-brightside-uk-INV-A-1-2", tranid="INV2", foreigntotal=120.0)
    folder.write("documents", [an_invoice(foreigntotal=120.0), second])
    folder.write("billing_cycles", [a_cycle()])
    books = read_export(folder.root, [MARKETPLACE]).books[MARKETPLACE]
    with duckdb.connect() as connection:
        stage(connection, [books], [booking_rules(config, MARKETPLACE)], AS_OF)
        for script in SCRIPTS[:-1]:
            run(connection, script)
        yield connection


def unexplained(engine: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    run(engine, SCRIPTS[-1])
    return engine.execute("SELECT key, amount FROM finding WHERE code = 'UNEXPLAINED'").fetchall()


def test_the_labels_of_an_order_add_up_to_its_difference(engine: duckdb.DuckDBPyConnection) -> None:
    """124.00 too much: 120.00 of it the second invoice, 4.00 the price."""
    assert engine.execute("SELECT code, amount FROM finding ORDER BY code").fetchall() == [
        ("AMOUNT_DIFF", 400),
        ("DUPLICATE_NS", 12000),
    ]
    assert unexplained(engine) == []


@pytest.mark.parametrize(
    ("lost", "left"), [("AMOUNT_DIFF", 400), ("DUPLICATE_NS", 12000)], ids=["the price", "the second invoice"]
)
def test_what_no_label_accounts_for_is_a_break_of_its_own(
    engine: duckdb.DuckDBPyConnection, lost: str, left: int
) -> None:
    engine.execute("DELETE FROM finding WHERE code = ?", [lost])

    assert unexplained(engine) == [("A-1", left)]


def test_a_cycle_says_itself_what_nothing_explains_of_it(folder: Folder, config: Config) -> None:
    folder.write("billing_cycles", [a_cycle(97.0)])

    assert told(folder, config) == [(Code.CYCLE_NOT_TIED, CYCLE, Decimal("1.00"))]

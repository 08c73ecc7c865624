"""An export folder as one whole: each thing once, and what has a hole is in doubt."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared import shared
from tests.unit.books.folders import (
    CYCLE,
    LINES,
    MARKETPLACE,
    Folder,
    a_cycle,
    a_document,
    an_invoice,
    an_order,
)
from tests.unit.books.hostile import GOOD, wrong_fields
from tieout.books.export import Export, ExportError, read_export
from tieout.domain.ledger.line import Books


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "export")


def read(folder: Folder, *more: str) -> Export:
    return read_export(folder.root, [MARKETPLACE, *more])


def books_of(export: Export) -> Books:
    return export.books[MARKETPLACE]


def test_a_folder_becomes_the_books_of_each_marketplace(folder: Folder) -> None:
    export = read(folder)
    books = books_of(export)
    assert export.problems == []
    assert [(line.type, line.amount) for line in books.lines] == [
        ("ORDER_AMOUNT", Decimal(116)),
        ("COMMISSION_FEE", Decimal(-15)),
        ("COMMISSION_VAT", Decimal(-3)),
    ]
    assert (books.cycles[0].to_seller, books.cycles[0].pay_out.state) == (Decimal(98), "PAID")
    assert (books.documents[0].number, books.documents[0].gross) == ("210100001", Decimal(18))
    sold = books.orders["A-1"]
    assert (sold.gross, sold.lines[0].net_price, sold.lines[0].commission) == (Decimal(116), Decimal(100), Decimal(15))
    assert (books.booked[0].order_id, books.booked[0].day) == ("A-1", date(2026, 9, 2))
    assert books.doubts == {}


def test_lines_of_doubled_pages_count_once_and_the_newest_version_stays(folder: Folder) -> None:
    older = {**LINES[0], "payment_state": "PAYABLE", "last_updated": "2026-09-08T00:00:00Z"}
    folder.lines([LINES[0], older, *LINES, *LINES[::-1]])
    export = read(folder)
    assert export.problems == []
    assert [line.state for line in books_of(export).lines] == ["PAID", "PAID", "PAID"]


def test_the_order_of_lines_in_the_files_does_not_matter(folder: Folder) -> None:
    expected = read(folder)
    folder.lines(LINES[::-1])
    assert read(folder) == expected


def test_a_line_that_is_told_twice_and_differently_holds_its_cycle(folder: Folder) -> None:
    folder.lines([*LINES, {**LINES[0], "payment_state": "PAYABLE"}])
    export = read(folder)
    assert [(each.line, each.field) for each in export.problems] == [(4, "id")]
    assert set(books_of(export).doubts) == {CYCLE}


def test_a_cycle_that_was_read_again_after_its_payout_counts_as_paid(folder: Folder) -> None:
    to_pay = a_cycle(pay_out={"state": "TO_PAY"})
    for versions in ([to_pay, a_cycle()], [a_cycle(), to_pay]):
        folder.write("billing_cycles", versions)
        export = read(folder)
        assert export.problems == []
        assert [cycle.pay_out.state for cycle in books_of(export).cycles] == ["PAID"]


def test_the_newest_version_of_an_order_stays(folder: Folder) -> None:
    older = {**an_order(), "order_state": "SHIPPING", "last_updated_date": "2026-09-02T00:00:00Z"}
    folder.write("orders", [an_order(), older])
    assert books_of(read(folder)).orders["A-1"].state == "CLOSED"


def test_a_line_that_cannot_be_read_holds_its_cycle_only(folder: Folder) -> None:
    folder.lines([*LINES, {**LINES[0], "id": None}])
    assert set(books_of(read(folder)).doubts) == {CYCLE}


def test_a_line_without_a_cycle_that_cannot_be_read_holds_none(folder: Folder) -> None:
    folder.lines([*LINES, {**LINES[0], "amount": "much", "seller_billing_cycle_id": None}])
    export = read(folder)
    assert len(export.problems) == 1
    assert books_of(export).doubts == {}


@pytest.mark.parametrize("row", [b'{"id": "cut off', b"\x00\x01", b"[]"])
def test_bytes_that_name_no_cycle_hold_all_of_the_marketplace(folder: Folder, row: bytes) -> None:
    folder.write("transaction_lines", [*LINES, row])
    assert set(books_of(read(folder)).doubts) == {"*"}


def test_a_file_that_breaks_off_holds_all_cycles_of_the_marketplace(folder: Folder) -> None:
    folder.path("transaction_lines").unlink()
    content = gzip.compress(json.dumps(LINES[0]).encode() + b"\n" + b"x" * 100)
    folder.store("transaction_lines", content[:-12], packed=True)
    export = read(folder)
    assert len(export.problems) == 1
    assert set(books_of(export).doubts) == {"*"}


def test_a_document_that_cannot_be_read_holds_the_cycles_that_name_it(folder: Folder) -> None:
    folder.write("accounting_documents", [{**a_document(), "seller_billing_cycle_id": None, "type": None}])
    export = read(folder)
    assert [(each.file, each.field) for each in export.problems] == [
        (f"mirakl/{MARKETPLACE}/accounting_documents.ndjson", "type")
    ]
    assert set(books_of(export).doubts) == {CYCLE}


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"trandate": "9/2/2026"}, "trandate", "TO_CHAR"),
        ({"trandate": None}, "trandate", "is missing"),
        ({"currency": "1"}, "currency", "symbol"),
        ({"foreigntotal": None}, "foreigntotal", "is missing"),
        ({"foreigntotal": "NaN"}, "foreigntotal", "no amount"),
        ({"type": None}, "type", "is missing"),
    ],
)
def test_an_invoice_that_cannot_be_read_holds_the_cycles_of_its_order(
    folder: Folder, wrong: dict[str, Any], field: str, words: str
) -> None:
    folder.write("documents", [an_invoice(**wrong)])
    export = read(folder)
    assert [(each.file, each.line, each.field) for each in export.problems] == [("netsuite/documents.ndjson", 1, field)]
    assert words in export.problems[0].message
    assert set(books_of(export).doubts) == {CYCLE}


def test_a_row_of_netsuite_that_names_no_order_may_be_of_any_cycle(folder: Folder) -> None:
    folder.write("documents", [b"{}"])
    assert set(books_of(read(folder)).doubts) == {"*"}


def test_a_credit_memo_is_positive_whichever_sign_netsuite_shows(folder: Folder) -> None:
    memo = an_invoice(externalid="CM-1", type="CustCred", foreigntotal=-11.6, taxtotal="-1.60")
    folder.write("documents", [memo])
    booked = books_of(read(folder)).booked[0]
    assert (booked.total, booked.tax) == (Decimal("11.6"), Decimal("1.60"))


def test_a_file_that_is_there_packed_and_unpacked_is_a_problem(folder: Folder) -> None:
    folder.write("accounting_documents", [a_document()], packed=True)
    export = read(folder)
    assert "accounting_documents.ndjson and as accounting_documents.ndjson.gz: keep one" in export.problems[0].message
    assert books_of(export).documents == ()
    assert set(books_of(export).doubts)
    folder.write("transaction_lines", LINES, packed=True)
    with pytest.raises(ExportError, match=r"transaction_lines\.ndjson is there packed and unpacked"):
        read(folder)


def test_a_folder_without_the_log_cannot_be_settled(folder: Folder) -> None:
    folder.path("transaction_lines").unlink()
    with pytest.raises(ExportError, match=rf"mirakl/{MARKETPLACE}/transaction_lines\.ndjson\[\.gz\] is missing"):
        read(folder)
    with pytest.raises(ExportError, match="is not a folder"):
        read_export(folder.root / "nowhere", [MARKETPLACE])


@pytest.mark.parametrize("kind", ["billing_cycles", "accounting_documents", "orders", "documents"])
def test_any_other_file_that_is_missing_is_told(folder: Folder, kind: str) -> None:
    folder.path(kind).unlink()
    export = read(folder)
    assert [each.message.partition(":")[0] for each in export.problems] == ["is missing"]
    assert export.problems[0].file.endswith(f"{kind}.ndjson")


def test_a_marketplace_that_nobody_asked_for_is_told(folder: Folder) -> None:
    (folder.root / "mirakl" / "elsewhere").mkdir()
    (folder.root / "mirakl" / ".hidden").mkdir()
    assert [each.file for each in read(folder).problems] == ["mirakl/elsewhere"]


def test_an_invoice_is_of_the_marketplace_that_its_external_id_its_customer_or_its_order_names(folder: Folder) -> None:
    """In this order: two marketplaces may have an order of the same id."""
    other = folder.root / "mirakl" / "maison-eu"
    other.mkdir()
    for kind in ("transaction_lines", "billing_cycles", "accounting_documents"):
        (other / f"{kind}.ndjson").write_bytes(b"")
    same_order = {**an_order(), "currency_iso_code": "EUR"}
    (other / "orders.ndjson").write_text(json.dumps(same_order) + "\n")
    folder.write(
        "documents",
        [
            an_invoice(externalid="T-maison-eu-INV-A-1", entity="brightside-uk"),
            an_invoice(externalid="X-1", entity="Maison EU"),
            an_invoice(externalid="X-2", entity="brightside-uk"),
            an_invoice(externalid="X-3", entity="17"),
            an_invoice(externalid="X-4", entity="17", otherrefnum="B-9", custbody_tieout_order=None),
        ],
    )
    export = read_export(folder.root, [MARKETPLACE, "maison-eu"], customers={"maison-eu": "Maison EU"})
    assert [each.external_id for each in export.books["maison-eu"].booked] == ["T-maison-eu-INV-A-1", "X-1"]
    assert [each.external_id for each in books_of(export).booked] == ["X-2"]
    assert [each.external_id for each in export.strangers] == ["X-3", "X-4"]
    assert "several marketplaces" in export.problems[0].message


def test_what_was_canceled_before_the_debit_was_never_charged(folder: Folder) -> None:
    order = an_order()
    line = order["order_lines"][0]
    line["cancelations"] = [
        {
            "id": "1",
            "amount": 11.6,
            "shipping_amount": 0,
            "taxes": [{"code": "VAT-GBR-20", "amount": 1.6}],
            "commission_amount": 1.5,
            "commission_total_amount": 1.8,
        }
    ]
    order["order_lines"].append({**line, "order_line_id": "A-1-2", "order_line_state": "REFUSED"})
    folder.write("orders", [order])
    sold = books_of(read(folder)).orders["A-1"]
    assert [each.gross for each in sold.lines] == [Decimal("104.4"), Decimal(0)]
    assert sold.lines[0].taxes == {"VAT-GBR-20": Decimal("14.4")}
    assert (sold.lines[0].commission, sold.lines[0].commission_tax) == (Decimal("13.5"), Decimal("2.7"))


def test_prices_without_tax_get_theirs(folder: Folder) -> None:
    folder.write("orders", [{**an_order(), "order_tax_mode": "TAX_EXCLUDED", "customer_directly_pays_seller": True}])
    sold = books_of(read(folder)).orders["A-1"]
    assert (sold.gross, sold.lines[0].net_price, sold.direct_pay) == (Decimal(132), Decimal(116), True)


def test_the_general_ledger_is_read_where_it_was_asked_for(folder: Folder) -> None:
    row = {"externalid": "T-x-PO-1", "acctnumber": "1115", "currency": "GBP", "trandate": "2026-09-13", "credit": "98"}
    folder.write("gl_lines", [row, {**row, "acctnumber": None}])
    folder.write("items", [{"id": "1", "itemid": "MUG"}])
    export = read_export(folder.root, [MARKETPLACE], general_ledger=True)
    assert [(each.account, each.credit, each.base) for each in export.gl_lines] == [("1115", Decimal(98), Decimal(-98))]
    assert [(each.line, each.field) for each in export.problems] == [(2, "acctnumber")]
    assert [item.itemid for item in export.items] == ["MUG"]


@pytest.mark.parametrize("world", ["gift-shop-settled", "gift-shop-breaks"])
def test_the_worlds_read_whole(world: str) -> None:
    counts = json.loads((shared("worlds") / world / "truth.json").read_text())["counts"]
    export = read_export(shared("worlds") / world, [MARKETPLACE, "maison-eu"], general_ledger=True)
    assert export.problems == []
    for name, books in export.books.items():
        assert len(books.lines) == counts[name]["transaction_lines"]
        assert len(books.cycles) == counts[name]["billing_cycles"]
        assert len(books.documents) == counts[name]["accounting_documents"]
        assert len(books.orders) == counts[name]["orders"]
        assert books.doubts == {}
    booked = [*export.strangers, *(each for books in export.books.values() for each in books.booked)]
    assert len(booked) == counts["documents"]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(data=st.data(), kind=st.sampled_from(sorted(GOOD)))
def test_whatever_stands_in_a_file_the_folder_is_read_and_each_bad_row_is_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    folder = Folder(tmp_path_factory.mktemp("hostile"))
    folder.write(kind, [{**GOOD[kind], **data.draw(wrong_fields(kind))}])
    export = read(folder)
    books = books_of(export)
    found = {
        "transaction_lines": books.lines,
        "billing_cycles": books.cycles,
        "accounting_documents": books.documents,
        "orders": books.orders,
        "documents": (*books.booked, *export.strangers),
    }[kind]
    assert len(found) + len(export.problems) == 1
    assert all(each.line == 1 for each in export.problems)


def test_instants_are_taken_in_utc(folder: Folder) -> None:
    folder.lines([{**LINES[0], "date_created": "2026-09-07T12:00:00+02:00"}])
    assert books_of(read(folder)).lines[0].created == datetime(2026, 9, 7, 10, tzinfo=UTC)

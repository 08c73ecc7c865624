"""What a deployment keeps of a marketplace's money is the same books as an export of it."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from msgspec import json
from msgspec.structs import replace

from tests.fakes import House, a_house
from tests.shared import ROOT, shared
from tests.unit.flows.test_settlements import BY_JOURNAL
from tieout.books.deployed import ArchivedSources
from tieout.books.export import Export, read_export
from tieout.books.parquet import lines_from_parquet
from tieout.books.stage import _fill, _lines, run
from tieout.books.staged import fetch, parquet_name
from tieout.config import read_config
from tieout.domain.exchange import FetchedOrder
from tieout.domain.ledger.gl import GlLine
from tieout.domain.reconcile.bank import StatementLine
from tieout.domain.reconcile.breaks import Code
from tieout.flows.ports import At
from tieout.flows.reconcile.compare import Gathered
from tieout.flows.reconcile.posted import Posted
from tieout.flows.settlement.import_bank import keep_statement
from tieout.flows.settlement.log import CYCLES, NO_CYCLE, UNREAD, keep_cycles, keep_documents, keep_lines
from tieout.mirakl.client import Connection, Mirakl

MARKET = "maison-eu"
A_PAGE = 500
NOTHING_POSTED = Posted(general_ledger=[], breaks=[], late=[])


class FromFiles(Mirakl):
    """A marketplace whose orders are those of a folder; its readers are the real ones."""

    def __init__(self, orders: dict[str, bytes]) -> None:
        connection = Connection(marketplace=MARKET, base_url="http://127.0.0.1:1", role="seller", shop_id=2001)
        super().__init__(connection, dict)
        self._orders = orders

    def orders_by_id(self, order_ids: Any) -> list[FetchedOrder]:
        return [FetchedOrder(each, None, self._orders[each], None) for each in order_ids if each in self._orders]  # type: ignore[arg-type]


def rows(world: Path, kind: str) -> list[bytes]:
    return gzip.decompress((world / "mirakl" / MARKET / f"{kind}.ndjson.gz").read_bytes()).splitlines()


@pytest.fixture(scope="module")
def world() -> Path:
    return shared("worlds/gift-shop-settled")


@pytest.fixture(scope="module")
def exported(world: Path) -> Export:
    return read_export(world, [MARKET])


@pytest.fixture
def house() -> House:
    return a_house(marketplaces__brightside__settlement=BY_JOURNAL)


def having_read(world: Path, house: House) -> At:
    """A deployment that has read all of a world, page by page."""
    orders = {json.decode(row)["order_id"]: row for row in rows(world, "orders")}
    market = FromFiles(orders)
    at = replace(house.at, marketplace=lambda _: market)
    lines = rows(world, "transaction_lines")
    for start in range(0, len(lines), A_PAGE):
        keep_lines(MARKET, market.read_lines(lines[start : start + A_PAGE]), set(), at)
    keep_cycles(MARKET, market.read_cycles(rows(world, "billing_cycles")), at)
    keep_documents(MARKET, market.read_documents(rows(world, "accounting_documents")), at)
    return at


@pytest.fixture
def at(house: House, world: Path) -> At:
    return having_read(world, house)


def test_the_archive_gives_the_lines_cycles_documents_and_orders_of_the_export(
    at: At, exported: Export, tmp_path: Path
) -> None:
    theirs = exported.books[MARKET]
    ArchivedSources(at).write(tmp_path, MARKET, theirs.booked, [])
    ours = read_export(tmp_path, [MARKET])
    assert ours.problems == []
    mine = ours.books[MARKET]
    assert mine.lines == theirs.lines
    assert mine.cycles == theirs.cycles
    assert mine.documents == theirs.documents
    assert mine.booked == theirs.booked
    named = {line.order_id for line in theirs.lines} | {each.order_id for each in theirs.booked}
    assert mine.orders == {order_id: sold for order_id, sold in theirs.orders.items() if order_id in named}


def test_lines_that_were_staged_cycle_by_cycle_are_the_same_rows(at: At, exported: Export, tmp_path: Path) -> None:
    books = exported.books[MARKET]
    waiting = books.lines[0]
    market = at.marketplace(MARKET)
    before = dict(json.decode(market_row(at, waiting.id, waiting.cycle)))
    before |= {"seller_billing_cycle_id": None, "last_updated": (waiting.updated - timedelta(days=9)).isoformat()}
    keep_lines(MARKET, market.read_lines([json.encode(before)]), set(), at)
    sources = ArchivedSources(at)
    for cycle in at.settlement_log.partitions(MARKET, "lines"):
        sources.stage(MARKET, cycle)
    assert fetch(tmp_path, MARKET, at).unread == {}
    with duckdb.connect() as engine:
        run(engine, "0_tables.sql")
        lines_from_parquet(engine, MARKET, tmp_path)
        theirs = engine.execute("FROM line ORDER BY ALL").fetchall()
    with duckdb.connect() as engine:
        run(engine, "0_tables.sql")
        _fill(engine, "line", _lines(books))
        ours = engine.execute("FROM line ORDER BY ALL").fetchall()
    assert len(ours) == len(books.lines)
    assert theirs == ours


def test_what_another_version_staged_is_staged_again(at: At, exported: Export, tmp_path: Path) -> None:
    """It may have read the same rows otherwise, or kept less of them."""
    cycle = exported.books[MARKET].cycles[0].id
    before = ArchivedSources(at).stage(MARKET, cycle)
    name = f"settlement/{MARKET}/parquet/staged/cycle={cycle}/staged.json"
    (kept,) = at.archive.load([name]).values()
    at.archive.store({name: json.encode(json.decode(kept) | {"layout": "0.1"}), parquet_name(MARKET, cycle): b"old"})

    fetched = fetch(tmp_path, MARKET, at)

    lines = tmp_path / f"cycle={cycle}" / "lines.parquet"
    with duckdb.connect() as engine:
        assert engine.execute("SELECT count(*) FROM read_parquet(?)", [str(lines)]).fetchall() == [(before,)]
    assert fetched.digests[cycle] == json.decode(kept)["digest"]


def test_a_line_that_may_be_of_any_cycle_leaves_none_that_is_surely_as_it_was(at: At, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    assert fetch(tmp_path / "before", MARKET, at).digests
    keep_lines(MARKET, at.marketplace(MARKET).read_lines([b'{"id": "x-1", "amount": "much"}']), set(), at)
    ArchivedSources(at).stage(MARKET, UNREAD)
    (tmp_path / "after").mkdir()
    fetched = fetch(tmp_path / "after", MARKET, at)
    assert (set(fetched.unread), fetched.digests) == ({"x-1"}, {})


def market_row(at: At, line_id: str, cycle: str | None) -> bytes:
    rows_of = at.settlement_log.rows(MARKET, "lines", cycle or "none")
    return next(row for row in rows_of if line_id.encode() in row)


def test_a_manual_item_that_no_rule_takes_is_found_by_the_deployment_itself(at: At, exported: Export) -> None:
    config = read_config(ROOT / "config" / "gift-shop.yaml")
    shop = config.marketplaces[MARKET]
    assert shop.settlement is not None
    without = shop.model_copy(update={"settlement": shop.settlement.model_copy(update={"overrides": ()})})
    at = replace(at, config=config.model_copy(update={"marketplaces": {**config.marketplaces, MARKET: without}}))
    line = exported.books[MARKET].lines[0]
    manual: dict[str, Any] = json.decode(market_row(at, line.id, line.cycle))
    manual |= {"id": "00000000-0000-0000-0000-0000000000ad", "type": "MANUAL_INVOICE", "balance": None}
    manual |= {"amount": -50, "amount_credited": 0, "amount_debited": 50, "accounting_document_number": "9000009"}
    manual["entities"] = {"one_off_item": {"description": "Sponsored products"}}
    keep_lines(MARKET, at.marketplace(MARKET).read_lines([json.encode(manual)]), set(), at)

    breaks = ArchivedSources(at)(MARKET, [], [], date(2026, 11, 30)).breaks

    found = [each for each in breaks if each.code is Code.MANUAL_UNCLASSIFIED]
    assert [(each.key, each.amount, "Sponsored" in each.explanation) for each in found] == [
        ("9000009", Decimal(50), True)
    ]


@pytest.mark.parametrize("reference", ["MIRAKL BRIGHT-2071", "INCOMING TRANSFER"])
def test_a_transfer_is_of_one_marketplaces_payout_whichever_is_compared(
    at: At, exported: Export, reference: str
) -> None:
    """Both were paid the same amount on the same day, and only one of the transfers came."""
    at = replace(at, config=read_config(ROOT / "config" / "gift-shop.yaml"))
    cycle = next(each for each in exported.books[MARKET].cycles if each.pay_out.state == "PAID" and each.to_seller > 0)
    raw = next(row for row in at.settlement_log.rows(MARKET, CYCLES, NO_CYCLE) if cycle.id.encode() in row)
    theirs: dict[str, Any] = json.decode(raw)
    theirs["id"], theirs["pay_out"]["reference"] = "11111111-0000-0000-0000-000000000001", "BRIGHT-2071"
    keep_cycles("brightside-uk", at.marketplace(MARKET).read_cycles([json.encode(theirs)]), at)
    paid = (cycle.pay_out.paid_at or cycle.closed_at).date()
    came = StatementLine(day=paid, amount=cycle.to_seller, currency=cycle.currency, reference=reference)
    later = StatementLine(day=paid + timedelta(days=30), amount=Decimal("1.00"), currency=cycle.currency)
    before = StatementLine(day=paid - timedelta(days=1), amount=Decimal("1.00"), currency=cycle.currency)
    keep_statement([before, came, later], at)
    found = ArchivedSources(at)(MARKET, exported.books[MARKET].booked, [], paid + timedelta(days=30)).breaks
    assert cycle.id in {each.key for each in found if each.code is Code.PAYOUT_NOT_IN_BANK}


def test_an_export_of_several_marketplaces_is_one_folder_that_reads(at: At, exported: Export, tmp_path: Path) -> None:
    """What is downloaded from the archive is what the offline commands take."""
    booked = exported.books[MARKET].booked
    books = {
        name: Gathered(documents=booked[:10] if name == MARKET else booked[10:12], posted=NOTHING_POSTED)
        for name in (MARKET, "brightside-uk")
    }
    names = ArchivedSources(at).export("settlement/export/x", books)
    assert len(names) == len(set(names)) == 10
    for name, content in at.archive.load(names).items():
        file = tmp_path / name.removeprefix("settlement/export/x/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    found = read_export(tmp_path, [MARKET, "brightside-uk"])
    assert found.problems == []
    assert found.books[MARKET].lines == exported.books[MARKET].lines
    assert {each.number for each in found.books[MARKET].booked} >= {each.number for each in booked[:10]}


def test_of_a_line_that_changed_the_newest_version_counts(at: At, exported: Export, tmp_path: Path) -> None:
    market = at.marketplace(MARKET)
    line = exported.books[MARKET].lines[0]
    raw = next(row for row in at.settlement_log.rows(MARKET, "lines", line.cycle or "none") if line.id.encode() in row)
    told: dict[str, Any] = json.decode(raw)
    told |= {"last_updated": (line.updated + timedelta(days=1)).isoformat(), "payment_state": "PAID"}
    keep_lines(MARKET, market.read_lines([json.encode(told)]), set(), at)
    ArchivedSources(at).write(tmp_path, MARKET, [], [])
    (found,) = [each for each in read_export(tmp_path, [MARKET]).books[MARKET].lines if each.id == line.id]
    assert found.state == "PAID"
    assert len(read_export(tmp_path, [MARKET]).books[MARKET].lines) == len(exported.books[MARKET].lines)


def test_a_version_that_did_not_read_is_no_hole_once_the_line_came_again(
    at: At, exported: Export, tmp_path: Path
) -> None:
    market = at.marketplace(MARKET)
    line = exported.books[MARKET].lines[0]
    broken: dict[str, Any] = json.decode(market_row(at, line.id, line.cycle))
    broken["amount"] = "much"
    keep_lines(MARKET, market.read_lines([json.encode(broken)]), set(), at)
    other = json.encode(broken | {"id": "00000000-0000-0000-0000-000000000bad"})
    ArchivedSources(at).write(tmp_path / "mended", MARKET, [], [])
    assert read_export(tmp_path / "mended", [MARKET]).problems == []
    keep_lines(MARKET, market.read_lines([other]), set(), at)
    ArchivedSources(at).write(tmp_path / "left", MARKET, [], [])
    assert len(read_export(tmp_path / "left", [MARKET]).problems) == 1


def test_what_records_of_ours_moved_says_that_they_are_there(at: At, exported: Export, tmp_path: Path) -> None:
    """NetSuite is asked for documents of orders only; a payment of ours is known by its ledger lines."""
    invoice = exported.books[MARKET].booked[0]
    payment = f"T-{MARKET}-PMT-X"
    moved = [
        GlLine(
            external_id=name, account=account, currency="EUR", debit=debit, credit=credit, day=invoice.day, type=kind,
            transaction=f"id of {name}",
        )
        for name, kind in ((payment, "CustPymt"), (invoice.external_id, "CustInvc"))
        for account, debit, credit in (("1115", Decimal(120), Decimal(0)), ("1100", Decimal(0), Decimal(120)))
    ]  # fmt: skip
    ArchivedSources(at).write(tmp_path, MARKET, [invoice], moved)
    booked = {each.external_id: each for each in read_export(tmp_path, [MARKET]).books[MARKET].booked}
    assert set(booked) == {payment, invoice.external_id}
    assert booked[invoice.external_id] == invoice
    assert (booked[payment].total, booked[payment].id) == (Decimal(120), f"id of {payment}")


def test_nothing_of_a_buyer_is_kept(house: House, at: At, world: Path) -> None:
    """Names, addresses and mail of buyers are in the orders that came, and in nothing that is kept of them."""
    personal = set[bytes]()
    for row in rows(world, "orders")[:200]:
        customer = json.decode(row)["customer"]
        for part in (customer, customer.get("shipping_address") or {}, customer.get("billing_address") or {}):
            for name in ("lastname", "street_1", "phone", "email", "zip_code"):
                if len(str(part.get(name) or "")) > 5:
                    personal.add(str(part[name]).encode())
    assert personal
    kept = b"\n".join(row for parts in house.settlement_log.tables.values() for row in parts)
    assert not [each for each in personal if each in kept]

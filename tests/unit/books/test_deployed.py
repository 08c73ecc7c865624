"""What a deployment keeps of a marketplace's money is the same books as an export of it."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.fakes import House, a_house
from tests.shared import shared
from tests.unit.flows.test_settlements import BY_JOURNAL
from tieout.books.deployed import ArchivedSources
from tieout.books.export import Export, read_export
from tieout.domain.exchange import FetchedOrder
from tieout.flows.ports import At
from tieout.flows.settlement.log import keep_cycles, keep_documents, keep_lines
from tieout.mirakl.client import Connection, Mirakl

MARKET = "maison-eu"
A_PAGE = 500


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


@pytest.fixture
def at(house: House, world: Path) -> At:
    """A deployment that has read all of the world, page by page."""
    orders = {json.decode(row)["order_id"]: row for row in rows(world, "orders")}
    market = FromFiles(orders)
    at = replace(house.at, marketplace=lambda _: market)
    lines = rows(world, "transaction_lines")
    for start in range(0, len(lines), A_PAGE):
        keep_lines(MARKET, market.read_lines(lines[start : start + A_PAGE]), set(), at)
    keep_cycles(MARKET, market.read_cycles(rows(world, "billing_cycles")), at)
    keep_documents(MARKET, market.read_documents(rows(world, "accounting_documents")), at)
    return at


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


def test_what_was_staged_cycle_by_cycle_is_the_same(at: At, exported: Export, tmp_path: Path) -> None:
    for cycle in at.settlement_log.partitions(MARKET, "lines"):
        ArchivedSources(at).stage(MARKET, cycle)
    ArchivedSources(at, staged=True).write(tmp_path, MARKET, exported.books[MARKET].booked, [])
    assert read_export(tmp_path, [MARKET]).books[MARKET].lines == exported.books[MARKET].lines


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

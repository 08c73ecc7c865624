"""A deployment stages each cycle as Parquet and compares that; its export, as files, tells the same differences.

Faults in the log and in the books are the generator's; what happens to records after they were booked is done here.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec import Struct
from msgspec.structs import replace

from sandbox.months.market import DEFAULT
from sandbox.months.month import month, write
from sandbox.months.regimes import Regime
from tests.fakes import House, a_house
from tests.fakes.settlement import moved_by
from tests.shared import ROOT, shared
from tests.unit.books.test_deployed import FromFiles
from tests.unit.flows.test_comparing_sources import MemoryBreakLog
from tieout.books.close.closing import Period
from tieout.books.close.deployed import closing_of_deployment
from tieout.books.deployed import ArchivedSources
from tieout.books.export import read_export
from tieout.books.reconcile import customers_of, reconcile_folder
from tieout.config import Config, read_config
from tieout.domain.errors import NeedsAttention
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.postings import Key, Posting, State
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.workflow import Run, cases_of
from tieout.flows.ports import At
from tieout.flows.reconcile.break_log import take_in
from tieout.flows.reconcile.compare import gathered
from tieout.flows.reconcile.run import Comparison
from tieout.flows.settlement.log import cycles_of, keep_cycles, keep_documents, keep_lines
from tieout.flows.settlement.plan import keep_plan, of_the_cycle, plan_of
from tieout.flows.settlement.review import key_of

Answer = TypeVar("Answer")
Told = tuple[str, str, str, str, str | None, str | None, str]
TODAY = date(2026, 11, 30)
BY_ITS_OWN_RECORDS = {Code.GL_TAMPERED, Code.SOURCE_CHANGED_AFTER_POST}
"""Files show by less what became of records after they were booked: no amount of theirs is as sure."""


class Account(Struct, kw_only=True):
    """A NetSuite account with the documents of a folder, and what was posted."""

    ledger: Any
    booked: list[Booked]
    posted: list[Record]
    unnamed: Collection[str] = ()
    """External ids of documents whose field for the order is empty; the customer's reference names it."""
    opened: Collection[str] = ()
    """External ids of invoices that are still open while the marketplace's documents are asked for."""

    def documents_of_marketplace(self, _: str, since: date) -> Iterator[list[Booked]]:
        found = [each for each in self.booked if each.day >= since]
        found = [replace(each, unpaid=each.total) if each.external_id in self.opened else each for each in found]
        yield [replace(each, order_id=None) if each.external_id in self.unnamed else each for each in found]

    def documents_of(self, order_ids: Collection[str]) -> list[Booked]:
        return [each for each in self.booked if each.order_id in set(order_ids)]

    def gl_lines(self, external_ids: Collection[str]) -> list[GlLine]:
        return [line for record in self.posted if record.external_id in external_ids for line in moved_by(record)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


class Deployment(Struct, frozen=True, kw_only=True):
    """One marketplace that has read all of a folder, and booked what ties out."""

    name: str
    at: At
    house: House
    account: Account

    def compared(self) -> tuple[list[Break], dict[str, int]]:
        """What its nightly comparison finds, and what that answers."""
        log = MemoryBreakLog()
        comparison = Comparison(
            at=self.at,
            sources=ArchivedSources(self.at),
            log=log,
            in_turn=at_once,
            start_by_cycle=pytest.fail,
        )
        answer = comparison.step({"schedule": "reconcile", "task": "now"})
        return [case.found for case in cases_of(log.events).values()], answer

    def exported(self, folder: Path) -> Path:
        theirs = gathered(self.name, self.at, at_once)
        ArchivedSources(self.at).write(folder, self.name, theirs.documents, theirs.posted.general_ledger)
        return folder


def at_once(ask: Callable[[], Answer]) -> Answer:
    return ask()


def rows(folder: Path, marketplace: str, kind: str) -> list[bytes]:
    return gzip.decompress((folder / "mirakl" / marketplace / f"{kind}.ndjson.gz").read_bytes()).splitlines()


@cache
def gift_shop(name: str) -> Config:
    """With one marketplace: what a comparison asks is asked of each by itself."""
    config = read_config(ROOT / "config" / "gift-shop.yaml")
    return config.model_copy(update={"marketplaces": {name: config.marketplaces[name]}})


def a_deployment(folder: Path, name: str) -> Deployment:
    config = gift_shop(name)
    house = a_house(config)
    house.clock.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    orders = {json.loads(row)["order_id"]: row for row in rows(folder, name, "orders")}
    market = FromFiles(orders)
    for order_id, raw in orders.items():
        has_seen(house, name, order_id, raw)
    booked = read_export(folder, [name], customers=customers_of(config, [name])).books[name].booked
    account = Account(ledger=house.ledger, booked=list(booked), posted=[])
    at = replace(house.at, marketplace=lambda _: market, ledger=account)
    keep_lines(name, market.read_lines(rows(folder, name, "transaction_lines")), set(), at)
    keep_cycles(name, market.read_cycles(rows(folder, name, "billing_cycles")), at)
    keep_documents(name, market.read_documents(rows(folder, name, "accounting_documents")), at)
    return Deployment(name=name, at=at, house=house, account=account)


def has_seen(house: House, marketplace: str, order_id: str, raw: bytes) -> None:
    """The flow of orders has read it, and archived it."""
    payload = f"{marketplace}/{order_id}"
    house.archive.store({payload: raw})
    house.postings.record_order(
        marketplace=marketplace,
        order_id=order_id,
        version="1",
        state="CLOSED",
        payload=payload,
        intents=[],
        retire=[],
        now=house.clock.now,
    )


def book(deployment: Deployment) -> None:
    """Every cycle that ties out is posted."""

    def is_there(key: Key, payload: str, external_id: str, facts: dict[str, str]) -> None:
        deployment.house.postings.all[key] = Posting(
            key=key,
            state=State.CONFIRMED,
            source_version="1",
            payload=payload,
            external_id=external_id,
            facts=facts,
        )

    for cycle in cycles_of(deployment.name, deployment.at):
        with suppress(NeedsAttention):
            plan = plan_of(deployment.name, cycle.id, deployment.at)
            payload = keep_plan(plan, deployment.at)
            is_there(of_the_cycle(deployment.name, cycle.id), payload, "", {"lines_digest": plan.lines_digest})
            for record in plan.records:
                is_there(key_of(record.external_id, deployment.name, cycle.id), payload, record.external_id, {})
            deployment.account.posted += plan.records


def told(breaks: Collection[Break]) -> list[Told]:
    return sorted(
        (
            each.code,
            each.key,
            "" if each.code in BY_ITS_OWN_RECORDS else f"{each.amount:f}",
            each.currency,
            each.cycle,
            None if each.code in BY_ITS_OWN_RECORDS else each.order_id,
            "" if each.code in BY_ITS_OWN_RECORDS else each.explanation,
        )
        for each in breaks
    )


class Same(Struct, frozen=True):
    """What both tell."""

    breaks: list[Break]
    information: int


def both_tell_the_same(deployment: Deployment, folder: Path) -> Same:
    found, answer = deployment.compared()
    files = reconcile_folder(deployment.exported(folder), deployment.at.config, [deployment.name], TODAY)
    now = deployment.house.clock.now
    run = Run(id="files", as_of=TODAY, at=now, marketplaces=frozenset({deployment.name}))
    history = take_in(MemoryBreakLog(), files.breaks, run)  # two of one code and key are one there
    assert told(found) == told([case.found for case in cases_of(history).values()])
    assert (answer["information"], answer["problems"]) == (len(files.information), len(files.problems))
    return Same(found, answer["information"])


@pytest.mark.parametrize(
    ("regime", "name", "least"),
    [(Regime.R2, DEFAULT[0], 10), (Regime.R3, DEFAULT[1], 5), (Regime.R4, DEFAULT[0], 5)],
)
def test_every_fault_of_a_month(regime: Regime, name: str, least: int, tmp_path: Path) -> None:
    """Up to four faults an order, faults that hide one another, and rows in any order with their older versions."""
    deployment = a_deployment(write(month(2, regime, 40), 2, tmp_path / "month"), name)
    book(deployment)
    found = both_tell_the_same(deployment, tmp_path).breaks
    assert len({each.key for each in found}) >= least


@pytest.mark.parametrize("name", DEFAULT)
def test_every_fault_of_the_gift_shop(name: str, tmp_path: Path) -> None:
    world = shared("worlds/gift-shop-breaks")
    found = both_tell_the_same(a_deployment(world, name), tmp_path).breaks
    truth = {(each["code"], each["key"]) for each in json.loads((world / "truth.json").read_bytes())["faults"]}
    assert found
    assert {(each.code, each.key) for each in found} <= truth


@pytest.fixture
def clean(tmp_path: Path) -> Deployment:
    """A month without a fault, all of it booked."""
    deployment = a_deployment(write(month(1, Regime.R0, 24), 1, tmp_path / "month"), DEFAULT[0])
    book(deployment)
    return deployment


def test_a_booked_month_without_a_fault_has_none(clean: Deployment, tmp_path: Path) -> None:
    assert clean.account.posted
    assert both_tell_the_same(clean, tmp_path).breaks == []


def test_an_invoice_that_a_payment_of_ours_left_open(clean: Deployment, tmp_path: Path) -> None:
    payment = next(each for each in clean.account.posted if each.type is RecordType.CUSTOMER_PAYMENT)
    paid = payment.applications[0]
    place, invoice = next(
        (place, each) for place, each in enumerate(clean.account.booked) if each.external_id == paid.external_id
    )
    clean.account.booked[place] = replace(invoice, unpaid=invoice.total)
    (found,) = both_tell_the_same(clean, tmp_path).breaks
    assert (found.code, found.key, found.cycle) == (Code.UNDER_APPLIED, invoice.order_id, payment.cycle)
    assert found.amount == paid.amount


def test_an_invoice_that_was_paid_while_netsuite_was_asked_is_not_called_open(clean: Deployment) -> None:
    """A cycle's records are booked while a comparison asks: the invoice was told before its payment, which is there."""
    payment = next(each for each in clean.account.posted if each.type is RecordType.CUSTOMER_PAYMENT)
    clean.account.opened = {each.external_id for each in payment.applications}
    assert clean.compared()[0] == []


def test_the_break_of_an_open_invoice_is_not_ended_by_closing_the_month(clean: Deployment, tmp_path: Path) -> None:
    payment = next(each for each in clean.account.posted if each.type is RecordType.CUSTOMER_PAYMENT)
    paid = {each.external_id for each in payment.applications}
    clean.account.booked[:] = [
        replace(each, unpaid=each.total) if each.external_id in paid else each for each in clean.account.booked
    ]
    log = MemoryBreakLog()
    closing_of_deployment(clean.at, tmp_path, Period(2026, 9), log, at_once, as_of=TODAY)
    found = [case for case in cases_of(log.events).values() if case.found.code is Code.UNDER_APPLIED]
    assert found
    assert not any(case.is_closed for case in found)


def test_an_invoice_that_netsuite_tells_twice_is_one(clean: Deployment, tmp_path: Path) -> None:
    """By the marketplace's field without its order, and by the order that its customer's reference names."""
    clean.account.unnamed = {next(each.external_id for each in clean.account.booked if each.type == "CustInvc")}
    assert both_tell_the_same(clean, tmp_path).breaks == []


def test_records_that_were_booked_a_month_later_than_their_lines(clean: Deployment, tmp_path: Path) -> None:
    clean.account.posted[:] = [
        replace(each, day=date(2026, 11, 2), original_day=each.day) for each in clean.account.posted
    ]
    same = both_tell_the_same(clean, tmp_path)
    assert same.breaks == []
    assert same.information >= len({each.cycle for each in clean.account.posted})


def test_a_record_that_somebody_deleted(clean: Deployment, tmp_path: Path) -> None:
    gone = clean.account.posted.pop(0)
    (found,) = both_tell_the_same(clean, tmp_path).breaks
    assert (found.code, found.key) == (Code.GL_TAMPERED, gone.external_id)


def test_a_line_that_changed_after_it_was_booked(clean: Deployment, tmp_path: Path) -> None:
    """One pound less of commission and one more of its VAT: the cycle ties out as before."""
    lines = [
        json.loads(row)
        for cycle in cycles_of(clean.name, clean.at)[:1]
        for row in clean.at.settlement_log.rows(clean.name, "lines", cycle.id)
    ]
    fee = next(each for each in lines if each["type"] == "COMMISSION_FEE" and each["amount"] < -1)
    taxes = [each for each in lines if each["type"] == "COMMISSION_VAT"]
    tax = next(each for each in taxes if each["entities"]["order_line"] == fee["entities"]["order_line"])
    changed = [fee | moved(fee, 1), tax | moved(tax, -1)]
    page = clean.at.marketplace(clean.name).read_lines([json.dumps(each).encode() for each in changed])
    keep_lines(clean.name, page, set(), clean.at)
    found = both_tell_the_same(clean, tmp_path).breaks
    cycle = fee["seller_billing_cycle_id"]
    assert (Code.SOURCE_CHANGED_AFTER_POST, cycle) in {(each.code, each.key) for each in found}


def moved(line: dict[str, Any], by: int) -> dict[str, Any]:
    """What the line says later."""
    amount = round(line["amount"] + by, 2)
    return {
        "amount": amount,
        "amount_credited": max(amount, 0),
        "amount_debited": max(-amount, 0),
        "last_updated": "2026-11-29T00:00:00Z",
    }


@pytest.mark.parametrize("table", ["lines", "cycles", "documents"])
def test_a_row_that_does_not_read_is_a_problem(table: str, clean: Deployment, tmp_path: Path) -> None:
    clean.house.settlement_log.tables[clean.name, table, "none"].append(b'{"id": "x-1", "amount": "much"}')
    found, answer = clean.compared()
    assert answer["problems"] == 1
    files = reconcile_folder(clean.exported(tmp_path), clean.at.config, [clean.name], TODAY)
    assert len(files.problems) == 1
    assert found == []

"""Two months of two marketplaces: every record of the settlement is taken by NetSuite, and the ledger says the same."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from msgspec import structs

import sandbox
from sandbox.netsuite import NetSuiteTwin
from sandbox.world import World
from tests.integration.running_twins import CUSTOM_FIELDS, Running
from tests.integration.twins.netsuite import NetSuite as Hand
from tests.shared import ROOT, shared
from tieout.books.export import read_export
from tieout.config import read_config
from tieout.domain.ledger.gl import VendorDraft, differences
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO
from tieout.domain.orders.sales_order import CustomerDraft, TaxRules, TaxStrategy
from tieout.flows.settlement.rules import booking_rules
from tieout.netsuite.client import NetSuite

CONFIG = read_config(ROOT / "config/gift-shop.yaml")
OPERATOR = read_config(ROOT / "config/example-operator.yaml")
TAXES = TaxRules(TaxStrategy.SUITETAX_OVERRIDE, {}, "VAT-MARKETPLACE")
CURRENCIES = {"brightside-uk": "1", "maison-eu": "2"}
CONTROL = ("1115", "1116", "2300", "2000")
"""Clearing of both marketplaces, and what an operator owes its sellers, as an agent and as a principal."""


def customer_of(marketplace: str) -> str:
    return f"T-{marketplace}-CUS-MARKETPLACE"


def a_world(folder: Path) -> Path:
    """NetSuite as it stands before the settlement: the documents of the order flow, all of them open."""
    documents = World(shared("worlds/gift-shop-settled")).netsuite("documents")
    customers = [
        {"entityid": name, "externalid": customer_of(name), "currency": currency}
        for name, currency in CURRENCIES.items()
    ]
    (folder / "netsuite").mkdir()
    for name, rows in (("documents", [row | {"status": "open"} for row in documents]), ("customers", customers)):
        lines = "".join(json.dumps(row, default=float) + "\n" for row in rows)
        (folder / f"netsuite/{name}.ndjson").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Running]:
    with sandbox.running(world=a_world(tmp_path), seed=1) as twins:
        for period in twins.netsuite.state.store.all("accountingPeriod"):
            period.values.update(dict.fromkeys(("closed", "allLocked", "arLocked", "apLocked"), False))
        running = Running(twins)
        running.set_custom_fields(CUSTOM_FIELDS | {"custbody_tieout_refund": "text"})
        yield running


def rules_of(marketplace: str, mode: Mode) -> BookingRules:
    """A seller's rules; an operator's have its own account map."""
    if mode not in {Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL}:
        return structs.replace(booking_rules(CONFIG, marketplace), mode=mode)
    (name,) = [name for name, one in OPERATOR.marketplaces.items() if one.settlement is not None]
    return structs.replace(booking_rules(OPERATOR, name), marketplace=marketplace, mode=mode)


def records_of(mode: Mode) -> list[tuple[str, Record]]:
    folder = shared("worlds/gift-shop-settled")
    export = read_export(folder, list(CURRENCIES))
    found = []
    for marketplace, of_one in export.books.items():
        rules = rules_of(marketplace, mode)
        open_again = tuple(structs.replace(each, status="open", unpaid=None) for each in of_one.booked)
        settled = settle(structs.replace(of_one, booked=open_again), rules)
        found += [(marketplace, record) for record in settled.records]
    return found


def make_parties(client: NetSuite, records: list[tuple[str, Record]]) -> None:
    """Customers and vendors that the records name and that are not there yet."""
    for marketplace, record in records:
        named = {record.entity, *(entry.entity for entry in record.entries)} - {None, customer_of(marketplace)}
        for external_id in sorted(map(str, named)):
            party = (external_id, f"Party {external_id}", "1", CURRENCIES[marketplace])
            if "-VEN-" in external_id:
                client.ensure_vendor(VendorDraft(*party))
            else:
                client.ensure_customer(CustomerDraft(*party))


@pytest.mark.parametrize("mode", list(Mode))
def test_netsuite_posts_what_the_settlement_means(books: Running, mode: Mode) -> None:
    client = books.netsuite(read_seconds=60)
    expected: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    records = records_of(mode)
    assert records
    make_parties(client, records)
    for _, record in records:
        client.create_record(record, subsidiary_id="1", approve=True, taxes=TAXES)
        for entry in record.entries:
            if entry.account in CONTROL:
                expected[entry.account, record.currency] += entry.debit - entry.credit
    lines = client.gl_lines([record.external_id for _, record in records])
    by_record = defaultdict(list)
    for line in lines:
        by_record[line.external_id].append(line)
    assert {
        record.external_id: told
        for _, record in records
        if (told := differences(record, by_record[record.external_id]))
    } == {}
    assert {(each.account, each.currency): each.amount for each in client.balances(CONTROL)} == dict(expected)
    here = books.twins.netsuite
    hand = Hand(here.url, cast("NetSuiteTwin", SimpleNamespace(account=here.state)), here)
    (row,) = hand.rows("SELECT SUM(amount) AS total FROM transactionaccountingline WHERE posting = 'T'")
    assert round(float(row["total"]), 2) == 0

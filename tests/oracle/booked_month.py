"""A made-up month that was booked, and what happened since: every kind of fault that a ledger shows, with its truth."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import yaml
from msgspec import Struct

from sandbox import decimal_json
from sandbox.months.market import DEFAULT
from sandbox.months.month import month, write
from sandbox.months.regimes import Regime
from sandbox.months.settings import write_settings
from tieout.books.export import read_export
from tieout.config import Config, read_config
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.settle import settle
from tieout.flows.settlement.rules import booking_rules

Row = dict[str, Any]
Truth = set[tuple[str, str, Decimal]]
RULES_BY_WORDS = [
    {"when": {"type": "MANUAL_INVOICE", "description": "postage|fee|sponsored"}, "role": "other_marketplace_fees"},
    {"when": {"description": "lost parcel|discount|manual"}, "role": "marketplace_adjustments"},
    {"when": {"type": "INVOICEABLE_ONE_OFF_DEBIT"}, "role": "marketing_expense"},
]
"""They leave out credits for postage, adverts and fees: what months have of these, nobody has classified."""
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)


class BookedMonth(Struct, frozen=True):
    """An export folder with a ledger, its settings, and what is wrong with the ledger."""

    folder: Path
    config: Config
    truth: Truth


def booked_month(seed: int, regime: Regime, orders: int, folder: Path) -> BookedMonth:
    """Booked as Tieout books it. Then the first cycle of one marketplace is booked late, and of the other's a record is
    edited; lines of the second ones change; the last ones wait, and their month is closed.
    """
    made = month(seed, regime, orders, DEFAULT, datetime(2026, 9, 1, tzinfo=UTC))
    write(made, seed, folder)
    config = with_rules_by_words(write_settings(DEFAULT, folder), folder)
    export = read_export(folder, DEFAULT)
    dice, ledger = Random(f"{seed}:ledger"), list[Row]()
    truth: Truth = set()
    for place, name in enumerate(DEFAULT):
        records: defaultdict[str, list[Record]] = defaultdict(list)
        for record in settle(export.books[name], booking_rules(config, name)).records:
            records[record.cycle].append(record)
        first, changed, waiting = [each.id for each in export.books[name].cycles]
        truth |= change_lines(dice, folder / "mirakl" / name, changed if changed in records else "")
        rows = {cycle: [row for record in made for row in rows_of(record)] for cycle, made in records.items()}
        truth |= edit(dice, rows.get(first, []), first) if place else book_late(rows.get(first, []), first)
        if rows.pop(waiting, []):
            truth.add(("LATE_LINE_CLOSED_PERIOD", waiting, Decimal(0)))
        ledger += [row for each in rows.values() for row in each]
    save(folder / "netsuite" / "gl_lines.ndjson.gz", ledger)
    save(folder / "netsuite" / "periods.ndjson.gz", [{"begins": str(FIRST), "ends": str(LAST), "closed": "T"}])
    return BookedMonth(folder, config, truth)


def with_rules_by_words(file: Path, folder: Path) -> Config:
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    for marketplace in settings["marketplaces"].values():
        marketplace["settlement"]["overrides"] = RULES_BY_WORDS
    (folder / "by-words.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return read_config(folder / "by-words.yaml")


def rows_of(record: Record) -> list[Row]:
    return [
        {
            "externalid": record.external_id,
            "trandate": record.day.isoformat(),
            "currency": record.currency,
            "acctnumber": entry.account,
            "debit": entry.debit,
            "credit": entry.credit,
        }
        for entry in record.entries
    ]


def change_lines(dice: Random, folder: Path, cycle: str) -> Truth:
    """A commission is a unit less, and the VAT on it a unit more; of some months the VAT goes up once more."""
    file = folder / "transaction_lines.ndjson.gz"
    lines = load(file)
    fees = {each["entities"]["order_line"]["id"]: each for each in lines if is_of(each, "COMMISSION_FEE", cycle)}
    vats = {each["entities"]["order_line"]["id"]: each for each in lines if is_of(each, "COMMISSION_VAT", cycle)}
    both = sorted(fees.keys() & vats.keys())
    if not both:
        return set()
    now = max(each["last_updated"] for each in lines)
    once = (datetime.fromisoformat(now) + timedelta(hours=1)).isoformat()
    later = (datetime.fromisoformat(now) + timedelta(hours=2)).isoformat()
    chosen = dice.choice(both)
    fee, vat = fees[chosen], vats[chosen]
    newer = [moved(fee, 1, once), moved(vat, -1, once)]
    twice = dice.random() < 0.5
    if twice:
        newer.append(moved(newer[1], -1, later))
    save(file, [*lines, *newer])
    return {("SOURCE_CHANGED_AFTER_POST", cycle, Decimal(3 if twice else 2))}


def is_of(line: Row, kind: str, cycle: str) -> bool:
    return bool(line["type"] == kind and line["seller_billing_cycle_id"] == cycle and abs(line["amount"]) > 2)


def moved(line: Row, amount: int, at: str) -> Row:
    total = line["amount"] + amount
    return {
        **line,
        "amount": total,
        "amount_credited": max(total, 0),
        "amount_debited": max(-total, 0),
        "last_updated": at,
    }


def book_late(rows: list[Row], cycle: str) -> Truth:
    """What belongs to September is booked on the first of October."""
    there = [row for row in rows if row["trandate"] <= LAST.isoformat()]
    for row in there:
        row["trandate"] = "2026-10-01"
    debits = sum((row["debit"] for row in there), Decimal(0))
    return {("LATE_LINE_CLOSED_PERIOD", cycle, debits)} if there else set()


def edit(dice: Random, rows: list[Row], cycle: str) -> Truth:
    """Somebody moved 5.00 within a record: balanced as before, but between other accounts."""
    if not rows:
        return set()
    chosen = dice.choice(rows)
    side = "debit" if chosen["debit"] else "credit"
    chosen[side] += 5
    rows.append(
        {
            **chosen,
            "acctnumber": "9999",
            "debit": Decimal(0),
            "credit": Decimal(0),
            {"debit": "credit", "credit": "debit"}[side]: Decimal(5),
        }
    )
    return {("GL_TAMPERED", cycle, Decimal(0))}


def load(file: Path) -> list[Row]:
    return [decimal_json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def save(file: Path, rows: Iterable[Row]) -> None:
    file.write_bytes(gzip.compress(decimal_json.ndjson(list(rows)), compresslevel=1, mtime=0))

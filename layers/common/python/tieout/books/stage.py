"""Books into the tables that the SQL of `match/` compares: amounts as whole minor units, one row a fact."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from msgspec import json

from tieout.books.rungs import stage_rungs
from tieout.domain.ledger.line import Booked, Books, SoldLine
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.types import ALIASES, TYPES
from tieout.domain.money import ZERO, exponent_of
from tieout.domain.reconcile.ladder import climb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MATCH = Path(__file__).parent / "match"
EITHER_WAY = {"SELLER_FEE_ON_ORDER", "SELLER_FEE_ON_ORDER_TAX", "SELLER_PENALTY_FEE", "SELLER_PENALTY_FEE_TAX"}
"""Types whose reversal bears the same name: their sign says nothing."""
Row = tuple[Any, ...]


def minor(amount: Decimal | None, currency: str) -> int | None:
    """An amount in minor units; None stays None. Nothing is finer than the currency's unit: the reader refuses it."""
    return None if amount is None else int(amount.scaleb(exponent_of(currency)))


def run(engine: DuckDBPyConnection, script: str) -> None:
    """Execute a file of `match/`."""
    engine.execute((MATCH / script).read_text(encoding="utf-8"))


def stage(
    engine: DuckDBPyConnection,
    books: Sequence[Books],
    rules: Iterable[BookingRules],
    as_of: date,
    fill_lines: Callable[[Books], object] | None = None,
) -> None:
    """Create and fill the tables. `fill_lines`: for who has the lines elsewhere than in the books."""
    run(engine, "0_tables.sql")
    stage_rules(engine, rules, as_of)
    for each in books:
        if fill_lines:
            fill_lines(each)
        else:
            _fill(engine, "line", _lines(each))
        _fill(engine, "sold", _sold(each))
        _fill(engine, "sold_tax", _sold_taxes(each))
        _fill(engine, "sold_refund", _sold_refunds(each))
        _fill(
            engine,
            "reference",
            ((each.marketplace, name, sold.id) for sold in each.orders.values() for name in sold.references),
        )
        climbed = climb(each, partial(_named, engine, each.marketplace))
        stage_rungs(engine, each.marketplace, climbed)
        _fill(engine, "booked", _booked(each.marketplace, climbed.booked))
        _fill(engine, "document", _documents(each))
        _fill(engine, "cycle", _cycles(each))
        _fill(
            engine,
            "total",
            (
                (each.marketplace, cycle.id, name, minor(amount, cycle.currency))
                for cycle in each.cycles
                for name, amount in cycle.summary.items()
            ),
        )


def _named(engine: DuckDBPyConnection, marketplace: str, order_ids: Collection[str]) -> set[str]:
    """Which of these orders the log knows."""
    query = "SELECT DISTINCT order_id FROM line WHERE mkp = ? AND order_id IN (SELECT unnest(?::VARCHAR[]))"
    return {name for (name,) in engine.execute(query, [marketplace, sorted(order_ids)]).fetchall()}


def stage_rules(engine: DuckDBPyConnection, rules: Iterable[BookingRules], as_of: date) -> None:
    """What the comparison must know of the types and of the settings."""
    _fill(
        engine,
        "kind",
        (
            (name, rule.sign, rule.group.value, rule.bucket, rule.is_tax, name in EITHER_WAY)
            for name, rule in TYPES.items()
        ),
    )
    _fill(
        engine,
        "rules",
        (
            (
                each.marketplace,
                as_of,
                each.missing_after_days,
                int(each.materiality * 100),
                each.fee_vat.value,
                each.presentation,
            )
            for each in rules
        ),
    )


def _fill(engine: DuckDBPyConnection, table: str, rows: Iterable[Row]) -> None:
    """Rows by way of a file: DuckDB reads it faster than it is told rows one by one, and in no memory of ours."""
    with TemporaryDirectory(prefix="tieout-") as folder:
        path = Path(folder) / f"{table}.ndjson"
        encode = json.Encoder().encode
        with path.open("wb") as out:
            count = 0
            for row in rows:
                out.write(encode(row))
                out.write(b"\n")
                count += 1
        if not count:
            return
        columns = engine.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
        ).fetchall()
        picked = ", ".join(f"CAST(row[{place}] AS {kind})" for place, (_, kind) in enumerate(columns, start=1))
        engine.execute(
            f"INSERT INTO {table} SELECT {picked} "  # noqa: S608  names of ours
            "FROM read_json(?, format = 'newline_delimited', records = false, columns = {row: 'VARCHAR[]'})",
            [str(path)],
        )


def _lines(books: Books) -> Iterator[Row]:
    name = books.marketplace
    for each in books.lines:
        unit = exponent_of(each.currency)
        yield (
            name,
            each.id,
            ALIASES.get(each.type, each.type),
            int(each.amount.scaleb(unit)),
            each.currency,
            each.created,
            each.cycle,
            each.document,
            each.psp,
            each.shop,
            None if each.balance is None else int(each.balance.scaleb(unit)),
            each.state,
            each.order_id,
            each.order_line_id,
            each.refund_id,
            each.shipment_id,
            each.debit_id,
            each.tax_code,
            each.fee_code,
        )


def _sold(books: Books) -> Iterator[Row]:
    for order in books.orders.values():
        for line in order.lines:
            yield (
                books.marketplace,
                order.id,
                line.id,
                order.currency,
                order.state,
                line.state,
                minor(line.gross, order.currency),
                minor(sum(line.taxes.values(), ZERO), order.currency),
                len(line.taxes),
                minor(line.commission, order.currency),
                minor(line.commission_tax, order.currency),
                _day(line, "shipped_at"),
                _day(line, "received_at"),
                order.direct_pay,
            )


def _day(line: SoldLine, which: str) -> date | None:
    instant = getattr(line, which)
    return instant.date() if instant else None


def _sold_taxes(books: Books) -> Iterator[Row]:
    for order in books.orders.values():
        for line in order.lines:
            for code, amount in line.taxes.items():
                yield (books.marketplace, order.id, code, minor(amount, order.currency))


def _sold_refunds(books: Books) -> Iterator[Row]:
    for order in books.orders.values():
        for line in order.lines:
            for refund in line.refunds:
                yield (
                    books.marketplace,
                    order.id,
                    line.id,
                    refund.id,
                    minor(refund.gross, order.currency),
                    minor(refund.commission, order.currency),
                    minor(refund.commission_tax, order.currency),
                )


def _booked(marketplace: str, booked: Iterable[Booked]) -> Iterator[Row]:
    for each in booked:
        yield (
            marketplace,
            each.number,
            each.type,
            each.day,
            each.currency,
            minor(each.total, each.currency),
            minor(each.tax, each.currency),
            each.order_id,
            each.refund_id,
            minor(each.unpaid, each.currency),
        )


def _documents(books: Books) -> Iterator[Row]:
    for each in books.documents:
        yield (
            books.marketplace,
            each.number,
            each.type,
            each.currency,
            each.cycle,
            minor(each.net, each.currency),
            minor(each.gross, each.currency),
            each.is_credit,
            each.issued.date(),
        )


def _cycles(books: Books) -> Iterator[Row]:
    for each in books.cycles:
        yield (
            books.marketplace,
            each.id,
            each.currency,
            each.psp,
            each.shop,
            each.closed_at.replace(tzinfo=None).isoformat(),
            minor(each.to_seller, each.currency),
            minor(each.to_operator, each.currency),
            each.pay_out.state,
        )

"""The engine behind SuiteQL: tables in memory that follow the store, and queries translated once each."""

import sqlite3
import time
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.behaviours import Behaviours
from sandbox.clock import Clock
from sandbox.netsuite.billing_fields import CASH_STATUS, CREDIT_STATUS, INVOICE_STATUS, RETURN_STATUS
from sandbox.netsuite.fields import Field
from sandbox.netsuite.fulfilment_fields import SHIP_STATUS
from sandbox.netsuite.record_types import CUSTOM_RECORDS, DOCUMENT_TYPES, RECORD_TYPES
from sandbox.netsuite.sales_order_fields import ORDER_STATUS
from sandbox.netsuite.settlement_fields import JOURNAL_STATUS, OPEN_OR_PAID, PAYMENT_STATUS
from sandbox.netsuite.store import Change, Store, name_of
from sandbox.netsuite.suiteql.dialect import MOST_ROWS, Translated, translate
from sandbox.netsuite.suiteql.functions import Session
from sandbox.netsuite.suiteql.refused import QueryRefused
from sandbox.netsuite.suiteql.rows import TABLES_OF, Rows
from sandbox.netsuite.suiteql.tables import GUARDED_BY, Catalogue, logical, physical
from sandbox.netsuite.suiteql.values import Row, SqlValue, marked, shown

_STATUS = {
    "SalesOrd": ORDER_STATUS,
    "ItemShip": SHIP_STATUS,
    "CustInvc": INVOICE_STATUS,
    "CustCred": CREDIT_STATUS,
    "RtnAuth": RETURN_STATUS,
    "CashSale": CASH_STATUS,
    "CustPymt": PAYMENT_STATUS,
    "VendBill": OPEN_OR_PAID,
    "Journal": JOURNAL_STATUS,
}
_CODES = {"SalesOrd": "Sales Order"} | {code: label for code, (_, label) in DOCUMENT_TYPES.items()}


class Engine:
    """SQL over one account. Not a copy that is refreshed: every write of the store is followed, once it is due."""

    def __init__(self, store: Store, switches: Behaviours, clock: Clock) -> None:
        self._store = store
        self._switches = switches
        self._clock = clock
        self._session = Session()
        self._session.name_of = self._name_of
        self._built_for: object = None
        self._followed = 0
        self._inserts: dict[tuple[str, tuple[str, ...]], str] = {}

    def page(
        self, query: str, parameters: Sequence[Any] = (), limit: int = MOST_ROWS, offset: int = 0
    ) -> tuple[list[dict[str, str]], int]:
        """A page of a query's rows, and how many it has in all. Raises QueryRefused."""
        with self._store.lock:
            self._follow()
            translated = self._translated(query)
            self._check_role(translated)
            if translated.parameters != len(parameters):
                raise QueryRefused(f"Invalid or unsupported search: {len(parameters)} parameters given.")
            bound = {f"p{place}": _bound(value) for place, value in enumerate(parameters, start=1)}
            self._session.now = self._now()
            self._session.date_format = self._switches.text("user_date_format")
            return self._run(translated, bound, limit, offset)

    def _run(
        self, translated: Translated, bound: dict[str, SqlValue], limit: int, offset: int
    ) -> tuple[list[dict[str, str]], int]:
        self._session.failure = None
        execute = self._connection.execute
        try:
            if translated.counted is None:
                cursor = execute(translated.sql, bound)
                found = cursor.fetchmany(MOST_ROWS)
                total, found = len(found), found[offset : offset + limit]
            else:
                (total,) = execute(translated.counted, bound).fetchone()
                there = max(0, min(limit, total - offset))
                cursor = execute(translated.sql, bound | {"limit": there, "offset": offset})
                found = cursor.fetchall()
        except sqlite3.Error as wrong:
            raise _refused(str(self._session.failure or wrong)) from None
        names = [logical(column[0].lower()) for column in cursor.description]
        shape = self._session.date_format
        rows = []
        for one in found:
            row = {}
            for name, value in zip(names, one, strict=True):
                text = shown(value, shape)
                if text is not None:
                    row[name] = text
            rows.append(row)
        return rows, total

    def _check_role(self, translated: Translated) -> None:
        lacking = self._switches.text("role_lacks").replace(" ", "").split(",")
        for table in sorted(translated.tables):
            if GUARDED_BY.get(table, table) in lacking:
                raise QueryRefused(f"Record '{table}' was not found.", unknown_table=table)

    # -- following the store -------------------------------------------------------------------------------------

    def _follow(self) -> None:
        zone = self._switches.text("user_time_zone")
        custom = tuple(tuple(known.items()) for known in self._custom())
        wanted = (self._store.generation, zone, custom)
        if self._built_for != wanted:
            self._build(zone)
            self._built_for = wanted
        changes = self._store.changes
        if self._followed == len(changes):
            return
        due = time.monotonic() - self._switches.number("suiteql_lag_seconds")
        seen: dict[tuple[str, str], Change] = {}
        while self._followed < len(changes) and changes[self._followed].at <= due:
            change = changes[self._followed]
            seen[change.kind, change.id] = change
            self._followed += 1
        for change in seen.values():
            self._take(change)

    def _build(self, zone: str) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA case_sensitive_like = ON")
        self._session.register(self._connection)
        body, line, item, records = ({name: f.kind for name, f in known.items()} for known in self._custom())
        self._catalogue = Catalogue(body, line, item, records)
        for statement in self._catalogue.ddl():
            self._connection.execute(statement)
        self._rows = Rows(self._store, ZoneInfo(zone))
        self._followed = 0
        self._deleted = 0
        # A query text is translated once; the parse costs more than most queries.
        self._translated = lru_cache(maxsize=2000)(lambda query: translate(query, self._catalogue))

    def _custom(self) -> tuple[dict[str, Field], ...]:
        store = self._store
        return store.body_fields, store.line_fields, store.item_fields, store.record_fields

    def _take(self, change: Change) -> None:
        """Bring one record's rows up to date."""
        group = RECORD_TYPES[change.kind].group
        if change.kind in CUSTOM_RECORDS and change.kind not in self._catalogue.tables:
            return
        execute = self._connection.execute
        for table, column in TABLES_OF.get(group, ()):
            execute(f"DELETE FROM {physical(table)} WHERE {physical(column)} = ?", (int(change.id),))
        record = self._store.get(group, change.id)
        if record is not None and record.kind == change.kind:
            by_shape: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
            for table, row in self._rows.of(record):
                by_shape.setdefault((table, tuple(row)), []).append(row)
            for shape, rows in by_shape.items():
                self._connection.executemany(self._insert(shape), rows)
        else:
            self._take_deletions()

    def _insert(self, shape: tuple[str, tuple[str, ...]]) -> str:
        sql = self._inserts.get(shape)
        if sql is None:
            table, names = shape
            columns, places = ", ".join(map(physical, names)), ", ".join(f":{name}" for name in names)
            sql = self._inserts[shape] = f"INSERT INTO {physical(table)} ({columns}) VALUES ({places})"
        return sql

    def _take_deletions(self) -> None:
        for one in self._store.deleted[self._deleted :]:
            self._connection.execute(
                "INSERT INTO deletedrecord (recordid, type, name, deleteddate, context) VALUES (?, ?, ?, ?, 'REST')",
                (int(one.id), one.kind.lower(), one.name, self._rows.moment(one.at)),
            )
        self._deleted = len(self._store.deleted)

    def _now(self) -> str:
        return marked(self._clock.now().astimezone(ZoneInfo(self._switches.text("sysdate_time_zone"))))

    def _name_of(self, shows: str, value: SqlValue) -> SqlValue:
        """BUILTIN.DF: what a user would see."""
        said = str(value)
        if shows == "type":
            return _CODES.get(said, said)
        if shows == "flag":
            return "Yes" if said == "T" else "No"
        if shows.startswith("status "):
            code = shows.removeprefix("status ")
            label = _STATUS.get(code, {}).get(said, said)
            return f"{_CODES.get(code, code)} : {label}"
        record = self._store.get(shows, said)
        return value if record is None else name_of(record)


def _bound(value: Any) -> SqlValue:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | int):
        return value if value != "" else None
    raise QueryRefused(f"Invalid or unsupported search: a parameter cannot be {value!r}.")


def _refused(words: str) -> QueryRefused:
    column = words.partition("no such column: ")[2]
    if column:
        return QueryRefused(f"Field '{column}' not found.", unknown_column=logical(column.rpartition(".")[2]))
    return QueryRefused(f"Invalid or unsupported search ({words}).")

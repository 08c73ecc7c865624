"""A month closed from an export folder: read, settled, compared, and the breaks' history carried on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from tieout import __version__
from tieout.books.bank import bank_breaks, payouts_at_the_bank
from tieout.books.by_rules import found_by_rules
from tieout.books.close.closing import Closing, Period
from tieout.books.close.manifest import InputFile, hash_of, run_id
from tieout.books.close.month_end import with_month_end
from tieout.books.export import Export, read_export
from tieout.books.reconcile import customers_of, reconcile
from tieout.books.rows import Problem
from tieout.books.settling import settle_export
from tieout.config import Config
from tieout.domain.reconcile.bank import AtBank
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.reserve import still_reserved
from tieout.domain.reconcile.workflow import Run, cases_of
from tieout.flows.reconcile.break_log import BreakLog, take_in
from tieout.flows.settlement.rules import booking_rules

_CHUNK = 1 << 20


def marketplaces_of(config: Config) -> list[str]:
    """Those whose cycles are booked."""
    return [name for name, each in config.marketplaces.items() if each.settlement is not None]


def config_hash(config: Config) -> str:
    """SHA-256 over the settings as they are understood: comments and order of the file do not matter."""
    return hash_of(msgspec.json.encode(config.model_dump(mode="json"), order="deterministic"))


def closing_of(
    folder: Path,
    config: Config,
    period: Period,
    log: BreakLog,
    *,
    as_of: date | None = None,
    marketplaces: Sequence[str] | None = None,
    known: Sequence[Break] | None = None,
) -> Closing:
    """The month, with what this run found written to the breaks' history.

    `as_of`: left out, the last day that the folder knows of, or the month's last day. `marketplaces`: left out, all
    whose cycles are booked. `known`: breaks of a deployment that knows what it has posted; left out, the ledger is held
    against what the cycles come to today (I26). Raises ExportError, ConfigError, and RefusedError and BrokenChainError
    of the history.
    """
    names = list(marketplaces or marketplaces_of(config))
    rules = {name: booking_rules(config, name) for name in names}
    export = read_export(folder, names, customers=customers_of(config, names), general_ledger=True, bank=rules)
    day = as_of or max([period.last, *_days(export)])
    inputs = inputs_of(folder, names)
    outcome = settle_export(export, rules)
    found = reconcile([export.books[name] for name in names], rules, day)
    problems = [*export.problems]
    by_rules = found_by_rules(folder, export, config, rules, problems, with_ledger=known is None)
    breaks = [*found.breaks, *(known or ()), *by_rules.breaks]
    statement = export.statement
    at_bank = (
        payouts_at_the_bank(export.books.values(), rules, statement, day) if statement and statement.lines else None
    )
    if statement and at_bank:
        told = {(each.code, each.key) for each in breaks}
        breaks += [each for each in bank_breaks(at_bank, statement) if (each.code, each.key) not in told]
    breaks += [each for each in _still_not_in_bank(log, at_bank, breaks) if each.marketplace in names]
    earlier = cases_of(log.read()).values()
    breaks += [each for each in still_reserved(earlier, by_rules.reserves) if each.marketplace in names]
    settings = config_hash(config)
    run = run_id(
        period=str(period), as_of=day.isoformat(), code_version=__version__, config_hash=settings, inputs=inputs
    )
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    events = take_in(log, breaks, Run(id=run, as_of=day, at=at, marketplaces=_read_whole(export, problems, names)))
    orders = {name: config.marketplaces[name].orders.sales_orders for name in names}
    closing = Closing(
        period=period,
        as_of=day,
        entity=config.deployment,
        books=export.books,
        rules=rules,
        subsidiaries={name: config.netsuite.subsidiaries[each.subsidiary].name or "" for name, each in orders.items()},
        records=outcome.records,
        proofs=outcome.proofs,
        findings=breaks,
        information=[*found.information, *by_rules.information],
        events=events,
        gl_lines=export.gl_lines or None,
        at_bank=at_bank,
        inputs=inputs,
        rows=_rows(export),
        problems=sorted(problems),
        run=run,
        code_version=__version__,
        config_hash=settings,
    )
    return with_month_end(closing)


def _still_not_in_bank(log: BreakLog, at_bank: AtBank | None, breaks: Iterable[Break]) -> list[Break]:
    """Payouts that an earlier statement lacked and this one says nothing of: they are not found by that."""
    told = {(each.code, each.key) for each in breaks}
    silent = None if at_bank is None else {(each.marketplace, each.cycle) for each in at_bank.waiting}
    return [
        case.found
        for case in cases_of(log.read()).values()
        if case.found.code is Code.PAYOUT_NOT_IN_BANK
        and not case.is_closed
        and (case.found.code, case.found.key) not in told
        and (silent is None or (case.found.marketplace, case.found.key) in silent)
    ]


def _read_whole(export: Export, problems: Sequence[Problem], names: Sequence[str]) -> frozenset[str]:
    """Marketplaces of which everything was read: a difference that a hole hides is not gone."""
    files = [problem.file for problem in problems]
    return frozenset(
        name
        for name in names
        if not export.books[name].doubts
        and not any(each.startswith((f"mirakl/{name}/", "netsuite/", "bank/")) for each in files)
    )


def inputs_of(folder: Path, marketplaces: Sequence[str]) -> list[InputFile]:
    """Every file that these marketplaces are read from."""
    places = [*(folder / "mirakl" / name for name in marketplaces), folder / "netsuite", folder / "bank"]
    files = [path for place in places for end in ("ndjson", "ndjson.gz") for path in place.glob(f"*.{end}")]
    return sorted(_input(path, folder) for path in files)


def _input(path: Path, folder: Path) -> InputFile:
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return InputFile(path.relative_to(folder).as_posix(), digest.hexdigest(), size)


def _days(export: Export) -> Iterable[date]:
    for books in export.books.values():
        yield from (line.updated.date() for line in books.lines)
        yield from (cycle.closed_at.date() for cycle in books.cycles)
        yield from (document.issued.date() for document in books.documents)
        yield from (each.day for each in books.booked)


def _rows(export: Export) -> dict[str, int]:
    rows: dict[str, int] = {}
    for name, books in export.books.items():
        kinds = (
            ("transaction lines", books.lines),
            ("billing cycles", books.cycles),
            ("accounting documents", books.documents),
            ("orders", books.orders),
            ("NetSuite documents", books.booked),
        )
        rows.update({f"{name}: {kind}": len(each) for kind, each in kinds})
    rows["NetSuite documents of no marketplace"] = len(export.strangers)
    rows["general ledger lines"] = len(export.gl_lines)
    return rows

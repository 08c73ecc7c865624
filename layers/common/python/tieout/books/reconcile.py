"""Log, cycles, legal documents, orders and NetSuite, compared by SQL (`match/`): every difference as a set of breaks.

The SQL says what differs and what each finding would change in the log; the rules of `domain.reconcile` say what that
leaves unexplained of a cycle, a document or the running balance (finance reference, stages 1 to 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tieout.books.balance import chain_gaps
from tieout.books.bank import NOT_THERE, bank_breaks, payouts_at_the_bank
from tieout.books.by_rules import found_by_rules
from tieout.books.effects import read_effects
from tieout.books.engine import opened
from tieout.books.export import read_export
from tieout.books.finding import Finding, money, shown
from tieout.books.rows import Problem
from tieout.books.rungs import with_rungs
from tieout.books.stage import run, stage
from tieout.books.sums import untied_cycles, untied_documents
from tieout.config import Config
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code
from tieout.flows.settlement.rules import booking_rules

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCRIPTS = (
    "1_lines.sql",
    "2_orders.sql",
    "2_sales_lost.sql",
    "3_refunds.sql",
    "4_fees.sql",
    "5_missing.sql",
    "6_totals.sql",
    "6_documents_lost.sql",
    "6_balance.sql",
    "7_told.sql",
    "8_unexplained.sql",
)
BLOCKS_AFTER = {Code.MISSING_IN_TL: timedelta(days=45), Code.CREDIT_WITHOUT_REFUND: timedelta(days=30)}
"""Younger ones may still be a matter of time."""

_OUR_DOCUMENTS = frozenset({Code.MISSING_IN_NS, Code.REFUND_UNMATCHED})
_COMMISSION = frozenset(
    {Code.COMMISSION_RATE, Code.COMMISSION_VAT_DIFF, Code.FEE_VAT_REGIME, Code.COMMISSION_NOT_REFUNDED}
)
NOT_OF_OPERATORS = {Mode.OPERATOR: _OUR_DOCUMENTS, Mode.OPERATOR_PRINCIPAL: _OUR_DOCUMENTS | _COMMISSION}
"""What cannot be missing in such books: invoices and credit memos of others' goods, commission of one's own."""


class Reconciled(Struct, frozen=True, kw_only=True):
    """What a run found."""

    breaks: list[Break]
    information: list[Break]
    problems: list[Problem] = []
    not_compared: list[str] = []
    """What was not looked at, in a sentence each, as nothing was there to look at."""
    reserves: frozenset[tuple[str, str]] = frozenset()
    """Marketplaces and shops whose reserve was compared: of any other, what an earlier run found is not gone."""


def reconcile_folder(folder: Path, config: Config, marketplaces: Iterable[str], as_of: date) -> Reconciled:
    """Compare an export folder. Raises ExportError, ConfigError."""
    names = list(marketplaces)
    rules = {name: booking_rules(config, name) for name in names}
    export = read_export(folder, names, customers=customers_of(config, names), general_ledger=True, bank=rules)
    books = [export.books[name] for name in names]
    found = reconcile(books, rules, as_of)
    problems = [*export.problems]
    by_rules = found_by_rules(folder, export, config, rules, problems)
    more = [*by_rules.breaks]
    statement = export.statement
    if statement is not None:
        told = {(each.code, each.key) for each in found.breaks}
        at_bank = payouts_at_the_bank(books, rules, statement, as_of)
        more += [each for each in bank_breaks(at_bank, statement) if (each.code, each.key) not in told]
    return Reconciled(
        breaks=sorted([*found.breaks, *more], key=_place),
        information=sorted([*found.information, *by_rules.information], key=_place),
        problems=sorted(problems),
        not_compared=[*([] if statement and statement.lines else [NOT_THERE]), *by_rules.not_compared],
        reserves=by_rules.reserves,
    )


def customers_of(config: Config, marketplaces: Iterable[str]) -> dict[str, str]:
    """The marketplaces' names as NetSuite customers."""
    return {name: config.marketplaces[name].orders.sales_orders.customer.name or name for name in marketplaces}


def reconcile(books: Sequence[Books], rules: Mapping[str, BookingRules], as_of: date) -> Reconciled:
    """Compare books that were read. The answer is sorted, and does not depend on the order of anything."""
    with opened() as engine:
        engine.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
        stage(engine, books, [rules[each.marketplace] for each in books], as_of)
        return compare(engine, rules, as_of)


def compare(engine: DuckDBPyConnection, rules: Mapping[str, BookingRules], as_of: date) -> Reconciled:
    """Compare what is staged."""
    for script in SCRIPTS:
        run(engine, script)
    _leave_out_of_operators(engine, rules)
    findings = [Finding(*row) for row in engine.execute("FROM finding WHERE amount <> 0 ORDER BY ALL").fetchall()]
    effects = read_effects(engine)
    findings += chain_gaps(engine, effects)
    findings += untied_documents(engine, effects)
    findings += untied_cycles(engine, effects)
    breaks: list[Break] = []
    information: list[Break] = []
    for finding in findings:
        (information if finding.information else breaks).append(_told(finding, rules, as_of))
    breaks, information = with_rungs(engine, breaks), with_rungs(engine, information)
    return Reconciled(breaks=sorted(breaks, key=_place), information=sorted(information, key=_place))


def _leave_out_of_operators(engine: DuckDBPyConnection, rules: Mapping[str, BookingRules]) -> None:
    """An operator bills nothing for another seller's goods; as a principal it buys them, and there is no commission."""
    for mode, codes in NOT_OF_OPERATORS.items():
        names = [name for name, each in rules.items() if each.mode is mode]
        for table in ("finding", "effect"):
            words = f"DELETE FROM {table} WHERE list_contains(?, mkp) AND list_contains(?, code)"  # noqa: S608  our names
            engine.execute(words, [names, sorted(codes)])


def _place(found: Break) -> tuple[str, str, str]:
    return found.marketplace, found.code, found.key


def _told(finding: Finding, rules: Mapping[str, BookingRules], as_of: date) -> Break:
    """The finding in the words that people read."""
    code, currency = Code(finding.code), finding.currency
    advice = ADVICE[code]
    amount = money(finding.amount, currency)
    blocks = advice.blocks_close
    if code is Code.AMOUNT_DIFF:
        blocks = amount > rules[finding.marketplace].materiality
    if (patience := BLOCKS_AFTER.get(code)) is not None and finding.day is not None:
        blocks = finding.day + patience < as_of
    return Break(
        code=code,
        key=finding.key,
        marketplace=finding.marketplace,
        currency=currency,
        amount=amount,
        order_id=finding.order_id,
        refund_id=finding.refund_id,
        cycle=finding.cycle,
        day=finding.day,
        blocks_close=blocks and not finding.information,
        explanation=advice.explanation.format(
            ours=shown(finding.ours, currency),
            theirs=shown(finding.theirs, currency),
            amount=shown(finding.amount, currency),
            what=finding.what or "-",
        ),
        proposal=advice.proposal,
    )

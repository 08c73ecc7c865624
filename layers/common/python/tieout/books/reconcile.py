"""Log, cycles, legal documents, orders and NetSuite, compared by SQL (`match/`): every difference as a set of breaks.

The SQL says what differs and what each finding would change in the log; the rules of `domain.reconcile` say what that
leaves unexplained of a cycle, a document or the running balance (finance reference, stages 1 to 9).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct

from tieout.books.export import read_export
from tieout.books.rows import Problem
from tieout.books.stage import run, stage
from tieout.config import Config
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.money import exponent_of
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.explain import breaks_in, left_over
from tieout.flows.settlement.rules import booking_rules

SCRIPTS = ("1_lines.sql", "2_orders.sql", "3_refunds.sql", "4_fees.sql", "5_missing.sql", "6_totals.sql", "7_told.sql")
A_CENT_EACH = {Code.COMMISSION_NOT_REFUNDED, Code.CREDIT_WITHOUT_REFUND}
"""Findings whose effect is worked out, not read: each may be a minor unit or two beside."""
BLOCKS_AFTER = {Code.MISSING_IN_TL: timedelta(days=45), Code.CREDIT_WITHOUT_REFUND: timedelta(days=30)}
"""Younger ones may still be a matter of time."""


class Reconciled(Struct, frozen=True, kw_only=True):
    """What a run found."""

    breaks: list[Break]
    information: list[Break]
    problems: list[Problem] = []


def reconcile_folder(folder: Path, config: Config, marketplaces: Iterable[str], as_of: date) -> Reconciled:
    """Compare an export folder. Raises ExportError, ConfigError."""
    names = list(marketplaces)
    export = read_export(folder, names, customers=customers_of(config, names))
    rules = {name: booking_rules(config, name) for name in names}
    found = reconcile([export.books[name] for name in names], rules, as_of)
    return Reconciled(breaks=found.breaks, information=found.information, problems=export.problems)


def customers_of(config: Config, marketplaces: Iterable[str]) -> dict[str, str]:
    """The marketplaces' names as NetSuite customers."""
    return {name: config.marketplaces[name].orders.sales_orders.customer.name or name for name in marketplaces}


def reconcile(books: Sequence[Books], rules: Mapping[str, BookingRules], as_of: date) -> Reconciled:
    """Compare books that were read. The answer is sorted, and does not depend on the order of anything."""
    with duckdb.connect() as engine:
        engine.execute("SET threads = 2; SET preserve_insertion_order = false")
        stage(engine, books, [rules[each.marketplace] for each in books], as_of)
        return compare(engine, rules, as_of)


def compare(engine: duckdb.DuckDBPyConnection, rules: Mapping[str, BookingRules], as_of: date) -> Reconciled:
    """Compare what is staged."""
    for script in SCRIPTS:
        run(engine, script)
    findings = [_Finding(*row) for row in engine.execute("FROM finding WHERE amount <> 0 ORDER BY ALL").fetchall()]
    effects = _Effects(
        _Effect(*row)
        for row in engine.execute(
            "SELECT code, mkp, key, cycle, doc, bucket, is_tax, a, placed FROM effect WHERE a <> 0 ORDER BY ALL"
        ).fetchall()
    )
    findings += _chain(engine, effects)
    findings += _documents(engine, effects)
    findings += _cycles(engine, effects)
    breaks: list[Break] = []
    information: list[Break] = []
    for finding in findings:
        (information if finding.information else breaks).append(_told(finding, rules, as_of))
    return Reconciled(breaks=sorted(breaks, key=_place), information=sorted(information, key=_place))


def _place(found: Break) -> tuple[str, str, str]:
    return found.marketplace, found.code, found.key


class _Finding(Struct, frozen=True):
    """A row of `finding`."""

    code: str
    marketplace: str
    key: str
    currency: str
    amount: int
    order_id: str | None = None
    refund_id: str | None = None
    cycle: str | None = None
    day: date | None = None
    ours: int | None = None
    theirs: int | None = None
    what: str | None = None
    information: bool = False


class _Effect(Struct, frozen=True):
    """A row of `effect`: what a finding would change in the log, and where that belongs."""

    code: str
    marketplace: str
    key: str
    cycle: str | None
    document: str | None
    bucket: str | None
    is_tax: bool | None
    amount: int
    placed: bool
    """False: its cycle and document are a guess."""

    @property
    def is_anywhere(self) -> bool:
        """Whether nobody can say which total it belongs to."""
        return self.bucket == "?"


class _Effects:
    """What the findings would change, added up by finding for each total that it may explain.

    The log's running balance tells which of them came about after it was added up (`borne_out`).
    """

    def __init__(self, effects: Iterable[_Effect]) -> None:
        self._of: dict[str, list[_Effect]] = defaultdict(list)
        for effect in effects:
            self._of[effect.marketplace].append(effect)
        self._borne_out: dict[str, set[Hashable]] = {}

    def bear_out(self, marketplace: str, findings: set[Hashable]) -> None:
        """These left a break in the marketplace's running balance."""
        self._borne_out[marketplace] = findings

    def _came_after(self, effect: _Effect) -> bool:
        """An unknown type moves the balance as it should: nobody can tell since when it is unknown."""
        borne_out = self._borne_out.get(effect.marketplace)
        return borne_out is None or effect.is_anywhere or (effect.code, effect.key) in borne_out

    def _split(
        self, marketplace: str, here: Callable[[_Effect], bool], maybe: Callable[[_Effect], bool]
    ) -> tuple[list[int], list[int]]:
        certain: dict[tuple[str, str], int] = defaultdict(int)
        possible: dict[tuple[str, str], int] = defaultdict(int)
        for effect in self._of[marketplace]:
            if here(effect):
                (certain if self._came_after(effect) else possible)[effect.code, effect.key] += effect.amount
            elif maybe(effect):
                possible[effect.code, effect.key] += effect.amount
        return [each for each in certain.values() if each], [each for each in possible.values() if each]

    def of_cycle(self, marketplace: str, cycle: str) -> tuple[list[int], list[int]]:
        """Effects on the cycle's sum: certain ones, possible ones."""
        return self._split(
            marketplace,
            lambda each: each.cycle == cycle and not each.is_anywhere,
            lambda each: not each.placed,
        )

    def of_document(self, marketplace: str, document: str, *, net: bool = False) -> tuple[list[int], list[int]]:
        """The same of a document's sum, with or without tax."""

        def counts(effect: _Effect) -> bool:
            return effect.document is not None and not (net and effect.is_tax)

        return self._split(
            marketplace,
            lambda each: each.document == document and counts(each),
            lambda each: not each.placed and counts(each),
        )

    def of_bucket(self, marketplace: str, cycle: str, bucket: str, *, net: bool) -> tuple[list[int], list[int]]:
        """The same of a total in a cycle's summary. An unknown type may belong to any."""

        def counts(effect: _Effect) -> bool:
            return effect.bucket == bucket and not (net and effect.is_tax)

        return self._split(
            marketplace,
            lambda each: each.cycle == cycle and counts(each),
            lambda each: each.is_anywhere or (not each.placed and counts(each)),
        )

    def widths(self, marketplace: str) -> dict[Hashable, list[int]]:
        """How wide a break each finding may leave: by itself, in a part, in all."""
        widths: dict[Hashable, list[int]] = defaultdict(list)
        whole: dict[tuple[str, str], int] = defaultdict(int)
        for each in self._of[marketplace]:
            widths[each.code, each.key].append(each.amount)
            if not each.is_anywhere or each.code != Code.UNMAPPED_TYPE:
                whole[each.code, each.key] += each.amount
        for finding, amount in whole.items():
            widths[finding].append(amount)
        return widths

    def inexact(self, marketplace: str) -> int:
        """Minor units by which worked-out effects may be beside."""
        return 2 * len({(each.code, each.key) for each in self._of[marketplace] if each.code in A_CENT_EACH})


def _unexplained(difference: int, certain: Sequence[int], possible: Sequence[int], beside: int) -> int:
    left = left_over(difference, certain, possible)
    return 0 if abs(left) <= beside else left


def _documents(engine: duckdb.DuckDBPyConnection, effects: _Effects) -> list[_Finding]:
    """Net must agree; tax to half a unit for each line that was rounded by itself (I6)."""
    found = []
    rows = engine.execute(
        "SELECT mkp, number, ccy, cycle, day, log, document, log_net, document_net, taxes FROM document_sides "
        "WHERE log <> document OR log_net <> document_net ORDER BY ALL"
    ).fetchall()
    for mkp, number, currency, cycle, day, log, document, log_net, document_net, taxes in rows:
        here, elsewhere = effects.of_document(mkp, number)
        beside = effects.inexact(mkp)
        net = _unexplained(log_net - document_net, *effects.of_document(mkp, number, net=True), beside)
        whole = _unexplained(log - document, here, elsewhere, beside)
        if whole == 0 or (net == 0 and 2 * abs(whole) <= taxes):
            net_alone = net if whole == 0 and not here and not elsewhere else 0
            if not net_alone:
                continue
            whole = net_alone
        found.append(
            _Finding(
                Code.DOC_NOT_TIED,
                mkp,
                number,
                currency,
                abs(whole),
                cycle=cycle,
                day=day,
                ours=-log,
                theirs=-document,
                what="in all",
            )
        )
    return found


def _cycles(engine: duckdb.DuckDBPyConnection, effects: _Effects) -> list[_Finding]:
    """What came in, plus what was carried on, is what was paid out (I3); its summary says the same by bucket (I5)."""
    found: list[_Finding] = []
    carried: dict[str, int] = {}
    buckets: dict[tuple[str, str], list[tuple[str, bool, int, int]]] = defaultdict(list)
    for mkp, cycle, bucket, is_net, log, summary in engine.execute("FROM bucket_sides ORDER BY ALL").fetchall():
        buckets[mkp, cycle].append((bucket, is_net, log, summary))
    rows = engine.execute(
        "SELECT mkp, id, ccy, closed::DATE, to_seller, pay_out, log, paid, payments, before FROM cycle_sides "
        "ORDER BY mkp, closed, id"
    ).fetchall()
    for mkp, cycle, currency, day, to_seller, pay_out, log, paid, payments, before in rows:
        brought = carried.get(before, 0)
        carried[cycle] = min(0, brought + log) if to_seller == 0 else 0
        here, elsewhere = effects.of_cycle(mkp, cycle)
        beside = effects.inexact(mkp)
        about: dict[str, Any] = {"cycle": cycle, "day": day}
        left = _unexplained(brought + log - to_seller - carried[cycle], here, elsewhere, beside)
        what = "the amount transferred"
        if not left:
            for bucket, is_net, ours, theirs in buckets[mkp, cycle]:
                here, elsewhere = effects.of_bucket(mkp, cycle, bucket, net=is_net)
                is_turned = bucket in {"total_other_credits", "total_other_invoices"} and ours == -theirs
                over = 0 if is_turned else _unexplained(ours - theirs, here, elsewhere, beside)
                if abs(over) > abs(left):
                    left, what = over, f"{bucket}{'_excl_tax' if is_net else ''} of its summary"
        if left:
            found.append(
                _Finding(
                    Code.CYCLE_NOT_TIED, mkp, cycle, currency, abs(left), ours=log, theirs=to_seller, what=what, **about
                )
            )
        if carried[cycle]:
            found.append(
                _Finding(
                    Code.NEGATIVE_CYCLE,
                    mkp,
                    cycle,
                    currency,
                    -carried[cycle],
                    ours=carried[cycle],
                    information=True,
                    **about,
                )
            )
        if pay_out == "FAILED":
            found.append(
                _Finding(
                    Code.PAYOUT_FAILED, mkp, cycle, currency, abs(to_seller), theirs=to_seller, what=pay_out, **about
                )
            )
        elif pay_out == "PAID" and payments and abs(paid + to_seller) not in {0, abs(left)}:
            found.append(
                _Finding(
                    Code.PAYOUT_DIFF, mkp, cycle, currency, abs(paid + to_seller), ours=-paid, theirs=to_seller, **about
                )
            )
    return [each for each in found if each.amount]


def _chain(engine: duckdb.DuckDBPyConnection, effects: _Effects) -> list[_Finding]:
    """Places where the running balance jumps and no finding is as wide (I2)."""
    visits: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for mkp, shop, currency, balance, more in engine.execute("FROM chain ORDER BY ALL").fetchall():
        visits[mkp, shop, currency].append((balance, more))
    unpaid: dict[str, dict[Hashable, list[int]]] = defaultdict(dict)
    for mkp, cycle, to_seller, paid in engine.execute(
        "SELECT mkp, id, to_seller, coalesce(paid, 0) FROM cycle_sides"
    ).fetchall():
        unpaid[mkp]["payout", cycle] = [to_seller + paid]
    borne_out: dict[str, set[Hashable]] = defaultdict(set)
    unusable: set[str] = set()
    found = []
    for (mkp, shop, currency), places in visits.items():
        lines = engine.execute(
            "SELECT count(*) FROM l WHERE mkp = ? AND shop = ? AND ccy = ? AND bal IS NOT NULL", [mkp, shop, currency]
        ).fetchall()[0][0]
        if 3 * len(places) > lines:
            # This marketplace's balances follow no chain, as far as it is known: they prove nothing.
            unusable.add(mkp)
            continue
        gaps, seen = breaks_in(places, {**effects.widths(mkp), **unpaid[mkp]})
        borne_out[mkp] |= seen
        for start in gaps:
            row = engine.execute(
                "SELECT cycle, order_id, created::DATE, a FROM l "
                "WHERE mkp = ? AND shop = ? AND ccy = ? AND bal - a = ? ORDER BY created, id LIMIT 1",
                [mkp, shop, currency, start],
            ).fetchone()
            ends = [balance for balance, more in places if more > 0]
            if row is None or not ends:
                continue
            cycle, order_id, day, _ = row
            known = engine.execute(
                "SELECT count(*) FROM finding WHERE mkp = ? AND order_id = ? AND amount <> 0", [mkp, order_id]
            ).fetchall()[0][0]
            if known:
                continue
            jump = min((abs(start - end) for end in ends), default=0)
            key = cycle or order_id or shop
            found.append(
                _Finding(
                    Code.CHAIN_GAP,
                    mkp,
                    key,
                    currency,
                    jump,
                    order_id=order_id,
                    cycle=cycle,
                    day=day,
                    what=f"balance {_shown(start, currency)}",
                )
            )
    for mkp in borne_out.keys() - unusable:
        effects.bear_out(mkp, borne_out[mkp])
    return [each for each in found if each.amount]


def _told(finding: _Finding, rules: Mapping[str, BookingRules], as_of: date) -> Break:
    """The finding in the words that people read."""
    code, currency = Code(finding.code), finding.currency
    advice = ADVICE[code]
    amount = _money(finding.amount, currency)
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
            ours=_shown(finding.ours, currency),
            theirs=_shown(finding.theirs, currency),
            amount=_shown(finding.amount, currency),
            what=finding.what or "-",
        ),
        proposal=advice.proposal,
    )


def _money(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-exponent_of(currency))


def _shown(units: int | None, currency: str) -> str:
    return "nothing" if units is None else f"{_money(units, currency)} {currency}"

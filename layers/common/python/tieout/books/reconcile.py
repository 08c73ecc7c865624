"""Log, cycles, legal documents, orders and NetSuite, compared by SQL (`match/`): every difference as a set of breaks.

The SQL says what differs and what each finding would change in the log; the rules of `domain.reconcile` say what that
leaves unexplained of a cycle, a document or the running balance (finance reference, stages 1 to 9).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct
from msgspec.structs import replace

from tieout.books.bank import NOT_THERE, bank_breaks, payouts_at_the_bank
from tieout.books.by_rules import found_by_rules
from tieout.books.export import read_export
from tieout.books.rows import Problem
from tieout.books.rungs import with_rungs
from tieout.books.stage import run, stage
from tieout.config import Config
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.money import exponent_of
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.chain import Loose, Suspected, Walk, walk
from tieout.domain.reconcile.explain import left_over
from tieout.flows.settlement.rules import booking_rules

SCRIPTS = (
    "1_lines.sql",
    "2_orders.sql",
    "2_sales_lost.sql",
    "3_refunds.sql",
    "4_fees.sql",
    "5_missing.sql",
    "6_totals.sql",
    "6_documents_lost.sql",
    "7_told.sql",
    "8_unexplained.sql",
)
A_CENT_EACH = {Code.COMMISSION_NOT_REFUNDED, Code.CREDIT_WITHOUT_REFUND}
"""Findings whose effect is worked out, not read: each may be a minor unit or two beside."""
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


def reconcile_folder(folder: Path, config: Config, marketplaces: Iterable[str], as_of: date) -> Reconciled:
    """Compare an export folder. Raises ExportError, ConfigError."""
    names = list(marketplaces)
    export = read_export(folder, names, customers=customers_of(config, names), general_ledger=True, bank=True)
    rules = {name: booking_rules(config, name) for name in names}
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
    )


def customers_of(config: Config, marketplaces: Iterable[str]) -> dict[str, str]:
    """The marketplaces' names as NetSuite customers."""
    return {name: config.marketplaces[name].orders.sales_orders.customer.name or name for name in marketplaces}


def reconcile(books: Sequence[Books], rules: Mapping[str, BookingRules], as_of: date) -> Reconciled:
    """Compare books that were read. The answer is sorted, and does not depend on the order of anything."""
    with duckdb.connect() as engine:
        engine.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
        stage(engine, books, [rules[each.marketplace] for each in books], as_of)
        return compare(engine, rules, as_of)


def compare(engine: duckdb.DuckDBPyConnection, rules: Mapping[str, BookingRules], as_of: date) -> Reconciled:
    """Compare what is staged."""
    for script in SCRIPTS:
        run(engine, script)
    _leave_out_of_operators(engine, rules)
    findings = [_Finding(*row) for row in engine.execute("FROM finding WHERE amount <> 0 ORDER BY ALL").fetchall()]
    effects = _Effects(
        (
            _Effect(*row)
            for row in engine.execute(
                "SELECT code, mkp, key, cycle, doc, bucket, is_tax, a, placed FROM effect WHERE a <> 0 ORDER BY ALL"
            ).fetchall()
        ),
        {
            (mkp, cycle): number
            for mkp, cycle, number in engine.execute(
                "SELECT mkp, cycle, min(number) FROM document WHERE cycle IS NOT NULL AND NOT is_credit "
                "AND (type LIKE '%AUTO%' OR type LIKE 'FEES%') GROUP BY ALL"
            ).fetchall()
        },
    )
    findings += _chain(engine, effects)
    findings += _documents(engine, effects)
    findings += _cycles(engine, effects)
    breaks: list[Break] = []
    information: list[Break] = []
    for finding in findings:
        (information if finding.information else breaks).append(_told(finding, rules, as_of))
    breaks, information = with_rungs(engine, breaks), with_rungs(engine, information)
    return Reconciled(breaks=sorted(breaks, key=_place), information=sorted(information, key=_place))


def _leave_out_of_operators(engine: duckdb.DuckDBPyConnection, rules: Mapping[str, BookingRules]) -> None:
    """An operator bills nothing for another seller's goods; as a principal it buys them, and there is no commission."""
    for mode, codes in NOT_OF_OPERATORS.items():
        names = [name for name, each in rules.items() if each.mode is mode]
        for table in ("finding", "effect"):
            words = f"DELETE FROM {table} WHERE list_contains(?, mkp) AND list_contains(?, code)"  # noqa: S608  our names
            engine.execute(words, [names, sorted(codes)])


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
    """What the findings would change, added up for each total that they explain.

    Where the log has a running balance, only what it bears out explains anything, and exactly. Elsewhere every finding
    may, as far as some of them add up.
    """

    def __init__(self, effects: Iterable[_Effect], documents: Mapping[tuple[str, str], str]) -> None:
        self._documents = documents
        self._of: dict[str, list[_Effect]] = defaultdict(list)
        for effect in effects:
            self._of[effect.marketplace].append(effect)
        self._sure: dict[str, list[_Effect]] = {}
        self._gaps: dict[tuple[str, str], list[int]] = defaultdict(list)

    def suspected(self, marketplace: str, orders: Mapping[tuple[str, str, str], str | None]) -> list[Suspected]:
        """What may have left breaks in the running balance: lines one by one, what is missing as a whole."""
        found = []
        whole: dict[tuple[str, str], int] = defaultdict(int)
        for place, each in enumerate(self._of[marketplace]):
            if each.code == Code.UNMAPPED_TYPE:
                continue
            if not each.placed:
                whole[each.code, each.key] += each.amount
                continue
            order = orders.get((each.code, marketplace, each.key))
            found.append(Suspected(name=place, amount=each.amount, order=order))
        found += [
            Suspected(name=name, amount=amount, order=None, slack=2 if name[0] in A_CENT_EACH else 0)
            for name, amount in whole.items()
        ]
        return found

    def bear_out(self, marketplace: str, walk: Walk) -> None:
        """The marketplace's running balance decides what explains its totals."""
        sure = self._sure.setdefault(marketplace, [])
        for each in walk.borne_out:
            if isinstance(each.name, int):
                sure.append(self._of[marketplace][each.name])
                continue
            for effect in self._of[marketplace]:
                if (effect.code, effect.key) == each.name and not effect.placed:
                    sure.append(self._settled(effect, each.cycles))
        for gap in walk.gaps:
            if gap.start.cycle:
                self._gaps[marketplace, gap.start.cycle].append(-gap.amount)

    def _settled(self, effect: _Effect, cycles: Sequence[str | None]) -> _Effect:
        """Between two cycles the one that the day tells; else the one where the break is."""
        cycle = effect.cycle if effect.cycle in cycles else next((each for each in cycles if each), effect.cycle)
        document = effect.document
        if document is not None:
            document = self._documents.get((effect.marketplace, cycle or ""), document)
        return replace(effect, cycle=cycle, document=document, placed=True)

    def _split(
        self, marketplace: str, here: Callable[[_Effect], bool], maybe: Callable[[_Effect], bool]
    ) -> tuple[list[int], list[int]]:
        sure = self._sure.get(marketplace)
        pool = self._of[marketplace] if sure is None else sure
        certain: dict[tuple[str, str], int] = defaultdict(int)
        possible: dict[tuple[str, str], int] = defaultdict(int)
        for effect in pool:
            if here(effect):
                certain[effect.code, effect.key] += effect.amount
            elif maybe(effect):
                possible[effect.code, effect.key] += effect.amount
        if sure is not None:
            # A type that nobody knows moves the balance all the same; what is missing at the log's very beginning or
            # end leaves no break.
            told = {(effect.code, effect.key) for effect in sure}
            for effect in self._of[marketplace]:
                unseen = not effect.placed and (effect.code, effect.key) not in told
                if (unseen or effect.code == Code.UNMAPPED_TYPE) and (here(effect) or maybe(effect)):
                    possible[effect.code, effect.key] += effect.amount
        return [each for each in certain.values() if each], [each for each in possible.values() if each]

    def of_cycle(self, marketplace: str, cycle: str) -> tuple[list[int], list[int]]:
        """Effects on the cycle's sum: certain ones, possible ones."""
        certain, possible = self._split(
            marketplace,
            lambda each: each.cycle == cycle and each.code != Code.UNMAPPED_TYPE,
            lambda each: not each.placed,
        )
        return [*certain, *self._gaps[marketplace, cycle]], possible

    def of_document(self, marketplace: str, document: str, *, net: bool = False) -> tuple[list[int], list[int]]:
        """The same of a document's sum, with or without tax."""

        def counts(effect: _Effect) -> bool:
            return effect.document is not None and not (net and effect.is_tax)

        return self._split(
            marketplace,
            lambda each: each.document == document and counts(each) and not each.is_anywhere,
            lambda each: (not each.placed or each.document == document) and counts(each),
        )

    def of_bucket(self, marketplace: str, cycle: str, bucket: str, *, net: bool) -> tuple[list[int], list[int]]:
        """The same of a total in a cycle's summary. An unknown type may belong to any."""

        def counts(effect: _Effect) -> bool:
            return effect.bucket == bucket and not (net and effect.is_tax)

        certain, possible = self._split(
            marketplace,
            lambda each: each.cycle == cycle and counts(each),
            lambda each: (each.is_anywhere and each.cycle in {None, cycle}) or (not each.placed and counts(each)),
        )
        return certain, [*possible, *self._gaps[marketplace, cycle]]

    def is_exact(self, marketplace: str) -> bool:
        """Whether the running balance decides."""
        return marketplace in self._sure

    def inexact(self, marketplace: str) -> int:
        """Minor units by which worked-out effects may be beside."""
        pool = self._sure.get(marketplace, self._of[marketplace])
        return 2 * len({(each.code, each.key) for each in pool if each.code in A_CENT_EACH})


def _unexplained(difference: int, certain: Sequence[int], possible: Sequence[int], beside: int, *, exact: bool) -> int:
    left = left_over(difference, certain, possible, exact=exact)
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
        beside, exact = effects.inexact(mkp), effects.is_exact(mkp)
        net = _unexplained(log_net - document_net, *effects.of_document(mkp, number, net=True), beside, exact=exact)
        whole = _unexplained(log - document, here, elsewhere, beside, exact=exact)
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


def _widest_bucket(
    buckets: Iterable[tuple[str, bool, int, int]], marketplace: str, cycle: str, effects: _Effects
) -> tuple[int, str]:
    """The total of a cycle's summary that is off most, unexplained, and its name."""
    left, what = 0, ""
    for bucket, is_net, ours, theirs in buckets:
        here, elsewhere = effects.of_bucket(marketplace, cycle, bucket, net=is_net)
        if bucket in {"total_other_credits", "total_other_invoices"} and ours == -theirs:
            continue
        beside, exact = effects.inexact(marketplace), effects.is_exact(marketplace)
        over = _unexplained(ours - theirs, here, elsewhere, beside, exact=exact)
        if abs(over) > abs(left):
            left, what = over, f"{bucket}{'_excl_tax' if is_net else ''} of its summary"
    return left, what


def _cycles(engine: duckdb.DuckDBPyConnection, effects: _Effects) -> list[_Finding]:
    """What came in, plus what was carried on, is what was paid out (I3), in all (I4) and by bucket (I5)."""
    found: list[_Finding] = []
    carried: dict[str, int] = {}
    buckets: dict[tuple[str, str], list[tuple[str, bool, int, int]]] = defaultdict(list)
    for mkp, cycle, bucket, is_net, log, summary in engine.execute("FROM bucket_sides ORDER BY ALL").fetchall():
        buckets[mkp, cycle].append((bucket, is_net, log, summary))
    operators = {(mkp, cycle): off for mkp, cycle, off in engine.execute("FROM operator_sides").fetchall()}
    rows = engine.execute(
        "SELECT mkp, id, ccy, closed::DATE, to_seller, pay_out, log, paid, payments, before FROM cycle_sides "
        "ORDER BY mkp, closed, id"
    ).fetchall()
    for mkp, cycle, currency, day, to_seller, pay_out, log, paid, payments, before in rows:
        brought = carried.get(before, 0)
        here, elsewhere = effects.of_cycle(mkp, cycle)
        exact = effects.is_exact(mkp)
        beside = 0 if exact else effects.inexact(mkp)
        came_to = brought + log - (sum(here) if exact else 0)
        carried[cycle] = min(0, came_to) if to_seller == 0 else 0
        about: dict[str, Any] = {"cycle": cycle, "day": day}
        left = _unexplained(brought + log - to_seller - carried[cycle], here, elsewhere, beside, exact=exact)
        what = "the amount transferred"
        if not left:
            left, what = _widest_bucket(buckets[mkp, cycle], mkp, cycle, effects)
        if not left and (mkp, cycle) in operators:
            left, what = operators[mkp, cycle], "the amount transferred to the operator, by its own summary"
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
    payouts: dict[str, list[Suspected]] = defaultdict(list)
    for mkp, cycle, off in engine.execute(
        "SELECT mkp, id, to_seller + coalesce(paid, 0) FROM cycle_sides "
        "WHERE to_seller + coalesce(paid, 0) <> 0 AND (pay_out = 'PAID' OR payments > 0 "
        "OR id IN (SELECT before FROM cycle_sides))"
    ).fetchall():
        payouts[mkp].append(Suspected(name=("payout", cycle), amount=off, order=None))
    orders = {
        (code, mkp, key): order_id
        for code, mkp, key, order_id in engine.execute("SELECT code, mkp, key, order_id FROM finding").fetchall()
    }
    counted = {
        tuple(row[:3]): row[3:]
        for row in engine.execute(
            "SELECT mkp, shop, ccy, count(*), count(*) FILTER (bal IS NULL AND NOT is_memo) FROM l GROUP BY ALL"
        ).fetchall()
    }
    spans = _spans(engine)
    found: list[_Finding] = []
    # Balances that follow no chain, as far as it is known, or that are not there for every line, prove nothing.
    useless = {
        place[0] for place, (lines, bare) in counted.items() if bare or 3 * len(visits.get(place, ())) > max(lines, 9)
    }
    for mkp in {place[0] for place in counted} - useless:
        effects.bear_out(mkp, Walk((), ()))
    for (mkp, shop, currency), places in visits.items():
        if mkp in useless:
            continue
        starts, ends = _loose(engine, mkp, shop, currency, places)
        inner, is_closed = _closed(places, *spans[mkp, shop, currency], ends)
        if is_closed:
            starts, ends = _loose(engine, mkp, shop, currency, inner)
        walked = walk(starts, ends, [*effects.suspected(mkp, orders), *payouts[mkp]], is_closed=is_closed)
        effects.bear_out(mkp, walked)
        found += [
            _Finding(
                Code.CHAIN_GAP,
                mkp,
                gap.start.cycle or next(iter(sorted(gap.start.orders)), shop),
                currency,
                abs(gap.amount),
                cycle=gap.start.cycle,
                day=gap.start.at.date(),
                what=f"balance {_shown(gap.start.balance, currency)}",
            )
            for gap in walked.gaps
        ]
    return [each for each in found if each.amount]


_Steps = list[tuple[int, int]]


def _spans(engine: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], tuple[_Steps, _Steps]]:
    """The steps of each log's first and last instant: from which balance, to which one."""
    spans: dict[tuple[str, str, str], tuple[_Steps, _Steps]] = defaultdict(lambda: ([], []))
    rows = engine.execute(
        "WITH span AS (SELECT mkp, shop, ccy, min(created) AS first, max(created) AS last FROM l "
        "WHERE bal IS NOT NULL AND is_memo IS NOT TRUE GROUP BY ALL) "
        "SELECT l.mkp, l.shop, l.ccy, created = first, created = last, bal - a, bal FROM l "
        "JOIN span s ON s.mkp = l.mkp AND s.shop = l.shop AND s.ccy = l.ccy "
        "WHERE created IN (first, last) AND bal IS NOT NULL AND is_memo IS NOT TRUE ORDER BY ALL"
    ).fetchall()
    for mkp, shop, currency, is_first, is_last, left_at, reached in rows:
        firsts, lasts = spans[mkp, shop, currency]
        if is_first:
            firsts.append((left_at, reached))
        if is_last:
            lasts.append((left_at, reached))
    return spans


def _closed(
    places: Sequence[tuple[int, int]], firsts: _Steps, lasts: _Steps, ends: Sequence[Loose]
) -> tuple[list[tuple[int, int]], bool]:
    """The loose balances without the log's own beginning and end, and whether these are known.

    The log may begin with nothing, and come back to that with a payout: then its beginning is not loose, and what is
    missing after that payout would seem to begin it. The latest line by its time need not be the last one of the
    balance.
    """
    loose = dict(places)
    begins = Counter(left_at for left_at, _ in firsts) - Counter(reached for _, reached in firsts)
    finishes = Counter(reached for _, reached in lasts) - Counter(left_at for left_at, _ in lasts)
    begin = next((each for each in sorted(begins) if loose.get(each, 0) < 0), 0 if 0 in begins else None)
    if begin is None or not ends:
        return list(places), False
    latest = max(ends, key=lambda end: (end.at, end.line)).balance
    finish = next((each for each in sorted(finishes) if loose.get(each, 0) > 0), latest)
    if loose.get(begin, 0) < 0 and finish not in finishes:
        return list(places), False
    loose[begin] = loose.get(begin, 0) + 1
    loose[finish] = loose.get(finish, 0) - 1
    return [(balance, more) for balance, more in sorted(loose.items()) if more], True


def _loose(
    engine: duckdb.DuckDBPyConnection, mkp: str, shop: str, currency: str, places: Sequence[tuple[int, int]]
) -> tuple[list[Loose], list[Loose]]:
    """The lines at loose balances: the latest that reach one, the earliest that start from one."""
    near = engine.execute(
        "SELECT bal, a, created, cycle, order_id, id FROM l WHERE mkp = ? AND shop = ? AND ccy = ? AND bal IS NOT NULL "
        "AND (bal IN (SELECT unnest(?::BIGINT[])) OR bal - a IN (SELECT unnest(?::BIGINT[]))) ORDER BY created, id",
        [mkp, shop, currency, [each for each, _ in places], [each for each, _ in places]],
    ).fetchall()
    starting, reaching = defaultdict(list), defaultdict(list)
    for balance, amount, at, cycle, order_id, line in near:
        starting[balance - amount].append((at, cycle, order_id, line))
        reaching[balance].append((at, cycle, order_id, line))
    starts: list[Loose] = []
    ends: list[Loose] = []
    for balance, more in places:
        rows = reaching[balance][::-1] if more > 0 else starting[balance]
        here = frozenset(order_id for _, _, order_id, _ in rows if order_id)
        for place in range(abs(more)):
            if not rows:
                break
            at, cycle, _, line = rows[min(place, len(rows) - 1)]
            (ends if more > 0 else starts).append(Loose(balance=balance, at=at, cycle=cycle, orders=here, line=line))
    return starts, ends


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

"""Small books of a few orders with faults at random: the SQL engine and the second matcher tell the same breaks."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.oracle.matcher import Matcher, findings
from tests.oracle.small_books import AS_OF, FAULTS, RULES, SHOP, Order, again, an_order, small_books
from tests.oracle.unexplained import unexplained_findings
from tieout.books.reconcile import SCRIPTS, reconcile
from tieout.books.stage import run, stage
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.rules import Mode
from tieout.domain.reconcile.breaks import Code

TOTALS = {Code.CYCLE_NOT_TIED, Code.DOC_NOT_TIED, Code.CHAIN_GAP, Code.PAYOUT_DIFF}
"""What is left of sums: a matter of the running balance, which the second matcher does not read."""
Told = set[tuple[str, str, Decimal]]


def by_engine(books: Books, mode: Mode = Mode.RECORD_LEVEL) -> Told:
    found = reconcile([books], {SHOP: replace(RULES, mode=mode)}, AS_OF).breaks
    return {(each.code.value, each.key, each.amount) for each in found if each.code not in TOTALS}


def by_oracle(books: Books, whose: str = "seller") -> Told:
    found = findings(books, AS_OF, whose=whose)
    return {(each.code, each.key, each.amount) for each in found if not each.information and each.code not in TOTALS}


@pytest.mark.parametrize("given_back", [False, True], ids=["kept", "given back"])
def test_both_tell_the_same_of_one_order_with_each_fault(given_back: bool) -> None:
    clean = [an_order(number, 1000 * number + 37, given_back=given_back) for number in range(1, len(FAULTS) + 1)]
    books = small_books([fault(order) for fault, order in zip(FAULTS.values(), clean, strict=True)])

    engine = by_engine(books)

    assert engine == by_oracle(books)
    assert len({key for _, key, _ in engine}) >= len(FAULTS) - 7


@pytest.mark.parametrize(("mode", "whose"), [(Mode.OPERATOR, "agent"), (Mode.OPERATOR_PRINCIPAL, "principal")])
@pytest.mark.parametrize("given_back", [False, True], ids=["kept", "given back"])
def test_both_miss_no_invoice_in_an_operator_s_books(mode: Mode, whose: str, given_back: bool) -> None:
    """Its shops' goods are not billed there; what is wrong in the log itself is told as ever."""
    clean = [an_order(number, 1000 * number + 37, given_back=given_back) for number in range(1, len(FAULTS) + 1)]
    faulty = [fault(order) for fault, order in zip(FAULTS.values(), clean, strict=True)]
    books = small_books([replace(order, booked=()) for order in faulty])

    engine = by_engine(books, mode)

    assert engine == by_oracle(books, whose)
    codes = {code for code, _, _ in engine}
    assert {"UNKNOWN_ORDER", "DUPLICATE_TL", "SIGN_ANOMALY", "UNMAPPED_TYPE"} <= codes
    assert not codes & {"MISSING_IN_NS", "REFUND_UNMATCHED"}
    assert ("COMMISSION_RATE" in codes) == (whose == "agent")
    assert by_engine(books, Mode.RECORD_LEVEL) != engine, "a seller misses them all"


def left_by_engine(books: Books, lost: tuple[str, ...]) -> Told:
    """What the last script says where findings of these codes were lost before it."""
    with duckdb.connect() as engine:
        stage(engine, [books], [RULES], AS_OF)
        for script in SCRIPTS[:-1]:
            run(engine, script)
        engine.execute("DELETE FROM finding WHERE list_contains(?, code)", [list(lost)])
        run(engine, SCRIPTS[-1])
        rows = engine.execute("SELECT code, key, amount FROM finding WHERE code = 'UNEXPLAINED'").fetchall()
    return {(code, key, Decimal(pence) / 100) for code, key, pence in rows}


def left_by_oracle(books: Books, lost: tuple[str, ...]) -> Told:
    matcher = Matcher(books, AS_OF, 25, "seller")
    kept = [each for each in matcher.run() if each.code not in lost]
    return {(each.code, each.key, each.amount) for each in unexplained_findings(matcher, kept)}


@pytest.mark.parametrize(
    ("lost", "told"),
    [((), False), (("AMOUNT_DIFF",), True), (("DUPLICATE_NS",), True), (("AMOUNT_DIFF", "DUPLICATE_NS"), True)],
    ids=["none", "another price", "a second invoice", "both"],
)
def test_both_say_what_is_left_where_a_label_is_lost(lost: tuple[str, ...], told: bool) -> None:
    """Of orders and of refunds: their invoices and credit memos are too much, or there twice, or both."""
    memos = {
        "memo too high": lambda order: credited(order, order.booked[1].total + 3),
        "memo twice": lambda order: replace(order, booked=(*order.booked, replace(order.booked[1], number="2nd"))),
    }
    faults = [*FAULTS.values(), *memos.values(), lambda order: again(FAULTS["billed too much"](order))]
    clean = [an_order(number, 1000 * number + 37, given_back=True) for number in range(1, len(faults) + 1)]
    books = small_books([fault(order) for fault, order in zip(faults, clean, strict=True)])

    engine = left_by_engine(books, lost)

    assert engine == left_by_oracle(books, lost)
    assert bool(engine) is told


def credited(order: Order, total: Decimal) -> Order:
    invoice, memo = order.booked
    return replace(order, booked=(invoice, replace(memo, total=total)))


ORDERS = st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(100, 50_000), st.booleans())


@settings(max_examples=8, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_both_tell_the_same_of_any_orders(drawn: list[tuple[str, int, bool]], chance: Random) -> None:
    books = small_books(
        [
            FAULTS[fault](an_order(number, pence, given_back=back))
            for number, (fault, pence, back) in enumerate(drawn, 1)
        ]
    )
    books = replace(books, lines=tuple(chance.sample(books.lines, len(books.lines))))

    assert by_engine(books) == by_oracle(books)

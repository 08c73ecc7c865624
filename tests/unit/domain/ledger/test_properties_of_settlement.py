"""Whatever a log holds: records balance, hold every line once, do not depend on order, and sum up the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.domain.ledger.bookkeeping import a_document, a_memo, an_invoice, an_order, balances, log, rules
from tests.unit.domain.ledger.bookkeeping import books as the_books
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line, PayOut
from tieout.domain.ledger.proof import tie_out
from tieout.domain.ledger.rules import Mode
from tieout.domain.ledger.run import sum_of
from tieout.domain.ledger.settle import Status, review_hash, settle
from tieout.domain.ledger.side import side_of
from tieout.domain.ledger.types import TYPES, Group
from tieout.domain.money import ZERO

NAMES = sorted(name for name, rule in TYPES.items() if rule.group is not Group.PAYOUT)
FEES = {name for name, rule in TYPES.items() if rule.group in {Group.FEE, Group.MANUAL}}
FIRST = datetime(2026, 1, 28, tzinfo=UTC)
CLOSES = datetime(2026, 2, 10, tzinfo=UTC)
MODES = st.sampled_from(
    [Mode.RECORD_LEVEL, Mode.SUMMARY_JOURNAL, Mode.CASH_SALE, Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL]
)


@st.composite
def a_line(draw: st.DrawFn) -> Line:
    name = draw(st.sampled_from(NAMES))
    order = draw(st.integers(1, 4))
    created = FIRST + timedelta(hours=draw(st.integers(0, 300)))
    return Line(
        id="",
        type=name,
        amount=Decimal(draw(st.integers(-50_000, 50_000))) / 100,
        currency="EUR",
        created=created,
        updated=created,
        state=draw(st.sampled_from(["PAID", "PAYABLE", "NOT_APPLICABLE"])),
        document=draw(st.sampled_from(["D1", "D2", None])) if name in FEES else None,
        order_id=f"O-{order}",
        order_line_id=f"O-{order}-1",
        refund_id=f"R-{order}" if "REFUND" in name else None,
        tax_code=draw(st.sampled_from(["FR-20", "FR-5.5"])) if "TAX" in name else None,
    )


def numbered(lines: Sequence[Line], cycle: str) -> list[Line]:
    """In this cycle, with ids and document numbers of its own."""
    return [
        replace(line, id=f"{cycle}-{number}", cycle=cycle, document=line.document and f"{cycle}-{line.document}")
        for number, line in enumerate(lines)
    ]


def documents(lines: Sequence[Line]) -> list[Document]:
    """The legal documents that the lines belong to, to the cent."""
    made = []
    for number in sorted({line.document for line in lines if line.document}):
        own = [line for line in lines if line.document == number]
        net = -sum((line.amount for line in own if not TYPES[line.type].is_tax), ZERO)
        tax = -sum((line.amount for line in own if TYPES[line.type].is_tax), ZERO)
        made.append(a_document(str(net), str(tax), number))
    return made


NETSUITE: tuple[Booked, ...] = (
    an_invoice("300.00", "O-1"),
    an_invoice("90.00", "O-2"),
    an_invoice("80.00", "O-2", external_id="SECOND"),
    a_memo("120.00", "R-1", "O-1"),
)


def books(*groups: Sequence[Line], state: str = "TO_PAY") -> Books:
    cycles: list[Cycle] = []
    carried = ZERO
    for number, lines in enumerate(groups):
        total = sum_of(list(lines))
        to_seller = max(carried + total, ZERO)
        carried = tie_out(carried, total, to_seller).carried_out
        cycles.append(
            Cycle(
                id=f"C{number}",
                currency="EUR",
                closed_at=CLOSES + timedelta(minutes=number),
                to_seller=to_seller,
                to_operator=None,
                pay_out=PayOut(state=state, paid_at=CLOSES),
            )
        )
    every = [line for lines in groups for line in lines]
    return Books(
        marketplace="leroy-fr",
        lines=tuple(every),
        cycles=tuple(cycles),
        documents=tuple(documents(every)),
        booked=NETSUITE,
    )


LOGS = st.lists(a_line(), max_size=25)


@given(LOGS, MODES, st.sampled_from(["PAID", "TO_PAY", "FAILED"]), st.integers(4, 999))
def test_records_balance_hold_every_line_once_and_move_the_control_account_by_it(
    lines: list[Line], mode: Mode, state: str, most: int
) -> None:
    held = books(numbered(lines, "C0"), state=state)
    settled = settle(held, rules(mode.value, presentation="split", most_journal_lines=most))
    proof, side = settled.proofs[0], side_of(mode)
    assert proof.status is Status.TIED_OUT, proof.reasons
    memo_only = {
        line.id
        for line in held.lines
        if line.state == "NOT_APPLICABLE" and TYPES[line.type].group in {Group.SALE, Group.REFUND, Group.WASH}
    }
    amounts = {line.id: line.amount for line in held.lines if line.amount and line.id not in memo_only}
    payout = [each for each in settled.records if "-PO-" in each.external_id]
    moving = [
        each for each in settled.records if each not in payout and any(e.role is side.control for e in each.entries)
    ]
    assert Counter(each for record in moving for each in record.source_line_ids) == Counter(dict.fromkeys(amounts, 1))
    for record in moving:
        assert record.movement(side.control) * side.sign == sum(
            (amounts[each] for each in record.source_line_ids), ZERO
        )
    assert proof.posted_to_clearing == proof.sum_of_lines == sum(amounts.values(), ZERO)
    assert len(payout) == (state == "PAID" and proof.transferred > 0)
    names = [record.external_id.upper() for record in settled.records]
    assert len(set(names)) == len(names)


@given(st.data(), LOGS, MODES)
def test_the_order_of_lines_and_a_page_that_came_twice_do_not_matter(
    data: st.DataObject, lines: list[Line], mode: Mode
) -> None:
    held = books(numbered(lines, "C0"))
    other = data.draw(st.permutations(held.lines + held.lines[:5]))
    rule = rules(mode.value, presentation="split")
    assert review_hash(settle(held, rule).records) == review_hash(
        settle(replace(held, lines=tuple(other)), rule).records
    )


@given(LOGS, MODES)
def test_a_run_after_the_records_are_in_netsuite_says_the_same(lines: list[Line], mode: Mode) -> None:
    rule = rules(mode.value, presentation="split")
    held = books(numbered(lines, "C0"))
    first = settle(held, rule)
    ours = tuple(
        Booked(external_id=each.external_id, type="Journal", number="", day=each.day, currency="EUR", total=Decimal(1))
        for each in first.records
    )
    paid = tuple(replace(each, unpaid=ZERO) for each in held.booked)
    assert review_hash(settle(replace(held, booked=paid + ours), rule).records) == review_hash(first.records)


@given(LOGS, LOGS, MODES)
def test_two_cycles_or_one_come_to_the_same_on_every_account(one: list[Line], other: list[Line], mode: Mode) -> None:
    rule = rules(mode.value, presentation="split")
    first, second = numbered(one, "C0"), numbered(other, "C1")
    apart = settle(books(first, second), rule)
    merged = settle(books([*first, *(replace(line, cycle="C0") for line in second)]), rule)
    assert {proof.status for proof in (*apart.proofs, *merged.proofs)} == {Status.TIED_OUT}
    assert balances(apart.records) == balances(merged.records)


@given(
    st.integers(1, 100_000),
    st.integers(0, 5_000),
    st.lists(st.integers(0, 3_000), min_size=1, max_size=3),
    st.sampled_from(["summary_journal", "cash_sale"]),
)
def test_tax_inside_the_price_comes_out_whole_however_price_and_shipping_share_it(
    price: int, shipping: int, taxes: list[int], mode: str
) -> None:
    gross, tax = Decimal(price + shipping) / 100, {f"T{n}": f"{Decimal(each) / 100}" for n, each in enumerate(taxes)}
    lines = log(f"ORDER_AMOUNT +{Decimal(price) / 100:.2f} ORDER_SHIPPING_AMOUNT +{Decimal(shipping) / 100:.2f}")
    settled = settle(the_books(lines, an_order(str(gross), tax)), rules(mode, presentation="embedded"))
    left = balances(settled.records)
    assert left.get("vat_output", ZERO) == -Decimal(sum(taxes)) / 100
    assert sum((left.get(role, ZERO) for role in ("sales_revenue", "shipping_revenue", "vat_output")), ZERO) == -gross

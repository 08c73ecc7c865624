"""Each invariant that an export can show holds on a settled month, and on a copy broken on purpose it does not.

Every broken copy is looked at twice: by the formula (`invariants.py`), and by what finance sees: the break that is
told, the cycle that is held, or the row that is refused.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.shared import ROOT, shared
from tests.unit.books.invariants import contradicted, i12_applications
from tieout.books.close.cycles import operator_difference
from tieout.books.export import Export, read_export
from tieout.books.reconcile import reconcile
from tieout.config import read_config
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line
from tieout.domain.ledger.proof import Settled, Status
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO
from tieout.domain.reconcile.breaks import Code
from tieout.flows.settlement.rules import booking_rules

UK, EU = "brightside-uk", "maison-eu"
MARKETPLACES = (UK, EU)
WORLD = "worlds/gift-shop-settled"
CONFIG = read_config(ROOT / "config/gift-shop.yaml")
AS_OF = date(2026, 11, 30)
ONE = Decimal("1.00")


@cache
def export() -> Export:
    return read_export(shared(WORLD), MARKETPLACES)


def month(marketplace: str) -> Books:
    return export().books[marketplace]


def told(books: Books) -> set[tuple[Code, str, Decimal]]:
    found = reconcile([books], {books.marketplace: booking_rules(CONFIG, books.marketplace)}, AS_OF)
    return {(each.code, each.key, each.amount) for each in found.breaks}


def booked(books: Books) -> Settled:
    return settle(books, booking_rules(CONFIG, books.marketplace))


def held(books: Books) -> set[str]:
    return {proof.cycle for proof in booked(books).proofs if proof.status is Status.HELD}


def place_of(books: Books, kind: str, number: int = 0) -> int:
    return [place for place, line in enumerate(books.lines) if line.type == kind and line.amount][number]


def with_line(books: Books, place: int, *lines: Line) -> Books:
    return replace(books, lines=(*books.lines[:place], *lines, *books.lines[place + 1 :]))


def with_cycle(books: Books, change: Callable[[Cycle], Cycle]) -> Books:
    first, second, *rest = books.cycles
    return replace(books, cycles=(first, change(second), *rest))


def with_document(books: Books, change: Callable[[Document], Document]) -> Books:
    first, *rest = books.documents
    return replace(books, documents=(change(first), *rest))


def with_invoice(books: Books, change: Callable[[Booked], Booked]) -> Books:
    first, *rest = books.booked
    return replace(books, booked=(change(first), *rest))


@pytest.mark.parametrize("marketplace", MARKETPLACES)
def test_all_of_them_hold_on_a_settled_month(marketplace: str) -> None:
    books = month(marketplace)

    assert contradicted(books) == set()
    assert i12_applications(books, booked(books).records) == []
    assert (told(books), held(books), export().problems) == (set(), set(), [])


# --- I1, I22: rows as they were read ----------------------------------------------------------------------------------


Row = dict[str, Any]


def rewritten(folder: Path, change: Callable[[list[Row]], list[Row]]) -> Export:
    """The export of one marketplace with other transaction lines."""
    path = f"mirakl/{EU}/transaction_lines.ndjson.gz"
    for each in (shared(WORLD) / "mirakl" / EU).iterdir():
        target = folder / "mirakl" / EU / each.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(each)
    (folder / "netsuite").symlink_to(shared(WORLD) / "netsuite")
    rows = [json.loads(row) for row in gzip.decompress((shared(WORLD) / path).read_bytes()).splitlines()]
    (folder / path).unlink()
    (folder / path).write_bytes(gzip.compress("\n".join(map(json.dumps, change(rows))).encode(), 1))
    return read_export(folder, [EU])


@pytest.mark.parametrize(
    "sides",
    [
        pytest.param({"amount": 10.0, "amount_credited": 9.0, "amount_debited": 0.0}, id="credited is another amount"),
        pytest.param({"amount": 10.0, "amount_credited": 0.0, "amount_debited": 10.0}, id="on the wrong side"),
        pytest.param({"amount": 10.0, "amount_credited": 15.0, "amount_debited": 5.0}, id="on both sides"),
    ],
)
def test_i1_a_line_that_contradicts_itself_is_refused_and_its_cycle_held(sides: Row, tmp_path: Path) -> None:
    found = rewritten(tmp_path, lambda rows: [{**rows[0], **sides}, *rows[1:]])

    assert [(each.line, each.file) for each in found.problems] == [(1, f"mirakl/{EU}/transaction_lines.ndjson.gz")]
    assert "amount" in found.problems[0].message
    assert month(EU).cycles[0].id in held(found.books[EU])


def test_i22_pages_that_overlap_add_nothing(tmp_path: Path) -> None:
    again = rewritten(tmp_path, lambda rows: [*rows[:2500], *rows[2000:], *reversed(rows[:100])])

    assert again.books[EU].lines == month(EU).lines
    assert again.problems == []


def test_i22_a_page_that_was_never_read_breaks_the_balance(tmp_path: Path) -> None:
    books = rewritten(tmp_path, lambda rows: [*rows[:1500], *rows[1600:]]).books[EU]

    assert {"I2", "I5"} <= contradicted(books)
    assert told(books)
    assert held(books)


def test_i22_a_line_that_comes_again_with_other_content_and_the_same_date_is_a_problem(tmp_path: Path) -> None:
    other = {"amount": 10.0, "amount_credited": 10.0, "amount_debited": 0}
    found = rewritten(tmp_path, lambda rows: [*rows, {**rows[0], **other}])

    assert [each.line for each in found.problems] == [len(month(EU).lines) + 1]
    assert month(EU).cycles[0].id in held(found.books[EU])


# --- I2: the running balance ------------------------------------------------------------------------------------------


def test_i2_a_balance_that_jumps_where_no_line_says_why() -> None:
    books = month(UK)
    middle = books.lines[len(books.lines) // 2].created
    later = [
        replace(line, balance=(line.balance or ZERO) + 5) if line.created >= middle else line for line in books.lines
    ]
    broken = replace(books, lines=tuple(later))

    assert contradicted(broken) == {"I2"}
    assert (Code.CHAIN_GAP, Decimal(5)) in {(code, amount) for code, _, amount in told(broken)}


def test_i2_i3_i5_i6_a_fee_that_was_lost() -> None:
    books = month(UK)
    lost = place_of(books, "SUBSCRIPTION_FEE")
    amount, cycle = -books.lines[lost].amount, books.lines[lost].cycle
    broken = with_line(books, lost)

    assert contradicted(broken) == {"I2", "I3", "I5", "I6"}
    assert (Code.CHAIN_GAP, amount) in {(code, told_amount) for code, _, told_amount in told(broken)}
    assert held(broken) == {cycle}


def test_the_order_of_the_lines_means_nothing_to_the_balance() -> None:
    books = month(UK)

    assert contradicted(replace(books, lines=books.lines[::-1])) == set()


# --- I3, I4, I5: cycles -----------------------------------------------------------------------------------------------


def test_i3_a_cycle_that_transferred_another_amount() -> None:
    broken = with_cycle(month(UK), lambda cycle: replace(cycle, to_seller=cycle.to_seller + ONE))
    cycle = broken.cycles[1].id

    assert contradicted(broken) == {"I3"}
    assert told(broken) == {(Code.CYCLE_NOT_TIED, cycle, ONE)}
    assert cycle in held(broken)


def test_i3_money_is_never_kept_back() -> None:
    """A cycle may carry a debt to the next one, never what it owes the seller."""
    broken = with_cycle(month(UK), lambda cycle: replace(cycle, to_seller=Decimal(0)))

    assert contradicted(broken) == {"I3"}
    assert broken.cycles[1].id in held(broken)


def test_i4_an_operator_that_was_transferred_another_amount() -> None:
    broken = with_cycle(month(UK), lambda cycle: replace(cycle, to_operator=(cycle.to_operator or ZERO) + ONE))

    assert contradicted(broken) == {"I4"}
    assert [operator_difference(cycle) for cycle in broken.cycles] == [0, ONE, 0]
    assert told(broken) == {(Code.CYCLE_NOT_TIED, broken.cycles[1].id, ONE)}


@pytest.mark.parametrize("total", ["total_commissions_excl_tax", "total_refund_payable_orders_incl_tax"])
def test_i5_a_total_that_is_not_the_sum_of_its_lines(total: str) -> None:
    broken = with_cycle(
        month(EU), lambda cycle: replace(cycle, summary={**cycle.summary, total: cycle.summary[total] - ONE})
    )

    assert contradicted(broken) == {"I5"}
    assert told(broken) == {(Code.CYCLE_NOT_TIED, broken.cycles[1].id, ONE)}


# --- I6: legal documents ----------------------------------------------------------------------------------------------


def taxed(document: Document, net: Decimal, tax: Decimal) -> Document:
    """With another net and another tax."""
    ((code, was),) = document.taxes.items()
    net, tax = document.net + net, was + tax
    return replace(document, net=net, taxes={code: tax}, gross=net + tax)


@pytest.mark.parametrize(
    ("net", "tax", "amount"),
    [
        pytest.param("0.01", "0", "0.01", id="a cent of net"),
        pytest.param("0", "1000", "1000", id="tax beyond all rounding"),
        pytest.param("5", "-5", "5", id="net taken from the tax"),
    ],
)
def test_i6_a_document_that_says_something_else(net: str, tax: str, amount: str) -> None:
    broken = with_document(month(UK), lambda document: taxed(document, Decimal(net), Decimal(tax)))

    assert contradicted(broken) == {"I6"}
    assert told(broken) == {(Code.DOC_NOT_TIED, broken.documents[0].number, Decimal(amount))}
    assert broken.documents[0].cycle in held(broken)


def test_i6_a_cent_of_tax_is_rounding_and_the_document_wins() -> None:
    books = with_document(month(UK), lambda document: taxed(document, Decimal(0), Decimal("0.01")))

    assert (contradicted(books), told(books), held(books)) == (set(), set(), set())


# --- I10, I11, I12: orders and their documents ------------------------------------------------------------------------


def test_i10_an_invoice_of_another_amount() -> None:
    broken = with_invoice(month(UK), lambda invoice: replace(invoice, total=invoice.total + ONE))

    assert contradicted(broken) == {"I10"}
    assert told(broken) == {(Code.AMOUNT_DIFF, broken.booked[0].order_id, ONE)}


def remitted(share: Decimal) -> Books:
    """The tax of one order is the operator's to pay: it takes a share of each line of it."""
    books = month(EU)
    order = books.lines[place_of(books, "ORDER_AMOUNT_TAX")].order_id
    taken = [
        replace(
            line,
            id=f"{line.id}-taken",
            type=f"OPERATOR_REMITTED_{line.type}",
            amount=-line.amount * share,
            balance=None,
            credited=None,
            debited=None,
        )
        for line in books.lines
        if line.order_id == order and line.type.endswith("AMOUNT_TAX") and not line.refund_id
    ]
    return replace(books, lines=(*books.lines, *taken))


def test_i11_tax_that_the_operator_remits_in_part() -> None:
    assert "I11" not in contradicted(remitted(Decimal(1)))
    assert Code.WASH_NOT_ZERO not in {code for code, _, _ in told(remitted(Decimal(1)))}

    broken = remitted(Decimal("0.5"))

    assert "I11" in contradicted(broken)
    assert Code.WASH_NOT_ZERO in {code for code, _, _ in told(broken)}


def test_i12_an_invoice_with_more_applied_to_it_than_it_is_for() -> None:
    broken = with_invoice(month(UK), lambda invoice: replace(invoice, unpaid=Decimal("-3.00")))

    assert contradicted(broken) == {"I12"}
    assert told(broken) == {(Code.OVER_APPLIED, broken.booked[0].order_id, Decimal("3.00"))}


def test_i12_what_is_more_than_the_invoice_is_not_applied_to_it() -> None:
    books = with_invoice(month(UK), lambda invoice: replace(invoice, total=invoice.total - ONE))

    assert i12_applications(books, booked(books).records) == []


def test_i12_no_invoice_is_paid_by_two_cycles() -> None:
    for marketplace in MARKETPLACES:
        payers: dict[str, set[str]] = {}
        for record in booked(month(marketplace)).records:
            for each in record.applications:
                payers.setdefault(each.external_id, set()).add(record.cycle)
        assert all(len(cycles) == 1 for cycles in payers.values())


# --- whatever happens to a line ---------------------------------------------------------------------------------------


def cent_more(line: Line) -> Line:
    return replace(line, amount=line.amount + Decimal("0.01"))


FAULTS: dict[str, Callable[[Line], tuple[Line, ...]]] = {
    "lost": lambda _: (),
    "doubled": lambda line: (line, replace(line, id=f"{line.id}-again")),
    "a cent more": lambda line: (cent_more(line),),
    "turned": lambda line: (replace(line, amount=-line.amount),),
    "of another type": lambda line: (replace(line, type="REFUND_COMMISSION_VAT"),),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(sorted(FAULTS)))
def test_nothing_can_be_done_to_a_line_that_no_invariant_sees(data: st.DataObject, fault: str) -> None:
    books = month(EU)
    place = data.draw(
        st.integers(0, len(books.lines) - 1).filter(
            lambda at: books.lines[at].amount != 0 and books.lines[at].type != "REFUND_COMMISSION_VAT"
        )
    )

    assert contradicted(with_line(books, place, *FAULTS[fault](books.lines[place])))


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("kind", ["ORDER_AMOUNT", "ORDER_AMOUNT_TAX", "COMMISSION_FEE", "REFUND_ORDER_AMOUNT"])
def test_and_the_engine_tells_it_too(kind: str, fault: str) -> None:
    books = month(EU)
    place = place_of(books, kind, 7)
    broken = with_line(books, place, *FAULTS[fault](books.lines[place]))

    assert told(broken)
    assert books.lines[place].cycle in held(broken)

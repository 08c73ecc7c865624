"""What must hold of every run, by the numbers of the domain reference, on the two worlds and in every mode."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.shared import shared
from tests.unit.domain.ledger.bookkeeping import CHART, balances
from tieout.books.export import read_export
from tieout.config import read_config
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.settle import Settled, Status, review_hash, settle
from tieout.domain.ledger.side import side_of
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO
from tieout.flows.settlement.rules import booking_rules

CONFIG = read_config(Path(__file__).parents[4] / "config/gift-shop.yaml")
MARKETPLACES = ("brightside-uk", "maison-eu")
MODES = tuple(Mode)
WORLDS = ("worlds/gift-shop-settled", "worlds/gift-shop-breaks")
CASES = [
    pytest.param(world, marketplace, mode, id=f"{world.removeprefix('worlds/gift-shop-')}-{marketplace}-{mode.value}")
    for world in WORLDS
    for marketplace in MARKETPLACES
    for mode in MODES
]


@cache
def the_books(world: Path, marketplace: str) -> Books:
    return read_export(world, [marketplace]).books[marketplace]


def the_rules(marketplace: str, mode: Mode) -> BookingRules:
    """The shipped rules; for an operator, whose books those are not, every role has an account."""
    rules = booking_rules(CONFIG, marketplace)
    if mode in {Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL}:
        rules = replace(rules, accounts=(AccountVersion(rules.accounts[0].since, None, CHART),))
    return replace(rules, mode=mode)


@cache
def settled_of(world: Path, marketplace: str, mode: Mode) -> Settled:
    return settle(the_books(world, marketplace), the_rules(marketplace, mode))


def control_moved(records: tuple[Record, ...], control: Role) -> list[Record]:
    return [record for record in records if any(entry.role is control for entry in record.entries)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("marketplace", MARKETPLACES)
def test_i3_every_cycle_of_the_settled_month_ties_out_to_nothing(marketplace: str, mode: Mode) -> None:
    proofs = settled_of(shared(WORLDS[0]), marketplace, mode).proofs
    assert [(proof.status, proof.residual) for proof in proofs] == [(Status.TIED_OUT, ZERO)] * 3
    assert all(proof.posted_to_clearing == proof.sum_of_lines for proof in proofs)


def test_i3_of_the_month_with_faults_only_what_ties_out_is_booked() -> None:
    settled = settled_of(shared(WORLDS[1]), "brightside-uk", Mode.RECORD_LEVEL)
    assert [proof.status for proof in settled.proofs] == [Status.HELD] * 3
    assert all(proof.reasons for proof in settled.proofs)
    assert settled.records == ()


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i7_every_line_moves_the_control_account_once_and_its_record_by_its_amount(
    world: str, marketplace: str, mode: Mode
) -> None:
    books, settled = the_books(shared(world), marketplace), settled_of(shared(world), marketplace, mode)
    side = side_of(mode)
    tied = {proof.cycle for proof in settled.proofs if proof.status is Status.TIED_OUT}
    paid = {cycle.id for cycle in books.cycles if cycle.pay_out.state == "PAID"}
    amounts = {
        line.id: line.amount
        for line in books.lines
        if line.amount and line.cycle in tied and (line.type != "PAYMENT" or line.cycle in paid)
    }
    moving = control_moved(settled.records, side.control)
    assert Counter(each for record in moving for each in record.source_line_ids) == Counter(dict.fromkeys(amounts, 1))
    for record in moving:
        of_lines = sum((amounts[each] for each in record.source_line_ids), ZERO)
        assert record.movement(side.control) * side.sign == of_lines


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i8_every_record_balances_has_one_side_an_entry_and_stays_under_the_limit(
    world: str, marketplace: str, mode: Mode
) -> None:
    for record in settled_of(shared(world), marketplace, mode).records:
        assert sum(entry.debit for entry in record.entries) == sum(entry.credit for entry in record.entries)
        assert all((entry.debit > 0) != (entry.credit > 0) for entry in record.entries)
        assert all(entry.account for entry in record.entries)
        assert len(record.entries) < 1000
        assert len(record.applications) <= 500


@pytest.mark.parametrize("marketplace", MARKETPLACES)
def test_i10_what_is_applied_to_an_order_s_documents_is_what_its_lines_say(marketplace: str) -> None:
    books = the_books(shared(WORLDS[0]), marketplace)
    order_of = {each.external_id: each.order_id for each in books.booked}
    applied: dict[str | None, Decimal] = {}
    for record in settled_of(shared(WORLDS[0]), marketplace, Mode.RECORD_LEVEL).records:
        sign = {RecordType.CUSTOMER_PAYMENT: 1, RecordType.CUSTOMER_REFUND: -1}.get(record.type, 0)
        for each in record.applications:
            if sign:
                order = order_of[each.external_id]
                applied[order] = applied.get(order, ZERO) + sign * each.amount
    in_log: dict[str | None, Decimal] = {}
    for line in books.lines:
        rule = rule_of(line.type)
        if line.cycle and rule and rule.group in {Group.SALE, Group.REFUND}:
            in_log[line.order_id] = in_log.get(line.order_id, ZERO) + line.amount
    assert applied == in_log


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i11_nothing_stays_on_what_only_passes_through(world: str, marketplace: str, mode: Mode) -> None:
    left = balances(settled_of(shared(world), marketplace, mode).records)
    assert not {"facilitator_tax_wash", "order_fee_pass_through"} & set(left)


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i12_no_document_is_applied_beyond_its_total(world: str, marketplace: str, mode: Mode) -> None:
    books = the_books(shared(world), marketplace)
    totals = {each.external_id: abs(each.total) for each in books.booked}
    used: dict[str, Decimal] = {}
    for record in settled_of(shared(world), marketplace, mode).records:
        if record.type in {RecordType.CUSTOMER_PAYMENT, RecordType.CUSTOMER_REFUND}:
            for each in record.applications:
                used[each.external_id] = used.get(each.external_id, ZERO) + each.amount
    assert all(amount <= totals[name] for name, amount in used.items())


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i13_another_run_gives_the_same_hash_whatever_the_order_of_the_lines(
    world: str, marketplace: str, mode: Mode
) -> None:
    books = the_books(shared(world), marketplace)
    lines, cycles = list(books.lines), list(books.cycles)
    random.Random(7).shuffle(lines)
    random.Random(8).shuffle(cycles)
    again = settle(replace(books, lines=tuple(lines), cycles=tuple(cycles)), the_rules(marketplace, mode))
    first = settled_of(shared(world), marketplace, mode)
    assert review_hash(again.records) == review_hash(first.records)
    assert again.proofs == first.proofs


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i13_external_ids_are_given_once(world: str, marketplace: str, mode: Mode) -> None:
    names = Counter(record.external_id.upper() for record in settled_of(shared(world), marketplace, mode).records)
    assert all(count == 1 for count in names.values())


@pytest.mark.parametrize(("world", "marketplace", "mode"), CASES)
def test_i17_rounding_is_no_more_than_half_a_cent_a_tax_line(world: str, marketplace: str, mode: Mode) -> None:
    taxes = Counter(line.document for line in the_books(shared(world), marketplace).lines if line.type.endswith("_VAT"))
    for record in settled_of(shared(world), marketplace, mode).records:
        rounding = abs(record.movement(Role.ROUNDING))
        assert rounding <= Decimal("0.005") * taxes[record.number]


@pytest.mark.parametrize("marketplace", MARKETPLACES)
def test_i21_the_operator_owes_what_the_seller_s_clearing_account_shows(marketplace: str) -> None:
    world = shared(WORLDS[0])
    seller = settled_of(world, marketplace, Mode.RECORD_LEVEL).records
    operator = settled_of(world, marketplace, Mode.OPERATOR).records
    clearing = sum((record.movement(Role.MARKETPLACE_CLEARING) for record in seller), ZERO)
    payable = sum((record.movement(Role.SELLER_PAYABLE) for record in operator), ZERO)
    assert clearing == -payable != ZERO


@pytest.mark.parametrize("marketplace", MARKETPLACES)
def test_all_seller_modes_leave_the_same_in_clearing(marketplace: str) -> None:
    world = shared(WORLDS[0])
    left = {
        sum((each.movement(Role.MARKETPLACE_CLEARING) for each in settled_of(world, marketplace, mode).records), ZERO)
        for mode in (Mode.RECORD_LEVEL, Mode.SUMMARY_JOURNAL, Mode.CASH_SALE)
    }
    assert len(left) == 1

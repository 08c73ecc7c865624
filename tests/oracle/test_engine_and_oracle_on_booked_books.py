"""Books that were booked, with faults at random: the rules of `books.by_rules` and the oracle tell the same of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from tests.oracle.booked_books import BY_WORDS, NAME, BookedBooks, booked_books, cycles_of, ledger_of
from tests.oracle.by_shop import item_findings
from tests.oracle.small_books import FIRST, an_order
from tests.oracle.told import BY_RULES, Told, by_engine, by_hand
from tests.shared import ROOT
from tieout.books.by_rules import found_by_rules
from tieout.config import Config, read_config
from tieout.domain.ledger.line import Books, Document, DocumentItem, Line
from tieout.domain.ledger.rules import Mode
from tieout.domain.reconcile.manual import unclassified


@pytest.fixture(scope="module")
def config() -> Config:
    return read_config(ROOT / "config/gift-shop.yaml")


def both(case: BookedBooks, config: Config, folder: Path) -> tuple[Told, Told]:
    found = found_by_rules(folder, case.export(folder), config, {NAME: BY_WORDS}, [])
    return (
        by_engine([*found.breaks, *found.information]),
        by_hand(case.books, BY_WORDS, case.ledger, case.older, case.balances, case.closed),
    )


def test_both_tell_the_same_of_any_books_and_every_code_is_told(config: Config, tmp_path: Path) -> None:
    seen: dict[str, int] = {}

    @settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(booked_books())
    def agree(case: BookedBooks) -> None:
        engine, oracle = both(case, config, tmp_path)
        assert engine == oracle
        for code in {code for code, _, _ in oracle}:
            seen[code] = seen.get(code, 0) + 1

    agree()

    assert seen.keys() == {code.value for code in BY_RULES}
    assert min(seen.values()) >= 5, seen


def test_what_an_earlier_cycle_owed_is_in_what_the_next_one_was_booked_from(config: Config, tmp_path: Path) -> None:
    """The first cycle ends below zero. Its commission changed, and a day later that of the second, which is booked."""
    first, second = an_order(1, 100, given_back=False), an_order(650, 5000, given_back=False)
    reserve = replace(first.lines[0], id="reserve", type="RESERVE_FUNDING", amount=Decimal(-90), order_id=None)
    lines = (*first.lines, reserve, *(replace(line, cycle="cycle-2") for line in second.lines))
    books = Books(marketplace=NAME, lines=lines, cycles=cycles_of(list(lines), paid=False))
    fee, vat = lines[7], lines[8]
    newer = {
        lines[2].id: replace(lines[2], amount=lines[2].amount + 1, updated=FIRST + timedelta(days=50)),
        fee.id: replace(fee, amount=fee.amount + 1, updated=FIRST + timedelta(days=51)),
        vat.id: replace(vat, amount=vat.amount - 1, updated=FIRST + timedelta(days=51)),
    }
    case = BookedBooks(
        books=replace(books, lines=tuple(newer.get(line.id, line) for line in lines)),
        older=(lines[2], fee, vat),
        ledger=tuple(ledger_of(books)["cycle-2"]),
        balances=(),
        closed=(),
    )

    engine, oracle = both(case, config, tmp_path)

    assert engine == oracle == {("SOURCE_CHANGED_AFTER_POST", "cycle-2", Decimal(2))}


@pytest.mark.parametrize("mode", [Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL])
def test_both_tell_a_document_s_items_by_shop_in_an_operator_s_books(mode: Mode) -> None:
    """Shops that number their own documents have numbers in common: one of two such documents is of a rule's words."""

    def written(shop: str, words: str) -> tuple[Line, Document]:
        at = FIRST + timedelta(days=3)
        item = DocumentItem(description=words, net=Decimal(20))
        return (
            Line(
                id=f"item-{shop}",
                type="MANUAL_INVOICE",
                amount=Decimal(-20),
                currency="GBP",
                created=at,
                updated=at,
                document="900",
                shop=shop,
            ),
            Document(
                number="900",
                type="MANUAL_INVOICE",
                currency="GBP",
                issued=at,
                net=Decimal(20),
                gross=Decimal(20),
                items=(item,),
                shop=shop,
            ),
        )

    pairs = [written("2001", "Lost parcel"), written("2002", "as agreed"), written("2003", "so")]
    lines, documents = tuple(line for line, _ in pairs), tuple(document for _, document in pairs)
    books = Books(marketplace=NAME, lines=lines, cycles=(), documents=documents)
    rules = replace(BY_WORDS, mode=mode)

    engine = by_engine(unclassified(books, rules))

    assert engine == {(each.code, each.key, each.amount) for each in item_findings(books, rules, "operator")}
    assert engine == {("MANUAL_UNCLASSIFIED", f"{shop}/900", Decimal(20)) for shop in (2002, 2003)}

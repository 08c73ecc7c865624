"""Books that were booked, with faults at random: the rules of `books.by_rules` and the oracle tell the same of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.oracle.booked_books import BY_WORDS, NAME, BookedBooks, booked_books
from tests.oracle.told import BY_RULES, Told, by_engine, by_hand
from tests.shared import ROOT
from tieout.books.by_rules import found_by_rules
from tieout.config import Config, read_config


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

"""How well breaks are found in made-up months whose faults are known: precision, recall, money, by regime.

`python -m benchmarks.scores --regime R2 --seed 7` shows where the reconciliation and the truth of one month disagree.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import floor
from pathlib import Path

from msgspec import Struct

from benchmarks.result import Result
from sandbox import decimal_json
from sandbox.months.market import DEFAULT, MARKETS
from sandbox.months.month import month, write
from sandbox.months.regimes import Regime
from sandbox.months.settings import write_settings
from tieout.books.reconcile import reconcile_folder
from tieout.config import read_config
from tieout.domain.reconcile.breaks import Break

ORDERS, SEEDS, AS_OF = 400, range(1, 9), date(2026, 11, 30)
BEGINS = datetime(2026, 9, 1, tzinfo=UTC)
OTHERS = ("nihon-jp", "souk-kw")
"""Marketplaces without cents, and with a thousand of them; every second month is theirs."""
WORDS = {
    Regime.R0: "clean books",
    Regime.R1: "one fault an order",
    Regime.R2: "up to four faults an order",
    Regime.R3: "faults that offset each other",
    Regime.R4: "pages twice, out of order, lines before and after",
    Regime.R5: "fields and values nobody knows",
}


class Found(Struct, frozen=True):
    """A break as it is compared: what it is about, and how much."""

    amount: Decimal
    marketplace: str
    order_id: str | None


Table = dict[tuple[str, str], Found]
"""By key and code."""


def worth(found: Found | None) -> Decimal:
    """Its amount in pounds, at the prices that the shop asks on each marketplace."""
    if found is None:
        return Decimal(0)
    market = MARKETS[found.marketplace]
    return found.amount.scaleb(market.exponent) / market.unit


class Score(Struct):
    """Sums over months; money in pounds at the shop's own prices, so that no currency weighs more than another."""

    expected: int = 0
    told: int = 0
    right: int = 0
    placed: int = 0
    """Right ones that name the marketplace and the order as well."""
    money: Decimal = Decimal(0)
    money_found: Decimal = Decimal(0)
    residual: Decimal = Decimal(0)
    """Money on which the two disagree, missing and invented breaks included."""

    def add(self, truth: Table, found: Table) -> None:
        both = truth.keys() & found.keys()
        self.expected += len(truth)
        self.told += len(found)
        self.right += len(both)
        for key in both:
            same = (truth[key].marketplace, truth[key].order_id) == (found[key].marketplace, found[key].order_id)
            self.placed += same
            self.money_found += min(worth(truth[key]), worth(found[key]))
        self.money += sum(map(worth, truth.values()), Decimal(0))
        for key in truth.keys() | found.keys():
            self.residual += abs(worth(found.get(key)) - worth(truth.get(key)))

    @property
    def precision(self) -> float:
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def money_recall(self) -> float:
        return float(self.money_found / self.money) if self.money else 1.0

    @property
    def localisation(self) -> float:
        return self.placed / self.right if self.right else 1.0


def table_of(rows: Iterable[tuple[str, str, Found]]) -> Table:
    """Rows of one key and code are one, with the sum of their amounts."""
    table: Table = {}
    for key, code, found in rows:
        known = table.get((key, code))
        amount = found.amount + (known.amount if known else 0)
        table[key, code] = Found(amount, found.marketplace, found.order_id)
    return table


def truth_of(folder: Path) -> Table:
    """What is wrong with a month."""
    faults = decimal_json.loads((folder / "truth.json").read_bytes())["faults"]
    return table_of(
        (
            fault["key"],
            fault["code"],
            Found(Decimal(fault["amount"]), fault["marketplace"], fault["order_id"]),
        )
        for fault in faults
    )


def told_of(breaks: Iterable[Break]) -> Table:
    """What a run says."""
    return table_of(
        (found.key, str(found.code), Found(found.amount, found.marketplace, found.order_id)) for found in breaks
    )


def tables(regime: Regime, seed: int, orders: int, folder: Path) -> tuple[Table, Table]:
    """Make a month, reconcile it, and answer what is so and what was told."""
    names = OTHERS if seed % 2 == 0 else DEFAULT
    write(month(seed, regime, orders, names, BEGINS), seed, folder)
    config = read_config(write_settings(names, folder))
    return truth_of(folder), told_of(reconcile_folder(folder, config, names, AS_OF).breaks)


def score(regime: Regime, seeds: Iterable[int] = SEEDS, orders: int = ORDERS) -> Score:
    """The score of a regime over several months."""
    total = Score()
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            total.add(*tables(regime, seed, orders, Path(folder)))
    return total


def measure() -> list[Result]:
    results: list[Result] = []
    for regime, words in WORDS.items():
        got = score(regime)
        how = f"{words}; {len(SEEDS)} months of {ORDERS} orders, {got.expected} faults"
        results += [
            _share(f"{regime} precision", got.precision, f"{how}; {got.right} of {got.told} breaks told are right"),
            _share(f"{regime} recall", got.recall, f"{got.right} of {got.expected} faults found"),
            _share(f"{regime} recall by amount", got.money_recall, "money found of the money that is wrong"),
            _share(f"{regime} localisation", got.localisation, "of those found, with marketplace and order"),
            Result(
                what=f"{regime} unexplained residual",
                figure=float(got.residual),
                unit="GBP",
                goal=0,
                at_least=False,
                digits=2,
                how=f"of {got.money:,.0f} GBP that are wrong",
            ),
        ]
    return results


def _share(what: str, figure: float, how: str) -> Result:
    """Cut off, not rounded: only all is 1."""
    return Result(what=what, figure=floor(figure * 10_000) / 10_000, unit="", goal=1, how=how, digits=4)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scores", description="Where truth and run disagree.")
    parser.add_argument("--regime", type=Regime, choices=list(Regime), default=Regime.R1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--orders", type=int, default=ORDERS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        truth, told = tables(options.regime, options.seed, options.orders, Path(folder))
    counts: dict[str, int] = defaultdict(int)
    for key in sorted(truth.keys() | told.keys(), key=lambda each: (each[1], each[0])):
        real, found = truth.get(key), told.get(key)
        if real == found:
            counts["agreed"] += 1
            continue
        counts["invented" if real is None else "missed" if found is None else "otherwise"] += 1
        print(f"{key[1]:24} {key[0]:38} truth {_said(real):>34} told {_said(found):>34}")
    print(dict(counts))


def _said(found: Found | None) -> str:
    return f"{found.amount} {found.marketplace} {found.order_id or ''}" if found else "-"


if __name__ == "__main__":
    main()

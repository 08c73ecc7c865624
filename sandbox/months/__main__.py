"""`python -m sandbox.months --seed 7 --regime R2 --orders 500 --out DIR`: a month, its settlement, and its faults."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from sandbox.months.market import DEFAULT, MARKETS
from sandbox.months.month import month, write
from sandbox.months.regimes import Regime
from sandbox.months.settings import write_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.months", description="Write a month with known truth.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--regime", type=Regime, choices=list(Regime), default=Regime.R0)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--month", default="2026-09", help="first settled month, such as 2026-09")
    parser.add_argument("--marketplaces", nargs="+", choices=sorted(MARKETS), default=list(DEFAULT))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    begins = datetime.fromisoformat(f"{options.month}-01").replace(tzinfo=UTC)
    made = month(options.seed, options.regime, options.orders, tuple(options.marketplaces), begins)
    out = write(made, options.seed, options.out)
    config = write_settings(tuple(options.marketplaces), out)
    lines = sum(len(shop.entries) for shop in made.shops)
    print(f"{out}: {lines} transaction lines, {len(made.faults)} faults; settings: {config}")


if __name__ == "__main__":
    main()

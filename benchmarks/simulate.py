"""`python -m benchmarks.simulate --orders 1000000 --faults 0.12`: as many simulated orders as one has patience for.

Each deployment of a few hundred orders is one seed; every finding names it, and `--seed N --orders 320` plays it again.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice, repeat

from tests.simulation.checker import findings
from tests.simulation.world import Simulation

A_WORLD = 320
CHUNK = 4


def live(seed: int, faults: float, orders: int) -> tuple[int, int, list[str]]:
    """One deployment from begin to rest: its seed, how many sales orders NetSuite holds, and what the auditor found."""
    logging.disable(logging.CRITICAL)
    simulation = Simulation(seed, faults=faults).run(orders)
    return seed, len(simulation.ledger.records), findings(simulation)


def lives(seeds: range, faults: float, orders: int, processes: int) -> Iterator[tuple[int, int, list[str]]]:
    """Many deployments, on all cores, never many ahead of who reads them."""
    with ProcessPoolExecutor(processes) as pool:
        each = iter(seeds)
        while batch := list(islice(each, processes * CHUNK)):
            yield from pool.map(live, batch, repeat(faults), repeat(orders))


def main() -> int:
    """Ends with 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000, help="how many orders in all (default 100,000)")
    parser.add_argument("--faults", type=float, default=0.12, help="probability that a port call goes wrong")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    worlds = -(-options.orders // A_WORLD)
    begun, posted, wrong = time.monotonic(), 0, 0
    seeds = range(options.seed, options.seed + worlds)
    for number, (seed, records, found) in enumerate(
        lives(seeds, options.faults, min(options.orders, A_WORLD), options.processes), start=1
    ):
        posted += records
        wrong += bool(found)
        for finding in found:
            print(f"seed {seed}: {finding}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{number * A_WORLD:,} orders, {wrong} worlds with findings", end="", file=sys.stderr, flush=True)
    seconds, orders = time.monotonic() - begun, worlds * min(options.orders, A_WORLD)
    print(
        f"{orders:,} orders in {worlds:,} deployments, {options.faults:.0%} of port calls struck: "
        f"{posted:,} sales orders, {wrong} deployments with findings, {seconds:,.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: measures everything, prints the table, writes docs/reference/benchmarks.md with the machine named."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks import (
    ROOT,
    backlog,
    dispatch,
    freshness,
    imports,
    listings,
    night,
    offers,
    reconcile,
    scores,
    settlement,
    stock,
    translation,
    webhooks,
)
from benchmarks.result import Result

PAGE = ROOT / "docs" / "reference" / "benchmarks.md"


class Part(NamedTuple):
    """A table of the page, and what a reader needs to know of how it was measured."""

    measure: Callable[[], list[Result]]
    about: str = ""


PARTS = {
    "From OR11 bytes to NetSuite body": Part(translation.measure),
    "A backlog through NetSuite's slots": Part(backlog.measure),
    "Dispatch: from fulfilment saved to shipment confirmed": Part(dispatch.measure),
    "Reconciliation: a million transaction lines": Part(reconcile.measure),
    "Breaks found in months whose faults are known": Part(scores.measure),
    "Webhooks: a hundred thousand bodies": Part(webhooks.measure),
    "Settlement: from transaction lines to records": Part(settlement.measure),
    "Stock: a million items on two marketplaces": Part(stock.measure),
    "Stock: a night's reading": Part(night.measure, night.ABOUT),
    "Stock: from a change in NetSuite to the offers": Part(freshness.measure, freshness.ABOUT),
    "Listings: what a sync asks NetSuite": Part(listings.measure),
    "Files of offers": Part(offers.measure),
    "Imports of the functions": Part(imports.measure),
}


def machine() -> str:
    """Cores, processor, Python: what the figures belong to."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    name = processor or platform.processor() or platform.machine()
    system = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} cores, {name}, {system}, Python {platform.python_version()}"


def load() -> str:
    """How busy the machine was besides."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def page(parts: dict[str, list[Result]], busy: str) -> str:
    """The Markdown page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; run it on your machine to get your figures.",
        "",
        f"- Machine: {machine()}",
        f"- Load average when it began: {busy}",
        f"- Day: {datetime.now(UTC):%Y-%m-%d}",
        "",
        "The twins and the local AWS run on the same cores as what is measured. Latency is NetSuite's alone.",
        "The ceiling is slots / (NetSuite calls an order x latency). Functions make their AWS and vendor clients at",
        "their first call, which neither the imports nor `runtime()` include.",
        "Dispatch and freshness go by the twins' clock: neither the machine's speed nor its load is in them.",
    ]
    for title, results in parts.items():
        lines += ["", f"## {title}", ""]
        lines += [PARTS[title].about, ""] if PARTS[title].about else []
        lines += ["| what | figure | goal | met | how |", "|---|---|---|---|---|"]
        lines += [f"| {each.what} | {each.shown} | {each.goal_shown} | {met(each)} | {each.how} |" for each in results]
    return "\n".join(lines) + "\n"


def met(result: Result) -> str:
    """Yes or no; a dash where there is no goal."""
    return {None: "-", True: "yes", False: "**no**"}[result.is_met]


def main() -> int:
    """Ends with 0 whatever the figures are: a benchmark informs, it does not judge."""
    console = Console()
    busy = load()
    parts = {}
    for title, part in PARTS.items():
        with console.status(title):
            parts[title] = part.measure()
        table = Table("what", "figure", "goal", "met", title=title, title_justify="left")
        for each in parts[title]:
            table.add_row(each.what, each.shown, each.goal_shown, met(each).strip("*"))
        console.print(table)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(parts, busy), encoding="utf-8")
    console.print(f"{machine()}\nwritten to {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

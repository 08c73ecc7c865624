"""What files of offers cost by themselves: a million offers read as they come, and a file of stock written.

`python -m benchmarks.offers` runs it in this process and prints what it took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import ROOT
from benchmarks.reconcile import peak
from benchmarks.result import Result
from tieout.calls import PIECE
from tieout.mirakl.forms import csv_file, form_with
from tieout.mirakl.offer_files import offers_in
from tieout.mirakl.stock import COLUMNS

OFFERS = 1_000_000
ROWS = 50_000
"""Of a file of stock, as the settings have it."""


def pieces(offers: int) -> Iterator[bytes]:
    """An export as it comes: every field that is asked for, and one plain price."""
    left = b"["
    for number in range(offers):
        prices = f'[{{"origin_price":{number % 977}.99,"volume_prices":[{{"quantity_threshold":1}}]}}]'
        offer = (
            f'{{"active":true,"currency_iso_code":"GBP","deleted":false,"last_updated":"2026-11-03T08:52:10Z","offer_id":'
            f'{number},"prices":{prices},"product_sku":"P-{number}","quantity":{number % 50},"shop_id":2000,'
            f'"shop_sku":"SKU-{number}","state_code":"11"}}'
        )
        left += offer.encode() + (b"," if number < offers - 1 else b"]")
        if len(left) >= PIECE:
            yield left[:PIECE]
            left = left[PIECE:]
    yield left


def run() -> dict[str, Any]:
    began = time.perf_counter()
    size = sum(len(piece) for piece in pieces(OFFERS))
    made = time.perf_counter() - began
    began = time.perf_counter()
    units = sum(offer.quantity for offer in offers_in(pieces(OFFERS)))
    read = time.perf_counter() - began - made
    megabytes = peak()
    began = time.perf_counter()
    rows = ((f"SKU-{number}", str(number % 50), "", "") for number in range(ROWS))
    body, _ = form_with(csv_file(COLUMNS, rows), "sto01.csv", {})
    return {
        "read": read,
        "size": size,
        "units": units,
        "megabytes": megabytes,
        "written": time.perf_counter() - began,
        "body": len(body),
    }


def measure() -> list[Result]:
    """In a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.offers"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    took: dict[str, Any] = json.loads(done.stdout)
    return [
        Result(
            what=f"{OFFERS:,} offers of an export (OF54)",
            figure=took["read"],
            unit="s",
            how=f"{took['size'] / OFFERS:.0f} bytes an offer, each an object of ours; without the network",
        ),
        Result(
            what="its peak memory", figure=took["megabytes"], unit="MB", goal=150, at_least=False, how="whole process"
        ),
        Result(
            what=f"a file of {ROWS:,} quantities (STO01)",
            figure=took["written"] * 1000,
            unit="ms",
            how=f"{took['body'] / 1e6:.1f} MB",
        ),
    ]


if __name__ == "__main__":
    print(json.dumps(run()))

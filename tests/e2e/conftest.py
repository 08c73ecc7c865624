"""What tests of the whole share: the command as a person runs it, and its files."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.local_aws import ROOT

SEED, ORDERS = 11, 80


def demo(place: Path, *arguments: str) -> Path:
    """Run the demo as a person would; its OUT folder. Fails the test when it does not end well."""
    out = place / "out"
    command = [sys.executable, "-m", "sandbox.demo", "--folder", str(place / "run"), "--out", str(out), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return out


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "layers/common/python")}


def ndjson(file: Path) -> list[dict[str, Any]]:
    """Rows of a file, amounts exact."""
    return [json.loads(line, parse_float=Decimal) for line in file.read_text().splitlines()]


def posted(sales_orders: list[dict[str, Any]]) -> dict[str, tuple[Decimal, int]]:
    """Gross and number of lines by order id. Fails where an order is there twice."""
    found: dict[str, tuple[Decimal, int]] = {}
    for one in sales_orders:
        order_id = str(one["otherRefNum"])
        assert order_id not in found, f"{order_id} is in NetSuite twice"
        found[order_id] = Decimal(str(one["total"])), len(one["item"]["items"])
    return found


def expected(truth: dict[str, Any]) -> dict[str, tuple[Decimal, int]]:
    """The same of the answer sheet."""
    return {one["order_id"]: (Decimal(one["gross"]), one["lines"]) for one in truth["to_post"]}

"""How long each function takes to be imported, in a fresh process with its bytecode there, and to build its runtime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import yaml

from benchmarks import PACKAGE, ROOT
from benchmarks.result import Result

TIMES = 9
GOAL_MS = 300.0
_IMPORT = """
import json, sys, time
begun = time.perf_counter()
__import__(sys.argv[1])
imported = time.perf_counter()
from tieout import wiring
wiring.runtime()
print(json.dumps([(imported - begun) * 1000, (time.perf_counter() - imported) * 1000]))
"""
_QUEUE = "https://sqs.eu-central-1.amazonaws.com/1/queue"
_ENVIRONMENT = {
    "POSTINGS_TABLE": "postings",
    "IDEMPOTENCY_TABLE": "idempotency",
    "ARCHIVE_BUCKET": "archive",
    "QUEUE_ORDERS_TO_POST": _QUEUE,
    "QUEUE_ORDERS_TO_FETCH": _QUEUE,
    "QUEUE_SHIPMENTS_TO_CONFIRM": _QUEUE,
    "QUEUE_FULFILMENTS_TO_FETCH": _QUEUE,
    "SECRETS_PREFIX": "tieout/bench",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Tieout",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


def functions() -> list[str]:
    """Every function that is deployed."""
    return sorted(file.stem for file in (ROOT / "functions").glob("*.py") if file.stem != "__init__")


def measure() -> list[Result]:
    """Two lines a function."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "tieout-config.json"
        settings.write_text(json.dumps(yaml.safe_load((ROOT / "config/gift-shop.yaml").read_text()), default=str))
        for name in functions():
            _once(name, settings)  # writes the bytecode, as the layers bring it
            imports, runtimes = zip(*(_once(name, settings) for _ in range(TIMES)), strict=True)
            how = f"median of {TIMES} fresh processes, bytecode there"
            results += [
                Result(what=f"import {name}", figure=median(imports), unit="ms", goal=GOAL_MS, at_least=False, how=how),
                Result(what=f"first runtime() after importing {name}", figure=median(runtimes), unit="ms", how=how),
            ]
    return results


def _once(name: str, settings: Path) -> tuple[float, float]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(PACKAGE), str(ROOT / "functions")]),
        "TIEOUT_CONFIG": str(settings),
        **_ENVIRONMENT,
    }
    command = [sys.executable, "-c", _IMPORT, name]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    if ran.returncode:
        raise RuntimeError(f"functions/{name}.py cannot be imported:\n{ran.stderr}")
    imported, built = json.loads(ran.stdout.splitlines()[-1])
    return imported, built


if __name__ == "__main__":
    for result in measure():
        print(result.what, result.shown)

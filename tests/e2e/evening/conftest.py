"""One deployed stack, its day and its evening."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.demo.day import Day
from sandbox.demo.opening import Morning, invented_morning
from sandbox.demo.outcome import Outcome, outcome_of
from sandbox.demo.run import Options, Stack, deployed, the_only_run
from sandbox.demo.twin_control import rows
from sandbox.local_aws import ROOT
from tests.e2e.conftest import ORDERS, SEED

GIFT_SHOP = ROOT / "config/gift-shop.yaml"
SYNCED, STRICT = "brightside-uk", "maison-eu"
"""Where the evening's deployment makes offers of approved items, and where orders of a mismatched SKU wait."""
APPROVED = "custitem_tieout_approved"


@dataclass(frozen=True)
class Evening:
    """A day that is over, on a stack that still runs."""

    stack: Stack
    day: Day
    outcome: Outcome
    truth: dict[str, Any]
    morning: Morning
    """The world as the day began."""

    def sales_orders(self) -> list[dict[str, Any]]:
        return list(rows(self.stack.control.records("salesOrder")))

    def orders(self) -> dict[str, dict[str, Any]]:
        return {
            str(order["order_id"]): order
            for name in self.stack.settings.config.marketplaces
            for order in rows(self.stack.control.orders(name))
        }

    def tieout(self, *arguments: str) -> str:
        """What the command line answers about this stack. Fails the test when it does not succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "tieout.cli.app", *arguments],
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT / "layers/common/python"),
                "TIEOUT_CONFIG": str(self.stack.settings.whole_file),
                **self.stack.aws.environment(),
            },
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="package")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    place = tmp_path_factory.mktemp("e2e")
    options = Options(config=with_listings(place), folder=place / "run", seed=SEED, orders=ORDERS)
    with the_only_run(options.folder):
        morning = invented_morning(options.folder / "world", SEED, ORDERS)
        truth = json.loads((morning.folder / "truth.json").read_text())
        with deployed(options, morning) as stack:
            approve_all(stack)
            day = stack.day(morning.to_come, SEED, limit_seconds=600)
            day.run()
            day.night()
            outcome = outcome_of(stack.settings.config, stack.control, stack.table.everything(), stack.view)
            yield Evening(stack, day, outcome, truth, morning)


def with_listings(place: Path) -> Path:
    """The gift shop's settings, with offers made of approved items at one marketplace, and strict mode at the other."""
    data = yaml.safe_load(GIFT_SHOP.read_text())
    for name, listings in ((SYNCED, {"sync": True, "approval_field": APPROVED}), (STRICT, {"strict": True})):
        data["marketplaces"][name]["listings"] = data["marketplaces"][name]["listings"] | listings
    file = place / "gift-shop.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False))
    return file


def approve_all(stack: Stack) -> None:
    """Somebody sets the checkbox of every item that is there."""
    for item in rows(stack.control.records("inventoryItem")):
        stack.control.edit_item(item["itemId"], set={APPROVED: True})

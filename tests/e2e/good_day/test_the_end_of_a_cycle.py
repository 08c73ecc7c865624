"""After the day a billing cycle closes: it is reviewed, agreed to, booked once, paid out, and the month is closed."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.conftest import ndjson

ZERO = Decimal(0)


def told(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "summary.json").read_text())["settlement"])


def test_clearing_holds_what_is_owed_and_returns_to_what_is_not_paid_out(good: Path) -> None:
    """The run itself fails where NetSuite's balances are not those of the log; here: that there was money."""
    settled = told(good)
    assert settled["held"] == {}
    assert settled["cycles"]["booked"] >= 2
    for name, before in settled["before_payout"].items():
        after = settled["after_payout"][name]
        assert Decimal(before["clearing"]) == Decimal(before["settled"]) > ZERO
        assert Decimal(after["clearing"]) == ZERO
        assert Decimal(after["paid_out"]) == Decimal(before["settled"])


def test_nothing_was_posted_before_it_was_agreed_to(good: Path) -> None:
    reviewed = json.loads((good / "settlement.json").read_text())
    hashes = {cycle["review_hash"] for cycle in reviewed["cycles"] if cycle["review_hash"]}
    assert hashes == set(told(good)["agreed_to"])
    assert hashes


def test_the_month_is_closed_with_a_pack(good: Path) -> None:
    pack = good / "close-pack"
    names = {file.name for file in pack.rglob("*") if file.is_file()}
    assert any(name.endswith(".xlsx") for name in names)
    assert any(name.endswith(".html") for name in names)
    assert "manifest.json" in names


def test_out_holds_an_export_folder_that_anybody_can_settle(good: Path) -> None:
    for marketplace in ("brightside-uk", "maison-eu"):
        folder = good / "export" / "mirakl" / marketplace
        assert ndjson(folder / "transaction_lines.ndjson")
        assert ndjson(folder / "billing_cycles.ndjson")
    ledger = ndjson(good / "export" / "netsuite" / "gl_lines.ndjson")
    assert sum(Decimal(line["debit"]) - Decimal(line["credit"]) for line in ledger) == ZERO

"""`tieout close` on whole months: the gift shop's settled one, and the one with faults in it."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.shared import shared
from tieout.cli.app import app

ROOT = Path(__file__).resolve().parents[3]
SALES = {
    "ORDER_AMOUNT": "Sales",
    "ORDER_SHIPPING_AMOUNT": "Shipping",
    "PAYMENT": "Payouts",
    "MANUAL_CREDIT": "Manual items",
}


def close(world: str, out: Path, *words: str) -> Result:
    folder = shared(f"worlds/{world}")
    config = str(ROOT / "config" / "gift-shop.yaml")
    given = ["close", "--period", "2026-09", "--from", str(folder), "--config", config, "--out", str(out)]
    return CliRunner().invoke(app, [*given, "--as-of", "2026-11-30", "--json", *words])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def log_of(world: str, marketplace: str) -> list[dict[str, Any]]:
    path = shared(f"worlds/{world}/mirakl/{marketplace}/transaction_lines.ndjson.gz")
    with gzip.open(path) as file:
        return [json.loads(row, parse_float=Decimal) for row in file]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("settled")
    result = close("gift-shop-settled", out)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("broken")
    assert close("gift-shop-breaks", out).exit_code == 1
    return out


def test_a_settled_month_is_ready_to_sign(settled: Path) -> None:
    manifest = json.loads((settled / "manifest.json").read_bytes())
    assert manifest["ready"] is True
    assert {gate for gate, verdict in manifest["gates"].items() if verdict != "passed"} == {"I24", "I26"}
    assert len(manifest["inputs"]) == 12


@pytest.mark.parametrize("marketplace", ["brightside-uk", "maison-eu"])
def test_the_roll_forward_is_what_the_log_itself_adds_up_to(settled: Path, marketplace: str) -> None:
    """Counted again from the file; the shop's day begins at London's midnight, an hour before UTC's."""
    rows = [each for each in table(settled / "02-clearing-roll-forward.csv") if each["Marketplace"] == marketplace]
    told = {each["Step"]: Decimal(each["Amount"]) for each in rows}
    month = [each for each in log_of("gift-shop-settled", marketplace) if each["date_created"] < "2026-09-30T23"]
    for kind, step in SALES.items():
        assert told[step] == sum(Decimal(each["amount"]) for each in month if each["type"] == kind)
    assert told["Balance"] == sum(Decimal(each["amount"]) for each in month)
    assert told["Balance"] == told["Running balance"]
    assert told["Difference"] == 0


@pytest.mark.parametrize("marketplace", ["brightside-uk", "maison-eu"])
def test_the_accrual_is_the_commission_that_waits_for_octobers_invoice(settled: Path, marketplace: str) -> None:
    rows = [each for each in table(settled / "09-accruals.csv") if each["Marketplace"] == marketplace]
    entries = [Decimal(each["Amount"]) for each in rows if each["What"] == "Entry"]
    basis = [Decimal(each["Amount"]) for each in rows if each["What"] == "Basis"]
    assert sum(entries) == 0
    assert max(entries) == sum(basis) > 0
    assert {(each["Date"], each["Reverses"]) for each in rows} == {("2026-09-30", "2026-10-01")}


def test_the_same_folder_gives_the_same_bytes_also_with_the_history_that_it_began(settled: Path) -> None:
    before = {path.name: path.read_bytes() for path in settled.iterdir()}
    assert close("gift-shop-settled", settled).exit_code == 0
    after = {path.name: path.read_bytes() for path in settled.iterdir()}
    assert [name for name in before | after if before.get(name) != after.get(name)] == []


def test_no_name_or_address_of_a_buyer_is_in_the_pack(settled: Path) -> None:
    path = shared("worlds/gift-shop-settled/mirakl/brightside-uk/orders.ndjson.gz")
    with gzip.open(path) as file:
        customers = [json.loads(row)["customer"] for row in file]
    private = {each["lastname"] for each in customers} | {each["billing_address"]["street_1"] for each in customers}
    told = "".join(file.read_text(encoding="utf-8") for file in settled.iterdir() if file.suffix in {".csv", ".html"})
    words = set(re.findall(r"[^\W\d_]+", told))
    assert [
        text for text in sorted(private) if len(text) > 3 and (text in words or (" " in text and text in told))
    ] == []


def test_every_fault_stands_in_the_list_of_breaks_and_blocks_or_is_claimed(broken: Path) -> None:
    truth = json.loads(shared("worlds/gift-shop-breaks/truth.json").read_bytes())["faults"]
    rows = table(broken / "07-breaks.csv")
    assert {(each["Code"], each["Key"], Decimal(each["Amount"])) for each in rows} == {
        (each["code"], each["key"], Decimal(str(each["amount"]))) for each in truth
    }
    claims = {each["Key"] for each in table(broken / "11b-claims.csv")}
    assert claims == {each["Key"] for each in rows if each["Code"] == "COMMISSION_RATE"}
    assert {each["Difference"] for each in table(broken / "07b-breaks-roll-forward.csv")} == {"0.00"}


def test_held_cycles_are_explained_by_their_breaks_and_stand_beside_the_books(broken: Path) -> None:
    manifest = json.loads((broken / "manifest.json").read_bytes())
    assert (manifest["gates"]["I3"], manifest["gates"]["I9"]) == ("passed", "passed")
    assert (manifest["gates"]["Breaks"], manifest["gates"]["I20"], manifest["ready"]) == ("failed", "failed", False)


def test_work_on_breaks_goes_on_in_the_next_pack(broken: Path, tmp_path: Path) -> None:
    log = tmp_path / "cases.ndjson"
    log.write_bytes((broken / "break-log.ndjson").read_bytes())
    key = "brightside-uk/COMMISSION_RATE/565515-A"
    for words in (
        ("propose", key, "--reason", "claim 5.07", "--by", "Ann"),
        ("approve", key, "--by", "Bob"),
        ("claim", key, "--reason", "ticket 77", "--by", "Ann"),
    ):
        assert CliRunner().invoke(app, ["breaks", *words, "--cases", str(log)]).exit_code == 0
    assert close("gift-shop-breaks", tmp_path / "pack", "--cases", str(log)).exit_code == 1
    (claim,) = [each for each in table(tmp_path / "pack" / "11b-claims.csv") if each["Key"] == "565515-A"]
    assert (claim["State"], claim["Last word"]) == ("claimed", "ticket 77")
    history = table(tmp_path / "pack" / "07c-break-history.csv")
    assert [each["Who"] for each in history if each["Break"] == key] == ["run", "Ann", "Bob", "Ann"]


def test_a_break_that_a_hole_in_the_data_hides_is_not_closed(broken: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.copytree(shared("worlds/gift-shop-breaks"), folder)
    log = folder / "mirakl" / "maison-eu" / "transaction_lines.ndjson.gz"
    log.write_bytes(gzip.compress(b"{}\n"))
    cases = tmp_path / "cases.ndjson"
    cases.write_bytes((broken / "break-log.ndjson").read_bytes())
    assert close("gift-shop-breaks", tmp_path / "pack", "--from", str(folder), "--cases", str(cases)).exit_code == 1
    keys = {each["Key"] for each in table(tmp_path / "pack" / "07-breaks.csv")}
    assert {each["Key"] for each in table(broken / "07-breaks.csv")} <= keys


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--period", "2026-9"), "is not a month such as 2026-09"),
        (("--as-of", "yesterday"), "yesterday"),
        (("--from", "nowhere"), "nowhere is not a folder"),
    ],
)
def test_what_cannot_be_closed_is_told_in_a_sentence(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    result = close("gift-shop-settled", tmp_path, *words)
    assert result.exit_code == 2
    assert told in result.output.replace("\n", " ")
    assert "Traceback" not in result.output

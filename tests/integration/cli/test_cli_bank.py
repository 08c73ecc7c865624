"""`tieout bank import`, and `tieout settle --from` a folder with the bank's statement: payouts in another currency."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.fakes.house import House, settings
from tests.integration.cli.test_cli_settle import Files, rows
from tests.unit.flows.test_payouts_in_another_currency import a_house_in_euros, paid_out
from tests.unit.flows.test_settlements import work
from tieout.cli.app import app
from tieout.cli.deployment import Deployment

STATEMENT = "date,amount,currency,reference\n2026-03-05,115.00,EUR,PO-2071\n2026-03-06,-9.90,EUR,Fees\n"
RATES = "date,currency,into,rate\n2026-03-01,GBP,EUR,1.15\n"


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """A deployment whose one payout, of 102.00 in pounds, arrives in euros."""
    here = a_house_in_euros()
    monkeypatch.setattr(Deployment, "at", here.at)
    return here


def tieout(tmp_path: Path, *words: object) -> Result:
    config = tmp_path / "deployment.yaml"
    config.write_text(yaml.safe_dump(settings()), encoding="utf-8")
    return CliRunner().invoke(app, ["--config", str(config), *map(str, words)])


def file(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_a_statement_and_its_rates_book_the_payout(house: House, tmp_path: Path) -> None:
    rates = tieout(tmp_path, "bank", "import", "--rates", file(tmp_path, "rates.csv", RATES))
    assert (rates.exit_code, rates.stdout) == (0, "1 of 1 rates are new and kept.\n")
    told = tieout(tmp_path, "bank", "import", file(tmp_path, "september.csv", STATEMENT), "--json")
    assert json.loads(told.stdout)["new"] == 2
    assert json.loads(told.stdout)["keys"] == ["brightside|cycle-1|CYC|PAYOUT"]
    work(house)
    assert len(paid_out(house)) == 3
    again = tieout(tmp_path, "bank", "import", tmp_path / "september.csv")
    assert again.stdout == "0 of 2 lines of the statement are new and kept.\n"


def test_of_a_file_that_does_not_read_nothing_is_taken_in(house: House, tmp_path: Path) -> None:
    wrong = file(tmp_path, "september.csv", STATEMENT.replace("2026-03-06", "6 March"))
    told = tieout(tmp_path, "bank", "import", wrong)
    assert (told.exit_code, told.stdout) == (2, "")
    assert "september.csv, line 3, field date: is not a day such as 2026-09-13" in told.stderr
    assert not [key for key in house.settlement_log.tables if key[0] == "_bank"]


def test_a_file_that_is_not_there_is_told(house: House, tmp_path: Path) -> None:
    told = tieout(tmp_path, "bank", "import", tmp_path / "nowhere.csv")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "is not a file" in told.stderr


class TestAFolder:
    """A cycle of 98.00 in pounds, whose payout PO-1 arrives in euros on an account of the euro's books."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        here = Files(tmp_path)
        config = yaml.safe_load(here.config.read_text(encoding="utf-8"))
        settlement = config["marketplaces"]["brightside-uk"]["settlement"]
        settlement["pays_out"] = "EUR"
        settlement["accounts"][0]["roles"] |= {
            "fx_conversion": "1190",
            "fx_gain_loss": "7300",
            "psp_conversion_cost": "6190",
        }
        here.config.write_text(yaml.safe_dump(config), encoding="utf-8")
        return here

    def payouts(self, files: Files) -> list[dict[str, Any]]:
        return [each for each in files.postings() if each["external_id"].startswith("T-brightside-uk-PO-")]

    def test_without_a_statement_the_cycle_ties_out_and_its_payout_says_what_it_waits_for(self, files: Files) -> None:
        settled = files.settle()
        assert settled.exit_code == 0
        assert self.payouts(files) == []
        proof = files.proof()
        assert (proof["status"], proof["residual"]) == ("tied_out", "0.00")
        assert proof["payout_waits"] == "no line in EUR of the bank's statement names the payout PO-1 of 98.00 GBP"
        assert "Payouts that wait" in settled.stdout

    def test_with_it_the_bank_s_amount_is_booked_and_what_the_exchange_cost(self, files: Files) -> None:
        there = [{"date": "2026-09-15", "amount": 110.00, "currency": "EUR", "reference": "PO-1"}]
        files.folder.write("statement", there)
        rates = (("2026-09-01", "1.1500"), ("2026-09-13", "1.1400"))
        files.folder.write(
            "rates", [{"date": day, "currency": "GBP", "into": "EUR", "rate": rate} for day, rate in rates]
        )
        assert files.settle().exit_code == 0
        assert "payout_waits" not in files.proof()
        moved = [
            {line["role"]: Decimal(line["debit"]) - Decimal(line["credit"]) for line in each["lines"]}
            for each in self.payouts(files)
        ]
        assert {
            "fx_conversion": Decimal("-2.70"),
            "fx_gain_loss": Decimal("0.98"),
            "psp_conversion_cost": Decimal("1.72"),
        } in moved
        assert {"bank_in_transit": Decimal("110.00"), "fx_conversion": Decimal("-110.00")} in moved
        assert {"marketplace_clearing": Decimal("-98.00"), "fx_conversion": Decimal("98.00")} in moved
        assert len(moved) == 3

    def test_the_close_shows_what_the_exchange_cost_and_the_bank_is_in_order(
        self, files: Files, tmp_path: Path
    ) -> None:
        there = [
            {"date": "2026-09-15", "amount": 110.00, "currency": "EUR", "reference": "PO-1"},
            {"date": "2026-10-15", "amount": 1.00, "currency": "EUR", "reference": "interest"},
        ]
        files.folder.write("statement", there)
        files.folder.write("rates", [{"date": "2026-09-01", "currency": "GBP", "into": "EUR", "rate": 1.15}])
        options = ["--from", files.folder.root, "--config", files.config, "--out"]
        words = [*options, tmp_path / "breaks", "--as-of", "2026-11-30"]
        compared = CliRunner().invoke(app, ["reconcile", *map(str, words)])
        assert compared.exit_code == 0, compared.output
        assert rows(tmp_path / "breaks" / "breaks.ndjson") == []
        pack = tmp_path / "pack"
        closed = CliRunner().invoke(app, ["close", "--period", "2026-09", *map(str, [*options, pack])])
        assert "Traceback" not in closed.output
        (row,) = list(csv.DictReader((pack / "13b-exchanged-payouts.csv").open(encoding="utf-8")))
        assert (row["Payout"], row["Stood at"], row["Arrived"], row["State"]) == ("98.00", "112.70", "110.00", "booked")
        gates = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))["gates"]
        assert {gates[each] for each in ("I3", "I7", "I8", "I9", "I24")} == {"passed"}

    def test_a_row_of_the_bank_that_does_not_read_is_told(self, files: Files) -> None:
        files.folder.write("statement", [{"date": "2026-09-15", "amount": "110,00", "currency": "EUR"}])
        assert files.settle().exit_code == 1
        (problem,) = rows(files.out / "problems.ndjson")
        assert (problem["file"], problem["line"], problem["field"]) == ("bank/statement.ndjson", 1, "amount")

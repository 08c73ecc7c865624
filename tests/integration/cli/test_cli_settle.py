"""`tieout settle`: what billing cycles become, out of files and out of a deployment."""

from __future__ import annotations

import gzip
import json
import random
import socket
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.shared import ROOT, shared
from tests.unit.books.folders import CYCLE, LINES, MARKETPLACE, Folder, a_cycle, an_invoice
from tieout.cli.app import app

CONFIG = ROOT / "config/gift-shop.yaml"
CLEARING = {"marketplace_clearing"}
FILES = ("postings.ndjson", "proof.ndjson", "problems.ndjson")


def settle(*words: object, config: Path = CONFIG) -> Result:
    return CliRunner().invoke(app, ["settle", "--config", str(config), *map(str, words)])


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def one_marketplace(tmp_path: Path) -> Path:
    """The shipped settings with brightside-uk only."""
    head, _, _ = CONFIG.read_text(encoding="utf-8").partition("\n  maison-eu:")
    config = tmp_path / "brightside.yaml"
    config.write_text(head, encoding="utf-8")
    return config


class Files:
    """An export folder of one marketplace, and where it is settled to."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = Folder(tmp_path / "export")
        self.out = tmp_path / "out"
        self.config = one_marketplace(tmp_path)

    def settle(self, *words: object) -> Result:
        return settle("--from", self.folder.root, "--out", self.out, *words, config=self.config)

    def proof(self) -> dict[str, Any]:
        (proof,) = rows(self.out / "proof.ndjson")
        return proof

    def postings(self) -> list[dict[str, Any]]:
        return rows(self.out / "postings.ndjson")

    def problems(self) -> list[dict[str, Any]]:
        return rows(self.out / "problems.ndjson")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a connection fails."""

    def refuse(*_: object) -> None:
        raise AssertionError("a file was to be settled, and somebody called out")

    monkeypatch.setattr(socket.socket, "connect", refuse)


# --- the contract of the files ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_offline")
def test_a_cycle_becomes_records_and_a_proof(files: Files) -> None:
    result = files.settle()
    assert result.exit_code == 0, result.output
    assert files.proof() == {
        "marketplace": MARKETPLACE,
        "cycle": CYCLE,
        "currency": "GBP",
        "lines": 3,
        "sum_of_lines": "98.00",
        "amount_transferred_to_seller": "98.00",
        "carried_in": "0.00",
        "carried_out": "0.00",
        "posted_to_clearing": "98.00",
        "residual": "0.00",
        "status": "tied_out",
    }
    assert files.problems() == []
    assert [each["record_type"] for each in files.postings()] == [
        "customerPayment",
        "vendorBill",
        "vendorPayment",
        "journalEntry",
    ]
    payment = files.postings()[0]
    assert {*payment} >= {
        "external_id",
        "record_type",
        "marketplace",
        "cycle",
        "date",
        "currency",
        "lines",
        "source_line_ids",
    }
    assert payment["date"] == "2026-09-11"
    assert payment["lines"][0] == {
        "role": "marketplace_clearing",
        "account": "1115",
        "debit": "116.00",
        "credit": "0.00",
        "entity": None,
        "memo": payment["lines"][0]["memo"],
    }
    assert payment["source_line_ids"] == [LINES[0]["id"]]
    assert payment["applications"] == [{"external_id": "T-brightside-uk-INV-A-1", "number": "INV1", "amount": "116.00"}]


def test_the_payout_is_booked_only_when_it_was_paid(files: Files) -> None:
    files.folder.write("billing_cycles", [a_cycle(pay_out={"state": "TO_PAY"})])
    assert files.settle().exit_code == 0
    assert "bank_in_transit" not in {line["role"] for each in files.postings() for line in each["lines"]}
    assert files.proof()["status"] == "tied_out"


def test_a_cycle_that_does_not_tie_out_is_held_whole(files: Files) -> None:
    files.folder.write("billing_cycles", [a_cycle(100.0)])
    result = files.settle()
    assert result.exit_code == 1
    assert files.postings() == []
    assert (files.proof()["residual"], files.proof()["status"]) == ("-2.00", "held")
    (reason,) = files.proof()["reasons"]
    assert (reason["code"], reason["key"]) == ("CYCLE_NOT_TIED", CYCLE)
    assert "1 held" in result.stdout
    assert "CYCLE_NOT_TIED" in result.stdout


def test_a_row_that_does_not_read_holds_its_cycle_and_is_named(files: Files) -> None:
    files.folder.write("transaction_lines", [*LINES, {**LINES[0], "amount": "lots"}])
    result = files.settle()
    assert result.exit_code == 1
    (problem,) = files.problems()
    assert problem == {
        "file": f"mirakl/{MARKETPLACE}/transaction_lines.ndjson",
        "line": 4,
        "field": "amount",
        "message": "is not a number",
    }
    assert files.proof()["status"] == "held"
    assert files.postings() == []
    assert "transaction_lines.ndjson" in result.stdout


def test_what_netsuite_holds_already_is_told_apart_from_what_is_new(files: Files) -> None:
    assert files.settle().exit_code == 0
    payment = files.postings()[0]
    there = an_invoice(externalid=payment["external_id"].lower(), type="CustPymt", otherrefnum=None, tranid="PMT1")
    files.folder.write("documents", [an_invoice(), {**there, "custbody_tieout_order": None}])
    before = files.postings()
    answer = json.loads(files.settle("--json").stdout)
    assert files.postings() == before, "what is there already is listed all the same"
    (cycle,) = answer["cycles"]
    assert (cycle["records"], cycle["in_netsuite"], cycle["to_create"]) == (4, 1, 3)
    by_type = {each["record_type"]: each for each in answer["records"]}
    assert (by_type["customerPayment"]["records"], by_type["customerPayment"]["in_netsuite"]) == (1, 1)
    clearing = next(each for each in answer["accounts"] if each["account"] == "1115")
    assert (clearing["debit"], clearing["credit"]) == ("0.00", "116.00")
    assert (clearing["records"], clearing["in_netsuite"]) == (2, 1)


def test_the_answer_counts_the_lines_of_the_log(files: Files) -> None:
    later = {**LINES[0], "id": "later", "seller_billing_cycle_id": None, "payment_state": "PENDING"}
    lost = {**LINES[0], "id": "lost", "seller_billing_cycle_id": "not-exported"}
    files.folder.lines([*LINES, later, lost])
    answer = json.loads(files.settle("--json").stdout)
    (cycle,) = answer["cycles"]
    assert (cycle["lines"], cycle["source_lines"]) == (3, 3)
    assert [(each["cycle"], each["lines"], each["amount"]) for each in answer["waiting"]] == [
        (None, 1, "116.00"),
        ("not-exported", 1, "116.00"),
    ]
    assert "its billing cycle is not in the export" in files.settle().stdout


def test_the_same_export_gives_the_same_bytes_in_whatever_order_its_rows_come(files: Files) -> None:
    def settled() -> list[bytes]:
        assert files.settle().exit_code == 0
        return [(files.out / name).read_bytes() for name in FILES]

    first = settled()
    assert settled() == first
    files.folder.lines([*LINES[::-1], LINES[1]])
    assert settled() == first


def test_packed_files_are_as_good_as_plain_ones(files: Files) -> None:
    files.settle()
    before = [(files.out / name).read_bytes() for name in FILES]
    files.folder.path("transaction_lines").unlink()
    files.folder.write("transaction_lines", LINES, packed=True)
    files.settle()
    assert [(files.out / name).read_bytes() for name in FILES] == before


def test_without_out_nothing_is_written(files: Files) -> None:
    result = settle("--from", files.folder.root, config=files.config)
    assert result.exit_code == 0
    assert "tied out" in result.stdout
    assert not files.out.exists()


# --- mistakes --------------------------------------------------------------------------------------------------------


def refuses(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.stdout == ""
    return " ".join(result.stderr.split())


def test_what_cannot_be_settled_at_all_says_what_to_do(files: Files, tmp_path: Path) -> None:
    assert "is not a folder" in refuses(settle("--from", tmp_path / "nowhere", config=files.config))
    files.folder.path("transaction_lines").unlink()
    assert "transaction_lines.ndjson[.gz] is missing" in refuses(files.settle())
    assert "does not exist" in refuses(settle("--from", files.folder.root, config=tmp_path / "none.yaml"))
    (tmp_path / "broken.yaml").write_text("deployment: [", encoding="utf-8")
    assert "is not YAML" in refuses(settle("--from", files.folder.root, config=tmp_path / "broken.yaml"))


def test_a_folder_that_cannot_be_written_is_told(files: Files) -> None:
    files.out.write_text("a file", encoding="utf-8")
    assert "cannot be written" in refuses(files.settle())


def test_files_are_never_posted(files: Files) -> None:
    assert "Files are never posted" in refuses(files.settle("--post", "abc"))
    assert "--out goes with --from" in refuses(settle("--out", files.out, config=files.config))


def test_settings_that_do_not_say_how_to_book_are_told(files: Files, tmp_path: Path) -> None:
    head, _, _ = files.config.read_text(encoding="utf-8").partition("\n    settlement:")
    (tmp_path / "without.yaml").write_text(head, encoding="utf-8")
    told = refuses(settle("--from", files.folder.root, config=tmp_path / "without.yaml"))
    assert "`settlement` section" in told


def test_the_settings_file_may_stand_before_the_command(files: Files) -> None:
    words = ["--config", str(files.config), "--json", "settle", "--from", str(files.folder.root)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["held"] == 0


def test_names_of_others_do_not_steer_the_terminal(files: Files) -> None:
    files.folder.write("transaction_lines", [*LINES, {**LINES[1], "id": "x", "type": "EVIL\x1b[2J", "amount": -1}])
    result = files.settle()
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout


# --- the worlds ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Result]]:
    done: dict[str, tuple[Path, Result]] = {}

    def settled(name: str) -> tuple[Path, Result]:
        if name not in done:
            out = tmp_path_factory.mktemp(name)
            done[name] = out, settle("--from", shared("worlds") / name, "--out", out)
        return done[name]

    return settled


def test_a_clean_month_ties_out_to_the_cent(world: Callable[[str], tuple[Path, Result]]) -> None:
    out, result = world("gift-shop-settled")
    assert result.exit_code == 0, result.output
    proofs = rows(out / "proof.ndjson")
    assert len(proofs) == 6
    for proof in proofs:
        assert (proof["status"], proof["residual"]) == ("tied_out", "0.00")
        assert Decimal(proof["posted_to_clearing"]) == Decimal(proof["sum_of_lines"])
    assert rows(out / "problems.ndjson") == []
    assert "6 of 6 cycles tie out" in result.stdout


@pytest.mark.parametrize("name", ["gift-shop-settled", "gift-shop-breaks"])
def test_every_record_balances_and_every_line_of_a_proven_cycle_is_booked_once(
    world: Callable[[str], tuple[Path, Result]], name: str
) -> None:
    out, _ = world(name)
    booked: Counter[str] = Counter()
    for record in rows(out / "postings.ndjson"):
        debit = sum(Decimal(line["debit"]) for line in record["lines"])
        assert debit == sum(Decimal(line["credit"]) for line in record["lines"]) > 0
        assert all("." in line["debit"] and len(line["debit"].partition(".")[2]) == 2 for line in record["lines"])
        if CLEARING & {line["role"] for line in record["lines"]}:
            booked.update(record["source_line_ids"])
    assert set(booked.values()) <= {1}
    assert set(booked) == postable(name, out)


def postable(name: str, out: Path) -> set[str]:
    """Ids of the lines with an amount of the cycles that tied out, by reading the files in the plainest way."""
    proven = {proof["cycle"] for proof in rows(out / "proof.ndjson") if proof["status"] == "tied_out"}
    found = set()
    for path in (shared("worlds") / name / "mirakl").glob("*/transaction_lines.ndjson.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in map(json.loads, file):
                if line["amount"] and line["seller_billing_cycle_id"] in proven:
                    found.add(line["id"])
    return found


def test_a_month_with_faults_holds_the_cycles_that_do_not_tie(world: Callable[[str], tuple[Path, Result]]) -> None:
    out, result = world("gift-shop-breaks")
    assert result.exit_code == 1
    proofs = rows(out / "proof.ndjson")
    for proof in proofs:
        assert (proof["status"] == "held") == (proof["residual"] != "0.00" or bool(proof.get("reasons")))
        assert (proof["status"] == "held") == bool(proof.get("reasons"))
    posted = {record["cycle"] for record in rows(out / "postings.ndjson")}
    assert posted == {proof["cycle"] for proof in proofs if proof["status"] == "tied_out"}
    unmapped = {each["key"] for proof in proofs for each in proof.get("reasons", ()) if each["code"] == "UNMAPPED_TYPE"}
    truth = json.loads((shared("worlds") / "gift-shop-breaks" / "truth.json").read_text())["faults"]
    assert unmapped >= {fault["key"] for fault in truth if fault["code"] == "UNMAPPED_TYPE"}


def test_a_month_in_another_order_gives_the_same_bytes(
    world: Callable[[str], tuple[Path, Result]], tmp_path: Path
) -> None:
    out, _ = world("gift-shop-breaks")
    mixed = random.Random(7)
    for path in (shared("worlds") / "gift-shop-breaks").glob("*/**/*.ndjson.gz"):
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        lines += lines[: len(lines) // 10]
        mixed.shuffle(lines)
        copy = tmp_path / "export" / path.relative_to(shared("worlds") / "gift-shop-breaks")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.with_suffix("").write_bytes(b"".join(lines))
    settle("--from", tmp_path / "export", "--out", tmp_path / "out")
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (out / name).read_bytes()

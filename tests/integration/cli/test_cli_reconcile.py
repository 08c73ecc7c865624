"""`tieout reconcile`: an export folder compared, and the files that it is told in."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tests.integration.cli.test_cli_settle import CONFIG, one_marketplace, rows
from tests.shared import shared
from tests.unit.books.folders import LINES, Folder, an_invoice
from tieout.cli.app import app

AS_OF = "2026-11-30"
FIELDS = {
    "code", "key", "order_id", "refund_id", "marketplace", "cycle", "currency", "amount", "blocks_close", "explanation",
    "proposal",
}  # fmt: skip


def reconcile(*words: object, config: Path = CONFIG, as_of: str = AS_OF) -> Result:
    return CliRunner().invoke(app, ["reconcile", "--config", str(config), "--as-of", as_of, *map(str, words)])


def truth(world: Path) -> set[tuple[str, str, Decimal]]:
    faults = json.loads((world / "truth.json").read_text(), parse_float=Decimal, parse_int=Decimal)["faults"]
    return {(each["code"], each["key"], Decimal(each["amount"])) for each in faults}


def told(out: Path) -> set[tuple[str, str, Decimal]]:
    return {(row["code"], row["key"], Decimal(row["amount"])) for row in rows(out / "breaks.ndjson")}


def test_a_settled_month_has_no_break(tmp_path: Path) -> None:
    result = reconcile("--from", shared("worlds/gift-shop-settled"), "--out", tmp_path)

    assert result.exit_code == 0, result.output
    assert rows(tmp_path / "breaks.ndjson") == []
    assert rows(tmp_path / "problems.ndjson") == []
    assert "No break" in result.stdout


def test_every_fault_of_a_month_is_found_under_its_code_and_key_and_nothing_else_is(tmp_path: Path) -> None:
    world = shared("worlds/gift-shop-breaks")

    result = reconcile("--from", world, "--out", tmp_path)

    assert result.exit_code == 1, result.output
    assert told(tmp_path) == truth(world)
    found = rows(tmp_path / "breaks.ndjson")
    assert all(set(row) == FIELDS and row["explanation"] and row["proposal"] for row in found)
    # The amount says its currency's digits, and is text.
    assert all(row["amount"] == f"{Decimal(row['amount']):.2f}" for row in found)


def test_the_order_of_lines_and_doubled_pages_change_no_byte(tmp_path: Path) -> None:
    world = tmp_path / "world"
    shutil.copytree(shared("worlds/gift-shop-breaks"), world)
    reconcile("--from", world, "--out", tmp_path / "one")
    for packed in (*world.glob("mirakl/*/transaction_lines.ndjson.gz"), *world.glob("netsuite/documents.ndjson.gz")):
        lines = gzip.decompress(packed.read_bytes()).splitlines(keepends=True)
        lines += lines[:500]
        random.Random(4).shuffle(lines)
        packed.write_bytes(gzip.compress(b"".join(lines)))

    reconcile("--from", world, "--out", tmp_path / "other")

    for name in ("breaks.ndjson", "information.ndjson"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


class TestAFolderByHand:
    def test_a_whole_small_month_agrees(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path / "export")

        result = reconcile("--from", folder.root, config=one_marketplace(tmp_path))

        assert result.exit_code == 0, result.output

    def test_a_row_that_does_not_read_is_told_by_file_and_line(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path / "export")
        folder.write("transaction_lines", [*LINES, b'{"id": "x", "type":'])

        result = reconcile("--from", folder.root, "--out", tmp_path / "out", config=one_marketplace(tmp_path))

        assert result.exit_code == 1, result.output
        (problem,) = rows(tmp_path / "out/problems.ndjson")
        assert problem["file"] == "mirakl/brightside-uk/transaction_lines.ndjson"
        assert problem["line"] == len(LINES) + 1

    def test_an_invoice_of_a_cent_more_is_a_break(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path / "export")
        folder.write("documents", [an_invoice(foreigntotal=116.01)])

        reconcile("--from", folder.root, "--out", tmp_path / "out", config=one_marketplace(tmp_path))

        assert told(tmp_path / "out") == {("AMOUNT_DIFF", "A-1", Decimal("0.01"))}

    def test_a_folder_that_is_not_there_cannot_be_compared(self, tmp_path: Path) -> None:
        result = reconcile("--from", tmp_path / "nowhere", config=one_marketplace(tmp_path))

        assert result.exit_code == 2
        assert "is not a folder" in result.output
        assert "Traceback" not in result.output

    def test_json_is_one_document(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path / "export")

        result = reconcile("--from", folder.root, "--json", config=one_marketplace(tmp_path))

        document: dict[str, Any] = json.loads(result.stdout)
        assert {"breaks", "information", "problems", "as_of"} <= set(document)


def test_a_day_that_is_none_is_told(tmp_path: Path) -> None:
    result = reconcile("--from", tmp_path, as_of="30.11.2026")

    assert result.exit_code == 2

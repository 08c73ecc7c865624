"""`tieout audit mapping --from FOLDER`: offers against items out of files, without a deployment."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tieout.books.export import ExportError
from tieout.books.listings import audit_folder, write_worklist
from tieout.cli.app import app
from tieout.config import read_config
from tieout.domain.listings.audit import Fault

CONFIG = Path(__file__).parents[3] / "config" / "gift-shop.yaml"
ONE = "brightside-uk"
MUG = {"id": "1", "itemid": "MUG", "upccode": "5012345678900", "isinactive": "F", "prices": {"GBP": "4.00"}}
OFFER = {
    "offer_id": 7,
    "shop_sku": "MUG",
    "product_sku": "P-MUG",
    "price": 4.0,
    "quantity": 3,
    "active": True,
    "currency_iso_code": "GBP",
    "product_references": [{"reference_type": "EAN", "reference": "5012345678900"}],
}


def a_folder(folder: Path, items: list[Any], offers: list[Any]) -> Path:
    for place, rows in (("netsuite/items", items), (f"mirakl/{ONE}/offers", offers)):
        file = folder / f"{place}.ndjson"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return folder


def audited(folder: Path) -> Any:
    return audit_folder(folder, read_config(CONFIG), [ONE])


def test_offers_and_items_that_fit(tmp_path: Path):
    found = audited(a_folder(tmp_path, [MUG], [OFFER]))
    assert (found.findings, found.problems, found.not_compared) == ((), (), ())


def test_a_price_and_a_bar_code_that_do_not_fit(tmp_path: Path):
    other = [{"reference_type": "EAN", "reference": "4006381333931"}]
    found = audited(a_folder(tmp_path, [MUG], [OFFER | {"price": 9.99, "product_references": other}]))
    assert [each.fault for each in found.findings] == [Fault.OTHER_PRODUCT, Fault.PRICE_OUT_OF_BAND]
    assert found.findings[1].evidence == "9.99 against 4.00 GBP (+149.8 %)"


def test_one_broken_row_among_a_hundred_thousand_offers_is_told_with_its_line(tmp_path: Path):
    """And an offer without a SKU is a task; nothing else is stopped."""
    rows: list[Any] = [OFFER, *[json.dumps(OFFER | {"deleted": True})] * 99_997]
    rows[5000] = json.dumps(OFFER | {"price": "free"})
    found = audited(a_folder(tmp_path, [MUG], [*rows, OFFER | {"shop_sku": None, "offer_id": 8}]))
    (problem,) = found.problems
    assert str(problem) == f"mirakl/{ONE}/offers.ndjson, line 5001, field price: is not a number"
    assert [(each.fault, each.sku) for each in found.findings] == [(Fault.OFFER_WITHOUT_SKU, "8")]


@pytest.mark.parametrize("references", ["5012345678900", [None], {"EAN": "5012345678900"}, 5012345678900, ["EAN"]])
def test_references_that_are_no_list_of_references_are_told_with_their_line(tmp_path: Path, references: object):
    found = audited(a_folder(tmp_path, [MUG], [OFFER | {"product_references": references, "offer_id": 8}, OFFER]))
    (problem,) = found.problems
    assert (problem.line, problem.field) == (1, "product_references")
    assert found.findings == ()


def test_a_file_that_begins_with_a_byte_order_mark_reads_like_any_other(tmp_path: Path):
    folder = a_folder(tmp_path, [MUG], [OFFER])
    file = folder / f"mirakl/{ONE}/offers.ndjson"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    found = audited(folder)
    assert (found.findings, found.problems) == ((), ())


def test_an_item_that_does_not_read_is_told_and_the_others_are_compared(tmp_path: Path):
    found = audited(a_folder(tmp_path, [{"id": "2"}, MUG | {"prices": {"GBP": "dear"}}, "{", MUG], [OFFER]))
    assert [problem.line for problem in found.problems] == [1, 2, 3]
    assert found.findings == ()


def test_what_the_files_do_not_say_is_told(tmp_path: Path):
    bare = {name: value for name, value in OFFER.items() if name != "product_references"}
    found = audited(a_folder(tmp_path, [{"id": "1", "itemid": "MUG"}], [bare]))
    assert found.not_compared == (
        "Every item was taken to be active: none of the folder says `isinactive`.",
        f"Prices of {ONE} were not compared: no item of the folder has one in GBP.",
        f"Bar codes of {ONE} were not compared: its offers name no product references.",
    )


def test_a_folder_without_items_or_offers_is_refused(tmp_path: Path):
    with pytest.raises(ExportError, match="netsuite/items"):
        audited(tmp_path)
    (tmp_path / "netsuite").mkdir()
    (tmp_path / "netsuite" / "items.ndjson").touch()
    with pytest.raises(ExportError, match=r"offers\.ndjson"):
        audited(tmp_path)


def test_the_worklist_is_the_same_bytes_whatever_the_order_of_the_rows(tmp_path: Path):
    offers = [OFFER | {"shop_sku": sku, "offer_id": n} for n, sku in enumerate(["PLATE", "mug", "MUG"])]
    for name, rows in (("one", offers), ("two", offers[::-1])):
        write_worklist(audited(a_folder(tmp_path / name, [MUG], rows)), tmp_path / name)
    assert (tmp_path / "one" / "worklist.ndjson").read_bytes() == (tmp_path / "two" / "worklist.ndjson").read_bytes()


def test_the_command_says_what_is_to_be_done_and_exits_with_1(tmp_path: Path):
    folder = a_folder(tmp_path / "export", [MUG], [OFFER | {"shop_sku": "mug"}])
    asked = ["audit", "mapping", "--from", str(folder), "--config", str(CONFIG), "--out", str(tmp_path / "out")]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 1
    assert f"{ONE}/case_or_blanks/mug" in shown.output
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert [(task["fault"], task["suggestion"]) for task in told["tasks"]] == [("case_or_blanks", "MUG")]
    (line,) = (tmp_path / "out" / "worklist.ndjson").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == told["tasks"][0]


def test_a_folder_that_fits_exits_with_0(tmp_path: Path):
    folder = a_folder(tmp_path, [MUG], [OFFER])
    done = CliRunner().invoke(app, ["audit", "mapping", "--from", str(folder), "--config", str(CONFIG)])
    assert done.exit_code == 0, done.output

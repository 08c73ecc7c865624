"""The close pack: its figures are the inputs', its cells are typed, no text ever runs, and its bytes are the same."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.books.months import RULES, SHOP, a_break, closing, line, september
from tieout.books.close.closing import Account, Closing, Period
from tieout.books.close.gates import Verdict
from tieout.books.close.manifest import InputFile, run_id
from tieout.books.close.month_end import with_month_end
from tieout.books.close.pack import MANIFEST, PAGE, WORKBOOK, Pack, build_pack, write_pack
from tieout.books.close.roll_forward import RollForward, roll_forward
from tieout.books.close.sheet import Column, Kind, a_sheet, texts
from tieout.books.close.workbook import csv_bytes, workbook_bytes
from tieout.domain.ledger.rules import Mode
from tieout.domain.ledger.settle import settle
from tieout.domain.money import Money


def month_of(made: Closing) -> RollForward:
    return roll_forward(Account(made, SHOP, "GBP"))


def table(pack: Pack, file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(pack.files[file].decode("utf-8"), newline="")))


def verdicts(pack: Pack) -> dict[str, Verdict]:
    return {gate.id: gate.verdict for gate in pack.gates}


# --- figures ---------------------------------------------------------------------------------------------------------


def test_clearing_goes_from_its_opening_over_every_step_to_its_closing() -> None:
    """August's 109.88 is the opening; two orders, a refund, a subscription and two payouts make the rest."""
    month = month_of(closing())
    assert month.opening == Decimal("109.88")
    assert {step: amount for step, amount in month.steps.items() if amount} == {
        "Sales": Decimal("200.00"),
        "Shipping": Decimal("10.00"),
        "Taxes": Decimal("40.00"),
        "Refunds": Decimal("-40.00"),
        "Commission": Decimal("-30.24"),
        "Fees": Decimal("-30.00"),
        "Payouts": Decimal("-179.76"),
    }
    assert month.closing == Decimal("79.88")


def test_closing_and_what_is_not_booked_yet_make_mirakls_balance() -> None:
    month = month_of(closing())
    assert month.unposted == {"Cycle not closed yet": Decimal("109.88")}
    assert month.mirakl == Decimal("189.76")
    assert (month.pending, month.difference) == (Decimal("109.88"), Decimal(0))


def test_a_record_that_is_booked_twice_fails_the_gates() -> None:
    made = closing()
    once = verdicts(build_pack(made))
    assert (once["I7"], once["I9"]) == (Verdict.PASSED, Verdict.PASSED)
    sale = next(record for record in made.records if record.cycle == "sep-1" and "-PO-" not in record.external_id)
    again = replace(sale, external_id=sale.external_id + "X")
    twice = verdicts(build_pack(replace(made, records=(*made.records, again))))
    assert (twice["I7"], twice["I9"]) == (Verdict.FAILED, Verdict.FAILED)


def test_a_record_that_is_missing_shows_as_not_booked() -> None:
    made = closing()
    kept = [record for record in made.records if record.cycle != "sep-1" or "-PO-" in record.external_id]
    pack = build_pack(replace(made, records=kept))
    assert verdicts(pack)["I7"] is Verdict.FAILED
    (row,) = [each for each in table(pack, "02-clearing-roll-forward.csv") if each["Step"] == "Not booked"]
    assert row["Amount"] == "69.88"


def test_a_held_cycle_stands_beside_the_books_with_its_payout() -> None:
    """Mirakl paid 69.88 for a cycle whose lines come to 59.88: nothing of it is booked."""
    books = september()
    short = line(9, "MANUAL_INVOICE", "-10.00", "2026-09-09", "sep-1", order_id=None, order_line_id=None)
    month = month_of(closing(replace(books, lines=(*books.lines, short))))
    assert month.unposted["Cycle held"] == Decimal("59.88")
    assert month.unposted["Payouts of held cycles"] == Decimal("-69.88")
    assert month.difference == 0


def test_what_mirakl_shows_as_running_balance_is_read_from_the_last_line() -> None:
    books = september()
    balances = dict(zip((each.id for each in books.lines), (Decimal(number) for number in range(100)), strict=False))
    ordered = replace(books, lines=tuple(replace(each, balance=balances[each.id]) for each in books.lines))
    assert month_of(closing(ordered)).running is None, "which of one second's lines is the last cannot be told"
    chain, balance = [], Decimal(0)
    for each in books.lines:
        balance += each.amount
        chain.append(replace(each, balance=balance))
    assert month_of(closing(replace(books, lines=tuple(reversed(chain))))).running == balance


def test_the_books_of_an_operator_are_the_mirror_and_have_seller_statements() -> None:
    rules = replace(RULES, mode=Mode.OPERATOR)
    books = september()
    settled = settle(books, rules)
    made = closing(rules={SHOP: rules}, records=settled.records, proofs=settled.proofs)
    pack = build_pack(made)
    (statement,) = table(pack, "16-seller-statements.csv")
    assert (statement["Opening"], statement["Commission"], statement["Closing"]) == ("109.88", "-45.36", "369.52")
    assert month_of(made).difference == 0


def test_fees_are_compared_with_what_the_orders_say() -> None:
    (row,) = [each for each in table(build_pack(closing()), "11-fees.csv") if each["Fee"] == "Commission"]
    assert (row["Base"], row["Charged"], row["Agreed"], row["Difference"]) == ("315.00", "37.80", "37.80", "0.00")
    assert row["Effective %"] == "12.00"


def test_an_invoice_without_a_line_is_a_receivable() -> None:
    (row,) = table(build_pack(closing()), "08-unsettled-receivables.csv")
    assert (row["Invoice"], row["Open"], row["Expected in"]) == ("INV-7", "125.00", "no line yet")


def test_input_tax_stands_by_legal_document() -> None:
    rows = [each for each in table(build_pack(closing()), "10-tax.csv") if each["Tax"] == "Input tax on fees"]
    assert [(each["Document"], each["Base"], each["Tax amount"], each["Rate"]) for each in rows] == [
        ("D-1", "12.60", "2.52", "20.00")
    ]


def test_breaks_stand_with_owner_age_and_amount_and_block_the_sign_off() -> None:
    pack = build_pack(closing(None, a_break("O-2", order_id="O-2"), a_break("O-4", blocks=False)))
    blocking, other = table(pack, "07-breaks.csv")
    assert (blocking["Key"], blocking["Blocks close"], blocking["Owner"]) == ("O-2", "yes", "accounting")
    assert (blocking["Transaction day"], blocking["Days since transaction"]) == ("2026-09-05", "27")
    assert other["Blocks close"] == "no"
    assert verdicts(pack)["Breaks"] is Verdict.FAILED
    assert not pack.is_ready
    (row,) = table(pack, "07b-breaks-roll-forward.csv")
    assert (row["Opening"], row["New"], row["Closing"], row["Closing amount"]) == ("0", "2", "2", "24.68")


def test_a_month_without_a_break_is_ready_to_sign() -> None:
    pack = build_pack(closing())
    assert pack.is_ready
    assert [gate.id for gate in pack.gates if gate.verdict is Verdict.NOT_CHECKED] == ["I24", "I26"]


def test_negative_clearing_is_shown_as_a_payable_over_the_months_end() -> None:
    books = september()
    owed = (line(8, "SUBSCRIPTION_FEE", "-500.00", "2026-09-20", "sep-3", order_id=None, order_line_id=None),)
    owing = replace(books, lines=owed, cycles=(replace(books.cycles[2], id="sep-3", to_seller=Decimal(0)),))
    made = with_month_end(closing(owing))
    rows = table(build_pack(made), "12-reserve-and-negatives.csv")
    assert {each["What"]: each["Amount"] for each in rows} == {
        "Negative cycle": "-500.00",
        "Shown as payable": "-500.00",
        "Negative clearing": "-500.00",
    }
    assert month_of(made).closing == Decimal(-500)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.integers(-9999, 9999),
            st.sampled_from(["ORDER_AMOUNT", "COMMISSION_FEE", "REFUND_ORDER_AMOUNT", "MANUAL_CREDIT"]),
            st.sampled_from([None, "sep-1", "sep-2"]),
        ),
        max_size=12,
    )
)
def test_whatever_the_log_holds_nothing_is_left_between_books_and_mirakl(drawn) -> None:
    books = september()
    more = [
        line(100 + place, kind, str(Decimal(cents) / 100), f"2026-{8 + day // 30:02d}-{day % 30 + 1:02d}", name)
        for place, (day, cents, kind, name) in enumerate(drawn)
    ]
    assert month_of(closing(replace(books, lines=(*books.lines, *more)))).difference == 0


# --- cells -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened() -> Any:
    pack = build_pack(closing(None, a_break("=cmd|' /C calc'!A0", order_id="=1+1")))
    return openpyxl.load_workbook(BytesIO(pack.files[WORKBOOK]))


def test_a_workbook_has_a_sheet_a_report_in_order(opened) -> None:
    assert opened.sheetnames[:3] == ["1 Cover and sign-off", "2 Clearing roll-forward", "3 Cycle tie-out"]
    assert opened.sheetnames[-1] == "15 Settings in force"


def test_amounts_are_numbers_and_days_are_dates(opened) -> None:
    sheet = opened["3 Cycle tie-out"]
    heading = [cell.value for cell in sheet[4]]
    row = dict(zip(heading, sheet[5], strict=True))
    assert row["Cycle"].value == "aug"
    assert row["Sum of lines"].value == 109.88
    assert row["Sum of lines"].number_format == "#,##0.00"
    assert row["Closed"].value == datetime(2026, 8, 31)  # noqa: DTZ001
    assert row["Closed"].is_date
    assert row["Lines"].value == 5


def test_no_cell_is_a_formula_whatever_its_text_begins_with(opened) -> None:
    kinds = {cell.data_type for sheet in opened for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    values = [cell.value for row in opened["7 Breaks"].iter_rows() for cell in row]
    assert "=cmd|' /C calc'!A0" in values


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_a_csv_file_runs_nothing(text: str) -> None:
    sheet = a_sheet("1", "Any", "", (*texts("Text"), Column("Amount", Kind.MONEY)), [(text, Money(Decimal(-5), "GBP"))])
    ((shown, amount),) = list(csv.reader(StringIO(csv_bytes(sheet).decode(), newline="")))[1:]
    assert shown == f"'{text}"
    assert amount == "-5.00", "a negative amount is a number, not a command"


def test_every_currency_has_its_own_digits() -> None:
    rows = [(Money(Decimal(1000), "JPY"),), (Money(Decimal("1.234"), "KWD"),), (Money(Decimal("-1.5"), "GBP"),)]
    sheet = a_sheet("1", "Any", "", (Column("Amount", Kind.MONEY),), rows)
    assert csv_bytes(sheet).decode().split() == ["Amount", "1000", "1.234", "-1.50"]
    page = openpyxl.load_workbook(BytesIO(workbook_bytes([sheet], "x")))["1 Any"]
    assert [page.cell(row, 1).number_format for row in (5, 6, 7)] == ["#,##0", "#,##0.000", "#,##0.00"]


def test_an_amount_that_excel_would_round_is_kept_as_text() -> None:
    sheet = a_sheet("1", "Any", "", (Column("Amount", Kind.MONEY),), [(Money(Decimal("12345678901234567.89"), "GBP"),)])
    page = openpyxl.load_workbook(BytesIO(workbook_bytes([sheet], "x")))["1 Any"]
    assert page["A5"].value == "12345678901234567.89"


def test_control_characters_leave_the_workbook_readable() -> None:
    sheet = a_sheet("1", "Any", "", texts("Text"), [("a\x00b\x0bc",)])
    page = openpyxl.load_workbook(BytesIO(workbook_bytes([sheet], "x")))["1 Any"]
    assert page["A5"].value == "a\ufffdb\ufffdc"


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_escapes_every_text_and_loads_nothing() -> None:
    nasty = "<script>alert(1)</script>\"'"
    page = build_pack(closing(None, a_break(nasty), entity=nasty)).files[PAGE].decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>gifts" not in page
    assert not re.search(r"(?:src|href)=[\"'](?:https?:|//)", page)
    assert page.count("<svg") == 3


def test_the_pictures_tell_their_figures_in_words_too() -> None:
    page = build_pack(closing()).files[PAGE].decode()
    assert "opening 109.88, closing 79.88, balance in Mirakl 189.76, difference 0.00" in page
    assert "charged 12.00 %, agreed 12.00 %" in page


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_the_same_inputs_give_the_same_bytes_in_any_order() -> None:
    books = september()
    one = build_pack(closing(books))
    two = build_pack(closing(replace(books, lines=tuple(reversed(books.lines)))))
    assert [name for name in one.files if one.files[name] != two.files[name]] == []


def test_the_manifest_names_every_file_by_its_hash_and_is_written_last(tmp_path) -> None:
    pack = build_pack(closing())
    write_pack(pack, tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    assert {each["name"] for each in manifest["files"]} == {path.name for path in tmp_path.iterdir()} - {MANIFEST}
    for each in manifest["files"]:
        assert sha256((tmp_path / each["name"]).read_bytes()).hexdigest() == each["sha256"]
    assert (manifest["ready"], manifest["gates"]["I9"]) == (True, "passed")


def test_a_run_is_named_by_what_it_depends_on() -> None:
    def name(**more: Any) -> str:
        facts: dict[str, Any] = {"period": "2026-09", "as_of": "2026-10-02", "code_version": "1", "config_hash": "c"}
        facts["inputs"] = [InputFile("a", "1", 1), InputFile("b", "2", 1)]
        return run_id(**{**facts, **more})

    assert name() == name(inputs=[InputFile("b", "2", 1), InputFile("a", "1", 1)])
    others = [name(inputs=[InputFile("a", "9", 1)]), name(config_hash="d"), name(as_of="2026-10-03"), name(period="x")]
    assert len({name(), *others}) == 5


@pytest.mark.parametrize("text", ["2026-13", "2026-9", "sept", "2026-09-01", "1999-01"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month such as 2026-09"):
        Period.parse(text)


def test_a_month_knows_its_days() -> None:
    month = Period.parse("2028-02")
    assert (month.first, month.last) == (date(2028, 2, 1), date(2028, 2, 29))
    assert date(2028, 2, 29) in month
    assert date(2028, 3, 1) not in month


def test_an_order_is_told_with_all_its_money() -> None:
    rows = {each["Order"]: each for each in table(build_pack(closing()), "06-order-settlement.csv")}
    assert set(rows) == {"O-1", "O-2", "O-3", "O-4", "O-6"}
    assert (rows["O-2"]["Gross"], rows["O-2"]["Commission"], rows["O-2"]["VAT on commission"]) == (
        "125.00",
        "-12.60",
        "-2.52",
    )
    assert {name: row["Status"] for name, row in rows.items()} == {
        "O-1": "paid out",
        "O-2": "paid out",
        "O-3": "paid out",
        "O-4": "settled",
        "O-6": "open",
    }


# --- what the documentation says --------------------------------------------------------------------------------------


def test_the_roll_forward_of_the_finance_page_is_this_month() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "finance" / "month-end.md").read_text(encoding="utf-8")
    found = re.search(r"\| Clearing, September \| GBP \|\n\|---\|--:\|\n((?:\|.*\n)+)", page)
    assert found is not None
    told = dict(re.findall(r"^\| \**([\w' ]+?)\** \| \**(-?[\d.]+)\** \|$", found[1], re.MULTILINE))
    month = month_of(closing())
    steps = {step: amount for step, amount in month.steps.items() if amount}
    assert {name: Decimal(amount) for name, amount in told.items()} == {
        "Opening": month.opening,
        **steps,
        "Closing": month.closing,
        **month.unposted,
        "Balance in Mirakl": month.mirakl,
        "Difference": month.difference,
    }


def test_the_finance_page_names_every_gate_and_every_report() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "finance" / "month-end.md").read_text(encoding="utf-8")
    pack = build_pack(closing())
    assert [gate.id for gate in pack.gates if f"| {gate.id} |" not in page] == []
    reports = page.partition("## All reports")[2]
    assert [sheet.number for sheet in pack.sheets if not re.search(rf"\b{sheet.number} [A-Z]", reports)] == []

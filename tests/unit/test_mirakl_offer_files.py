"""Files that go to Mirakl and come from it: what a warehouse or a buyer wrote in a cell stays in that cell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from csv import reader
from decimal import Decimal
from email import message_from_bytes
from email.message import Message
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.shared import shared
from tieout.domain.errors import NeedsAttention, Reason, SystemDown
from tieout.domain.listings.listing import Listing
from tieout.domain.stock.offer import Offer, Rejected
from tieout.mirakl.error_reports import rejected_lines
from tieout.mirakl.forms import csv_file, form_with, plain
from tieout.mirakl.imports import state_of
from tieout.mirakl.offer_columns import offers_file
from tieout.mirakl.offer_files import LONGEST_OFFER, offers_in
from tieout.mirakl.wire_offers import FILE_STATE

FIXTURES = "fixtures/mirakl/openapi-seller"
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
A_LISTING = Listing(
    sku="MUG", product_id="5012345678900", product_id_type="EAN", price=Decimal("9.90"), quantity=3, state_code="11"
)


def cells_of(file: bytes) -> list[list[str]]:
    return list(reader(StringIO(file.decode(), newline=""), delimiter=";"))


def parts_of(body: bytes, content_type: str) -> dict[str, Message]:
    """The form as any mail reader takes it apart."""
    form = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return {
        str(part.get_param("name", header="Content-Disposition")): part
        for part in form.walk()
        if not part.is_multipart()
    }


# -- files that go -----------------------------------------------------------------------------------------------------


def test_a_file_of_stock_is_a_head_and_a_line_an_offer():
    assert csv_file(("offer-sku", "quantity"), [("MUG", "3"), ("PEN;2", "0")]) == (
        b'offer-sku;quantity\r\nMUG;3\r\n"PEN;2";0\r\n'
    )


@given(st.lists(st.tuples(CELL, CELL), min_size=1))
@example([("=1+1", ";"), ('"', "\r"), ("\n", "a\r\nb"), (" A ", "é€")])
def test_no_cell_runs_into_another_whatever_stands_in_it(rows: list[tuple[str, str]]):
    assert cells_of(csv_file(("a", "b"), rows)) == [["a", "b"], *map(list, rows)]


def test_a_character_that_no_file_holds_spoils_its_own_line_only():
    assert cells_of(csv_file(("offer-sku", "quantity"), [("\ud800", "1"), ("MUG", "2")]))[1:] == [
        ["?", "1"],
        ["MUG", "2"],
    ]


@given(
    st.binary(max_size=60), st.dictionaries(st.sampled_from(["shop_id", "import_mode"]), st.just("2000"), max_size=2)
)
@example(b"--\r\n--", {"shop_id": "2000"})
def test_a_form_brings_the_file_as_it_was(file: bytes, fields: dict[str, str]):
    body, content_type = form_with(file, "sto01.csv", fields)
    parts = parts_of(body, content_type)
    assert parts.keys() == {*fields, "file"}
    assert parts["file"].get_filename() == "sto01.csv"
    assert body.count(file) >= 1
    head, _, rest = body.partition(b"Content-Type: text/csv\r\n\r\n")
    assert rest.startswith(file + b"\r\n--")
    assert all(value.encode() in head for value in fields.values())


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("A mug", "A mug"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  +44 mugs", "'+44 mugs"),
        ("-5 %", "'-5 %"),
        ("@SUM(1)", "'@SUM(1)"),
        ("a = b", "a = b"),
        ("two\r\nlines", "two lines"),
        ("", ""),
    ],
)
def test_free_text_is_no_formula_in_anybodys_spreadsheet(text: str, sent: str):
    assert plain(text) == sent


def test_only_the_columns_that_are_meant_go_into_a_file_of_offers():
    assert cells_of(offers_file([A_LISTING], {"price"})) == [
        ["sku", "price", "update-delete"],
        ["MUG", "9.90", "update"],
    ]
    everything = {"product_id", "product_id_type", "description", "price", "quantity", "state_code"}
    assert cells_of(offers_file([A_LISTING], everything)) == [
        ["sku", "product-id", "product-id-type", "description", "price", "quantity", "state", "update-delete"],
        ["MUG", "5012345678900", "EAN", "", "9.90", "3", "11", "update"],
    ]


def test_a_small_price_is_not_written_with_an_exponent():
    listing = Listing(sku="A", product_id="", product_id_type="", price=Decimal("1E-7"), quantity=0, state_code="")
    assert cells_of(offers_file([listing], {"price"}))[1][1] == "0.0000001"


def test_every_column_of_offers_is_one_that_mirakls_own_example_has():
    example = json.loads(shared(f"{FIXTURES}/OF01-req-0.json").read_bytes())["file"].splitlines()[0].split(";")
    everything = {"product_id", "product_id_type", "description", "price", "quantity", "state_code"}
    assert set(cells_of(offers_file([A_LISTING], everything))[0]) <= set(example)


@pytest.mark.parametrize("columns", [{"internal_description"}, {"sku"}])
def test_a_field_that_no_column_is_for_is_our_mistake(columns: set[str]):
    with pytest.raises(ValueError, match="no column"):
        offers_file([A_LISTING], columns)


# -- reports that come -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "report",
    [
        # as documented: line number, reason, and what was sent
        b"line;reason;offer-sku;quantity;warehouse-code;update-delete\r\n3;Unknown SKU;MUG;5;;\r\n",
        b'"error-line";"error-message";"offer-sku";"quantity"\n"3";"Unknown SKU";"MUG";"5"\n',
        b"\xef\xbb\xbfoffer-sku;quantity;error-line;error-message\n\nMUG;5;3;Unknown SKU\n",
        b"Ligne;Motif;offer-sku;quantity\n3;Unknown SKU;MUG;5\n",
        b"line,reason,sku,price\n3,Unknown SKU,MUG,5\n",
        b"3;Unknown SKU;MUG;5\n",
        b"Zeile;Grund;Angebot;Menge\n3;Unknown SKU;MUG;5\n",
    ],
)
def test_a_line_in_error_is_told_whatever_the_report_calls_its_columns(report: bytes):
    assert rejected_lines(report) == [Rejected("MUG", "Unknown SKU", 3)]


def test_a_report_whose_lines_have_no_numbers_still_tells_sku_and_reason():
    assert rejected_lines(b"sku;price;errors\nMUG;x;not a number\nPEN;;\n") == [
        Rejected("MUG", "not a number", None),
        Rejected("PEN", "refused without a word", None),
    ]


def test_a_report_that_tells_nothing_is_shown_as_it_stands():
    assert rejected_lines(b"Internal error\n") == [Rejected("", "Internal error", None)]
    assert rejected_lines(b"") == []
    assert rejected_lines(b"offer-sku;error\n") == []


def test_a_sku_with_quotes_and_separators_comes_back_as_it_was_sent():
    sent = csv_file(("error-line", "error-message", "offer-sku"), [("2", "no", 'A;"B"\n C'), ("3", "no", "=D")])
    assert [each.sku for each in rejected_lines(sent)] == ['A;"B"\n C', "=D"]


def test_a_report_that_is_no_csv_needs_attention():
    with pytest.raises(NeedsAttention) as refused:
        rejected_lines(b"offer-sku;error\n" + b"x" * 200_000)
    assert refused.value.reason is Reason.UNREADABLE_DOCUMENT


@given(st.binary(max_size=200))
@example(b"\x1c0;no;MUG")
@example(b"9" * 200)
def test_no_report_breaks_the_reading_of_it(report: bytes):
    assert all(isinstance(each, Rejected) for each in rejected_lines(report.replace(b"\0", b"")))


# -- imports -----------------------------------------------------------------------------------------------------------


def test_an_import_is_read_as_in_mirakls_example():
    told = FILE_STATE.decode(shared(f"{FIXTURES}/OF02-resp200-0.json").read_bytes())
    found = state_of(told, "OF02", "2035")
    assert (found.import_id, found.state, found.is_over, found.in_success, found.in_error) == (
        *("2035", "COMPLETE", True),
        *(1, 0),
    )
    assert not found.has_errors


@pytest.mark.parametrize("state", ["WAITING", "RUNNING", "WAITING_SYNCHRONIZATION_PRODUCT", "SENT_TO_MARS"])
def test_a_state_that_nobody_knows_is_kept_and_is_not_the_end(state: str):
    found = state_of(FILE_STATE.decode(json.dumps({"status": state})), "STO02", "7")
    assert (found.import_id, found.state, found.is_over) == ("7", state, False)


def test_counts_may_come_quoted_and_lines_in_error_mean_a_report():
    told = {"status": "COMPLETE", "lines_in_success": "4", "lines_in_error": 1, "has_error_report": None}
    found = state_of(FILE_STATE.decode(json.dumps(told)), "STO02", "7")
    assert (found.in_success, found.in_error, found.has_errors) == (4, 1, True)


@pytest.mark.parametrize("told", [{}, {"status": None}, {"status": "COMPLETE", "lines_in_error": "many"}])
def test_an_answer_without_a_state_is_no_answer(told: dict[str, object]):
    with pytest.raises(SystemDown):
        state_of(FILE_STATE.decode(json.dumps(told)), "STO02", "7")


# -- exports -----------------------------------------------------------------------------------------------------------


def told(**facts: object) -> dict[str, object]:
    price = {"origin_price": 2.5, "volume_prices": [{"quantity_threshold": 1, "unit_origin_price": 2.5}]}
    return {"offer_id": 9, "shop_sku": "MUG", "quantity": 3, "prices": [price], **facts}


def read(document: object, size: int = 7) -> list[Offer]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(offers_in(raw[start : start + size] for start in range(0, len(raw), size)))


@pytest.mark.parametrize("number", [0, 1])
def test_an_offer_is_read_as_in_mirakls_example(number: int):
    raw = shared(f"{FIXTURES}/OF54-resp200-{number}.json").read_bytes()
    (offer,) = offers_in([raw])
    assert (offer.sku, offer.offer_id, offer.quantity, offer.product) == ("sku-2003", "2003", 56, "MKP100000000193522")
    assert (offer.price, offer.currency, offer.state_code, offer.shop_id) == (Decimal("69.99"), "EUR", "4", "3")
    assert (offer.is_active, offer.is_deleted, offer.has_more_prices) == (True, False, True)
    assert offer.updated_at is not None
    assert offer.updated_at.isoformat() == "2022-03-03T08:52:10+00:00"


@pytest.mark.parametrize(
    ("price", "has_more"),
    [
        ({"origin_price": 5}, False),
        ({"origin_price": 5, "discount_price": None, "context": None, "volume_prices": None}, False),
        ({"origin_price": 5, "context": {"channel_codes": [], "start_date": None, "end_date": None}}, False),
        ({"origin_price": 5, "discount_price": 4}, True),
        ({"origin_price": 5, "context": {"channel_codes": ["FR"]}}, True),
        ({"origin_price": 5, "volume_prices": [{"quantity_threshold": 1}, {"quantity_threshold": 10}]}, True),
    ],
)
def test_what_a_new_price_would_delete_is_known(price: dict[str, object], has_more: bool):
    assert read([told(prices=[price])])[0].has_more_prices is has_more
    assert read([told(prices=[price, {"origin_price": 9}])])[0].has_more_prices


def test_a_context_that_names_nobody_and_no_time_is_none():
    """Mirakl leaves a default price's context out; one that says nothing is the same."""
    (offer,) = read([told(prices=[{"origin_price": 5, "context": {"channel_codes": [], "start_date": None}}])])
    assert offer.price == Decimal(5)


def test_an_offer_without_a_sku_a_price_or_a_date_is_told_as_it_is():
    (offer,) = read([{"offer_id": "9", "quantity": "3", "shop_sku": None, "prices": None}])
    assert offer == Offer(sku="", offer_id="9", quantity=3)
    (gone,) = read([{"offer_id": 9, "shop_sku": "MUG", "deleted": True}])
    assert (gone.quantity, gone.is_deleted) == (0, True)


@given(
    st.lists(st.tuples(st.text(max_size=5), st.integers(0, 10**6)), max_size=8),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
)
def test_however_a_file_is_cut_its_offers_are_the_same(rows: list[tuple[str, int]], size: int, indent: int | None):
    document = json.dumps([told(shop_sku=sku, quantity=units) for sku, units in rows], indent=indent).encode()
    assert [(offer.sku, offer.quantity) for offer in read(document, size)] == rows


def test_offers_that_stand_one_after_another_are_read_too():
    lines = b"".join(json.dumps(told(quantity=units)).encode() + b"\n" for units in (1, 2))
    assert [offer.quantity for offer in read(lines)] == [1, 2]
    assert read(b"") == []
    assert read([]) == []


@pytest.mark.parametrize(
    ("document", "before"),
    [
        (json.dumps([told(), told()]).encode()[:-9], 1),
        (json.dumps([told()]).encode()[:-1], 1),
        (b"[" + json.dumps(told()).encode() + b",{nothing}]", 1),
        (b"<html>maintenance</html>", 0),
        (json.dumps([told(quantity=None)]).encode(), 0),
        (json.dumps([told(), told(quantity="some")]).encode(), 1),
        (json.dumps([told(offer_id=None)]).encode(), 0),
        (json.dumps([told(), [1]]).encode(), 1),
        (b'[{"offer_id": 9, "quantity": 1, "prices": [{"origin_price": NaN}]}]', 0),
    ],
)
def test_a_file_that_is_cut_or_not_what_was_asked_for_is_refused_and_says_how_far_it_went(document: bytes, before: int):
    with pytest.raises(NeedsAttention) as refused:
        read(document)
    assert refused.value.reason is Reason.UNREADABLE_DOCUMENT
    assert refused.value.facts["offers_before"] == str(before)


def test_a_file_that_is_not_utf8_is_refused():
    with pytest.raises(NeedsAttention, match="UTF-8"):
        read(b'[{"offer_id": 9, "quantity": 1, "shop_sku": "\xff"}]')


def test_what_never_ends_is_not_collected():
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b'[{"shop_sku": "'
        while True:
            taken += 1
            yield b"x" * 100_000

    with pytest.raises(NeedsAttention):
        list(offers_in(endless()))
    assert taken * 100_000 <= 2 * LONGEST_OFFER


@given(st.integers(1, 400), st.lists(st.sampled_from(["},{", '"},', "]", "\\", "é"]), max_size=4).map("".join))
def test_offers_read_by_the_hundreds_are_those_read_one_by_one(size: int, odd: str):
    """Whatever stands in a SKU, and however many prices there are, a piece ends behind a whole offer."""
    rows = [
        told(shop_sku=f"{odd}{at}", quantity=at, prices=[{"origin_price": at}, {"context": {"a": [{}, {}]}}])
        for at in range(9)
    ]
    document = json.dumps(rows, separators=(",", ":")).encode()
    assert [(offer.sku, offer.quantity) for offer in read(document, size)] == [(f"{odd}{at}", at) for at in range(9)]


def test_an_offer_that_is_wrong_is_told_by_how_many_came_before_it_in_a_long_file_too():
    rows = [told(quantity=at) for at in range(500)]
    rows[321]["quantity"] = "few"
    with pytest.raises(NeedsAttention) as refused:
        read(rows, 10_000)
    assert refused.value.facts["offers_before"] == "321"

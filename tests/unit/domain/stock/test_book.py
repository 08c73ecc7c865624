"""The book: one line an item, read back as it was written, and clear about what does not read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.stock.book import (
    Entry,
    MemberStock,
    UnreadableBookError,
    entry_of,
    first_line,
    line_of,
    marketplaces_of,
)
from tieout.domain.stock.showing import Shown

NAMES = ("brightside-uk", "maison-eu")
NUMBERS = {name: number for number, name in enumerate(NAMES)}
MUG = Entry(
    item_id="501",
    category="Mugs",
    shelves={"7": Decimal(40)},
    offers=(Shown("brightside-uk", "MUG", 20), Shown("maison-eu", "MUG", 20)),
)


def test_the_first_line_says_what_the_file_is_and_whose_offers_it_holds() -> None:
    assert first_line(NAMES) == b"tieout stock 1\tbrightside-uk\tmaison-eu\n"
    assert marketplaces_of(first_line(NAMES)) == NAMES


@pytest.mark.parametrize("line", [b"tieout stock 2\tbrightside-uk\n", b"sku,quantity\n", b""])
def test_another_version_or_another_file_is_refused(line: bytes) -> None:
    with pytest.raises(UnreadableBookError, match="line 1 should begin with 'tieout stock 1'"):
        marketplaces_of(line)


def test_a_settled_item_takes_one_short_line() -> None:
    assert line_of(MUG, NUMBERS) == b"501\t.\t\t=Mugs\t7:40\t0:MUG:20\t1:MUG:20\n"


@pytest.mark.parametrize(
    "line",
    [
        b"501\t.\t\t=Mugs\t7:forty\t0:MUG:20\n",
        b"501\t.\t\t=Mugs\t7:40\t0:MUG:2x\n",
        b"501\t.\t\t=Mugs\t7:40\t5:MUG:20\n",
        b"501\t.\t\t=Mugs\t7:40\t0:MUG\n",
        b"501\t?\t\t=Mugs\t7:40\n",
        b"501\t.\t\tMugs\t7:40\n",
        b"501\n",
        b"\t.\t\t=\t\n",
        b"501\t.\t\t=\xff\t7:40\n",
    ],
)
def test_a_line_that_does_not_read_is_named(line: bytes) -> None:
    with pytest.raises(UnreadableBookError, match="a line of the stock book does not read: '"):
        entry_of(line, NAMES)


words = st.text(max_size=12)
units = st.decimals(-1000, 1000, places=2).map(lambda figure: figure.normalize() if figure else Decimal(0))
counts = st.integers(0, 10**6)
a_shown = st.builds(
    Shown, st.sampled_from(NAMES), words, counts, st.integers(0, 2**31), st.none() | counts, st.none() | counts
)
ids = st.integers(1, 10**9).map(str)
an_entry = st.builds(
    Entry,
    item_id=ids,
    category=words,
    shelves=st.dictionaries(ids, units, max_size=3),
    promised=st.dictionaries(st.sampled_from(NAMES), units),
    offers=st.lists(a_shown, max_size=3).map(tuple),
    is_open=st.booleans(),
)
a_member = st.builds(
    MemberStock, ids, st.decimals("0.01", 99, places=2), st.dictionaries(st.sampled_from(NAMES), counts)
)
a_kit = st.builds(
    Entry,
    item_id=ids,
    category=words,
    members=st.lists(a_member, max_size=3).map(tuple),
    is_kit=st.just(value=True),
    offers=st.lists(a_shown, max_size=3).map(tuple),
    is_open=st.booleans(),
)


@given(an_entry | a_kit)
def test_what_is_written_is_read_back_whatever_skus_and_classes_are_called(entry: Entry) -> None:
    line = line_of(entry, NUMBERS)
    assert line.count(b"\n") == 1
    assert entry_of(line, NAMES) == entry
    assert (b"\t!" in line) == entry.is_open

"""The book: what each item has and what its offers show. Text, one line an item, sorted, so that it can be streamed.

    tieout stock 1 <TAB> brightside-uk <TAB> maison-eu          the format's version, and the marketplaces by number
    501 <TAB> . <TAB> <TAB> =Mugs <TAB> 7:40 <TAB> 0:MUG:20 <TAB> 1:MUG:20
    item id; flag; promises; class; shelves; an offer a field

Flag: `.` settled, `!` open, to be looked at in each run; `k` and `!k` the same of a kit. Promises: number of the
marketplace and units. Shelves: location id and units; of a kit, instead, each member with what one kit takes of it
and the kit's part of it at each marketplace (`*502*2 0:20 1:20`). Offers: marketplace, SKU, quantity, and where there
is any: sales counted up to, quantity in flight, doubt. Items are sorted by length of the id, then id (as numbers
are); kits come after all items.
There is nothing of a buyer in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from urllib.parse import quote, unquote

from msgspec import Struct

from tieout.domain.stock.showing import Shown

TITLE = b"tieout stock 1"
OPEN = b"\t!"
_PLAIN = " !#$&'()*+,/;<=>?@[]^_`{|}~"


class UnreadableBookError(Exception):
    """A line of the book does not read as it should; the nightly full reading writes it anew."""


class MemberStock(Struct, frozen=True):
    """What a kit takes of an item, and what the item had for it when the kit was last worked out."""

    item_id: str
    units: Decimal
    parts: Mapping[str, int]
    """By marketplace: the part of the item's pool that one offer of the kit has there."""


class Entry(Struct, frozen=True, kw_only=True):
    """One item of the book."""

    item_id: str
    category: str = ""
    shelves: Mapping[str, Decimal] = {}
    """Units by location id; none of a kit."""
    promised: Mapping[str, Decimal] = {}
    """Units by marketplace that NetSuite did not hold yet when the item was last worked out."""
    members: tuple[MemberStock, ...] = ()
    is_kit: bool = False
    offers: tuple[Shown, ...] = ()
    is_open: bool = False
    """Whether it is to be looked at again although nothing is told of it."""


def order_of(item_id: str, *, is_kit: bool) -> tuple[bool, int, bytes]:
    """Where an item stands in the book."""
    text = item_id.encode()
    return is_kit, len(text), text


def first_line(marketplaces: Sequence[str]) -> bytes:
    """The line that says what the file is."""
    return b"\t".join([TITLE, *(name.encode() for name in marketplaces)]) + b"\n"


def marketplaces_of(line: bytes) -> tuple[str, ...]:
    """Names by number, of the first line. Raises UnreadableBookError for another file, or another version."""
    title, *names = line.rstrip(b"\n").split(b"\t")
    if title != TITLE:
        raise UnreadableBookError(f"line 1 should begin with {TITLE.decode()!r}, not with {title[:40]!r}")
    return tuple(name.decode() for name in names)


def line_of(entry: Entry, numbers: Mapping[str, int]) -> bytes:
    """An item's line. `numbers` are the marketplaces' in the first line."""
    flag = ("!" if entry.is_open else "") + ("k" if entry.is_kit else "")
    if entry.is_kit:
        stock = ";".join(f"*{m.item_id}*{m.units:f} {_numbered(m.parts, numbers)}" for m in entry.members)
    else:
        stock = " ".join([f"{place}:{units:f}" for place, units in entry.shelves.items()])
    promised = _numbered(entry.promised, numbers)
    fields = [entry.item_id, flag or ".", promised, "=" + _escaped(entry.category), stock]
    for shown in entry.offers:
        field = f"{numbers[shown.marketplace]}:{_escaped(shown.sku)}:{shown.quantity}"
        if not shown.is_settled:
            field += f":{shown.since}:{_blank(shown.sent)}:{_blank(shown.doubt)}"
        fields.append(field)
    return "\t".join(fields).encode() + b"\n"


def entry_of(line: bytes, marketplaces: Sequence[str]) -> Entry:
    """An item of its line. Raises UnreadableBookError naming the line."""
    try:
        item_id, flag, promised, category, stock, *offers = line.decode().rstrip("\n").split("\t")
        is_kit = flag.endswith("k")
        if flag not in {".", "!", "k", "!k"} or not item_id or category[0] != "=":
            raise ValueError("fields are not where they should be")  # noqa: TRY301  said as all others below
        return Entry(
            item_id=item_id,
            category=_plain(category[1:]),
            shelves={} if is_kit else {place: Decimal(units) for place, units in _pairs(stock)},
            promised={marketplaces[int(number)]: Decimal(units) for number, units in _pairs(promised)},
            members=tuple(_member(each, marketplaces) for each in stock.split(";") if each) if is_kit else (),
            is_kit=is_kit,
            offers=tuple(_shown(field, marketplaces) for field in offers),
            is_open=flag[0] == "!",
        )
    except (ValueError, IndexError, InvalidOperation, UnicodeDecodeError) as error:
        told = line[:120].decode(errors="replace").rstrip("\n")
        raise UnreadableBookError(f"a line of the stock book does not read: {told!r} ({error})") from error


def _shown(field: str, marketplaces: Sequence[str]) -> Shown:
    number, sku, quantity, *more = field.split(":")
    shown = Shown(marketplaces[int(number)], _plain(sku), int(quantity))
    if not more:
        return shown
    since, sent, doubt = more
    return Shown(shown.marketplace, shown.sku, shown.quantity, int(since), _whole(sent), _whole(doubt))


def _member(text: str, marketplaces: Sequence[str]) -> MemberStock:
    named, _, parts = text.partition(" ")
    _, item_id, units = named.split("*")
    return MemberStock(
        item_id, Decimal(units), {marketplaces[int(number)]: int(count) for number, count in _pairs(parts)}
    )


def _pairs(text: str) -> list[list[str]]:
    return [pair.split(":") for pair in text.split(" ")] if text else []


def _numbered(units: Mapping[str, int] | Mapping[str, Decimal], numbers: Mapping[str, int]) -> str:
    return " ".join([f"{numbers[name]}:{Decimal(count):f}" for name, count in units.items()])


def _escaped(text: str) -> str:
    return text if text.isalnum() and text.isascii() else quote(text, safe=_PLAIN)


def _plain(text: str) -> str:
    return unquote(text) if "%" in text else text


def _blank(units: int | None) -> str:
    return "" if units is None else str(units)


def _whole(text: str) -> int | None:
    return int(text) if text else None

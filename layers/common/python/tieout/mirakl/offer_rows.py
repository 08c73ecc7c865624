"""Offers of an export's CSV file (OF54), as they come in: never more of the file in memory than one piece of it.

CSV, not JSON: a row is a sixth of its JSON, and a list in JSON is not read before its end. Names of columns are those
of Mirakl's example; which of them come is what OF52 asked for, plus what a platform adds.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence
from csv import Error, reader
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.stock.offer import Offer

FIELDS = (
    *("offer-id", "shop-sku", "product-sku", "quantity", "origin-price", "currency-iso-code", "state-code"),
    *("active", "deleted", "shop-id", "last-updated"),
)
NEEDED = ("offer-id", "shop-sku", "quantity")
"""Without these columns a file is not what was asked for."""
LONGEST_LINE = 1_000_000


def offers_in(pieces: Iterable[bytes]) -> Iterator[Offer]:
    """Each offer of a file. Raises NeedsAttention(UNREADABLE_DOCUMENT) that names the line."""
    lines = _lines(pieces)
    first = next(lines, "")
    if not first.strip():
        return
    rows = reader(chain([first], lines), delimiter=separator_of(first), strict=True)
    try:
        head = [name.strip().lower() for name in next(rows)]
        if missing := [name for name in NEEDED if name not in head]:
            raise _unreadable(1, f"no column {', '.join(missing)}")
        places = [head.index(name) if name in head else None for name in FIELDS]
        for row in rows:
            if row:
                yield _offer(row, places, len(head), rows.line_num)
    except Error as error:
        raise _unreadable(rows.line_num, str(error)) from error


def separator_of(text: str) -> str:
    """What parts the columns of a head: an operator chooses between semicolon and comma."""
    head = text.partition("\n")[0]
    return max(";,\t", key=head.count)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The text line by line, each with its end."""
    decode = getincrementaldecoder("utf-8-sig")().decode
    left = ""
    try:
        for piece in pieces:
            *whole, left = (left + decode(piece)).split("\n")
            for line in whole:
                yield f"{line}\n"
            if len(left) > LONGEST_LINE:
                raise _unreadable(0, "a line without an end")
        left += decode(b"", True)  # noqa: FBT003  the codec's own signature
    except UnicodeDecodeError as error:
        raise _unreadable(0, "it is not UTF-8") from error
    if left:
        yield left


def _offer(row: Sequence[str], places: Sequence[int | None], width: int, line: int) -> Offer:
    if len(row) != width:
        raise _unreadable(line, f"{len(row)} cells under {width} columns")
    told = ["" if at is None else row[at] for at in places]
    offer_id, sku, product, quantity, price, currency, state, active, deleted, shop, updated = told
    try:
        return Offer(
            sku=sku,
            offer_id=offer_id,
            quantity=int(quantity),
            price=_price(price) if price else None,
            currency=currency,
            product=product,
            state_code=state,
            is_active=active.lower() != "false",
            is_deleted=deleted.lower() == "true",
            shop_id=shop,
            updated_at=_instant(updated) if updated else None,
        )
    except (ValueError, InvalidOperation) as error:
        raise _unreadable(line, "a quantity, a price or a date that is none") from error


def _price(text: str) -> Decimal:
    price = Decimal(text)
    if not price.is_finite():
        raise ValueError(text)
    return price


def _instant(text: str) -> datetime:
    """Mirakl tells UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _unreadable(line: int, why: str) -> NeedsAttention:
    facts = {"document": "export of offers (OF54)", "why": why}
    return NeedsAttention(Reason.UNREADABLE_DOCUMENT, facts | ({"line": str(line)} if line else {}))

"""Offers of an export's file (OF54), one by one as they come: never more of it in memory than a piece.

JSON, not CSV, although a row of CSV is shorter: only JSON lists every price of an offer, with whom and when it is for.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from json import JSONDecodeError, JSONDecoder

from msgspec import DecodeError, ValidationError, convert
from msgspec.json import Decoder

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.stock.offer import Offer
from tieout.mirakl.values import Unreadable, needed, text, told_amount, utc
from tieout.mirakl.wire_offers import ExportedOffer, ExportedPrice

FIELDS = (
    *("offer_id", "shop_sku", "product_sku", "quantity", "prices", "currency_iso_code", "state_code", "active"),
    *("deleted", "shop_id", "last_updated"),
)
"""What is asked for of each offer, by Mirakl's names."""
LONGEST_OFFER = 1_000_000
"""Characters; whatever has more is no offer."""

TRIES = 30
"""Commas, from the end of a piece, that may be the one behind its last whole offer."""

_BETWEEN = re.compile(r"[\s,]*")
_read = JSONDecoder(parse_float=Decimal).raw_decode
_OFFERS = Decoder(list[ExportedOffer], strict=False)


def offers_in(pieces: Iterable[bytes]) -> Iterator[Offer]:
    """Each offer of a file. Raises NeedsAttention(UNREADABLE_DOCUMENT) that tells how many came before it."""
    for before, told in enumerate(_told(pieces)):
        try:
            yield _offer(told)
        except Unreadable as error:
            raise _unreadable(before, str(error)) from error


def _told(pieces: Iterable[bytes]) -> Iterator[ExportedOffer]:
    """Offers by the hundreds, as many as are whole; what is left then, and whatever looks odd, one by one."""
    coming = iter(pieces)
    here, opened, count = b"", b"", 0
    for piece in coming:
        here = (here + piece) if opened else (here + piece).removeprefix(BOM_UTF8).lstrip()
        if not opened and here:
            if not here.startswith(b"["):
                break
            here, opened = here[1:], b"["
        try:
            found, end = _whole(here)
        except ValidationError:
            break  # one by one it shows which
        yield from found
        count += len(found)
        here = here[end:]
        if len(here) > LONGEST_OFFER:
            break
    yield from _one_by_one(chain([opened + here], coming), count)


def _whole(here: bytes) -> tuple[list[ExportedOffer], int]:
    """The offers that are whole, and where they end. Before a comma within an offer there is no whole list."""
    end = len(here)
    for _ in range(TRIES):
        end = here.rfind(b"},", 0, end)
        if end < 0:
            break
        try:
            return _OFFERS.decode(b"[%b}]" % here[:end]), end + 2
        except ValidationError:
            raise
        except DecodeError:
            continue
    return [], 0


def _one_by_one(pieces: Iterable[bytes], count: int) -> Iterator[ExportedOffer]:
    """The elements of a list, or values one after another, each as soon as it is whole; `count` came before."""
    here, at, is_open = "", 0, False
    for more in _text(pieces):
        here, at = here[at:] + more, 0
        while (at := _end(here, at)) < len(here):
            if here[at] in "[]" and is_open != (here[at] == "["):
                is_open, at = not is_open, at + 1
                continue
            try:
                found, at = _read(here, at)
            except JSONDecodeError as error:
                if len(here) - at > LONGEST_OFFER:
                    raise _unreadable(count, "it is not JSON") from error
                break  # the rest of it is in the next piece
            try:
                yield convert(found, ExportedOffer, strict=False)
            except ValidationError as error:
                raise _unreadable(count, str(error)) from error
            count += 1
    if is_open or at < len(here):
        raise _unreadable(count, "it ends too early, or is not JSON")


def _end(here: str, at: int) -> int:
    """Behind what stands between two values."""
    found = _BETWEEN.match(here, at)
    return found.end() if found else at


def _text(pieces: Iterable[bytes]) -> Iterator[str]:
    decode = getincrementaldecoder("utf-8-sig")().decode
    try:
        for piece in pieces:
            yield decode(piece)
        yield decode(b"", True)  # noqa: FBT003  the codec's own signature
    except UnicodeDecodeError as error:
        raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, {"document": _NAME, "why": "it is not UTF-8"}) from error


def _offer(told: ExportedOffer) -> Offer:
    prices = told.prices or []
    plain = next((price for price in prices if not _is_special(price)), None)
    return Offer(
        sku=text(told.shop_sku),
        offer_id=str(needed(told.offer_id, "offer_id")),
        quantity=0 if told.deleted and told.quantity is None else needed(told.quantity, "quantity"),
        price=told_amount(plain.origin_price, "prices[].origin_price") if plain else None,
        has_more_prices=len(prices) > 1 or any(_has_more(price) for price in prices),
        currency=told.currency_iso_code or "",
        product=text(told.product_sku),
        state_code=text(told.state_code),
        is_active=told.active is not False,
        is_deleted=told.deleted is True,
        shop_id=text(told.shop_id),
        updated_at=utc(told.last_updated) if told.last_updated else None,
    )


def _has_more(price: ExportedPrice) -> bool:
    """Whether a price is more than one number for everybody, at any time, for any quantity."""
    return _is_special(price) or price.discount_price is not None or len(price.volume_prices or ()) > 1


def _is_special(price: ExportedPrice) -> bool:
    """Whether it is for somebody, somewhere or some time: a context that names none of these is none."""
    return any((price.context or {}).values())


_NAME = "export of offers (OF54)"


def _unreadable(before: int, why: str) -> NeedsAttention:
    return NeedsAttention(Reason.UNREADABLE_DOCUMENT, {"document": _NAME, "offers_before": str(before), "why": why})

"""What Mirakl says of shops' balances: the reserve above all, which the log has to come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import DecodeError, Raw, Struct, ValidationError, json
from msgspec.json import Decoder

from tieout.domain.errors import SystemDown
from tieout.mirakl.connection import Calls, Connection, Params
from tieout.mirakl.paging import OffsetPage, by_offset

_NOTHING = Raw(b"null")


class Balances(Struct, frozen=True):
    """A01 and S20 `payment_details`, as it came."""

    paid_balance: Raw = _NOTHING
    payable_balance: Raw = _NOTHING
    pending_balance: Raw = _NOTHING
    reserve_balance: Raw = _NOTHING


class ShopBalances(Struct, frozen=True):
    """A shop as far as money goes: who stands behind it, and where they bank, is never kept."""

    read_at: datetime | None = None
    shop_id: Raw = _NOTHING
    currency_iso_code: Raw = _NOTHING
    payment_details: Balances | None = None
    last_updated_date: Raw = _NOTHING


class ShopPage(Struct, frozen=True):
    """S20."""

    shops: list[Raw]
    total_count: int | None = None


_SHOP = Decoder(ShopBalances)
_SHOP_PAGE = Decoder(ShopPage)


class Accounts:
    """The part of a connection that has to do with the balances of shops."""

    _connection: Connection
    _calls: Calls

    def shop_balances(self, read_at: datetime) -> Iterator[list[bytes]]:
        """Each shop's balances as of now, in pages: A01 of a seller, which is once a day, or S20 of an operator.

        A row is the shop in A01's form, money only, and with `read_at`. S20 is in no order that stands still: a shop
        may come twice, or not at all when another is opened meanwhile.
        """
        if self._connection.role != "operator":
            yield [_row(self._calls.ask(_SHOP, "A01", "/api/account"), read_at)]
            return
        for page in by_offset(self._shops):
            yield [_row(_read(raw), read_at) for raw in page]

    def _shops(self, asked: Params) -> OffsetPage:
        page = self._calls.ask(_SHOP_PAGE, "S20", "/api/shops", asked)
        return OffsetPage([bytes(raw) for raw in page.shops], page.total_count)


def _read(raw: bytes) -> ShopBalances:
    try:
        return _SHOP.decode(raw)
    except (DecodeError, ValidationError) as error:
        raise SystemDown("Mirakl answered S20 with a shop that does not read") from error


def _row(shop: ShopBalances, read_at: datetime) -> bytes:
    return json.encode(
        ShopBalances(read_at, shop.shop_id, shop.currency_iso_code, shop.payment_details, shop.last_updated_date)
    )

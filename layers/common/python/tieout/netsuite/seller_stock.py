"""What other shops offer, as records of the bundle's own type. A part of `client.NetSuite`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec.json import Encoder

from tieout.domain.stock.sellers import SellerStock
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import instant
from tieout.netsuite.records import RECORDS

SELLER_STOCK = "customrecord_tieout_seller_stock"
_FIELD = "custrecord_tieout_ss_"
RECORD_FIELDS = tuple(
    _FIELD + name for name in ("marketplace", "product", "units", "offers", "price", "currency", "as_of")
)

_encode = Encoder(decimal_format="number").encode


class SellerStocks:
    """The records of other shops' stock."""

    def __init__(self, connection: Connection) -> None:
        self._writes = connection

    def keep_seller_stock(self, stock: SellerStock) -> None:
        """Create the record of a product, or give it these figures (PUT by external id).

        A replay changes nothing: what makes a PUT unsafe elsewhere is lines, which are appended once more, and this
        record has none. Raises NeedsAttention when NetSuite refuses, OutcomeUnknown when it may have been written.
        """
        path = f"{RECORDS}/{SELLER_STOCK}/eid:{quote(stock.external_id, safe='')}"
        self._writes.write(f"PUT {SELLER_STOCK}", path, body_of(stock), method="PUT")


def body_of(stock: SellerStock) -> bytes:
    """Custom record `customrecord_tieout_seller_stock`. No price is said by null: left out, the last one would stay."""
    figures = stock.figures
    values: tuple[Any, ...] = (
        stock.marketplace,
        stock.product,
        figures.units,
        figures.offers,
        figures.price,
        figures.currency or None,
        instant(stock.as_of),
    )
    return _encode(dict(zip(RECORD_FIELDS, values, strict=True)))

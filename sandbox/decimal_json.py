"""JSON whose amounts stay exact: a number with a point is read as Decimal and written back as a number."""

from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def loads(text: bytes | str) -> Any:
    """Raises msgspec.DecodeError with the place of the mistake."""
    return _decoder.decode(text)


def dumps(value: object) -> bytes:
    return _encoder.encode(value)


def ndjson(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(_encoder.encode(row) + b"\n" for row in rows)

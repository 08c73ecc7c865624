"""What we read of refunds, cancelations, returns and reasons, as leniently as of orders (see `wire`)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.json import Decoder

from tieout.mirakl.wire_dispatch import Done, Refused


class MadeRefund(Struct, frozen=True):
    """A refund as OR28 answers it."""

    refund_id: str | int | None = None


class MadeRefunds(Struct, frozen=True):
    """OR28."""

    refunds: list[MadeRefund]


class MadeCancelation(Struct, frozen=True):
    """A cancelation as OR30 answers it."""

    cancelation_id: str | int | None = None


class MadeCancelations(Struct, frozen=True):
    """OR30."""

    cancelations: list[MadeCancelation]


class ReturnLine(Struct, frozen=True):
    """Units of an order line that come back."""

    order_line_id: str | None = None
    quantity: Decimal | None = None
    reason_code: str | int | None = None


class Return(Struct, frozen=True):
    """A return of RT11."""

    id: str | None = None
    order_id: str | None = None
    state: str | None = None
    rma: str | int | None = None
    reason_code: str | int | None = None
    date_created: datetime | None = None
    last_updated: datetime | None = None
    return_lines: list[ReturnLine] | None = None


class ReturnHead(Struct, frozen=True):
    """What names a return when the rest does not read."""

    id: str | None = None
    order_id: str | None = None
    last_updated: datetime | None = None


class ReceivedReturns(Struct, frozen=True):
    """RT25: HTTP 200, also where every return was refused."""

    return_success: list[Done] | None = None
    return_errors: list[Refused] | None = None


class ReasonCode(Struct, frozen=True):
    """A reason of RE01; `is_shop_right` says whether a shop may give it, or the operator alone."""

    code: str | int | None = None
    type: str | None = None
    is_shop_right: bool | None = None


class Reasons(Struct, frozen=True):
    """RE01."""

    reasons: list[ReasonCode]


RETURN = Decoder(Return)
RETURN_HEAD = Decoder(ReturnHead)

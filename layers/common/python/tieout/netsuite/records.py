"""Records by REST: what a create answers, and a transaction read back by its external id."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.json import Decoder

from tieout.calls import Answer
from tieout.domain.errors import NeedsAttention, OutcomeUnknown
from tieout.domain.exchange import PostedTransaction
from tieout.domain.money import ZERO, Money
from tieout.netsuite.connection import Connection
from tieout.netsuite.payloads import LONGEST_REFERENCE, ORDER_ID
from tieout.netsuite.refusals import read

RECORDS = "/services/rest/record/v1"
SALES_ORDER_TYPE = "SalesOrd"

_GOODS = f"id,tranId,externalId,{ORDER_ID}"
_SALE = f"{_GOODS},otherRefNum,total,currency"
_MONEY = "id,tranId,externalId,total,currency"
_READ_BACK: Mapping[str, tuple[str, str]] = {
    "salesOrder": (SALES_ORDER_TYPE, "id,tranId,externalId,otherRefNum,total,currency"),
    "invoice": ("CustInvc", _SALE),
    "creditMemo": ("CustCred", _SALE),
    "returnAuthorization": ("RtnAuth", _SALE),
    "itemFulfillment": ("ItemShip", _GOODS),
    "itemReceipt": ("ItemRcpt", _GOODS),
    "cashSale": ("CashSale", _SALE),
    "cashRefund": ("CashRfnd", _SALE),
    "customerPayment": ("CustPymt", _MONEY),
    "customerRefund": ("CustRfnd", _MONEY),
    "vendorBill": ("VendBill", _MONEY),
    "vendorCredit": ("VendCred", _MONEY),
    "vendorPayment": ("VendPymt", _MONEY),
    "deposit": ("Deposit", _MONEY),
    "journalEntry": ("Journal", "id,tranId,externalId,currency"),
}
"""SuiteQL's type of each record, and what is asked of it: goods that move, and journals, have no total."""

_ID_IN_LOCATION = re.compile(r"/(\d+)/?$")


class _Reference(Struct, frozen=True):
    id: str | int = ""


class _Goods(Struct, frozen=True, rename="camel", kw_only=True):
    id: str | int
    tran_id: str = ""
    external_id: str = ""
    order_id: str = field(name=ORDER_ID, default="")


class _Sale(_Goods, frozen=True, rename="camel", kw_only=True):
    total: Decimal = ZERO
    currency: _Reference
    other_ref_num: str = ""


_GOODS_THAT_MOVE = frozenset({"itemFulfillment", "itemReceipt"})
_DECODERS: Mapping[bool, Decoder[Any]] = {True: Decoder(_Goods), False: Decoder(_Sale)}


def read_transaction(
    connection: Connection, record_type: str, external_id: str, symbol_of: Callable[[str], str]
) -> PostedTransaction | None:
    """A record by external id (GET, always current); None when there is none of this type."""
    kind, fields = _READ_BACK[record_type]
    path = f"{RECORDS}/{record_type}/eid:{quote(external_id, safe='')}"
    try:
        call, answer = connection.read(f"GET {record_type}", path, params={"fields": fields})
    except NeedsAttention as refused:
        if is_missing(refused):
            return None
        raise
    found: _Goods = read(_DECODERS[record_type in _GOODS_THAT_MOVE], call, answer)
    sale = found if isinstance(found, _Sale) else None
    return PostedTransaction(
        id=str(found.id),
        external_id=found.external_id or external_id,
        kind=kind,
        number=found.tran_id,
        reference=(sale.other_ref_num if sale else "") or found.order_id[:LONGEST_REFERENCE],
        total=Money(sale.total, symbol_of(str(sale.currency.id))) if sale else Money(ZERO, ""),
    )


def created_id(answer: Answer) -> str:
    """The new id stands in the Location header only; the address itself is never called."""
    found = _ID_IN_LOCATION.search(answer.headers.get("Location", ""))
    if found is None:
        raise OutcomeUnknown(f"NetSuite answered {answer.status} to a create, without a Location that ends in an id")
    return found.group(1)


def is_missing(refused: NeedsAttention) -> bool:
    """Whether a refusal only says that there is no such record."""
    return refused.facts.get("code") in {"NONEXISTENT_ID", "404"}

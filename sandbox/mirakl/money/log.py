"""The transaction log of one marketplace with its cycles and documents; every line moves its shop's balance."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.clock import moment_of, text_of

Json = dict[str, Any]
NOT_SPECIFIED = "NOT_SPECIFIED"
PENDING, PAYABLE, PAID, NOT_APPLICABLE = "PENDING", "PAYABLE", "PAID", "NOT_APPLICABLE"
_ZERO = Decimal(0)


class Account(NamedTuple):
    """What has a balance, and a billing cycle, of its own."""

    shop: int
    currency: str


class Due(NamedTuple):
    """A payout to come."""

    at: datetime
    cycle: str


@dataclass
class Export:
    """A file export that was asked for (TL03): its rows as they stood then, in files."""

    ready_at: datetime
    format: str
    files: list[list[Json]]


@dataclass
class Log:
    """Lines in the order in which they were written, as the operator sees them.

    `waiting` are lines by order line that no cycle may take yet, `closable` those that the next one takes. `sold` and
    `refunded` are the order lines and refunds whose lines are written. `since` is when cycles were last looked after;
    `carried` what a negative cycle left to the next. `split` says whether tax has lines of its own; None while nothing
    tells.
    """

    lines: list[Json] = field(default_factory=list)
    cycles: list[Json] = field(default_factory=list)
    documents: list[Json] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)
    exports: dict[str, Export] = field(default_factory=dict)
    waiting: dict[str, list[Json]] = field(default_factory=dict)
    closable: list[Json] = field(default_factory=list)
    sold: set[str] = field(default_factory=set)
    refunded: set[str] = field(default_factory=set)
    payouts: list[Due] = field(default_factory=list)
    balances: dict[Account, Decimal] = field(default_factory=dict)
    carried: dict[Account, Decimal] = field(default_factory=dict)
    since: datetime | None = None
    own_shop: int | None = None
    written_on_reception: bool = False
    split: bool | None = None

    def write(self, account: Account, line: Json, at: datetime) -> Json:
        """Add a line of {id, type, amount, payment_state, entities}; its balances follow from the one before it."""
        amount = Decimal(line["amount"])
        self.balances[account] = balance = self.balances.get(account, _ZERO) + counted(line)
        shop = {
            "id": account.shop,
            "model": "MARKETPLACE",
            "operator_internal_id": f"OP-{account.shop}",
            "domains": ["PRODUCT"],
        }
        full = {
            "date_created": text_of(at),
            "last_updated": text_of(at),
            "currency_iso_code": account.currency,
            "amount_credited": max(amount, _ZERO),
            "amount_debited": max(-amount, _ZERO),
            "balance": balance,
            "psp_balance": balance,
            "seller_billing_cycle_id": None,
            "payment_voucher_number": None,
            "accounting_document_number": None,
            "accounting_document_creation_date": None,
            "pay_out_psp_code": NOT_SPECIFIED,
            "shop": shop,
            **line,
        }
        self.lines.append(full)
        return full

    def cycle(self, cycle_id: str) -> Json:
        """Raises KeyError for one that there is not."""
        for cycle in self.cycles:
            if cycle["id"] == cycle_id:
                return cycle
        raise KeyError(f"billing cycle {cycle_id!r}")

    def lines_of(self, cycle_id: str) -> list[Json]:
        return [line for line in self.lines if line.get("seller_billing_cycle_id") == cycle_id]

    def next_number(self, held: Iterable[object], first: int) -> int:
        """The number after the highest of these that count from `first` on; `first` where there is none."""
        counted_on = [
            int(str(each)) for each in held if str(each).isdigit() and first <= int(str(each)) < first + 99_999
        ]
        return max(counted_on, default=first - 1) + 1


def counted(line: Json) -> Decimal:
    """What a line moves the balance by: nothing where the buyer paid the shop, as no money came in."""
    return _ZERO if line["payment_state"] == NOT_APPLICABLE else Decimal(line["amount"])


def account_of(line: Json) -> Account:
    return Account(int((line.get("shop") or {}).get("id") or 0), str(line["currency_iso_code"]))


def change(line: Json, at: datetime, **values: Any) -> None:
    """Lines are mutable; that they changed shows in `last_updated` only."""
    line.update(values)
    line["last_updated"] = text_of(max(at, moment_of(line["last_updated"])))

"""The general ledger: what each transaction moves, account by account, in its own currency and in the subsidiary's.

Lines have the numbers of the transaction's lines in SuiteQL. Stock has no cost here: goods that ship move nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from sandbox.netsuite.applying import applied_by
from sandbox.netsuite.chart import default_account
from sandbox.netsuite.journals import is_pending
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Posting:
    """A line of the general ledger. Amounts are debit positive."""

    line: int
    account: str | None
    amount: Decimal
    """In the transaction's currency."""
    base: Decimal = ZERO
    """In the subsidiary's currency."""
    entity: str | None = None
    memo: str | None = None


def postings(store: Store, record: Record) -> list[Posting]:
    """The lines of a transaction, in balance in both currencies; none for what never posts."""
    write = _WRITERS.get(record.kind)
    if write is None or not record.values.get("currency") or not record.values.get("subsidiary"):
        return []
    lines = list(write(store, record))
    return _in_base(store, record, lines)


def is_posted(record: Record) -> bool:
    """Whether it counts: not while it waits for approval."""
    if record.kind == "journalEntry":
        return not is_pending(record)
    return not record.values.get("_pending")


def extras_of(record: Record) -> list[tuple[str, Decimal, str]]:
    """What a document charges beside its items: kind of line, amount, and what it is for."""
    values = record.values
    charged = (("ShipItem", "shippingCost"), ("ShipItem", "handlingCost"), ("TaxItem", "taxTotal"))
    return [(kind, values[name], name) for kind, name in charged if values.get(name)]


# -- by form ---------------------------------------------------------------------------------------------------------


def _sale(store: Store, record: Record) -> Iterator[Posting]:
    """Invoices and cash sales; credit memos and cash refunds the other way round."""
    values = record.values
    sign = -1 if record.kind in ("creditMemo", "cashRefund") else 1
    cash = record.kind in ("cashSale", "cashRefund")
    head = values.get("account") or default_account(store, "undeposited" if cash else "receivable")
    yield Posting(0, head, sign * values.get("total", ZERO), entity=values.get("entity"))
    last = 0
    items = record.sublists.get("item", [])
    for line in items:
        last = max(last, line["line"])
        item = store.get("item", line["item"])
        account = (item.values.get("incomeAccount") if item else None) or default_account(store, "income")
        yield Posting(line["line"], account, -sign * line.get("amount", ZERO), memo=line.get("description"))
    for _, amount, name in extras_of(record):
        last += 1
        purpose = "sales tax" if name == "taxTotal" else "shipping"
        yield Posting(last, default_account(store, purpose), -sign * amount)
    if not items:  # a document of an earlier life shows its total and its tax only
        net = values.get("total", ZERO) - values.get("taxTotal", ZERO)
        yield Posting(last + 1, default_account(store, "income"), -sign * net)


def _payment(_: Store, record: Record) -> Iterator[Posting]:
    values = record.values
    yield Posting(0, values.get("account"), values["total"])
    yield Posting(1, values["arAcct"], -values["total"], entity=values["entity"])


def _refund(_: Store, record: Record) -> Iterator[Posting]:
    values = record.values
    yield Posting(0, values["account"], -values["total"])
    yield Posting(1, values["arAcct"], values["total"], entity=values["entity"])


def _vendor_payment(_: Store, record: Record) -> Iterator[Posting]:
    values = record.values
    yield Posting(0, values["account"], -values["total"])
    yield Posting(1, values["apAcct"], values["total"], entity=values["entity"])


def _bill(store: Store, record: Record) -> Iterator[Posting]:
    values = record.values
    sign = -1 if record.kind == "vendorCredit" else 1
    yield Posting(0, values["account"], -sign * values["total"], entity=values["entity"])
    last = 0
    for line in record.sublists["expense"]:
        last = max(last, line["line"])
        yield Posting(line["line"], line["account"], sign * line["amount"], memo=line.get("memo"))
    if values["taxTotal"]:
        yield Posting(last + 1, default_account(store, "purchase tax"), sign * values["taxTotal"])


def _deposit(store: Store, record: Record) -> Iterator[Posting]:
    yield Posting(0, record.values["account"], record.values["total"])
    number = 0
    for line in record.sublists.get("payment", []):
        number += 1
        yield Posting(number, default_account(store, "undeposited"), -line["paymentAmount"])
    for name, sign in (("other", -1), ("cashback", 1)):
        for line in record.sublists.get(name, []):
            number += 1
            yield Posting(number, line["account"], sign * line["amount"], entity=line.get("entity"))


def _journal(_: Store, record: Record) -> Iterator[Posting]:
    for place, line in enumerate(record.sublists["line"]):
        amount = (line.get("debit") or ZERO) - (line.get("credit") or ZERO)
        yield Posting(place, line["account"], amount, entity=line.get("entity"), memo=line.get("memo"))


_WRITERS: Mapping[str, Callable[[Store, Record], Iterator[Posting]]] = {
    **dict.fromkeys(("invoice", "creditMemo", "cashSale", "cashRefund"), _sale),
    "customerPayment": _payment,
    "customerRefund": _refund,
    "vendorPayment": _vendor_payment,
    **dict.fromkeys(("vendorBill", "vendorCredit"), _bill),
    "deposit": _deposit,
    "journalEntry": _journal,
}
_SETTLING = {"customerPayment": 1, "customerRefund": 1, "vendorPayment": 1}


# -- in the subsidiary's currency ------------------------------------------------------------------------------------


def _in_base(store: Store, record: Record, lines: list[Posting]) -> list[Posting]:
    """Each line at the transaction's rate; what a payment settles, at the rate of what it settles.

    The cents that rounding leaves go onto the largest line; what a payment leaves is a gain or loss of its own.
    """
    rate = record.values.get("exchangeRate") or Decimal(1)
    home = store.by_id("subsidiary", record.values["subsidiary"]).values["currency"]
    step = Decimal(1).scaleb(-int(store.by_id("currency", home).values["currencyPrecision"]))

    def base(amount: Decimal, at: Decimal) -> Decimal:
        return (amount * at).quantize(step, ROUND_HALF_UP)

    lines = [replace(line, base=base(line.amount, rate)) for line in lines]
    settling = _SETTLING.get(record.kind)
    if settling is not None:
        settled = ZERO
        left = record.values["total"]
        for document_id, amount in applied_by(record).items():
            document = store.get("transaction", document_id)
            at = (document.values.get("exchangeRate") if document else None) or rate
            settled += base(amount, at)
            left -= amount
        settled += base(left, rate)
        line = lines[settling]
        lines[settling] = replace(line, base=settled if line.amount > 0 else -settled)
    rest = sum((line.base for line in lines), ZERO)
    if not rest:
        return lines
    if settling is not None:
        return [*lines, Posting(len(lines), default_account(store, "exchange"), ZERO, -rest)]
    largest = max(range(len(lines)), key=lambda place: abs(lines[place].base))
    lines[largest] = replace(lines[largest], base=lines[largest].base - rest)
    return lines

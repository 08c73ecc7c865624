"""What payments, refunds and credits settle: never more than is open, and only documents of the same party and kind."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite.refusal import Refusal, invalid_value, missing_value, user_error
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
# What each may be applied to, and where both keep the account that must be the same.
_SETTLES: Mapping[str, tuple[str, ...]] = {
    "customerPayment": ("invoice",),
    "customerRefund": ("creditMemo", "customerPayment"),
    "vendorPayment": ("vendorBill",),
    "vendorCredit": ("vendorBill",),
}
_ACCOUNT = {
    "customerPayment": "arAcct",
    "customerRefund": "arAcct",
    "vendorPayment": "apAcct",
    "vendorCredit": "account",
    "invoice": "account",
    "creditMemo": "account",
    "vendorBill": "account",
}
CREDITS = ("creditMemo", "customerPayment", "vendorCredit")


def applied_by(record: Record | None) -> dict[str, Decimal]:
    """How much of each document a record settles."""
    if record is None or record.kind not in _SETTLES:
        return {}
    return {line["doc"]: line["amount"] for line in record.sublists.get("apply", []) if line.get("amount")}


def settle_applied(store: Store, record: Record, former: Record | None, most: Decimal | None) -> Decimal:
    """Check and complete the apply lines; answers their sum. `most` bounds it. Raises Refusal."""
    before = applied_by(former)
    lines = record.sublists.setdefault("apply", [])
    lines[:] = {line.get("doc"): line for line in lines}.values()  # keyed by document: the last word on one stands
    total = ZERO
    for place, line in enumerate(lines):
        path = f"apply.items[{place}]"
        document = _document(store, record, line, path)
        if line.get("apply") is False:
            line["amount"] = ZERO
            continue
        due = (document.values.get("amountRemaining") or ZERO) + before.get(document.id, ZERO)
        amount = line.get("amount")
        if amount is None:
            amount = due if most is None else min(due, most - total)
        if amount < 0:
            raise invalid_value(amount, "amount", f"{path}.amount")
        if amount > due:
            raise user_error(
                f"You cannot apply {amount}: the amount due of this transaction is {due}.", path=f"{path}.amount"
            )
        total += amount
        if most is not None and total > most:
            raise user_error("You cannot apply more than the amount of this transaction.", path=f"{path}.amount")
        line |= {"apply": True, "amount": amount, "due": due}
        line |= {"total": document.values.get("total"), "refNum": document.values.get("tranId")}
    lines[:] = [line for line in lines if line["amount"]]
    return total


def apply_to_oldest(store: Store, payment: Record, left: Decimal) -> None:
    """Open invoices of the customer, oldest first, take what is left: payments that apply themselves."""
    lines = payment.sublists.setdefault("apply", [])
    named = {line["doc"] for line in lines}
    for invoice in sorted(store.all("invoice"), key=lambda one: (one.values["tranDate"], int(one.id))):
        due = invoice.values.get("amountRemaining") or ZERO
        if left > 0 and due > 0 and invoice.id not in named and _mismatch(payment, invoice) is None:
            amount = min(due, left)
            left -= amount
            lines.append({"doc": invoice.id, "apply": True, "amount": amount})


def take(document: Record, amount: Decimal) -> None:
    """So much more (or less) of a document is settled by others."""
    values = document.values
    if document.kind in CREDITS:
        values["_refunded"] = values.get("_refunded", ZERO) + amount
        mark_credit(document)
        return
    paid = values["amountPaid"] + amount
    values |= {"amountPaid": paid, "amountRemaining": values["total"] - paid}
    values["status"] = "A" if values["amountRemaining"] else "B"


def mark_credit(credit: Record) -> None:
    """What is left of a credit after its own applications and refunds of it."""
    values = credit.values
    applied = sum((line["amount"] for line in credit.sublists.get("apply", [])), ZERO)
    left = values["total"] - applied - values.get("_refunded", ZERO)
    values |= {"applied": applied, "unapplied": left, "amountRemaining": left}
    if credit.kind != "customerPayment":
        values["status"] = "A" if left else "B"


def nothing_applied() -> Refusal:
    return missing_value("Apply")


def _document(store: Store, record: Record, line: Mapping[str, Any], path: str) -> Record:
    document = store.get("transaction", line.get("doc") or "")
    if document is None or document.kind not in _SETTLES[record.kind]:
        raise invalid_value(line.get("doc"), "doc", f"{path}.doc")
    mismatch = _mismatch(record, document)
    if mismatch is not None:
        raise invalid_value(document.id, mismatch, f"{path}.doc")
    if document.values.get("_pending"):
        raise user_error("A transaction that is pending approval cannot be paid.", path=f"{path}.doc")
    return document


def _mismatch(record: Record, document: Record) -> str | None:
    """What a document does not share with the record that would settle it."""
    for name in ("entity", "currency", "subsidiary"):
        if document.values.get(name) != record.values.get(name):
            return name
    own, other = _ACCOUNT[record.kind], _ACCOUNT.get(document.kind, "arAcct")
    if document.values.get(other) is not None and document.values[other] != record.values[own]:
        return own
    return None

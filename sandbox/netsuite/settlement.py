"""Payments, refunds, bills, deposits and journals as NetSuite completes them on save, or refuses them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.behaviours import Behaviours
from sandbox.calls import ContractViolation
from sandbox.clock import Clock
from sandbox.netsuite.applying import applied_by, apply_to_oldest, mark_credit, nothing_applied, settle_applied, take
from sandbox.netsuite.chart import default_account
from sandbox.netsuite.journals import APPROVED, is_pending, reversal_of, settle_journal
from sandbox.netsuite.parties import check_account, rounded, settle_party, settle_rate, use_account
from sandbox.netsuite.periods import post, refuse_closed
from sandbox.netsuite.refusal import invalid_value, may_not_set, missing_value, user_error
from sandbox.netsuite.settlement_fields import SETTLED
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
_SERIES = {
    "customerPayment": "PYMT",
    "customerRefund": "RFND",
    "vendorPayment": "VPMT",
    "vendorBill": "BILL",
    "vendorCredit": "VCRD",
    "deposit": "DEP",
    "journalEntry": "JE",
}
_CASH = ("Bank", "OthCurrAsset")


class Settlement:
    """Documents of money that are made on their own, not out of another document."""

    def __init__(self, store: Store, switches: Behaviours, clock: Clock) -> None:
        self._store = store
        self._switches = switches
        self._clock = clock
        self._rules: dict[str, Callable[[Record, Record | None], None]] = {
            "customerPayment": self._payment,
            "customerRefund": self._refund,
            "vendorPayment": self._vendor_payment,
            "vendorBill": self._bill,
            "vendorCredit": self._bill,
            "deposit": self._deposit,
            "journalEntry": lambda journal, former: settle_journal(store, switches, journal, former),
        }

    def settle(self, record: Record, former: Record | None) -> None:
        """Check and complete a document before it is saved. Raises Refusal."""
        if former is not None:
            self._refuse_closed(former)
            if former.values.get("_deposited") or former.values.get("_refunded"):
                raise user_error("This transaction cannot be changed: other transactions settle it.")
        record.values.setdefault("tranDate", self._clock.now().date().isoformat())
        self._rules[record.kind](record, former)
        post(self._store, self._switches, record)

    def number(self, record: Record) -> None:
        """A document number where none was sent."""
        number = self._store.next_number(record.kind, 1)
        record.values.setdefault("tranId", f"{_SERIES[record.kind]}{number}")
        record.values["transactionNumber"] = f"{SETTLED[record.kind].suiteql_type.upper()}{number}"

    def refuse_deletion(self, record: Record) -> None:
        """Raises Refusal when others settle it, or its period is closed."""
        values = record.values
        if values.get("_refunded") or values.get("_deposited") or values.get("amountPaid"):
            raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
        self._refuse_closed(record)

    def follow(self, now: Record | None, former: Record | None) -> None:
        """What a saved or deleted document does to those that it settles."""
        paid, was = applied_by(now), applied_by(former)
        for document_id in sorted({*paid, *was}):
            document = self._store.by_id("transaction", document_id)
            take(document, paid.get(document_id, ZERO) - was.get(document_id, ZERO))
            self._changed(document)
        banked, before = _deposited_by(now), _deposited_by(former)
        for document_id in sorted(banked ^ before):
            document = self._store.by_id("transaction", document_id)
            deposited = document_id in banked
            document.values |= {"_deposited": deposited, "status": "C" if deposited else "B"}
            self._changed(document)
        if now is not None and now.kind == "journalEntry":
            self._reverse(now)

    # -- forms ---------------------------------------------------------------------------------------------------

    def _payment(self, payment: Record, former: Record | None) -> None:
        settle_party(self._store, payment, "customer", "customer", "Customer")
        values = payment.values
        if values.get("payment") is None:
            raise missing_value("Payment Amount")
        values["payment"] = values["total"] = rounded(self._store, payment, values["payment"])
        if values["payment"] < 0:
            raise invalid_value(values["payment"], "payment", "payment")
        undeposited = values.get("undepFunds") or (values.get("account") is None and former is None)
        if undeposited:
            values |= {"undepFunds": True, "account": default_account(self._store, "undeposited")}
        kinds = () if self._switches.text("payment_accounts") == "any" else _CASH
        use_account(self._store, payment, "account", "", kinds)
        use_account(self._store, payment, "arAcct", "receivable", ("AcctRec",))
        applied = settle_applied(self._store, payment, former, values["payment"])
        if self._switches.is_on("payments_apply_by_themselves") and values.get("autoApply") is not False:
            apply_to_oldest(self._store, payment, values["payment"] - applied)
            settle_applied(self._store, payment, former, values["payment"])
        values.setdefault("status", "B" if values.get("undepFunds") else "C")
        mark_credit(payment)

    def _refund(self, refund: Record, former: Record | None) -> None:
        settle_party(self._store, refund, "customer", "customer", "Customer")
        values = refund.values
        if self._switches.is_on("refunds_need_method") and not values.get("paymentOption"):
            raise missing_value("Refund Method")
        use_account(self._store, refund, "account", "", _CASH)
        use_account(self._store, refund, "arAcct", "receivable", ("AcctRec",))
        values["total"] = settle_applied(self._store, refund, former, None)
        if not values["total"]:
            raise nothing_applied()

    def _vendor_payment(self, payment: Record, former: Record | None) -> None:
        settle_party(self._store, payment, "entity", "vendor", "Payee")
        use_account(self._store, payment, "account", "", _CASH)
        use_account(self._store, payment, "apAcct", "payable", ("AcctPay",))
        payment.values["total"] = settle_applied(self._store, payment, former, None)
        if not payment.values["total"]:
            raise nothing_applied()

    def _bill(self, bill: Record, former: Record | None) -> None:
        settle_party(self._store, bill, "entity", "vendor", "Vendor")
        values = bill.values
        use_account(self._store, bill, "account", "payable", ("AcctPay",))
        lines = bill.sublists.setdefault("expense", [])
        if not lines:
            raise user_error("You must enter at least one line item for this transaction.")
        total = tax = ZERO
        for place, line in enumerate(lines):
            path = f"expense.items[{place}]"
            line.setdefault("line", place + 1)
            for name in ("account", "amount"):
                if line.get(name) is None:
                    raise missing_value(name.capitalize())
            check_account(self._store, bill, line["account"], f"{path}.account")
            line["amount"] = rounded(self._store, bill, line["amount"])
            line["tax1Amt"] = self._tax_of(bill, line)
            total, tax = total + line["amount"], tax + line["tax1Amt"]
        values |= {"total": total + tax, "userTotal": total + tax, "taxTotal": tax}
        if values["total"] < 0:
            raise user_error("The total of this transaction cannot be negative.", path="expense")
        self._refuse_number(bill)
        if bill.kind == "vendorCredit":
            settle_applied(self._store, bill, former, values["total"])
            mark_credit(bill)
            return
        self._approve(bill)
        paid = values.setdefault("amountPaid", ZERO)
        if values["total"] < paid:
            raise user_error("The total of a bill cannot be less than what is applied to it.")
        values["amountRemaining"] = values["total"] - paid
        values["status"] = "D" if values.get("_pending") else "A" if values["amountRemaining"] else "B"

    def _deposit(self, deposit: Record, former: Record | None) -> None:
        values = deposit.values
        account = self._store.get("account", values.get("account") or "")
        if account is None:
            raise missing_value("Account")
        allowed = account.values.get("subsidiary") or [one.id for one in self._store.all("subsidiary")]
        values.setdefault("subsidiary", allowed[0])
        home = self._store.by_id("subsidiary", values["subsidiary"])
        values.setdefault("currency", account.values.get("currency") or home.values["currency"])
        settle_rate(self._store, deposit)
        use_account(self._store, deposit, "account", "", _CASH)
        total = sum((self._banked(deposit, former, place) for place in range(len(_payments(deposit)))), ZERO)
        for name, sign in (("other", 1), ("cashback", -1)):
            for place, line in enumerate(deposit.sublists.get(name, [])):
                for needed in ("account", "amount"):
                    if line.get(needed) is None:
                        raise missing_value(needed.capitalize())
                check_account(self._store, deposit, line["account"], f"{name}.items[{place}].account")
                line["amount"] = rounded(self._store, deposit, line["amount"])
                total += sign * line["amount"]
        if total <= 0:
            raise user_error("The total of a deposit must be above zero.")
        values["total"] = total

    def _banked(self, deposit: Record, former: Record | None, place: int) -> Decimal:
        line, path = _payments(deposit)[place], f"payment.items[{place}]"
        payment = self._store.get("transaction", str(line.get("id")))
        if payment is None or payment.kind not in ("customerPayment", "cashSale"):
            raise invalid_value(line.get("id"), "id", f"{path}.id")
        for name in ("currency", "subsidiary"):
            if payment.values[name] != deposit.values[name]:
                raise invalid_value(line.get("id"), "id", f"{path}.id")
        known = payment.id in _deposited_by(former)
        if not known and (payment.values.get("_deposited") or not payment.values.get("undepFunds")):
            raise user_error("This payment is not among the undeposited funds.", path=f"{path}.id")
        line["paymentAmount"] = payment.values["total"] if line.get("deposit") is not False else ZERO
        amount: Decimal = line["paymentAmount"]
        return amount

    # -- parts ---------------------------------------------------------------------------------------------------

    def _tax_of(self, bill: Record, line: dict[str, Any]) -> Decimal:
        if line.get("taxCode") is None:
            return ZERO
        rate = Decimal(self._store.by_id("salesTaxItem", line["taxCode"]).values["rate"])
        return rounded(self._store, bill, line["amount"] * rate / 100)

    def _approve(self, bill: Record) -> None:
        values = bill.values
        if not self._switches.is_on("bills_need_approval"):
            if values.get("approvalStatus") is not None:
                raise may_not_set("approvalStatus", "approvalStatus")
            return
        values.setdefault("approvalStatus", "1")
        values["_pending"] = values["approvalStatus"] != APPROVED

    def _refuse_number(self, bill: Record) -> None:
        number = bill.values.get("tranId")
        if number is None or self._switches.text("duplicate_bill_numbers") != "refused":
            return
        for other in self._store.all(bill.kind):
            if other.id != bill.id and (other.values["entity"], other.values.get("tranId")) == (
                bill.values["entity"],
                number,
            ):
                raise user_error(f"The reference number {number} is used already for this vendor.", path="tranId")

    def _refuse_closed(self, record: Record) -> None:
        period = self._store.get("accountingPeriod", record.values.get("postingPeriod") or "")
        if period is not None:
            refuse_closed(record.kind, period)

    def _changed(self, document: Record) -> None:
        document.modified = self._clock.now()
        self._store.note(document)

    def _reverse(self, journal: Record) -> None:
        """The reversing journal stands there as soon as the journal posts."""
        values = journal.values
        if values.get("reversalDate") is None or values.get("reversalEntry") or is_pending(journal):
            return
        number = f"{_SERIES['journalEntry']}{self._store.next_number('journalEntry', 1)}"
        made = reversal_of(self._store, journal, number)
        made.values["transactionNumber"] = f"JOURNAL{number.removeprefix('JE')}"
        values["reversalEntry"] = made.id
        self._store.add(made)


def refuse_other_than_by_transform(kind: str) -> None:
    """NetSuite makes these out of nothing too, the twin does not."""
    if kind == "returnAuthorization":
        raise ContractViolation(f"the twin makes {kind} records by transform only; NetSuite does without as well")


def _payments(deposit: Record) -> list[dict[str, Any]]:
    return deposit.sublists.get("payment", [])


def _deposited_by(record: Record | None) -> set[str]:
    if record is None or record.kind != "deposit":
        return set()
    return {str(line["id"]) for line in _payments(record) if line.get("deposit") is not False}

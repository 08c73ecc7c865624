"""Journal entries: they balance, name who is behind a receivable, carry no tax, and may reverse themselves."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.behaviours import Behaviours
from sandbox.netsuite.parties import check_account, refuse_currency, rounded, settle_rate
from sandbox.netsuite.periods import period_of, refuse_closed
from sandbox.netsuite.refusal import invalid_value, may_not_set, missing_value, user_error
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
_PARTY_OF = {"AcctRec": "customer", "AcctPay": "vendor"}
APPROVED = "2"


def settle_journal(store: Store, switches: Behaviours, journal: Record, former: Record | None) -> None:
    """Raises Refusal."""
    values = journal.values
    if values.get("subsidiary") is None:
        raise missing_value("Subsidiary")
    values.setdefault("currency", store.by_id("subsidiary", values["subsidiary"]).values["currency"])
    settle_rate(store, journal)
    lines = journal.sublists.setdefault("line", [])
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    most = switches.number("journal_lines")
    if len(lines) > most:
        raise user_error(f"The maximum number of lines of this transaction is {most:g}.", path="line")
    balance = ZERO
    for place, line in enumerate(lines):
        balance += _line(store, switches, journal, line, f"line.items[{place}]")
        line.setdefault("line", place)
    if balance:
        raise user_error(f"Please balance debits and credits: they are out of balance by {abs(balance)}.", path="line")
    values["total"] = sum((line.get("debit") or ZERO for line in lines), ZERO)
    _approval(switches, journal, former)
    if values.get("reversalDate") is not None:
        _check_reversal(store, journal)


def reversal_of(store: Store, journal: Record, number: str) -> Record:
    """The journal that takes another one back on its reversal date."""
    values = journal.values
    period = period_of(store, values["reversalDate"])
    made = Record("journalEntry", store.new_id("transaction"), None, journal.modified, journal.modified)
    kept = ("subsidiary", "currency", "exchangeRate", "approved", "approvalStatus", "status", "total", "memo")
    made.values = {name: values[name] for name in kept if values.get(name) is not None}
    made.values |= {"tranDate": values["reversalDate"], "tranId": number, "isReversal": True}
    made.values |= {"createdFrom": journal.id, "postingPeriod": period.id if period else None}
    made.sublists["line"] = [
        {**line, "debit": line.get("credit"), "credit": line.get("debit")} for line in journal.sublists["line"]
    ]
    return made


def is_pending(journal: Record) -> bool:
    return bool(journal.values.get("status") == "A")


def _line(store: Store, switches: Behaviours, journal: Record, line: dict[str, Any], path: str) -> Decimal:
    """What a line moves, debit positive."""
    if line.get("account") is None:
        raise missing_value("Account")
    check_account(store, journal, line["account"], f"{path}.account")
    debit, credit = line.get("debit") or ZERO, line.get("credit") or ZERO
    if (debit > 0) == (credit > 0) or debit < 0 or credit < 0:
        raise user_error("A journal line has either a debit or a credit, above zero.", path=path)
    for name, amount in (("debit", debit), ("credit", credit)):
        if amount:
            line[name] = rounded(store, journal, amount)
    _party(store, switches, journal, line, path)
    moved: Decimal = (line.get("debit") or ZERO) - (line.get("credit") or ZERO)
    return moved


def _party(store: Store, switches: Behaviours, journal: Record, line: Mapping[str, Any], path: str) -> None:
    account = store.by_id("account", line["account"]).values
    wanted = _PARTY_OF.get(account["acctType"])
    party = store.get("entity", line.get("entity") or "")
    if party is None:
        if wanted and switches.is_on("journal_receivables_need_entity"):
            raise user_error(
                f"An entity is required on lines of account {account['acctNumber']}.", path=f"{path}.entity"
            )
        return
    if wanted and party.kind != wanted:
        raise invalid_value(party.id, "entity", f"{path}.entity")
    if party.values["subsidiary"] != journal.values["subsidiary"]:
        raise invalid_value(party.id, "entity", f"{path}.entity")
    refuse_currency(party, journal.values["currency"], f"{path}.entity")


def _approval(switches: Behaviours, journal: Record, former: Record | None) -> None:
    values = journal.values
    name, other = "approved", "approvalStatus"
    if switches.text("journal_approval") == "routing":
        name, other = other, name
    if values.get(other) is not None:
        raise may_not_set(other, other)
    approved = values.get(name) in (True, APPROVED)
    if former is not None and not is_pending(former) and not approved:
        raise user_error("An approved journal cannot be set back to pending approval.", path=name)
    values.setdefault(name, False if name == "approved" else "1")
    values["status"] = "B" if approved else "A"


def _check_reversal(store: Store, journal: Record) -> None:
    values = journal.values
    period = period_of(store, values["reversalDate"])
    if period is None or values["reversalDate"] <= values["tranDate"]:
        raise invalid_value(values["reversalDate"], "reversalDate", "reversalDate")
    refuse_closed("journalEntry", period)

"""The gates of a sign-off: each invariant that the month has to hold, whether it does, and by which figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from tieout.books.close.closing import Account, Closing, total
from tieout.books.close.cycles import buckets_of, operator_difference
from tieout.books.close.roll_forward import RollForward, ledger_balance
from tieout.books.close.sheet import Cell, Sheet, a_sheet, texts
from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.proof import Status
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.types import rule_of
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.ageing import roll_forward as breaks_roll_forward
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.workflow import Case

_UNEXPLAINED = frozenset({Code.CYCLE_NOT_TIED, Code.CHAIN_GAP, Code.DOC_NOT_TIED, Code.UNEXPLAINED})


class Verdict(StrEnum):
    """How a gate stands."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Gate(Struct, frozen=True):
    """One gate."""

    id: str
    name: str
    verdict: Verdict
    words: str


def _gate(name: str, title: str, wrong: Iterable[str], fine: str) -> Gate:
    found = list(wrong)
    if not found:
        return Gate(name, title, Verdict.PASSED, fine)
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""  # noqa: PLR2004  a line of a table
    return Gate(name, title, Verdict.FAILED, "; ".join(found[:5]) + more)


def gates_of(closing: Closing, accounts: list[Account], months: list[RollForward]) -> list[Gate]:
    """Every gate, in the order of the cover."""
    cases = closing.cases
    cycles = [(account, cycle) for account in accounts for cycle in account.included]
    told = explained_cycles(accounts, cases.values())
    pairs = list(zip(accounts, months, strict=True))
    return [
        _gate("I3", "All cycles tied out or explained", _not_tied(accounts, told), _tied(cycles, told)),
        _gate(
            "I4",
            "Transfer to the operator is the sum of its sides",
            (
                f"{cycle.id}: {account.money(apart)}"
                for account, cycle in cycles
                if (apart := operator_difference(cycle))
            ),
            f"{len(cycles)} cycles",
        ),
        _gate(
            "I5",
            "Every total of a cycle is the sum of its lines",
            (
                f"{cycle.id} {bucket.name}: {account.money(bucket.difference)}"
                for account, cycle in cycles
                if cycle.id not in told
                for bucket in buckets_of(account, cycle)
                if bucket.difference
            ),
            _tied(cycles, told),
        ),
        _gate("I6", "Legal documents tie out", _open(cases.values(), {Code.DOC_NOT_TIED}), "no difference"),
        _gate("I7", "Every line of a tied-out cycle is booked exactly once", _not_once(accounts), "each once"),
        _gate(
            "I8",
            "Every record balances",
            (
                record.external_id
                for record in closing.records
                if total(each.debit - each.credit for each in record.entries)
            ),
            f"{len(closing.records)} records",
        ),
        _gate(
            "I9",
            "Clearing and what is not booked make Mirakl's balance",
            (
                f"{account.marketplace}: {account.money(month.difference)}"
                for account, month in pairs
                if month.difference
            ),
            "difference 0.00",
        ),
        _gate("I20", "Nothing is left in suspense", _suspense(accounts), "no unknown type, tax_review 0.00"),
        _gate(
            "I23",
            "The breaks' roll-forward adds up",
            (
                f"{row.marketplace} {row.code}: {row.difference[0]}, {row.difference[1]} {row.currency}"
                for row in breaks_roll_forward(closing.events, closing.period.first)
                if any(row.difference)
            ),
            "opening and new less resolved is closing",
        ),
        _bank_gate(closing, cases.values()),
        _ledger_gate(closing, cases.values()),
        _gate(
            "Breaks",
            "No break blocks the close",
            (
                f"{case.key} {Money(case.found.amount, case.found.currency)}"
                for case in cases.values()
                if case.blocks_close
            ),
            "none open that blocks",
        ),
        _gate("Inputs", "Everything could be read", (str(each) for each in closing.problems), "no row left out"),
    ]


def explained_cycles(accounts: list[Account], cases: Iterable[Case]) -> set[str]:
    """Held cycles of which breaks name the whole difference: nothing unexplained was found of them."""
    named: set[str] = set()
    unexplained: set[str] = set()
    for case in cases:
        if case.found.cycle and not case.is_closed:
            (unexplained if case.found.code in _UNEXPLAINED else named).add(case.found.cycle)
    return {
        cycle.id
        for account in accounts
        for cycle in account.included
        if account.is_held(cycle.id) and cycle.id in named - unexplained
    }


def _not_tied(accounts: list[Account], told: set[str]) -> Iterable[str]:
    for account in accounts:
        for cycle in account.included:
            proof = account.proofs.get(cycle.id)
            if proof is None:
                yield f"{account.marketplace} {cycle.id}: not settled"
            elif proof.status is Status.HELD and cycle.id not in told:
                first = proof.reasons[0].explanation if proof.reasons else f"residual {account.money(proof.residual)}"
                yield f"{account.marketplace} {cycle.id}: {first}"


def _tied(cycles: list[tuple[Account, Cycle]], told: set[str]) -> str:
    return f"{len(cycles) - len(told)} cycles tie out" + (f", {len(told)} held and explained by breaks" if told else "")


def _open(cases: Iterable[Case], codes: set[Code]) -> Iterable[str]:
    return (str(case.key) for case in cases if case.found.code in codes and not case.is_closed)


def _not_once(accounts: list[Account]) -> Iterable[str]:
    for account in accounts:
        tied = {cycle for cycle, proof in account.proofs.items() if proof.status is Status.TIED_OUT}
        times = Counter({line_id: len(records) for line_id, records in account.posted.items()})
        for line in account.lines:
            if line.cycle in tied and line.amount and line.type != "PAYMENT" and times[line.id] != 1:
                yield f"{line.id}: {times[line.id]} times"


def _suspense(accounts: list[Account]) -> Iterable[str]:
    for account in accounts:
        unknown = sorted({line.type for line in account.all_lines if rule_of(line.type) is None})
        yield from (f"{account.marketplace}: unknown type {name}" for name in unknown)
        told = ledger_balance(account, Role.TAX_REVIEW)
        booked = (record.movement(Role.TAX_REVIEW) for record in account.records if record.day <= account.period.last)
        left = total(booked) if told is None else told
        if left != ZERO:
            named = _undecided(account)
            words = f" of {', '.join(named)}: a person says where it belongs" if named else ""
            yield f"{account.marketplace}: tax_review {account.money(left)}{words}"


def _undecided(account: Account) -> list[str]:
    """Types whose tax nobody can place by rule: who owes it hangs on a contract with the operator."""
    rules = {line.type: rule_of(line.type) for line in account.lines if line.amount}
    return sorted(name for name, rule in rules.items() if rule and rule.contra(account.rules.mode) is Role.TAX_REVIEW)


def _bank_gate(closing: Closing, cases: Iterable[Case]) -> Gate:
    title = "Payouts are in the bank"
    if closing.at_bank is None:
        return Gate("I24", title, Verdict.NOT_CHECKED, "there is no line of a bank/statement")
    found, waiting = len(closing.at_bank.found), len(closing.at_bank.waiting)
    fine = f"{found} payouts on the statement, {waiting} that it does not reach"
    return _gate("I24", title, _open(cases, {Code.PAYOUT_NOT_IN_BANK, Code.PAYOUT_DIFF}), fine)


def _ledger_gate(closing: Closing, cases: Iterable[Case]) -> Gate:
    title = "NetSuite's ledger is what was posted"
    if closing.gl_lines is None:
        return Gate("I26", title, Verdict.NOT_CHECKED, "the general ledger was not read")
    return _gate("I26", title, _open(cases, {Code.GL_TAMPERED}), f"{len(closing.gl_lines)} ledger lines")


def cover_sheet(closing: Closing, accounts: list[Account], gates: list[Gate]) -> Sheet:
    """Report 1."""
    rows: list[tuple[Cell, ...]] = [
        ("Entity", closing.entity, ""),
        ("Period", str(closing.period), f"{closing.period.first} to {closing.period.last}"),
        ("As of", str(closing.as_of), "day that the reconciliation looked at"),
        *(("Account", f"{each.marketplace} {each.currency}", _cycles(closing, each)) for each in accounts),
        ("Run", closing.run, "worked out from the inputs, the settings and the code: the same for the same"),
        ("Code version", closing.code_version, ""),
        ("Settings", closing.config_hash, "SHA-256"),
        ("Break history", closing.events[-1].hash if closing.events else "none", "hash of its last step"),
        *((f"Gate {gate.id}", str(gate.verdict), f"{gate.name}: {gate.words}") for gate in gates),
        ("Result", "ready to sign" if ready(gates) else "not ready to sign", ""),
        ("Prepared by", "", "name and day, by hand"),
        ("Reviewed by", "", "name and day, by hand; not the preparer"),
    ]
    return a_sheet("1", "Cover and sign-off", "What the month rests on.", texts("What", "Value", "Note"), rows)


def _cycles(closing: Closing, account: Account) -> str:
    names = ", ".join(cycle.voucher or cycle.id for cycle in account.included)
    return f"{closing.subsidiaries.get(account.marketplace, '')}; cycles {names or 'none'}"


def ready(gates: Iterable[Gate]) -> bool:
    """Whether nothing stands in the way of a sign-off."""
    return all(gate.verdict is not Verdict.FAILED for gate in gates)

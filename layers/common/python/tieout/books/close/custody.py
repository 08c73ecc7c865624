"""What only an operator owes others an account of: money that is held for sellers, and what it reports of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tieout.books.close.closing import Account
from tieout.books.close.roll_forward import RollForward, ledger_balance
from tieout.books.close.sellers import is_operators
from tieout.books.close.sheet import Cell, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.accounts import AccountMap, UnmappedRoleError
from tieout.domain.ledger.line import Line
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import Mode
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO

OWED = (
    (Role.SELLER_RESERVE_LIABILITY, "Reserves kept back from sellers"),
    (Role.CUSTOMER_FUNDS_UNALLOCATED, "Customers' payments that no cycle has yet"),
    (Role.CUSTOMER_REFUNDS_PAYABLE, "Refunds that are still to be paid"),
)
HELD = (
    (Role.PSP_RECEIVABLE, "At the payment provider"),
    (Role.BANK_OR_PSP_WALLET, "In the bank or wallet that payouts come from"),
)
_WHAT = {
    Group.SALE: "gross",
    Group.REFUND: "refunded",
    Group.FEE: "fees",
    Group.REMITTED: "withheld",
    Group.PAYOUT: "paid",
}
NOT_READ = "the general ledger was not read"


def custody_sheets(accounts: list[Account], months: list[RollForward]) -> list[Sheet]:
    """Reports 16d and 16e; none for a seller's books."""
    pairs = [(account, month) for account, month in zip(accounts, months, strict=True) if is_operators(account)]
    if not pairs:
        return []
    agents = [account for account, _ in pairs if account.rules.mode is Mode.OPERATOR]
    return [_safeguarding(pairs), *([_reportable(agents)] if agents else [])]


# --- safeguarding ----------------------------------------------------------------------------------------------------


def _safeguarding(pairs: list[tuple[Account, RollForward]]) -> Sheet:
    return a_sheet(
        "16d",
        "Safeguarding",
        "Money held for others at the month's end, and where it is (I21). What is held has to cover what is owed, less "
        "your own share (commission that is not withdrawn yet). The ledger's side is what the export of it shows: "
        "moves that other systems booked on these accounts are in it only if they were exported. The bank's own "
        "confirmation is not among the inputs: compare it by hand.",
        (*texts("Marketplace", "Currency", "Side", "What"), *moneys("Amount"), *texts("Account", "Basis")),
        [row for account, month in pairs for row in _custody(account, month)],
    )


def _custody(account: Account, month: RollForward) -> Iterator[tuple[Cell, ...]]:
    head = (account.marketplace, account.currency)
    log = "transaction lines to the month's end, less payouts"
    yield (*head, "Owed", "To sellers", account.money(month.mirakl), _account(account, account.side.control), log)
    owed: Decimal | None = month.mirakl
    for role, what in OWED:
        amount, basis = _ledger(account, role)
        owed = None if owed is None or amount is None else owed - amount
        shown = None if amount is None else account.money(-amount)
        yield (*head, "Owed", what, shown, _account(account, role), basis)
    held: Decimal | None = ZERO
    for role, what in HELD:
        amount, basis = _ledger(account, role)
        held = None if held is None or amount is None else held + amount
        shown = None if amount is None else account.money(amount)
        yield (*head, "Held", what, shown, _account(account, role), basis)
    yield (*head, "Held", "By the bank's own confirmation", None, "", "not among the inputs")
    if held is None or owed is None:
        yield (*head, "Check", "Held less owed", None, "", f"not known: {NOT_READ}, or a role has no account")
    else:
        short = "short by this: find out why before the sign-off" if held < owed else "covered"
        yield (*head, "Check", "Held less owed", account.money(held - owed), "", short)


def _ledger(account: Account, role: Role) -> tuple[Decimal | None, str]:
    """Debit positive; a role that nothing is mapped to was never booked on."""
    if account.closing.gl_lines is None:
        return None, NOT_READ
    if not _account(account, role):
        return ZERO, "no account is mapped: nothing is booked under it"
    return ledger_balance(account, role), "general ledger, posted lines to the month's end"


def _account(account: Account, role: Role) -> str:
    try:
        return AccountMap(account.rules).account(role, account.currency, account.period.last)
    except UnmappedRoleError:
        return ""


# --- what is reported of each seller ---------------------------------------------------------------------------------


def _reportable(accounts: list[Account]) -> Sheet:
    return a_sheet(
        "16e",
        "Reportable by seller",
        "What tax authorities ask a platform to report of each seller (1099-K: gross by month; DAC7: consideration, "
        "fees and number of sales by quarter), for the year to the month's end. Gross is what customers paid, without "
        "any deduction; consideration is what was credited after refunds, fees and withheld tax. Days are those of the "
        "transaction lines in the books' time zone; manual items, and customers' fees that pass through, are in none. "
        "Not among the inputs: names, addresses, tax numbers and bank accounts of the sellers, and thresholds. Before "
        "the first day of the log nothing is counted.",
        (
            *texts("Marketplace", "Currency", "Seller", "Quarter", "Month"),
            *counts("Sales"),
            *moneys("Gross", "of which tax", "Refunded", "Fees", "Tax withheld", "Consideration", "Paid out"),
            *days("Log since"),
        ),
        [row for account in accounts for row in _by_month(account)],
    )


def _by_month(account: Account) -> Iterator[tuple[Cell, ...]]:
    first_of_year = date(account.period.year, 1, 1)
    found: defaultdict[tuple[str, int], list[Line]] = defaultdict(list)
    since = min((account.day(line) for line in account.lines), default=first_of_year)
    for line in account.lines:
        if first_of_year <= account.day(line) <= account.period.last:
            found[line.shop or "the shop", account.day(line).month].append(line)
    for (seller, month), lines in sorted(found.items()):
        sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for line in lines:
            sums[_counts_as(line)] += line.amount
            if _counts_as(line) == "gross" and (rule := rule_of(line.type)) and rule.is_tax:
                sums["tax"] += line.amount
        credited = sums["gross"] + sums["refunded"] + sums["fees"] + sums["withheld"]
        amounts = (
            *(sums["gross"], sums["tax"], -sums["refunded"], -sums["fees"], -sums["withheld"]),
            *(credited, -sums["paid"]),
        )
        orders = {line.order_id or line.id for line in lines if _counts_as(line) == "gross" and line.amount}
        year = account.period.year
        yield (
            *(account.marketplace, account.currency, seller, f"{year}-Q{(month + 2) // 3}", f"{year}-{month:02d}"),
            len(orders),
            *(account.money(each) for each in amounts),
            max(since, first_of_year),
        )


def _counts_as(line: Line) -> str:
    """What a line is of a report; empty where it is in none.

    Manual items, reserves and shipping that the operator pays are between it and the shop, and a fee of the customer's
    that passes through is not the shop's.
    """
    rule = rule_of(line.type)
    return _WHAT.get(rule.group, "") if rule else ""

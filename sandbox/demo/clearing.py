"""Whether the books of money agree: what NetSuite's accounts hold against what the marketplace's own log adds up to.

Nothing of Tieout's arithmetic is used: sums of Mirakl's lines on one side, SuiteQL's balances on the other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.demo.twin_control import rows
from tieout.config import Config
from tieout.domain.ledger.roles import Role
from tieout.domain.postings import SETTLED_AS, Kind, Posting, State

Row = dict[str, Any]
ZERO = Decimal(0)
KNOWN = frozenset(
    {
        *("ORDER_AMOUNT", "ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT", "ORDER_SHIPPING_AMOUNT_TAX"),
        *("REFUND_ORDER_AMOUNT", "REFUND_ORDER_AMOUNT_TAX"),
        *("REFUND_ORDER_SHIPPING_AMOUNT", "REFUND_ORDER_SHIPPING_AMOUNT_TAX"),
        *("COMMISSION_FEE", "COMMISSION_VAT", "REFUND_COMMISSION_FEE", "REFUND_COMMISSION_VAT"),
        *("SUBSCRIPTION_FEE", "SUBSCRIPTION_VAT", "MANUAL_CREDIT", "MANUAL_INVOICE"),
    }
)
"""Types that these worlds have on purpose."""
COMMISSION = ("COMMISSION_FEE", "REFUND_COMMISSION_FEE")
CREATED = (
    *("customerPayment", "customerRefund", "vendorBill", "vendorCredit", "vendorPayment", "journalEntry"),
    *("cashSale", "cashRefund"),
)
"""Record types of NetSuite that a cycle becomes."""


@dataclass(frozen=True)
class Account:
    """What a marketplace's own account of one currency adds up to, over the cycles that are booked."""

    marketplace: str
    currency: str
    cycles: int
    lines: int
    settled: Decimal
    """Sum of the lines."""
    paid_out: Decimal
    commission: Decimal

    @property
    def undisbursed(self) -> Decimal:
        """What the marketplace still owes of it."""
        return self.settled - self.paid_out


@dataclass(frozen=True)
class MoneyBooks:
    """The marketplaces' side, as their twin lists it."""

    lines: Mapping[str, list[Row]]
    cycles: Mapping[str, list[Row]]

    def accounts(self, booked: Iterable[tuple[str, str]]) -> list[Account]:
        """`booked` are the cycles that are in NetSuite's books: (marketplace, cycle)."""
        wanted = set(booked)
        found = []
        for name, cycles in self.cycles.items():
            for currency in sorted({str(cycle["currency_iso_code"]) for cycle in cycles}):
                ids = {
                    str(cycle["id"])
                    for cycle in cycles
                    if cycle["currency_iso_code"] == currency and (name, str(cycle["id"])) in wanted
                }
                lines = [line for line in self.lines[name] if line.get("seller_billing_cycle_id") in ids]
                found.append(_account(name, currency, [one for one in cycles if str(one["id"]) in ids], lines))
        return found

    def has(self, marketplace: str, cycle_id: str) -> bool:
        """Whether there is such a cycle: what a month accrues is worked and agreed to like one, and is none."""
        return any(one["id"] == cycle_id for one in self.cycles.get(marketplace, []))

    def ties_out(self, marketplace: str, cycle_id: str) -> bool:
        """Whether a cycle's lines come to what it transfers, with nothing in it that needs a person."""
        cycle = next(one for one in self.cycles[marketplace] if one["id"] == cycle_id)
        lines = [line for line in self.lines[marketplace] if line.get("seller_billing_cycle_id") == cycle_id]
        total = sum((_amount(line) for line in lines if _is_posted(line)), ZERO)
        known = all(line["type"] in KNOWN or line["type"] == "PAYMENT" for line in lines)
        return known and total == Decimal(cycle["amount_transferred_to_seller"])


@dataclass
class Judged:
    """`problems` empty: each account of NetSuite holds to the cent what the marketplace's log says."""

    problems: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    cycles: Counter[str] = field(default_factory=Counter)
    """How many are booked, held, waiting."""
    records: Counter[str] = field(default_factory=Counter)
    """How many of each type stand in NetSuite."""
    held: dict[str, str] = field(default_factory=dict)
    """Cycles that wait for a person, and why."""


def judge(
    config: Config,
    books: MoneyBooks,
    postings: Iterable[Posting],
    balances: Mapping[tuple[str, str], Decimal],
    created: Mapping[str, list[Row]],
) -> Judged:
    """Hold NetSuite's balances against the log; `created` are NetSuite's records by type, as its twin lists them."""
    found = Judged()
    booked = set()
    every = list(postings)
    for one in every:
        if one.key.kind is Kind.CYCLE and one.key.source_id == one.key.thread:
            cycle = (one.key.marketplace, one.key.thread)
            if not books.has(*cycle):
                found.cycles["months accrued" if one.state is State.CONFIRMED else "months to accrue"] += 1
            elif one.state is State.CONFIRMED:
                found.cycles["booked"] += 1
                booked.add(cycle)
            elif one.state is State.PARKED:
                found.cycles["held" if one.reason == "cycle_held" else "waiting"] += 1
                found.held[" ".join(cycle)] = _why(one)
                if books.ties_out(*cycle):
                    found.problems.append(f"{' '.join(cycle)} adds up, and is not booked: {_why(one)}")
            else:
                found.problems.append(f"{' '.join(cycle)} is still {one.state}")
    found.accounts = books.accounts(booked)
    found.problems += _balances(config, found.accounts, balances)
    found.problems += _once(every, created, found)
    return found


def _account(name: str, currency: str, cycles: list[Row], lines: list[Row]) -> Account:
    posted = [line for line in lines if _is_posted(line)]
    paid = [one for one in cycles if one["pay_out"]["state"] == "PAID"]
    return Account(
        marketplace=name,
        currency=currency,
        cycles=len(cycles),
        lines=len(posted),
        settled=sum((_amount(line) for line in posted), ZERO),
        paid_out=sum((Decimal(one["amount_transferred_to_seller"]) for one in paid), ZERO),
        commission=-sum((_amount(line) for line in posted if line["type"] in COMMISSION), ZERO),
    )


def _balances(
    config: Config, accounts: Iterable[Account], balances: Mapping[tuple[str, str], Decimal]
) -> Iterator[str]:
    """Clearing holds what was not paid out, money in transit what was, and commission what was charged.

    Commission of what is not delivered yet stands in an account of its own.
    """
    expected: dict[tuple[tuple[Role, ...], tuple[str, ...], str], Decimal] = {}
    for one in accounts:
        numbers = account_numbers(config, one.marketplace)
        held_by: list[tuple[tuple[Role, ...], Decimal]] = [
            ((Role.MARKETPLACE_CLEARING,), one.undisbursed),
            ((Role.BANK_IN_TRANSIT,), one.paid_out),
            ((Role.COMMISSION_EXPENSE, Role.PREPAID_COMMISSION), one.commission),
        ]
        for roles, amount in held_by:
            key = (roles, tuple(numbers[role] for role in roles), one.currency)
            expected[key] = expected.get(key, ZERO) + amount
    for (named, numbered, currency), amount in expected.items():
        there = sum((balances.get((number, currency), ZERO) for number in numbered), ZERO)
        if there != amount:
            told = ", ".join(f"{role} {number}" for role, number in zip(named, numbered, strict=True))
            yield f"{told}: {there} {currency}, the marketplaces' logs say {amount}"


def account_numbers(config: Config, marketplace: str) -> dict[Role, str]:
    """The account map of today."""
    settlement = config.marketplaces[marketplace].settlement
    return dict(settlement.accounts[-1].roles) if settlement else {}


def _once(postings: Iterable[Posting], created: Mapping[str, list[Row]], found: Judged) -> Iterator[str]:
    """Every posting of a record is one record of NetSuite's, and there is none without a posting."""
    wanted, done = Counter[str](), set[str]()
    for one in postings:
        if one.key.kind not in SETTLED_AS:
            continue
        wanted[one.external_id.casefold()] += 1
        if one.state is not State.CONFIRMED:
            facts = ", ".join(f"{name} {value}" for name, value in one.facts.items())
            yield f"{one.external_id} is {one.state} {one.reason or ''} ({facts})"
        else:
            done.add(one.external_id.casefold())
    there = Counter[str]()
    for kind, records in created.items():
        ids = [str(record.get("externalId") or "").casefold() for record in records]
        ours = [one for one in ids if one.startswith("t-")]
        found.records[kind] += len(ours)
        there.update(ours)
    for external_id, times in there.items():
        if times > 1:
            yield f"{external_id} is in NetSuite {times} times"
        if external_id not in wanted:
            yield f"{external_id} is in NetSuite, and no posting made it"
    for external_id in sorted(done - there.keys()):
        yield f"{external_id} is confirmed here, and not in NetSuite"


def _is_posted(line: Row) -> bool:
    """A payout is a record of its own; money that a buyer paid to the shop never passes the account."""
    return bool(line["type"] != "PAYMENT" and line["payment_state"] != "NOT_APPLICABLE")


def _amount(line: Row) -> Decimal:
    return Decimal(line["amount"])


def _why(one: Posting) -> str:
    facts = {name: value for name, value in one.facts.items() if name.startswith(("codes", "residual", "reason_01"))}
    return f"{one.reason}: {', '.join(facts.values())}" if facts else str(one.reason)


def listed(ndjson: bytes) -> list[Row]:
    """Rows as a twin lists them."""
    return list(rows(ndjson))

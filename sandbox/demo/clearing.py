"""Whether the books of money agree: what NetSuite's accounts hold against what the marketplace's own log adds up to.

Nothing of Tieout's arithmetic is used: sums of Mirakl's lines on one side, SuiteQL's balances on the other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sandbox.demo.owing import (
    COMMISSION,
    COMMISSION_VAT,
    GIVEN_BACK,
    MARGIN,
    PURCHASE_TAX,
    SOLD,
    Account,
    Taken,
    control_of,
    expected_of,
    owed_to_shops,
)
from sandbox.demo.twin_control import rows
from tieout.config import Config
from tieout.domain.ledger.roles import Role
from tieout.domain.postings import SETTLED_AS, Kind, Posting, State

Row = dict[str, Any]
ZERO = Decimal(0)
KNOWN = frozenset(
    {
        *(*SOLD, *GIVEN_BACK, *COMMISSION, *COMMISSION_VAT, *MARGIN, *PURCHASE_TAX),
        *("SUBSCRIPTION_FEE", "SUBSCRIPTION_VAT", "MANUAL_CREDIT", "MANUAL_INVOICE"),
    }
)
"""Types that these worlds have on purpose."""
CREATED = (
    *("customerPayment", "customerRefund", "vendorBill", "vendorCredit", "vendorPayment", "journalEntry"),
    *("cashSale", "cashRefund", "invoice", "creditMemo"),
)
"""Record types of NetSuite that a cycle becomes; invoices and credit memos of orders are among them, and are none."""
OF_ORDERS = (Kind.INVOICE, Kind.CREDIT_MEMO)


@dataclass(frozen=True)
class MoneyBooks:
    """The marketplaces' side, as their twin lists it."""

    lines: Mapping[str, list[Row]]
    cycles: Mapping[str, list[Row]]
    taken: Mapping[tuple[str, str], Taken] = field(default_factory=dict)
    """What payment providers reported, by marketplace and currency; of an operator."""

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
                account = _account(name, currency, [one for one in cycles if str(one["id"]) in ids], lines)
                found.append(replace(account, taken=self.taken.get((name, currency), Taken())))
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
    *,
    owed: Mapping[tuple[str, str, str], Decimal] | None = None,
) -> Judged:
    """Hold NetSuite's balances against the log; `created` are NetSuite's records by type, as its twin lists them.

    `owed` is what an operator's accounts hold by vendor: (account, currency, vendor's external id in small letters).
    """
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
    found.problems += _shops(config, found.accounts, owed or {})
    found.problems += _once(config, every, created, found)
    return found


def _account(name: str, currency: str, cycles: list[Row], lines: list[Row]) -> Account:
    posted = [line for line in lines if _is_posted(line)]
    sums, shops = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for line in posted:
        sums[line["type"]] += _amount(line)
        shops[_shop(line, "id")] += _amount(line)
    paid = [one for one in cycles if one["pay_out"]["state"] == "PAID"]
    for one in paid:
        shops[_shop(one, "shop_id")] -= Decimal(one["amount_transferred_to_seller"])
    return Account(
        marketplace=name,
        currency=currency,
        cycles=len(cycles),
        lines=len(posted),
        sums=sums,
        paid_out=sum((Decimal(one["amount_transferred_to_seller"]) for one in paid), ZERO),
        shops=shops,
    )


def _shop(row: Row, name: str) -> str:
    return str((row.get("shop") or {}).get(name) or "")


def _balances(
    config: Config, accounts: Iterable[Account], balances: Mapping[tuple[str, str], Decimal]
) -> Iterator[str]:
    """Each account holds what the logs say, all marketplaces of a currency together that share it."""
    expected: dict[tuple[tuple[Role, ...], tuple[str, ...], str], Decimal] = {}
    for one in accounts:
        numbers = account_numbers(config, one.marketplace)
        for roles, amount in expected_of(config, one):
            key = (roles, tuple(numbers[role] for role in roles), one.currency)
            expected[key] = expected.get(key, ZERO) + amount
    for (named, numbered, currency), amount in expected.items():
        there = sum((balances.get((number, currency), ZERO) for number in numbered), ZERO)
        if there != amount:
            told = ", ".join(f"{role} {number}" for role, number in zip(named, numbered, strict=True))
            yield f"{told}: {there} {currency}, the marketplaces' logs say {amount}"


def _shops(config: Config, accounts: Iterable[Account], owed: Mapping[tuple[str, str, str], Decimal]) -> Iterator[str]:
    """An operator owes each shop what the log says of that shop, and no other vendor anything of a marketplace's."""
    for one in accounts:
        number = account_numbers(config, one.marketplace)[control_of(config, one.marketplace)]
        wanted = owed_to_shops(config, one)
        prefix = f"t-{one.marketplace}-".casefold()
        here = {
            vendor
            for account, currency, vendor in owed
            if (account, currency) == (number, one.currency) and vendor.startswith(prefix)
        }
        for vendor in sorted({*wanted, *here} if wanted else ()):
            there = owed.get((number, one.currency, vendor), ZERO)
            if there != wanted.get(vendor, ZERO):
                yield f"{number} {vendor}: {there} {one.currency}, the log says {wanted.get(vendor, ZERO)}"


def account_numbers(config: Config, marketplace: str) -> dict[Role, str]:
    """The account map of today."""
    settlement = config.marketplaces[marketplace].settlement
    return dict(settlement.accounts[-1].roles) if settlement else {}


def _once(
    config: Config, postings: Iterable[Posting], created: Mapping[str, list[Row]], found: Judged
) -> Iterator[str]:
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
    of_orders = tuple(f"t-{name}-{kind}-".casefold() for name in config.marketplaces for kind in OF_ORDERS)
    for kind, records in created.items():
        ids = [str(record.get("externalId") or "").casefold() for record in records]
        ours = [one for one in ids if one.startswith("t-") and not one.startswith(of_orders)]
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

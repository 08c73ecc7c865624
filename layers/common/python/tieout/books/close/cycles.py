"""The billing cycles of the month: tied out to what was transferred, and each total to the lines behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from tieout.books.close.closing import Account, total
from tieout.books.close.sheet import Cell, Column, Kind, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.run import is_memo_only
from tieout.domain.ledger.types import TypeRule, rule_of
from tieout.domain.money import ZERO

OPERATORS_TOTALS = (
    "total_commissions_incl_tax",
    "total_refund_commissions_incl_tax",
    "total_subscription_incl_tax",
    "total_other_credits_incl_tax",
    "total_other_invoices_incl_tax",
    "total_operator_paid_shipping_charges_incl_tax",
    "total_refund_operator_paid_shipping_charges_incl_tax",
    "total_operator_remitted_taxes",
    "total_refund_operator_remitted_taxes",
    "total_fee_operator_remitted_incl_tax",
    "total_refund_fee_operator_remitted_incl_tax",
    "total_seller_fees_on_orders_incl_tax",
    "total_seller_penalty_fees_incl_tax",
)
"""The sides of a cycle that are the operator's (SBC11): their sum, with the sign turned, is its transfer (I4)."""
_WITHOUT_TAX_SPLIT = frozenset(
    {
        "total_operator_remitted_taxes",
        "total_refund_operator_remitted_taxes",
        "total_purchase_taxes",
        "total_refund_purchase_taxes",
    }
)


def operator_difference(cycle: Cycle) -> Decimal | None:
    """What the transfer to the operator and the totals of its sides differ by (I4); None where SBC11 lacks either."""
    if cycle.to_operator is None or not cycle.summary:
        return None
    return cycle.to_operator + total(cycle.summary.get(name, ZERO) for name in OPERATORS_TOTALS)


class Bucket(Struct, frozen=True, kw_only=True):
    """One total of a cycle's summary, and what its lines say."""

    cycle: str
    name: str
    lines: int
    log: Decimal
    told: Decimal | None
    """As SBC11 says; None where it does not."""
    roles: str
    """Contra roles of its lines."""

    @property
    def difference(self) -> Decimal:
        """Zero (I5)."""
        return ZERO if self.told is None else self.log - self.told


def buckets_of(account: Account, cycle: Cycle) -> list[Bucket]:
    """Every total of a cycle that has a line or a figure (I5)."""
    by_type: dict[tuple[str, bool], list[Decimal]] = {}
    for line in account.lines_of_cycle.get(cycle.id, ()):
        by_type.setdefault((line.type, is_memo_only(line)), []).append(line.amount)
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    seen: defaultdict[str, int] = defaultdict(int)
    roles: defaultdict[str, set[str]] = defaultdict(set)
    for (kind, memo_only), amounts in by_type.items():
        rule = rule_of(kind)
        if rule is not None:
            for name in _totals(rule, cycle.summary, memo_only=memo_only):
                sums[name] += total(amounts)
                seen[name] += len(amounts)
                roles[name].add(rule.contra(account.rules.mode).value)
    told = {name for name in _known(cycle.summary) if cycle.summary[name]}
    return [
        Bucket(
            cycle=cycle.id,
            name=name,
            lines=seen[name],
            log=sums[name],
            told=cycle.summary.get(name),
            roles=", ".join(sorted(roles[name])),
        )
        for name in sorted({*sums, *told})
    ]


def _totals(rule: TypeRule, summary: Mapping[str, Decimal], *, memo_only: bool) -> Iterator[str]:
    """The totals that lines of a type count in."""
    if rule.bucket is None:
        return
    bucket = rule.bucket.replace("payable_orders", "non_payable_orders") if memo_only else rule.bucket
    if bucket in _WITHOUT_TAX_SPLIT or bucket in summary:
        yield bucket
        return
    yield f"{bucket}_incl_tax"
    if not rule.is_tax:
        yield f"{bucket}_excl_tax"


def _known(summary: Mapping[str, Decimal]) -> set[str]:
    """Totals that lines add up to; `total_refund_orders` only adds others up."""
    return {name for name in summary if not name.startswith("total_refund_orders")}


def tie_out_sheet(accounts: list[Account]) -> Sheet:
    """Report 3."""
    columns = (
        *texts("Marketplace", "Currency", "Cycle", "Voucher"),
        *days("First line", "Closed"),
        *counts("Lines"),
        *moneys("Carried in", "Sum of lines", "Transferred to seller", "Carried out", "Residual", "Posted to clearing"),
        *moneys("Transferred to operator", "Operator difference"),
        *texts("Payout", "Reference"),
        *days("Paid"),
        *texts("Status", "Why held"),
    )
    rows = [_tie_out(account, cycle) for account in accounts for cycle in account.included]
    return a_sheet(
        "3",
        "Cycle tie-out",
        "Carried in and the lines, less what was transferred and what is carried on, leave 0 (I3); what went to the "
        "operator is the sum of its sides (I4). A payout is as Mirakl tells it; gate I24 holds it against the bank.",
        columns,
        rows,
    )


def _tie_out(account: Account, cycle: Cycle) -> tuple[Cell, ...]:
    proof = account.proofs.get(cycle.id)
    lines = account.lines_of_cycle.get(cycle.id, ())
    apart = operator_difference(cycle)
    paid = cycle.pay_out.paid_at
    figures: tuple[Cell, ...] = (None,) * 6
    if proof is not None:
        figures = tuple(
            account.money(each)
            for each in (
                proof.carried_in,
                proof.sum_of_lines,
                proof.transferred,
                proof.carried_out,
                proof.residual,
                proof.posted_to_clearing,
            )
        )
    reasons = "; ".join(f"{each.code} {each.key}: {each.explanation}" for each in proof.reasons) if proof else ""
    return (
        account.marketplace,
        account.currency,
        cycle.id,
        cycle.voucher,
        min((account.day(line) for line in lines), default=None),
        local_day(cycle.closed_at, account.rules.time_zone),
        len(lines),
        *figures,
        None if cycle.to_operator is None else account.money(cycle.to_operator),
        None if apart is None else account.money(apart),
        cycle.pay_out.state,
        cycle.pay_out.reference or cycle.pay_out.failure_reason,
        local_day(paid, account.rules.time_zone) if paid else None,
        str(proof.status) if proof else "not settled",
        reasons,
    )


def buckets_sheet(accounts: list[Account]) -> Sheet:
    """Report 4."""
    columns = (
        *texts("Marketplace", "Currency", "Cycle", "Total"),
        *counts("Lines"),
        *moneys("Transaction log", "SBC11", "Difference"),
        *texts("Contra role"),
    )
    rows = [
        (
            account.marketplace,
            account.currency,
            bucket.cycle,
            bucket.name,
            bucket.lines,
            account.money(bucket.log),
            None if bucket.told is None else account.money(bucket.told),
            account.money(bucket.difference),
            bucket.roles,
        )
        for account in accounts
        for cycle in account.included
        for bucket in buckets_of(account, cycle)
    ]
    return a_sheet(
        "4",
        "Totals by cycle",
        "Every total of a cycle's summary is the sum of its lines (I5): the difference has to be 0. Where the log "
        "shows tax inside the price, totals with and without tax are the same.",
        columns,
        rows,
    )


def roles_sheet(accounts: list[Account]) -> Sheet:
    """Report 4b."""
    columns = (
        *texts("Marketplace", "Currency", "Role", "Account"),
        Column("Records", Kind.COUNT),
        *moneys("Debit", "Credit", "Net debit"),
    )
    rows: list[tuple[Cell, ...]] = []
    for account in accounts:
        sums: dict[tuple[str, str], list[Decimal]] = {}
        for record in account.records:
            if record.day in account.period:
                for entry in record.entries:
                    known = sums.setdefault((entry.role.value, entry.account), [ZERO, ZERO, ZERO])
                    known[0] += entry.debit
                    known[1] += entry.credit
                    known[2] += 1
        for (role, number), (debit, credit, times) in sorted(sums.items()):
            amounts = (account.money(each) for each in (debit, credit, debit - credit))
            rows.append((account.marketplace, account.currency, role, number, int(times), *amounts))
    return a_sheet(
        "4b",
        "Movements by account",
        "What the settlement's records of the month move each account by. Debits are credits; tax_review has to be 0.",
        columns,
        rows,
    )

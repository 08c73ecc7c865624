"""The invariants of the finance reference that an export can show, by name and written from its formulas alone.

Each takes the books of one marketplace and names what contradicts it; nothing named means that it holds. None of them
uses the engine: they say of a folder what the engine then has to say too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from tieout.domain.ledger.line import Books, Cycle, Document, Line
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.types import Group, TypeRule, rule_of
from tieout.domain.money import exponent_of

ZERO = Decimal(0)
FEES = frozenset({Group.FEE, Group.MANUAL})
GOODS = frozenset({Group.SALE, Group.REFUND, Group.REMITTED, Group.WASH})
OPERATORS = (
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
"""The totals of a cycle that are the operator's."""
Sums = defaultdict[str, Decimal]


def sums() -> Sums:
    return defaultdict(Decimal)


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def known(lines: Iterable[Line]) -> Iterable[tuple[Line, TypeRule]]:
    return ((line, rule) for line in lines if (rule := rule_of(line.type)) is not None)


def i1_amounts(books: Books) -> list[str]:
    """What a line moves is what it credits less what it debits, and it does one of the two."""
    return [
        line.id
        for line in books.lines
        if line.credited is not None
        and line.debited is not None
        and (line.amount != line.credited - line.debited or line.credited * line.debited != 0)
    ]


def i2_balance_chain(books: Books) -> list[str]:
    """There is an order of the lines in which each balance is the one before and its amount.

    Such an order is a walk over every line once: each balance is left as often as it is reached, but for the first and
    the last one, and no part of the walk stands apart.
    """
    steps: dict[tuple[str, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for line in books.lines:
        if line.amount and line.balance is not None:
            steps[line.shop, line.currency].append((line.balance - line.amount, line.balance))
    wrong: list[str] = []
    for (shop, currency), walk in steps.items():
        visits: Counter[Decimal] = Counter()
        for left, reached in walk:
            visits[reached] += 1
            visits[left] -= 1
        if total(Decimal(abs(each)) for each in visits.values()) > 2:  # its beginning and its end
            wrong.append(f"{shop} {currency}: the balance breaks off at {sorted(v for v in visits if visits[v])}")
        elif parts(walk) > 1:
            wrong.append(f"{shop} {currency}: {parts(walk)} walks that never meet")
    return wrong


def parts(walk: Sequence[tuple[Decimal, Decimal]]) -> int:
    """How many groups of steps there are that share no balance."""
    above: dict[Decimal, Decimal] = {}

    def root(balance: Decimal) -> Decimal:
        above.setdefault(balance, balance)
        while above[balance] != balance:
            above[balance] = above[above[balance]]
            balance = above[balance]
        return balance

    for left, reached in walk:
        above[root(left)] = root(reached)
    return len({root(balance) for balance in list(above)})


def of_cycles(books: Books) -> Mapping[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in books.lines:
        if line.cycle:
            found[line.cycle].append(line)
    return found


def is_memo(line: Line, rule: TypeRule | None) -> bool:
    """The customer paid the shop: no money of Mirakl's."""
    return line.state == "NOT_APPLICABLE" and rule is not None and rule.group in GOODS


def i3_cycles(books: Books) -> list[str]:
    """What came in and the lines are what was transferred and what is carried on; only debts are carried on."""
    wrong: list[str] = []
    lines = of_cycles(books)
    carried: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for cycle in sorted(books.cycles, key=lambda each: (each.closed_at, each.id)):
        account = (cycle.shop, cycle.currency, cycle.psp)
        moved = carried[account] + total(
            line.amount for line in lines[cycle.id] if line.type != "PAYMENT" and not is_memo(line, rule_of(line.type))
        )
        carried[account] = moved - cycle.to_seller
        if carried[account] > 0 or (cycle.to_seller and carried[account]):
            wrong.append(f"{cycle.id}: {carried[account]} is left")
    return wrong


def i4_operator(books: Books) -> list[str]:
    """What the operator was transferred is its own totals, turned round."""
    return [
        f"{cycle.id}: {cycle.to_operator}"
        for cycle in books.cycles
        if cycle.to_operator is not None
        and cycle.summary
        and cycle.to_operator != -total(cycle.summary.get(name, ZERO) for name in OPERATORS)
    ]


def i5_buckets(books: Books) -> list[str]:
    """Each total of a cycle, with and without tax, is the sum of its lines."""
    lines = of_cycles(books)
    return [f"{cycle.id} {name}" for cycle in books.cycles for name in sorted(differing(cycle, lines[cycle.id]))]


def differing(cycle: Cycle, lines: Iterable[Line]) -> set[str]:
    with_tax, net = sums(), sums()
    for line, rule in known(lines):
        if rule.bucket:
            bucket = rule.bucket.replace("_payable", "_non_payable") if is_memo(line, rule) else rule.bucket
            with_tax[bucket] += line.amount
            net[bucket] += ZERO if rule.is_tax else line.amount
    buckets = {rule.bucket for _, rule in known(lines)} | {
        name.removesuffix("_incl_tax").removesuffix("_excl_tax") for name in OPERATORS
    }
    return {
        name
        for name, told in cycle.summary.items()
        if (bucket := name.removesuffix("_incl_tax").removesuffix("_excl_tax")) in buckets
        and told != (net if name.endswith("_excl_tax") else with_tax)[bucket]
    }


def i6_documents(books: Books) -> list[str]:
    """The fees that name a document are its net, and its tax to half a minor unit for each line of tax."""
    lines: dict[str, list[tuple[Line, TypeRule]]] = defaultdict(list)
    for line, rule in known(books.lines):
        if line.document and rule.group in FEES:
            lines[line.document].append((line, rule))
    return [each.number for each in books.documents if not ties_out(each, lines[each.number])]


def ties_out(document: Document, lines: Sequence[tuple[Line, TypeRule]]) -> bool:
    sign = 1 if document.is_credit else -1
    net = total(line.amount for line, rule in lines if not rule.is_tax)
    taxes = [line.amount for line, rule in lines if rule.is_tax]
    unit = Decimal(1).scaleb(-exponent_of(document.currency))
    aside = abs(sign * total(taxes) - total(document.taxes.values()))
    return (
        sign * net == document.net
        and 2 * aside <= len(taxes) * unit
        and document.gross == document.net + total(document.taxes.values())
    )


def i10_orders(books: Books) -> list[str]:
    """An order's lines are its invoices less its credit memos, its fees, and what only passed through."""
    moved, there = sums(), sums()
    for line, rule in known(books.lines):
        if line.order_id and not is_memo(line, rule):
            moved[line.order_id] += line.amount
            there[line.order_id] -= line.amount if rule.group in FEES or rule.group is Group.WASH else ZERO
    billed = sums()
    for each in books.booked:
        if each.order_id and each.type in {"CustInvc", "CustCred"}:
            billed[each.order_id] += each.total if each.type == "CustInvc" else -each.total
    return sorted(order for order in moved if moved[order] != billed[order] - there[order])


def i11_wash(books: Books) -> list[str]:
    """Tax that the operator remits, and fees that pass through, leave nothing behind: by order and by code."""
    left: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    taken: set[tuple[str, str, str]] = set()
    for line, rule in known(books.lines):
        if line.order_id is None:
            continue
        if rule.group is Group.WASH:
            place = (line.order_id, "fee", line.fee_code or "")
        elif rule.group is Group.REMITTED or (rule.is_tax and rule.group in {Group.SALE, Group.REFUND}):
            place = (line.order_id, "tax", line.tax_code or "")
        else:
            continue
        left[place] += line.amount
        if line.type.startswith("OPERATOR") or line.type.startswith("REFUND_OPERATOR"):
            taken.add(place)
    return sorted(
        f"{order} {code}: {left[order, kind, code]}" for order, kind, code in taken if left[order, kind, code]
    )


def i12_applications(books: Books, records: Iterable[Record] = ()) -> list[str]:
    """No invoice has more applied to it than it is for: not by what NetSuite says, and not by our own records."""
    applied = sums()
    for record in records:
        for each in record.applications:
            applied[each.external_id] += each.amount
    worth = {each.external_id: each.total for each in books.booked}
    return sorted(
        [each.external_id for each in books.booked if each.unpaid is not None and each.unpaid < 0]
        + [name for name in applied if name in worth and applied[name] > worth[name]]
    )


LOG: Mapping[str, Callable[[Books], list[str]]] = {
    "I1": i1_amounts,
    "I2": i2_balance_chain,
    "I3": i3_cycles,
    "I4": i4_operator,
    "I5": i5_buckets,
    "I6": i6_documents,
    "I10": i10_orders,
    "I11": i11_wash,
    "I12": i12_applications,
}


def contradicted(books: Books) -> set[str]:
    """The names of the invariants that do not hold."""
    return {name for name, check in LOG.items() if check(books)}

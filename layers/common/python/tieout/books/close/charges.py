"""Taxes and fees of the month: what is owed, what can be deducted, and whether the operator charged what was agreed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from tieout.books.close.closing import Account, Closing, total
from tieout.books.close.sheet import Cell, Column, Kind, Sheet, a_sheet, counts, days, moneys, texts
from tieout.domain.ledger.line import Document, Line
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.history import State

_HUNDRED = Decimal(100)
CLAIMS = frozenset({Code.COMMISSION_RATE, Code.COMMISSION_NOT_REFUNDED})


def tax_sheet(accounts: list[Account]) -> Sheet:
    """Report 10."""
    columns = (
        *texts("Marketplace", "Currency", "Tax", "Code", "Document"),
        Column("Rate", Kind.PERCENT),
        *days("Issued"),
        *moneys("Base", "Tax amount", "In the log"),
        *texts("Treatment"),
    )
    rows = [row for account in accounts for row in (*_output_tax(account), *_invoiced(account), *_input_tax(account))]
    return a_sheet(
        "10",
        "Tax",
        "Tax on sales by code as the log shows it and as NetSuite invoiced it, tax that the operator remits itself, "
        "and tax on the operator's fees by legal document, which is what can be deducted.",
        columns,
        rows,
    )


def _output_tax(account: Account) -> Iterator[tuple[Cell, ...]]:
    sums: dict[tuple[str, str, Decimal | None], Decimal] = {}
    for line in account.lines:
        rule = rule_of(line.type)
        if rule is None or not rule.is_tax or account.day(line) not in account.period:
            continue
        if rule.group in {Group.SALE, Group.REFUND, Group.PURCHASE}:
            what = "Output tax, refunds" if rule.group is Group.REFUND else "Output tax, sales"
        elif rule.group is Group.REMITTED:
            what = "Remitted by the operator"
        else:
            continue
        key = what, line.tax_code or "no code", line.tax_rate
        sums[key] = sums.get(key, ZERO) + line.amount
    for (what, code, rate), amount in sorted(sums.items(), key=lambda each: (each[0][0], each[0][1], each[0][2] or 0)):
        money = account.money(amount)
        yield account.marketplace, account.currency, what, code, None, rate, None, None, money, money, "from the log"


def _invoiced(account: Account) -> Iterator[tuple[Cell, ...]]:
    for what, types in (
        ("Output tax, invoices", {"CustInvc", "CashSale", "invoice", "cashSale"}),
        ("Output tax, credit memos", {"CustCred", "CashRfnd", "creditMemo", "cashRefund"}),
    ):
        documents = [
            each
            for each in account.books.booked
            if each.type in types and each.currency == account.currency and each.day in account.period
        ]
        tax = total(each.tax for each in documents if each.tax is not None)
        net = total(each.total for each in documents) - tax
        if documents:
            yield (
                account.marketplace,
                account.currency,
                what,
                None,
                f"{len(documents)} documents",
                None,
                None,
                account.money(net),
                account.money(tax),
                None,
                "as NetSuite holds it",
            )


def _input_tax(account: Account) -> Iterator[tuple[Cell, ...]]:
    named: dict[str, list[Line]] = {}
    for line in account.lines:
        rule = rule_of(line.type)
        if line.document and rule is not None and rule.is_tax and rule.group in {Group.FEE, Group.MANUAL}:
            named.setdefault(line.document, []).append(line)
    for document in account.books.documents:
        issued = local_day(document.issued, account.rules.time_zone)
        if document.currency == account.currency and issued in account.period:
            yield from _of_document(account, document, total(line.amount for line in named.get(document.number, ())))


def _of_document(account: Account, document: Document, in_log: Decimal) -> Iterator[tuple[Cell, ...]]:
    sign = -1 if document.is_credit else 1
    base = sign * document.net
    for code, amount in sorted(document.taxes.items()) or [("no tax", ZERO)]:
        rate = (amount * _HUNDRED / document.net).quantize(Decimal("0.01"), ROUND_HALF_UP) if document.net else None
        yield (
            account.marketplace,
            account.currency,
            "Input tax on fees",
            code,
            document.number,
            rate if len(document.taxes) <= 1 else None,
            local_day(document.issued, account.rules.time_zone),
            account.money(base),
            account.money(sign * amount),
            account.money(-in_log),
            str(account.rules.fee_vat).replace("_", " "),
        )


class Rate(Struct, frozen=True, kw_only=True):
    """What a category was charged and what the orders say."""

    category: str
    orders: int
    base: Decimal
    """Sales of the order lines, as the log shows them."""
    charged: Decimal
    agreed: Decimal

    @property
    def effective(self) -> Decimal:
        """Charged, in percent of the base."""
        return _percent(self.charged, self.base)

    @property
    def contract(self) -> Decimal:
        """Agreed, in percent of the base."""
        return _percent(self.agreed, self.base)


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part * _HUNDRED / whole).quantize(Decimal("0.01"), ROUND_HALF_UP) if whole else ZERO


def rates_of(account: Account) -> list[Rate]:
    """Commission by category, on order lines whose commission was charged in a cycle of the month."""
    included = {cycle.id for cycle in account.included}
    agreed = {line.id: line for order in account.books.orders.values() for line in order.lines}
    sums: dict[str, list[Decimal]] = {}
    seen: dict[str, set[str]] = {}
    charged: set[str] = set()
    for line in account.lines:
        if line.cycle not in included or line.order_line_id is None:
            continue
        sold = agreed.get(line.order_line_id)
        category = (sold.category if sold else "") or "no category"
        known = sums.setdefault(category, [ZERO, ZERO, ZERO])
        if line.type in {"ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"}:
            known[0] += line.amount
        elif line.type == "COMMISSION_FEE":
            known[1] -= line.amount
            seen.setdefault(category, set()).add(line.order_id or "")
            if sold is not None and sold.commission is not None and line.order_line_id not in charged:
                known[2] += sold.commission
            charged.add(line.order_line_id)
    return [
        Rate(category=name, orders=len(seen.get(name, ())), base=base, charged=paid, agreed=told)
        for name, (base, paid, told) in sorted(sums.items())
        if paid or told
    ]


def fees_sheet(accounts: list[Account]) -> Sheet:
    """Report 11."""
    columns = (
        *texts("Marketplace", "Currency", "Fee", "Category"),
        *counts("Orders or lines"),
        *moneys("Base", "Charged", "Agreed", "Difference"),
        Column("Effective %", Kind.PERCENT),
        Column("Agreed %", Kind.PERCENT),
    )
    rows: list[tuple[Cell, ...]] = []
    for account in accounts:
        for rate in rates_of(account):
            amounts = (rate.base, rate.charged, rate.agreed, rate.charged - rate.agreed)
            rows.append(
                (
                    account.marketplace,
                    account.currency,
                    "Commission",
                    rate.category,
                    rate.orders,
                    *(account.money(each) for each in amounts),
                    rate.effective,
                    rate.contract,
                )
            )
        rows += _other_fees(account)
    return a_sheet(
        "11",
        "Fees",
        "Commission charged by category against what the orders say was agreed, and all other fees. A difference is a "
        "claim: see 11b.",
        columns,
        rows,
    )


def _other_fees(account: Account) -> Iterator[tuple[Cell, ...]]:
    included = {cycle.id for cycle in account.included}
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for line in account.lines:
        rule = rule_of(line.type)
        if rule is None or rule.group not in {Group.FEE, Group.MANUAL, Group.CARRIER} or line.cycle not in included:
            continue
        if line.type != "COMMISSION_FEE":
            sums.setdefault((line.type, line.fee_code or ""), []).append(line.amount)
    for (name, code), amounts in sorted(sums.items()):
        charged = account.money(-total(amounts))
        yield account.marketplace, account.currency, name, code, len(amounts), None, charged, None, None, None, None


def claims_sheet(closing: Closing) -> Sheet:
    """Report 11b."""
    columns = (
        *texts("Marketplace", "Currency", "Code", "Order", "Key"),
        *moneys("Claim"),
        *texts("State", "Why", "Last word"),
    )
    rows = [
        (
            case.key.marketplace,
            case.found.currency,
            case.key.code,
            case.found.order_id,
            case.key.key,
            Money(case.found.amount, case.found.currency),
            str(case.state),
            case.found.explanation,
            case.events[-1].reason,
        )
        for case in sorted(closing.cases.values(), key=lambda each: each.key)
        if case.state is State.CLAIMED or (case.found.code in CLAIMS and not case.is_closed)
    ]
    return a_sheet("11b", "Claims", "What to ask back from the operator, order by order.", columns, rows)

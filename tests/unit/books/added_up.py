"""A shop's books as the operator added them up: a running balance, cycles with their totals, payouts, an invoice each.

What a test changes afterwards is in the lines alone; the sums still know better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tieout.books.reconcile import reconcile
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line, PayOut, Sold, SoldLine, SoldRefund
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.types import Group, rule_of
from tieout.domain.money import ZERO

SHOP = "corner-shop"
FIRST = datetime(2026, 9, 1, 9, tzinfo=UTC)
AS_OF = date(2026, 11, 30)
CYCLES = ("C1", "C2", "C3")
LONG = timedelta(days=10)
"""A cycle; its payout is booked two days after it, and the last one is still to be paid."""
RULES = BookingRules(
    marketplace=SHOP,
    mode=Mode.RECORD_LEVEL,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, {role: role.value for role in Role}),),
)
Lines = list[Line]
Told = set[tuple[str, str, str]]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


class Shop:
    """Orders and charges, in the order in which the operator wrote them."""

    def __init__(self) -> None:
        self.lines: Lines = []
        self.orders: dict[str, Sold] = {}
        self.booked: list[Booked] = []

    def add(self, kind: str, amount: Decimal | str, at: datetime, cycle: int | None, **more: object) -> None:
        of_cycle = {"cycle": CYCLES[cycle], "document": f"D{cycle + 1}"} if cycle is not None else {}
        told = {"id": f"{len(self.lines):04}", "state": "PAYABLE" if of_cycle else "PENDING", **of_cycle, **more}
        line = Line(type=kind, amount=Decimal(amount), currency="GBP", created=at, updated=at, **told)  # type: ignore[arg-type]
        self.lines.append(line)

    def order(
        self, number: int, cycle: int | None, at: datetime, *nets: str, direct: bool = False, back: str | None = None
    ) -> None:
        """An order line a net price: 20 % tax beside it, 10 % commission and 20 % VAT on that; and its invoice."""
        name, sold, total, taxes = f"A-{number}", [], ZERO, ZERO
        for place, text in enumerate(nets, 1):
            net = Decimal(text)
            tax, fee = cents(net / 5), cents(net / 10)
            about = {"order_id": name, "order_line_id": f"{name}-{place}"}
            owed = {**about, "state": "NOT_APPLICABLE"} if direct else about
            self.add("ORDER_AMOUNT", net, at, cycle, **owed)
            self.add("ORDER_AMOUNT_TAX", tax, at, cycle, tax_code="VAT-20", **owed)
            self.add("COMMISSION_FEE", -fee, at, cycle, **about)
            self.add("COMMISSION_VAT", -cents(fee / 5), at, cycle, **about)
            sold.append(
                SoldLine(
                    id=f"{name}-{place}",
                    gross=net + tax,
                    taxes={"VAT-20": tax},
                    commission=fee,
                    commission_tax=cents(fee / 5),
                    state="RECEIVED" if cycle is not None else "SHIPPED",
                    shipped_at=at,
                    received_at=at,
                    net_price=net,
                    refunds=(SoldRefund(id=back, gross=net + tax, commission=fee, commission_tax=cents(fee / 5)),)
                    if back and place == 1
                    else (),
                )
            )
            total, taxes = total + net + tax, taxes + tax
        state = "RECEIVED" if cycle is not None else "SHIPPED"
        self.orders[name] = Sold(
            id=name,
            currency="GBP",
            state=state,
            created_at=at,
            lines=tuple(sold),
            tax_included=False,
            direct_pay=direct,
        )
        self.bill(f"INV-{number}", "CustInvc", name, at, total, taxes)

    def give_back(self, number: int, cycle: int, at: datetime) -> None:
        """All of the order's first line."""
        line = self.orders[f"A-{number}"].lines[0]
        (refund,) = line.refunds
        about = {"order_id": f"A-{number}", "order_line_id": line.id, "refund_id": refund.id}
        net, tax = line.net_price or ZERO, line.taxes["VAT-20"]
        self.add("REFUND_ORDER_AMOUNT", -net, at, cycle, **about)
        self.add("REFUND_ORDER_AMOUNT_TAX", -tax, at, cycle, tax_code="VAT-20", **about)
        self.add("REFUND_COMMISSION_FEE", refund.commission or ZERO, at, cycle, **about)
        self.add("REFUND_COMMISSION_VAT", refund.commission_tax or ZERO, at, cycle, **about)
        self.bill(f"CRM-{number}", "CustCred", f"A-{number}", at, net + tax, tax, refund_id=refund.id)

    def bill(
        self,
        number: str,
        kind: str,
        order: str,
        at: datetime,
        total: Decimal,
        tax: Decimal,
        refund_id: str | None = None,
    ) -> None:
        self.booked.append(
            Booked(
                external_id=number,
                type=kind,
                number=number,
                day=at.date(),
                currency="GBP",
                total=total,
                tax=tax,
                order_id=order,
                refund_id=refund_id,
            )
        )

    def added_up(self, change: Callable[[Lines], Lines] = list) -> Books:
        """The operator's balance and totals of these lines; then what happens to the lines."""
        lines, cycles, documents, balance = [], [], [], ZERO
        for place, cycle in enumerate(CYCLES):
            closed = FIRST.replace(hour=0) + LONG * (place + 1)
            mine = [line for line in self.lines if line.cycle == cycle]
            for line in mine:
                balance += ZERO if line.state == "NOT_APPLICABLE" else line.amount
                lines.append(replace(line, balance=balance))
            paid = place < len(CYCLES) - 1
            cycles.append(
                Cycle(
                    id=cycle,
                    currency="GBP",
                    closed_at=closed,
                    to_seller=balance,
                    to_operator=None,
                    pay_out=PayOut(state="PAID" if paid else "TO_PAY"),
                    summary=totals(mine),
                )
            )
            documents.append(invoice(f"D{place + 1}", cycle, closed, mine))
            if paid:
                at = closed + timedelta(days=2)
                payment = Line(
                    id=f"paid-{cycle}",
                    type="PAYMENT",
                    amount=-balance,
                    currency="GBP",
                    created=at,
                    updated=at,
                    state="PAID",
                    cycle=cycle,
                    balance=ZERO,
                )
                lines.append(payment)
                balance = ZERO
        for line in self.lines:
            if line.cycle is None:
                balance += line.amount
                lines.append(replace(line, balance=balance))
        return Books(
            marketplace=SHOP,
            lines=tuple(change(lines)),
            cycles=tuple(cycles),
            documents=tuple(documents),
            orders=self.orders,
            booked=tuple(self.booked),
        )


def totals(lines: Iterable[Line]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        rule = rule_of(line.type)
        if rule is None or rule.bucket is None or line.state == "NOT_APPLICABLE":
            continue
        sums[f"{rule.bucket}_incl_tax"] += line.amount
        if not rule.is_tax:
            sums[f"{rule.bucket}_excl_tax"] += line.amount
    return dict(sums)


def invoice(number: str, cycle: str, issued: datetime, lines: Iterable[Line]) -> Document:
    fees = [(line, rule) for line in lines if (rule := rule_of(line.type)) and rule.group is Group.FEE]
    net = -sum((line.amount for line, rule in fees if not rule.is_tax), ZERO)
    tax = -sum((line.amount for line, rule in fees if rule.is_tax), ZERO)
    return Document(
        number=number,
        type="AUTO_INVOICE",
        currency="GBP",
        issued=issued,
        net=net,
        gross=net + tax,
        taxes={"TAXDEFAULT": tax},
        cycle=cycle,
    )


def a_month() -> Shop:
    """Seven orders a cycle, a day apart, of ten to some sixty pounds; and two that are still on their way."""
    shop = Shop()
    for number in range(21):
        cycle, place = divmod(number, 7)
        nets = [f"{10 + number}.{10 + 3 * number}", *([f"{40 + number}.15"] if place == 3 else [])]
        back = f"R-{number}" if place == 2 else None
        shop.order(number, cycle, FIRST + LONG * cycle + timedelta(days=place), *nets, back=back)
        if place == 6:
            shop.give_back(number - 4, cycle, FIRST + LONG * cycle + timedelta(days=place, hours=3))
    for number in (21, 22):
        shop.order(number, None, FIRST + timedelta(days=27 + number - 21, hours=1), f"{number}.50")
    return shop


def told(books: Books) -> Told:
    """Code, key and amount of each break; what informs only is left out."""
    found = reconcile([books], {SHOP: RULES}, AS_OF).breaks
    return {(str(each.code), each.key, f"{each.amount:.2f}") for each in found}


def of(order: str, kind: str, place: int = 1) -> Callable[[Line], bool]:
    """Whether a line is the order line's of that type."""
    return lambda line: (line.order_id, line.type, line.order_line_id) == (order, kind, f"{order}-{place}")


def without(*which: Callable[[Line], bool]) -> Callable[[Lines], Lines]:
    return lambda lines: [line for line in lines if not any(each(line) for each in which)]


def with_amount(which: Callable[[Line], bool], amount: str) -> Callable[[Lines], Lines]:
    return lambda lines: [replace(line, amount=Decimal(amount)) if which(line) else line for line in lines]


def all_of(*changes: Callable[[Lines], Lines]) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        for each in changes:
            lines = each(lines)
        return lines

    return change


def again(lines: Sequence[Line], which: Callable[[Line], bool]) -> Lines:
    return [*lines, *(replace(line, id=f"{line.id}-again") for line in lines if which(line))]

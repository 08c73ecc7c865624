"""What a run looks up again and again: lines by cycle, invoices by order, credit memos by refund, accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tieout.domain.ids import external_id
from tieout.domain.ledger.accounts import AccountMap
from tieout.domain.ledger.applying import Rooms
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line, SoldLine
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.presentation import Presentation, Reading, read_presentation
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.ledger.side import side_of
from tieout.domain.ledger.types import TYPES, Group, rule_of
from tieout.domain.money import ZERO

_INVOICES = frozenset({"CustInvc", "invoice"})
_MEMOS = frozenset({"CustCred", "creditMemo"})
_REMITTED = frozenset(name for name, rule in TYPES.items() if rule.group is Group.REMITTED)

Twin = tuple[str | None, str | None, str | None, str | None, bool]


class Run:
    """One run over the books of a marketplace."""

    def __init__(self, books: Books, rules: BookingRules) -> None:
        self.books = books
        self.rules = rules
        self.side = side_of(rules.mode)
        self.accounts = AccountMap(rules)
        self.lines = _by_cycle(books)
        self.documents: Mapping[tuple[str, str], Document] = {
            (each.shop, each.number): each for each in books.documents
        }
        self.invoices = _by(books.booked, _INVOICES, by_refund=False)
        self.memos = _by(books.booked, _MEMOS, by_refund=True)
        self.rooms = Rooms({each.external_id.upper() for each in books.booked if each.external_id})
        self.twins = _twins(books)
        self._sold: dict[str, Mapping[str, SoldLine]] = {}
        self._loose = sorted(
            (line for line in self.lines.get("", ()) if line.type == "PAYMENT"),
            key=lambda line: (line.created, line.id),
        )
        self.reading = self._read_presentation()

    def _read_presentation(self) -> Reading:
        if self.rules.presentation != "auto":
            return Reading(Presentation(self.rules.presentation))
        if self.rules.mode in {Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL}:
            return Reading(Presentation.SPLIT)
        return read_presentation(self.lines, self.books.orders)

    def take_payment(self, cycle: Cycle, transferred: Decimal, onto: Pile) -> None:
        """A PAYMENT line without a cycle: the first of the account after the closing, of its very amount."""
        for line in self._loose:
            of_account = (line.shop, line.currency, line.psp) == (cycle.shop, cycle.currency, cycle.psp)
            if of_account and line.amount and -line.amount == transferred and line.created >= cycle.closed_at:
                self._loose.remove(line)
                onto.add(line)
                return

    def id_of(self, kind: str, source: str) -> str:
        """External id of an effect of this marketplace."""
        return external_id(self.rules.marketplace, kind, source)

    def invoices_of(self, order_id: str | None, currency: str, until: date) -> list[Booked]:
        """The order's invoices in the currency up to a day, oldest first."""
        found = self.invoices.get(order_id or "", ())
        return [each for each in found if each.currency == currency and each.day <= until]

    def memos_of(self, refund_id: str | None, currency: str, until: date) -> list[Booked]:
        """The refund's credit memos in the currency up to a day, oldest first."""
        found = self.memos.get(refund_id or "", ())
        return [each for each in found if each.currency == currency and each.day <= until]

    def document(self, cycle: Cycle, number: str | None) -> Document | None:
        """A legal document by the number that a line names."""
        if number is None:
            return None
        return self.documents.get((cycle.shop, number)) or self.documents.get(("", number))

    def sold_line(self, order_id: str, order_line: str) -> SoldLine | None:
        """The order line as OR11 shows it; None where the order was not read."""
        lines = self._sold.get(order_id)
        if lines is None:
            sold = self.books.orders.get(order_id)
            lines = self._sold[order_id] = {line.id: line for line in sold.lines} if sold else {}
        return lines.get(order_line)

    def has_twin(self, line: Line, *, of_refund: bool) -> bool:
        """Whether the operator keeps this very tax: then it passes through, and is nobody's here."""
        return bool(self.twins) and _twin(line, of_refund=of_refund) in self.twins


def _by_cycle(books: Books) -> dict[str, list[Line]]:
    """Lines by cycle, each id once with its latest state."""
    latest: dict[str, Line] = {}
    for line in books.lines:
        known = latest.setdefault(line.id, line)
        if known is not line and (line.updated, repr(line)) > (known.updated, repr(known)):
            latest[line.id] = line
    lines: dict[str, list[Line]] = {}
    for line in latest.values():
        lines.setdefault(line.cycle or "", []).append(line)
    return lines


def _by(booked: tuple[Booked, ...], types: frozenset[str], *, by_refund: bool) -> dict[str, list[Booked]]:
    found: dict[str, list[Booked]] = {}
    for each in booked:
        key = each.refund_id if by_refund else each.order_id
        if each.type in types and key:
            found.setdefault(key, []).append(each)
    for documents in found.values():
        documents.sort(key=lambda each: (each.day, each.number, each.external_id))
    return found


def _twins(books: Books) -> frozenset[Twin]:
    remitted = (line for line in books.lines if line.type in _REMITTED and line.amount)
    return frozenset(_twin(line, of_refund="_REFUND_" in line.type) for line in remitted)


def _twin(line: Line, *, of_refund: bool) -> Twin:
    refund = line.refund_id if of_refund else None
    return line.order_id, line.order_line_id, refund, line.tax_code, "SHIPPING" in line.type


def is_memo_only(line: Line) -> bool:
    """Money that the customer paid to the seller: Mirakl tells of it, and none of it passes through the account."""
    if line.state != "NOT_APPLICABLE":
        return False
    rule = rule_of(line.type)
    return rule is not None and rule.group in {Group.SALE, Group.REFUND, Group.WASH}


def sum_of(lines: list[Line]) -> Decimal:
    """What a cycle's lines add up to, without the payout itself."""
    total = ZERO
    for line in lines:
        if line.type != "PAYMENT" and not (line.state == "NOT_APPLICABLE" and is_memo_only(line)):
            total += line.amount
    return total

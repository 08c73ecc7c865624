"""Each line of a cycle goes to one place: a payment, a refund, a legal document, a cash sale, or a journal."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from typing import TypeVar

from tieout.domain.ledger.journal import Part
from tieout.domain.ledger.line import Cycle, Document, Line
from tieout.domain.ledger.periods import Periods, local_day
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.presentation import Presentation
from tieout.domain.ledger.proof import Held
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import FeeVat, Mode, Override
from tieout.domain.ledger.run import Run, is_memo_only
from tieout.domain.ledger.types import ALIASES, TYPES, Group, TypeRule
from tieout.domain.money import Money
from tieout.domain.reconcile.breaks import Code

GOODS = frozenset({Group.SALE, Group.REFUND, Group.PURCHASE})
_FEES = frozenset({Group.FEE, Group.MANUAL})
_COMMISSION = frozenset({"COMMISSION_FEE", "REFUND_COMMISSION_FEE"})
_OPERATORS = frozenset({Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL})
_TWO_LEGS = frozenset(
    {Role.FACILITATOR_TAX_WASH, Role.ORDER_FEE_PASS_THROUGH, Role.MARKETPLACE_UNDELIVERED, Role.PREPAID_COMMISSION}
)
_BY_TAX_CODE = frozenset({Role.VAT_OUTPUT, Role.SALES_TAX_PAYABLE})
_ENTITY_ROLES = frozenset({Role.MARKETPLACE_AR})
_K = TypeVar("_K", bound=Hashable)


class FeePile:
    """The lines of one legal document within a cycle."""

    __slots__ = ("by_part", "taxes", "whole")

    def __init__(self) -> None:
        self.whole = Pile()
        self.by_part: dict[tuple[Role, str | None, bool], Pile] = {}
        """By role, own account and whether it is tax."""
        self.taxes = 0
        """How many of them are tax: each was rounded by itself."""


class Sorted:
    """A cycle's lines by what becomes of them."""

    def __init__(self) -> None:
        self.sales: dict[tuple[date, str], Pile] = {}
        """By day and order: what a payment settles."""
        self.refunds: dict[tuple[date, str, str], Pile] = {}
        """By day, refund and order."""
        self.fees: dict[str, FeePile] = {}
        """By document number."""
        self.goods: dict[tuple[date, str, str, Part, str, str], Pile] = {}
        """Of summary journals and cash sales: by day, order and refund, account, and the order line to be untaxed."""
        self.moves: dict[tuple[date, Part], Pile] = {}
        """Whatever else: by day and account."""
        self.payouts = Pile()
        self.undelivered: dict[tuple[date, str], list[Pile]] = {}
        """By day and order: goods, and their commission, that wait for an invoice."""


class Sorter:
    """Sorts the lines of one cycle. Raises UnmappedRoleError where the account map has no answer."""

    def __init__(self, run: Run, cycle: Cycle, entity: str | None) -> None:
        self.run = run
        self.cycle = cycle
        self.entity = entity
        """Of the control account: an operator's seller."""
        self.periods = Periods(cycle.closed_at, run.rules.time_zone)
        self.out = Sorted()
        self.held: list[Held] = []
        self._mode = run.rules.mode
        self._by_bill = run.rules.fees_by_bill and self._mode in {Mode.RECORD_LEVEL, *_OPERATORS}
        self._embedded = run.reading.answer is Presentation.EMBEDDED
        self._fees: dict[tuple[str, str, str | None, str | None], tuple[FeePile, date, Role | None, str | None]] = {}
        self._called_off: dict[tuple[str, str], bool] = {}
        self._invoiced: dict[tuple[str | None, date], bool] = {}
        self._parts: dict[tuple[Role, str | None, str | None, date, int, bool], Part] = {}

    def sort(self, lines: list[Line]) -> Sorted:
        """All of them."""
        for line in lines:
            if not line.amount:
                continue
            name = line.type
            rule = TYPES.get(name) or TYPES.get(ALIASES.get(name, name))
            if rule is None:
                continue
            if rule.group is Group.PAYOUT:
                self.out.payouts.add(line)
            elif line.state != "NOT_APPLICABLE" or not is_memo_only(line):
                self._place(line, rule)
        return self.out

    def _place(self, line: Line, rule: TypeRule) -> None:
        day = self.periods.day_of(line.created)
        if rule.group in _FEES and line.document is not None and self._by_bill:
            self._to_document(line, rule)
            return
        override = self._override(line, rule, day)
        own = override.account if override else None
        of_seller = self._mode not in _OPERATORS
        is_goods = rule.group in GOODS and not (of_seller and self._passes_through(line, rule))
        if is_goods and of_seller and (override is None or self._mode is not Mode.RECORD_LEVEL):
            self._goods(line, rule, day, override)
        elif is_goods and self._mode is Mode.OPERATOR_PRINCIPAL:
            part = self._part(self._role(line, rule, day, override), own, None, day, 0)
            _add(self.out.goods, (day, "", "", part, "", ""), line)
        else:
            is_fee = rule.group in _FEES and not rule.is_tax
            self._to_journal(line, day, self._role(line, rule, day, override), own, is_fee=is_fee)

    def _goods(self, line: Line, rule: TypeRule, day: date, override: Override | None) -> None:
        """What the customer bought or got back."""
        gives_back = rule.group is Group.REFUND or line.type.startswith("REFUND_")
        order_id = line.order_id or ""
        if self._mode is Mode.RECORD_LEVEL:
            if not self.is_invoiced(line.order_id, day):
                self._to_journal(line, day, Role.MARKETPLACE_UNDELIVERED, None)
                self._waits(line, day)
            elif gives_back:
                _add(self.out.refunds, (day, line.refund_id or "", order_id), line)
            else:
                _add(self.out.sales, (day, order_id), line)
            return
        if self._is_called_off(order_id, line.order_line_id or ""):
            self._to_journal(line, day, Role.MARKETPLACE_UNDELIVERED, None)
            return
        role = (override and override.role) or rule.summary
        part = self._part(role, override.account if override else None, line.tax_code, day, 0)
        order_line = (line.order_line_id or "") if self._embedded and not rule.is_tax else ""
        by_order = order_line or self._mode is Mode.CASH_SALE
        refund = (line.refund_id or order_id) if gives_back else ""
        key = (
            day,
            order_id if by_order else "",
            refund if by_order else "",
            part,
            order_line,
            line.type if order_line else "",
        )
        _add(self.out.goods, key, line)

    def _is_called_off(self, order_id: str, order_line: str) -> bool:
        """Debited and then cancelled whole: OR11 shows nothing of it any more, and it never was revenue."""
        key = (order_id, order_line)
        known = self._called_off.get(key)
        if known is None:
            sold = self.run.sold_line(order_id, order_line)
            known = self._called_off[key] = sold is not None and not sold.gross
        return known

    def _waits(self, line: Line, day: date) -> None:
        pile = self.out.undelivered.setdefault((day, line.order_id or ""), [Pile(), Pile()])
        pile[line.type in _COMMISSION].add(line)

    def is_invoiced(self, order_id: str | None, day: date) -> bool:
        """Whether NetSuite holds an invoice of the order, in this currency, dated up to the day."""
        key = (order_id, day)
        known = self._invoiced.get(key)
        if known is None:
            known = bool(self.run.invoices_of(order_id, self.cycle.currency, day))
            self._invoiced[key] = known
        return known

    def _passes_through(self, line: Line, rule: TypeRule) -> bool:
        """Tax that the operator takes back at once because it remits it itself."""
        gives_back = rule.group is Group.REFUND
        return rule.is_tax and rule.group is not Group.PURCHASE and self.run.has_twin(line, of_refund=gives_back)

    def _role(self, line: Line, rule: TypeRule, day: date, override: Override | None = None) -> Role:
        """The account on the other side, whatever the record."""
        if override is not None and override.role is not None:
            return override.role
        if rule.group in GOODS:
            return self._goods_role(line, rule)
        if rule.group in _FEES and self._mode not in _OPERATORS:
            return self._fee_role(line, rule, day)
        return rule.contra(self._mode)

    def _goods_role(self, line: Line, rule: TypeRule) -> Role:
        if self._mode is Mode.OPERATOR_PRINCIPAL and rule.group is not Group.PURCHASE:
            return Role.TAX_REVIEW if rule.is_tax else Role.COGS_DROPSHIP
        if self._mode not in _OPERATORS and self._passes_through(line, rule):
            return Role.FACILITATOR_TAX_WASH
        return rule.contra(self._mode)

    def _fee_role(self, line: Line, rule: TypeRule, day: date) -> Role:
        """Commission on goods that are not delivered is prepaid; VAT as the seller's own regime has it."""
        mode = self._mode
        if not rule.is_tax:
            of_an_order = mode is Mode.RECORD_LEVEL and line.type in _COMMISSION and line.order_id
            if of_an_order and not self.is_invoiced(line.order_id, day):
                return Role.PREPAID_COMMISSION
            return rule.contra(mode)
        regime = self.run.rules.fee_vat
        if regime is FeeVat.DOMESTIC:
            return rule.contra(mode)
        if regime is FeeVat.NON_RECOVERABLE:
            return _net_of(line.type).contra(mode)
        return Role.TAX_REVIEW

    def _override(self, line: Line, rule: TypeRule, day: date) -> Override | None:
        """An override of an item is none of its VAT, unless it names the type of the VAT itself."""
        found = self.run.accounts.override(line.type, line.fee_code, self._description(line, rule), day)
        return None if found is not None and rule.is_tax and found.type is None else found

    def _description(self, line: Line, rule: TypeRule) -> str | None:
        """Of the item, or of the document that a manual item has."""
        if line.description is not None or rule.group is not Group.MANUAL:
            return line.description
        document = self.run.document(self.cycle, line.document)
        return " / ".join(item.description for item in document.items) if document else None

    def _to_document(self, line: Line, rule: TypeRule) -> None:
        name = line.type
        key = (name, line.document or "", line.fee_code, line.description)
        known = self._fees.get(key)
        if known is None:
            known = self._fees[key] = self._fee(line, rule)
        pile, day, fixed, own = known
        role = fixed or self._role(line, rule, day)
        pile.whole.add(line)
        pile.taxes += rule.is_tax
        _add(pile.by_part, (role, own, rule.is_tax), line)
        if role is Role.PREPAID_COMMISSION:
            self._waits(line, day)

    def _fee(self, line: Line, rule: TypeRule) -> tuple[FeePile, date, Role | None, str | None]:
        """Its document's pile and day; its role, where that does not hang on the order; an account of its own."""
        document = self.run.document(self.cycle, line.document)
        day = self.document_day(document)
        override = self._override(line, rule, day)
        pile = self.out.fees.setdefault(line.document or "", FeePile())
        hangs_on_order = self._mode is Mode.RECORD_LEVEL and line.type in _COMMISSION
        role = override.role if override else None
        if role is None and not hangs_on_order:
            role = self._role(line, rule, day)
        return pile, day, role, override.account if override else None

    def document_day(self, document: Document | None) -> date:
        """The day a legal document was issued; the closing day where there is none."""
        return local_day(document.issued, self.run.rules.time_zone) if document else self.periods.closing

    def _to_journal(self, line: Line, day: date, role: Role, own: str | None, *, is_fee: bool = False) -> None:
        leg = 0 if role not in _TWO_LEGS else (1 if line.amount > 0 else -1)
        _add(self.out.moves, (day, self._part(role, own, line.tax_code, day, leg, is_fee=is_fee)), line)
        if role is Role.PREPAID_COMMISSION:
            self._waits(line, day)

    def _part(
        self, role: Role, own: str | None, tax_code: str | None, day: date, leg: int, *, is_fee: bool = False
    ) -> Part:
        code = tax_code if role in _BY_TAX_CODE else None
        key = (role, own, code, day, leg, is_fee)
        part = self._parts.get(key)
        if part is None:
            account = own or self.run.accounts.account(role, self.cycle.currency, day)
            entity = self.run.rules.customer if role in _ENTITY_ROLES else ""
            part = Part(role=role, account=account, tax_code=code or "", entity=entity, leg=leg, is_fee=is_fee)
            self._parts[key] = part
        return part


def _add(piles: dict[_K, Pile], key: _K, line: Line) -> None:
    pile = piles.get(key)
    if pile is None:
        pile = piles[key] = Pile()
    pile.add(line)


def _net_of(tax_type: str) -> TypeRule:
    """The type that a tax type is the tax of."""
    base = tax_type.removesuffix("_TAX").removesuffix("_VAT")
    return TYPES.get(base) or TYPES.get(f"{base}_FEE") or TYPES[tax_type]


def unknown_types(lines: list[Line]) -> list[Held]:
    """Lines that nobody knows how to book."""
    return [
        Held(
            Code.UNMAPPED_TYPE,
            line.order_id or line.cycle or line.id,
            f"line {line.id} is of the type {line.type}, which has no account: {Money(line.amount, line.currency)}",
        )
        for line in lines
        if line.type not in TYPES and line.type not in ALIASES
    ]

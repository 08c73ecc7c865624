"""The operator's fees, by legal document: a seller's vendor bill or credit, an operator's invoice or credit memo.

The document has the last word on VAT, which the log rounds line by line: what differs within half a minor unit a line
goes to `rounding`; more than that, or any difference of the net, holds the cycle (invariants I6, I17).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.ledger.journal import Part, Unit, journals
from tieout.domain.ledger.line import Document
from tieout.domain.ledger.payments import memo_of
from tieout.domain.ledger.piles import Pile, together
from tieout.domain.ledger.proof import Held
from tieout.domain.ledger.record import Application, Entry, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import FeeVat
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.selfassessed import UNTAXED, self_assessed
from tieout.domain.ledger.side import entry, seller_as_customer
from tieout.domain.ledger.sorting import FeePile, Sorter
from tieout.domain.money import ZERO, Money, exponent_of
from tieout.domain.reconcile.breaks import Code

_HALF = Decimal("0.5")


class Billed(Struct, frozen=True, kw_only=True):
    """A fee document as a record."""

    record: Record
    owed: Decimal
    """To the operator; below zero: to the seller."""


class Bills:
    """What the fee lines of a cycle become, where they name a legal document. Raises UnmappedRoleError."""

    def __init__(self, run: Run, sorter: Sorter) -> None:
        self._run = run
        self._sorter = sorter
        self._cycle = sorter.cycle
        self._of_operator = run.side.sign < 0
        self.records: list[Record] = []
        self.held: list[Held] = []

    def make(self) -> None:
        """One record a document; together they are settled out of the control account."""
        billed: list[Billed] = []
        for number, pile in sorted(self._sorter.out.fees.items()):
            document = self._run.document(self._cycle, number)
            if document is None:
                self._hold(number, f"{len(pile.whole.ids)} fee lines name a document that is not there: {number}")
                continue
            why = differs(document, pile, self._cycle.currency)
            if why:
                self._hold(number, why)
                continue
            billed.append(self._bill(document, pile))
        if billed and not self.held:
            self._settle(billed)

    def _hold(self, number: str, why: str) -> None:
        self.held.append(Held(Code.DOC_NOT_TIED, number, why))

    def _bill(self, document: Document, pile: FeePile) -> Billed:
        run, sign = self._run, self._run.side.sign
        day = self._sorter.document_day(document)
        owed = -pile.whole.amount
        gives_back = owed < 0
        kind, type_ = {
            (False, False): ("BILL", RecordType.VENDOR_BILL),
            (False, True): ("VC", RecordType.VENDOR_CREDIT),
            (True, False): ("SINV", RecordType.INVOICE),
            (True, True): ("SCM", RecordType.CREDIT_MEMO),
        }[self._of_operator, gives_back]
        number = document.number
        if self._of_operator and document.shop:
            number = f"{document.shop}-{number}"
        payable = run.accounts.account(run.side.payable, self._cycle.currency, day)
        entity = self._entity()
        record = Record(
            external_id=run.id_of(kind, number),
            type=type_,
            marketplace=run.rules.marketplace,
            cycle=self._cycle.id,
            day=day,
            currency=self._cycle.currency,
            entries=(
                *self._fees(document, pile, day),
                *([entry(run.side.payable, payable, -owed * sign, entity=entity)] if owed else []),
            ),
            source_line_ids=tuple(sorted(pile.whole.ids)),
            entity=entity,
            number=document.number,
            memo=memo_of(self._cycle.voucher, self._cycle.id),
        )
        return Billed(record=record, owed=owed)

    def _fees(self, document: Document, pile: FeePile, day: date) -> list[Entry]:
        """Fees by account, VAT as the document has it, and what the log rounded otherwise."""
        run, sign = self._run, self._run.side.sign
        code = run.rules.fee_tax_code if any(document.taxes.values()) and not self._of_operator else None
        sums: dict[tuple[Role, str, str | None], Decimal] = {}
        in_lines = ZERO
        vat = (Role.VAT_OUTPUT if self._of_operator else Role.VAT_RECEIVABLE_ON_FEES, "")
        for (role, own, is_tax), part in sorted(pile.by_part.items(), key=lambda each: (each[0][0], each[0][1] or "")):
            if is_tax and self._books_vat():
                in_lines += part.amount
                vat = (role, own or "")
                continue
            taxed = not is_tax and role not in UNTAXED
            key = (role, own or self._account(role, day), code if taxed else None)
            sums[key] = sums.get(key, ZERO) + part.amount
        if self._books_vat():
            in_document = ZERO
            for tax_code, amount in document.taxes.items():
                signed = amount if document.is_credit else -amount
                in_document += signed
                shown = tax_code or None if self._of_operator else code
                key = (vat[0], vat[1] or self._account(vat[0], day), shown)
                sums[key] = sums.get(key, ZERO) + signed
            if in_lines != in_document:
                key = (Role.ROUNDING, self._account(Role.ROUNDING, day), None)
                sums[key] = sums.get(key, ZERO) + in_lines - in_document
        entries = [
            entry(role, account, -amount * sign, tax_code=shown)
            for (role, account, shown), amount in sorted(
                sums.items(), key=lambda each: (each[0][0], each[0][1], each[0][2] or "")
            )
            if amount
        ]
        if not self._of_operator:
            entries += self_assessed(run, pile.by_part, self._cycle.currency, day)
        return entries

    def _books_vat(self) -> bool:
        return self._of_operator or self._run.rules.fee_vat is FeeVat.DOMESTIC

    def _account(self, role: Role, day: date) -> str:
        return self._run.accounts.account(role, self._cycle.currency, day)

    def _entity(self) -> str:
        return seller_as_customer(self._run.rules, self._cycle.shop) if self._of_operator else self._run.rules.vendor

    def _settle(self, billed: list[Billed]) -> None:
        """Credits are set off against bills; what is left of these is paid out of clearing, by one vendor payment."""
        day = max(each.record.day for each in billed)
        if self._of_operator:
            self.records += [each.record for each in billed]
            self._journal(billed, day)
            return
        room = {each.record.external_id: each.owed for each in billed if each.owed > 0}
        numbers = {each.record.external_id: each.record.number or "" for each in billed}
        for each in billed:
            self.records.append(self._set_off(each, room, numbers) if each.owed < 0 else each.record)
        left = [
            Application(external_id=name, number=numbers[name], amount=amount)
            for name, amount in room.items()
            if amount
        ]
        if sum((each.owed for each in billed), ZERO) > 0:
            self._pay(billed, left, day)
        else:
            self._journal(billed, day)

    def _set_off(self, credit: Billed, room: dict[str, Decimal], numbers: Mapping[str, str]) -> Record:
        left = -credit.owed
        made: list[Application] = []
        for name, open_ in room.items():
            part = min(open_, left)
            if part > 0:
                made.append(Application(external_id=name, number=numbers[name], amount=part))
                room[name] -= part
                left -= part
        return replace(credit.record, applications=tuple(made), after=tuple(each.external_id for each in made))

    def _pay(self, billed: list[Billed], left: list[Application], day: date) -> None:
        run, currency = self._run, self._cycle.currency
        pile = self._lines()
        payable = run.accounts.account(run.side.payable, currency, day)
        clearing = run.accounts.account(run.side.control, currency, day)
        self.records.append(
            Record(
                external_id=run.id_of("BP", f"{self._cycle.id}-1"),
                type=RecordType.VENDOR_PAYMENT,
                marketplace=run.rules.marketplace,
                cycle=self._cycle.id,
                day=day,
                currency=currency,
                entries=(
                    entry(run.side.payable, payable, -pile.amount, entity=run.rules.vendor),
                    entry(run.side.control, clearing, pile.amount),
                ),
                source_line_ids=tuple(sorted(pile.ids)),
                applications=tuple(left),
                entity=run.rules.vendor,
                memo=memo_of(self._cycle.voucher, self._cycle.id),
                after=tuple(each.record.external_id for each in billed),
            )
        )

    def _journal(self, billed: list[Billed], day: date) -> None:
        """Where credits are no less than bills no payment can be made; an operator's invoices are set off always."""
        run = self._run
        account = self._account(run.side.payable, day)
        part = Part(role=run.side.payable, account=account, entity=self._entity())
        pile = self._lines()
        self.records += journals(
            run,
            self._cycle,
            [Unit(parts=((part, pile.amount),), pile=pile)],
            day=day,
            source=f"{self._cycle.id}-FEES",
            entity=self._sorter.entity,
            memo=memo_of(self._cycle.voucher, self._cycle.id),
            after=tuple(each.record.external_id for each in billed),
        )

    def _lines(self) -> Pile:
        return together(pile.whole for pile in self._sorter.out.fees.values())


def differs(document: Document, pile: FeePile, currency: str) -> str:
    """Why a document and its lines do not tie; empty where they do."""
    if document.currency != currency:
        return f"the document is in {document.currency}, its lines in {currency}"
    sign = -1 if document.is_credit else 1
    net = -sum((part.amount for (_, _, is_tax), part in pile.by_part.items() if not is_tax), ZERO)
    tax = -sum((part.amount for (_, _, is_tax), part in pile.by_part.items() if is_tax), ZERO)
    if net != document.net * sign:
        return f"the document says {Money(document.net * sign, currency)} net, its lines {Money(net, currency)}"
    in_document = sum(document.taxes.values(), ZERO) * sign
    bound = _HALF.scaleb(-exponent_of(currency)) * pile.taxes
    if abs(in_document - tax) > bound:
        words = f"the document says {Money(in_document, currency)} VAT, its lines {Money(tax, currency)}"
        return f"{words}: more than {pile.taxes} roundings explain"
    return ""

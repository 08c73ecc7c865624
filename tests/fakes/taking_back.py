"""What is taken back, in memory: a marketplace's cancelations, refunds, returns; NetSuite's credits and closed lines.

Strict where the vendors are: no more money goes back than is left, nothing is cancelled that was paid or has left, an
invoice's lines that a credit memo does not mention are credited whole, and every call that is repeated is done again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import json
from msgspec.structs import replace

from tests.fakes.billing import refused
from tests.fakes.dispatch import refusal
from tests.fakes.record import Record
from tieout.domain.errors import AlreadyExists
from tieout.domain.money import ZERO, Money
from tieout.domain.orders.booked import CLOSED, Booked, LineChange
from tieout.domain.orders.order import DEAD, Cancelation, Line, Order, Refund
from tieout.domain.returns.goods import FetchedReturn, ItemReceiptDraft, Return, ReturnAuthorizationDraft
from tieout.domain.returns.refund import REFUNDED, ClosedLine, Credit, CreditLine, CreditMemoDraft, RefundLine
from tieout.domain.returns.shares import Left, left_of

if TYPE_CHECKING:
    from tests.fakes.clock import VirtualClock

REASONS = {"GOODWILL": ("REFUND",), "OUT_OF_STOCK": ("CANCELATION", "REFUND")}


class MemoryReturns:
    """The part of `ports.Marketplace` that is about what is taken back."""

    _clock: VirtualClock
    orders: dict[str, Order]
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.returns: dict[str, Return] = {}
        self.refunds_sent: list[RefundLine] = []
        """Every line of every OR28 that was done."""
        self.cancelations_sent: list[RefundLine] = []
        self._made = 0

    def put(self, order: Order) -> Order:
        raise NotImplementedError

    # --- the marketplace's own life ----------------------------------------------------------------------------------

    def give_back(self, order_id: str, line_id: str, amount: str, shipping: str = "0", **details: Any) -> Refund:
        """Somebody at Mirakl refunds a part of a line; the money is back at once unless `state` says otherwise."""
        refund = Refund(
            id=self._id("R"),
            line_id=line_id,
            state=REFUNDED,
            amount=Decimal(amount),
            shipping_amount=Decimal(shipping),
            created_at=self._clock.now,
        )
        refund = replace(refund, **details)
        self._change_line(order_id, line_id, lambda line: _refunded(line, refund))
        return refund

    def cancel(self, order_id: str, line_id: str, quantity: int) -> Order:
        """Somebody at Mirakl cancels units of a line that have not left."""
        line = self._line(order_id, line_id)
        amount = line.unit_price * quantity
        whole = quantity == line.quantity
        taken = RefundLine(
            line_id=line_id,
            amount=line.price if whole else amount,
            shipping_amount=line.shipping_price if whole else ZERO,
            quantity=quantity,
            reason_code="OUT_OF_STOCK",
            currency=self.orders[order_id].currency,
            taxes=line.taxes
            if whole
            else tuple(replace(tax, amount=tax.amount * quantity / line.quantity) for tax in line.taxes),
            shipping_taxes=line.shipping_taxes if whole else (),
        )
        return self._cancel(order_id, [taken])[0]

    def bring_back(self, back: Return) -> Return:
        """A return comes or changes, now."""
        changed = replace(back, updated_at=self._clock.now)
        self.returns[back.id] = changed
        return changed

    # --- what Tieout asks --------------------------------------------------------------------------------------------

    def refund_lines(
        self, lines: Sequence[RefundLine], *, tax_included: bool, taxed_as_a_whole: bool = False
    ) -> list[str]:
        self.calls["OR28"] += 1
        for line in lines:
            order, there = self._order_of(line)
            self._check(order, there, line, tax_included=tax_included, kind="REFUND")
            if taxed_as_a_whole != order.taxed_as_a_whole:
                raise AssertionError("whether taxes may be sent is the order's to say")
            if order.state in DEAD or order.state == "CLOSED":
                raise refusal(f"order line {line.line_id} ({order.state}) cannot be refunded")
            if order.debited_at is None and order.state not in {"SHIPPED", "RECEIVED"}:
                raise refusal(f"order line {line.line_id} was not paid")
        ids = []
        for line in lines:
            order, there = self._order_of(line)
            refund = Refund(
                id=self._id("R"),
                line_id=line.line_id,
                state=REFUNDED,
                amount=line.amount,
                shipping_amount=line.shipping_amount,
                quantity=line.quantity,
                reason_code=line.reason_code,
                taxes=line.taxes,
                shipping_taxes=line.shipping_taxes,
                created_at=self._clock.now,
            )
            self._change_line(order.order_id, line.line_id, lambda before, made=refund: _refunded(before, made))
            self.refunds_sent.append(line)
            ids.append(refund.id)
        return ids

    def cancel_lines(
        self, lines: Sequence[RefundLine], *, tax_included: bool, taxed_as_a_whole: bool = False
    ) -> list[str]:
        self.calls["OR30"] += 1
        for line in lines:
            order, there = self._order_of(line)
            self._check(order, there, line, tax_included=tax_included, kind="CANCELATION")
            if taxed_as_a_whole != order.taxed_as_a_whole:
                raise AssertionError("whether taxes may be sent is the order's to say")
            if order.debited_at is not None or order.state not in {"SHIPPING", "WAITING_DEBIT"}:
                raise refusal(f"order {order.order_id} ({order.state}) cannot be cancelled")
        order, _ = self._order_of(lines[0])
        return self._cancel(order.order_id, lines)[1]

    def cancel_order(self, order_id: str) -> None:
        self.calls["OR29"] += 1
        order = self.orders[order_id]
        if order.debited_at is not None or order.state != "SHIPPING":
            raise refusal(f"order {order_id} ({order.state}) cannot be cancelled")
        whole = [
            RefundLine(
                line_id=line.line_id,
                amount=line.price,
                shipping_amount=line.shipping_price,
                quantity=line.quantity,
                reason_code="",
                currency=order.currency,
                taxes=line.taxes,
                shipping_taxes=line.shipping_taxes,
            )
            for line in order.live_lines
        ]
        self._cancel(order_id, whole)

    def returns_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedReturn]]:
        self.calls["RT11"] += 1
        found = [back for back in self.returns.values() if start <= back.updated_at <= end]
        yield [FetchedReturn(back.id, back.order_id, back.updated_at, json.encode(back), back) for back in found]

    def read_return(self, raw: bytes) -> Return:
        return json.decode(raw, type=Return)

    def receive_returns(self, return_ids: Sequence[str]) -> dict[str, str]:
        self.calls["RT25"] += 1
        refused_ids = {}
        for each in return_ids:
            back = self.returns.get(each)
            if back is None or back.state != "IN_PROGRESS":
                refused_ids[each] = f"Return is in invalid state: {back.state if back else 'none'}"
            else:
                self.bring_back(replace(back, state="RECEIVED"))
        return refused_ids

    def reasons(self) -> Mapping[str, Collection[str]]:
        self.calls["RE01"] += 1
        return REASONS

    # --- inside ------------------------------------------------------------------------------------------------------

    def _id(self, letter: str) -> str:
        self._made += 1
        return f"{letter}{self._made}"

    def _line(self, order_id: str, line_id: str) -> Line:
        return next(line for line in self.orders[order_id].lines if line.line_id == line_id)

    def _order_of(self, wanted: RefundLine) -> tuple[Order, Line]:
        for order in self.orders.values():
            for line in order.lines:
                if line.line_id == wanted.line_id:
                    return order, line
        raise refusal(f"order line {wanted.line_id} does not exist")

    def _check(self, order: Order, line: Line, wanted: RefundLine, *, tax_included: bool, kind: str) -> None:
        left: Left = left_of(line)
        if tax_included != order.tax_included:
            raise AssertionError("amounts are to be sent in the order's own tax mode")
        if kind not in REASONS.get(wanted.reason_code, ()):
            raise refusal(f"{wanted.reason_code} is no reason for a {kind}")
        if not 0 <= wanted.amount <= left.amount or not 0 <= wanted.shipping_amount <= left.shipping_amount:
            raise refusal(f"{left.amount} + {left.shipping_amount} is left, not {wanted.amount}")
        for sent, there in ((wanted.taxes, left.taxes), (wanted.shipping_taxes, left.shipping_taxes)):
            room = {tax.code: tax.amount for tax in there}
            for tax in sent:
                if not 0 <= tax.amount <= room.get(tax.code, ZERO):
                    raise refusal(f"tax {tax.code}: {room.get(tax.code)} is left, not {tax.amount}")
        if line.taxes and wanted.amount and not wanted.taxes:
            raise refusal("taxes are required")

    def _change_line(self, order_id: str, line_id: str, change: Any) -> Order:
        order = self.orders[order_id]
        lines = tuple(change(line) if line.line_id == line_id else line for line in order.lines)
        return self.put(replace(order, lines=lines))

    def _cancel(self, order_id: str, wanted: Sequence[RefundLine]) -> tuple[Order, list[str]]:
        ids = []
        for each in wanted:
            cancelation = Cancelation(
                id=self._id("C"),
                amount=each.amount,
                shipping_amount=each.shipping_amount,
                quantity=each.quantity,
                reason_code=each.reason_code,
            )
            ids.append(cancelation.id)
            self.cancelations_sent.append(each)
            line = self._line(order_id, each.line_id)
            rest = replace(
                line,
                quantity=line.quantity - each.quantity,
                price=line.price - each.amount,
                shipping_price=line.shipping_price - each.shipping_amount,
                taxes=_less(line.taxes, each.taxes),
                shipping_taxes=_less(line.shipping_taxes, each.shipping_taxes),
                canceled=line.canceled + each.amount + each.shipping_amount,
                cancelations=(*line.cancelations, cancelation),
            )
            if not rest.quantity:
                rest = replace(rest, state="CANCELED")
            order = self.orders[order_id]
            lines = tuple(rest if one.line_id == rest.line_id else one for one in order.lines)
            live = [one for one in lines if one.is_live]
            total = sum((one.price + one.shipping_price for one in live), ZERO)
            self.orders[order_id] = replace(
                order, lines=lines, total_price=total, state=order.state if live else "CANCELED"
            )
        return self.put(self.orders[order_id]), ids


def _less(taxes: tuple[Any, ...], gone: tuple[Any, ...]) -> tuple[Any, ...]:
    taken = {tax.code: tax.amount for tax in gone}
    return tuple(replace(tax, amount=tax.amount - taken.get(tax.code, ZERO)) for tax in taxes)


def _refunded(line: Line, refund: Refund) -> Line:
    changed = replace(line, refunds=(*line.refunds, refund))
    return replace(changed, state="REFUNDED") if left_of(changed).is_nothing else changed


class MemoryCredits:
    """The part of `ports.Ledger` that is about what is taken back."""

    _clock: VirtualClock
    _by_external_id: dict[str, Record]
    closed_lines: defaultdict[str, set[int]]
    quantities: dict[tuple[str, int], int]
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.credit_memos: list[Record] = []
        self.authorizations: list[Record] = []
        self.receipts: list[Record] = []
        self.credits: dict[str, Credit] = {}
        """What people made in NetSuite, by internal id (`credit`)."""
        self.closed: dict[tuple[str, str], ClosedLine] = {}
        self.shows_closed_after = 0
        """So many readings do not show yet that a line was closed."""
        self.nets: dict[tuple[str, int], Decimal] = {}

    # --- people ------------------------------------------------------------------------------------------------------

    def credit(self, order_id: str, *lines: CreditLine, **details: Any) -> Credit:
        """Somebody makes a credit memo (or, by `kind`, receives a return) in NetSuite."""
        total = sum((each.net + each.tax + each.shipping_net + each.shipping_tax for each in lines), ZERO)
        made = Credit(
            id=str(7001 + len(self.credits)),
            kind="CustCred",
            number=f"CM{7001 + len(self.credits)}",
            marketplace="brightside",
            order_id=order_id,
            total=Money(total, "GBP"),
            modified_at=self._clock.now,
            lines=lines,
        )
        made = replace(made, **details)
        self.credits[made.id] = made
        return made

    def close_line(self, order_id: str, line_id: str) -> ClosedLine:
        """Somebody closes a sales order line in NetSuite."""
        record = self._sales_order(order_id=order_id)
        line = self._booked_of(record).line_of(line_id)
        assert line is not None
        self.closed_lines[record.transaction.id].add(line.number)
        return self._tell_closed(record, line_id)

    # --- what Tieout asks --------------------------------------------------------------------------------------------

    def change_lines(self, sales_order_id: str, changes: Sequence[LineChange]) -> None:
        self.calls["change_lines"] += 1
        record = self._sales_order(internal_id=sales_order_id)
        lines = {line.number: line for line in self._booked_of(record).lines}
        for change in changes:
            line = lines[change.number]
            if change.quantity is not None:
                if change.quantity < line.shipped:
                    raise refused(f"{line.shipped} of line {change.number} are shipped")
                self.quantities[sales_order_id, change.number] = change.quantity
            if change.net is not None:
                self.nets[sales_order_id, change.number] = change.net
            if change.close:
                self.closed_lines[sales_order_id].add(change.number)
                if line.shipped < line.quantity:
                    self._tell_closed(record, line.line_id)

    def create_credit_memo(self, draft: CreditMemoDraft) -> str:
        self.calls["create_credit_memo"] += 1
        self._check_new(draft.external_id, draft.day)
        invoice = self._by_id(draft.invoice_id, "CustInvc")
        numbers = set(self._booked_of(invoice).line_numbers)
        mentioned = {line.order_line for line in draft.lines if line.order_line is not None}
        if not draft.lines or not mentioned <= numbers:
            raise refused("You must have at least one valid line item for this transaction.")
        if numbers - set(draft.all_lines):
            raise AssertionError("NetSuite would credit the lines that are not mentioned whole")
        total = draft.shipping_net + sum((tax.amount for tax in draft.shipping_taxes), ZERO)
        for line in draft.lines:
            total += line.line.net + sum((tax.amount for tax in line.line.taxes), ZERO)
        record = self._write(draft, draft.external_id, "CustCred", draft.order_id, Money(total, draft.gross.currency))
        self.credit_memos.append(record)
        internal_id = record.transaction.id
        self.credits[internal_id] = Credit(
            id=internal_id,
            kind="CustCred",
            number=record.transaction.number,
            external_id=draft.external_id,
            marketplace=draft.marketplace,
            order_id=draft.order_id,
            total=record.transaction.total,
            modified_at=self._clock.now,
            lines=(),
        )
        return internal_id

    def create_return_authorization(self, draft: ReturnAuthorizationDraft) -> str:
        self.calls["create_return_authorization"] += 1
        self._check_new(draft.external_id)
        sale = self._booked_of(self._sales_order(internal_id=draft.sales_order_id))
        lines = {line.number: line for line in sale.lines}
        if set(lines) - set(draft.all_lines):
            raise AssertionError("NetSuite would take back the lines that are not mentioned whole")
        for number, units in draft.quantities.items():
            if units > lines[number].shipped:
                raise refused(
                    f"The quantity {units} is more than the {lines[number].shipped} that remain of this line."
                )
        record = self._write(draft, draft.external_id, "RtnAuth", draft.order_id, Money(ZERO, "GBP"))
        self.authorizations.append(record)
        return record.transaction.id

    def create_item_receipt(self, draft: ItemReceiptDraft) -> str:
        self.calls["create_item_receipt"] += 1
        self._check_new(draft.external_id, draft.day)
        back = self._booked_of(self._by_id(draft.authorization_id, "RtnAuth"))
        lines = {line.number: line for line in back.lines}
        for number, units in draft.quantities.items():
            if units > lines[number].quantity:
                raise refused(f"The quantity {units} is more than what remains of line {number}.")
        record = self._write(draft, draft.external_id, "ItemRcpt", "", Money(ZERO, "GBP"))
        self.receipts.append(record)
        return record.transaction.id

    def credits_changed(self, since: datetime, until: datetime) -> Iterator[list[Credit]]:
        self.calls["credits_changed"] += 1
        yield [each for each in self.credits.values() if since <= each.modified_at <= until]

    def closed_lines_changed(self, since: datetime, until: datetime) -> Iterator[list[ClosedLine]]:
        self.calls["closed_lines_changed"] += 1
        yield [each for each in self.closed.values() if since <= each.modified_at <= until]

    # --- inside ------------------------------------------------------------------------------------------------------

    def booked(self, external_ids: Collection[str]) -> dict[str, Booked]:
        found: dict[str, Booked] = super().booked(external_ids)  # type: ignore[misc]
        if self.shows_closed_after:
            self.shows_closed_after -= 1
            return {
                each: replace(booked, lines=tuple(replace(line, is_closed=False) for line in booked.lines))
                for each, booked in found.items()
            }
        return found

    def _booked_of(self, record: Record) -> Booked:
        draft = record.draft
        if isinstance(draft, ReturnAuthorizationDraft):
            sale = self._booked_of(self._sales_order(internal_id=draft.sales_order_id))
            lines = tuple(
                replace(line, number=100 + line.number, quantity=draft.quantities[line.number])
                for line in sale.lines
                if line.number in draft.quantities
            )
            return Booked(
                id=record.transaction.id,
                external_id=draft.external_id,
                kind="RtnAuth",
                number=record.transaction.number,
                status="B",
                lines=lines,
            )
        booked: Booked = super()._booked_of(record)  # type: ignore[misc]
        lines = tuple(replace(line, net=self.nets.get((booked.id, line.number), line.net)) for line in booked.lines)
        over = booked.kind == "SalesOrd" and all(line.is_closed for line in lines)
        return replace(booked, lines=lines, status=CLOSED if over else booked.status)

    def _check_new(self, external_id: str, day: Any = None) -> None:
        if external_id.casefold() in self._by_external_id:
            raise AlreadyExists(external_id)
        if day is not None and (day.year, day.month) in self.closed_months:  # type: ignore[attr-defined]
            raise refused(f"The accounting period of {day} is closed.")

    def _by_id(self, internal_id: str, kind: str) -> Record:
        for record in self._by_external_id.values():
            if record.transaction.id == internal_id and record.transaction.kind == kind:
                return record
        raise refused(f"no {kind} {internal_id}")

    def _tell_closed(self, record: Record, line_id: str) -> ClosedLine:
        line = self._booked_of(record).line_of(line_id)
        assert line is not None
        told = ClosedLine(
            marketplace=record.draft.marketplace,
            order_id=record.draft.order_id,
            sales_order_id=record.transaction.id,
            line_id=line_id,
            quantity=line.quantity - line.shipped,
            shipped=line.shipped,
            modified_at=self._clock.now,
        )
        self.closed[told.order_id, line_id] = told
        return told

    def _sales_order(self, *, order_id: str = "", internal_id: str = "") -> Record:
        found: Record = super()._sales_order(order_id=order_id, internal_id=internal_id)  # type: ignore[misc]
        return found

    def _write(self, *args: Any) -> Record:
        made: Record = super()._write(*args)  # type: ignore[misc]
        return made


def a_return(order_id: str = "A-1", *lines: Any, **details: Any) -> Return:
    """A return that is on its way back."""
    from tests.fakes.clock import START  # noqa: PLC0415

    back = Return(
        id="RET-1", order_id=order_id, state="IN_PROGRESS", lines=tuple(lines), created_at=START, updated_at=START
    )
    return replace(back, **details)


__all__ = ["MemoryCredits", "MemoryReturns", "a_return"]

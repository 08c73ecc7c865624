"""What the NetSuite account in memory makes out of a sales order: fulfilments and invoices, and periods that close.

Strict where NetSuite is: nothing is shipped or billed beyond what is left, nothing is dated into a closed period, and a
transform takes every line that it is not told of.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.fakes.clock import VirtualClock
from tests.fakes.record import Record
from tieout.domain.errors import AlreadyExists, NeedsAttention, Reason
from tieout.domain.exchange import PostedTransaction
from tieout.domain.ids import external_id
from tieout.domain.money import ZERO, Money
from tieout.domain.orders.booked import Booked, BookedLine
from tieout.domain.orders.sales_order import SalesOrder
from tieout.domain.postings import Kind
from tieout.domain.shipments.fulfilment import FulfilledLine, Fulfilment, FulfilmentDraft, ShipStatus
from tieout.domain.shipments.invoice import CHARGE, InvoiceDraft

TYPE_OF = {
    "invoice": "CustInvc",
    "itemFulfillment": "ItemShip",
    "salesOrder": "SalesOrd",
    "creditMemo": "CustCred",
    "returnAuthorization": "RtnAuth",
    "itemReceipt": "ItemRcpt",
    "cashSale": "CashSale",
    "cashRefund": "CashRfnd",
    "customerPayment": "CustPymt",
    "customerRefund": "CustRfnd",
    "vendorBill": "VendBill",
    "vendorCredit": "VendCred",
    "vendorPayment": "VendPymt",
    "journalEntry": "Journal",
}


class MemoryBilling:
    """A part of `MemoryLedger`; line numbers are odd, because nobody may count on 1 to n."""

    _clock: VirtualClock
    lag: timedelta
    _by_external_id: dict[str, Record]
    calls: Counter[str]
    refuses: dict[str, NeedsAttention]
    adds: dict[str, Decimal]

    def __init__(self) -> None:
        super().__init__()
        self.invoices: list[Record] = []
        self.item_fulfilments: dict[str, Fulfilment] = {}
        """Every item fulfilment by internal id: the warehouse's (`ship`), and those that Tieout made."""
        self.closed_months: set[tuple[int, int]] = set()
        self.closed_lines: defaultdict[str, set[int]] = defaultdict(set)
        """Closed line numbers by sales order id."""
        self.quantities: dict[tuple[str, int], int] = {}
        """Ordered units that were changed after the order was written, by sales order id and line number."""
        self._billed: Counter[tuple[str, int]] = Counter()

    # --- the warehouse and the accountants ---------------------------------------------------------------------------

    def ship(self, order_id: str, units: Mapping[str, int], **details: object) -> Fulfilment:
        """The warehouse ships units by order line id; `details` are fields of the fulfilment."""
        record = self._sales_order(order_id=order_id)
        booked = self._booked_of(record)
        for line_id, quantity in units.items():
            line = booked.line_of(line_id)
            if line is None or line.is_closed or line.shipped + quantity > line.quantity:
                raise AssertionError(f"NetSuite would not let anybody ship {quantity} of {line_id}: {line}")
        fields = {
            "status": ShipStatus.SHIPPED.value,
            "day": self._clock.now.date(),
            "lines": tuple(FulfilledLine(line_id, quantity) for line_id, quantity in units.items()),
        } | details
        return self._fulfil(record, fields)

    def close_month(self, year: int, month: int) -> None:
        """Nothing can be dated into it any more."""
        self.closed_months.add((year, month))

    # --- what Tieout asks --------------------------------------------------------------------------------------------

    def booked(self, external_ids: Collection[str]) -> dict[str, Booked]:
        self.calls["booked"] += 1
        shown = self._clock.now - self.lag
        return {
            each: self._booked_of(record)
            for each in external_ids
            if (record := self._by_external_id.get(each.casefold())) and record.created_at <= shown
        }

    def read_transaction(self, record_type: str, external_id: str) -> PostedTransaction | None:
        self.calls["read_transaction"] += 1
        record = self._by_external_id.get(external_id.casefold())
        return record.transaction if record and record.transaction.kind == TYPE_OF[record_type] else None

    def open_day(self, day: date, policy: str) -> date:
        if (day.year, day.month) not in self.closed_months:
            return day
        if policy != "next_open_period":
            raise NeedsAttention(Reason.PERIOD_CLOSED, {"day": day.isoformat()})
        while (day.year, day.month) in self.closed_months:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return day

    def create_invoice(self, draft: InvoiceDraft) -> str:
        self.calls["create_invoice"] += 1
        booked = self._transform(draft.sales_order_id, draft.all_lines, draft.day)
        if problem := self.refuses.get(draft.external_id):
            raise problem
        lines = {line.number: line for line in booked.lines}
        for billed in draft.lines:
            if billed.order_line is None:
                continue
            line = lines[billed.order_line]
            left = (line.shipped if line.ships else line.quantity) - line.billed
            if billed.line.quantity > left:
                raise refused(f"The quantity {billed.line.quantity} is more than the {left} that remain.")
        self._refuse_taken(draft.external_id)
        for billed in draft.lines:
            if billed.order_line is not None:
                self._billed[booked.id, billed.order_line] += billed.line.quantity
        total = invoice_total(draft) + self.adds.get(draft.external_id, ZERO)
        record = self._write(draft, draft.external_id, "CustInvc", draft.order_id, Money(total, draft.gross.currency))
        self.invoices.append(record)
        return record.transaction.id

    def create_fulfilment(self, draft: FulfilmentDraft) -> str:
        self.calls["create_fulfilment"] += 1
        booked = self._transform(draft.sales_order_id, draft.all_lines, draft.day)
        lines = {line.number: line for line in booked.lines}
        for number, quantity in draft.quantities.items():
            line = lines[number]
            if line.is_closed or line.shipped + quantity > line.quantity:
                raise refused(f"The quantity {quantity} is more than what remains of line {number}.")
        self._refuse_taken(draft.external_id)
        record = self._sales_order(internal_id=draft.sales_order_id)
        fields = {
            "external_id": draft.external_id,
            "status": ShipStatus.SHIPPED.value,
            "day": draft.day,
            "tracking_numbers": draft.tracking_numbers,
            "lines": tuple(FulfilledLine(lines[number].line_id, units) for number, units in draft.quantities.items()),
        }
        made = self._fulfil(record, fields)
        money = Money(ZERO, record.transaction.total.currency)
        self._write(draft, draft.external_id, "ItemShip", record.transaction.reference, money, made.id)
        return made.id

    def fulfilments(self, ids: Collection[str]) -> list[Fulfilment]:
        self.calls["fulfilments"] += 1
        return [self.item_fulfilments[each] for each in ids if each in self.item_fulfilments]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _sales_order(self, *, order_id: str = "", internal_id: str = "") -> Record:
        for record in self._by_external_id.values():
            if isinstance(record.draft, SalesOrder) and (
                record.draft.order_id == order_id or record.transaction.id == internal_id
            ):
                return record
        raise AssertionError(f"no sales order {order_id or internal_id}")

    def _refuse_taken(self, external: str) -> None:
        """Comes last: a source that has nothing left is refused for that, whose ever the external id is."""
        if external.casefold() in self._by_external_id:
            raise AlreadyExists(external)

    def _transform(self, sales_order_id: str, all_lines: Collection[int], day: date) -> Booked:
        """The checks that all transforms have in common."""
        booked = self._booked_of(self._sales_order(internal_id=sales_order_id))
        if unmentioned := set(booked.line_numbers) - set(all_lines):
            raise AssertionError(f"NetSuite would take lines {unmentioned} whole: they are not mentioned")
        if (day.year, day.month) in self.closed_months:
            raise refused(f"The accounting period of {day} is closed.")
        return booked

    def _booked_of(self, record: Record) -> Booked:
        transaction = record.transaction
        if isinstance(record.draft, InvoiceDraft):
            mine = [(2 * index + 1, billed.line) for index, billed in enumerate(record.draft.lines)]
        else:
            mine = [(2 * index + 1, line) for index, line in enumerate(record.draft.lines)]
        shipped = self._shipped(transaction.id)
        return Booked(
            id=transaction.id,
            external_id=transaction.external_id,
            kind=transaction.kind,
            number=transaction.number,
            status="B",
            lines=tuple(
                BookedLine(
                    number=number,
                    line_id=line.line_id,
                    item_id=line.item_id,
                    quantity=self.quantities.get((transaction.id, number), line.quantity),
                    shipped=shipped[line.line_id],
                    billed=self._billed[transaction.id, number],
                    is_closed=number in self.closed_lines[transaction.id],
                    net=line.net,
                    ships=not line.line_id.startswith(CHARGE),
                )
                for number, line in mine
            ),
        )

    def _shipped(self, sales_order_id: str) -> Counter[str]:
        units: Counter[str] = Counter()
        for fulfilment in self.item_fulfilments.values():
            if fulfilment.sales_order_id == sales_order_id and fulfilment.is_shipped:
                for line in fulfilment.lines:
                    units[line.line_id] += line.quantity
        return units

    def _fulfil(self, record: Record, fields: Mapping[str, object]) -> Fulfilment:
        internal_id = str(5001 + len(self.item_fulfilments))
        known = {
            "id": internal_id,
            "number": f"IF{internal_id}",
            "marketplace": record.draft.marketplace,
            "order_id": record.draft.order_id,
            "sales_order_id": record.transaction.id,
            "modified_at": self._clock.now,
        }
        made = Fulfilment(**{**known, **fields})
        self.item_fulfilments[made.id] = made
        return made

    def _write(
        self, draft: object, external: str, kind: str, reference: str, total: Money, internal_id: str = ""
    ) -> Record:
        internal_id = internal_id or str(8001 + len(self._by_external_id))
        transaction = PostedTransaction(
            id=internal_id,
            external_id=external,
            kind=kind,
            number=f"{kind.upper()}{internal_id}",
            reference=reference[:45],
            total=total,
        )
        record = Record(transaction, draft, self._clock.now)
        self._by_external_id[external.casefold()] = record
        return record


def refused(words: str) -> NeedsAttention:
    """NetSuite's words."""
    return NeedsAttention(Reason.REFUSED_BY_NETSUITE, {"code": "USER_ERROR", "detail": words})


def invoice_total(draft: InvoiceDraft) -> Decimal:
    """An invoice's total as NetSuite adds it up: lines, shipping, and the tax on both."""
    total = draft.shipping_net.amount
    for billed in draft.lines:
        total += billed.line.net
        for tax in billed.line.taxes:
            total += tax.amount
    for tax in draft.shipping_taxes:
        total += tax.amount
    return total


def invoice_id(fulfilment: Fulfilment) -> str:
    """External id of a fulfilment's invoice."""
    return external_id(fulfilment.marketplace, Kind.INVOICE, fulfilment.id)

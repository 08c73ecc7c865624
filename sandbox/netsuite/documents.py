"""Documents made out of others: what may be made of what, and what follows when one is saved or deleted."""

from collections.abc import Callable
from decimal import Decimal

from sandbox.behaviours import Behaviours
from sandbox.calls import ContractViolation
from sandbox.clock import Clock
from sandbox.netsuite.billing import Billing, mark_invoice
from sandbox.netsuite.chosen_lines import Line
from sandbox.netsuite.fulfilments import Fulfilments
from sandbox.netsuite.intake import Taken
from sandbox.netsuite.periods import refuse_closed
from sandbox.netsuite.progress import done_of, mark_order, mark_return
from sandbox.netsuite.record_types import MADE
from sandbox.netsuite.refusal import Refusal, may_not_set, user_error
from sandbox.netsuite.settlement import Settlement
from sandbox.netsuite.settlement_fields import SETTLED
from sandbox.netsuite.stock import Stock
from sandbox.netsuite.store import Record, Store

# (target, states of the source in which there may be something to make)
_MADE_OF = {
    ("salesOrder", "itemFulfillment"): "BDE",
    ("salesOrder", "invoice"): "BDEF",
    ("salesOrder", "returnAuthorization"): "DEFGH",
    ("invoice", "creditMemo"): "AB",
    ("returnAuthorization", "itemReceipt"): "BDE",
    ("returnAuthorization", "creditMemo"): "DEF",
}
_SERIES = {
    "itemFulfillment": "IF",
    "itemReceipt": "IR",
    "invoice": "INV",
    "creditMemo": "CM",
    "returnAuthorization": "RA",
    "cashSale": "CS",
    "cashRefund": "CR",
}
ZERO = Decimal(0)
_MOVING = ("itemFulfillment", "itemReceipt")
_TAKEN_OVER = ("entity", "subsidiary", "currency", "exchangeRate")
_ALSO_OF_BILLING = ("otherRefNum", "memo", "location")
# Told of a record that was saved or deleted, and which of the two it was, in the words of a user event.
Listener = Callable[[Record, str], None]


class Documents:
    """Makes documents out of others, and keeps orders, returns, invoices and stock in step with them."""

    def __init__(self, store: Store, switches: Behaviours, clock: Clock, stock: Stock) -> None:
        self._store = store
        self._switches = switches
        self._clock = clock
        self._stock = stock
        self._fulfilments = Fulfilments(store, switches, stock)
        self._billing = Billing(store, switches)
        self.settlement = Settlement(store, switches, clock)
        self.listeners: list[Listener] = []

    def make(self, source: Record, target: str, taken: Taken) -> Record:
        """Transform a document into another one, and save that. Raises Refusal."""
        if (source.kind, target) not in _MADE_OF:
            raise ContractViolation(f"the twin does not transform {source.kind} to {target} yet; NetSuite does")
        if source.values.get("status") not in list(_MADE_OF[source.kind, target]):
            raise self._nothing_to_make(source, target)
        now = self._clock.now()
        values = {name: value for name, value in taken.values.items() if value is not None}
        external_id = values.pop("externalId", None)
        made = Record(target, self._store.new_id("transaction"), external_id, now, now)
        self._store.check_external_id(made, self._switches.text("duplicate_code"))
        made.values = {"createdFrom": source.id} | self._taken_over(source, target)
        for name in _TAKEN_OVER:
            if name in values and values[name] != made.values.get(name) and name != "exchangeRate":
                raise may_not_set(name, name)
        made.values |= values
        made.sublists = {
            name: list(lines) for name, lines in taken.sublists.items() if lines is not None and name != "item"
        }
        sent = taken.sublists.get("item") or []
        if target in _MOVING:
            self._fulfilments.fill(made, source, sent)
            priced = []
        else:
            priced = self._billing.fill(made, source, sent)
        self.settle(made, None, priced, tax_sent="taxDetails" in taken.sublists)
        self.number(made)
        self._store.add(made, self._switches.text("duplicate_code"))
        self.saved(made, None)
        return made

    def number(self, made: Record) -> None:
        """The document's numbers; one that was sent stands."""
        if made.kind in SETTLED:
            self.settlement.number(made)
            return
        number = self._store.next_number(made.kind, 1001)
        made.values.setdefault("tranId", f"{_SERIES[made.kind]}{number}")
        made.values["transactionNumber"] = f"{MADE[made.kind].suiteql_type.upper()}{number}"

    def settle(self, made: Record, former: Record | None, priced: list[Line], *, tax_sent: bool) -> None:
        """Check and complete a document before it is saved. Raises Refusal."""
        source = self._store.get("transaction", made.values.get("createdFrom", ""))
        today = self._clock.now().date()
        if former is not None:
            self._refuse_closed(former)
        if made.kind not in _MOVING:
            self._billing.settle(made, former, source, priced, tax_sent=tax_sent, today=today)
        elif source is not None:
            self._fulfilments.settle(made, former, source, today)
        else:
            raise ContractViolation(f"the twin does not change a {made.kind} of an earlier life")

    def check_order(self, order: Record, former: Record | None) -> None:
        """An order as it is about to be saved: its status follows. Raises Refusal where it contradicts what is done."""
        done = done_of(self._store, order) if former is not None else {}
        lines = {line["line"]: line for line in order.sublists.get("item", [])}
        standing = {line["line"]: line for line in (former.sublists.get("item", []) if former is not None else [])}
        for number, one in done.items():
            least = max(one.taken, one.billed)
            line = lines.get(number)
            if least and (line is None or line["item"] != standing[number]["item"]):
                raise user_error("A line that has been fulfilled or billed cannot be removed or given another item.")
            if line is not None and line["quantity"] < least:
                raise user_error(f"The quantity cannot be less than what is fulfilled or billed already ({least}).")
        mark_order(order, done)

    def refuse_deletion(self, record: Record) -> None:
        """Raises Refusal when other documents stand on this one, or its period is closed."""
        if record.kind in SETTLED:
            self.settlement.refuse_deletion(record)
            return
        linked = (
            bool(record.values.get("_refunded"))
            or bool(self._store.made_from(record.id, *MADE))
            or bool(record.values.get("amountPaid"))
        )
        if linked:
            raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
        if record.kind in MADE:
            self._refuse_closed(record)
        source = self._store.get("transaction", record.values.get("createdFrom", ""))
        if record.kind == "itemFulfillment" and source is not None:
            self._fulfilments.refuse_loss(record, source)

    def saved(self, record: Record, former: Record | None, *, event: str = "") -> None:
        """What follows once a document stands in the store; `event` where it is more than create or edit."""
        self._follow(record, record, former)
        for tell in self.listeners:
            tell(record, event or ("create" if former is None else "edit"))

    def deleted(self, record: Record) -> None:
        self._follow(record, None, record)
        for tell in self.listeners:
            tell(record, "delete")

    # -- what follows --------------------------------------------------------------------------------------------

    def _follow(self, record: Record, now: Record | None, former: Record | None) -> None:
        if record.kind == "salesOrder":
            self._stock.follow(record)
        if record.kind in SETTLED:
            self.settlement.follow(now, former)
            return
        if record.kind not in MADE:
            return
        after, before = self._fulfilments.moves_of(now), self._fulfilments.moves_of(former)
        moves = {place: after.get(place, ZERO) - before.get(place, ZERO) for place in sorted({*after, *before})}
        for place, quantity in moves.items():
            self._stock.move(place, quantity)
        source = self._store.get("transaction", record.values.get("createdFrom", ""))
        if source is not None and source.kind in ("salesOrder", "returnAuthorization"):
            self._mark(source)
        for place in moves:
            self._stock.give_out(place)
        if record.kind == "returnAuthorization":
            mark_return(record, done_of(self._store, record))
        paid, was = self._billing.applied_by(now), self._billing.applied_by(former)
        for invoice_id in sorted({*paid, *was}):
            invoice = self._store.by_id("transaction", invoice_id)
            change = paid.get(invoice_id, ZERO) - was.get(invoice_id, ZERO)
            if change:
                mark_invoice(invoice, invoice.values["amountPaid"] + change)
                invoice.modified = self._clock.now()
                self._store.note(invoice)

    def _mark(self, source: Record) -> None:
        (mark_order if source.kind == "salesOrder" else mark_return)(source, done_of(self._store, source))
        source.modified = self._clock.now()
        self._store.note(source)
        if source.kind == "salesOrder":
            self._stock.follow(source)

    def _taken_over(self, source: Record, target: str) -> dict[str, object]:
        names = _TAKEN_OVER if target in _MOVING else (*_TAKEN_OVER, *_ALSO_OF_BILLING)
        if target == "itemFulfillment":
            names = (*names, "shippingAddress", "shipMethod")
        over = {name: source.values[name] for name in names if source.values.get(name) is not None}
        return over | {name: value for name, value in source.values.items() if name in self._store.body_fields}

    def _refuse_closed(self, former: Record) -> None:
        period = self._store.get("accountingPeriod", former.values.get("postingPeriod", ""))
        posted = former.kind != "itemFulfillment" or former.values.get("shipStatus") == "C"
        if period is not None and posted:
            refuse_closed(former.kind, period)

    def _nothing_to_make(self, source: Record, target: str) -> Refusal:
        words = f"You can not initialize {target}: invalid reference {source.id}."
        if self._switches.text("transform_refusal_code") == "USER_ERROR":
            return user_error(words)
        return Refusal(400, "INVALID_INITIALIZE_REF", f"Error while accessing a resource. {words}")

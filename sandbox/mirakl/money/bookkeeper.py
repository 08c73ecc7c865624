"""Writes the transaction log after what happens to orders, and runs billing cycles by the twin's clock."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import partial

from sandbox.behaviours import Behaviours
from sandbox.clock import moment_of
from sandbox.mirakl.money.calendar import next_closing
from sandbox.mirakl.money.charges import Charge, bought_of, given_back_of, refund_of, sale_of
from sandbox.mirakl.money.cycles import Cycles
from sandbox.mirakl.money.documents import manual_document
from sandbox.mirakl.money.log import (
    NOT_APPLICABLE,
    PAYABLE,
    PENDING,
    Account,
    Log,
    account_of,
    change,
)
from sandbox.mirakl.refund_states import state_of
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace, Order
from sandbox.mirakl.views import shop_name

_ARRIVED = frozenset({"RECEIVED", "CLOSED", "REFUNDED"})
_SHIPPED = frozenset({"SHIPPED", "TO_COLLECT"}) | _ARRIVED


class Bookkeeper:
    """One for all marketplaces of the twin; each has its log."""

    def __init__(self, behaviours: Behaviours, new_id: Callable[[], str]) -> None:
        self._behaviours = behaviours
        self._new_id = new_id
        self.cycles = Cycles(behaviours, new_id)

    def open(self, marketplace: Marketplace, brought: dict[str, list[Json]], at: datetime) -> None:
        """Take over what a world brought, as it is.

        A log that is brought is whole: what was received, or given back, before the world opened is in it or never
        will be. Where none is brought, the debits so far are written as they happened.
        """
        log = marketplace.log = Log(since=at)
        log.lines = list(brought.get("transaction_lines", []))
        log.cycles = list(brought.get("billing_cycles", []))
        for document in brought.get("accounting_documents", []):
            (log.requests if "request" in document else log.documents).append(document)
        _take_over(log)
        if log.lines:
            for order in marketplace.orders.values():
                _leave_to_the_log(log, order)
            unwritten = any(_is_debited(line) and line["order_line_id"] not in log.sold for line in _lines(marketplace))
            log.written_on_reception = unwritten
        for cycle in log.cycles:
            if cycle["pay_out"]["state"] != "PAID" and Decimal(cycle["amount_transferred_to_seller"]) > 0:
                self.cycles.schedule(log, cycle["id"], max(at, moment_of(cycle["date_created"])))
        happened = [(self._debited_at(order, at), order.id, order) for order in marketplace.orders.values()]
        for debited_at, _, order in sorted(happened, key=lambda one: one[:2]):
            self.follow(marketplace, order, debited_at)

    def follow(self, marketplace: Marketplace, order: Order, at: datetime) -> None:
        """Write what an order's state calls for and the log does not have yet; call it after every change."""
        log = marketplace.log
        for line in order.lines():
            line_id = str(line["order_line_id"])
            if line_id not in log.sold and self._is_to_be_written(log, order, line):
                log.sold.add(line_id)
                charges = (
                    bought_of(order, line)
                    if self._buys(marketplace)
                    else sale_of(order, line, split=self._is_split(marketplace))
                )
                self._write(marketplace, order, line, charges, at, of={})
            if line_id in log.sold:
                for refund in line.get("refunds") or []:
                    self._follow_refund(marketplace, order, line, refund, at)
                if line["order_line_state"] in _ARRIVED:
                    _make_payable(log, line_id, at)

    def next_at(self, marketplace: Marketplace, now: datetime) -> datetime | None:
        """When the next cycle closes or is paid."""
        log = marketplace.log
        # A clock set back begins anew: cycles close again on the days to come.
        log.since = min(log.since or now, now)
        closing = next_closing(log.since, self._behaviours.text("billing_cycle_days"))
        moments = [at for at in (closing, log.payouts[0].at if log.payouts else None) if at is not None]
        return min(moments, default=None)

    def happen(self, marketplace: Marketplace, at: datetime) -> None:
        """Do what is due at this moment: payouts before the closing of the next cycle."""
        log = marketplace.log
        while log.payouts and log.payouts[0].at <= at:
            self.cycles.pay_on_time(log, log.payouts[0].cycle, log.payouts[0].at)
        closing = next_closing(log.since or at, self._behaviours.text("billing_cycle_days"))
        if closing is not None and closing <= at:
            self.close(marketplace, closing)

    def close(self, marketplace: Marketplace, at: datetime) -> list[str]:
        """Close the cycles of every account now."""
        names = partial(shop_name, marketplace)
        return self.cycles.close(marketplace.log, at, names, own_shop=marketplace.own_shop())

    def write_by_hand(self, marketplace: Marketplace, row: Json, at: datetime) -> Json:
        """A line of the operator's: {type, amount, and perhaps payment_state, entities, shop, currency...}."""
        given = {name: value for name, value in row.items() if name not in ("shop", "currency")}
        given["amount"] = Decimal(given["amount"])
        line = {"id": self._new_id(), "payment_state": PAYABLE, "entities": {}, **given}
        account = Account(
            int(row.get("shop", marketplace.own_shop())), str(row.get("currency", marketplace.currency()))
        )
        written = marketplace.log.write(account, line, at)
        if written["payment_state"] in (PAYABLE, NOT_APPLICABLE) and not written["seller_billing_cycle_id"]:
            marketplace.log.closable.append(written)
        return written

    def document_by_hand(self, marketplace: Marketplace, kind: str, items: list[Json], at: datetime) -> Json:
        """A manual credit or invoice with its lines, which the next cycle takes."""
        account = Account(marketplace.own_shop(), marketplace.currency())
        document = manual_document(marketplace.log, account, kind, items, at=at, new_id=self._new_id())
        marketplace.log.documents.append(document)
        sign = 1 if kind == "MANUAL_CREDIT" else -1
        number = str(document["invoice_id"])
        named = {"accounting_document_number": number, "accounting_document_creation_date": document["date_created"]}
        entities = {"manual_accounting_document": {"number": number}}
        self.write_by_hand(
            marketplace,
            {"type": kind, "amount": sign * document["total_amount_excl_taxes"], "entities": entities, **named},
            at,
        )
        for tax in document["total_taxes"]:
            taxed = entities | {"shop_tax": {"code": tax["code"]}}
            self.write_by_hand(
                marketplace, {"type": f"{kind}_VAT", "amount": sign * tax["amount"], "entities": taxed, **named}, at
            )
        return document

    def _is_to_be_written(self, log: Log, order: Order, line: Json) -> bool:
        state = line["order_line_state"]
        if order.body.get("customer_directly_pays_seller"):
            return state in _SHIPPED
        when = self._behaviours.text("sales_written")
        on_reception = log.written_on_reception if when == "" else when == "received"
        return _is_debited(line) and (not on_reception or state in _ARRIVED)

    def _follow_refund(self, marketplace: Marketplace, order: Order, line: Json, refund: Json, at: datetime) -> None:
        log, refund_id = marketplace.log, str(refund["id"])
        wanted = None if self._behaviours.text("refunds_written") == "asked" else "REFUNDED"
        if refund_id in log.refunded or (wanted and state_of(refund) != wanted):
            return
        log.refunded.add(refund_id)
        charges = (
            given_back_of(order, refund)
            if self._buys(marketplace)
            else refund_of(order, refund, split=self._is_split(marketplace))
        )
        self._write(marketplace, order, line, charges, at, of={"refund": {"id": refund_id}})

    def _write(
        self,
        marketplace: Marketplace,
        order: Order,
        line: Json,
        charges: Iterable[Charge],
        at: datetime,
        *,
        of: Json,
    ) -> None:
        log = marketplace.log
        account = Account(marketplace.shop_of(order), str(order.body["currency_iso_code"]))
        direct = bool(order.body.get("customer_directly_pays_seller"))
        for charge in charges:
            memo = direct and charge.is_customers_money
            row = {
                "id": self._new_id(),
                "type": charge.type,
                "amount": charge.amount,
                "payment_state": NOT_APPLICABLE if memo else PENDING,
                "entities": _entities(order, line) | of | charge.entities,
            }
            log.waiting.setdefault(str(line["order_line_id"]), []).append(log.write(account, row, at))
        if line["order_line_state"] in _ARRIVED:
            _make_payable(log, str(line["order_line_id"]), at)

    def _is_split(self, marketplace: Marketplace) -> bool:
        chosen = self._behaviours.text("tax_presentation")
        if chosen in ("split", "embedded"):
            return chosen == "split"
        if marketplace.log.split is None:
            marketplace.log.split = marketplace.tax_mode() == "TAX_EXCLUDED"
        return marketplace.log.split

    def _buys(self, marketplace: Marketplace) -> bool:
        return marketplace.name in [one.strip() for one in self._behaviours.text("dropship_at").split(",")]

    def _debited_at(self, order: Order, opened: datetime) -> datetime:
        dated = [line.get("debited_date") for line in order.lines()]
        known = [moment_of(str(each)) for each in dated if each]
        return min([*known, opened]) if not order.body.get("customer_directly_pays_seller") else opened


def _lines(marketplace: Marketplace) -> Iterable[Json]:
    return (line for order in marketplace.orders.values() for line in order.lines())


def _is_debited(line: Json) -> bool:
    return bool(line.get("debited_date"))


def _entities(order: Order, line: Json) -> Json:
    references = order.body.get("references") or {}
    transaction = order.body.get("transaction_number")
    return {
        "domain": "PRODUCT",
        "order": {
            "id": order.id,
            "commercial_id": order.body.get("commercial_id"),
            "creation_date": order.body.get("created_date"),
            "payment_info": {"payment_type": order.body.get("payment_type"), "imprint_number": None},
            "references": {
                "order_reference_for_customer": references.get("order_reference_for_customer"),
                "order_reference_for_seller": references.get("order_reference_for_seller"),
            },
        },
        "order_line": {"id": line["order_line_id"]},
        "transaction_info": {"number": transaction, "date": order.body.get("transaction_date")},
    }


def _make_payable(log: Log, line_id: str, at: datetime) -> None:
    for row in log.waiting.pop(line_id, []):
        if row["payment_state"] == PENDING:
            change(row, at, payment_state=PAYABLE)
        log.closable.append(row)


def _take_over(log: Log) -> None:
    """What follows from the lines that are there: balances, what waits, what is written already."""
    newest: dict[Account, str] = {}
    for line in log.lines:
        account, entities = account_of(line), line.get("entities") or {}
        if line.get("balance") is not None and str(line["date_created"]) >= newest.get(account, ""):
            newest[account] = str(line["date_created"])
            log.balances[account] = Decimal(line["balance"])
        order_line = str((entities.get("order_line") or {}).get("id") or "")
        refund = str((entities.get("refund") or {}).get("id") or "")
        if refund:
            log.refunded.add(refund)
        elif order_line:
            log.sold.add(order_line)
        if not line.get("seller_billing_cycle_id") and line["type"] != "PAYMENT":
            if line["payment_state"] == PENDING and order_line:
                log.waiting.setdefault(order_line, []).append(line)
            elif line["payment_state"] == PAYABLE:
                log.closable.append(line)
    kinds = {str(line["type"]) for line in log.lines}
    if kinds & {"ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"}:
        log.split = bool(kinds & {"ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT_TAX"})
    shops = {account.shop for account in map(account_of, log.lines)}
    log.own_shop = shops.pop() if len(shops) == 1 else SHOP_ID
    for cycle in log.cycles:
        account = Account(int(cycle["shop"]["shop_id"]), cycle["currency_iso_code"])
        total = sum((Decimal(line["amount"]) for line in log.lines_of(cycle["id"])), Decimal(0))
        log.carried[account] = min(total, Decimal(0)) if not cycle["amount_transferred_to_seller"] else Decimal(0)


def _leave_to_the_log(log: Log, order: Order) -> None:
    for line in order.lines():
        if line["order_line_state"] in _ARRIVED:
            log.sold.add(str(line["order_line_id"]))
        log.refunded.update(str(refund["id"]) for refund in line.get("refunds") or [] if state_of(refund) == "REFUNDED")

"""The operator's finance people at their back office: cycles closed and paid at once, lines and documents by hand."""

from datetime import datetime

from sandbox.mirakl.money.bookkeeper import Bookkeeper
from sandbox.mirakl.money.cycles import FAILURES
from sandbox.mirakl.state import Json, Marketplace


def close_cycles(books: Bookkeeper, marketplace: Marketplace, _order: Json, now: datetime) -> Json:
    """{} closes the billing cycle of every account with something to close; gives their ids."""
    return {"cycles": books.close(marketplace, now)}


def pay_cycles(books: Bookkeeper, marketplace: Marketplace, order: Json, now: datetime) -> Json:
    """{"cycle": one, or all that wait; "failure_reason": why it does not succeed}."""
    failure = order.get("failure_reason")
    if failure is not None and failure not in FAILURES:
        raise ValueError(f"there is no failure_reason {failure!r}; there are {', '.join(FAILURES)}")
    waiting = [order["cycle"]] if "cycle" in order else [due.cycle for due in marketplace.log.payouts]
    for cycle_id in waiting:
        books.cycles.pay(marketplace.log, cycle_id, now, failure)
    return {"cycles": waiting}


def write_lines(books: Bookkeeper, marketplace: Marketplace, order: Json, now: datetime) -> Json:
    """{"lines": [{"type", "amount", and perhaps "payment_state", "entities", "shop", "currency"}]}; gives their ids."""
    return {"lines": [books.write_by_hand(marketplace, row, now)["id"] for row in order["lines"]]}


def issue_document(books: Bookkeeper, marketplace: Marketplace, order: Json, now: datetime) -> Json:
    """{"type": MANUAL_CREDIT or MANUAL_INVOICE, "items": [{"description", "amount", "taxes": [{"code", "amount"}]}]}"""
    kind = order["type"]
    if kind not in ("MANUAL_CREDIT", "MANUAL_INVOICE"):
        raise ValueError(f"there is no manual document {kind!r}; there are MANUAL_CREDIT, MANUAL_INVOICE")
    return {"invoice_id": books.document_by_hand(marketplace, kind, order["items"], now)["invoice_id"]}

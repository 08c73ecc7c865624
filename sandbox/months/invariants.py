"""The clean month keeps what finance.md, section 3 asks of books; a generator that does not is no examiner."""

from __future__ import annotations

from collections import defaultdict

from sandbox.months.booking import gross_of, tax_of
from sandbox.months.closing import FEE_TAXES, FEES, OPERATOR_SIDE, bucket_of
from sandbox.months.model import Booked, Entry, Order, Shop

_OUT_OF_STEP = ("PAYMENT", "RESERVE_FUNDING", "RESERVE_SETTLEMENT")


def check(shop: Shop, *, contract_kept: bool) -> None:
    """Raises AssertionError naming the invariant and where it fails. Orders are looked at in a clean month only."""
    _balance_chain(shop)
    for place, _ in enumerate(shop.cycles):
        _cycle(shop, place)
    _documents(shop)
    _undisbursed(shop)
    if contract_kept:
        for order in shop.orders:
            _order(shop, order)


def _balance_chain(shop: Shop) -> None:
    before = 0
    for entry in shop.entries:
        moved = 0 if entry.state == "NOT_APPLICABLE" else entry.amount
        assert entry.balance == before + moved, f"I2: {entry.type} {entry.id} of {shop.market.name}"
        before = entry.balance
    assert len({entry.id for entry in shop.entries}) == len(shop.entries), "an id stands for one line"


def _cycle(shop: Shop, place: int) -> None:
    cycle = shop.cycles[place]
    mine = [entry for entry in shop.entries if entry.cycle == place and entry.type != "PAYMENT"]
    moved = sum(entry.amount for entry in mine if entry.state != "NOT_APPLICABLE")
    assert cycle.opening + moved == cycle.to_seller + cycle.closing, f"I3: {cycle.id}"
    assert cycle.closing <= 0, f"I3: {cycle.id} keeps money back"
    assert place == 0 or cycle.opening == shop.cycles[place - 1].closing, f"I3: {cycle.id} opens otherwise"
    names = [f"total_{name}_incl_tax" for name in OPERATOR_SIDE]
    kept = sum(cycle.summary[name] for name in names)
    kept += cycle.summary["total_operator_remitted_taxes"] + cycle.summary["total_refund_operator_remitted_taxes"]
    assert cycle.to_operator == -kept, f"I4: {cycle.id}"
    sums: dict[str, int] = defaultdict(int)
    for entry in mine:
        where = bucket_of(entry)
        if where is None:
            assert entry.type in _OUT_OF_STEP or "ONE_OFF" in entry.type, f"I5: {entry.type} has no total"
            continue
        sums[f"total_{where[0]}_incl_tax"] += entry.amount
        sums[f"total_{where[0]}"] += entry.amount
        if not where[1]:
            sums[f"total_{where[0]}_excl_tax"] += entry.amount
    for name, total in cycle.summary.items():
        if "refund_orders" not in name:
            assert total == sums[name], f"I5: {name} of {cycle.id}"


def _documents(shop: Shop) -> None:
    by_number: dict[str, list[Entry]] = defaultdict(list)
    for entry in shop.entries:
        if entry.document:
            by_number[entry.document].append(entry)
    for paper in shop.papers:
        sign = 1 if paper.type == "MANUAL_CREDIT" else -1
        fees = FEES if paper.type == "AUTO_INVOICE" else {paper.type}
        taxed = FEE_TAXES if paper.type == "AUTO_INVOICE" else {f"{paper.type}_VAT"}
        net = sign * sum(entry.amount for entry in by_number[paper.number] if entry.type in fees)
        taxes = [entry.amount for entry in by_number[paper.number] if entry.type in taxed]
        assert net == paper.net, f"I6: net of {paper.number}"
        assert 2 * abs(sign * sum(taxes) - paper.vat) <= len(taxes), f"I6: tax of {paper.number}"


def _undisbursed(shop: Shop) -> None:
    """I9: what Mirakl still owes is what is pending, payable or held back."""
    owed = sum(entry.amount for entry in shop.entries if entry.state != "NOT_APPLICABLE")
    last = shop.entries[-1].balance if shop.entries else 0
    assert owed == last, f"I9: {shop.market.name}"


def _order(shop: Shop, order: Order) -> None:
    mine, booked = shop.by_order.get(order.id, []), shop.booked_of.get(order.id, [])
    wash: dict[str, int] = defaultdict(int)
    gross = refunded = 0
    for entry in mine:
        if order.kind == "remitted" and entry.order_tax:
            wash[entry.order_tax.code] += entry.amount
        if "FEE_AMOUNT" in entry.type:
            wash["fee"] += entry.amount
        gross += entry.amount if entry.type.startswith(("ORDER_AMOUNT", "ORDER_SHIPPING")) else 0
        refunded += entry.amount if entry.type.startswith(("REFUND_ORDER_AMOUNT", "REFUND_ORDER_SHIPPING")) else 0
    assert not any(wash.values()), f"I11: {order.id}"
    if not mine or order.kind == "refused":
        assert not booked or order.kind == "refused", f"I10: {order.id} is booked and not in the log"
        return
    assert gross == gross_of(shop, order), f"I10: gross of {order.id}"
    if order.kind == "cancelled":
        assert (gross + refunded, booked) == (0, []), f"I10: {order.id} was called off"
        return
    _against_books(order, booked, gross, refunded)


def _against_books(order: Order, booked: list[Booked], gross: int, refunded: int) -> None:
    invoiced = sum(each.total for each in booked if each.type == "CustInvc")
    credited = sum(each.total for each in booked if each.type == "CustCred")
    if order.kind == "remitted":
        taxes = sum(t.amount for line in order.lines for r in line.refunds for t in (*r.taxes, *r.shipping_taxes))
        gross, refunded = gross - tax_of(order), refunded + taxes
    assert (invoiced, credited) == (gross, refunded), f"I10: {order.id} in NetSuite"
    assert -credited <= invoiced, f"I12: {order.id} gives back more than was sold"

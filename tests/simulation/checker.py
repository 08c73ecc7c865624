"""The independent auditor: compares what the marketplaces sold with what NetSuite holds, and knows no flow.

It adds up orders by itself, from Mirakl's lines, and looks at Tieout's store only for what people would see there:
what is parked and why, what was promised to be done and is not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from tests.fakes.record import Record
from tests.simulation.stories import MAY_PARK, SCARCE, SCARCE_UNITS, Story
from tests.simulation.world import Simulation
from tieout.domain.orders.order import Order
from tieout.domain.postings import Key, Kind, Posting, State, version_of

SALE_STANDS = ("SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED")
NO_SALE = ("REFUSED", "CANCELED")


def worth(order: Order) -> Decimal:
    """What the buyer pays, added up from the live lines."""
    total = Decimal(0)
    for line in order.lines:
        if line.state in NO_SALE or not line.quantity:
            continue
        total += line.price + line.shipping_price
        if not order.tax_included:
            total += sum(tax.amount for tax in (*line.taxes, *line.shipping_taxes))
    return total


def is_a_sale(order: Order) -> bool:
    """Whether this version of an order is to be posted."""
    return order.state in SALE_STANDS and any(line.state not in NO_SALE and line.quantity for line in order.lines)


def findings(simulation: Simulation) -> list[str]:
    """Everything that is wrong; empty when both sides tie out."""
    records: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in simulation.ledger.records:
        records[record.draft.marketplace, record.draft.order_id].append(record)
    found = [] if simulation.at_rest() else [f"not at rest: {simulation.unfinished()[:3]}"]
    for name, market in simulation.markets.items():
        for order_id, versions in market.versions.items():
            found += [
                f"{name} {order_id} ({simulation.work[name].stories[order_id].value}): {what}"
                for what in _order(simulation, name, versions, records.pop((name, order_id), []))
            ]
    found += [f"{key}: NetSuite has a sales order that nobody ordered" for key in records]
    found += [f"{key}: was confirmed, and then touched again" for key in simulation.postings.undone]
    found += [f"{key}: a worker fed its own queue" for key in simulation.bells.stopped_chains]
    return found + _stock(simulation)


def _order(simulation: Simulation, marketplace: str, versions: list[Order], records: list[Record]) -> list[str]:
    last = versions[-1]
    may_park = MAY_PARK.get(simulation.work[marketplace].stories[last.order_id], frozenset())
    found = []
    for kind in (Kind.SALES_ORDER, Kind.ACCEPTANCE, Kind.SELLER_REFERENCE):
        posting = simulation.postings.posting(Key(marketplace, last.order_id, kind, last.order_id))
        if posting and posting.state is State.PARKED and (posting.reason not in may_park or not posting.facts):
            found.append(f"{kind} is parked for {posting.reason} {posting.facts}")
    if len(records) > 1:
        found.append(f"posted {len(records)} times")
    if records and not any(is_a_sale(version) for version in versions):
        found.append("posted, but never sold")
    if not records and is_a_sale(last) and not may_park:
        found.append("lost")
    if not records and not is_a_sale(last) and last.state not in NO_SALE and not may_park:
        found.append(f"forgotten in {last.state}")
    for record in records:
        found += _posted(simulation, marketplace, versions, record)
    return found


def _posted(simulation: Simulation, marketplace: str, versions: list[Order], record: Record) -> list[str]:
    order_id = record.draft.order_id
    key = Key(marketplace, order_id, Kind.SALES_ORDER, order_id)
    posting = simulation.postings.posting(key)
    if posting is None:
        return ["posted, but Tieout does not know"]
    found = [f"is {posting.state}, not proven"] if posting.state is not State.CONFIRMED else []
    total = record.transaction.total.amount
    wanted = {version_of(version.updated_at): worth(version) for version in versions}[posting.source_version]
    if total != wanted:
        found.append(f"NetSuite says {total}, the buyer pays {wanted}")
    if newer := _newer_known(simulation, posting):
        found.append(f"posted as of {posting.source_version}, though {newer} was known before anything was sent")
    told = simulation.markets[marketplace].references.get(order_id)
    if told != record.transaction.number:
        found.append(f"Mirakl was told {told}, not {record.transaction.number}")
    return found


def _newer_known(simulation: Simulation, posting: Posting) -> str | None:
    """A newer version that was recorded before the first attempt that may have sent anything."""
    key = posting.key
    since = simulation.postings.sendable_since.get(key, 0)
    known = [
        version
        for moment, version in simulation.postings.recorded[key.marketplace, key.thread]
        if moment < since and version > posting.source_version
    ]
    return known[-1] if known else None


def _stock(simulation: Simulation) -> list[str]:
    """Nobody promises twice what is there once."""
    promised: Counter[str] = Counter()
    for name, market in simulation.markets.items():
        for order_id, accepted in market.decisions:
            if accepted and simulation.work[name].stories[order_id] is Story.SCARCE:
                promised[SCARCE] += sum(line.quantity for line in market.orders[order_id].lines)
    if promised[SCARCE] > SCARCE_UNITS:
        return [f"{promised[SCARCE]} units of {SCARCE} accepted, {SCARCE_UNITS} there"]
    return []

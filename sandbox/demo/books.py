"""Both twins' books of an evening, read once: what each side says of every order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.demo.twin_control import TwinControl, rows
from sandbox.netsuite.record_types import RECORD_TYPES

Row = dict[str, Any]
OrderKey = tuple[str, str]
"""Marketplace and order id."""

SALES_ORDER = "salesOrder"
FULFILMENT, INVOICE, CREDIT_MEMO = "itemFulfillment", "invoice", "creditMemo"
AUTHORIZATION, RECEIPT = "returnAuthorization", "itemReceipt"
ALWAYS_WRITTEN = (SALES_ORDER, FULFILMENT, INVOICE, CREDIT_MEMO, AUTHORIZATION)
"""Record types that an export has a file of, even an empty one."""

DEAD = frozenset({"REFUSED", "CANCELED"})
SHIPPED = "C"
ZERO = Decimal(0)


@dataclass(frozen=True)
class AsListed:
    """The books as the twins list them, a JSON object a line."""

    orders: Mapping[str, bytes]
    shipments: Mapping[str, bytes]
    returns: Mapping[str, bytes]
    offers: Mapping[str, bytes]
    netsuite: Mapping[str, bytes]


def read_books(control: TwinControl, marketplaces: Iterable[str]) -> AsListed:
    """Everything that an evening is judged by."""
    names = list(marketplaces)
    records = {kind: control.records(kind) for kind in RECORD_TYPES}
    return AsListed(
        orders={name: control.orders(name) for name in names},
        shipments={name: control.shipments(name) for name in names},
        returns={name: control.returns(name) for name in names},
        offers={name: control.offers(name) for name in names},
        netsuite={kind: listed for kind, listed in records.items() if listed or kind in ALWAYS_WRITTEN},
    )


@dataclass(frozen=True)
class Life:
    """One order on both sides: as OR11, ST11 and RT11 give it, and every record of NetSuite's that names it."""

    marketplace: str
    order: Row
    shipments: list[Row] = field(default_factory=list)
    returns: list[Row] = field(default_factory=list)
    records: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.order["order_id"])

    @property
    def tax_included(self) -> bool:
        return bool(self.order["order_tax_mode"] == "TAX_INCLUDED")

    @property
    def lines(self) -> list[Row]:
        return list(self.order["order_lines"])

    @property
    def sales_order(self) -> Row | None:
        return next(iter(self.of(SALES_ORDER)), None)

    def of(self, kind: str) -> list[Row]:
        return self.records.get(kind, [])

    def shipped(self) -> list[Row]:
        """Fulfilments whose goods have left."""
        return [one for one in self.of(FULFILMENT) if choice(one, "shipStatus") == SHIPPED]

    def __str__(self) -> str:
        return f"{self.marketplace} {self.id}"


def lives_of(listed: AsListed) -> list[Life]:
    """Every order of the marketplaces with all that both sides say of it."""
    lives: dict[OrderKey, Life] = {}
    for name, orders in listed.orders.items():
        for order in rows(orders):
            lives[name, str(order["order_id"])] = Life(name, order)
    for what in ("shipments", "returns"):
        for name, several in getattr(listed, what).items():
            for one in rows(several):
                if (life := lives.get((name, str(one["order_id"])))) is not None:
                    getattr(life, what).append(one)
    for kind, records in listed.netsuite.items():
        for one in rows(records):
            key = str(one.get("custbody_tieout_marketplace")), str(one.get("custbody_tieout_order"))
            if key in lives:
                lives[key].records.setdefault(kind, []).append(one)
    return list(lives.values())


def lines_of(record: Row) -> list[Row]:
    return list((record.get("item") or {}).get("items") or [])


def choice(record: Row, name: str) -> str:
    """Id of a reference or of a choice, as a GET gives them."""
    value = record.get(name) or {}
    return str(value.get("id") or "") if isinstance(value, dict) else str(value)


def units_by_line(records: Iterable[Row]) -> dict[str, int]:
    """Units by the marketplace's order line, over NetSuite documents."""
    units: dict[str, int] = {}
    for record in records:
        for line in lines_of(record):
            if line.get("itemReceive") is False or not line.get("custcol_tieout_line"):
                continue
            line_id = str(line["custcol_tieout_line"])
            units[line_id] = units.get(line_id, 0) + int(line.get("quantity") or 0)
    return {line_id: count for line_id, count in units.items() if count}


def tracking_numbers(fulfilment: Row) -> set[str]:
    parcels = (fulfilment.get("package") or {}).get("items") or []
    return {str(one["packageTrackingNumber"]) for one in parcels if one.get("packageTrackingNumber")}


def is_ours(record: Row) -> bool:
    """Whether Tieout made it."""
    return str(record.get("externalId") or "").startswith("T-")

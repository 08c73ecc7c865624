"""What Mirakl is asked and told about goods that leave: platform, carriers, shipments, tracking."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec.json import Decoder

from tieout.domain.errors import SystemDown, Throttled
from tieout.domain.shipments.shipment import (
    Carrier,
    Created,
    FetchedShipment,
    Platform,
    Shipment,
    ShipmentDraft,
    Tracking,
)
from tieout.mirakl import wire
from tieout.mirakl import wire_dispatch as told
from tieout.mirakl.connection import Calls, Connection, instant, of_order
from tieout.mirakl.refusals import refused_items
from tieout.mirakl.seeking import rows
from tieout.mirakl.shipments import (
    created_of,
    fetched_shipment,
    read_shipment,
    shipment_body,
    tracking_body,
)
from tieout.mirakl.translate import TAX_MODES

MOST_SHIPMENTS = 1_000
"""Shipments an ST01, ST23 or ST24 may carry."""
ORDERS_AT_ONCE = 50
"""Order ids an ST11 is asked for: each is a parameter of its own in the address."""

_CONFIGURATION = Decoder(wire.PlatformConfiguration)
_CARRIERS = Decoder(told.Carriers)
_CREATED = Decoder(told.CreatedShipments)
_CHANGED = Decoder(told.ChangedShipments)


class Dispatch:
    """The part of a connection that has to do with dispatch."""

    _connection: Connection
    _calls: Calls
    _platform: Platform | None = None
    _carriers: Mapping[str, Carrier] | None = None
    _no_carriers_before: float = 0.0

    def platform_configuration(self) -> wire.PlatformConfiguration:
        """PC01: how this platform works."""
        return self._calls.ask(_CONFIGURATION, "PC01", "/api/platform/configuration", scoped=False)

    def platform(self) -> Platform:
        """PC01, once a process, as far as dispatch and returns depend on it.

        Raises SystemDown when it does not say how orders are shipped: a wrong guess would ship whole orders.
        """
        if self._platform is None:
            self._platform = _platform(self.platform_configuration().features or wire.Features())
        return self._platform

    def carriers(self) -> Mapping[str, Carrier]:
        """SH21, once a process; one that has no code cannot be named and is left out.

        It is allowed once a day, whatever the number of processes: one that was told to wait does not ask before.
        """
        if self._carriers is None:
            listed = self._list_carriers()
            self._carriers = {
                each.code: Carrier(each.code, each.label or "", each.standard_code or "", each.tracking_url or "")
                for each in listed
                if each.code
            }
        return self._carriers

    def shipments_of(self, order_ids: Collection[str]) -> list[Shipment]:
        """ST11 by order, whatever the state. Raises NeedsAttention(UNREADABLE_DOCUMENT): none may be overlooked."""
        wanted = list(dict.fromkeys(order_ids))
        found: dict[str, Shipment] = {}
        for start in range(0, len(wanted), ORDERS_AT_ONCE):
            for page in self._listed({"order_id": wanted[start : start + ORDERS_AT_ONCE]}):
                for raw in page:
                    shipment = self.read_shipment(raw)
                    found[shipment.id] = shipment
        return list(found.values())

    def shipments_updated(self, start: datetime, end: datetime) -> Iterator[list[FetchedShipment]]:
        """ST11 by update window, oldest creation first; a page may come twice."""
        for page in self._listed({"last_updated_from": instant(start), "last_updated_to": instant(end)}):
            yield [fetched_shipment(raw, self._connection.shop_id) for raw in page]

    def read_shipment(self, raw: bytes) -> Shipment:
        """An archived shipment. Raises NeedsAttention(UNREADABLE_DOCUMENT)."""
        return read_shipment(raw, self._connection.shop_id)

    def create_shipments(self, drafts: Sequence[ShipmentDraft]) -> Created:
        """ST01, at most 1,000. HTTP 201 hides refusals; a draft that the answer does not name counts as refused."""
        _check(len(drafts), "ST01")
        if not drafts:
            return Created({}, {})
        body = {"shipments": [shipment_body(draft) for draft in drafts]}
        return created_of(self._calls.tell(_CREATED, "ST01", "POST", "/api/shipments", body), drafts)

    def track_shipments(self, tracking: Mapping[str, Tracking]) -> dict[str, str]:
        """ST23, at most 1,000. Answers Mirakl's words by refused shipment."""
        named = [{"id": each, "tracking": tracking_body(how)} for each, how in tracking.items()]
        return self._change("ST23", "POST", "/api/shipments/tracking", list(tracking), named)

    def ship_shipments(self, shipment_ids: Sequence[str]) -> dict[str, str]:
        """ST24, at most 1,000. Answers Mirakl's words by refused shipment."""
        ids = list(dict.fromkeys(shipment_ids))
        return self._change("ST24", "PUT", "/api/shipments/ship", ids, [{"id": each} for each in ids])

    def track_order(self, order_id: str, tracking: Tracking) -> None:
        """OR23. Raises NeedsAttention(REFUSED_BY_MIRAKL)."""
        self._calls.write("OR23", "PUT", of_order(order_id, "tracking"), tracking_body(tracking, "carrier_url"))

    def ship_order(self, order_id: str) -> None:
        """OR24: all of it. Raises NeedsAttention(REFUSED_BY_MIRAKL)."""
        self._calls.write("OR24", "PUT", of_order(order_id, "ship"))

    def _list_carriers(self) -> list[told.Carrier]:
        wait = self._no_carriers_before - time.monotonic()
        if wait > 0:
            raise Throttled("Mirakl does not list its carriers (SH21) again yet", wait)
        try:
            return self._calls.ask(_CARRIERS, "SH21", "/api/shipping/carriers").carriers
        except Throttled as refused:
            self._no_carriers_before = time.monotonic() + (refused.after_seconds or 0)
            raise

    def _listed(self, filters: Mapping[str, str | list[str]]) -> Iterator[list[bytes]]:
        return rows(self._calls, "ST11", "/api/shipments", filters)

    def _change(
        self, operation: str, method: str, path: str, ids: list[str], named: Sequence[Mapping[str, object]]
    ) -> dict[str, str]:
        _check(len(ids), operation)
        if not ids:
            return {}
        answer = self._calls.tell(_CHANGED, operation, method, path, {"shipments": named})
        done = {each.id for each in answer.shipment_success or []}
        return refused_items(ids, done, {each.id: each.message for each in answer.shipment_errors or []})


def _platform(features: wire.Features) -> Platform:
    """Where nothing is said about returns, they are taken to be on: none will come where there are none."""
    in_parts = features.shipment.multi_shipment if features.shipment else None
    if in_parts is None:
        raise SystemDown("Mirakl answered PC01 without saying whether orders ship in parts (multi_shipment)")
    returns = features.returns
    said = (returns.marketplace, returns.drop_ship, returns.one_creditor) if returns else ()
    return Platform(
        multi_shipment=in_parts,
        alternative_carriers=not features.disable_seller_alternative_carrier,
        returns=not said or any(each is not False for each in said),
        tax_included=TAX_MODES.get(features.order_tax_mode or ""),
    )


def _check(count: int, operation: str) -> None:
    if count > MOST_SHIPMENTS:
        raise ValueError(f"{operation} takes {MOST_SHIPMENTS} shipments a call, not {count}")

"""A marketplace's settings on goods that leave, as the pure rules want them, and a fulfilment's names."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from tieout.config import Config
from tieout.domain.ids import external_id
from tieout.domain.postings import Key, Kind, Posting, version_of
from tieout.domain.shipments.carriers import CarrierNames, CarrierRules
from tieout.domain.shipments.fulfilment import Fulfilment
from tieout.flows.archived import archived_reading
from tieout.flows.ports import At

FLOW = "shipments"
"""What a person pauses."""
UNDONE = "UNDONE-"
"""Starts the id of a posting that tells a person what became of a fulfilment after it was told."""
RETOLD = "TRACKING-"
"""Starts the id of a posting that tells a tracking number that came or changed after its shipment was told."""


def carrier_rules(config: Config, marketplace: str) -> CarrierRules:
    """What NetSuite's shipping items are called at this marketplace."""
    settings = config.marketplaces[marketplace].shipments
    return CarrierRules(
        by_ship_method={
            rule.ship_method: CarrierNames(
                code=rule.code or "",
                standard_code=rule.standard_code or "",
                name=rule.name or "",
                url=rule.url or "",
            )
            for rule in settings.carriers
        },
        other=settings.other_carrier or "",
    )


def shipment_key(fulfilment: Fulfilment) -> Key:
    """The posting that tells a fulfilment."""
    return Key(fulfilment.marketplace, fulfilment.order_id, Kind.SHIPMENT, fulfilment.id)


def undone_key(key: Key) -> Key:
    """The posting that tells a person that what was told is not true any more."""
    return Key(key.marketplace, key.thread, Kind.SHIPMENT, UNDONE + key.source_id)


def reference_of(fulfilment: Fulfilment) -> str:
    """How the fulfilment's shipment is found again at the marketplace."""
    return external_id(fulfilment.marketplace, Kind.SHIPMENT, fulfilment.id)


def our_references(marketplace: str) -> str:
    """How the references of all shipments begin that we made there."""
    return f"T-{marketplace}-{Kind.SHIPMENT}-"


def fulfilment_version(fulfilment: Fulfilment) -> str:
    """When it was saved, then how far it is: NetSuite counts in seconds, and one second may see two of its states."""
    parcels = min(len(fulfilment.tracking_numbers), 99)
    return f"{version_of(fulfilment.modified_at)}{fulfilment.status}{parcels:02d}"


def payload_key(fulfilment: Fulfilment) -> str:
    """Where the archive keeps this version of the fulfilment."""
    order = quote(fulfilment.order_id, safe="")
    return f"fulfilments/{fulfilment.marketplace}/{order}/{fulfilment.id}-{fulfilment_version(fulfilment)}.json"


def archived_fulfilment(posting: Posting, documents: Mapping[str, bytes], at: At) -> Fulfilment:
    """The fulfilment that a posting stands for.

    Raises NeedsAttention when its archived copy is gone or does not read, or its marketplace has left the settings.
    """
    return archived_reading(posting, documents, at, Fulfilment)

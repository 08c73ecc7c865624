"""Who stands on the records of a settlement, by external ids of ours; whoever NetSuite does not have yet is made.

A shop that is owed money is a vendor, and as it owes fees a customer: NetSuite has no record that is both, and takes a
name once. The marketplace's operator is a vendor of the seller's.
"""

from __future__ import annotations

from msgspec import Struct

from tieout.domain.ids import Party, parts_of
from tieout.domain.ledger.record import Record

OPERATOR = "OPERATOR"
LONGEST_NAME = 83
"""Of NetSuite's `companyName`."""


class Named(Struct, frozen=True, order=True):
    """A customer or vendor as it is made."""

    external_id: str
    party: Party
    name: str


def parties_of(record: Record, shop_name: str = "") -> list[Named]:
    """Those of a record that are ours to make: shops, and a marketplace's operator.

    Vendors that the settings name are there already, and so are customers who bought: their orders made them.
    `shop_name` is what the operator calls the shop of the record's cycle.
    """
    external_ids = {each for each in (record.entity, *(entry.entity for entry in record.entries)) if each}
    found = (_named(each, record.marketplace, shop_name) for each in sorted(external_ids))
    return [each for each in found if each is not None]


def _named(external_id: str, marketplace: str, shop_name: str) -> Named | None:
    try:
        kind, source = parts_of(external_id, marketplace)
        party = Party(kind)
    except ValueError:
        return None
    if party is Party.CUSTOMER:
        return None
    if source == OPERATOR:
        return Named(external_id, party, f"Operator of {marketplace}")
    told = f" ({marketplace} {source}{', fees' if party is Party.SHOP else ''})"
    return Named(external_id, party, (shop_name.strip() or "Shop")[: LONGEST_NAME - len(told)].rstrip() + told)

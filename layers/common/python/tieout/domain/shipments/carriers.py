"""How a parcel may be followed: the ways to say it to a marketplace, the best one first.

A marketplace may refuse a carrier for reasons of its own, so there is always a poorer way left, and in the end none: a
confirmation in time is worth more than a perfect link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from tieout.domain.shipments.shipment import Carrier, Tracking

ANY = "*"
"""Stands for every shipping item that has no name of its own."""
NUMBER = "{number}"
"""Where a tracking number goes in an address of the settings."""


class CarrierNames(Struct, frozen=True, kw_only=True):
    """What a shipping item is called at a marketplace; empty: not said."""

    code: str = ""
    standard_code: str = ""
    name: str = ""
    url: str = ""


class CarrierRules(Struct, frozen=True, kw_only=True):
    """A marketplace's settings."""

    by_ship_method: Mapping[str, CarrierNames] = field(default_factory=dict)
    other: str = ""
    """A carrier's name for what no rule names."""


def ways_to_follow(
    ship_method: str,
    numbers: Sequence[str],
    rules: CarrierRules,
    registered: Mapping[str, Carrier] | None,
    *,
    free_text: bool,
) -> tuple[Tracking, ...]:
    """Each way to say how a fulfilment's parcel is followed, best first; the last one says nothing.

    `registered` are the marketplace's carriers by code; None: it would not tell, so that a code is tried.
    """
    found = list(_ways(ship_method, numbers[0] if numbers else "", rules, registered, free_text=free_text))
    return tuple(dict.fromkeys([*found, Tracking()]))


def _ways(
    ship_method: str, number: str, rules: CarrierRules, registered: Mapping[str, Carrier] | None, *, free_text: bool
) -> Iterator[Tracking]:
    names = rules.by_ship_method.get(ship_method) or rules.by_ship_method.get(ANY) or CarrierNames()
    known = (registered or {}).get(names.code)
    if names.code and (registered is None or known) and _has_its_number(known, number):
        yield Tracking(number=number, carrier_code=names.code)
    if names.standard_code and _has_its_number(_with_standard(names.standard_code, registered), number):
        yield Tracking(number=number, carrier_standard_code=names.standard_code)
    if free_text and (name := names.name or (known.label if known else "") or rules.other):
        yield Tracking(number=number, carrier_name=name, url=_address(names.url, number))
    if number:
        yield Tracking(number=number)


def _has_its_number(carrier: Carrier | None, number: str) -> bool:
    """Mirakl refuses a registered carrier without a number where the carrier's address needs one."""
    return bool(number) or carrier is None or "{" not in carrier.tracking_url


def _with_standard(standard_code: str, registered: Mapping[str, Carrier] | None) -> Carrier | None:
    return next((each for each in (registered or {}).values() if each.standard_code == standard_code), None)


def _address(template: str, number: str) -> str:
    """The tracking page; none where it would need a number that there is not."""
    if NUMBER in template and not number:
        return ""
    return template.replace(NUMBER, number)

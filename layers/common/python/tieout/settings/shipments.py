"""The flow of goods that leave, and when they are billed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tieout.settings.base import Settings, Text


class CarrierRule(Settings):
    """A NetSuite shipping item in the marketplace's words; the first of code, standard code and name that is there."""

    ship_method: Text
    """Internal id of the shipping item (NetSuite `shipMethod`), or `*` for every other one."""
    code: Text | None = None
    """A carrier that is registered at the marketplace (SH21)."""
    standard_code: Text | None = None
    """Mirakl's standard code of the carrier."""
    name: Text | None = None
    """Free text, where the marketplace allows it."""
    url: Text | None = None
    """Tracking page; `{number}` stands for the tracking number."""


class Shipments(Settings):
    """The flow from goods that left to a marketplace that knows it, and to the invoice."""

    enabled: bool = True
    """`false`: fulfilments are not read and nothing is confirmed."""
    poll_minutes: int = Field(default=5, ge=1, le=60)
    """How often changed fulfilments (an operator: changed shipments) are looked for; events are faster."""
    overlap_minutes: int = Field(default=10, ge=2, le=180)
    """How far each look goes back behind the last one."""
    sweep_hours: int = Field(default=72, ge=24, le=35 * 24)
    """How far the nightly sweep looks back."""
    partial: Literal["wait", "ship", "park"] = "wait"
    """What a part of an order means where the marketplace takes whole orders only: `wait` for the rest, `ship` the
    order with its first part, or `park` it for a person."""
    carriers: tuple[CarrierRule, ...] = ()
    """NetSuite shipping items to carriers; without a match the tracking number goes alone, or under `other_carrier`."""
    other_carrier: Text | None = None
    """Carrier name for fulfilments whose shipping item no rule names."""
    at_risk_minutes: int = Field(default=240, ge=15, le=7 * 24 * 60)
    """An order whose deadline is nearer than this, while the next step is ours, is at risk."""


class Invoices(Settings):
    """When goods that left become revenue."""

    trigger: Literal["shipped", "delivered", "debited", "never"] = "shipped"
    """`shipped`: with the fulfilment; `delivered`: when Mirakl says received; `debited`: when the buyer's money was
    taken (not before the goods left); `never`: somebody else bills."""
    closed_period: Literal["hold", "next_open_period"] = "hold"
    """What becomes of a document whose period is closed: parked, or dated into the next open period."""

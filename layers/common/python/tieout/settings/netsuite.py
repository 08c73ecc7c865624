"""The NetSuite account and who may speak to it at once."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from tieout.settings.base import Name, Settings, Text, TimeZone, quoted

_ACCOUNT = re.compile(r"^\d{4,10}([_-](SB|RP)\d{0,2})?$", re.IGNORECASE)


class Subsidiary(Settings):
    """A NetSuite subsidiary that orders are booked in."""

    name: Text | None = None
    """Name in NetSuite as `Setup > Company > Subsidiaries` shows it; leave out where OneWorld is off."""
    time_zone: TimeZone
    """Days of documents are days of this zone."""


READERS = 1
"""Slots of the scheduled readers: acceptance checks the stock one run at a time, or it would sell a unit twice."""


class Lanes(Settings):
    """How many functions of a lane may speak to NetSuite at once (SQS `MaximumConcurrency`, at least 2)."""

    orders_to_post: int = Field(default=2, ge=2, le=50)
    """Order to cash: sales orders and what follows them."""
    settlements_to_post: int = Field(default=2, ge=2, le=50)
    """Record to report: payments, refunds, bills, journals and payouts of billing cycles."""

    @property
    def total(self) -> int:
        """Slots that all lanes and the readers together may hold."""
        return self.orders_to_post + self.settlements_to_post + READERS


class NetSuite(Settings):
    """The one NetSuite account of this deployment."""

    account: Annotated[str, StringConstraints(pattern=_ACCOUNT.pattern), BeforeValidator(quoted)]
    """Account id as NetSuite shows it: `1234567`, or `1234567_SB1` for a sandbox."""
    auth: Literal["oauth2", "tba"] = "oauth2"
    """`oauth2` (client credentials with a certificate); `tba` is a fallback that NetSuite retires in 2027-2028."""
    slots: int = Field(default=5, ge=3, le=100)
    """Concurrent requests this deployment may make; the account's limit is shared with every other integration."""
    lanes: Lanes = Lanes()
    """How the slots are shared out between the lanes."""
    connect_timeout_seconds: float = Field(default=10, gt=0, le=60)
    """How long a connection may take; nothing was sent yet when it runs out."""
    read_timeout_seconds: float = Field(default=90, gt=0, le=120)
    """A timed-out write is *unknown*, not failed, and costs a read-back: keep it long."""
    events: bool = True
    """Whether the account's script rings when a fulfilment is saved; the sweep finds the rest."""
    commits_stock: bool = True
    """Whether approved sales orders take their units off what is available, as accounts do unless somebody changed it;
    `false`: what was sold stays promised until it has shipped."""
    subsidiaries: dict[Name, Subsidiary] = Field(min_length=1)
    """Our short name for each subsidiary, used by the marketplaces below."""

    @model_validator(mode="after")
    def _lanes_fit_the_slots(self) -> Self:
        if self.lanes.total > self.slots:
            raise ValueError(
                f"lanes ask for {self.lanes.total} NetSuite slots, slots allows {self.slots}: "
                "lower lanes.*, or raise slots if the account's concurrency limit allows it",
            )
        return self

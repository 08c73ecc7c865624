"""The flow of what is taken back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tieout.settings.base import Settings, Text


class Reasons(Settings):
    """Mirakl's reason codes (RE01) for what Tieout sends."""

    refund: Text | None = None
    """For refunds (OR28)."""
    cancelation: Text | None = None
    """For cancelations (OR30)."""


class Returns(Settings):
    """What is taken back, on either side."""

    enabled: bool = True
    """`false`: refunds, returns and cancelations stay where they were made."""
    poll_minutes: int = Field(default=15, ge=5, le=60)
    """How often returns (RT11) are looked for."""
    refund_on: Literal["credit_memo", "receipt", "never"] = "credit_memo"
    """What in NetSuite makes Mirakl refund: a credit memo, a received return, or nothing."""
    receive: bool = True
    """Whether goods that came back by Mirakl's word are received in NetSuite."""
    credit_memos: bool = True
    """Whether Mirakl's refunds become credit memos."""
    refund_item: Text | None = None
    """Non-inventory item (`itemid`) that refunds are credited on; left out: the item that was sold, which NetSuite
    takes as goods that are back on the shelf."""
    send_minutes: int = Field(default=1, ge=1, le=60)
    """How often what is due to Mirakl is sent."""
    reasons: Reasons = Reasons()
    """Reason codes for what is sent."""

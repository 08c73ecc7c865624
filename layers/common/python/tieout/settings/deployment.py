"""What holds for a whole deployment: patience, alarms, retention."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tieout.settings.base import LOOPBACK, Name, Settings, Text


class Reliability(Settings):
    """How patient the deployment is; the defaults suit production."""

    lease_seconds: int = Field(default=330, ge=5, le=960)
    """How long a worker owns a posting; longer than the worker function's timeout."""
    backoff_base_seconds: float = Field(default=2, gt=0, le=60)
    """First pause after a passing failure; it doubles with each attempt, and the real one is random below it."""
    backoff_cap_seconds: float = Field(default=300, ge=1, le=900)
    """Longest pause between two attempts, unless the other side asks for a longer one."""
    late_write_minutes: float = Field(default=20, gt=0, le=60)
    """For so long after it was sent, a write without an answer may still be carried out (NetSuite: up to 15 minutes);
    one that cannot be repeated safely is not sent again before."""
    breaker_failures: int = Field(default=5, ge=2, le=50)
    """Failures of a system in a row that open its breaker."""
    breaker_open_seconds: float = Field(default=60, gt=0, le=900)
    """How long an open breaker keeps calls away before one of them tries again."""


class OnCall(Settings):
    """Where alarms go, and how patient they are."""

    topic_arn: str | None = None
    """An SNS topic of yours; left out: the deployment makes one."""
    emails: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    """Subscribed to the topic that the deployment makes."""
    pages_url: Text = "https://github.com/tieout/tieout/blob/main/docs/on-call"
    """Where the on-call pages are served; each alarm links its page there."""
    oldest_parked_hours: int = Field(default=24, ge=1)
    """Age of the oldest parked posting that raises the alarm."""
    oldest_review_hours: int = Field(default=72, ge=1)
    """Age of the oldest billing cycle waiting for its review that raises the alarm."""
    oldest_due_minutes: int = Field(default=30, ge=5)
    """Age of the oldest due posting that raises the alarm."""
    oldest_doubt_hours: int = Field(default=4, ge=1)
    """For so long a write may be tried again and again without an outcome before the alarm is raised."""
    oldest_break_days: int = Field(default=31, ge=1)
    """Age of the oldest open break that raises the alarm."""
    certificate_days: int = Field(default=60, ge=7)
    """Days left on NetSuite's certificate below which the alarm is raised."""


class Retention(Settings):
    """How long what we keep is kept."""

    log_days: Literal[7, 14, 30, 60, 90, 180, 365] = 30
    """Days that the functions' logs are kept."""
    archive_days: int = Field(default=90, ge=35, le=3650)
    """Archived orders hold personal data: they expire by this age."""


class Reconcile(Settings):
    """How the sources are compared."""

    by_cycle_above_megabytes: int = Field(default=300, ge=1)
    """Size of a deployment's transaction log, as it is kept, above which Step Functions prepares it cycle by cycle
    before the comparison; about ten million lines. Below it, one function does all. The same is found either way."""


class Sandbox(Settings):
    """The twins' addresses: only for a deployment that talks to `sandbox/` on the same machine."""

    mirakl: dict[Name, Annotated[str, StringConstraints(pattern=LOOPBACK.pattern)]]
    """Address of the Mirakl twin, by marketplace."""
    netsuite: Annotated[str, StringConstraints(pattern=LOOPBACK.pattern)]
    """Address of the NetSuite twin."""

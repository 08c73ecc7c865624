"""Alarms on what finance and operations feel, from the levels that our functions report."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra.on_call import Compare, Missing, OnCall
from tieout.config import Config
from tieout.domain.postings import Lane

REFUSALS = 5
"""Refused events in a quarter of an hour: a scanner makes one or two, a wrong secret makes all of them."""
POLLS_BEHIND = 4


class Alarms(Construct):
    """Old work, late reading, refused events, a certificate that ends."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, on_call: OnCall) -> None:
        super().__init__(scope, construct_id)
        self._on_call = on_call
        self._parked(config.on_call.oldest_parked_hours)
        self._due(config.on_call.oldest_due_minutes)
        if config.netsuite.auth == "oauth2":
            self._certificate(config.on_call.certificate_days)
        for name, marketplace in config.marketplaces.items():
            if marketplace.orders.enabled:
                self._behind(name, marketplace.orders.poll_minutes)
            if marketplace.webhooks.enabled:
                self._refused(name)

    def _parked(self, hours: int) -> None:
        self._on_call.page(
            self,
            "parked-postings",
            self._on_call.own_metric("OldestParkedHours", "Maximum", Duration.minutes(5)),
            threshold=hours,
            periods=2,
            meaning=f"An order has waited for a person for {hours} hours or more and is not in NetSuite.",
        )

    def _due(self, minutes: int) -> None:
        for lane in Lane:
            self._on_call.page(
                self,
                "oldest-due-posting",
                self._on_call.own_metric("OldestDueSeconds", "Maximum", Duration.minutes(5), {"lane": lane}),
                threshold=minutes * 60,
                of=lane,
                meaning=f"Work on {lane} has been due for {minutes} minutes or more and is not done.",
            )

    def _certificate(self, days: int) -> None:
        self._on_call.page(
            self,
            "certificate-days",
            self._on_call.own_metric("CertificateDaysLeft", "Minimum", Duration.hours(1)),
            threshold=days,
            compare=Compare.LESS_THAN_THRESHOLD,
            periods=3,
            missing=Missing.BREACHING,
            meaning=f"The NetSuite certificate ends in less than {days} days or cannot be read; posting stops with it.",
        )

    def _behind(self, marketplace: str, poll_minutes: int) -> None:
        minutes = max(POLLS_BEHIND * poll_minutes, 30)
        self._on_call.page(
            self,
            "watermark-lag",
            self._on_call.own_metric(
                "WatermarkLagSeconds", "Minimum", Duration.minutes(max(5, poll_minutes)), {"marketplace": marketplace}
            ),
            threshold=minutes * 60,
            of=marketplace,
            periods=2,
            meaning=f"{marketplace} has not been read to its end for {minutes} minutes: new orders there are not seen.",
        )

    def _refused(self, marketplace: str) -> None:
        self._on_call.page(
            self,
            "webhook-refusals",
            self._on_call.own_metric("WebhookRefused", "Sum", Duration.minutes(15), {"marketplace": marketplace}),
            threshold=REFUSALS,
            of=marketplace,
            meaning=f"Events for {marketplace} are refused: a wrong secret or clock, or somebody else is calling.",
        )

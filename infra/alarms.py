"""Alarms on what finance and operations feel, from the levels that our functions report."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from infra.credentials import rings
from infra.on_call import Compare, Missing, OnCall
from tieout.config import Config, Marketplace
from tieout.domain.postings import Lane
from tieout.settings.stock import Stock

REFUSALS = 5
"""Refused events in a quarter of an hour: a scanner makes one or two, a wrong secret makes all of them."""
POLLS_BEHIND = 4
DRIFTED = 10
"""Quantities that somebody else changed between two looks: one is a hand's, many are another program's."""
REFUSED_ROWS = 20
"""Refused rows in an hour: a broken offer waits for a person as a posting, many say that something is wrong."""


class Alarms(Construct):
    """Old work, endless doubts, late reading, near deadlines, undone work, what is refused, a certificate that ends."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, on_call: OnCall) -> None:
        super().__init__(scope, construct_id)
        self._on_call = on_call
        self._parked(config.on_call.oldest_parked_hours)
        if any(one.settlement for one in config.marketplaces.values()):
            self._reviews(config.on_call.oldest_review_hours)
        self._due(config.on_call.oldest_due_minutes)
        self._doubts(config.on_call.oldest_doubt_hours)
        if config.netsuite.auth == "oauth2":
            self._certificate(config.on_call.certificate_days)
        for name, marketplace in config.marketplaces.items():
            if marketplace.orders.enabled:
                self._behind(name, marketplace.orders.poll_minutes)
                self._at_risk(name)
                self._late_dispatch(name, marketplace)
                if marketplace.shipments.enabled:
                    self._undone(name)
            if marketplace.webhooks.enabled:
                self._refused(name)
            if marketplace.settlement:
                self._settlement(name, config.on_call.oldest_break_days)
            if marketplace.stock and marketplace.stock.enabled:
                self._stock(name, marketplace.stock)
                self._sellers(name, marketplace.stock, config.on_call.oldest_parked_hours)
            self._listings(name, marketplace)
        self._late_netsuite(config)
        if rings(config):
            self._refused("netsuite")

    def _parked(self, hours: int) -> None:
        self._on_call.page(
            self,
            "parked-postings",
            self._on_call.own_metric("OldestParkedHours", "Maximum", Duration.minutes(5)),
            threshold=hours,
            periods=2,
            meaning=f"An order or cycle has waited for a person for {hours} hours or more, and is not in NetSuite.",
        )

    def _reviews(self, hours: int) -> None:
        self._on_call.page(
            self,
            "oldest-review",
            self._on_call.own_metric("OldestReviewHours", "Maximum", Duration.minutes(5)),
            threshold=hours,
            periods=2,
            meaning=f"A billing cycle that ties out has waited for its review for {hours} hours or more.",
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

    def _doubts(self, hours: int) -> None:
        # Told with each attempt: an hour holds several, however far they back off.
        self._on_call.page(
            self,
            "oldest-doubt",
            self._on_call.own_metric("DoubtHours", "Maximum", Duration.hours(1)),
            threshold=hours,
            meaning=f"Something is sent again and again, and for {hours} hours no attempt has had an outcome.",
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
        self._late(
            {"marketplace": marketplace},
            poll_minutes,
            of=marketplace,
            meaning=f"{marketplace} has not been read to its end for {{minutes}} minutes: new orders are not seen.",
        )

    def _late_dispatch(self, marketplace: str, settings: Marketplace) -> None:
        """Readings of a marketplace besides its orders."""
        readings = {
            "shipments": settings.shipments.poll_minutes
            if settings.shipments.enabled and settings.role == "operator"
            else None,
            "returns": settings.returns.poll_minutes if settings.returns.enabled else None,
        }
        for reading, minutes in readings.items():
            if minutes is not None:
                self._late(
                    {"marketplace": marketplace, "reading": reading},
                    minutes,
                    of=f"{marketplace}-{reading}",
                    meaning=f"{reading.capitalize()} of {marketplace} have not been read to their end for {{minutes}}"
                    " minutes.",
                )

    def _late_netsuite(self, config: Config) -> None:
        """What left and what was given back, which NetSuite is asked for by one schedule."""
        selling = [one for one in config.marketplaces.values() if one.orders.enabled]
        ship = [one.shipments.poll_minutes for one in selling if one.shipments.enabled]
        give_back = [one.returns.poll_minutes for one in selling if one.returns.enabled]
        readings = {"fulfilments": ship, "credits": give_back, "closed-lines": give_back}
        for reading, minutes in readings.items():
            if minutes:
                self._late(
                    {"reading": f"netsuite/{reading}"},
                    min(ship + give_back),
                    of=f"netsuite-{reading}",
                    meaning=f"NetSuite's {reading.replace('-', ' ')} have not been read to their end for {{minutes}}"
                    " minutes: the marketplaces are not told.",
                )

    def _late(self, dimensions: dict[str, str], poll_minutes: int, *, of: str, meaning: str) -> None:
        minutes = max(POLLS_BEHIND * poll_minutes, 30)
        period = Duration.minutes(max(5, poll_minutes))
        self._on_call.page(
            self,
            "watermark-lag",
            self._on_call.own_metric("WatermarkLagSeconds", "Minimum", period, dimensions),
            threshold=minutes * 60,
            of=of,
            periods=2,
            meaning=meaning.format(minutes=minutes),
        )

    def _settlement(self, marketplace: str, oldest_break_days: int) -> None:
        """What finance is told of: the log is read once a day, tried every hour until it is, and compared after it.

        A reading tells its lag before and after: of its hour the less counts. An hour with nothing to read tells none.
        """
        dimensions, a_day = {"marketplace": marketplace}, Duration.days(1)
        self._on_call.page(
            self,
            "watermark-lag",
            self._on_call.own_metric(
                "WatermarkLagSeconds", "Minimum", Duration.hours(1), {**dimensions, "reading": "settlement"}
            ),
            threshold=2 * 24 * 3600,
            of=f"{marketplace}-settlement",
            meaning=f"The transaction log of {marketplace} has not been read to its end for two days.",
        )
        self._on_call.page(
            self,
            "source-changed",
            self._on_call.own_metric("SourceChangedAfterPost", "Sum", Duration.minutes(5), dimensions),
            threshold=1,
            of=marketplace,
            meaning=f"A billing cycle of {marketplace} that is booked in NetSuite has changed at Mirakl.",
        )
        self._on_call.page(
            self,
            "breaks-blocking-close",
            self._on_call.own_metric("BreaksBlockingClose", "Minimum", a_day, dimensions),
            threshold=1,
            of=marketplace,
            periods=2,
            meaning=f"The sources of {marketplace} differ in what blocks the close, and have for two days.",
        )
        self._on_call.page(
            self,
            "oldest-break",
            self._on_call.own_metric("OldestBreakDays", "Maximum", a_day, dimensions),
            threshold=oldest_break_days,
            of=marketplace,
            meaning=f"A difference between the sources of {marketplace} is open for {oldest_break_days} days or more.",
        )

    def _stock(self, marketplace: str, settings: Stock) -> None:
        """What lets offers show what is not there."""
        dimensions = {"marketplace": marketplace}
        minutes = max(POLLS_BEHIND * settings.push_minutes, settings.outage.after_minutes)
        # Between two pushes nothing is told, and a period without a word is no alarm.
        period = Duration.minutes(max(5, settings.push_minutes))
        self._on_call.page(
            self,
            "stock-push-held",
            self._on_call.own_metric("StockPushHeld", "Maximum", period, dimensions),
            threshold=1,
            of=marketplace,
            meaning=f"A push of stock to {marketplace} looks like a mistake and waits for a person's word.",
        )
        self._on_call.page(
            self,
            "stock-stale",
            self._on_call.own_metric("StockBehindSeconds", "Minimum", period, dimensions),
            threshold=minutes * 60,
            of=marketplace,
            periods=2,
            meaning=f"What {marketplace} shows is not what NetSuite had {minutes} minutes ago.",
        )
        self._on_call.page(
            self,
            "stock-import-errors",
            self._on_call.own_metric("StockRowsRefused", "Sum", Duration.hours(1), dimensions),
            threshold=REFUSED_ROWS,
            of=marketplace,
            meaning=f"{marketplace} refuses quantities of offers, or whole files of them.",
        )

    def _sellers(self, marketplace: str, settings: Stock, hours: int) -> None:
        """Records of other shops' stock wait for a person as postings do, and are told each hour that they do."""
        if settings.sellers != "netsuite":
            return
        self._on_call.page(
            self,
            "seller-stock-refused",
            self._on_call.own_metric(
                "SellerStockRefusedHours", "Maximum", Duration.hours(1), {"marketplace": marketplace}
            ),
            threshold=hours,
            of=marketplace,
            meaning=f"NetSuite has refused a record of other shops' stock at {marketplace} for {hours} hours or more.",
        )

    def _listings(self, marketplace: str, settings: Marketplace) -> None:
        """What lets buyers get another thing than they saw, or a figure that nobody of ours wrote."""
        if settings.listings is None:
            return
        dimensions = {"marketplace": marketplace}
        self._on_call.page(
            self,
            "mapping-mismatched",
            self._on_call.own_metric("MappingMismatches", "Maximum", Duration.days(1), dimensions),
            threshold=1,
            of=marketplace,
            meaning=f"An offer of {marketplace} is of no item, or of another than it seems: its orders may be booked"
            " wrong.",
        )
        self._on_call.page(
            self,
            "stock-drift",
            self._on_call.own_metric(
                "StockDrift", "Maximum", Duration.hours(1), {**dimensions, "cause": "changed_outside"}
            ),
            threshold=DRIFTED,
            of=marketplace,
            meaning=f"Somebody else writes quantities of offers of {marketplace}.",
        )
        if settings.listings.sync:
            self._on_call.page(
                self,
                "listing-import-errors",
                self._on_call.own_metric("ListingRowsRefused", "Sum", Duration.hours(1), dimensions),
                threshold=REFUSED_ROWS,
                of=marketplace,
                meaning=f"{marketplace} refuses offers or prices, or whole files of them.",
            )

    def _at_risk(self, marketplace: str) -> None:
        self._on_call.page(
            self,
            "orders-at-risk",
            self._on_call.own_metric("OrdersAtRisk", "Maximum", Duration.minutes(5), {"marketplace": marketplace}),
            threshold=1,
            of=marketplace,
            periods=2,
            meaning=f"An order of {marketplace} is close to its deadline, and the next step is ours.",
        )

    def _undone(self, marketplace: str) -> None:
        self._on_call.page(
            self,
            "fulfilment-undone",
            self._on_call.own_metric("FulfilmentUndone", "Sum", Duration.minutes(5), {"marketplace": marketplace}),
            threshold=1,
            of=marketplace,
            meaning=f"A fulfilment that {marketplace} was told of was changed, unshipped or deleted in NetSuite.",
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

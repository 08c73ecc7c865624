"""What the constructs of one deployment share."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.clock import Clock
from infra.credentials import Credentials
from infra.doorbells import Doorbells
from infra.keys import Keys
from infra.on_call import OnCall
from infra.store import Store
from tieout.config import Config, Marketplace


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Built once by the stack; every function is made with it."""

    config: Config
    keys: Keys
    store: Store
    credentials: Credentials
    doorbells: Doorbells
    clock: Clock
    on_call: OnCall
    layers: tuple[lambda_.ILayerVersion, ...]
    matching_layer: lambda_.ILayerVersion | None
    """Of the functions that match whole months; None where no marketplace is settled."""
    architecture: lambda_.Architecture

    @property
    def name(self) -> str:
        """Prefix of every resource that has a name."""
        return self.config.deployment

    @property
    def selling(self) -> dict[str, Marketplace]:
        """Marketplaces whose orders flow."""
        return {name: one for name, one in self.config.marketplaces.items() if one.orders.enabled}

    @property
    def shipping(self) -> dict[str, Marketplace]:
        """Those of them whose shipments flow."""
        return {name: one for name, one in self.selling.items() if one.shipments.enabled}

    @property
    def returning(self) -> dict[str, Marketplace]:
        """Those of them whose refunds and returns flow."""
        return {name: one for name, one in self.selling.items() if one.returns.enabled}

    @property
    def stocked(self) -> dict[str, Marketplace]:
        """Marketplaces whose offers show NetSuite's stock."""
        return {name: one for name, one in self.config.marketplaces.items() if one.stock and one.stock.enabled}

    @property
    def listing(self) -> dict[str, Marketplace]:
        """Those of them whose offers are held against items."""
        return {name: one for name, one in self.stocked.items() if one.listings}

    @property
    def syncing(self) -> dict[str, Marketplace]:
        """Those of them whose offers are made from items."""
        return {name: one for name, one in self.listing.items() if one.listings and one.listings.sync}

    @property
    def strict(self) -> bool:
        """Whether orders of a SKU that the audit doubts wait for a person anywhere."""
        return any(one.listings and one.listings.strict for one in self.listing.values())

    @property
    def consolidating(self) -> list[str]:
        """Those of them whose operator wants to know what every shop has."""
        return [
            name
            for name, one in self.stocked.items()
            if one.role == "operator" and one.stock and one.stock.sellers != "off"
        ]

    @property
    def keeping_sellers(self) -> list[str]:
        """Those of them whose operator wants it in NetSuite, too."""
        stocks = self.stocked
        return [name for name in self.consolidating if (own := stocks[name].stock) and own.sellers == "netsuite"]

    @property
    def operated(self) -> dict[str, Marketplace]:
        """Those of the shipping ones that an operator sees every shop of."""
        return {name: one for name, one in self.shipping.items() if one.role == "operator"}

    @property
    def settling(self) -> dict[str, Marketplace]:
        """Marketplaces whose money flows."""
        return {name: one for name, one in self.config.marketplaces.items() if one.settlement}

    def environment(self, *names: str) -> dict[str, str]:
        """The variables that a function asks for by name, and no other."""
        known = {
            "POSTINGS_TABLE": self.store.postings.table_name,
            "IDEMPOTENCY_TABLE": self.store.idempotency.table_name,
            "ARCHIVE_BUCKET": self.store.archive.bucket_name,
            "QUEUE_ORDERS_TO_POST": self.doorbells.to_post.queue.queue_url,
            "QUEUE_ORDERS_TO_FETCH": self.doorbells.to_fetch.queue.queue_url,
            "QUEUE_SHIPMENTS_TO_CONFIRM": self.doorbells.to_confirm.queue.queue_url,
            "SECRETS_PREFIX": self.credentials.prefix,
        }
        if self.doorbells.fulfilments_to_fetch:
            known["QUEUE_FULFILMENTS_TO_FETCH"] = self.doorbells.fulfilments_to_fetch.queue.queue_url
        if self.doorbells.settlements_to_post:
            known["QUEUE_SETTLEMENTS_TO_POST"] = self.doorbells.settlements_to_post.queue.queue_url
        return {name: known[name] for name in names}

    def read_secrets(self, *, mirakl: bool = False, netsuite: bool = False) -> list[iam.PolicyStatement]:
        """Read the credentials of one side, or of both."""
        return self.credentials.read(
            *(self.credentials.mirakl.values() if mirakl else ()), *((self.credentials.netsuite,) if netsuite else ())
        )

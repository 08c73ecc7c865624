"""The one stack of a deployment."""

from __future__ import annotations

from typing import NamedTuple

from aws_cdk import AssetHashType, CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.alarms import Alarms
from infra.clock import Clock
from infra.credentials import Credentials
from infra.deployment import Deployment
from infra.doorbells import Doorbells
from infra.exceptions import Exceptions
from infra.function import Function
from infra.keys import Keys
from infra.layers import Layer
from infra.listings import Listings
from infra.on_call import OnCall
from infra.orders import Orders
from infra.reconcile import Reconcile
from infra.returns import Returns
from infra.settlement import Settlement
from infra.shipments import Shipments
from infra.stock import Stock
from infra.store import Store
from infra.timeouts import check_patience
from infra.webhook_api import MIRAKL, NETSUITE, WebhookApi
from tieout.config import Config


class Layers(NamedTuple):
    """The layers and the machine that they were built for (`arm64` or `x86_64`)."""

    dependencies: Layer
    own: Layer
    machine: str
    matching: Layer | None = None
    """None where no marketplace is settled."""


class TieoutStack(Stack):
    """Tieout for one NetSuite account and any number of marketplaces. Raises ConfigError."""

    def __init__(self, scope: Construct, *, config: Config, layers: Layers) -> None:
        super().__init__(
            scope,
            f"tieout-{config.deployment}",
            description=f"Tieout {config.deployment}: Mirakl marketplaces and NetSuite, tied out",
        )
        check_patience(config)
        keys = Keys(self, "Keys", deployment=config.deployment)
        on_call = OnCall(self, "OnCall", config=config, key=keys.data)
        deployment = Deployment(
            config=config,
            keys=keys,
            store=Store(self, "Store", key=keys.data, retention=config.retention),
            credentials=Credentials(self, "Credentials", config=config, key=keys.credentials),
            doorbells=Doorbells(self, "Doorbells", config=config, on_call=on_call),
            clock=Clock(self, "Clock", deployment=config.deployment, on_call=on_call),
            on_call=on_call,
            layers=(self._layer("Dependencies", layers.dependencies), self._layer("Own", layers.own)),
            matching_layer=self._layer("Matching", layers.matching) if layers.matching else None,
            architecture=lambda_.Architecture.ARM_64 if layers.machine == "arm64" else lambda_.Architecture.X86_64,
        )
        orders = Orders(self, "Orders", deployment=deployment)
        shipments = Shipments(self, "Shipments", deployment=deployment)
        Returns(self, "Returns", deployment=deployment)
        Settlement(self, "Settlement", deployment=deployment)
        Reconcile(self, "Reconcile", deployment=deployment)
        Stock(self, "Stock", deployment=deployment)
        Listings(self, "Listings", deployment=deployment)
        Exceptions(self, "Exceptions", deployment=deployment)
        Alarms(self, "Alarms", config=config, on_call=on_call)
        self._outputs(deployment, self._door(deployment, orders.receive, shipments.receive))

    def _door(self, deployment: Deployment, mirakl: Function | None, netsuite: Function | None) -> dict[str, str]:
        """No door where nobody rings; else its addresses."""
        if not (mirakl or netsuite):
            return {}
        door = WebhookApi(self, "Events", deployment=deployment)
        outputs = {"EventsApiId": door.id}
        if mirakl:
            door.answer(MIRAKL, mirakl)
            outputs["EventsUrl"] = door.mirakl_url
        if netsuite:
            door.answer(NETSUITE, netsuite)
            outputs["NetSuiteEventsUrl"] = door.netsuite_url
        return outputs

    def _layer(self, construct_id: str, layer: Layer) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            f"{construct_id}Layer",
            code=lambda_.Code.from_asset(
                str(layer.folder), asset_hash=layer.digest, asset_hash_type=AssetHashType.CUSTOM
            ),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        )

    def _outputs(self, deployment: Deployment, door: dict[str, str]) -> None:
        credentials, doorbells = deployment.credentials, deployment.doorbells
        outputs = {
            "PostingsTable": deployment.store.postings.table_name,
            "IdempotencyTable": deployment.store.idempotency.table_name,
            "ArchiveBucket": deployment.store.archive.bucket_name,
            "QueueOrdersToPost": doorbells.to_post.queue.queue_url,
            "QueueOrdersToFetch": doorbells.to_fetch.queue.queue_url,
            "QueueShipmentsToConfirm": doorbells.to_confirm.queue.queue_url,
            "AlarmTopic": deployment.on_call.topic.topic_arn,
            "ScheduleGroup": deployment.clock.group.schedule_group_name,
            "SecretsPrefix": credentials.prefix,
            "SecretsToFill": ", ".join(credentials.to_fill),
            **door,
            **({"QueueSettlementsToPost": settle.queue.queue_url} if (settle := doorbells.settlements_to_post) else {}),
            **({"QueueFulfilmentsToFetch": rung.queue.queue_url} if (rung := doorbells.fulfilments_to_fetch) else {}),
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

"""The queues that say "there is something to do": ours, and those that Mirakl Cloud Events send to."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import timeouts
from infra.credentials import rings
from infra.on_call import OnCall
from infra.queue import Queue
from tieout.config import Config
from tieout.domain.postings import Lane


class Doorbells(Construct):
    """`to_post` is worked by post_orders, `to_confirm` by confirm_shipments.

    `to_fetch` and `cloud_events` are worked by fetch_orders; `fulfilments_to_fetch`, which is there where NetSuite
    rings, by fetch_fulfilments; `settlements_to_post`, which is there where a marketplace is settled, by
    post_settlements.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, on_call: OnCall) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._on_call = on_call
        self.to_post = self._queue(Lane.ORDERS_TO_POST, timeouts.WORK)
        self.to_confirm = self._queue(Lane.SHIPMENTS_TO_CONFIRM, timeouts.WORK)
        settles = any(one.settlement for one in config.marketplaces.values())
        self.settlements_to_post = self._queue(Lane.SETTLEMENTS_TO_POST, timeouts.WORK) if settles else None
        self.fulfilments_to_fetch = self._queue("fulfilments-to-fetch", timeouts.WORK) if rings(config) else None
        self.to_fetch = self._queue("orders-to-fetch", timeouts.FETCH)
        self.cloud_events = [
            self._cloud_events(name, one.webhooks.cloud_events_principal)
            for name, one in config.marketplaces.items()
            if one.orders.enabled and one.webhooks.cloud_events_principal
        ]

    def _cloud_events(self, marketplace: str, principal: str) -> Queue:
        """Only Mirakl's principal may send; a message is a doorbell too, so anything it says is looked up again."""
        queue = self._queue(f"{marketplace}-mirakl-events", timeouts.FETCH)
        queue.queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="MiraklMaySend",
                principals=[iam.ArnPrincipal(principal)],
                actions=["sqs:SendMessage"],
                resources=[queue.queue.queue_arn],
            ),
        )
        return queue

    def _queue(self, name: str, worker_timeout: Duration) -> Queue:
        return Queue(
            self,
            name,
            deployment=self._config.deployment,
            name=name,
            worker_timeout=worker_timeout,
            on_call=self._on_call,
        )

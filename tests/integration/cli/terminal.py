"""A person at a terminal, and the deployment they look into: AWS in this process (moto), the twins on real HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import yaml
from typer.testing import CliRunner, Result

from tests.fakes.house import settings
from tests.integration.aws.rehearsal import new_table
from tests.integration.running_twins import MARKETPLACE, Running
from tieout.cli.app import app
from tieout.config import config_from
from tieout.domain.postings import Key, Lane
from tieout.flows.orders.post import post_sales_orders
from tieout.flows.ports import At
from tieout.wiring import runtime_for

REGION = "eu-central-1"
STACK = "tieout-test"
SOME_DAY = ("--from", "2026-10-01", "--to", "2026-10-02")


class Terminal:
    """`tieout ...` as a person types it. `settings` is the file they point it to."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "deployment.yaml"
        self.settings: dict[str, Any] = settings()
        self.save()

    def save(self) -> None:
        self.file.write_text(yaml.safe_dump(self.settings), encoding="utf-8")

    def tieout(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.file), *words])

    def answer(self, *words: str, code: int = 0) -> Any:
        """What a script gets: one JSON document on standard output, and nothing else."""
        result = self.tieout(*words, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def says(self, *words: str, code: int = 0) -> str:
        """What a person reads on standard output."""
        result = self.tieout(*words)
        assert result.exit_code == code, result.output
        return result.stdout

    def refuses(self, *words: str, code: int = 2) -> str:
        """The words on standard error, in one line, after which nothing was answered."""
        result = self.tieout(*words)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return " ".join(result.stderr.split())


class Deployed(Terminal):
    """A deployment with its stack, its secrets and its twins."""

    def __init__(self, folder: Path, twins: Running) -> None:
        super().__init__(folder)
        self.twins = twins
        self._connect()
        self.outputs = deploy_stack()
        store_secrets(twins)

    def _connect(self) -> None:
        marketplaces = self.settings["marketplaces"]
        marketplaces[MARKETPLACE] = marketplaces.pop("brightside")
        here = self.twins.twins
        url = here.mirakl.marketplaces[MARKETPLACE].url
        self.settings["sandbox"] = {"mirakl": {MARKETPLACE: url}, "netsuite": here.netsuite.url}
        self.save()

    @property
    def at(self) -> At:
        """What the functions of this deployment work with."""
        return runtime_for(config_from(self.settings), self.outputs)

    def work(self) -> None:
        """The worker of orders-to-post takes what is due."""
        at = self.at
        now = datetime.now(UTC)
        assert post_sales_orders(at.postings.due(Lane.ORDERS_TO_POST, now, 100), at, now + timedelta(minutes=5)) == []

    def rung(self) -> list[Key]:
        """Doorbells in the queue of orders-to-post, taken out."""
        sqs = boto3.client("sqs", region_name=REGION)
        found: list[Key] = []
        url = self.outputs["QueueOrdersToPost"]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [Key.parse(message["Body"]) for message in messages]
        return found


def deploy_stack() -> dict[str, str]:
    """The outputs that a command looks up, on resources that exist."""
    new_table(boto3.client("dynamodb", region_name=REGION), "postings-1")
    boto3.client("s3", region_name=REGION).create_bucket(
        Bucket="archive-1", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    sqs = boto3.client("sqs", region_name=REGION)
    outputs = {
        "PostingsTable": "postings-1",
        "ArchiveBucket": "archive-1",
        "QueueOrdersToPost": sqs.create_queue(QueueName="orders-to-post")["QueueUrl"],
        "QueueOrdersToFetch": sqs.create_queue(QueueName="orders-to-fetch")["QueueUrl"],
        "QueueShipmentsToConfirm": sqs.create_queue(QueueName="shipments-to-confirm")["QueueUrl"],
        "SecretsPrefix": "tieout/test",
    }
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    return outputs


def store_secrets(twins: Running) -> None:
    """The twins' credentials, as docs/operations/deploy.md stores real ones."""
    netsuite = twins.twins.netsuite
    parts = ("client_id", "certificate_id", "private_key", "certificate")
    store_secret("netsuite", {part: getattr(netsuite, part) for part in parts})
    store_secret("webhooks/netsuite", {"current": "generated"})
    store_secret(f"mirakl/{MARKETPLACE}", {"api_key": twins.twins.mirakl.marketplaces[MARKETPLACE].api_key})


def store_secret(name: str, fields: dict[str, str]) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    try:
        client.create_secret(Name=f"tieout/test/{name}", SecretString=json.dumps(fields))
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=f"tieout/test/{name}", SecretString=json.dumps(fields))

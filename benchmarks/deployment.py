"""A deployment to be measured: real flows and adapters, the twins and the local AWS in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
import yaml
from msgspec import Struct

from benchmarks import ROOT
from sandbox import local_aws
from tests.fakes.or11 import a_wire_line, a_wire_order
from tieout import wiring
from tieout.config import Config, config_from
from tieout.flows.ports import At
from tieout.netsuite.payloads import BODY_FIELDS, COMMISSION, DEADLINE, LINE_FIELDS

MARKETPLACE = "brightside-uk"
SKUS = [f"SKU-{number}" for number in range(20)]
_ENVIRONMENT = {"POWERTOOLS_SERVICE_NAME": "bench", "POWERTOOLS_METRICS_NAMESPACE": "Tieout"}
_PREFIX = "tieout/bench"


class Deployment(Struct, frozen=True):
    """Where the twins are, and what a function would be given."""

    config: Config
    twins: dict[str, Any]
    outputs: dict[str, str]

    def at(self) -> At:
        """The surroundings of one function's process: its own connections, token and caches."""
        return wiring.runtime_for(self.config, self.outputs)

    def control(self, system: str, method: str, path: str, body: object = None) -> Any:
        """Ask a twin about itself."""
        answer = requests.request(method, f"{self.twins[system]['url']}/_twin/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def calls(self, system: str) -> dict[str, Any]:
        """How many calls a twin has had, by operation, and how many at once."""
        found: dict[str, Any] = self.control(system, "GET", "calls?summary=true")
        return found


@contextlib.contextmanager
def deployed(orders: int, waiting: int = 0) -> Iterator[Deployment]:
    """One marketplace with this many orders to be posted, and this many that wait for acceptance."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            _twins(_world(folder, orders, waiting)) as twins,
            local_aws.running(folder) as aws,
            patch.dict(os.environ, _ENVIRONMENT | aws.environment()),
        ):
            config = _config(twins)
            deployment = Deployment(config, twins, _stack(aws, twins))
            fields = dict.fromkeys((*BODY_FIELDS, *LINE_FIELDS), "text") | {DEADLINE: "datetime", COMMISSION: "decimal"}
            deployment.control("netsuite", "POST", "custom_fields", fields)
            yield deployment


def _world(folder: Path, orders: int, waiting: int) -> Path:
    created = datetime.now(UTC) - timedelta(hours=2)

    def order(number: int) -> dict[str, Any]:
        order_id, at = f"BENCH-{number}-A", (created + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        state = "SHIPPING" if number < orders else "WAITING_ACCEPTANCE"
        line = a_wire_line(f"{order_id}-1", offer_sku=SKUS[number % len(SKUS)], order_line_state=state)
        return a_wire_order(order_id, [line], order_state=state, created_date=at, last_updated_date=at)

    items = [
        {"id": str(1000 + number), "itemid": sku, "itemtype": "InvtPart", "isinactive": "F"}
        | {"locations": [{"location": "1", "quantityavailable": 1_000_000}]}
        for number, sku in enumerate(SKUS)
    ]
    rows = {f"mirakl/{MARKETPLACE}/orders": [order(number) for number in range(orders + waiting)]}
    for place, records in (rows | {"netsuite/items": items}).items():
        file = folder / f"{place}.ndjson"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return folder


@contextlib.contextmanager
def _twins(world: Path) -> Iterator[dict[str, Any]]:
    ready = world / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--world", str(world), "--ready", str(ready), "--seed", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError("the twins did not start")
            time.sleep(0.05)
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        process.wait(timeout=30)


def _config(twins: dict[str, Any]) -> Config:
    data = yaml.safe_load((ROOT / "config/gift-shop.yaml").read_text(encoding="utf-8"))
    data["marketplaces"] = {MARKETPLACE: data["marketplaces"][MARKETPLACE]}
    data["sandbox"] = {
        "mirakl": {MARKETPLACE: twins["mirakl"]["marketplaces"][MARKETPLACE]["url"]},
        "netsuite": twins["netsuite"]["url"],
    }
    return config_from(data)


def _stack(aws: local_aws.LocalAws, twins: dict[str, Any]) -> dict[str, str]:
    """A table, a bucket, a queue and the secrets, as the stack makes them; answers the stack's outputs."""
    keys = {"pk": "HASH", "sk": "RANGE"}
    index = {"todo": "HASH", "at": "RANGE"}

    def schema(names: dict[str, str]) -> list[Any]:
        return [{"AttributeName": name, "KeyType": kind} for name, kind in names.items()]

    aws.client("dynamodb").create_table(
        TableName="postings",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema(keys),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in (*keys, *index)],
        GlobalSecondaryIndexes=[
            {"IndexName": "todo", "KeySchema": schema(index), "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    aws.client("s3").create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": local_aws.REGION})
    queue = aws.client("sqs").create_queue(QueueName="orders-to-post")["QueueUrl"]
    secrets = aws.client("secretsmanager")
    shop = twins["mirakl"]["marketplaces"][MARKETPLACE]
    login = {name: twins["netsuite"][name] for name in ("client_id", "certificate_id", "private_key", "certificate")}
    for name, secret in (("netsuite", login), (f"mirakl/{MARKETPLACE}", {"api_key": shop["api_key"]})):
        secrets.create_secret(Name=f"{_PREFIX}/{name}", SecretString=json.dumps(secret))
    return {
        "PostingsTable": "postings",
        "ArchiveBucket": "archive",
        "QueueOrdersToPost": queue,
        "SecretsPrefix": _PREFIX,
    }

"""The public door on this machine: a WSGI application that hands HTTP to the functions as API Gateway does.

The functions are the deployed ones with their real wiring; AWS is in this process (moto), and every call that would
change something there is noted.
"""

from __future__ import annotations

import json
import os
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import boto3
import botocore.client
from moto import mock_aws

from functions import receive_mirakl_event, receive_netsuite_event
from tieout import wiring
from tieout.config import deployed_config
from tieout.domain.webhooks import netsuite_signature, signature

ROOT = Path(__file__).resolve().parents[1]
OPENAPI = ROOT / "docs" / "reference" / "webhooks.openapi.json"
MARKETPLACE, ACCOUNT = "brightside-uk", "1234567_SB1"
SECRET = "shared-by-both-sides"
_PREFIX = "tieout/gift-shop"
_READS = ("GetSecretValue",)
_MIRAKL = re.compile(r"/mirakl/([^/]+)/events")
_SOMEBODY = {
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "test"),
    **dict.fromkeys(("AWS_DEFAULT_REGION", "AWS_REGION"), "eu-central-1"),
}

Start = Callable[[str, list[tuple[str, str]]], object]


class Context:
    """What Lambda tells a function about a run."""

    aws_request_id = "run-1"
    function_name = "receive"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


class Door:
    """`handled` is how long each request was in a function, in seconds, and `waited` how long of that in AWS.

    `changes` are the calls that changed something there, `failures` what a function did not handle.
    """

    def __init__(self) -> None:
        self.handled: list[float] = []
        self.waited: list[float] = []
        self.in_aws = 0.0
        self.changes: list[str] = []
        self.failures: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """WSGI."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if environ["REQUEST_METHOD"] == "GET" and path == "/openapi.json":
            start("200 OK", [("Content-Type", "application/json")])
            return [OPENAPI.read_bytes()]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        status = self.post(path, headers, environ["wsgi.input"].read(length), method=environ["REQUEST_METHOD"])
        start(f"{status} {HTTPStatus(status).phrase}", [("Content-Length", "0")])
        return [b""]

    def post(self, path: str, headers: dict[str, str], body: bytes, *, method: str = "POST") -> int:
        """What API Gateway does with a request: a route's function answers it, any other is not found."""
        marketplace = _MIRAKL.fullmatch(path)
        if method != "POST" or not (marketplace or path == "/netsuite/events"):
            return 404
        event: dict[str, Any] = {
            "headers": headers,
            **_carried(body),
            "requestContext": {"http": {"sourceIp": "203.0.113.9"}},
        }
        if marketplace:
            event["pathParameters"] = {"marketplace": unquote(marketplace[1])}
        function = receive_mirakl_event if marketplace else receive_netsuite_event
        began, before = time.perf_counter(), self.in_aws
        try:
            answer = function.handler(event, Context())
        except Exception as error:  # noqa: BLE001  Lambda answers any of them with 500
            self.failures.append(repr(error))
            return 500
        finally:
            self.handled.append(time.perf_counter() - began)
            self.waited.append(self.in_aws - before)
        return int(answer["statusCode"])


def _carried(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": b64encode(body).decode(), "isBase64Encoded": True}


def signed_as_mirakl(body: bytes, message_id: str) -> dict[str, str]:
    """Headers of a marketplace that knows the secret."""
    stamp = str(int(time.time()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(SECRET, message_id, stamp, body),
    }


def signed_as_netsuite(body: bytes) -> dict[str, str]:
    """Headers of the account's script."""
    stamp = str(int(time.time()))
    return {"x-tieout-timestamp": stamp, "x-tieout-signature": netsuite_signature(SECRET, stamp, body)}


@contextmanager
def open_door() -> Iterator[Door]:
    """A door of the gift shop's, with its secrets, its table and its queues."""
    with patch.dict(os.environ, _SOMEBODY), mock_aws():
        os.environ.pop("AWS_ENDPOINT_URL", None)
        os.environ.update(_resources())
        _forget()
        door = Door()
        call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's one way out

        def noted(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            if operation not in _READS:
                door.changes.append(operation)
            began = time.perf_counter()
            try:
                return call(client, operation, arguments)
            finally:
                door.in_aws += time.perf_counter() - began

        try:
            with patch.object(botocore.client.BaseClient, "_make_api_call", noted):
                yield door
        finally:
            _forget()


def _resources() -> dict[str, str]:
    boto3.client("dynamodb").create_table(
        TableName="idempotency",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    for sender in (MARKETPLACE, "maison-eu", "netsuite"):
        boto3.client("secretsmanager").create_secret(
            Name=f"{_PREFIX}/webhooks/{sender}", SecretString=json.dumps({"current": SECRET})
        )
    queue = boto3.client("sqs").create_queue
    return {
        "TIEOUT_CONFIG": str(ROOT / "config" / "gift-shop.yaml"),
        "IDEMPOTENCY_TABLE": "idempotency",
        "QUEUE_ORDERS_TO_FETCH": queue(QueueName="orders")["QueueUrl"],
        "QUEUE_FULFILMENTS_TO_FETCH": queue(QueueName="fulfilments")["QueueUrl"],
        "SECRETS_PREFIX": _PREFIX,
        "POWERTOOLS_SERVICE_NAME": "receive",
    }


def _forget() -> None:
    for each in (wiring._client, wiring._reception, wiring._netsuite_reception, deployed_config):
        each.cache_clear()

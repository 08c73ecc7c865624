"""Credentials: fresh enough, never shown, and a clear word when they are not there."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from tieout.aws.secrets import KEPT_SECONDS, Secrets
from tieout.domain.errors import CredentialsRefused

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CANARY = "canary-7f3a"


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def manager(session: boto3.Session) -> SecretsManagerClient:
    client: SecretsManagerClient = session.client("secretsmanager")
    return client


def stored(manager: SecretsManagerClient, name: str, text: str | None) -> str:
    """Store a secret of this test's own deployment; answers the deployment's prefix."""
    prefix = f"tieout/{name}"
    if text is None:
        manager.create_secret(Name=f"{prefix}/netsuite")
    else:
        manager.create_secret(Name=f"{prefix}/netsuite", SecretString=text)
    return prefix


def test_a_secret_is_read_by_its_name_in_the_deployment(manager: SecretsManagerClient) -> None:
    secret = Secrets(manager, stored(manager, "read", json.dumps({"client_id": "abc"}))).get("netsuite")
    assert secret["client_id"] == "abc"
    assert secret.get("algorithm", "ES256") == "ES256"
    assert dict(secret) == {"client_id": "abc"}


def test_a_rotated_secret_is_in_use_after_five_minutes(manager: SecretsManagerClient) -> None:
    clock = Seconds()
    prefix = stored(manager, "rotated", json.dumps({"client_id": "old"}))
    secrets = Secrets(manager, prefix, clock)
    assert secrets.get("netsuite")["client_id"] == "old"

    manager.put_secret_value(SecretId=f"{prefix}/netsuite", SecretString=json.dumps({"client_id": "new"}))
    clock.now += KEPT_SECONDS - 1
    assert secrets.get("netsuite")["client_id"] == "old"
    clock.now += 1
    assert secrets.get("netsuite")["client_id"] == "new"


def test_a_secret_that_was_refused_is_read_anew(manager: SecretsManagerClient) -> None:
    prefix = stored(manager, "refused", json.dumps({"client_id": "old"}))
    secrets = Secrets(manager, prefix)
    secrets.get("netsuite")
    manager.put_secret_value(SecretId=f"{prefix}/netsuite", SecretString=json.dumps({"client_id": "new"}))
    secrets.forget("netsuite")
    assert secrets.get("netsuite")["client_id"] == "new"


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_secret_that_was_never_filled_is_named_with_how_to_fill_it(manager: SecretsManagerClient, name: str) -> None:
    if name == "empty":
        stored(manager, name, None)
    with pytest.raises(CredentialsRefused, match=f"put-secret-value --secret-id tieout/{name}/netsuite"):
        Secrets(manager, f"tieout/{name}").get("netsuite")


def test_a_secret_without_the_wanted_field_says_which(manager: SecretsManagerClient) -> None:
    secret = Secrets(manager, stored(manager, "field", json.dumps({"api_key": CANARY}))).get("netsuite")
    with pytest.raises(CredentialsRefused, match="tieout/field/netsuite has no 'private_key'") as caught:
        secret["private_key"]
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [CANARY, f'{{"api_key": "{CANARY}"', f'["{CANARY}"]', f'{{"api_key": ["{CANARY}"]}}', f'"{CANARY}"'],
    ids=["plain text", "cut off", "a list", "not a text", "one text"],
)
def test_a_secret_in_the_wrong_form_is_refused_without_showing_it(manager: SecretsManagerClient, text: str) -> None:
    prefix = stored(manager, f"form-{uuid4().hex}", text)
    with pytest.raises(CredentialsRefused, match="is not a JSON object of texts") as caught:
        Secrets(manager, prefix).get("netsuite")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_secret_shows_its_fields_and_never_their_values(manager: SecretsManagerClient) -> None:
    secrets = Secrets(manager, stored(manager, "shown", json.dumps({"api_key": CANARY})))
    secret = secrets.get("netsuite")
    for text in (repr(secret), str(secret), f"{secret}", repr(secrets), repr([secret])):
        assert CANARY not in text
    assert "api_key" in repr(secret)

"""Credentials from Secrets Manager, read when they are needed, kept for minutes, shown nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tieout.domain.errors import CredentialsRefused

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS = 300
"""A rotated secret is in use after this long, without a deployment."""


class Secret(Mapping[str, str]):
    """A secret's fields; its text never shows their values."""

    def __init__(self, name: str, fields: Mapping[str, str]) -> None:
        self._name = name
        self._fields = dict(fields)

    def __getitem__(self, field: str) -> str:
        """Raises CredentialsRefused when the secret was stored without this field."""
        if field not in self._fields:
            raise CredentialsRefused(f"secret {self._name} has no {field!r}: store it as JSON with that key")
        return self._fields[field]

    def get(self, field: str, default: Any = None) -> Any:
        """A field that may be left out."""
        return self._fields.get(field, default)

    def __contains__(self, field: object) -> bool:
        return field in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Secret({self._name!r}, fields: {', '.join(sorted(self._fields)) or 'none'})"


class Secrets:
    """Secrets of a deployment by their name behind `prefix`: `netsuite`, `mirakl/<marketplace>` and so on."""

    def __init__(self, client: SecretsManagerClient, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock
        self._kept: dict[str, tuple[float, Secret]] = {}

    def get(self, name: str) -> Secret:
        """A secret's fields.

        Raises CredentialsRefused, saying how to store it, when it is missing or not a JSON object of texts.
        """
        kept_at, secret = self._kept.get(name, (0.0, None))
        if secret is not None and self._clock() - kept_at < KEPT_SECONDS:
            return secret
        secret = self._read(f"{self._prefix}/{name}")
        self._kept[name] = (self._clock(), secret)
        return secret

    def forget(self, name: str) -> None:
        """Read it anew the next time: the other side refused what we had."""
        self._kept.pop(name, None)

    def _read(self, full_name: str) -> Secret:
        try:
            text = self._client.get_secret_value(SecretId=full_name)["SecretString"]
        except (self._client.exceptions.ResourceNotFoundException, KeyError):
            raise CredentialsRefused(f"secret {full_name} is not stored yet: {_how(full_name)}") from None
        try:
            fields = json.loads(text)
        except ValueError:
            # The parser's message would quote the secret.
            fields = None
        if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
            raise CredentialsRefused(f"secret {full_name} is not a JSON object of texts: {_how(full_name)}")
        return Secret(full_name, fields)

    def __repr__(self) -> str:
        return f"Secrets({self._prefix!r})"


def _how(full_name: str) -> str:
    return (
        "write the JSON to a file that only you can read, then "
        f"aws secretsmanager put-secret-value --secret-id {full_name} --secret-string file://FILE"
    )

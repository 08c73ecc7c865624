"""What the pack was made from and what it consists of, so that anybody can make it again and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

FORMAT = 1
"""Of the manifest; goes up when a field changes its meaning."""


class InputFile(Struct, frozen=True, order=True):
    """A file that the pack was made from."""

    name: str
    """Path within the export folder."""
    sha256: str
    size: int
    """Bytes."""


def hash_of(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return sha256(content).hexdigest()


def run_id(*, period: str, as_of: str, code_version: str, config_hash: str, inputs: Sequence[InputFile]) -> str:
    """Names a run by everything that it depends on, and by nothing else: the same inputs give the same id."""
    parts = {
        "as_of": as_of,
        "code": code_version,
        "config": config_hash,
        "inputs": [[each.name, each.sha256] for each in sorted(inputs)],
        "period": period,
    }
    return hash_of(msgspec.json.encode(parts, order="deterministic"))[:32]


def manifest_bytes(facts: Mapping[str, Any], inputs: Sequence[InputFile], files: Mapping[str, bytes]) -> bytes:
    """The manifest: keys in order, no clock."""
    document = {
        "format": FORMAT,
        **facts,
        "inputs": [{"name": each.name, "sha256": each.sha256, "bytes": each.size} for each in sorted(inputs)],
        "files": [
            {"name": name, "sha256": hash_of(content), "bytes": len(content)} for name, content in sorted(files.items())
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2) + b"\n"

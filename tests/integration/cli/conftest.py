"""AWS in this process, twins on real ports, and a person who types."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
import requests
from moto import mock_aws

from tests.fakes.or11 import a_wire_line, a_wire_order
from tests.integration.cli.terminal import REGION, Deployed, Terminal
from tests.integration.running_twins import Running, running

_SOMEBODY = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}
_NOT_MINE = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "TIEOUT_CONFIG", "POSTINGS_TABLE", "SECRETS_PREFIX")


@pytest.fixture
def aws() -> Iterator[None]:
    with patch.dict(os.environ, _SOMEBODY), mock_aws():
        for name in _NOT_MINE:
            os.environ.pop(name, None)
        yield


@pytest.fixture
def terminal(aws: None, tmp_path: Path) -> Terminal:
    """A person with settings, whose stack is not deployed."""
    return Terminal(tmp_path)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    """Three orders of one October day: one to be posted, one with a SKU that NetSuite lacks, one cancelled."""
    orders = [
        a_wire_order("GOOD-A"),
        a_wire_order("ODD-A", [a_wire_line("ODD-A-1", offer_sku="mug ")]),
        a_wire_order("DEAD-A", [a_wire_line("DEAD-A-1", order_line_state="CANCELED")], order_state="CANCELED"),
    ]
    with running(tmp_path / "world", orders) as both:
        yield both


@pytest.fixture
def deployed(aws: None, twins: Running, tmp_path: Path) -> Deployed:
    """A deployment in which everything is in order; the twins' clocks are ours."""
    for url in (twins.twins.mirakl.url, twins.twins.netsuite.url):
        requests.post(f"{url}/_twin/clock", json={"set": datetime.now(UTC).isoformat()}, timeout=5).raise_for_status()
    return Deployed(tmp_path, twins)

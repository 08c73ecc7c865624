"""Twins on real ports, empty, with the credentials of seed 1."""

import contextlib
from collections.abc import Iterator

import pytest

from sandbox.gate import Gate
from sandbox.mirakl import MiraklTwin
from sandbox.serving import serving
from tests.integration.twins.mirakl import MARKETPLACE, Mirakl


@pytest.fixture
def mirakl() -> Iterator[Mirakl]:
    """A Mirakl twin whose clients keep to the contract."""
    with running_mirakl(official_contracts=True) as running:
        yield running
        assert running.twin.calls.violations() == []


@pytest.fixture(params=[True, False], ids=["official contract", "own route table"])
def strict_mirakl(request: pytest.FixtureRequest) -> Iterator[Mirakl]:
    """A Mirakl twin whose clients may break the contract: with the official documents, and without them."""
    with running_mirakl(official_contracts=request.param) as running:
        yield running


@contextlib.contextmanager
def running_mirakl(*, official_contracts: bool) -> Iterator[Mirakl]:
    twin = MiraklTwin(seed=1, official_contracts=official_contracts)
    with serving(Gate(twin)) as url:
        yield Mirakl(url, twin, twin.access(url).marketplaces[MARKETPLACE])

"""Twins on real ports, empty, with the credentials of seed 1."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.gate import Gate
from sandbox.mirakl import MiraklTwin
from sandbox.netsuite import NetSuiteTwin
from sandbox.serving import serving
from sandbox.world import World
from tests.integration.twins.mirakl import MARKETPLACE, Mirakl
from tests.integration.twins.netsuite import NetSuite, write_world


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


class _Door(Gate):
    """A gate whose twin can be changed: one server for all tests, an account of its own for each."""

    def change(self, twin: NetSuiteTwin) -> None:
        self.__init__(twin)  # type: ignore[misc]  # a new gate in the place of the old one


@pytest.fixture(scope="session")
def netsuite_door() -> Iterator[tuple[_Door, str]]:
    door = _Door(NetSuiteTwin(seed=1))
    with serving(door) as url:
        yield door, url


@pytest.fixture
def netsuite(netsuite_door: tuple[_Door, str], tmp_path: Path) -> Iterator[NetSuite]:
    """A NetSuite twin with five items and no documents, whose clients keep to the contract."""
    with running_netsuite(netsuite_door, tmp_path) as running:
        yield running
        assert running.twin.calls.violations() == []


@pytest.fixture
def gaps_of_netsuite(netsuite_door: tuple[_Door, str], tmp_path: Path) -> Iterator[NetSuite]:
    """A NetSuite twin that is asked for what it cannot do."""
    with running_netsuite(netsuite_door, tmp_path) as running:
        yield running


@contextlib.contextmanager
def running_netsuite(netsuite_door: tuple[_Door, str], folder: Path) -> Iterator[NetSuite]:
    door, url = netsuite_door
    twin = NetSuiteTwin(seed=1)
    twin.load(World(write_world(folder / "world")))
    door.change(twin)
    running = NetSuite(url, twin, twin.access(url))
    yield running
    running.session.close()

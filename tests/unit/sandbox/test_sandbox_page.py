"""The page on the twins names every control route, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from sandbox.control import control_app
from sandbox.faults import KINDS
from sandbox.gate import Gate, Twin
from sandbox.mirakl import MiraklTwin
from sandbox.netsuite import NetSuiteTwin

PAGE = Path("docs/reference/sandbox.md").read_text(encoding="utf-8")


def routes_of(twin: Twin) -> set[str]:
    return {
        route.path.replace("{kind}", "<type>") for route in control_app(Gate(twin)).routes if isinstance(route, Route)
    }


@pytest.mark.parametrize("twin", [MiraklTwin, NetSuiteTwin])
def test_every_control_route_is_on_the_page(twin: type[MiraklTwin | NetSuiteTwin]) -> None:
    missing = {route for route in routes_of(twin(seed=1)) if route not in PAGE}
    assert not missing


def test_the_page_names_no_route_that_is_not_there() -> None:
    named = set(re.findall(r"/_twin/[a-z_/<>]+", PAGE))
    assert named <= routes_of(MiraklTwin(seed=1)) | routes_of(NetSuiteTwin(seed=1))


def test_every_fault_is_on_the_page() -> None:
    assert all(f"`{kind}`" in PAGE for kind in KINDS)

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
from sandbox.mirakl.offers.answers import ABOUT_OFFERS
from sandbox.mirakl.offers.behaviours import OFFER_SWITCHES
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


def test_every_operation_and_switch_about_offers_is_on_the_page() -> None:
    assert [code for code in ABOUT_OFFERS if code not in PAGE] == []
    assert [name for name in OFFER_SWITCHES if f"`{name}`" not in PAGE] == []


def test_the_page_tells_the_switches_as_they_stand() -> None:
    """A number by its figure, a choice by on or off."""
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    told = {
        name: value.strip()
        for names, values in rows
        for name, value in zip(re.findall(r"`(\w+)`", names), values.split(",") * names.count("`"), strict=False)
    }
    shown = {True: "on", False: "off", "": "none"}
    for name, switch in OFFER_SWITCHES.items():
        expected = shown[switch.default] if isinstance(switch.default, bool | str) else f"{switch.default:g}"
        assert (name, told[name]) == (name, expected)

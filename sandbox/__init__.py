"""Twins of Mirakl and NetSuite: two real HTTP servers with state, rules, faults and a clock, on 127.0.0.1."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.mirakl import MiraklAccess
    from sandbox.netsuite import NetSuiteAccess


@dataclass(frozen=True)
class Twins:
    """Where the twins listen and the credentials they take; `state` of each is theirs, for tests to look at."""

    mirakl: "MiraklAccess"
    netsuite: "NetSuiteAccess"


class TwinViolation(AssertionError):
    """A client broke a vendor's contract while the twins ran."""


@contextlib.contextmanager
def running(
    world: Path | str | None = None,
    *,
    seed: int | None = None,
    mirakl_port: int = 0,
    netsuite_port: int = 0,
    mirakl_behaviours: Mapping[str, Any] | None = None,
    netsuite_behaviours: Mapping[str, Any] | None = None,
    expect_violations: bool = False,
) -> Iterator[Twins]:
    """Both twins over real HTTP in threads of this process, until the block ends.

    `seed` makes the credentials repeatable. Raises TwinViolation at the end if any call broke a vendor's contract,
    unless that was expected.
    """
    from sandbox.gate import Gate  # noqa: PLC0415 - servers are loaded only where twins run
    from sandbox.mirakl import MiraklTwin  # noqa: PLC0415
    from sandbox.netsuite import NetSuiteTwin  # noqa: PLC0415
    from sandbox.serving import serving  # noqa: PLC0415
    from sandbox.world import World  # noqa: PLC0415

    opened = World(Path(world) if world else None)
    mirakl, netsuite = MiraklTwin(seed=seed), NetSuiteTwin(seed=seed)
    for twin, behaviours in ((mirakl, mirakl_behaviours), (netsuite, netsuite_behaviours)):
        twin.behaviours.set(behaviours or {})
        twin.load(opened)
    with serving(Gate(mirakl), mirakl_port) as mirakl_url, serving(Gate(netsuite), netsuite_port) as netsuite_url:
        yield Twins(mirakl.access(mirakl_url), netsuite.access(netsuite_url))
    found = [*mirakl.calls.violations(), *netsuite.calls.violations()]
    if found and not expect_violations:
        said = "\n".join(f"{one['method']} {one['path']}: {one['violation']}" for one in found)
        raise TwinViolation(f"{len(found)} call(s) broke a vendor's contract:\n{said}")

"""A port whose calls take time and go wrong by plan, around a fake that never does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Protocol

from tests.simulation.faults import VENDORS, WRITES, Crash, Fault, StoreUnavailableError
from tests.simulation.fibers import Fibers
from tieout.domain.errors import (
    AlreadyExists,
    CredentialsRefused,
    NeedsAttention,
    OutcomeUnknown,
    SystemDown,
    Throttled,
)

LONGEST_PAUSE = 900.0
LONGEST_ZOMBIE = 840.0
"""NetSuite lets a request run for up to 15 minutes."""
RETRY_AFTER = 30.0
TIMEOUT = 90.0
LATENCY = 0.3

LOCAL = frozenset(
    {
        *("read_order", "read_lines", "read_cycles", "read_documents", "read_sold", "only_money"),
        *("paused", "closed_until", "waiting"),
    }
)
"""Calls that stay in the process or are served from its cache; they take no time and do not fail by themselves."""


class Plan(Protocol):
    """Which call is struck by what."""

    def strike(self, port: str, operation: str) -> Fault | None: ...


class Weather:
    """What all ports of a simulation share: the plan of faults, the dice, and how many zombies are still under way."""

    def __init__(self, plan: Plan, random: Random, fibers: Fibers) -> None:
        self.plan = plan
        self.random = random
        self.fibers = fibers
        self.zombies = 0
        self.struck: dict[Fault, int] = {}

    def strike(self, port: str, operation: str) -> Fault | None:
        """The fault of this call, if any; a pause is served here, before the call does anything."""
        fault = self.plan.strike(port, operation)
        if fault is None:
            return None
        self.struck[fault] = self.struck.get(fault, 0) + 1
        if fault is Fault.PAUSE:
            self.fibers.sleep(self.random.uniform(1, LONGEST_PAUSE))
            return None
        return fault

    def later(self, call: Callable[[], Any]) -> None:
        """A request that nobody waits for any more, still running on the other side."""
        self.zombies += 1

        def commit() -> None:
            self.zombies -= 1
            try:
                call()
            except (AlreadyExists, NeedsAttention):
                return  # its answer reaches nobody

        self.fibers.after(self.random.uniform(1, LONGEST_ZOMBIE), commit)


class Unreliable:
    """Wraps a fake; fits whatever port the fake fits."""

    def __init__(self, name: str, fake: Any, weather: Weather) -> None:
        self._name = name
        self._fake = fake
        self._weather = weather

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._fake, operation)
        wrapped: Callable[..., Any] = method
        if operation == "orders_updated":
            wrapped = self._listing(method)
        elif operation not in LOCAL:
            wrapped = self._struck(operation, method)
        self.__dict__[operation] = wrapped
        return wrapped

    def _struck(self, operation: str, method: Callable[..., Any]) -> Callable[..., Any]:
        weather, name = self._weather, self._name
        takes_time = name in VENDORS

        def call(*args: Any, **kwargs: Any) -> Any:
            if takes_time:
                weather.fibers.sleep(LATENCY)
            fault = weather.strike(name, operation)
            if fault is None:
                return method(*args, **kwargs)
            return self._go_wrong(fault, operation, lambda: method(*args, **kwargs))

        return call

    def _go_wrong(self, fault: Fault, operation: str, call: Callable[[], Any]) -> Any:
        weather = self._weather
        match fault:
            case Fault.THROTTLED:
                raise Throttled(f"{operation}: 429", RETRY_AFTER)
            case Fault.DOWN:
                raise SystemDown(f"{operation}: maintenance")
            case Fault.CREDENTIALS:
                raise CredentialsRefused(f"{operation}: 401")
            case Fault.UNAVAILABLE_BEFORE | Fault.LATE | Fault.LOST | Fault.DOUBLED:
                raise StoreUnavailableError(operation)
            case Fault.UNAVAILABLE_AFTER:
                call()
                raise StoreUnavailableError(operation)
            case Fault.CRASH:
                call()
                raise Crash
            case Fault.ZOMBIE:
                weather.later(call)
            case Fault.TIMEOUT_AFTER:
                call()
        weather.fibers.sleep(TIMEOUT)
        raise (OutcomeUnknown if operation in WRITES else SystemDown)(f"{operation}: no answer")

    def _listing(self, method: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """A listing can go wrong at every page."""
        weather = self._weather

        def pages(*args: Any) -> Iterator[Any]:
            for page in method(*args):
                weather.fibers.sleep(LATENCY)
                fault = weather.strike(self._name, "orders_updated")
                if fault is Fault.CRASH:
                    raise Crash
                if fault is not None:
                    self._go_wrong(fault, "orders_updated", lambda: None)
                yield page

        return pages


class UnreliableBells:
    """Doorbells that get lost, come twice or late; losing one changes latency, never the result."""

    def __init__(self, fake: Any, weather: Weather) -> None:
        self._fake = fake
        self._weather = weather

    def waiting(self, lane: Any) -> Any:
        return self._fake.waiting(lane)

    def ring(self, keys: Any) -> None:
        fault = self._weather.strike("doorbells", "ring")
        random = self._weather.random
        match fault:
            case Fault.UNAVAILABLE_BEFORE:
                raise StoreUnavailableError("ring")
            case Fault.LOST:
                return
            case Fault.LATE:
                shuffled = random.sample(list(keys), len(keys))
                self._weather.fibers.after(random.uniform(1, LONGEST_PAUSE), lambda: self._fake.ring(shuffled))
                return
            case Fault.DOUBLED:
                self._fake.ring(random.sample(list(keys), len(keys)))
        self._fake.ring(keys)
        if fault is Fault.CRASH:
            raise Crash

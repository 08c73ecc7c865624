"""A hundred thousand bodies through the public door: what the functions answer, and how long they take.

Bodies and headers come from the door's own description (schemathesis, valid ones and invalid ones) and from bytes
changed in them at random. Most are not signed; some come from senders that know the secret. AWS is in this process
(moto): the time in its calls is told apart, for it is nobody's in an account.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode

from benchmarks.result import Result
from tests.webhook_door import (
    ACCOUNT,
    MARKETPLACE,
    OPENAPI,
    open_door,
    signed_as_mirakl,
    signed_as_netsuite,
)

BODIES = 100_000
FROM_THE_DESCRIPTION = 2_000
SIGNED_EVERY = 50
GOAL_MS = 50.0
MIRAKL, NETSUITE = f"/mirakl/{MARKETPLACE}/events", "/netsuite/events"

Request = tuple[str, dict[str, str], bytes]


def described() -> list[Request]:
    """Requests that the description allows, and requests that break it."""
    api = schemathesis.openapi.from_dict(json.loads(OPENAPI.read_text(encoding="utf-8")))
    found: list[Request] = []
    for path, route in (("/mirakl/{marketplace}/events", MIRAKL), (NETSUITE, NETSUITE)):
        for mode in GenerationMode:
            found += _generated(api[path]["POST"].as_strategy(mode), route)
    return found


def _generated(strategy: Any, route: str) -> list[Request]:
    found: list[Request] = []

    @seed(1)
    @settings(
        max_examples=FROM_THE_DESCRIPTION // 4,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def note(case: Case[Any]) -> None:
        headers = {name.lower(): str(value) for name, value in (case.headers or {}).items()}
        try:
            body = json.dumps(case.body).encode()
        except TypeError:  # no body at all, or one that is no JSON
            body = b""
        found.append((route, headers, body))

    note()
    return found


def requests(of: list[Request], count: int) -> Iterator[tuple[Request, bool]]:
    """`count` requests: those that are described, then the same with bytes changed; each with whether it is signed."""
    chance = random.Random(1)
    for number in range(count):
        route, headers, body = of[number % len(of)]
        signed = number % SIGNED_EVERY == 0
        if signed and number % (2 * SIGNED_EVERY):
            named = {"account": ACCOUNT, "type": "itemfulfillment", "id": str(number), "order_id": f"A-{number}"}
            body = json.dumps(named).encode()
        elif number >= len(of):
            body = _changed(body, chance)
        if signed:
            headers = signed_as_netsuite(body) if route == NETSUITE else signed_as_mirakl(body, f"message-{number}")
        yield (route, headers, body), signed


def _changed(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(changed))
        match chance.randint(0, 2):
            case 0:
                changed[at:at] = chance.randbytes(chance.randint(1, 4))
            case 1:
                del changed[at : at + chance.randint(1, 4)]
            case _:
                changed[at : at + 1] = chance.randbytes(1)
    return bytes(changed)


def measure(count: int = BODIES) -> list[Result]:
    """What came back, and the time in the functions."""
    statuses: Counter[int] = Counter()
    times: dict[bool, list[float]] = {True: [], False: []}
    waited: list[float] = []
    by_strangers = 0
    of = described()
    with _quiet(), open_door() as door:
        for path, headers in ((MIRAKL, signed_as_mirakl(b"{}", "first")), (NETSUITE, signed_as_netsuite(b"{}"))):
            door.post(path, headers, b"{}")  # its process is warm, as any but the first request finds it
        for request, signed in requests(of, count):
            before = len(door.changes)
            statuses[door.post(*request)] += 1
            times[signed].append((door.handled[-1] - door.waited[-1]) * 1000)
            if signed:
                waited.append(door.handled[-1] * 1000)
            if not signed:
                by_strangers += len(door.changes) - before
    errors = sum(number for status, number in statuses.items() if status >= 500)
    answers = ", ".join(f"{status}: {number:,}" for status, number in sorted(statuses.items()))
    how = f"{len(of):,} from the description, the others with bytes changed in them"
    return [
        Result(what="bodies through the door", figure=count, unit="", how=how),
        Result(what="answers 5xx", figure=errors, unit="", goal=0, at_least=False, how=answers),
        Result(what="effects of what is not signed", figure=by_strangers, unit="", goal=0, at_least=False),
        *_times("not signed", times[False]),
        *_times("signed", times[True]),
        *_times("signed, with AWS's calls", waited, goal=None),
    ]


def _times(what: str, milliseconds: list[float], goal: float | None = GOAL_MS) -> list[Result]:
    ordered = sorted(milliseconds)
    how = f"{len(ordered):,} in the warm function{'' if goal else ', moto in its process'}"
    return [
        Result(
            what=f"{what}, p{share}",
            figure=ordered[min(len(ordered) - 1, len(ordered) * share // 100)],
            unit="ms",
            goal=goal,
            at_least=False,
            how=how,
        )
        for share in (50, 99)
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """Functions write a line of their log for each request; it is written, and goes nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


if __name__ == "__main__":
    for result in measure(int(sys.argv[1]) if len(sys.argv) > 1 else BODIES):
        print(result.what, result.shown, result.how)

"""The bad day: every fault of the twins at a probability, workers killed at random, every message doubled."""

import os
import random
import signal
import subprocess
import threading
from typing import Self

from sandbox.demo.twin_control import TwinControl
from sandbox.faults import KINDS
from sandbox.local_aws import LocalAws

HANGS_SECONDS = 0.3
SLOW_SECONDS = 0.2
RETRY_AFTER_SECONDS = 1.0
_PAUSE_SECONDS = (4.0, 9.0)


def faults_of(probability: float) -> list[dict[str, object]]:
    """One rule for each kind of fault, on every call."""
    seconds = {"slow": SLOW_SECONDS}
    return [
        {
            "operation": "*",
            "kind": kind,
            "probability": probability,
            "seconds": seconds.get(kind, HANGS_SECONDS),
            "retry_after": RETRY_AFTER_SECONDS,
        }
        for kind in KINDS
    ]


class Killer:
    """Kills a random worker process of the local AWS every few seconds, in the middle of whatever it does."""

    def __init__(self, aws: LocalAws, seed: int) -> None:
        self._aws = aws
        self._dice = random.Random(seed)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)
        self.killed = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._dice.uniform(*_PAUSE_SECONDS)):
            workers = worker_processes(self._aws.process.pid)
            if workers:
                try:
                    os.kill(self._dice.choice(workers), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed += 1


def worker_processes(ministack: int) -> list[int]:
    """Processes that MiniStack started to run functions in."""
    listed = subprocess.run(["ps", "-axwwo", "pid=,ppid=,command="], capture_output=True, text=True, check=False).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return sorted(int(pid) for pid, parent, command in rows if int(parent) == ministack and "_worker.py" in command)


def begin(control: TwinControl, seed: int, probability: float) -> None:
    """Order the faults of both twins."""
    control.faults(seed, faults_of(probability))


def end(control: TwinControl) -> None:
    """Good weather again."""
    control.faults(0, [])

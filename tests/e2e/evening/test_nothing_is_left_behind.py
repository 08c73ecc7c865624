"""The local run keeps to this machine, and to its own time."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.demo.trouble import worker_processes
from sandbox.local_aws import ROOT
from tests.e2e.evening.conftest import Evening

LISTENING = "0A"
LOOPBACK = ("0100007F", "00000000000000000000000001000000")


def test_nothing_listens_beyond_this_machine(evening: Evening) -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("open sockets are read from /proc")
    ministack = evening.stack.aws.process.pid
    ours = _sockets_of([os.getpid(), ministack, *worker_processes(ministack)])
    addresses = [address for address, socket in _listening() if socket in ours]
    assert len(addresses) >= 3, "both twins and the local AWS listen somewhere"
    assert [address for address in addresses if address.split(":")[0] not in LOOPBACK] == []


def test_ctrl_c_ends_everything_that_was_started(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-u", "-m", "sandbox.demo", "--orders", "30", "--folder", str(run)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/common/python")}
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_for(lambda: _workers_of(demo.pid), 120, "no function ever ran")
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(30) == 130, (tmp_path / "said").read_text()
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
    assert [command for _, _, command in _processes() if str(run) in command] == []
    assert not (run / "aws").exists()


def test_what_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    """Not even when nobody could clean up: the local AWS ends with whoever started it."""
    run = tmp_path / "run"
    command = [sys.executable, "-u", "-m", "sandbox.demo", "--orders", "30", "--folder", str(run)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/common/python")}
    demo = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _wait_for(lambda: _children_of(demo.pid, "launcher.py"), 60, "the local AWS did not start")
    (ministack,) = _children_of(demo.pid, "launcher.py")
    os.killpg(demo.pid, signal.SIGKILL)
    demo.wait(10)
    _wait_for(lambda: ministack not in [pid for pid, _, _ in _processes()], 30, "the local AWS outlived its run")


def _workers_of(demo: int) -> list[int]:
    return [worker for ministack in _children_of(demo, "launcher.py") for worker in worker_processes(ministack)]


def _children_of(parent: int, named: str) -> list[int]:
    return [pid for pid, of, command in _processes() if of == parent and named in command]


def _processes() -> list[tuple[int, int, str]]:
    listed = subprocess.run(["ps", "-axwwo", "pid=,ppid=,command="], capture_output=True, text=True, check=True).stdout
    found = (line.split(None, 2) for line in listed.splitlines())
    return [(int(pid), int(parent), command) for pid, parent, command in found if command != "<defunct>"]


def _wait_for(happened: Callable[[], object], seconds: float, otherwise: str) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, otherwise
        time.sleep(0.2)


def _sockets_of(pids: list[int]) -> set[str]:
    found = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                socket = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
            except OSError:
                continue
            if socket:
                found.add(socket[1])
    return found


def _listening() -> list[tuple[str, str]]:
    lines = [
        line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    ]
    return [(line[1], line[9]) for line in lines if line[3] == LISTENING]

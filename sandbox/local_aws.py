"""The local AWS: MiniStack on a free loopback port.

MiniStack lives in a virtual environment of its own (`make setup`). Everything it writes stays in a run's folder; when
the block ends its process group ends, workers included.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = ROOT / "sandbox/ministack/launcher.py"
MINISTACK_PYTHON = Path(os.environ.get("MINISTACK_PYTHON", ROOT / ".ministack-venv/bin/python"))
ACCOUNT, REGION = "000000000000", "eu-west-1"
_KEY = "local"
_START_SECONDS = 30.0
_GRACE_SECONDS = 5.0


class LocalAwsError(Exception):
    """The local AWS did not start, or the stack did not deploy; the message says where its log is."""


@dataclass(frozen=True)
class LocalAws:
    """A running local AWS."""

    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def session(self) -> "boto3.Session":
        """A boto3 session that can reach nothing but this AWS."""
        import boto3  # noqa: PLC0415 - starting needs no SDK

        return boto3.Session(aws_access_key_id=_KEY, aws_secret_access_key=_KEY, region_name=REGION)

    def client(self, service: str) -> Any:
        """A client of one service; `Any` because one method makes them all."""
        from botocore.config import Config  # noqa: PLC0415

        patient = Config(read_timeout=330, retries={"max_attempts": 4, "mode": "standard"}, proxies={})
        make: Any = self.session().client
        return make(service, endpoint_url=self.url, config=patient)

    def environment(self) -> dict[str, str]:
        """Variables with which any AWS tool speaks to this AWS, and to no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    @property
    def log(self) -> Path:
        """What MiniStack and the functions said."""
        return self.folder / "ministack.log"


@contextlib.contextmanager
def running(folder: Path, *, double_messages: bool = False) -> Iterator[LocalAws]:
    """Start MiniStack with fresh state in `folder`, on 127.0.0.1 alone, until the block ends.

    Raises LocalAwsError when it does not answer.
    """
    if not MINISTACK_PYTHON.exists():
        raise LocalAwsError(f"there is no MiniStack at {MINISTACK_PYTHON}: run `make setup`")
    state = folder / "aws"
    shutil.rmtree(state, ignore_errors=True)
    (state / "tmp").mkdir(parents=True)
    port = _free_port()
    environment = _ministack_environment(state, port, double_messages=double_messages)
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [str(MINISTACK_PYTHON), str(LAUNCHER)],
            cwd=state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    aws = LocalAws(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait_until_it_answers(aws)
        yield aws
    finally:
        stop(process)
        shutil.rmtree(state, ignore_errors=True)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End MiniStack, then whatever is left of its process group."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    for last_word in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, last_word)
        if _group_is_gone(process.pid):
            break
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)


def tail(log: Path, lines: int = 30) -> str:
    """The last words of a log, and where the rest is."""
    said = log.read_text(errors="replace").splitlines()
    return "\n".join([*said[-lines:], f"(all of it: {log})"])


def _wait_until_it_answers(aws: LocalAws) -> None:
    until = time.monotonic() + _START_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        if aws.process.poll() is not None:
            raise LocalAwsError(f"MiniStack did not start:\n{tail(aws.log)}")
        try:
            with direct.open(f"{aws.url}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise LocalAwsError(f"MiniStack did not answer at {aws.url} within {_START_SECONDS:.0f} s:\n{tail(aws.log)}")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _group_is_gone(group: int) -> bool:
    until = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        time.sleep(0.05)
    return False


def bare_environment() -> dict[str, str]:
    """What every child gets: no credentials, profiles or proxies of the person who runs it."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "HOME": os.environ.get("HOME", "/"),
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }


def _ministack_environment(state: Path, port: int, *, double_messages: bool) -> dict[str, str]:
    return bare_environment() | {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "HOME": str(state),
        "TMPDIR": str(state / "tmp"),
        "STATE_DIR": str(state),
        "S3_DATA_DIR": str(state / "s3"),
        # Listeners and daemons that are none of our business.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        # Two cores: few environments at once, and those stay warm for the whole run.
        "LAMBDA_ACCOUNT_CONCURRENCY": "32",
        "LAMBDA_WARM_TTL_SECONDS": "3600",
        # The launcher ends when this process does. Told, not looked up: its parent may be gone before it looks.
        "TIEOUT_PARENT": str(os.getpid()),
        "TIEOUT_DOUBLE_MESSAGES": "1" if double_messages else "0",
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

"""Compile the lock files: `python -m infra.locks` (versions stay), `python -m infra.locks --upgrade` (versions move).

Each lock pins every package with its hashes and names no index, so that it installs from wherever pip is set to. The
layer is locked after the rest and against it: what is tested is what is deployed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements": (),
    "layers/dependencies/requirements": ("--constraints", "requirements.txt"),
    "layers/reconcile/requirements": ("--constraints", "requirements.txt"),
    "sandbox/ministack/requirements": (),
}
"""Lock (without its ending) to what it must agree with."""


def compile_lock(lock: str, *options: str) -> None:
    """Resolve `<lock>.in` into `<lock>.txt` for every Python and platform that we support."""
    command = [
        *("uv", "pip", "compile", f"{lock}.in", "--output-file", f"{lock}.txt", "--quiet"),
        *("--generate-hashes", "--universal", "--python-version", OLDEST_PYTHON),
        *("--no-emit-index-url", "--no-annotate", "--custom-compile-command", "python -m infra.locks"),
        *LOCKS[lock],
        *options,
    ]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  our own words only


def main() -> None:
    """Compile all locks, in the order in which they depend on each other."""
    for lock in LOCKS:
        compile_lock(lock, *sys.argv[1:])


if __name__ == "__main__":
    main()

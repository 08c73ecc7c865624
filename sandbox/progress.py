"""Long steps show that they are under way, and what they took."""

import contextlib
import sys
import time
from collections.abc import Iterator


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """One line a step: what is done, and its seconds once it is."""
    began = time.monotonic()
    live = sys.stdout.isatty()
    back = "\r" if live else ""
    if live:
        print(f"  … {what}", end="", flush=True)
    try:
        yield
    except BaseException:
        print(f"{back}  ✗ {what} ({time.monotonic() - began:.1f} s)", flush=True)
        raise
    print(f"{back}  ✓ {what} ({time.monotonic() - began:.1f} s)", flush=True)

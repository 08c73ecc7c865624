"""Reference material beside the project: found where it lies, demanded in CI."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared(path: str) -> Path:
    """A file or folder under ../shared. Without it a test is skipped on a user's machine, and fails in CI."""
    found = ROOT.parent / "shared" / path
    if not found.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{found} is missing, and CI must not pass without it")
        pytest.skip(f"{found} is not on this machine")
    return found

"""The command on a good day."""

from pathlib import Path

import pytest

from tests.e2e.conftest import SEED, demo


@pytest.fixture(scope="package")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of the command on a good day."""
    return demo(tmp_path_factory.mktemp("good-day"), "--seed", str(SEED), "--orders", "40")

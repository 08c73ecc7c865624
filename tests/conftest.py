"""What all tests share: how they are spread over two cores."""

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_DEAR = ("evening", "good_day", "infra")
"""Folders whose tests share something dear: a deployed stack, a run of the demo, a template."""


class BesideWhatTheyShare(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps the tests of a dear folder on one worker, and those of any other file together; folders in their order.

    (xdist's own groups are names put behind a test's id, which pytest 9 does not let it change.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        return next((folder for folder in _DEAR if folder in file.parts), str(file))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The slowest, the whole stack, begins first: it is first by name."""
    config.option.loadscopereorder = False
    return BesideWhatTheyShare(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow ones."""
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)

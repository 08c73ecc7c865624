"""What all tests share: how they are spread over two cores, and what is read once for all of them."""

from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Any
from unittest.mock import patch

import pytest
from botocore.loaders import JSONFileLoader
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


@pytest.fixture(scope="session", autouse=True)
def aws_models() -> Iterator[None]:
    """AWS's descriptions of its services are read once: each of the many sessions of boto3 would read them anew.

    Sessions share what all clients of one session share anyway.
    """
    read = JSONFileLoader().load_file
    with patch.object(JSONFileLoader, "load_file", staticmethod(cache(read))):
        yield

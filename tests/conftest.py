"""What all tests share: how they are spread over two cores."""

from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under xdist (`--dist loadgroup`) tests that share something dear stay together: a deployed stack, a template."""
    for item in items:
        place = item.path.relative_to(_TESTS)
        group = place.parts[0] if place.parts[0] in ("e2e", "infra") else str(place)
        item.add_marker(pytest.mark.xdist_group(group))
        if place.parts[0] == "e2e":
            item.add_marker(pytest.mark.e2e)

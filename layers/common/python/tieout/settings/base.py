"""What every section of the settings is made of."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryIso3 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


MIRAKL_HOST = re.compile(r"^https://[a-z0-9][a-z0-9-]*\.mirakl\.net(/api)?/?$")
LOOPBACK = re.compile(r"^http://127\.0\.0\.1:\d{1,5}(/[a-z0-9-]+)?$")


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("an IANA time zone such as Europe/London") from error
    return zone


def quoted(value: object) -> object:
    """A text that YAML would read as a number if it were not quoted. Raises ValueError."""
    if isinstance(value, int):
        raise ValueError(f'a text: put it in quotes, "{value}", or YAML reads it as a number')  # noqa: TRY004  pydantic collects ValueError
    return value


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Settings(BaseModel):
    """Closed and frozen: a key that nobody knows is a mistake, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

"""Write the JSON Schema of the settings, for editors: `python -m infra.schema`."""

from __future__ import annotations

import json
from pathlib import Path

from tieout.config import json_schema

SCHEMA = Path(__file__).resolve().parent.parent / "config" / "schema.json"


def schema_text() -> str:
    """The schema as it is kept in the repository."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write it beside the example settings."""
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()

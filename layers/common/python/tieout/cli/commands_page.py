"""The page of all commands, written from the commands themselves: `python -m tieout.cli.commands_page`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tieout.cli.app import app

PAGE = Path("docs/reference/cli.md")
HEAD = """# The `tieout` command

`make setup` puts it at `.venv/bin/tieout`; `python -m tieout.cli` is the same. It looks into one deployment, with the
settings file that was deployed and with AWS credentials like the AWS command line's: a profile, or the environment.
With
`--from FOLDER` it works on [files](../finance/try-it-on-files.md) instead, and calls nobody.

The options of the last table stand before the command (`tieout --region eu-west-1 parked`). With `--json`, before
or after it, one JSON document comes on standard output and nothing else. Words about mistakes go to standard error.

| Ends with | When |
| --- | --- |
| 0 | it was done, or everything is in order |
| 1 | something is left for you: `doctor` found work, a key of `resubmit` was not parked, `settle` held a cycle |
| 2 | it could not be done; the words say what to do instead |

Against the local run (`make demo KEEP=1`) it works unchanged: the demo prints what to set in the environment.

<!-- Written by `python -m tieout.cli.commands_page` from layers/common/python/tieout/cli: change it there. -->
"""


def commands_page() -> str:
    """The whole page: each command, then the options that stand before any of them."""
    group: Any = typer.main.get_command(app)
    return HEAD + "".join(_commands(group, "tieout")) + "\n## Options before the command\n\n" + _table(group)


def commands(group: Any, prefix: str = "tieout") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _commands(group: Any, prefix: str) -> Iterator[str]:
    for name, command in commands(group, prefix):
        yield f"\n## `{name}`\n\n{_one_line(command.help)}\n\n{_table(command)}"


def _table(command: Any) -> str:
    rows = [_row(parameter) for parameter in command.params if parameter.name not in ("help", "as_json")]
    if "as_json" in {parameter.name for parameter in command.params}:
        rows.append("| `--json` | Answer with one JSON document and nothing else. |")
    return "\n".join(["| Option | Meaning |", "| --- | --- |", *rows]) + "\n"


def _row(parameter: Any) -> str:
    option = parameter.param_type_name == "option"
    shown = parameter.opts[-1] if option else (parameter.metavar or parameter.name.upper()).strip("[].")
    more = " Required." if parameter.required else ""
    if isinstance(parameter.default, str):
        more = f" Default: `{parameter.default}`."
    return f"| `{shown}` | {_one_line(parameter.help)}{more} |"


def _one_line(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip().replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")

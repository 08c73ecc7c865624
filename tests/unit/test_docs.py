"""The documentation says what is there: every setting, reason, command and link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from tieout.cli.app import app
from tieout.cli.commands_page import commands, commands_page
from tieout.cli.settings_page import settings_page
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, State

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
COMMANDS = {name for name, _ in commands(get_command(app))}
GROUPS = ("tieout audit", "tieout bank", "tieout orders", "tieout breaks", "tieout settlements")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """What a heading can be linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_of(page: Path) -> list[str]:
    """Every piece of code of a page, in line or as a block."""
    told = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", told, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    indented = re.findall(r"^(?: {4,})(\S.*)$", told, re.MULTILINE)
    return [*lines, *indented, *re.findall(r"`([^`\n]+)`", told)]


def test_the_settings_page_is_current() -> None:
    """`python -m tieout.cli.settings_page` writes it."""
    assert text("docs/reference/configure.md") == settings_page()


def test_every_setting_says_what_it_means() -> None:
    rows = re.findall(r"^\| (`\S+`) \|.*\| ?(.*?) \|$", text("docs/reference/configure.md"), re.MULTILINE)
    assert len(rows) > 50
    assert [key for key, meaning in rows if not meaning.strip()] == []


def test_the_commands_page_is_current() -> None:
    """`python -m tieout.cli.commands_page` writes it."""
    assert text("docs/reference/cli.md") == commands_page()


def test_every_command_and_option_says_what_it_does() -> None:
    for name, command in commands(get_command(app)):
        assert f"## `{name}`" in text("docs/reference/cli.md")
        assert command.help
        assert [each.name for each in command.params if each.name != "help" and not getattr(each, "help", None)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    words = {
        " ".join(found.split()[: 3 if found.startswith(GROUPS) else 2])
        for code in code_of(page)
        for found in [code.removeprefix(".venv/bin/")]
        if re.match(r"tieout [a-z]", found)
    }
    assert words - COMMANDS - set(GROUPS) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("https://", "http://")):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{page.name} links {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links {link}"


def test_every_reason_has_its_row_and_every_row_its_reason() -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "operations").glob("*.md"))
    tables = re.findall(r"^\| Reason \|.*\n\|[- |]+\n((?:\|.*\n)+)", told, re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", "".join(tables), re.MULTILINE)
    assert sorted(reason for reason, _, _ in rows) == sorted(Reason)
    assert all(means and acts for _, means, acts in rows)


def test_every_kind_and_every_state_has_its_row() -> None:
    _, kinds, states, *_ = re.split(
        r"^## (?:Kinds|States|Seven rules)$", text("docs/reference/postings.md"), flags=re.MULTILINE
    )
    assert sorted(re.findall(r"^\| `([A-Z]+)` \|", kinds, re.MULTILINE)) == sorted(Kind)
    assert sorted(re.findall(r"^\| `([A-Z]+)` \|", states, re.MULTILINE)) == sorted(State)


def test_the_commands_of_the_readme_are_the_makefiles() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", text("Makefile"), re.MULTILINE))
    variables = set(re.findall(r"^([A-Z]+) \?=", text("Makefile"), re.MULTILINE))
    used = [code.split("#")[0].split() for code in code_of(ROOT / "README.md") if code.startswith("make ")]
    assert {"demo", "test"} <= {words[1] for words in used}
    for _, target, *given in used:
        assert target in targets
        assert {each.partition("=")[0] for each in given} <= variables


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    assert "make test" in text(".ci/run")
    assert "\nmake test " in text("README.md")


def test_the_sales_order_of_the_readme_is_the_finance_pages() -> None:
    table = re.search(r"\| Sales order \|.*?\*\*34\.80\*\* \|", text("README.md"), re.DOTALL)
    assert table is not None
    assert table.group() in text("docs/finance/orders.md")


def test_every_page_is_within_reach_of_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = [link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8"))]
        linked = [(page.parent / link).resolve() for link in links if "://" not in link]
        waiting += [each for place in linked for each in (place.glob("*.md") if place.is_dir() else [place])]
    assert sorted(str(page.relative_to(ROOT)) for page in set(PAGES) - reached) == []

"""The page for those who try Tieout on files shows what it writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.shared import ROOT
from tests.unit.books.folders import LINES, MARKETPLACE, Folder, a_cycle
from tieout.books.postings_out import posting_row, problem_row, proof_row
from tieout.books.settling import Outcome
from tieout.cli.settle import settled_files
from tieout.config import Config, read_config

PAGE = ROOT / "docs/finance/try-it-on-files.md"
_SAMPLE = re.compile(r"<!-- (\w+) -->\n```json\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def config() -> Config:
    whole = read_config(ROOT / "config/gift-shop.yaml")
    return whole.model_copy(update={"marketplaces": {MARKETPLACE: whole.marketplaces[MARKETPLACE]}})


def samples(tmp_path: Path, config: Config) -> dict[str, dict[str, Any]]:
    folder = Folder(tmp_path)

    def settled() -> Outcome:
        return settled_files(folder.root, config)

    fine = settled()
    folder.write("billing_cycles", [a_cycle(100.0)])
    held = settled()
    folder.lines([*LINES, {**LINES[0], "amount": "lots"}])
    return {
        "posting": posting_row(fine.records[0]),
        "proof": proof_row(fine.proofs[0]),
        "held": proof_row(held.proofs[0]),
        "problem": problem_row(settled().problems[0]),
    }


def test_the_page_shows_what_is_written(tmp_path: Path, config: Config) -> None:
    shown = {name: json.loads(sample) for name, sample in _SAMPLE.findall(PAGE.read_text(encoding="utf-8"))}
    assert shown == samples(tmp_path, config)

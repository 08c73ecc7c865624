"""The page of breaks names every code once, and says of each whether the month can be closed with it."""

from __future__ import annotations

import re

import pytest

from tests.shared import ROOT
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Code

PAGE = (ROOT / "docs/finance/breaks.md").read_text(encoding="utf-8")
ROWS = {found[1]: found[0] for found in re.finditer(r"^\| `([A-Z_]+)` \|.*$", PAGE, re.MULTILINE)}


def test_every_code_has_its_row_and_no_row_is_of_a_code_that_is_none() -> None:
    assert set(ROWS) == {code.value for code in Code}


@pytest.mark.parametrize("code", list(Code))
def test_a_code_that_never_blocks_says_so(code: Code) -> None:
    blocks = ROWS[code].rstrip(" |").rsplit("|", 1)[-1].strip()

    assert blocks.startswith("no") == (not ADVICE[code].blocks_close)


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_words_and_something_to_do(code: Code) -> None:
    assert ADVICE[code].explanation
    assert ADVICE[code].proposal

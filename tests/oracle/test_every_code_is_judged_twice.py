"""No code without a second opinion: what the engine can tell, the oracle can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieout.domain.reconcile.breaks import Code

NOT_JUDGED = {Code.CHAIN_GAP}
"""The oracle reads no running balance: what the log lost it finds by orders, documents and cycles alone."""
ORACLE = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("[!t]*.py"))


@pytest.mark.parametrize("code", Code)
def test_the_oracle_tells_it_too(code: Code) -> None:
    assert (f'"{code.value}"' in ORACLE) == (code not in NOT_JUDGED)

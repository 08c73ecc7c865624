"""How a return's bytes become a return."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.shared import shared
from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.returns.goods import ReturnLine
from tieout.mirakl.returns import fetched_return, read_return


def a_wire_return(**details: Any) -> dict[str, Any]:
    return {
        "id": "R-1",
        "order_id": "A-1",
        "state": "IN_PROGRESS",
        "rma": "RMA-7",
        "reason_code": "RETURN_CHANGED_MIND",
        "date_created": "2026-10-05T09:00:00Z",
        "last_updated": "2026-10-06T11:00:00+02:00",
        "return_lines": [{"order_line_id": "A-1-1", "quantity": 2, "reason_code": "RETURN_DEFECTIVE_ITEM"}],
        **details,
    }


def test_a_return_says_what_comes_back_and_why():
    back = read_return(json.dumps(a_wire_return()).encode())
    assert (back.id, back.order_id, back.state, back.reference) == ("R-1", "A-1", "IN_PROGRESS", "RMA-7")
    assert back.lines == (ReturnLine("A-1-1", 2, "RETURN_DEFECTIVE_ITEM"),)
    assert back.created_at == datetime(2026, 10, 5, 9, tzinfo=UTC)
    assert back.updated_at == datetime(2026, 10, 6, 9, tzinfo=UTC)


def test_a_line_without_a_reason_has_that_of_the_whole_return():
    lines = [{"order_line_id": "A-1-1", "quantity": 2}]
    (line,) = read_return(json.dumps(a_wire_return(return_lines=lines)).encode()).lines
    assert line.reason_code == "RETURN_CHANGED_MIND"


@pytest.mark.parametrize(
    ("problem", "details"),
    [
        ("id is missing", {"id": None}),
        ("order_id is missing", {"order_id": None}),
        ("state is missing", {"state": ""}),
        ("date_created is missing", {"date_created": None}),
        ("last_updated is missing", {"last_updated": None}),
        ("return_lines is missing", {"return_lines": []}),
        ("return_lines[0].order_line_id is missing", {"return_lines": [{"quantity": 1}]}),
        ("return_lines[0].quantity is missing", {"return_lines": [{"order_line_id": "A-1-1"}]}),
        (
            "return_lines[0].quantity is not a whole number of units",
            {"return_lines": [{"order_line_id": "A-1-1", "quantity": 0.5}]},
        ),
    ],
)
def test_a_return_that_does_not_read_is_kept_with_what_is_wrong(problem: str, details: dict[str, Any]):
    raw = json.dumps(a_wire_return(**details)).encode()
    with pytest.raises(NeedsAttention) as unreadable:
        read_return(raw)
    assert (unreadable.value.reason, unreadable.value.facts["problem"]) == (Reason.UNREADABLE_DOCUMENT, problem)
    kept = fetched_return(raw)
    assert (kept.back, kept.problem, kept.raw) == (None, problem, raw)
    assert kept.return_id


@pytest.mark.parametrize("persona", ["seller", "operator"])
def test_the_official_examples_of_rt11_read(persona: str):
    example = json.loads(shared(f"fixtures/mirakl/openapi-{persona}/RT11-resp200-0.json").read_bytes())
    first, second = (fetched_return(json.dumps(row).encode()) for row in example["data"])
    assert (first.problem, second.problem) == ("", "")
    assert first.back is not None
    assert [(line.line_id, line.quantity) for line in first.back.lines] == [("ORDER-1-A-1", 2), ("ORDER-1-A-2", 3)]
    assert (first.back.reference, second.back and second.back.reference) == ("RETURN_RMA", "")

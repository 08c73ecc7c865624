"""The demo's day goes on while something moves by itself, and ends where a person is asked."""

from datetime import UTC, datetime

from sandbox.demo.standing import moving
from tieout.domain.errors import Reason
from tieout.domain.postings import Key, Kind, Posting, State

NOW = datetime(2026, 10, 21, 4, 10, tzinfo=UTC)


def a_posting(
    kind: Kind, thread: str, state: State = State.DUE, reason: str | None = None, *, marketplace: str = "brightside-uk"
) -> Posting:
    return Posting(
        key=Key(marketplace, thread, kind, thread),
        state=state,
        payload="",
        source_version="1",
        reason=reason,
        first_seen=NOW,
    )


def test_a_cycle_behind_one_that_is_to_be_agreed_to_again_moves_no_more() -> None:
    first = a_posting(Kind.CYCLE, "september", State.PARKED, Reason.SETTLEMENT_TO_REVIEW)
    behind = a_posting(Kind.CYCLE, "october")
    elsewhere = a_posting(Kind.CYCLE, "october", marketplace="maison-eu")
    order = a_posting(Kind.CREDIT_MEMO, "A-1")
    assert moving([behind, elsewhere, order], [first]) == [elsewhere, order]


def test_a_cycle_that_is_held_keeps_none_of_those_after_it() -> None:
    held = a_posting(Kind.CYCLE, "september", State.PARKED, Reason.CYCLE_HELD)
    behind, of_it = a_posting(Kind.CYCLE, "october"), a_posting(Kind.CYCLE, "september")
    assert moving([behind, of_it], [held]) == [behind]


def test_what_a_parked_sale_holds_up_moves_no_more() -> None:
    sale = a_posting(Kind.SALES_ORDER, "A-1", State.PARKED, Reason.UNKNOWN_SKU)
    assert moving([a_posting(Kind.INVOICE, "A-1"), a_posting(Kind.INVOICE, "A-2")], [sale]) == [
        a_posting(Kind.INVOICE, "A-2")
    ]

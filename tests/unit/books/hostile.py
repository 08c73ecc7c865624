"""Whatever may stand in a file: values of every kind in the fields of rows that were good."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.books.folders import CYCLE, a_cycle, a_document, a_line, an_invoice, an_order

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["NaN", "sNaN", "1e400", "2026-09-01", "2026-09-01T00:00:00Z", "EUR", "PAID", CYCLE, "A-1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "code", "amount"]), inner),
    max_leaves=4,
)
GOOD: dict[str, dict[str, Any]] = {
    "transaction_lines": a_line(9, "ORDER_AMOUNT", 1.0),
    "billing_cycles": a_cycle(id="other"),
    "accounting_documents": a_document() | {"invoice_id": 7},
    "orders": an_order() | {"order_id": "B-1"},
    "documents": an_invoice(externalid="X-9"),
}
"""A row of each file, which nothing else of the folder speaks of."""


def wrong_fields(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a row, with anything in them."""
    return st.dictionaries(st.sampled_from([*GOOD[kind], "seller_billing_cycle_id"]), ANYTHING, max_size=3)

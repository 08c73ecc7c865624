"""NetSuite's words without the buyer in them: a refusal may quote what was sent, and is kept where it parks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tieout.domain.errors import AlreadyExists, NeedsAttention, Retryable
from tieout.domain.orders.sales_order import CustomerDraft, SalesOrder

INSTEAD = "(withheld)"
SHORTEST = 3
"""Shorter texts (a state, a house number) would tear holes into words, and name nobody."""


def personal_of(order: SalesOrder) -> list[str]:
    """Everything of a sales order's body that says who the buyer is and where."""
    found = names_of(order.customer)
    for address in filter(None, (order.ship_to, order.bill_to)):
        found += [address.name, *address.name.split(), address.company, address.street_1, address.street_2]
        found += [address.city, address.state, address.zip_code, address.phone]
    return found


def names_of(customer: CustomerDraft) -> list[str]:
    """A buyer's name; a marketplace's own is nobody's secret."""
    return [] if customer.external_id.endswith("-CUS-MARKETPLACE") else [customer.name, *customer.name.split()]


@contextmanager
def withheld(personal: Iterable[str]) -> Iterator[None]:
    """Refusals leave this block without these texts, whatever their case."""
    texts = sorted({text.strip() for text in personal if len(text.strip()) >= SHORTEST}, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in texts) or r"(?!)", re.IGNORECASE)
    try:
        yield
    except NeedsAttention as refused:
        words = {"detail": pattern.sub(INSTEAD, refused.facts["detail"])} if "detail" in refused.facts else {}
        raise NeedsAttention(refused.reason, {**refused.facts, **words}) from None
    except AlreadyExists as taken:
        raise AlreadyExists(pattern.sub(INSTEAD, str(taken))) from None
    except Retryable as busy:
        busy.args = (pattern.sub(INSTEAD, str(busy)),)
        raise

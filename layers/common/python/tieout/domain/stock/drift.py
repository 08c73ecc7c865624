"""Drift: an offer's quantity at the marketplace is not what it should be, and why."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tieout.domain.stock.showing import Shown


class Cause(StrEnum):
    """Why a quantity differs; the first that applies is told."""

    NOT_MAPPED = "not_mapped"
    """The offer is of no item: nothing of ours keeps its quantity."""
    REFUSED = "refused"
    """Mirakl did not take its row, and it waits for a person."""
    PUSH_PENDING = "push_pending"
    """A row is on its way, held, or comes with the next run."""
    SOLD_SINCE = "sold_since"
    """Orders that are not read yet explain it: it shows less than it should, and we did not sell that yet."""
    CHANGED_OUTSIDE = "changed_outside"
    """Somebody else wrote it."""


class Drift(Struct, frozen=True, kw_only=True):
    """One offer that differs."""

    marketplace: str
    """The storefront."""
    sku: str
    item_id: str
    """Empty where it is not mapped."""
    shows: int
    should: int
    """What the stock allows now; what it shows where it is not mapped."""
    cause: Cause


def drift_of(
    marketplace: str,
    sku: str,
    quantity: int,
    *,
    item_id: str = "",
    known: Shown | None = None,
    target: int | None = None,
    is_blocked: bool = False,
    newly_sold: int = 0,
) -> Drift | None:
    """Why an offer shows another quantity than it should; None where it shows what it should.

    `known` is what the book says of it and `target` what it should show, both None where the offer is not mapped.
    `newly_sold` is what was ordered of it after the book was written.
    """
    if known is None or target is None:
        return Drift(
            marketplace=marketplace, sku=sku, item_id="", shows=quantity, should=quantity, cause=Cause.NOT_MAPPED
        )
    if quantity == target:
        return None
    return Drift(
        marketplace=marketplace,
        sku=sku,
        item_id=item_id,
        shows=quantity,
        should=target,
        cause=_cause(quantity, known, newly_sold, is_blocked=is_blocked),
    )


def _cause(quantity: int, known: Shown, newly_sold: int, *, is_blocked: bool) -> Cause:
    if is_blocked:
        return Cause.REFUSED
    if known.sent is not None or known.doubt is not None:
        return Cause.PUSH_PENDING if quantity <= known.may_show else Cause.CHANGED_OUTSIDE
    if newly_sold and known.quantity - newly_sold <= quantity < known.quantity:
        return Cause.SOLD_SINCE
    return Cause.PUSH_PENDING if quantity == known.quantity else Cause.CHANGED_OUTSIDE

"""What an offer shows, as far as we know it, and what may be sent so that nobody shows what others still show.

An offer's figure is known when a file of ours was taken, or the offers were read. From then on the marketplace takes
each order's units off by itself. In between there are doubts: an order that came while a file was on its way was
perhaps overwritten by it, and a file without an answer landed or did not. Doubts count at their highest, and are
settled by sending the offer again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tieout.domain.stock.velocity import Sale


class Shown(Struct, frozen=True):
    """What is known of one offer at its marketplace."""

    marketplace: str
    sku: str
    quantity: int
    """Acknowledged, less what was sold since."""
    since: int = 0
    """Sales after this are not taken off `quantity` yet; seconds since 1970, 0: before every sale that is told."""
    sent: int | None = None
    """In a file whose end was not seen yet."""
    doubt: int | None = None
    """The most it may show, where `quantity` is not sure."""

    @property
    def may_show(self) -> int:
        """The most that a buyer may find there now."""
        return max(self.quantity, self.sent or 0, self.doubt or 0)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be heard of it."""
        return not self.since and self.sent is None and self.doubt is None


class Landing(Struct, frozen=True, kw_only=True):
    """What became of a marketplace's file."""

    read_at: int
    """Up to when orders had been read when it was made; seconds since 1970, as `Sale.at`."""
    ended_at: int
    """When it was seen to be over."""
    is_complete: bool
    """False: it FAILED, or nobody knows whether it was taken."""
    rejected: Collection[str] = frozenset()
    """SKUs of lines that were not taken; their offers show what they showed."""


def landed(shown: Shown, landing: Landing, sales: Iterable[Sale]) -> Shown:
    """What an offer shows after its file is over; unchanged where it was in none."""
    sent = shown.sent
    if sent is None:
        return shown
    if not landing.is_complete:
        return replace(shown, sent=None, doubt=shown.may_show)
    if shown.sku in landing.rejected:
        return replace(shown, sent=None)
    meanwhile = [sale.units for sale in sales if landing.read_at < sale.at <= landing.ended_at]
    returned = -sum(units for units in meanwhile if units < 0)
    return replace(
        shown, quantity=sent, since=landing.ended_at, sent=None, doubt=sent + returned if meanwhile else None
    )


def sold(shown: Shown, sales: Sequence[Sale], told_since: int, *, counts_orders: bool) -> Shown:
    """Take off what the marketplace sold since; a sale that was counted before changes nothing.

    Units that came back are perhaps shown again: a doubt. While a file is on its way nothing is counted: how it ends
    says what the offer shows. `told_since` is where the window of the sales begins.
    """
    if shown.sent is not None:
        return shown
    new = [sale for sale in sales if sale.at > shown.since]
    if not new:
        return shown if shown.since > told_since or not shown.since else replace(shown, since=0)
    quantity, doubt = shown.quantity, shown.doubt
    for sale in new:
        if sale.units < 0:
            doubt = max(quantity, doubt or 0) - sale.units
        elif counts_orders:
            quantity = max(0, quantity - sale.units)
    return replace(shown, quantity=quantity, since=new[-1].at, doubt=doubt)


def to_send(offers: Sequence[Shown], parts: Sequence[int], targets: Sequence[int]) -> list[int | None]:
    """What to send for each offer of one pool now; None where nothing is to be sent.

    `parts` are the offers' parts of the pool, `targets` what they should show of them. Lower first, raise later: an
    offer is lowered at once, but raised only as far as the others do not show more than their parts. A doubtful one may
    show less than the book says: whatever is sent for it counts as a raise. So nothing that is sent brings what all may
    show together above the pool. A raise that waits follows when the lowering was taken.
    """
    if all(shown.quantity == target and shown.is_settled for shown, target in zip(offers, targets, strict=True)):
        return [None] * len(offers)
    over = sum(max(0, shown.may_show - part) for shown, part in zip(offers, parts, strict=True))
    sends: list[int | None] = []
    for shown, part, target in zip(offers, parts, targets, strict=True):
        if shown.sent is not None or (shown.quantity == target and shown.doubt is None):
            sends.append(None)
            continue
        others = over - max(0, shown.may_show - part)
        sure = shown.quantity if shown.doubt is None else 0
        send = min(target, max(sure, part - others))
        sends.append(None if send == shown.quantity and shown.doubt is None else send)
    return sends

"""Whether both sides agree, order by order: the demo's own judgement, out of the twins' books."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sandbox.clock import moment_of
from sandbox.demo.books import AUTHORIZATION, CREDIT_MEMO, INVOICE, RECEIPT, Life, Row, is_ours
from sandbox.demo.dispatch import GONE, Promptness, operators_dispatch, sellers_dispatch
from sandbox.demo.given_back import billed, closed, over, refunded, returned
from tieout.config import Config
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, Posting, State

OURS_TO_MEND = frozenset(
    {
        Reason.REFUSED_BY_NETSUITE,
        Reason.REFUSED_BY_MIRAKL,
        Reason.TOTAL_MISMATCH,
        Reason.EXTERNAL_ID_TAKEN,
        Reason.UNREADABLE_DOCUMENT,
        Reason.REASON_NOT_CONFIGURED,
        Reason.REFUND_TOO_LARGE,
    }
)
"""Reasons that nobody in these worlds gives cause for: parked so, the mistake is ours."""

AFTER_THE_SALE = frozenset(Kind) - {Kind.ACCEPTANCE, Kind.SALES_ORDER, Kind.SELLER_REFERENCE}


@dataclass
class Agreement:
    """`problems` empty: every order is the same on both sides, or waits for a person with a reason that is not ours."""

    problems: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """By marketplace, what happened how often."""

    def told(self) -> dict[str, dict[str, int]]:
        """The counts as a summary holds them."""
        return {marketplace: dict(sorted(counted.items())) for marketplace, counted in sorted(self.counts.items())}


@dataclass(frozen=True)
class View:
    """What a judge must know besides the books: how prompt one can be, and which marketplaces ship in parts."""

    promptness: Promptness
    in_parts: frozenset[str]


@dataclass(frozen=True)
class Judge:
    """Knows what the settings promise, and which orders wait for a person."""

    config: Config
    view: View
    postings: Iterable[Posting]

    def judge(self, lives: Iterable[Life]) -> Agreement:
        found = Agreement()
        parked: dict[tuple[str, str], set[Kind]] = {}
        for one in self.postings:
            if one.state is State.PARKED and one.key.kind in AFTER_THE_SALE:
                parked.setdefault((one.key.marketplace, one.key.thread), set()).add(one.key.kind)
                if one.reason in OURS_TO_MEND:
                    facts = ", ".join(f"{name} {value}" for name, value in one.facts.items())
                    found.problems.append(
                        f"{one.key.marketplace} {one.key.thread}: {one.key.kind} {one.reason} ({facts})"
                    )
        for life in lives:
            waits = parked.get((life.marketplace, life.id), set())
            found.problems += self._problems(life, waits)
            found.counts.setdefault(life.marketplace, Counter()).update(counts_of(life))
            found.counts[life.marketplace]["waiting for a person"] += bool(waits)
        return found

    def _problems(self, life: Life, waits: set[Kind]) -> Iterator[str]:
        """A rule is left out for an order where a posting that it is about waits for a person."""
        role = self.config.marketplaces[life.marketplace].role
        yield from self._operators(life, waits) if role == "operator" else self._sellers(life, waits)
        if not waits & {Kind.CLOSURE, Kind.CANCELATION}:
            yield from closed(life)

    def _sellers(self, life: Life, waits: set[Kind]) -> Iterator[str]:
        if not waits & {Kind.SHIPMENT}:
            yield from sellers_dispatch(life, self.view.promptness, in_parts=life.marketplace in self.view.in_parts)
        if not waits & {Kind.INVOICE}:
            yield from billed(life)
        if not waits & {Kind.CREDIT_MEMO, Kind.REFUND, Kind.CANCELATION}:
            yield from refunded(life, self.view.promptness.opened)
        if not waits & {Kind.RETURN_AUTHORIZATION, Kind.ITEM_RECEIPT} and life.sales_order is not None:
            yield from returned(life)

    def _operators(self, life: Life, waits: set[Kind]) -> Iterator[str]:
        if not waits & {Kind.FULFILMENT}:
            yield from operators_dispatch(life)
        closing = self.config.marketplaces[life.marketplace].operator.close_sales_orders
        if closing == "closed" and not waits & {Kind.CLOSURE}:
            yield from over(life)
        # Nor are there books of what comes back of another seller's goods.
        for kind in (INVOICE, CREDIT_MEMO, AUTHORIZATION, RECEIPT):
            if life.of(kind):
                yield f"{life}: {len(life.of(kind))} {kind} for goods of another seller"


COUNTED = (
    *("fulfilments", "confirmed", "late by the warehouse", "invoices", "lines cancelled", "refunds", "credit memos"),
    *("of them ours", "returns", "return authorisations", "item receipts", "waiting for a person"),
)


def counts_of(life: Life) -> Counter[str]:
    """What happened to one order, on either side."""
    left = life.shipped()
    refunds = [one for line in life.lines for one in line.get("refunds") or []]
    dead = [line for line in life.lines if line["order_line_state"] == "CANCELED" or line.get("cancelations")]
    counted = {
        "fulfilments": len(left),
        "confirmed": len([one for one in life.shipments if one["status"] in GONE])
        or int(bool(left) and life.order["order_state"] in GONE),
        "late by the warehouse": len([one for one in left if _is_late(life, one)]),
        "invoices": len([one for one in life.of(INVOICE) if life.sales_order is not None]),
        "lines cancelled": len(dead),
        "refunds": len(refunds),
        "credit memos": len(life.of(CREDIT_MEMO)),
        "of them ours": len([one for one in life.of(CREDIT_MEMO) if is_ours(one)]),
        "returns": len(life.returns),
        "return authorisations": len(life.of(AUTHORIZATION)),
        "item receipts": len(life.of(RECEIPT)),
    }
    return Counter({name: times for name, times in counted.items() if times})


def _is_late(life: Life, fulfilment: Row) -> bool:
    by = life.order.get("shipping_deadline")
    return bool(by) and moment_of(fulfilment["lastModifiedDate"]) > moment_of(str(by))

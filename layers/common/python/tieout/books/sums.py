"""Legal documents (I6) and cycles (I3 to I5) against the sums of their lines: what no finding explains of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tieout.books.effects import Effects
from tieout.books.finding import Finding
from tieout.domain.reconcile.breaks import Code

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def untied_documents(engine: DuckDBPyConnection, effects: Effects) -> list[Finding]:
    """Net must agree; tax to half a unit for each line that was rounded by itself."""
    found = []
    rows = engine.execute(
        "SELECT mkp, number, ccy, cycle, day, log, document, log_net, document_net, taxes FROM document_sides "
        "WHERE log <> document OR log_net <> document_net ORDER BY ALL"
    ).fetchall()
    for mkp, number, currency, cycle, day, log, document, log_net, document_net, taxes in rows:
        net = effects.of_document(mkp, number, tax=False).left_of(log_net - document_net)
        of_tax = effects.of_document(mkp, number, tax=True)
        tax = of_tax.left_of((log - log_net) - (document - document_net))
        if 2 * abs(tax) <= taxes + of_tax.lines:
            tax = 0
        if net or tax:
            found.append(
                Finding(
                    Code.DOC_NOT_TIED,
                    mkp,
                    number,
                    currency,
                    abs(net + tax) or abs(net),
                    cycle=cycle,
                    day=day,
                    ours=-log,
                    theirs=-document,
                    what="in all",
                )
            )
    return found


def _widest_bucket(
    buckets: Iterable[tuple[str, bool, int, int]], marketplace: str, cycle: str, effects: Effects
) -> tuple[int, str]:
    """The total of a cycle's summary that is off most, unexplained, and its name."""
    left, what = 0, ""
    for bucket, is_net, ours, theirs in buckets:
        if bucket in {"total_other_credits", "total_other_invoices"} and ours == -theirs:
            continue
        over = effects.of_bucket(marketplace, cycle, bucket, net=is_net).left_of(ours - theirs)
        if abs(over) > abs(left):
            left, what = over, f"{bucket}{'_excl_tax' if is_net else ''} of its summary"
    return left, what


def untied_cycles(engine: DuckDBPyConnection, effects: Effects) -> list[Finding]:
    """What came in, plus what was carried on, is what was paid out (I3), in all (I4) and by bucket (I5)."""
    found: list[Finding] = []
    carried: dict[str, int] = {}
    buckets: dict[tuple[str, str], list[tuple[str, bool, int, int]]] = defaultdict(list)
    for mkp, cycle, bucket, is_net, log, summary in engine.execute("FROM bucket_sides ORDER BY ALL").fetchall():
        buckets[mkp, cycle].append((bucket, is_net, log, summary))
    operators = {(mkp, cycle): off for mkp, cycle, off in engine.execute("FROM operator_sides").fetchall()}
    rows = engine.execute(
        "SELECT mkp, id, ccy, closed::DATE, to_seller, pay_out, log, paid, payments, before FROM cycle_sides "
        "ORDER BY mkp, closed, id"
    ).fetchall()
    shows_payouts = {mkp for mkp, *_, payments, _ in rows if payments}
    for mkp, cycle, currency, day, to_seller, pay_out, log, paid, payments, before in rows:
        brought = carried.get(before, 0)
        explained = effects.of_cycle(mkp, cycle)
        came_to = brought + log - (sum(explained.certain) if explained.exact else 0)
        carried[cycle] = min(0, came_to) if to_seller == 0 else 0
        about: dict[str, Any] = {"cycle": cycle, "day": day}
        left = explained.left_of(brought + log - to_seller - carried[cycle])
        what = "the amount transferred"
        if not left:
            left, what = _widest_bucket(buckets[mkp, cycle], mkp, cycle, effects)
        if not left and (mkp, cycle) in operators:
            left, what = operators[mkp, cycle], "the amount transferred to the operator, by its own summary"
        if left:
            found.append(
                Finding(
                    Code.CYCLE_NOT_TIED, mkp, cycle, currency, abs(left), ours=log, theirs=to_seller, what=what, **about
                )
            )
        if carried[cycle]:
            found.append(
                Finding(
                    Code.NEGATIVE_CYCLE,
                    mkp,
                    cycle,
                    currency,
                    -carried[cycle],
                    ours=carried[cycle],
                    information=True,
                    **about,
                )
            )
        if pay_out == "FAILED":
            found.append(
                Finding(
                    Code.PAYOUT_FAILED, mkp, cycle, currency, abs(to_seller), theirs=to_seller, what=pay_out, **about
                )
            )
        elif pay_out == "PAID" and (payments or (mkp in shows_payouts and effects.is_payout_off(mkp, cycle))):
            off = to_seller + (paid or 0)
            if abs(off) not in {0, abs(left)}:
                ours = -paid if payments else None
                found.append(
                    Finding(Code.PAYOUT_DIFF, mkp, cycle, currency, abs(off), ours=ours, theirs=to_seller, **about)
                )
    return [each for each in found if each.amount]

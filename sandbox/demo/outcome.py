"""What became of every order, and whether anything is wrong: the demo trusts the twins' books, not our own word."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox import decimal_json
from sandbox.clock import moment_of
from sandbox.demo.agreement import Agreement, Judge, View
from sandbox.demo.books import SALES_ORDER, AsListed, lives_of, read_books
from sandbox.demo.standing import Everything
from sandbox.demo.twin_control import TwinControl, rows
from tieout.config import Config
from tieout.domain.errors import Reason
from tieout.domain.orders.order import TO_ACCEPT
from tieout.domain.postings import Kind, Posting, State

_LATER_OR_NEVER = frozenset({"STAGING", "REFUSED", "CANCELED", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"})


@dataclass
class Outcome:
    """The evening's figures. `problems` empty: every order is posted once, parked with its reason, or explained, and
    what became of it afterwards is the same on both sides."""

    books: AsListed
    agreement: Agreement
    parked: list[dict[str, Any]]
    counts: dict[str, Any]
    calls: dict[str, Any]
    problems: list[str] = field(default_factory=list)


def outcome_of(config: Config, control: TwinControl, everything: Everything, view: View) -> Outcome:
    """Read both twins' books, hold them against each other and against the postings."""
    books = read_books(control, config.marketplaces)
    agreement = Judge(config, view, everything.postings).judge(lives_of(books))
    postings = {(one.key.marketplace, one.key.source_id, one.key.kind): one for one in everything.postings}
    booked = Counter(
        (str(row.get("custbody_tieout_marketplace")), str(row.get("custbody_tieout_order")))
        for row in rows(books.netsuite[SALES_ORDER])
    )
    found, problems = Counter[str](), []
    for name, listed in books.orders.items():
        for order in rows(listed):
            ended, problem = _end_of(name, order, postings, booked, config)
            found[ended] += 1
            problems += [problem] if problem else []
    parked = [parked_line(one, config) for one in everything.postings if one.state is State.PARKED]
    return Outcome(
        books=books,
        agreement=agreement,
        parked=sorted(parked, key=lambda line: (line["marketplace"], line["order_id"], line["kind"])),
        counts=_counts(found, everything, parked, sum(booked.values())) | {"dispatch_and_returns": agreement.told()},
        calls=_calls(control, sum(found.values()), sum(booked.values())),
        problems=problems + agreement.problems + _violations(control),
    )


def _end_of(
    marketplace: str,
    order: dict[str, Any],
    postings: dict[tuple[str, str, Kind], Posting],
    booked: Counter[tuple[str, str]],
    config: Config,
) -> tuple[str, str | None]:
    """How an order ended up, and what is wrong with that."""
    order_id, state = str(order["order_id"]), str(order["order_state"])
    sale = postings.get((marketplace, order_id, Kind.SALES_ORDER))
    decision = postings.get((marketplace, order_id, Kind.ACCEPTANCE))
    times = booked.get((marketplace, order_id), 0)
    if times > 1:
        return "posted twice", f"{marketplace} {order_id} is in NetSuite {times} times"
    if sale and sale.state is State.CONFIRMED:
        return "posted", None if times else f"{marketplace} {order_id} is confirmed here, and not in NetSuite"
    if _is_parked(sale) or (_is_parked(decision) and state == TO_ACCEPT):
        return "parked", None
    if times:
        return "unconfirmed", f"{marketplace} {order_id} is in NetSuite, and not confirmed here"
    if explained := _explained(marketplace, order, config):
        return explained, None
    return "lost", f"{marketplace} {order_id} ({state}) is neither posted nor parked"


def _is_parked(one: Posting | None) -> bool:
    return one is not None and one.state is State.PARKED


def _explained(marketplace: str, order: dict[str, Any], config: Config) -> str | None:
    settings, state = config.marketplaces[marketplace].orders, str(order["order_state"])
    if moment_of(order["created_date"]) < settings.since:
        return "before the cut-over"
    if state == TO_ACCEPT and settings.acceptance.mode == "off":
        return "waiting for its seller"
    if state in _LATER_OR_NEVER:
        return state.lower().replace("_", " ")
    return None


def parked_line(one: Posting, config: Config) -> dict[str, Any]:
    """A parked posting as OUT/parked.ndjson tells it."""
    return {
        "key": str(one.key),
        "marketplace": one.key.marketplace,
        "order_id": one.key.thread,
        "kind": str(one.key.kind),
        "reason": one.reason,
        "sentence": Reason(one.reason).sentence if one.reason in set(Reason) else one.reason,
        "facts": one.facts,
        "page": f"{config.on_call.pages_url}/parked-postings.md",
        "parked_at": one.parked_at.isoformat() if one.parked_at else None,
    }


def _counts(found: Counter[str], everything: Everything, parked: list[dict[str, Any]], booked: int) -> dict[str, Any]:
    decided = Counter(
        one.facts.get("decision", "") for one in everything.postings if one.key.kind is Kind.ACCEPTANCE and one.facts
    )
    written = [
        one for one in everything.postings if one.key.kind is Kind.SELLER_REFERENCE and one.state is State.CONFIRMED
    ]
    return {
        "orders": sum(found.values()),
        "sales_orders": booked,
        **{name.replace(" ", "_"): times for name, times in sorted(found.items())},
        "accepted": decided["accepted"],
        "refused_by_policy": decided["refused"],
        "references_written": len(written),
        "parked_by_reason": dict(sorted(Counter(str(line["reason"]) for line in parked).items())),
    }


def _calls(control: TwinControl, orders: int, booked: int) -> dict[str, Any]:
    mirakl, netsuite = control.calls()
    return {
        "mirakl": mirakl,
        "netsuite": netsuite,
        "mirakl_calls_per_100_orders": round(100 * mirakl["total"] / max(orders, 1), 2),
        "netsuite_calls_per_sales_order": round(netsuite["total"] / max(booked, 1), 3),
        "netsuite_peak_concurrency": netsuite["peak_concurrency"],
    }


def _violations(control: TwinControl) -> list[str]:
    return [f"contract violation: {decimal_json.dumps(one)!r}" for one in control.violations()]

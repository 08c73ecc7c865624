"""The life of an order, in time order: what was seen, each attempt, what the other side said, and the ids."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tieout.aws.listing import Life
from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, facts_of, show, when
from tieout.cli.trouble import MistakeError
from tieout.domain.errors import Reason
from tieout.domain.postings import SETTLED_AS, Kind, Posting

WORDS = {
    Kind.ACCEPTANCE: "acceptance in Mirakl",
    Kind.SALES_ORDER: "sales order in NetSuite",
    Kind.SELLER_REFERENCE: "reference in Mirakl",
    Kind.FULFILMENT: "fulfilment in NetSuite",
    Kind.INVOICE: "invoice in NetSuite",
    Kind.CLOSURE: "closed lines in NetSuite",
    Kind.CREDIT_MEMO: "credit memo in NetSuite",
    Kind.RETURN_AUTHORIZATION: "return authorisation in NetSuite",
    Kind.ITEM_RECEIPT: "item receipt in NetSuite",
    Kind.SHIPMENT: "shipment in Mirakl",
    Kind.CANCELATION: "cancelation in Mirakl",
    Kind.REFUND: "refund in Mirakl",
    Kind.CYCLE: "billing cycle",
    **dict.fromkeys(SETTLED_AS, "settlement record in NetSuite"),
    Kind.STOCK: "quantity in Mirakl",
    Kind.STOCK_PUSH: "push of stock to Mirakl",
}


def explain(
    ctx: typer.Context,
    order: Annotated[
        str,
        typer.Argument(help="Mirakl order id; of a settlement the billing cycle's, or the month; of an offer its SKU."),
    ],
    marketplace: Annotated[str | None, typer.Option(help="Where several marketplaces may have this id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell the life of an order: every attempt, call and id, in time order."""
    deployment = deployment_of(ctx)
    places = [deployment.marketplace(marketplace)] if marketplace else list(deployment.config.marketplaces)
    lives = {place: deployment.postings.life(place, order) for place in places}
    known = {place: life for place, life in lives.items() if life.seen or life.postings}
    if not known:
        raise MistakeError(_unknown(deployment, order, places))
    document = {"order": order, "lives": [_document(place, life) for place, life in known.items()]}
    shown = [part for place, life in known.items() for part in _shown(order, place, life)]
    show(document, as_json=wants_json(ctx, as_json), shown=shown)


def _unknown(deployment: Deployment, order: str, places: list[str]) -> str:
    since = ", ".join(f"{place} {when(deployment.config.marketplaces[place].orders.since)}" for place in places)
    return (
        f"Nothing is known of an order {order!r} in {', '.join(places)}. Order ids are as Mirakl writes them, case "
        f"included. Orders created before orders.since ({since}) are left alone; "
        "`tieout orders backfill` reads a window of updates again."
    )


def _document(place: str, life: Life) -> dict[str, Any]:
    seen = life.seen
    return {
        "marketplace": place,
        "state": seen.state if seen else None,
        "version": seen.version if seen else None,
        "first_seen": seen.first_seen if seen else None,
        "seen_at": seen.seen_at if seen else None,
        "archive": seen.payload if seen else None,
        "postings": [_posting(posting) for posting in life.postings],
        "lines": [
            {
                "at": line.attempt.at,
                "key": str(line.key) if line.key else None,
                "what": line.attempt.what,
                "facts": line.attempt.facts,
            }
            for line in life.lines
        ],
    }


def _posting(posting: Posting) -> dict[str, Any]:
    return {
        "key": str(posting.key),
        "kind": posting.key.kind,
        "state": posting.state,
        "attempts": posting.attempt,
        "external_id": posting.external_id or None,
        "target_id": posting.target_id,
        "due_at": posting.due_at,
        "ambiguous_since": posting.ambiguous_since,
        "reason": posting.reason,
        "parked_at": posting.parked_at,
        "facts": posting.facts,
    }


def _subject(life: Life) -> str:
    """What the life is of."""
    if life.seen or not life.postings:
        return "Order"
    kinds = {posting.key.kind for posting in life.postings}
    return "Offer" if kinds == {Kind.STOCK} else "Push of" if kinds == {Kind.STOCK_PUSH} else "Order"


def _shown(order: str, place: str, life: Life) -> list[Any]:
    head = f"{_subject(life)} {order} of {place}"
    if life.seen:
        head += f": {life.seen.state} as of {life.seen.version}, first seen {when(life.seen.first_seen)}"
    stands = a_table("Where it stands", "Posting", "State", "Attempts", "Ids and facts", "Key", keep=("Key",))
    for posting in life.postings:
        ids = {"external id": posting.external_id, "id": posting.target_id or "", **posting.facts}
        stands.add_row(
            WORDS[posting.key.kind],
            posting.state if not posting.reason else f"{posting.state}: {posting.reason}",
            str(posting.attempt),
            facts_of(ids),
            str(posting.key),
        )
    story = a_table("What happened", "At (UTC)", "To", "What", "Facts", keep=("At (UTC)",))
    for line in life.lines:
        told = line.attempt
        at = told.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        story.add_row(at, WORDS[line.key.kind] if line.key else "order", told.what, facts_of(told.facts))
    todo = [
        f"Parked: {Reason(posting.reason).sentence} Then: tieout resubmit '{posting.key}'"
        for posting in life.postings
        if posting.parked_at and posting.reason in set(Reason)
    ]
    return [head, "", stands, "", story, *todo]

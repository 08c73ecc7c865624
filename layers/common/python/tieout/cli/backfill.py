"""Orders of a window read again, on a person's word."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tieout.cli.deployment import Deployment
from tieout.cli.explain import WORDS
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show, when
from tieout.cli.trouble import MistakeError
from tieout.domain.exchange import FetchedOrder
from tieout.domain.postings import Intent
from tieout.flows.orders.collect import preview, record

orders = typer.Typer(help="Orders of the marketplaces.", no_args_is_help=True, rich_markup_mode=None)

NOTHING = "nothing to do in this state"


@orders.command()
def backfill(  # noqa: PLR0917  Typer names them on the command line
    ctx: typer.Context,
    start: Annotated[
        str, typer.Option("--from", help="First instant of the window: 2026-11-01, or 2026-11-01T06:00:00Z.")
    ],
    end: Annotated[str, typer.Option("--to", help="End of the window; a day means its start.")],
    marketplace: Annotated[str | None, typer.Option(help="Only this one, by its name in the settings.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the orders that were updated in a window again, and record what they call for."""
    deployment = deployment_of(ctx)
    names = [deployment.marketplace(marketplace)] if marketplace else list(deployment.config.marketplaces)
    window = _instant(start, "--from"), _instant(end, "--to")
    if window[0] >= window[1]:
        raise MistakeError(f"--from {when(window[0])} is not before --to {when(window[1])}.")
    read = _preview if dry_run else _record
    found = [{"marketplace": name, **read(name, window, deployment)} for name in names]
    document = {"from": window[0], "to": window[1], "dry_run": dry_run, "marketplaces": found}
    shown = [part for each in found for part in (_would(each) if dry_run else _did(each))]
    show(document, as_json=wants_json(ctx, as_json), shown=shown)


def _record(name: str, window: tuple[datetime, datetime], deployment: Deployment) -> dict[str, Any]:
    """Page by page, so that a person sees it move and an interruption loses nothing that was read."""
    at = deployment.at
    seen = fresh = due = 0
    with aside().status("reading") as spinner:
        for page in at.marketplace(name).orders_updated(*window):
            collected = record(name, page, at)
            seen, fresh, due = seen + len(page), fresh + collected.fresh, due + collected.due
            spinner.update(f"{seen} orders read, {fresh} new or changed")
    return {"seen": seen, "fresh": fresh, "due": due}


def _preview(name: str, window: tuple[datetime, datetime], deployment: Deployment) -> dict[str, Any]:
    at = deployment.at
    seen = 0
    found: dict[str, dict[str, Any]] = {}
    with aside().status("reading") as spinner:
        for page in at.marketplace(name).orders_updated(*window):
            seen += len(page)
            found |= {each.order_id: _intended(each, intents) for each, intents in preview(name, page, at)}
            spinner.update(f"{seen} orders read, {len(found)} new or changed")
    return {"seen": seen, "fresh": len(found), "orders": list(found.values())}


def _intended(fetched: FetchedOrder, intents: list[Intent]) -> dict[str, Any]:
    return {
        "order_id": fetched.order_id,
        "state": fetched.order.state if fetched.order else None,
        "updated_at": fetched.updated_at,
        "would": [
            {"kind": intent.key.kind, "external_id": intent.external_id or None, "parked": intent.parked}
            for intent in intents
        ],
    }


def _would(document: dict[str, Any]) -> list[Any]:
    title = f"{document['marketplace']}: {document['seen']} orders read, {document['fresh']} new or changed"
    table = a_table(f"{title}; nothing is written", "Order", "State", "Updated", "Would be", keep=("Order",))
    for each in document["orders"]:
        words = [
            f"{WORDS[intent['kind']]}{', parked: ' + intent['parked'] if intent['parked'] else ''}"
            for intent in each["would"]
        ]
        table.add_row(
            each["order_id"], each["state"] or "unreadable", when(each["updated_at"]), "; ".join(words) or NOTHING
        )
    if not document["orders"]:
        return [f"{title}."]
    kinds = Counter(intent["kind"] for each in document["orders"] for intent in each["would"])
    return [table, *(f"{WORDS[kind]}: {count}" for kind, count in kinds.items())]


def _did(document: dict[str, Any]) -> list[str]:
    read = f"{document['marketplace']}: {document['seen']} orders read, {document['fresh']} new or changed"
    return [f"{read}, {document['due']} things to be done."]


def _instant(text: str, option: str) -> datetime:
    """A day (its start, UTC) or an instant with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise MistakeError(
            f"{option} {text!r}: expected a day or an instant, such as 2026-11-01 or 2026-11-01T06:00:00Z."
        ) from error
    if at.tzinfo is None and len(text) > len("2026-11-01"):
        raise MistakeError(f"{option} {text!r}: say which zone, for example {text}Z for UTC.")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at

"""What waits for a person, and giving it back once they have acted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, facts_of, show, when
from tieout.cli.trouble import SOMETHING_TO_DO, MistakeError
from tieout.domain.errors import Reason
from tieout.domain.postings import Key, Posting, State

PAGE = "parked-postings.md"


def parked(
    ctx: typer.Context,
    reason: Annotated[str | None, typer.Option(help="Only those parked for this reason.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person, oldest first: the key, since when, why, and the facts."""
    deployment = deployment_of(ctx)
    only = _reason(reason) if reason else None
    found = [each for each in deployment.postings.parked() if only in (None, each.reason)]
    table = a_table(f"Parked in {deployment.name}: {len(found)}", "Key", "Since", "Reason", "Facts", keep=("Key",))
    for each in found:
        table.add_row(str(each.key), when(each.parked_at), each.reason or "", facts_of(each.facts))
    reasons = Counter(each.reason or "" for each in found)
    words = [f"{name} ({count}): {_sentence(name)}" for name, count in sorted(reasons.items())]
    words += ["", f"What to do for each reason: {deployment.page('../operations/orders.md')}"] if found else []
    document = {
        "deployment": deployment.name,
        "count": len(found),
        "by_reason": dict(sorted(reasons.items())),
        "parked": [parked_document(each, deployment.page(PAGE)) for each in found],
    }
    shown: list[RenderableType] = [table, *words] if found else [f"Nothing is parked in {deployment.name}."]
    show(document, as_json=wants_json(ctx, as_json), shown=shown)


def parked_document(posting: Posting, page: str) -> dict[str, Any]:
    """A parked posting for a script."""
    return {
        "key": str(posting.key),
        "marketplace": posting.key.marketplace,
        "order_id": posting.key.thread,
        "kind": posting.key.kind,
        "reason": posting.reason,
        "sentence": _sentence(posting.reason or ""),
        "facts": posting.facts,
        "page": page,
        "parked_at": posting.parked_at,
    }


def resubmit(
    ctx: typer.Context,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Keys, as `tieout parked` shows them.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="With --all: everything parked for this reason.")] = None,
    every: Annotated[bool, typer.Option("--all", help="With --reason: all of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give parked postings back to the workers, after the cause is mended. It cannot make a second sales order."""
    deployment = deployment_of(ctx)
    wanted = _named(keys or []) if not reason else _for_reason(deployment, _reason(reason), every=every)
    if reason and keys:
        raise MistakeError("Name keys, or --reason with --all, but not both.")
    if not reason and not wanted:
        raise MistakeError("Name one or more keys (`tieout parked` lists them), or --reason REASON --all.")
    now, who = deployment.clock(), deployment.who
    outcome = {key: _give_back(deployment, key, now, who) for key in wanted}
    again = [key for key, problem in outcome.items() if problem is None]
    deployment.doorbells.ring(again)
    refused = {str(key): problem for key, problem in outcome.items() if problem}
    document = {"resubmitted": [str(key) for key in again], "not_resubmitted": refused, "who": who, "at": now}
    shown = [f"{key}: due again" for key in again] + [f"{key}: {problem}" for key, problem in refused.items()]
    if not outcome:
        shown = [f"Nothing is parked for {reason}."]
    show(document, as_json=wants_json(ctx, as_json), shown=shown)
    if refused:
        raise typer.Exit(SOMETHING_TO_DO)


def _give_back(deployment: Deployment, key: Key, now: datetime, who: str) -> str | None:
    """None when the posting is due again; else why it is not."""
    try:
        deployment.postings.resubmit(key, now, who)
    except KeyError:
        posting = deployment.postings.posting(key)
    else:
        return None
    if posting is None:
        return "there is no such posting; `tieout parked` lists the keys"
    if posting.state is State.CONFIRMED:
        return "done already"
    return f"not parked, but {posting.state}: `tieout explain {key.thread}` tells its life"


def _named(texts: Sequence[str]) -> list[Key]:
    try:
        return list(dict.fromkeys(Key.parse(text) for text in texts))
    except ValueError as error:
        raise MistakeError(f"{error}. Quote it in the shell; `tieout parked` lists the keys.") from error


def _for_reason(deployment: Deployment, reason: Reason, *, every: bool) -> list[Key]:
    found = [posting.key for posting in deployment.postings.parked() if posting.reason == reason]
    if not every:
        raise MistakeError(f"{len(found)} are parked for {reason}: add --all to resubmit all of them.")
    return found


def _reason(text: str) -> Reason:
    if text not in set(Reason):
        raise MistakeError(f"There is no reason {text!r}; there are: {', '.join(Reason)}.")
    return Reason(text)


def _sentence(reason: str) -> str:
    return Reason(reason).sentence if reason in set(Reason) else ""

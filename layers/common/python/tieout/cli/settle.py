"""What billing cycles become in NetSuite: shown first, out of files or out of a deployment, and agreed to by hash."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import aside, show
from tieout.cli.trouble import SOMETHING_TO_DO, MistakeError
from tieout.config import Config
from tieout.flows.settlement.rules import booking_rules

if TYPE_CHECKING:
    from tieout.books.settling import Outcome


def settle(  # noqa: PLR0917  Typer names them on the command line
    ctx: typer.Context,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Settle this export folder; without AWS, NetSuite or Mirakl."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file; it may stand before the command as well.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --from: writes the records, the proof and the problems here."),
    ] = None,
    agreed: Annotated[
        str | None, typer.Option("--post", metavar="HASH", help="Agree to the cycle of this review hash: it is posted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the records of billing cycles and prove each cycle to the cent; with --post, agree to them.

    Exit 1 if a cycle is held or a row could not be read.
    """
    deployment = deployment_of(ctx).with_settings(config)
    json = wants_json(ctx, as_json)
    if source is None:
        if out is not None:
            raise MistakeError("--out goes with --from FOLDER: a deployment keeps its records itself.")
        if agreed is not None:
            _agree(deployment, agreed, as_json=json)
        else:
            _waiting(deployment, as_json=json)
        return
    if agreed is not None:
        raise MistakeError("Files are never posted: `tieout settle --post HASH` goes to a deployment, without --from.")
    _files(deployment, source, out, as_json=json)


def _files(deployment: Deployment, source: Path, out: Path | None, *, as_json: bool) -> None:
    from tieout.books.review import review  # noqa: PLC0415  what only this command needs
    from tieout.cli.settle_screen import settlement_document, settlement_tables  # noqa: PLC0415

    config = deployment.config
    with aside().status("settling"), _nothing_thrown_away():
        outcome = settled_files(source, config)
        looked_at = review(outcome)
        if out is not None:
            _write(outcome, out)
    document = {"folder": str(source), "out": str(out) if out else None, **settlement_document(outcome, looked_at)}
    show(document, as_json=as_json, shown=[*settlement_tables(outcome, looked_at), _what_next(outcome, out)])
    if outcome.held or outcome.problems:
        raise typer.Exit(SOMETHING_TO_DO)


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """Rows stay until the end: looking through them for garbage again and again takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settled_files(source: Path, config: Config) -> Outcome:
    """The cycles of an export folder. Raises MistakeError, ConfigError."""
    from tieout.books.export import ExportError, read_export  # noqa: PLC0415  what only this command needs
    from tieout.books.settling import settle_export  # noqa: PLC0415

    names = [name for name, marketplace in config.marketplaces.items() if marketplace.settlement]
    if not names:
        raise MistakeError(
            "No marketplace of the settings has a `settlement` section: say there how cycles are booked."
        )
    rules = {name: booking_rules(config, name) for name in names}
    known_as = {name: config.marketplaces[name].orders.sales_orders.customer.name for name in names}
    customers = {name: customer for name, customer in known_as.items() if customer}
    try:
        # The bank has something to say only where a payout is exchanged; `tieout reconcile` compares all of them.
        bank = rules if any(each.pays_out for each in rules.values()) else None
        export = read_export(source, names, customers=customers, bank=bank)
    except ExportError as error:
        raise MistakeError(f"{error}.") from error
    return settle_export(export, rules)


def _write(outcome: Outcome, out: Path) -> None:
    from tieout.books.postings_out import write_outcome  # noqa: PLC0415  what only this command needs

    try:
        write_outcome(outcome, out)
    except OSError as error:
        raise MistakeError(f"{out} cannot be written: {error.strerror or error}.") from error


def _what_next(outcome: Outcome, out: Path | None) -> str:
    from tieout.books.postings_out import POSTINGS, PROBLEMS, PROOF  # noqa: PLC0415  what only this command needs

    held, tied = len(outcome.held), len(outcome.proofs) - len(outcome.held)
    new = sum(not outcome.exists(record) for record in outcome.records)
    words = [f"{tied} of {len(outcome.proofs)} cycles tie out; {new} records to create, nothing was posted."]
    if held:
        words.append(f"{held} held: mend what is named above at its source, export again, and settle again.")
    if outcome.problems:
        words.append(f"{len(outcome.problems)} places could not be read: see above{f' and {PROBLEMS}' if out else ''}.")
    if out:
        words.append(f"Written to {out}: {POSTINGS}, {PROOF}, {PROBLEMS}.")
    words.append("`tieout reconcile` on the same folder names every difference by order.")
    return "\n".join(words)


# --- a deployment ----------------------------------------------------------------------------------------------------


def _waiting(deployment: Deployment, *, as_json: bool) -> None:
    """The cycles that wait to be agreed to, held against what NetSuite has by now."""
    from tieout.books.review import review  # noqa: PLC0415  what only this command needs
    from tieout.books.settling import Outcome  # noqa: PLC0415
    from tieout.cli.settle_screen import settlement_document, settlement_tables  # noqa: PLC0415
    from tieout.flows.settlement.review import list_reviews  # noqa: PLC0415

    at = deployment.at
    with aside().status("reading the cycles that wait"):
        plans = [each.plan for each in list_reviews(at)]
        records = tuple(record for plan in plans for record in plan.records)
        there = at.ledger.documents_by_external_id([record.external_id for record in records]) if records else {}
    outcome = Outcome(
        proofs=tuple(plan.proof for plan in plans),
        records=records,
        existing=frozenset(external_id.upper() for external_id in there),
    )
    looked_at = review(outcome)
    document = {"deployment": deployment.name, **settlement_document(outcome, looked_at)}
    if not plans:
        words = "No cycle waits to be agreed to. `tieout parked` lists those that are held, with the reason."
        show(document, as_json=as_json, shown=[words])
        return
    agree = "\n".join(f"  tieout settle --post {cycle.hash}   # {cycle.proof['cycle']}" for cycle in looked_at.cycles)
    words = f"Nothing of these cycles was posted. To agree to one, name what you have looked at:\n{agree}"
    show(document, as_json=as_json, shown=[*settlement_tables(outcome, looked_at), words])


def _agree(deployment: Deployment, agreed: str, *, as_json: bool) -> None:
    from tieout.flows.settlement.review import approve  # noqa: PLC0415  what only this command needs

    due = approve(deployment.at, agreed, deployment.who)
    if not due:
        raise MistakeError(
            f"No cycle waits with the hash {agreed}: `tieout settle` shows the hashes that wait. "
            "A cycle that changed since you looked at it has another one."
        )
    cycles = [f"{key.marketplace} {key.thread}" for key in due]
    document = {"agreed": agreed, "who": deployment.who, "keys": [str(key) for key in due]}
    words = (
        f"Agreed to {', '.join(cycles)} as {deployment.who}. Its records are being made: `tieout status` counts them."
    )
    show(document, as_json=as_json, shown=[words])

"""What the bank and the payment provider say, taken into a deployment: statements, rates, customers' money."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show
from tieout.cli.trouble import MistakeError
from tieout.flows.settlement.rules import booking_rules

if TYPE_CHECKING:
    from rich.table import Table

    from tieout.books.rows import Problem
    from tieout.domain.ledger.record import Record

bank = typer.Typer(help="What the bank and the payment provider say.", no_args_is_help=True, rich_markup_mode=None)
MOST = 10
"""Rows that do not read, on a screen."""


@bank.callback()
def group() -> None:
    """What the bank and the payment provider say."""


@bank.command("import")
def take_in(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or NDJSON with date, amount, currency, reference.")],
    rates: Annotated[
        bool, typer.Option("--rates", help="The file has rates of exchange instead: date, currency, into, rate.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a statement of the bank: payouts are compared with it, and those in another currency are booked by it.

    Statements may overlap, and the same file may come twice. All of it is taken, or nothing.
    """
    from tieout.books.bank import RateRow, Row, rate_of, statement_line  # noqa: PLC0415  what only this command needs
    from tieout.books.bank_file import read_bank_file  # noqa: PLC0415
    from tieout.flows.settlement.import_bank import go_on_with_payouts, keep_rates, keep_statement  # noqa: PLC0415

    deployment = deployment_of(ctx)
    if not file.is_file():
        raise MistakeError(f"{file} is not a file.")
    problems: list[Problem] = []
    with aside().status("reading"):
        if rates:
            found_rates = read_bank_file(file, RateRow, rate_of, problems)
            read = len(found_rates)
        else:
            lines = read_bank_file(file, Row, statement_line, problems)
            read = len(lines)
        _all_read(problems)
        new = keep_rates(found_rates, deployment.at) if rates else keep_statement(lines, deployment.at)
        due = go_on_with_payouts(deployment.at)
    what = "rates" if rates else "lines of the statement"
    words = f"{new} of {read} {what} are new and kept."
    if due:
        words += (
            f" Payouts that waited are looked at now: {', '.join(f'{key.marketplace} {key.thread}' for key in due)}."
        )
    document = {"file": str(file), "rows": read, "new": new, "keys": [str(key) for key in due]}
    show(document, as_json=wants_json(ctx, as_json), shown=[words])


@bank.command()
def captures(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV or NDJSON with report, id, date, kind (CAPTURE or REFUND), currency, amount, gift_card, "
            "operator, vat, fee.",
        ),
    ],
    marketplace: Annotated[str, typer.Option(help="Which one, by its name in the settings; its role is operator.")],
    agreed: Annotated[
        str | None, typer.Option("--post", metavar="HASH", help="Agree to the journals of this hash: they are posted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the journals of an operator's payment provider: what customers paid and were given back; post with --post.

    A journal a report, day and currency. A report is booked once.
    """
    from tieout.books.captures import read_captures  # noqa: PLC0415  what only this command needs
    from tieout.books.postings_out import posting_row  # noqa: PLC0415
    from tieout.domain.errors import NeedsAttention  # noqa: PLC0415
    from tieout.domain.ledger.accounts import UnmappedRoleError  # noqa: PLC0415
    from tieout.domain.ledger.capture import customer_money  # noqa: PLC0415
    from tieout.domain.ledger.review import review_hash  # noqa: PLC0415
    from tieout.flows.settlement.customer_money import book_reports  # noqa: PLC0415

    deployment = deployment_of(ctx)
    name = deployment.marketplace(marketplace)
    if deployment.config.marketplaces[name].role != "operator":
        raise MistakeError(f"marketplaces.{name} is a seller's: its customers pay the marketplace.")
    if not file.is_file():
        raise MistakeError(f"{file} is not a file.")
    problems: list[Problem] = []
    moves = read_captures(file, problems)
    _all_read(problems)
    try:
        records = customer_money(moves, booking_rules(deployment.config, name))
    except UnmappedRoleError as error:
        raise MistakeError(f"{error}.") from error
    hashed = review_hash(records)
    document: dict[str, Any] = {
        "file": str(file),
        "rows": len(moves),
        "hash": hashed,
        "journals": [posting_row(each) for each in records],
    }
    if agreed is None:
        words = f"Nothing was posted. To agree: tieout bank captures {file} --marketplace {name} --post {hashed}"
        show(document, as_json=wants_json(ctx, as_json), shown=[_journals(records), words])
        return
    if agreed != hashed:
        raise MistakeError(f"The journals of {file} have the hash {hashed}, which is not the one that was agreed to.")
    try:
        due = book_reports(records, deployment.at)
    except NeedsAttention as error:
        told = "; ".join(error.facts.values())
        raise MistakeError(f"Nothing was posted: {told}. A correction is a report of its own.") from error
    document["keys"] = [str(key) for key in due]
    words = f"{len(due)} journals are being posted: `tieout status` counts them." if due else "All were posted before."
    show(document, as_json=wants_json(ctx, as_json), shown=[_journals(records), words])


def _journals(records: Sequence[Record]) -> Table:
    from tieout.books.postings_out import shown  # noqa: PLC0415  what only this command needs

    table = a_table("Journals", "Day", "Role", "Account", "Debit", "Credit", keep=("Debit", "Credit"))
    for record in records:
        for each in record.entries:
            amounts = (shown(amount, record.currency) if amount else "" for amount in (each.debit, each.credit))
            table.add_row(f"{record.day} {record.currency}", each.role.value, each.account, *amounts)
    return table


def _all_read(problems: Sequence[Problem]) -> None:
    """Raises MistakeError with the first of them."""
    if problems:
        told = "\n".join(f"  {each}" for each in problems[:MOST])
        more = f"\n  and {len(problems) - MOST} more" if len(problems) > MOST else ""
        raise MistakeError(f"Nothing was taken in, as not every row could be read:\n{told}{more}")

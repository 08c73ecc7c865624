"""What the bank says, taken into a deployment: statements, and rates of exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import aside, show
from tieout.cli.trouble import MistakeError

bank = typer.Typer(help="Statements of the bank, and rates of exchange.", no_args_is_help=True, rich_markup_mode=None)
MOST = 10
"""Rows that do not read, on a screen."""


@bank.callback()
def group() -> None:
    """Statements of the bank, and rates of exchange."""


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
    from tieout.books.rows import Problem  # noqa: PLC0415
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
        if problems:
            told = "\n".join(f"  {each}" for each in problems[:MOST])
            more = f"\n  and {len(problems) - MOST} more" if len(problems) > MOST else ""
            raise MistakeError(f"Nothing was taken in, as not every row could be read:\n{told}{more}")
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

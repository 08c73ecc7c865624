"""Is everything there that the deployment needs? Each line passes, or says what to do."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from tieout.cli.check_mirakl import mirakl_findings
from tieout.cli.check_netsuite import netsuite_findings
from tieout.cli.deployment import Deployment
from tieout.cli.findings import Finding, Verdict, attempt, note, passed
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, show
from tieout.cli.trouble import SOMETHING_TO_DO

_MARKS = {Verdict.PASS: "✓ pass", Verdict.NOTE: "· note", Verdict.TO_DO: "✗ to do"}


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Check credentials, permissions, PC01, carriers, reasons, concurrency, clocks, custom fields, names.

    Exit 1 if something is to do.
    """
    deployment = deployment_of(ctx)
    findings: list[Finding] = []
    with aside().status("asking") as spinner:
        for about, found in _findings(deployment):
            findings += found
            spinner.update(about)
    to_do = sum(each.verdict is Verdict.TO_DO for each in findings)
    table = a_table(f"Doctor: {deployment.name}", "About", "Verdict", "What was found", keep=("Verdict",))
    for each in findings:
        table.add_row(each.about, _MARKS[each.verdict], each.words)
    document = {
        "deployment": deployment.name,
        "to_do": to_do,
        "findings": [each.document() for each in findings],
    }
    end = f"{to_do} to do." if to_do else "Everything that can be checked from here is in order."
    show(document, as_json=wants_json(ctx, as_json), shown=[table, end])
    if to_do:
        raise typer.Exit(SOMETHING_TO_DO)


def _findings(deployment: Deployment) -> Iterator[tuple[str, list[Finding]]]:
    """Without the stack there are no secrets, and nothing else to ask."""
    aws = attempt("AWS", lambda: _aws(deployment))
    yield "AWS", aws
    if any(each.verdict is Verdict.TO_DO for each in aws):
        return
    for name in deployment.config.marketplaces:
        yield from mirakl_findings(deployment, name)
    yield from netsuite_findings(deployment)


def _aws(deployment: Deployment) -> list[Finding]:
    deployment.outputs  # noqa: B018  raises where the stack is not there
    findings = [passed("AWS", f"stack {deployment.stack} is deployed; signed in as {deployment.who}")]
    findings += [
        note("AWS", f"{each.flow} is paused since {each.since:%Y-%m-%d} by {each.who}: `tieout resume {each.flow}`")
        for each in deployment.switches.pauses()
    ]
    return findings

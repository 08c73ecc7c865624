"""How long is left: to accept and to ship each open order, nearest first."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, aside, how_long, show, when
from tieout.flows.shipments.deadlines import deadlines as open_deadlines


def deadlines(
    ctx: typer.Context,
    marketplace: Annotated[str | None, typer.Option(help="Only this one, by its name in the settings.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the time left to accept and to ship each open order, nearest first; those at risk are marked."""
    deployment = deployment_of(ctx)
    selling = [name for name, one in deployment.config.marketplaces.items() if one.orders.enabled]
    names = [deployment.marketplace(marketplace)] if marketplace else selling
    found = sorted((each for name in names for each in _of(deployment, name)), key=lambda each: each["deadline"])
    at_risk = sum(each["at_risk"] for each in found)
    document = {
        "deployment": deployment.name,
        "at": deployment.clock(),
        "count": len(found),
        "at_risk": at_risk,
        "deadlines": found,
    }
    show(document, as_json=wants_json(ctx, as_json), shown=_shown(deployment, found, at_risk))


def _of(deployment: Deployment, name: str) -> list[dict[str, Any]]:
    """Orders as the marketplace has them now, not as they were last read."""
    now = deployment.clock()
    with aside().status(f"asking {name}"):
        return [
            {
                "marketplace": name,
                "order_id": each.order_id,
                "to": each.step,
                "deadline": each.deadline,
                "seconds_left": round((each.deadline - now).total_seconds()),
                "at_risk": each.at_risk,
                "waits_for": each.waits_for or None,
            }
            for each in open_deadlines(name, deployment.at)
        ]


def _shown(deployment: Deployment, found: list[dict[str, Any]], at_risk: int) -> list[Any]:
    if not found:
        return [f"No order of {deployment.name} has a deadline ahead."]
    now = deployment.clock()
    title = f"Deadlines in {deployment.name}: {len(found)}, at risk: {at_risk}"
    table = a_table(title, "Order", "Marketplace", "To", "Until (UTC)", "Left", "", "Waits for", keep=("Order",))
    for each in found:
        late = each["deadline"] < now
        left = f"late by {how_long(now - each['deadline'])}" if late else how_long(each["deadline"] - now)
        table.add_row(
            each["order_id"],
            each["marketplace"],
            each["to"],
            when(each["deadline"]),
            left,
            "at risk" if each["at_risk"] else "",
            each["waits_for"] or "",
        )
    return [table]

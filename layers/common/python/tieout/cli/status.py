"""How a deployment stands: what is due, what waits for a person, how far it has read, and what stops it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import typer

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, how_long, show, when
from tieout.config import Config
from tieout.domain.postings import Lane


def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show what is due by lane, parked by reason, how far Mirakl and NetSuite were read, pauses and breakers."""
    deployment = deployment_of(ctx)
    now = deployment.clock()
    document = {
        "deployment": deployment.name,
        "at": now,
        "lanes": [_lane(deployment, lane, now) for lane in Lane],
        "parked": _parked(deployment),
        "marketplaces": [_marketplace(deployment, name, now) for name in deployment.config.marketplaces],
        "readings": [_reading(deployment, name, now) for name in _readings(deployment.config)],
        "paused": [{"flow": each.flow, "who": each.who, "since": each.since} for each in deployment.switches.pauses()],
        "breakers": [
            {"system": each.system, "failures": each.failures, "open_until": each.open_until}
            for each in deployment.switches.breakers()
        ],
    }
    show(document, as_json=wants_json(ctx, as_json), shown=_shown(document, now))


def _lane(deployment: Deployment, lane: Lane, now: datetime) -> dict[str, Any]:
    open_postings = deployment.postings.open_postings(lane)
    due = [posting.due_at for posting in open_postings if posting.due_at and posting.due_at <= now]
    return {"lane": lane, "due": len(due), "open": len(open_postings), "oldest_due": min(due, default=None)}


def _parked(deployment: Deployment) -> dict[str, Any]:
    parked = deployment.postings.parked()
    reasons = Counter(posting.reason or "" for posting in parked)
    return {
        "count": len(parked),
        "by_reason": dict(sorted(reasons.items())),
        "oldest": min((posting.parked_at for posting in parked if posting.parked_at), default=None),
    }


def _marketplace(deployment: Deployment, name: str, now: datetime) -> dict[str, Any]:
    watermark = deployment.watermarks.read(name)
    return {
        "marketplace": name,
        "read_until": watermark,
        "seconds_ago": round((now - watermark).total_seconds()) if watermark else None,
        "poll_minutes": deployment.config.marketplaces[name].orders.poll_minutes,
    }


def _readings(config: Config) -> list[str]:
    """Watermarks besides those of orders, where their flow is switched on."""
    selling = {name: one for name, one in config.marketplaces.items() if one.orders.enabled}
    shipping = [one for one in selling.values() if one.shipments.enabled]
    returning = [one for one in selling.values() if one.returns.enabled]
    return [
        *(["netsuite/fulfilments"] if shipping else []),
        *(["netsuite/credits", "netsuite/closed-lines"] if returning else []),
        *(f"{name}/shipments" for name, one in selling.items() if one.shipments.enabled and one.role == "operator"),
        *(f"{name}/returns" for name, one in selling.items() if one.returns.enabled),
        *(f"{name}/settlement" for name, one in config.marketplaces.items() if one.settlement),
    ]


def _reading(deployment: Deployment, name: str, now: datetime) -> dict[str, Any]:
    watermark = deployment.watermarks.read(name)
    return {
        "reading": name,
        "read_until": watermark,
        "seconds_ago": round((now - watermark).total_seconds()) if watermark else None,
    }


def _shown(document: dict[str, Any], now: datetime) -> list[Any]:
    lanes = a_table(f"{document['deployment']} at {when(now)}", "Lane", "Due", "Open", "Oldest due since")
    for lane in document["lanes"]:
        oldest = lane["oldest_due"]
        since = f"{when(oldest)} ({how_long(now - oldest)})" if oldest else ""
        lanes.add_row(lane["lane"], str(lane["due"]), str(lane["open"]), since)
    markets = a_table("Marketplaces", "Marketplace", "Read until", "Ago", "Read every")
    for each in document["marketplaces"]:
        until = each["read_until"]
        ago = how_long(now - until) if until else ""
        markets.add_row(each["marketplace"], when(until) or "not read yet", ago, f"{each['poll_minutes']} min")
    others = a_table("Besides orders", "Reading", "Read until", "Ago")
    for each in document["readings"]:
        until = each["read_until"]
        others.add_row(each["reading"], when(until) or "not read yet", how_long(now - until) if until else "")
    read = [markets, "", *([others, ""] if document["readings"] else [])]
    return [lanes, "", *_waiting(document["parked"], now), "", *read, *_stopped(document)]


def _waiting(parked: dict[str, Any], now: datetime) -> list[Any]:
    if not parked["count"]:
        return ["Nothing is parked."]
    oldest = f", the oldest for {how_long(now - parked['oldest'])}" if parked["oldest"] else ""
    table = a_table(f"Parked: {parked['count']}{oldest}", "Reason", "How many")
    for reason, count in parked["by_reason"].items():
        table.add_row(reason, str(count))
    return [table]


def _stopped(document: dict[str, Any]) -> list[str]:
    words = [f"Paused: {each['flow']}, since {when(each['since'])}, by {each['who']}" for each in document["paused"]]
    for each in document["breakers"]:
        until = f"; left alone until {when(each['open_until'])}" if each["open_until"] else ""
        words.append(f"Breaker: {each['system']} failed {each['failures']} times in a row{until}")
    return words or ["Nothing is paused, and no breaker counts failures."]

"""What offers show and why: from NetSuite's figure to what buyers find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from tieout.cli.deployment import Deployment
from tieout.cli.options import AsJson, deployment_of, wants_json
from tieout.cli.output import a_table, how_long, show, when
from tieout.cli.trouble import MistakeError
from tieout.config import Config
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, Posting
from tieout.domain.stock.storefront import marketplace_of, shop_of
from tieout.domain.stock.storefront import named as storefront
from tieout.domain.stock.told import OfferFacts
from tieout.flows.stock.facts import offers_told
from tieout.flows.stock.rules import stocked, storefronts, told_by
from tieout.flows.stock.standing import Standing, load

MOST = 50
"""Offers that a screen shows where none is named; JSON has all."""


def stock(
    ctx: typer.Context,
    skus: Annotated[
        list[str] | None, typer.Argument(metavar="SKU", help="Offers; none: those that do not show what they should.")
    ] = None,
    marketplace: Annotated[str | None, typer.Option(help="Only this one's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what offers show and why: NetSuite's units, promises, buffer, target, and what is on its way."""
    deployment = deployment_of(ctx)
    config, book, now = deployment.config, deployment.stock_book, deployment.clock()
    asked = [deployment.marketplace(marketplace)] if marketplace else list(stocked(config))
    names = [front for front in storefronts(config) if marketplace_of(front) in asked]
    if not names:
        raise MistakeError("No marketplace's stock is kept: the settings have no `stock` for it.")
    standing, json = load(book), wants_json(ctx, as_json)
    parked = [each for each in deployment.postings.parked() if each.key.kind in {Kind.STOCK, Kind.STOCK_PUSH}]
    waiting = {told_by(each.key, config): each for each in parked if each.key.kind is Kind.STOCK}
    told = (
        _offer(facts, standing, waiting)
        for facts in offers_told(standing, book, config, now, set(skus or ()))
        if facts.marketplace in names
    )
    # A screen shows what is odd of millions; a script, and whoever names offers, gets all.
    offers = [each for each in told if json or skus or not _is_at_rest(each)]
    if missing := set(skus or ()) - {each["sku"] for each in offers}:
        raise MistakeError(f"The book has no offer {', '.join(sorted(missing))}: it is of no NetSuite item, or new.")
    document = {
        "deployment": deployment.name,
        "at": now,
        "read_at": _instant(standing.read_at),
        "full_at": _instant(standing.full_at),
        "marketplaces": [_storefront(name, standing, _reasons(name, parked, config)) for name in names],
        "offers": offers,
    }
    show(document, as_json=json, shown=_shown(document, deployment, named=bool(skus)))


def _reasons(front: str, parked: list[Posting], config: Config) -> Counter[str | None]:
    return Counter(each.reason for each in parked if told_by(each.key, config)[0] == front)


def _storefront(name: str, standing: Standing, waiting: Counter[str | None]) -> dict[str, Any]:
    flight = standing.flights.get(name)
    return {
        "marketplace": marketplace_of(name),
        "shop": shop_of(name) or None,
        "offers": standing.offers.get(name, 0),
        "orders_read_at": _instant(standing.orders_known(name)),
        "file": {
            "import_id": flight.import_id or None,
            "rows": flight.rows,
            "sent_at": _instant(flight.sent_at),
            "landed": name in standing.landings,
        }
        if flight
        else None,
        "lag_seconds": standing.lags.get(name),
        "behind_since": _instant(standing.behind_since.get(name, 0)),
        "held": waiting[Reason.STOCK_HELD],
        "refused": waiting[Reason.OFFER_REFUSED] + waiting[Reason.OFFER_UNKNOWN],
    }


def _offer(facts: OfferFacts, standing: Standing, waiting: Mapping[tuple[str, str], Posting]) -> dict[str, Any]:
    waits = waiting.get((facts.marketplace, facts.sku))
    return {
        "marketplace": marketplace_of(facts.marketplace),
        "shop": shop_of(facts.marketplace) or None,
        "sku": facts.sku,
        "item_id": facts.item_id,
        "pool": str(facts.pool),
        "promised": str(facts.promised),
        "part": facts.part,
        "buffer": facts.buffer,
        "target": facts.target,
        "shows": facts.shows,
        "in_flight": facts.in_flight,
        "doubtful": facts.doubtful,
        "off": facts.item_id in standing.off.get(facts.marketplace, ()),
        "refused": waits.facts.get("mirakl") if waits else None,
    }


def _instant(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _shown(document: dict[str, Any], deployment: Deployment, *, named: bool) -> list[Any]:
    now, read_at = document["at"], document["read_at"]
    if read_at is None:
        return [f"The stock of {deployment.name} was not read yet: the first run of push-stock reads everything."]
    head = f"NetSuite read {how_long(now - read_at)} ago, everything at {when(document['full_at']) or '(not yet)'}"
    markets = a_table(head, "Marketplace", "Offers", "File on its way", "Lag", "Waits for a person")
    for each in document["marketplaces"]:
        waits = [f"{each[what]} {what}" for what in ("held", "refused") if each[what]]
        lag = f"{each['lag_seconds']} s" if each["lag_seconds"] is not None else ""
        markets.add_row(_name(each), str(each["offers"]), _file(each["file"]), lag, ", ".join(waits))
    offers = document["offers"]
    if not offers:
        return [markets, "", "Every offer shows what it should."]
    more = len(offers) - MOST
    cut = [f"... and {more} more; --json has all, or name a SKU."] if more > 0 and not named else []
    return [markets, "", _table(offers if named else offers[:MOST]), *cut]


def _name(row: dict[str, Any]) -> str:
    return storefront(row["marketplace"], row["shop"] or "")


def _is_at_rest(offer: dict[str, Any]) -> bool:
    is_sure = offer["in_flight"] is None and not offer["doubtful"] and offer["refused"] is None
    return is_sure and offer["shows"] == offer["target"]


def _file(told: dict[str, Any] | None) -> str:
    if told is None:
        return ""
    name = told["import_id"] or "(without an answer)"
    return f"{name}: {told['rows']} rows, {'landed' if told['landed'] else 'sent'} {when(told['sent_at'])}"


def _table(offers: list[dict[str, Any]]) -> Table:
    columns = ("Pool", "Promised", "Part", "Buffer", "Target", "Shows", "In flight", "Doubtful", "Why")
    table = a_table("Offers", "Marketplace", "SKU", "Item", *columns, keep=("SKU",))
    for each in offers:
        why = "its item is off" if each["off"] else each["refused"] or ""
        numbers = [str(each[name]) for name in ("pool", "promised", "part", "buffer", "target", "shows")]
        flying = "" if each["in_flight"] is None else str(each["in_flight"])
        doubt = "yes" if each["doubtful"] else ""
        table.add_row(_name(each), each["sku"], each["item_id"], *numbers, flying, doubt, why)
    return table

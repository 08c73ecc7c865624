"""Offers follow approved items: new ones are made, prices set, and what may not be listed any more goes.

Quantities are not sent here: an item that may not be listed shows zero by the push of stock, and a new offer gets its
stock from there.
"""

from __future__ import annotations

import logging
from decimal import Decimal

from msgspec import Struct

from tieout.domain.listings.audit import Fault, Finding
from tieout.domain.listings.listing import Listing
from tieout.domain.listings.wanted import ListingRules, wanted
from tieout.domain.money import ZERO
from tieout.domain.stock.kits import STOCKED
from tieout.flows.listings.items import read_changes
from tieout.flows.listings.lanes import OFFERS, PRICES, follow, send_offers, send_prices
from tieout.flows.listings.reading import read_sides
from tieout.flows.listings.rules import listing_rules, settings_of
from tieout.flows.listings.sent import NewItem, Row, Sent, What, load, put
from tieout.flows.listings.store import ListingsRoom
from tieout.flows.listings.tasks import SYNCED, carry_on
from tieout.flows.listings.words import words_of
from tieout.flows.outcomes import held_until

logger = logging.getLogger(__name__)

FLOW = "listings"


class Synced(Struct):
    """What a run did."""

    made: int = 0
    """Offers in a file that is on its way now; so with the others."""
    priced: int = 0
    deleted: int = 0
    held: int = 0
    """Changes that a person has to see first."""


def sync_listings(marketplace: str, room: ListingsRoom) -> Synced:
    """Follow what is on its way, work out what is missing, and send it.

    Raises Retryable and CredentialsRefused where a side cannot be read now, NeedsAttention where NetSuite lacks what
    the settings name.
    """
    at = room.at
    if held_until(at, FLOW, f"mirakl-{marketplace}"):
        return Synced()
    sent = load(room.kept, marketplace)
    follow(marketplace, sent, room)
    rules = listing_rules(at.config, marketplace)
    sides = read_sides(marketplace, room, read_changes)
    today, now = at.clock().date(), int(at.clock().timestamp())
    found = wanted(
        sent.as_known(sides.offers, sides.asked_at, rules.audit.currency),
        sides.items,
        sides.prices,
        rules,
        today=today,
        discontinued=sent.discontinued,
        accepted_prices=_accepted(marketplace, room),
        doubtful_prices=sent.doubtful,
    )
    sent.discontinued = {sku: sent.discontinued.get(sku, today) for sku in found.discontinued}
    creations = {listing.sku: Row(What.CREATE, listing.sku, listing.price) for listing in found.create}
    prices = {each.sku: Row(What.PRICE, each.sku, each.price) for each in found.prices}
    deletions = {sku: Row(What.DELETE, sku) for sku in found.delete}
    shelved = {item.itemid: item for item in sides.items if item.kind in STOCKED and not item.is_inactive}
    sent.keep_items({sku: NewItem(shelved[sku].id, shelved[sku].category) for sku in creations if sku in shelved})
    sent.keep_refused([*creations.values(), *prices.values(), *deletions.values()])
    sent.keep_failed({name for name, rows in {PRICES: prices, OFFERS: creations or deletions}.items() if rows})
    put(sent, room.kept, marketplace)
    create = [listing for listing in found.create if sent.may_go(creations[listing.sku], now)]
    delete = [_gone(sku, rules) for sku, row in deletions.items() if sent.may_go(row, now)]
    synced = Synced(held=len(found.findings))
    synced.priced = send_prices(
        marketplace, [each for each in found.prices if sent.may_go(prices[each.sku], now)], sent, room
    )
    if create:
        synced.made = send_offers(marketplace, create, sent, room)
    else:
        synced.deleted = send_offers(marketplace, delete, sent, room)
    findings = [*found.findings, *_refusals(marketplace, sent)]
    owner = settings_of(at.config, marketplace).owner
    carry_on(SYNCED, marketplace, findings, owner=owner, day=today, book=room.kept)
    return synced


def _accepted(marketplace: str, room: ListingsRoom) -> dict[str, Decimal]:
    """Prices that a person let pass, by SKU."""
    fault = f"{Fault.PRICE_TO_REVIEW}/"
    return {
        key.removeprefix(fault): Decimal(word.suggestion)
        for key, word in words_of(room.kept, marketplace).items()
        if key.startswith(fault) and word.accepted and word.suggestion
    }


def _gone(sku: str, rules: ListingRules) -> Listing:
    return Listing(
        sku=sku,
        product_id="",
        product_id_type=rules.audit.reference_type,
        price=ZERO,
        quantity=0,
        state_code=rules.state_code,
        is_deletion=True,
    )


def _refusals(marketplace: str, sent: Sent) -> list[Finding]:
    files = [
        Finding(
            marketplace=marketplace,
            fault=Fault.REFUSED_BY_MIRAKL,
            sku=f"file-of-{name}",
            evidence=f"a whole file came to nothing: {why}",
        )
        for name, why in sorted(sent.failed.items())
    ]
    return files + [
        Finding(
            marketplace=marketplace,
            fault=Fault.REFUSED_BY_MIRAKL,
            sku=sku,
            suggestion="" if refused.row.price is None else f"{refused.row.what} at {refused.row.price}",
            evidence=refused.why,
        )
        for sku, refused in sorted(sent.refused.items())
    ]

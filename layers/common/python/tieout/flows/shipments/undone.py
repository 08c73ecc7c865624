"""A fulfilment that was told and then unshipped, changed or deleted: a person learns of it, and nothing else stops.

The marketplace cannot take a shipment back. The posting is born parked, is retired by itself when NetSuite is put
right, and is done with when a person sends it on. A tracking number alone may be told again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import DecodeError, json

from tieout.domain.errors import Reason
from tieout.domain.postings import OPEN, Intent, Key, Kind, Posting, State, version_of
from tieout.domain.shipments.fulfilment import Fulfilment
from tieout.domain.shipments.what_to_ship import difference
from tieout.flows.ports import At
from tieout.flows.shipments.rules import RETOLD, fulfilment_version, payload_key, shipment_key, undone_key

INDEX = "netsuite"
"""Under this name stands which order a fulfilment is of: NetSuite names what it deletes by the id alone."""


def index_id(fulfilment_id: str) -> str:
    """Where the index keeps a fulfilment: it leads from the id alone to the order."""
    return f"fulfilment-{fulfilment_id}"


def _was_told(posting: Posting) -> bool:
    """Whether the marketplace knows, or may know."""
    return posting.state is State.CONFIRMED or posting.target_id is not None or posting.ambiguous_since is not None


def compared(told: Posting, fulfilment: Fulfilment, at: At) -> list[Key]:
    """Hold a newer version against what was told; answers keys that are due because of it."""
    before = _archived(told.payload, at)
    lines = difference(before.lines, fulfilment.lines) if before else {}
    if not fulfilment.is_shipped:
        _alert(
            told, {"undone": "not shipped any more", "status": fulfilment.status}, fulfilment_version(fulfilment), at
        )
    elif lines:
        _alert(told, {"undone": "its lines changed", **lines}, fulfilment_version(fulfilment), at)
    else:
        _put_right(told, fulfilment, at)
        numbers = fulfilment.tracking_numbers
        if before and numbers and numbers != before.tracking_numbers:
            return _retell(told, fulfilment, at)
    return []


def deleted(fulfilment_ids: Collection[str], at: At) -> None:
    """Fulfilments that NetSuite has no more. Of most of them nothing was ever told, or they were nobody's here."""
    ids = {index_id(each): each for each in fulfilment_ids}
    known = at.postings.seen_versions(INDEX, sorted(ids)) if ids else {}
    for index in sorted(known):
        payload = at.postings.seen_payload(INDEX, index)
        seen = _archived(payload, at) if payload else None
        told = at.postings.posting(shipment_key(seen)) if seen else None
        if told is None or told.state is State.SUPERSEDED:
            continue
        version = version_of(at.clock())
        if _was_told(told):
            _alert(told, {"undone": "deleted"}, version, at)
        if told.state is not State.CONFIRMED:
            invoice = Key(told.key.marketplace, told.key.thread, Kind.INVOICE, told.key.source_id)
            _sight(told.key, f"DELETED#{ids[index]}", version, [], [told.key, invoice], at)


def _alert(told: Posting, facts: Mapping[str, str], version: str, at: At) -> None:
    key = undone_key(told.key)
    known = at.postings.posting(key)
    if known is not None and (known.facts.get("undone") == facts["undone"] and known.state is not State.SUPERSEDED):
        return
    intent = Intent(
        key=key,
        source_version=version,
        payload=told.payload,
        facts={"fulfilment": told.key.source_id, **_what_mirakl_has(told), **facts},
        parked=Reason.FULFILMENT_UNDONE,
    )
    _sight(told.key, f"UNDONE#{told.key.source_id}", version, [intent], [], at)
    at.meter.count("FulfilmentUndone", marketplace=key.marketplace)


def _put_right(told: Posting, fulfilment: Fulfilment, at: At) -> None:
    """NetSuite says again what the marketplace was told."""
    key = undone_key(told.key)
    if (known := at.postings.posting(key)) is not None and known.state in OPEN | {State.PARKED}:
        _sight(told.key, f"UNDONE#{told.key.source_id}", fulfilment_version(fulfilment), [], [key], at)


def _retell(told: Posting, fulfilment: Fulfilment, at: At) -> list[Key]:
    """The numbers came, or changed, after the shipment was told: they are told again (ST23)."""
    version = fulfilment_version(fulfilment)
    key = Key(told.key.marketplace, told.key.thread, Kind.SHIPMENT, f"{RETOLD}{fulfilment.id}-{version}")
    intent = Intent(key=key, source_version=version, payload=payload_key(fulfilment))
    return _sight(told.key, f"TRACKING#{fulfilment.id}", version, [intent], [], at)


def _sight(  # noqa: PLR0917  a line of the store's
    about: Key, subject: str, version: str, intents: Collection[Intent], retire: Collection[Key], at: At
) -> list[Key]:
    return at.postings.record_order(
        marketplace=about.marketplace,
        order_id=about.thread,
        version=version,
        state="",
        payload="",
        intents=list(intents),
        retire=list(retire),
        now=at.clock(),
        subject=subject,
    )


def _what_mirakl_has(told: Posting) -> dict[str, str]:
    return {name: told.facts[name] for name in ("shipment", "tracking") if told.facts.get(name)}


def _archived(payload: str, at: At) -> Fulfilment | None:
    raw = at.archive.load([payload]).get(payload)
    try:
        return json.decode(raw, type=Fulfilment) if raw else None
    except DecodeError:
        return None

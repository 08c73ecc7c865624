"""Offers against items in an export folder: what `tieout audit mapping` says without a deployment.

    mirakl/<marketplace>/offers.ndjson[.gz]     rows as OF21 gives them
    netsuite/items.ndjson[.gz]                  id, itemid, upccode, displayname, itemtype, isinactive, and where they
                                                are to be compared: the approval field, and `prices` by currency

One broken row is told with its place and stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder, encode
from msgspec.structs import replace

from tieout.books.export import ExportError
from tieout.books.folder import Files
from tieout.books.rows import Problem
from tieout.config import Config
from tieout.domain.listings.audit import Finding, audit
from tieout.domain.listings.listing import ItemPrice
from tieout.domain.stock.offer import Offer
from tieout.domain.stock.shelf import StockItem
from tieout.domain.stock.storefront import marketplace_of, shop_of
from tieout.flows.listings.reading import by_front
from tieout.flows.listings.rules import audit_rules, settings_of
from tieout.mirakl.values import Unreadable, amount

WORKLIST = "worklist.ndjson"
_ROW = Decoder(dict[str, Any], float_hook=Decimal)
Row = Mapping[str, Any]


class AuditedFolder(Struct, frozen=True):
    """What a folder's offers and items are told of."""

    offers: Mapping[str, int]
    """Read, by marketplace."""
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    not_compared: tuple[str, ...]
    """What the files do not say, in sentences."""


def audit_folder(folder: Path, config: Config, names: Iterable[str]) -> AuditedFolder:
    """Compare each marketplace's offers with the items. Raises ExportError where the files are not there."""
    problems: list[Problem] = []
    netsuite = Files(folder / "netsuite", folder, problems)
    if not netsuite.there("items"):
        raise ExportError(f"{folder} has no netsuite/items.ndjson: offers are compared with NetSuite's items")
    not_compared: list[str] = []
    rows = [row for _, row in netsuite.read("items", _ROW, _item_of)]
    if rows and not any("isinactive" in one.row for one in rows):
        not_compared.append("Every item was taken to be active: none of the folder says `isinactive`.")
    counts: dict[str, int] = {}
    findings: list[Finding] = []
    for name in names:
        here = Files(folder / "mirakl" / name, folder, problems)
        if not here.there("offers"):
            continue
        rules, listings = audit_rules(config, name), settings_of(config, name)
        shops = by_front((one for _, one in here.read("offers", _ROW, offer_of)), name, config)
        offers = [one for of_shop in shops.values() for one in of_shop]
        field = listings.approval_field
        items = [replace(one.item, is_approved=field is None or _is_set(one.row, field)) for one in rows]
        prices = [
            ItemPrice(item_id=one.item.id, currency=rules.currency, price=one.prices[rules.currency])
            for one in rows
            if rules.currency in one.prices
        ]
        if not prices:
            not_compared.append(
                f"Prices of {name} were not compared: no item of the folder has one in {rules.currency}."
            )
        if not any(offer.references for offer in offers):
            not_compared.append(f"Bar codes of {name} were not compared: its offers name no product references.")
        counts[name] = len(offers)
        for front, of_shop in shops.items():
            findings += audit(of_shop, items, prices, audit_rules(config, front))
    if not counts:
        raise ExportError(f"{folder} has no mirakl/<marketplace>/offers.ndjson of a marketplace of the settings")
    return AuditedFolder(counts, tuple(findings), tuple(dict.fromkeys(problems)), tuple(not_compared))


def finding_row(finding: Finding) -> dict[str, str]:
    """A line of the worklist."""
    return {
        "marketplace": marketplace_of(finding.marketplace),
        "shop": shop_of(finding.marketplace),
        "fault": finding.fault,
        "sku": finding.sku,
        "offer_id": finding.offer_id,
        "item_id": finding.item_id,
        "suggestion": finding.suggestion,
        "evidence": finding.evidence,
        "says": finding.fault.sentence,
    }


def write_worklist(audited: AuditedFolder, out: Path) -> None:
    """`worklist.ndjson`, the same bytes for the same folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / WORKLIST).write_bytes(b"".join(encode(finding_row(each)) + b"\n" for each in audited.findings))


def offer_of(row: Row) -> Offer:
    """An offer of a row. Raises Unreadable naming what does not read."""
    price = row.get("price")
    return Offer(
        sku=_text(row, "shop_sku"),
        offer_id=_text(row, "offer_id"),
        quantity=int(_number(row, "quantity")) if row.get("quantity") is not None else 0,
        price=None if price is None else _number(row, "price"),
        currency=_text(row, "currency_iso_code"),
        product=_text(row, "product_sku"),
        references=_references(row.get("product_references") or ()),
        state_code=_text(row, "state_code"),
        is_active=row.get("active") is not False,
        is_deleted=row.get("deleted") is True,
        shop_id=_text(row, "shop_id"),
    )


def _references(told: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(told, Sequence) or not all(isinstance(each, Mapping) for each in told):
        raise Unreadable("product_references is no list of references")
    return tuple((_text(each, "reference_type"), _text(each, "reference")) for each in told)


class _Item(Struct, frozen=True):
    item: StockItem
    prices: Mapping[str, Decimal]
    row: Row


def _item_of(row: Row) -> _Item:
    if not _text(row, "id") or not _text(row, "itemid"):
        raise Unreadable("itemid or id is missing")
    prices = row.get("prices") or {}
    if not isinstance(prices, Mapping):
        raise Unreadable("prices is no object of prices by currency")
    item = StockItem(
        id=_text(row, "id"),
        itemid=_text(row, "itemid"),
        upc=_text(row, "upccode"),
        kind=_text(row, "itemtype") or "InvtPart",
        is_inactive=_is_set(row, "isinactive"),
        title=_text(row, "displayname"),
    )
    return _Item(item, {currency: _number(prices, currency) for currency in prices}, row)


def _is_set(row: Row, field: str) -> bool:
    return str(row.get(field)) in {"T", "True"}


def _text(row: Row, field: str) -> str:
    value = row.get(field)
    if value is not None and not isinstance(value, str | int | Decimal):
        raise Unreadable(f"{field} is no text")
    return "" if value is None else str(value)


def _number(row: Row, field: str) -> Decimal:
    try:
        return amount(Decimal(str(row[field])), field)
    except InvalidOperation as error:
        raise Unreadable(f"{field} is not a number") from error

"""A month from a seed: the same settings give the same folder, byte for byte."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import decimal_json
from sandbox.invented.catalogue import Article, catalogue, items
from sandbox.months import dirt
from sandbox.months.booking import book, gross_of
from sandbox.months.charges import charge
from sandbox.months.closing import close
from sandbox.months.invariants import check
from sandbox.months.log import assign_cycles, open_cycles, write_orders
from sandbox.months.market import DEFAULT, Market, market_of
from sandbox.months.model import Fault, Shop
from sandbox.months.money import number
from sandbox.months.regimes import Regime, after_closing, before_closing
from sandbox.months.rows import Row, Rows
from sandbox.months.selling import Seller

MAIN_SHARE = 0.75
"""Of the orders are on the first marketplace."""


@dataclass
class Month:
    """A made month: its shops, what is wrong with them, and the catalogue."""

    regime: Regime
    articles: list[Article]
    shops: list[Shop] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def month(
    seed: int,
    regime: Regime,
    orders: int,
    marketplaces: tuple[str, ...] = DEFAULT,
    begins: datetime = datetime(2026, 9, 1, tzinfo=UTC),
) -> Month:
    """Raises ValueError for no orders, KeyError for an unknown marketplace."""
    if orders < len(marketplaces):
        raise ValueError(f"a month of {len(marketplaces)} marketplaces needs as many orders, not {orders}")
    articles = catalogue(random.Random(f"{seed}:catalogue"))
    made = Month(regime, articles)
    for place, name in enumerate(marketplaces):
        dice = random.Random(f"{seed}:{regime}:{name}")
        market = market_of(name, embedded=dice.random() < 0.5)
        count = orders if len(marketplaces) == 1 else _share(orders, place, len(marketplaces))
        _make(dice, made, market, count, begins)
    return made


def _share(orders: int, place: int, many: int) -> int:
    first = min(round(orders * MAIN_SHARE), orders - many + 1)
    rest, others = orders - first, many - 1
    return first if place == 0 else rest // others + (1 if place <= rest % others else 0)


def _make(dice: random.Random, made: Month, market: Market, count: int, begins: datetime) -> None:
    after = (begins.replace(day=1) + timedelta(days=32)).replace(day=1)
    shop = Shop(market, Seller(dice, market, made.articles, begins, after).orders(count))
    open_cycles(dice, shop, begins, after)
    write_orders(dice, shop)
    charge(dice, shop)
    assign_cycles(shop)
    found, used = before_closing(dice, shop, made.regime)
    shop.clear_away()
    close(dice, shop)
    book(shop)
    check(shop, contract_kept=not found)
    found += after_closing(dice, shop, made.regime, used)
    shop.clear_away()
    made.shops.append(shop)
    made.faults += found


def write(made: Month, seed: int, out: Path) -> Path:
    """The export folder with its truth; made if it is not there."""
    dice = random.Random(f"{seed}:{made.regime}:dirt")
    documents: list[Row] = []
    for shop in made.shops:
        rows, folder = Rows(shop, made.articles), out / "mirakl" / shop.market.name
        files = {
            "orders": rows.orders(),
            "transaction_lines": rows.lines(),
            "billing_cycles": rows.cycles(),
            "accounting_documents": rows.documents(),
        }
        for name, content in files.items():
            _write(folder / f"{name}.ndjson.gz", _as_it_arrives(dice, made.regime, name, content))
        _write(folder / "offers.ndjson.gz", rows.offers())
        _write(folder / "accounts.ndjson.gz", rows.accounts())
        documents += rows.booked()
    _write(out / "netsuite" / "documents.ndjson.gz", _as_it_arrives(dice, made.regime, "documents", documents))
    _write(out / "netsuite" / "items.ndjson.gz", items(made.articles))
    (out / "truth.json").write_bytes(decimal_json.dumps(truth(made)) + b"\n")
    return out


def _as_it_arrives(dice: random.Random, regime: Regime, name: str, rows: list[Row]) -> list[Row]:
    if regime is Regime.R4:
        if name == "billing_cycles":
            return dirt.before_it_was_paid(rows)
        return dirt.shuffled(dice, dirt.updated(dice, rows) if name == "transaction_lines" else rows)
    if regime is Regime.R5:
        return dirt.with_news(dice, rows, _NEWS.get(name, {}))
    return rows


_NEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "orders": {"payment_workflow": ("PAY_LATER_STILL",), "payment_type": ("WALLET_2030",)},
    "transaction_lines": {"pay_out_psp_code": ("NOT_SPECIFIED",)},
    "accounting_documents": {"state": ("ARCHIVED_BY_LAW",)},
}


def truth(made: Month) -> dict[str, Any]:
    """What must be found, and how much there is of everything."""
    counts: dict[str, Any] = {}
    for shop in made.shops:
        market = shop.market
        total = sum(gross_of(shop, order) for order in shop.orders if order.id not in shop.unknown)
        counts[market.name] = {
            "orders": len(shop.orders) - len(shop.unknown),
            "transaction_lines": len(shop.entries),
            "billing_cycles": len(shop.cycles),
            "accounting_documents": len(shop.papers),
            "offers": len(made.articles),
            "order_total": str(number(total, market.exponent)),
            "net_settled": str(number(sum(cycle.to_seller for cycle in shop.cycles), market.exponent)),
        }
    counts |= {"items": len(items(made.articles)), "documents": sum(len(shop.booked) for shop in made.shops)}
    return {"regime": str(made.regime), "faults": [_row(each) for each in made.faults], "counts": counts}


def _row(each: Fault) -> dict[str, Any]:
    return {
        "code": each.code,
        "key": each.key,
        "amount": number(each.amount, each.exponent),
        "currency": each.currency,
        "marketplace": each.marketplace,
        "order_id": each.order_id,
        "kind": each.kind,
    }


def _write(file: Path, rows: list[Row]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(decimal_json.ndjson(rows), compresslevel=5, mtime=0))

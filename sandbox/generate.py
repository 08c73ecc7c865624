"""`python -m sandbox.generate --seed 7 --orders 300 --out DIR`: a made-up world in the export format, with its truth.

The same seed and number of orders give the same world, byte for byte.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

from sandbox import decimal_json
from sandbox.invented.catalogue import Article, catalogue, items
from sandbox.invented.oddities import put_in_oddities
from sandbox.invented.orders import EU, UK, Market, orders, price_in
from sandbox.invented.truth import truth_of

UK_SHARE = 0.7
_EMPTY = ("transaction_lines", "billing_cycles", "accounting_documents")


def world(seed: int, orders: int, out: Path) -> Path:
    """Write the world into `out` (made if it is not there) and give it back. Raises ValueError for no orders."""
    if orders < 1:
        raise ValueError(f"a world needs at least one order, not {orders}")
    dice = random.Random(seed)
    articles = catalogue(dice)
    in_uk = round(orders * UK_SHARE)
    sold = {
        market.name: _orders_of(dice, market, count, articles) for market, count in ((UK, in_uk), (EU, orders - in_uk))
    }
    for market in (UK, EU):
        folder = out / "mirakl" / market.name
        _write(folder / "orders.ndjson", sold[market.name])
        _write(folder / "offers.ndjson", [_offer(market, article) for article in articles])
        for name in _EMPTY:
            _write(folder / f"{name}.ndjson", [])
    _write(out / "netsuite" / "items.ndjson", items(articles))
    _write(out / "netsuite" / "documents.ndjson", [])
    (out / "truth.json").write_text(json.dumps(truth_of(sold, articles, len(articles)), indent=1) + "\n")
    return out


def _orders_of(dice: random.Random, market: Market, count: int, articles: list[Article]) -> list[dict[str, Any]]:
    placed = orders(dice, market, count, articles)
    put_in_oddities(dice, market, placed, articles)
    return placed


def _offer(market: Market, article: Article) -> dict[str, Any]:
    return {
        "offer_id": 1_000_000 + int(article.sku[:5]),
        "shop_sku": article.sku,
        "product_sku": f"P{article.sku}",
        "product_title": article.title,
        "price": price_in(market, article),
        "quantity": article.stock,
        "state_code": "11",
        "active": article.active,
        "currency_iso_code": market.currency,
    }


def _write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(decimal_json.ndjson(rows))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.generate", description="Write a made-up world.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    made = world(options.seed, options.orders, options.out)
    truth = json.loads((made / "truth.json").read_text())
    print(f"{made}: {options.orders} orders, {len(truth['to_post'])} of them to post")


if __name__ == "__main__":
    main()

"""The shop's settings for a month: the gift shop's own, or the same with other marketplaces."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import yaml

from sandbox.months.market import DEFAULT, MARKETS

GIFT_SHOP = Path(__file__).resolve().parents[2] / "config" / "gift-shop.yaml"


def write_settings(marketplaces: tuple[str, ...], out: Path) -> Path:
    """The settings file to use; one is written beside the month where the gift shop's does not fit."""
    if set(marketplaces) == set(DEFAULT):
        return GIFT_SHOP
    settings = yaml.safe_load(GIFT_SHOP.read_text(encoding="utf-8"))
    known = settings["marketplaces"]
    settings["marketplaces"] = {name: deepcopy(known.get(name, known[DEFAULT[1]])) for name in marketplaces}
    for name, section in settings["marketplaces"].items():
        market = MARKETS[name]
        section["url"] = f"https://{name}.mirakl.net"
        section["orders"]["sales_orders"] |= {"currencies": [market.currency], "customer": {"name": name}}
        for version in section["settlement"]["accounts"]:
            version["roles"]["marketplace_clearing"] = market.clearing
    file = out / "config.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return file

"""Orders that events named are fetched a marketplace at a time; none waits for another's key to be mended."""

from __future__ import annotations

import json
from inspect import unwrap
from typing import Any

import pytest
from msgspec.structs import replace

from functions import fetch_orders
from tests.fakes import a_house, an_order
from tieout.domain.errors import CredentialsRefused
from tieout.domain.postings import Key, Kind


class Refusing:
    """A marketplace whose key was taken back."""

    def orders_by_id(self, _order_ids: object) -> Any:
        raise CredentialsRefused("401")


def test_a_marketplace_whose_key_is_refused_does_not_stop_anothers_events(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_house()
    house.market.put(an_order("A-1"))
    settings = house.at.config.marketplaces["brightside"]
    config = house.at.config.model_copy(update={"marketplaces": {"locked-out": settings, "brightside": settings}})
    markets: dict[str, Any] = {"locked-out": Refusing(), "brightside": house.market}
    at = replace(house.at, config=config, marketplace=markets.__getitem__)
    monkeypatch.setattr(fetch_orders, "runtime", lambda: at)
    bodies = [{"marketplace": name, "order_id": "A-1"} for name in markets]
    event = {"Records": [{"body": json.dumps(body)} for body in bodies]}
    unwrap(fetch_orders.handler)(event, None)
    assert house.postings.posting(Key("brightside", "A-1", Kind.SALES_ORDER, "A-1"))

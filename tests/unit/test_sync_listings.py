"""Offers are sent by one run at a time: the second would send the first one's files again, and forget their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from inspect import unwrap
from typing import Any

import pytest

from functions import sync_listings
from tests.fakes.listings import APPROVED, ListingsHouse, a_listings_house
from tieout.domain.errors import Retryable
from tieout.domain.listings.listing import PriceRow

EVENT = {"schedule": "sync-listings"}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> ListingsHouse:
    shop = a_listings_house(sync=True, approval_field=APPROVED)
    shop.read_offers()
    is_taken = False

    @contextmanager
    def turn(_: object) -> Iterator[None]:
        nonlocal is_taken
        if is_taken:
            raise Retryable("another run sends offers")
        is_taken = True
        try:
            yield
        finally:
            is_taken = False

    stands_for: dict[str, Any] = {
        "runtime": lambda: shop.room.at,
        "stock_book": lambda: shop.stock,
        "listings_book": lambda: shop.kept,
        "in_turn": lambda ask: ask(),
        "listings_turn": turn,
    }
    for name, stand_in in stands_for.items():
        monkeypatch.setattr(sync_listings, name, stand_in)
    return shop


def run() -> dict[str, int]:
    done: dict[str, int] = unwrap(sync_listings.handler)(EVENT, None)
    return done


def test_a_run_that_is_started_twice_sends_each_file_once(
    deployed: ListingsHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.price("MUG", "4.40")
    send = deployed.house.market.send_prices
    twice: list[dict[str, int]] = []
    before = deployed.house.meter.counts["RunCompleted"]

    def meanwhile(rows: Iterable[PriceRow]) -> str:
        monkeypatch.setattr(deployed.house.market, "send_prices", send)
        twice.append(run())
        return send(rows)

    monkeypatch.setattr(deployed.house.market, "send_prices", meanwhile)
    assert run()["priced"] == 1
    assert twice == [{}]
    assert len(deployed.house.market.price_files) == 1
    assert deployed.house.meter.counts["RunCompleted"] == before + 1


def test_the_turn_is_free_for_the_next_run(deployed: ListingsHouse) -> None:
    run()
    deployed.price("MUG", "4.40")
    assert run()["priced"] == 1

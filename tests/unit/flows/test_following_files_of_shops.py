"""Files of an operator's shops are followed one at a time of an access: none waits for another's for long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.fakes.stockroom import ONE, StockHouse, an_operators_stock_house
from tieout.domain.errors import Reason
from tieout.domain.postings import Key, Kind, State
from tieout.domain.stock.offer import Import
from tieout.flows.stock.refused import PUSHES, park_at_once
from tieout.flows.stock.send import Pushed
from tieout.flows.stock.standing import Flight, load, put

A, B = "2001", "2002"
ON_THE_MINUTE = timedelta(minutes=1)


def rested(**stock: object) -> StockHouse:
    house = an_operators_stock_house(**stock)  # type: ignore[arg-type]
    house.settle()
    return house


def a_file_never_ends(house: StockHouse) -> None:
    """The marketplace takes the next file, works on it, and on."""
    market = house.house.market
    sent, followed, endless = market.send_stock, market.stock_import, list[str]()

    def taken(quantities: Iterable[tuple[str, int]], shop: str = "") -> str:
        import_id = sent(quantities, shop)
        endless.append(import_id)
        return import_id

    def told(import_id: str) -> Import:
        return Import(import_id=import_id, state="RUNNING") if import_id == endless[0] else followed(import_id)

    market.send_stock, market.stock_import = taken, told  # type: ignore[method-assign]


@pytest.mark.parametrize("push_minutes", [1, 5])
def test_a_shops_file_that_never_ends_keeps_no_other_shops_file_from_being_seen_to_land(push_minutes: int) -> None:
    """Runs begin at the full minute, by the schedule, and look once each: it is always the same quarter of a minute."""
    house = rested(push_minutes=push_minutes)
    clock = house.house.clock
    clock.to(clock().replace(second=0) + timedelta(hours=1))
    a_file_never_ends(house)
    for units in (40, 10, 10, 10, 10):
        house.restock("MUG", units)
        house.push(after_minutes=push_minutes)
    assert house.shows(ONE, B)["MUG"] <= 10


def test_a_file_of_a_shop_that_is_kept_no_more_lets_a_run_send_its_second_file() -> None:
    """Its end is not asked for, so it never comes; the shop comes back to the settings with its file still unknown."""
    house = rested(follow_seconds=45)
    standing = load(house.book)
    standing.flights[f"{ONE}/2005"] = Flight(import_id="gone", read_at=1, stock_read_at=1, sent_at=1, rows=1)
    put(standing, house.book)
    house.restock("MUG", 40)
    assert house.push() == Pushed(sent=2, changed=2)
    assert f"{ONE}/2005" in load(house.book).flights


def test_what_waits_for_a_person_since_before_shops_had_names_is_the_only_shops() -> None:
    """An operator with one shop: postings were about a SKU, or a push, and named no shop. Both would wait for ever."""
    house = rested(own=[int(A)])
    row, held = Key(ONE, "MUG", Kind.STOCK, "7/MUG"), Key(ONE, PUSHES, Kind.STOCK_PUSH, "7")
    park_at_once(row, {"file": "7"}, Reason.OFFER_UNKNOWN, house.room.at)
    park_at_once(held, {}, Reason.STOCK_HELD, house.room.at)
    house.house.postings.resubmit(row, house.house.clock(), "ada")
    house.restock("MUG", 40)
    for _ in range(3):
        house.push()
    assert house.parked() == []
    asked = house.house.postings.posting(row)
    assert asked is not None
    assert "file" in asked.facts
    assert house.shows(ONE, A)["MUG"] == 40


def test_a_held_push_of_a_shop_that_is_kept_no_more_is_not_taken_for_the_others() -> None:
    """Whoever lets it go lets nothing of the other shop go."""
    house = an_operators_stock_house(own=[int(A)], brakes={"from_offers": 3, "changed_percent": 60})
    for sku in ("MUG", "BOWL", "JUG"):
        house.house.market.put_offer(sku, 100, shop=A)
    house.settle()
    theirs = Key(ONE, f"{B}/{PUSHES}", Kind.STOCK_PUSH, "7")
    park_at_once(theirs, {}, Reason.STOCK_HELD, house.room.at)
    for sku in ("MUG", "BOWL", "JUG"):
        house.restock(sku, 40)
    house.push()
    assert {each.key.thread for each in house.parked()} == {f"{A}/{PUSHES}", f"{B}/{PUSHES}"}
    house.house.postings.resubmit(theirs, house.house.clock(), "ada")
    house.push()
    assert house.shows(ONE, A)["MUG"] == 100


def test_a_row_that_a_person_gave_back_is_not_called_right_while_its_shop_waits_its_turn() -> None:
    house = rested(push_minutes=1)
    row = Key(ONE, f"{B}/MUG", Kind.STOCK, "7/MUG")
    park_at_once(row, {"file": "7"}, Reason.OFFER_UNKNOWN, house.room.at)
    house.house.postings.resubmit(row, house.house.clock(), "ada")
    house.restock("MUG", 40)
    house.push()  # the other shop's file goes first
    asked = house.house.postings.posting(row)
    assert asked is not None
    assert asked.state is State.DUE
    for _ in range(3):
        house.push()
    asked = house.house.postings.posting(row)
    assert asked is not None
    assert asked.state is State.CONFIRMED
    assert "file" in asked.facts

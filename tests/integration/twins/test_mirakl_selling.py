"""Buying: an order takes its units off the offer, and what is not there cannot be bought."""

from pathlib import Path

import pytest

from sandbox.generate import world
from sandbox.world import World
from tests.integration.twins.mirakl import Json, Mirakl, line, order
from tests.integration.twins.mirakl_offers import Shop
from tests.shared import shared


@pytest.fixture
def shop(mirakl: Mirakl) -> Shop:
    return Shop(mirakl).open()


def test_an_order_takes_its_units_off_the_offer(shop: Shop) -> None:
    shop.mirakl.place(order("1-A", line("MUG", 3), line("POT")))
    assert (shop.quantity("MUG"), shop.quantity("POT"), shop.quantity("LAMP")) == (7, 9, 10)


def test_an_order_names_its_offer_by_id_where_it_does(shop: Shop) -> None:
    offer_id = shop.offers()["MUG"]["offer_id"]
    shop.mirakl.place(order("1-A", line("mug as it was called", 2, offer_id=offer_id)))
    assert shop.quantity() == 8


def test_units_are_taken_once_whatever_happens_to_the_order(shop: Shop) -> None:
    shop.mirakl.place(order("1-A", line("MUG", 3)))
    shop.mirakl.seller("PUT", "/api/orders/1-A/accept", json={"order_lines": [{"id": "1-A-1", "accepted": True}]})
    shop.mirakl.wait(minutes=30)
    assert (shop.mirakl.order("1-A")["order_state"], shop.quantity()) == ("SHIPPING", 7)


def test_no_quantity_falls_below_zero(shop: Shop) -> None:
    """An order that was taken anyway, as the worlds' are: they were bought before anybody looked."""
    shop.mirakl.place(order("1-A", line("MUG", 12)))
    assert shop.quantity() == 0


def test_an_import_that_lands_after_an_order_overwrites_what_it_took(shop: Shop) -> None:
    """Quantities by file are absolute: the order of the last seconds is not in them."""
    shop.send_stock("MUG;10;;")
    shop.mirakl.place(order("1-A", line("MUG", 4)))
    assert shop.quantity() == 6
    shop.mirakl.wait(seconds=30)
    assert shop.quantity() == 10


def test_where_mirakl_does_not_count_down_only_files_change_a_quantity(shop: Shop) -> None:
    shop.mirakl.behave(orders_reduce_offers=False)
    shop.mirakl.place(order("1-A", line("MUG", 3)))
    assert shop.quantity() == 10
    shop.mirakl.behave(orders_reduce_offers=True)
    shop.mirakl.wait(minutes=1)
    assert (shop.mirakl.order("1-A")["order_id"], shop.quantity()) == ("1-A", 10)


@pytest.mark.parametrize(("returned", "left"), [(False, 7), (True, 10)])
def test_units_of_a_refused_order_come_back_if_the_marketplace_gives_them_back(
    shop: Shop, returned: bool, left: int
) -> None:
    shop.mirakl.behave(cancelations_return_units=returned)
    shop.mirakl.place(order("1-A", line("MUG", 3)))
    shop.mirakl.seller("PUT", "/api/orders/1-A/accept", json={"order_lines": [{"id": "1-A-1", "accepted": False}]})
    assert shop.quantity() == left


def test_units_cancelled_before_shipping_come_back_and_later_ones_do_not(shop: Shop) -> None:
    shop.mirakl.behave(cancelations_return_units=True)
    shop.mirakl.place(order("1-A", line("MUG", 3), line("POT", 2), order_state="SHIPPING"))
    change: Json = {"marketplace": "brightside-uk", "order_id": "1-A", "cancel_lines": ["1-A-1"]}
    shop.mirakl.control("POST", "orders/changes", json=change)
    assert (shop.quantity("MUG"), shop.quantity("POT")) == (10, 8)
    shop.mirakl.control("POST", "orders/changes", json={**change, "cancel_lines": [], "state": "SHIPPED"})
    shop.mirakl.control("POST", "orders/changes", json={**change, "cancel_lines": ["1-A-2"]})
    assert shop.quantity("POT") == 8


def test_no_more_comes_back_than_was_taken(shop: Shop) -> None:
    shop.mirakl.behave(cancelations_return_units=True)
    shop.mirakl.place(order("1-A", line("MUG", 12)))
    cancel: Json = {"marketplace": "brightside-uk", "order_id": "1-A", "cancel_lines": ["1-A-1"]}
    shop.mirakl.control("POST", "orders/changes", json=cancel)
    assert shop.quantity() == 10


def test_a_buyer_gets_what_is_there(shop: Shop) -> None:
    told = shop.attempt(order("1-A", line("MUG", 10)))
    assert (told["placed"], told["sold_out"], shop.quantity()) == (["1-A"], [], 0)
    assert shop.mirakl.order("1-A")["order_state"] == "WAITING_ACCEPTANCE"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ([line("MUG", 11)], "of offer MUG there are 10, not 11"),
        ([line("MUG", 6), line("MUG", 5)], "of offer MUG there are 10, not 11"),
        ([line("MUG"), line("POT", 99)], "of offer POT there are 10, not 99"),
        ([line("CUP")], "there is no offer CUP"),
    ],
)
def test_a_buyer_is_served_whole_or_not_at_all(shop: Shop, wanted: list[Json], why: str) -> None:
    told = shop.attempt(order("1-A", *wanted))
    assert told == {"placed": [], "sold_out": ["1-A"], "why": {"1-A": why}}
    assert (shop.mirakl.orders(), shop.quantity(), shop.quantity("POT")) == ([], 10, 10)


def test_buyers_come_one_after_the_other_and_the_last_units_are_sold_once(shop: Shop) -> None:
    told = shop.attempt(*[order(f"{number}-A", line("MUG", 4)) for number in range(1, 5)])
    assert (told["placed"], told["sold_out"], shop.quantity()) == (["1-A", "2-A"], ["3-A", "4-A"], 2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offers": [{"shop_sku": "MUG", "active": False}]}, "INACTIVATED"),
        ({"offers": [{"shop_sku": "MUG", "quantity": 0}]}, "ZERO_QUANTITY"),
        ({"offers": [{"shop_sku": "MUG", "available_end_date": "2020-01-01T00:00:00Z"}]}, "NO_LONGER_AVAILABLE"),
        ({"offers": [{"shop_sku": "MUG", "available_start_date": "2099-01-01T00:00:00Z"}]}, "NOT_AVAILABLE_YET"),
    ],
)
def test_an_offer_that_is_not_for_sale_cannot_be_bought(shop: Shop, change: Json, reason: str) -> None:
    shop.change(**change)
    assert shop.attempt(order())["why"] == {"1001-A": f"offer MUG is not for sale: {reason}"}


def test_a_deleted_offer_cannot_be_bought_not_even_by_its_id(shop: Shop) -> None:
    offer_id = shop.offers()["MUG"]["offer_id"]
    shop.change(delete=["MUG"])
    told = shop.attempt(order("1-A", line("MUG")), order("2-A", line("MUG", offer_id=offer_id)))
    assert told["why"] == {"1-A": "there is no offer MUG", "2-A": "offer MUG is not for sale: DELETED"}


def test_an_offer_that_is_made_again_is_another_one(shop: Shop) -> None:
    former = shop.offers()["MUG"]["offer_id"]
    shop.change(delete=["MUG"])
    shop.change(offers=[{"shop_sku": "MUG", "product_sku": "PMUG", "price": 11, "quantity": 5}])
    assert shop.offers()["MUG"]["offer_id"] != former
    assert shop.attempt(order("1-A", line("MUG")))["placed"] == ["1-A"]
    assert shop.quantity() == 4


def test_orders_of_a_world_were_bought_before_its_quantities_were_read(mirakl: Mirakl, tmp_path: Path) -> None:
    folder = world(7, 40, tmp_path)
    mirakl.control("POST", "world", json={"path": str(folder)})
    as_written = (folder / "mirakl/brightside-uk/offers.ndjson").read_text()
    listed = mirakl.twin.records("offers", marketplace="brightside-uk")
    mirakl.wait(days=2)
    mirakl.orders()
    assert mirakl.twin.records("offers", marketplace="brightside-uk") == listed
    assert len(listed) == len(as_written.splitlines())


def test_a_worlds_offers_are_kept_as_they_came(mirakl: Mirakl) -> None:
    """Inactive where there is nothing to sell: the world's own rows call those active."""
    folder = shared("worlds/gift-shop-live")
    mirakl.control("POST", "world", json={"path": str(folder)})
    listed = mirakl.twin.records("offers", marketplace="maison-eu")
    assert len(listed) == 2037
    assert {row["active"] for row in listed if row["quantity"] == 0} == {False}
    assert [row | {"active": True} for row in listed] == World(folder).mirakl("maison-eu", "offers")


def test_two_offers_of_one_id_make_no_world(mirakl: Mirakl, tmp_path: Path) -> None:
    folder = tmp_path / "mirakl" / "brightside-uk"
    folder.mkdir(parents=True)
    (folder / "offers.ndjson").write_text('{"offer_id": 7, "shop_sku": "A"}\n{"offer_id": 7, "shop_sku": "B"}\n')
    Shop(mirakl).open()
    with pytest.raises(AssertionError, match="offer 7 is there twice"):
        mirakl.control("POST", "world", json={"path": str(tmp_path)})
    assert set(Shop(mirakl).offers()) == {"MUG", "POT", "LAMP"}

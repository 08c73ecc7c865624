"""On the deployed stack offers follow approved items, and an order of a mismatched SKU waits. The last of its day."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox import decimal_json
from sandbox.demo.command_line import CommandLine
from sandbox.demo.stockkeeping import Stockkeeping
from sandbox.demo.trouble import worker_processes
from sandbox.demo.twin_control import rows
from sandbox.flash_sale.buyers import Attempt, is_model, order_of
from tests.e2e.conftest import posted
from tests.e2e.evening.conftest import APPROVED, STRICT, SYNCED, Evening
from tieout.aws.stock_book import S3StockBook
from tieout.domain.money import rounded
from tieout.domain.postings import Kind, Posting, State
from tieout.flows.listings.sent import load, put
from tieout.flows.stock.listed import kept_offers
from tieout.wiring import LISTINGS, STOCK

NEW, EAN = "LISTED-TODAY", "5012345678900"
MINUTES = timedelta(minutes=5)
FOLDERS = (STOCK, LISTINGS)
Offers = dict[str, dict[str, Any]]


class Shop:
    """The evening's deployment, and the SKUs whose items people change."""

    def __init__(self, evening: Evening) -> None:
        self.evening = evening
        self.control = evening.stack.control
        self.people = CommandLine(evening.stack.aws, evening.stack.settings)
        items = {item["itemId"] for item in rows(self.control.records("inventoryItem")) if not item["isInactive"]}
        self.morning = self.offers(SYNCED)
        sellable = sorted(sku for sku, offer in self.morning.items() if sku in items and offer["quantity"] > 0)
        self.dearer, self.far_dearer, self.given_up, self.doubted = sellable[:4]

    def offers(self, marketplace: str) -> Offers:
        return {str(one["shop_sku"]): one for one in rows(self.control.offers(marketplace))}

    def fire(self, name: str) -> None:
        """A schedule's moment comes; fails where its function does."""
        fired = self.evening.day.firing.fired
        before = len(fired.failures)
        self.evening.day.firing.fire(next(one for one in self.evening.day.schedules if one.name == name))
        assert fired.failures[before:] == []

    def sync(self) -> None:
        """A run sends, and the one after it sees what came of that."""
        for _ in range(2):
            self.control.advance(MINUTES)
            self.fire("sync-listings")

    def push_until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(8):
            if is_so():
                return
            self.control.advance(MINUTES)
            self.fire("push-stock")
        raise AssertionError("eight pushes did not do it")

    def tasks(self, marketplace: str, *arguments: str) -> set[str]:
        """Tasks that the command names, as a person gives them back to it."""
        told = self.people.asked("audit", "mapping", "--marketplace", marketplace, *arguments, accepted=(0, 1))
        return {f"{task['marketplace']}/{task['fault']}/{task['sku']}" for task in told["tasks"]}

    def price(self, sku: str, factor: str) -> Decimal:
        """NetSuite's price at this marketplace is another now; at the other one it stays."""
        price = rounded(self.morning[sku]["price"] * Decimal(factor), "GBP")
        other = self.offers(STRICT)[sku]
        self.control.edit_item(
            sku, set={"prices": {"GBP": str(price), other["currency_iso_code"]: str(other["price"])}}
        )
        return price


@pytest.fixture(scope="module")
def shop(evening: Evening) -> Shop:
    return Shop(evening)


def test_an_approved_item_is_offered_and_a_new_price_replaces_the_old_one(shop: Shop) -> None:
    """One run after the change the files are sent; nothing else of any offer is touched."""
    shop.control.change_offers(
        SYNCED, products=[{"product_sku": "P-LISTED-TODAY", "product_id": EAN, "product_id_type": "EAN"}]
    )
    item = {"itemId": NEW, "upcCode": EAN, "displayName": "A mug that is new today", APPROVED: True}
    made = shop.evening.stack.twins.netsuite.state.request("POST", "/services/rest/record/v1/inventoryItem", item)
    assert made.status == 204
    shop.control.edit_item(NEW, set={"prices": {"GBP": "7.50"}})
    price = shop.price(shop.dearer, "1.10")
    shop.price(shop.far_dearer, "3")
    shop.sync()

    offers = shop.offers(SYNCED)
    assert set(offers) - set(shop.morning) == {NEW}
    new = offers[NEW]
    assert (new["product_sku"], new["price"], new["quantity"]) == ("P-LISTED-TODAY", Decimal("7.50"), 0)
    moved = {sku for sku in shop.morning if offers[sku]["price"] != shop.morning[sku]["price"]}
    assert moved == {shop.dearer}
    assert offers[shop.dearer]["price"] == price
    assert {sku: offers[sku]["quantity"] for sku in shop.morning} == {
        sku: one["quantity"] for sku, one in shop.morning.items()
    }
    assert f"{SYNCED}/price_to_review/{shop.far_dearer}" in shop.tasks(SYNCED)


def test_what_is_not_approved_any_more_shows_nothing_and_is_deleted_after_its_days(shop: Shop) -> None:
    stack = shop.evening.stack
    stock = Stockkeeping.begins(stack.settings.config, stack.control, stack.table, shop.evening.day, shop.people)
    assert stock
    assert stock.let_go_of_held() > 0
    shop.control.edit_item(shop.given_up, set={APPROVED: False})
    shop.fire("sync-listings")
    shop.push_until(lambda: int(shop.offers(SYNCED)[shop.given_up]["quantity"]) == 0)

    # Functions go by the machine's clock: the days pass in what they wrote down.
    stock_book, book = (S3StockBook(stack.aws.client("s3"), stack.outputs["ArchiveBucket"], each) for each in FOLDERS)
    sent = load(book, SYNCED)
    assert shop.given_up in sent.discontinued
    sent.discontinued[shop.given_up] = datetime.now(UTC).date() - timedelta(days=31)
    put(sent, book, SYNCED)
    read_at = last_reading(stock_book)
    shop.control.advance(timedelta(hours=24))
    shop.fire("push-stock-nightly")
    shop.push_until(lambda: last_reading(stock_book) > read_at)
    shop.sync()
    offers = shop.offers(SYNCED)
    assert set(shop.morning) - set(offers) == {shop.given_up}


def last_reading(book: S3StockBook) -> int:
    kept = kept_offers(book, SYNCED)
    assert kept is not None
    return kept[0]


def test_an_order_of_a_mismatched_sku_waits_until_it_is_mended(shop: Shop) -> None:
    """The item's bar code is that of another product than the marketplace shows the buyer."""
    sku, task = shop.doubted, f"{STRICT}/other_product/{shop.doubted}"
    shop.control.change_offers(
        STRICT, products=[{"product_sku": "P-OTHER", "product_id": "5012345678917", "product_id_type": "EAN"}]
    )
    shop.control.edit_item(sku, set={"upcCode": "5012345678917"})
    shop.fire(f"audit-mapping-{STRICT}")
    assert task in shop.tasks(STRICT)
    forget_what_was_looked_up(shop)
    order_id = buy(shop, sku)
    waiting = until(lambda: sale(shop, order_id, State.PARKED))
    assert (waiting.reason, waiting.facts["sku"], waiting.facts["task"]) == ("sku_mismatched", sku, task)
    assert order_id not in posted(shop.evening.sales_orders())

    shop.control.edit_item(sku, set={"upcCode": ""})
    assert task not in shop.tasks(STRICT, "--again")
    forget_what_was_looked_up(shop)
    shop.people.tieout("resubmit", str(waiting.key))
    until(lambda: sale(shop, order_id, State.CONFIRMED))
    assert order_id in posted(shop.evening.sales_orders())


def buy(shop: Shop, sku: str) -> str:
    """A buyer orders one, as another did in the morning."""
    listed = (shop.evening.morning.folder / "mirakl" / STRICT / "orders.ndjson").read_bytes()
    model = next(order for order in rows(listed) if is_model(order))
    order = order_of(Attempt(1, timedelta(0), STRICT, sku, 1), model, shop.offers(STRICT)[sku])
    shop.control.place_orders(STRICT, [decimal_json.loads(decimal_json.dumps(order))])
    shop.control.advance(MINUTES)
    shop.fire(f"poll-orders-{STRICT}")
    return str(order["order_id"])


def sale(shop: Shop, order_id: str, state: State) -> Posting | None:
    found = shop.evening.stack.table.everything().postings
    return next(
        (one for one in found if (one.key.thread, one.key.kind, one.state) == (order_id, Kind.SALES_ORDER, state)), None
    )


def until(happened: Callable[[], Posting | None]) -> Posting:
    for _ in range(240):
        if (found := happened()) is not None:
            return found
        time.sleep(0.5)
    raise AssertionError("it did not happen within two minutes")


def forget_what_was_looked_up(shop: Shop) -> None:
    """A process looks what is doubted up every three minutes: new ones do so at once."""
    for worker in worker_processes(shop.evening.stack.aws.process.pid):
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

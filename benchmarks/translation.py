"""Orders a second from OR11 bytes to the body of a NetSuite sales order, in one process."""

from __future__ import annotations

import json
import time
from statistics import median
from zoneinfo import ZoneInfo

from msgspec.json import Decoder

from benchmarks.result import Result
from tests.fakes.or11 import a_wire_line, a_wire_order
from tieout.domain.orders.sales_order import LocationRule, SalesOrderRules, TaxRules, TaxStrategy, sales_order_for
from tieout.mirakl import wire
from tieout.mirakl.translate import fetched_order
from tieout.netsuite.payloads import sales_order_body

MARKETPLACE = "brightside-uk"
A_PAGE = 100
PAGES = 20
ROUNDS = 9
SKUS = [f"SKU-{number}" for number in range(50)]
ITEMS = {sku: str(1000 + number) for number, sku in enumerate(SKUS)}
RULES = SalesOrderRules(
    marketplace=MARKETPLACE,
    subsidiary_id="1",
    time_zone=ZoneInfo("Europe/London"),
    currency_ids={"GBP": "1"},
    customer_per_buyer=False,
    customer_name="Brightside UK",
    locations=(LocationRule("1"),),
    tax=TaxRules(TaxStrategy.SUITETAX_OVERRIDE, {"VAT-GBR-20": "VAT-GBR-20"}, "VAT-MARKETPLACE"),
)


def pages(lines: int) -> list[bytes]:
    """Pages of a hundred orders as OR11 gives them, with this many lines an order."""

    def order(number: int) -> dict[str, object]:
        order_id = f"A-{number}"
        skus = [SKUS[(number + line) % len(SKUS)] for line in range(lines)]
        wired = [a_wire_line(f"{order_id}-{line}", offer_sku=sku) for line, sku in enumerate(skus, start=1)]
        return a_wire_order(order_id, wired, total_price=126 * lines)

    return [
        json.dumps({"orders": [order(start + each) for each in range(A_PAGE)], "total_count": PAGES * A_PAGE}).encode()
        for start in range(0, PAGES * A_PAGE, A_PAGE)
    ]


def translate(page: bytes, decoder: Decoder[wire.OrderPage]) -> int:
    """A page from bytes to bytes; answers how many orders it was."""
    count = 0
    for raw in decoder.decode(page).orders:
        fetched = fetched_order(bytes(raw), MARKETPLACE, 2001)
        if fetched.order is None:
            raise ValueError(f"{fetched.order_id} does not read: {fetched.problem}")
        sales_order_body(sales_order_for(fetched.order, RULES, ITEMS))
        count += 1
    return count


def orders_per_second(lines: int) -> float:
    """Median over several rounds of 2,000 orders."""
    given = pages(lines)
    decoder = Decoder(wire.OrderPage)
    rates = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        count = sum(translate(page, decoder) for page in given)
        rates.append(count / (time.perf_counter() - begun))
    return median(rates)


def measure() -> list[Result]:
    """One line and five lines an order."""
    how = f"median of {ROUNDS} rounds of {PAGES * A_PAGE:,} orders, one process"
    return [
        Result(
            what="orders from OR11 bytes to NetSuite body, one line each",
            figure=orders_per_second(1),
            unit="orders/s",
            goal=20_000,
            how=how,
        ),
        Result(what="the same, five lines each", figure=orders_per_second(5), unit="orders/s", how=how),
    ]


if __name__ == "__main__":
    for result in measure():
        print(result.what, result.shown)

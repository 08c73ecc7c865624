"""What holds of offers whatever shops send and buyers do."""

import csv
import io
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sandbox.behaviours import Behaviours
from sandbox.mirakl.behaviours import SWITCHES
from sandbox.mirakl.offers.catalogue import Catalogue
from sandbox.mirakl.offers.prices import apply_prices
from sandbox.mirakl.offers.sales import Sales, why_sold_out
from sandbox.mirakl.offers.sheets import read_sheet
from sandbox.mirakl.offers.stock import COLUMNS, apply_stock
from sandbox.mirakl.state import Json, Marketplace, held

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SHOP = 2001
SKUS = ["MUG", "POT", 'TEA; 2" tin', "LAMP"]
UNITS = st.integers(0, 20)

skus = st.sampled_from([*SKUS, "mug", "CUP", ""])
quantities = st.one_of(UNITS.map(str), st.sampled_from(["", "-1", "1.5", "x"]))
lines = st.lists(st.tuples(skus, quantities, st.sampled_from(["", "LEEDS", "ROME"]), st.sampled_from(["", "delete"])))


def catalogue(quantity: int = 10) -> Catalogue:
    made = Catalogue()
    for sku in SKUS:
        made.add({"shop_sku": sku, "product_sku": f"P{sku}", "price": 10, "quantity": quantity}, SHOP, NOW)
    return made


def written(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([columns, *rows])
    return text.getvalue().encode()


def shown(of: Catalogue) -> dict[str, int]:
    return {one.sku: one.quantity for one in of.live()}


@given(lines)
def test_an_offer_of_a_file_is_taken_whole_or_reported_whole(rows: list[tuple[str, ...]]) -> None:
    ours = catalogue()
    outcome = apply_stock(ours, SHOP, read_sheet(written(COLUMNS, rows), ("offer-sku",), COLUMNS), {"LEEDS"}, NOW)
    reported = list(csv.reader(io.StringIO(outcome.report.decode()), delimiter=";"))[1:]
    assert outcome.in_success + outcome.in_error == len(rows)
    assert len(reported) == outcome.in_error
    in_error = {line[2] for line in reported}
    accepted = [row for row in rows if row[0] not in in_error]
    assert len(accepted) == outcome.in_success
    for sku, quantity in shown(ours).items():
        named = [row for row in accepted if row[0] == sku]
        expected = sum(0 if row[3] else int(row[1]) for row in named) if named else 10
        assert quantity == expected


@given(st.dictionaries(st.sampled_from(SKUS), UNITS))
def test_a_file_sent_twice_says_what_it_said_once(quantities_by_sku: dict[str, int]) -> None:
    ours = catalogue()
    content = written(COLUMNS[:2], [(sku, str(units)) for sku, units in quantities_by_sku.items()])
    for _ in range(2):
        outcome = apply_stock(ours, SHOP, read_sheet(content, COLUMNS[:2], COLUMNS), (), NOW)
        assert outcome.in_error == 0
        assert shown(ours) == {**dict.fromkeys(SKUS, 10), **quantities_by_sku}


@given(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6)), max_size=40), st.booleans())
def test_buyers_never_get_more_than_is_shown_and_every_unit_is_sold_once(
    wanted: list[tuple[str, int]], give_back: bool
) -> None:
    behaviours = Behaviours(SWITCHES)
    behaviours.set({"cancelations_return_units": give_back})
    marketplace = Marketplace("brightside-uk", "key", "token")
    marketplace.catalogue = catalogue()
    sales = Sales(behaviours, lambda: NOW)
    sold = dict.fromkeys(SKUS, 0)
    for number, (sku, units) in enumerate(wanted):
        body = an_order(f"{number}-A", sku, units)
        if why_sold_out(marketplace.catalogue, body, NOW):
            assert units > shown(marketplace.catalogue)[sku]
            continue
        order = held(body)
        for _ in range(2):
            sales.follow(marketplace, order)
        sold[sku] += units
        if number % 3 == 0:
            order.lines()[0]["order_line_state"] = "REFUSED"
            for _ in range(2):
                sales.follow(marketplace, order)
            sold[sku] -= units if give_back else 0
    assert shown(marketplace.catalogue) == {sku: 10 - units for sku, units in sold.items()}
    assert min(shown(marketplace.catalogue).values()) >= 0


@given(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 30)), min_size=1), st.data())
def test_warehouses_hold_what_the_offer_shows(sales: list[tuple[str, int]], data: st.DataObject) -> None:
    ours = catalogue()
    for sku in SKUS:
        offer = ours.by_sku(SHOP, sku)
        assert offer is not None
        for warehouse in ("LEEDS", "YORK"):
            offer.set_quantity(data.draw(UNITS), NOW, warehouse)
    for sku, units in sales:
        offer = ours.by_sku(SHOP, sku)
        assert offer is not None
        before = offer.quantity
        assert offer.take(units, NOW) == min(units, before) == before - offer.quantity
        assert sum(offer.warehouses.values()) == offer.quantity
        assert min(offer.warehouses.values()) >= 0


@given(st.dictionaries(st.sampled_from(SKUS), st.integers(1, 999), min_size=1))
def test_prices_move_no_quantity_and_stock_no_price(prices: dict[str, int]) -> None:
    ours = catalogue()
    content = written(("offer-sku", "price"), [(sku, f"{cents / 100:.2f}") for sku, cents in prices.items()])
    apply_prices(ours, SHOP, read_sheet(content, ("offer-sku",)), NOW + timedelta(minutes=1))
    assert shown(ours) == dict.fromkeys(SKUS, 10)
    standing = {one.sku: one.body["price"] for one in ours.live()}
    content = written(COLUMNS[:2], [(sku, "3") for sku in SKUS])
    apply_stock(ours, SHOP, read_sheet(content, COLUMNS[:2], COLUMNS), (), NOW + timedelta(minutes=2))
    assert {one.sku: one.body["price"] for one in ours.live()} == standing
    assert {sku: int(standing[sku] * 100) for sku in prices} == prices


def an_order(order_id: str, sku: str, units: int) -> Json:
    bought = {"order_line_id": f"{order_id}-1", "offer_sku": sku, "quantity": units, "order_line_state": "SHIPPING"}
    return {
        "order_id": order_id,
        "order_state": "SHIPPING",
        "order_tax_mode": "TAX_INCLUDED",
        "created_date": "2026-11-27T12:00:00Z",
        "order_lines": [bought],
    }

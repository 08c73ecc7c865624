"""What was cancelled, refused or refunded at the marketplace before it left is closed on the sales order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from tests.fakes import House, a_house, a_line, an_order
from tieout.domain.errors import Reason
from tieout.domain.orders.booked import Booked, BookedLine
from tieout.domain.postings import Key, Kind, Lane, Posting, State
from tieout.flows.orders import collect
from tieout.flows.orders.work import post_due

BOWLS = a_line("BOWL", "30.00", "6.00", quantity=3, shipping="6.00", shipping_tax="1.00")


def work(house: House, minutes: float = 0) -> None:
    """The marketplace is read, and whatever is due is posted until nothing is."""
    house.clock.advance(minutes=minutes)
    collect.collect_updates("brightside", house.at)
    for _ in range(6):
        due = house.postings.due(Lane.ORDERS_TO_POST, house.clock(), 100)
        assert post_due(due, house.at, house.clock() + timedelta(minutes=5)) == []


def a_sold_house(**details: object) -> House:
    """Mugs and three bowls are sold, and their sales order is there."""
    house = a_house()
    house.market.put(an_order("A-1", [a_line("MUG"), BOWLS], **details))
    work(house)
    return house


def sales_order(house: House) -> Booked:
    (booked,) = house.ledger.booked(["T-brightside-SO-A-1"]).values()
    return booked


def line(house: House, line_id: str) -> BookedLine:
    found = sales_order(house).line_of(line_id)
    assert found is not None
    return found


def closures(house: House) -> list[Posting]:
    return [posting for key, posting in house.postings.all.items() if key.kind is Kind.CLOSURE]


def test_a_cancelled_line_is_closed_once_and_the_others_stay() -> None:
    house = a_sold_house()
    house.market.cancel("A-1", "line-MUG", 1)
    work(house, 15)
    assert (line(house, "line-MUG").is_closed, line(house, "line-BOWL").is_closed) == (True, False)
    house.market.change("A-1", "SHIPPING")
    work(house, 15)
    assert house.ledger.calls["change_lines"] == 1
    assert [posting.state for posting in closures(house)] == [State.CONFIRMED]


def test_a_line_that_is_cancelled_in_part_keeps_the_rest_of_its_units_and_of_its_price() -> None:
    house = a_sold_house()
    house.market.cancel("A-1", "line-BOWL", 1)
    work(house, 15)
    left = line(house, "line-BOWL")
    # 20.00 of 30.00 are left, 4.00 of them tax
    assert (left.quantity, left.net, left.is_closed) == (2, Decimal(16), False)


def test_the_last_of_an_order_closes_every_line_and_with_it_the_sales_order() -> None:
    house = a_sold_house()
    house.market.cancel("A-1", "line-MUG", 1)
    house.market.cancel("A-1", "line-BOWL", 3)
    work(house, 15)
    assert sales_order(house).is_over
    assert closures(house)[0].key.source_id == "A-1"


def test_a_refused_line_without_a_cancelation_is_closed_too() -> None:
    house = a_sold_house()
    order = house.market.orders["A-1"]
    mug, bowl = order.lines
    house.market.put(replace(order, lines=(replace(mug, state="REFUSED"), bowl), total_price=Decimal("36.00")))
    work(house, 15)
    assert line(house, "line-MUG").is_closed
    assert [posting.key.source_id for posting in closures(house)] == ["line-MUG"]


def test_an_order_that_was_cancelled_before_its_sales_order_needs_no_closing() -> None:
    house = a_house()
    house.market.put(an_order("A-1"))
    collect.collect_updates("brightside", house.at)
    house.market.change("A-1", "CANCELED")
    work(house, 15)
    (closure,) = closures(house)
    assert (closure.state, closure.facts) == (State.CONFIRMED, {"closed": "no sales order"})
    assert house.ledger.records == []


def test_a_closure_waits_for_the_sales_order_that_is_on_its_way() -> None:
    house = a_house()
    house.market.put(an_order("A-1", [a_line("MUG"), BOWLS]))
    collect.collect_updates("brightside", house.at)
    sale = Key("brightside", "A-1", Kind.SALES_ORDER, "A-1")
    (held,) = house.postings.claim([sale], house.clock())
    house.market.cancel("A-1", "line-MUG", 1)
    work(house, 1)
    (closure,) = closures(house)
    assert closure.state is not State.CONFIRMED
    house.postings.release(held, house.clock(), "429", house.clock(), untouched=True)
    work(house)
    work(house, 30)
    (closure,) = closures(house)
    assert closure.state is State.CONFIRMED
    assert sales_order(house).line_of("line-MUG") is None  # it was never sold


def test_a_cancelled_line_that_has_left_is_for_a_person_and_the_rest_is_closed_all_the_same() -> None:
    house = a_sold_house()
    house.ledger.ship("A-1", {"line-MUG": 1})
    house.market.cancel("A-1", "line-MUG", 1)
    house.market.cancel("A-1", "line-BOWL", 3)
    work(house, 15)
    assert line(house, "line-BOWL").is_closed
    assert [posting.reason for posting in closures(house)] == [Reason.ALREADY_SHIPPED]
    assert closures(house)[0].facts["lines"] == "line-MUG (1 of 1 shipped)"


def test_units_that_had_left_stay_and_the_others_of_the_line_go() -> None:
    house = a_sold_house()
    house.ledger.ship("A-1", {"line-BOWL": 2})
    house.market.cancel("A-1", "line-BOWL", 1)
    work(house, 15)
    assert (line(house, "line-BOWL").quantity, line(house, "line-BOWL").shipped) == (2, 2)
    assert [posting.state for posting in closures(house)] == [State.CONFIRMED]


def test_a_closed_line_is_believed_only_when_netsuite_shows_it() -> None:
    house = a_sold_house()
    house.market.cancel("A-1", "line-MUG", 1)
    house.ledger.shows_closed_after = 2
    house.clock.advance(minutes=1)
    collect.collect_updates("brightside", house.at)
    (key,) = [posting.key for posting in closures(house)]
    assert post_due([key], house.at, house.clock() + timedelta(minutes=5)) == []
    assert closures(house)[0].state is State.ATTEMPTED
    work(house, 15)
    assert closures(house)[0].state is State.CONFIRMED


def test_a_line_that_is_refunded_whole_before_it_leaves_is_closed_before_the_money_is_back() -> None:
    house = a_sold_house()
    house.market.give_back("A-1", "line-MUG", "12.00", state="WAITING_REFUND")
    work(house, 15)
    assert line(house, "line-MUG").is_closed
    assert not line(house, "line-BOWL").is_closed


def test_a_goodwill_refund_before_shipping_closes_nothing() -> None:
    house = a_sold_house()
    house.market.give_back("A-1", "line-MUG", "2.00")
    work(house, 15)
    assert closures(house) == []


def test_returns_that_are_switched_off_leave_the_sales_order_alone() -> None:
    house = a_house(marketplaces__brightside__returns={"enabled": False})
    house.market.put(an_order("A-1", [a_line("MUG"), BOWLS]))
    work(house)
    house.market.cancel("A-1", "line-MUG", 1)
    work(house, 15)
    assert closures(house) == []

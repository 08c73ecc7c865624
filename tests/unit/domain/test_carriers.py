"""How a parcel is followed: the best way first, a poorer one always behind it, and in the end none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.shipments.carriers import CarrierNames, CarrierRules, ways_to_follow
from tieout.domain.shipments.shipment import Carrier, Tracking

REGISTERED = {
    "DHL": Carrier("DHL", "DHL Express", "DHL", "https://dhl.example/{trackingId}"),
    "VAN": Carrier("VAN", "Our own van", "", "https://van.example/"),
}


def ways(names: CarrierNames | None, number: str = "1Z", *, other: str = "", **details: object) -> list[Tracking]:
    rules = CarrierRules(by_ship_method={"7": names} if names else {}, other=other)
    known = {"registered": REGISTERED, "free_text": True} | details
    return list(ways_to_follow("7", [number] if number else [], rules, **known))  # type: ignore[arg-type]


def test_a_registered_code_comes_first_then_the_standard_code_then_free_text_then_the_number_then_nothing() -> None:
    names = CarrierNames(code="DHL", standard_code="DHL", name="DHL UK", url="https://dhl.example/?n={number}")
    assert ways(names) == [
        Tracking(number="1Z", carrier_code="DHL"),
        Tracking(number="1Z", carrier_standard_code="DHL"),
        Tracking(number="1Z", carrier_name="DHL UK", url="https://dhl.example/?n=1Z"),
        Tracking(number="1Z"),
        Tracking(),
    ]


def test_a_code_that_the_marketplace_does_not_list_is_not_sent() -> None:
    assert ways(CarrierNames(code="GONE", standard_code="UPS"))[0] == Tracking(number="1Z", carrier_standard_code="UPS")


def test_a_code_is_tried_where_the_marketplace_does_not_tell_its_carriers() -> None:
    assert ways(CarrierNames(code="GONE"), registered=None)[0] == Tracking(number="1Z", carrier_code="GONE")


@pytest.mark.parametrize(
    ("code", "first"), [("DHL", Tracking(carrier_name="DHL Express")), ("VAN", Tracking(carrier_code="VAN"))]
)
def test_without_a_number_a_carrier_whose_page_needs_one_is_named_and_another_is_sent_by_its_code(
    code: str, first: Tracking
) -> None:
    assert ways(CarrierNames(code=code), number="")[0] == first


def test_a_standard_code_whose_carrier_needs_a_number_is_not_sent_without_one() -> None:
    assert ways(CarrierNames(standard_code="DHL"), number="") == [Tracking()]


def test_free_text_is_not_sent_where_the_marketplace_does_not_take_it() -> None:
    assert ways(CarrierNames(name="Joe's van"), other="Courier", free_text=False) == [Tracking(number="1Z"), Tracking()]


def test_a_shipping_item_without_a_rule_goes_under_the_other_carrier() -> None:
    assert ways(None, other="Courier")[0] == Tracking(number="1Z", carrier_name="Courier")


def test_a_rule_for_every_other_shipping_item_serves_where_none_has_its_name() -> None:
    rules = CarrierRules(by_ship_method={"8": CarrierNames(code="VAN"), "*": CarrierNames(code="DHL")})
    for item, code in (("7", "DHL"), ("8", "VAN"), ("", "DHL")):
        assert ways_to_follow(item, ["1Z"], rules, REGISTERED, free_text=True)[0].carrier_code == code


def test_a_page_that_needs_a_number_is_left_out_without_one() -> None:
    names = CarrierNames(name="Joe's van", url="https://joe.example/{number}")
    assert ways(names, number="")[0] == Tracking(carrier_name="Joe's van")


TEXTS = st.sampled_from(["", "DHL", "VAN", "NOPE", "UPS"])


@given(
    st.builds(
        CarrierNames, code=TEXTS, standard_code=TEXTS, name=TEXTS, url=st.sampled_from(["", "https://x/{number}"])
    ),
    st.lists(st.sampled_from(["1Z", "2Z"]), max_size=3),
    st.sampled_from([REGISTERED, {}, None]),
    st.booleans(),
    TEXTS,
)
def test_there_is_always_a_way_left_and_each_names_one_carrier_at_most(
    names: CarrierNames, numbers: list[str], registered: dict[str, Carrier] | None, free_text: bool, other: str
) -> None:
    found = ways_to_follow(
        "7", numbers, CarrierRules(by_ship_method={"7": names}, other=other), registered, free_text=free_text
    )
    assert found[-1] == Tracking()
    assert len(set(found)) == len(found)
    for way in found:
        named = [way.carrier_code, way.carrier_standard_code, way.carrier_name]
        assert sum(map(bool, named)) <= 1
        assert way.number == (numbers[0] if numbers else "") or way == Tracking()
        assert free_text or not way.carrier_name
        assert not way.carrier_code or registered is None or way.carrier_code in registered
        assert "{" not in way.url

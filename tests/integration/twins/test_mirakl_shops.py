"""What the Mirakl twin says of shops and their balances: to the shop behind a key, and to the operator."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox import decimal_json
from tests.integration.twins.mirakl import Mirakl
from tests.integration.twins.mirakl_money import Json, Money, paid

D = Decimal


@pytest.fixture
def money(mirakl: Mirakl) -> Money:
    mirakl.control("POST", "clock", json={"set": "2026-10-12T10:00:00Z"})
    return Money(mirakl)


def moved(kind: str, amount: float, shop: int = 2001) -> Json:
    """A line that moves a shop's reserve: what is funded leaves its balance."""
    return {"type": kind, "amount": amount, "shop": shop, "currency": "GBP"}


def reserve(money: Money) -> Decimal:
    """As its shop is told it, once a day."""
    answer = money.mirakl.seller("GET", "/api/account")
    assert answer.status_code == 200, answer.text
    return D(decimal_json.loads(answer.content)["payment_details"]["reserve_balance"])


def shops(mirakl: Mirakl, **asked: Any) -> list[Json]:
    answer = mirakl.operator("GET", "/api/shops", params=asked)
    assert answer.status_code == 200, answer.text
    return list(decimal_json.loads(answer.content)["shops"])


def test_what_was_funded_is_held_until_it_is_settled(money: Money) -> None:
    """500.00 are withheld and 300.00 released again: 200.00 are held (worked example E11)."""
    money.mirakl.behave(frequencies_enforced=False)
    assert reserve(money) == 0
    money.write(moved("RESERVE_FUNDING", -500))
    assert reserve(money) == 500
    money.write(moved("RESERVE_SETTLEMENT", 300))
    assert reserve(money) == 200


def test_a_shop_asks_for_its_account_once_a_day(money: Money) -> None:
    first, second = (money.mirakl.seller("GET", "/api/account") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) <= 86_400


def test_an_operator_sees_what_each_shop_has_and_what_is_held_of_it(strict_mirakl: Mirakl) -> None:
    strict_mirakl.control("POST", "clock", json={"set": "2026-10-12T10:00:00Z"})
    money = Money(strict_mirakl)
    strict_mirakl.place(paid("1-A"), paid("2-A", shop_id=2002))
    money.receive("1-A")
    money.write(moved("RESERVE_FUNDING", -40), moved("RESERVE_FUNDING", -10, shop=2002))
    money.write(moved("RESERVE_SETTLEMENT", 4, shop=2002))

    told = {row["shop_id"]: row["payment_details"] for row in shops(strict_mirakl)}

    assert {shop: each["reserve_balance"] for shop, each in told.items()} == {2001: 40, 2002: 6}
    assert (told[2001]["payable_balance"], told[2001]["pending_balance"]) == (108 - 40, 0)
    assert (told[2002]["payable_balance"], told[2002]["pending_balance"]) == (-10 + 4, 108)


def test_shops_come_in_pages_and_by_id(money: Money) -> None:
    money.mirakl.place(*(paid(f"{shop}-A", shop_id=shop) for shop in (2002, 2003, 2004)))
    assert [row["shop_id"] for row in shops(money.mirakl, shop_ids="2002,2004")] == [2002, 2004]
    first = money.mirakl.operator("GET", "/api/shops", params={"max": 2})
    assert [row["shop_id"] for row in first.json()["shops"]] == [2001, 2002]
    assert first.json()["total_count"] == 4
    assert 'rel="next"' in first.headers["Link"]
    assert [row["shop_id"] for row in shops(money.mirakl, max=2, offset=2)] == [2003, 2004]


def test_shops_are_listed_for_the_operator_alone(strict_mirakl: Mirakl) -> None:
    assert strict_mirakl.seller("GET", "/api/shops").json()["twin"] == "contract violation"

"""A mistake in the settings is told before anything is deployed: the key, its value, and what was expected."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import a_config
from tests.fakes.house import settings
from tieout.config import ConfigError, config_from, json_schema, read_config

ROOT = Path(__file__).resolve().parents[2]
SHOP = "marketplaces__brightside"
ORDERS = f"{SHOP}__orders"
SALES = f"{ORDERS}__sales_orders"

MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a key nobody knows": ({"netsuite__acount": "1"}, ["netsuite.acount = '1'", "Extra inputs"]),
    "a missing key": ({"netsuite__account": None}, ["netsuite.account", "required"]),
    "a name with capitals": ({"deployment": "Test"}, ["deployment = 'Test'", "^[a-z]"]),
    "an account that is none": ({"netsuite__account": "TSTDRV/1"}, ["netsuite.account = 'TSTDRV/1'"]),
    "a zone that is none": (
        {"netsuite__subsidiaries__uk__time_zone": "London"},
        ["netsuite.subsidiaries.uk.time_zone = 'London'", "an IANA time zone such as Europe/London"],
    ),
    "more lanes than slots": (
        {"netsuite__lanes": {"orders_to_post": 5}},
        ["netsuite", "lanes ask for 8 NetSuite slots, slots allows 5"],
    ),
    "one worker only": (
        {"netsuite__lanes": {"orders_to_post": 1}},
        ["netsuite.lanes.orders_to_post = 1", "greater than or equal to 2"],
    ),
    "a host that is not Mirakl's": (
        {f"{SHOP}__url": "https://brightside.example.com"},
        ["marketplaces.brightside", "https://brightside.example.com", "expected https://<instance>.mirakl.net"],
    ),
    "a loopback address outside of the sandbox": (
        {f"{SHOP}__url": "http://127.0.0.1:8080"},
        ["marketplaces.brightside.url", "expected https://<instance>.mirakl.net"],
    ),
    "a seller without its shop": (
        {f"{SHOP}__shop_id": None},
        ["marketplaces.brightside", "shop_id is required for a seller"],
    ),
    "polling faster than Mirakl allows": (
        {f"{SHOP}__persona": "external_partner", f"{ORDERS}__poll_minutes": 5},
        ["orders.poll_minutes is 5", "one listing every 15 minutes at most"],
    ),
    "a cut-over without a zone": (
        {f"{ORDERS}__since": "2026-01-01T00:00:00"},
        ["marketplaces.brightside.orders.since = '2026-01-01T00:00:00'", "timezone"],
    ),
    "a marketplace called as NetSuite is": (
        {"marketplaces__netsuite": settings()["marketplaces"]["brightside"]},
        ["marketplaces.netsuite: call it otherwise"],
    ),
    "a subsidiary nobody defined": (
        {f"{SALES}__subsidiary": "fr"},
        ["marketplaces.brightside.orders.sales_orders.subsidiary is 'fr'", "expected one of", "uk"],
    ),
    "an account number without quotes": (
        {"netsuite__account": 7654321},
        ["netsuite.account = 7654321", 'quotes, "7654321"'],
    ),
    "no currency": ({f"{SALES}__currencies": []}, ["sales_orders.currencies", "at least 1 item"]),
    "a currency in small letters": ({f"{SALES}__currencies": ["gbp"]}, ["sales_orders.currencies.0 = 'gbp'"]),
    "no location": ({f"{SALES}__locations": []}, ["sales_orders.locations", "at least 1 item"]),
    "a country of two letters": (
        {f"{SALES}__locations": [{"location": "Main", "countries": ["GB"]}]},
        ["sales_orders.locations.0.countries.0 = 'GB'"],
    ),
    "a tax strategy nobody knows": (
        {f"{SALES}__tax__strategy": "guess"},
        ["tax.strategy = 'guess'", "'suitetax_override', 'tax_code' or 'other_charge'"],
    ),
    "charges without their item": (
        {f"{SALES}__tax": {"strategy": "other_charge"}},
        ["sales_orders.tax", "other_charge needs charge_item"],
    ),
    "an address block that is none": (
        {f"{SHOP}__webhooks": {"allowed_ips": ["203.0.113.7/24"]}},
        ["marketplaces.brightside.webhooks", "'203.0.113.7/24' is not an address block"],
    ),
    "an on-call address that is none": ({"on_call": {"emails": ["ops"]}}, ["on_call.emails.0 = 'ops'"]),
    "logs kept for a number of days that AWS does not offer": (
        {"retention": {"log_days": 31}},
        ["retention.log_days = 31", "30, 60, 90"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_key_its_value_and_what_was_expected(mistake: str) -> None:
    changes, words = MISTAKES[mistake]
    with pytest.raises(ConfigError) as told:
        a_config(**changes)
    for word in words:
        assert word in str(told.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as told:
        a_config(deployment="Test", netsuite__account="?", marketplaces__brightside__shop_id=0)
    assert str(told.value).count("\n") == 3


def test_settings_that_were_read_cannot_be_changed() -> None:
    config = a_config()
    with pytest.raises(ValueError, match="frozen"):
        config.deployment = "other"


def test_a_sandbox_account_has_a_host_of_its_own() -> None:
    assert a_config().netsuite_url == "https://1234567-sb1.suitetalk.api.netsuite.com"
    assert a_config(netsuite__account="7654321").netsuite_url == "https://7654321.suitetalk.api.netsuite.com"


@pytest.mark.parametrize("url", ["https://brightside.mirakl.net", "https://brightside.mirakl.net/api/"])
def test_the_address_of_a_marketplace_may_be_copied_with_or_without_api(url: str) -> None:
    assert a_config(**{f"{SHOP}__url": url}).mirakl_url("brightside") == "https://brightside.mirakl.net"


def test_in_the_sandbox_nothing_leaves_the_machine() -> None:
    config = a_config(
        sandbox={"mirakl": {"brightside": "http://127.0.0.1:81/brightside"}, "netsuite": "http://127.0.0.1:82"}
    )
    assert config.mirakl_url("brightside") == "http://127.0.0.1:81/brightside"
    assert config.netsuite_url == "http://127.0.0.1:82"
    with pytest.raises(ConfigError, match=r"sandbox\.netsuite"):
        a_config(sandbox={"mirakl": {}, "netsuite": "http://192.0.2.1:82"})


def test_a_file_that_is_missing_or_no_yaml_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml does not exist; start from config/gift-shop\.yaml"):
        read_config(tmp_path / "nowhere.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("deployment: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.yaml is not YAML"):
        read_config(broken)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_can_be_used(path: Path) -> None:
    assert read_config(path).marketplaces


def test_what_travels_with_the_functions_reads_back_as_the_same_settings() -> None:
    config = a_config()
    assert config_from(config.model_dump(mode="json")) == config


def test_editors_are_told_every_key() -> None:
    schema = json_schema()
    assert set(schema["properties"]) >= set(settings())
    assert schema["additionalProperties"] is False


# --- listings ---------------------------------------------------------------------------------------------------------


def test_offers_are_made_only_of_items_that_somebody_approved() -> None:
    with pytest.raises(ConfigError, match="sync needs approval_field"):
        a_config(marketplaces__brightside__stock={}, marketplaces__brightside__listings={"sync": True})


def test_offers_are_looked_at_where_their_stock_is_kept() -> None:
    with pytest.raises(ConfigError, match="listings needs stock"):
        a_config(marketplaces__brightside__listings={})


def test_an_operator_makes_no_offers() -> None:
    changes = {
        "role": "operator",
        "operator": {"own_shops": ["2001"]},
        "stock": {},
        "listings": {"sync": True, "approval_field": "custitem_tieout_approved"},
    }
    with pytest.raises(ConfigError, match=r"no call that creates offers or sets prices \(OF01, PRI01\)"):
        a_config(**{f"marketplaces__brightside__{key}": value for key, value in changes.items()})


SETTLED = {"since": "2026-01-01T00:00:00Z", "accounts": [{"roles": {"marketplace_clearing": "1115"}}]}


def test_an_operator_says_by_shop_what_was_held_before_the_log_begins() -> None:
    """A seller has one shop, and one amount."""
    operator = {f"{SHOP}__role": "operator", f"{SHOP}__shop_id": None}

    by_shop = a_config(**operator, **{f"{SHOP}__settlement": SETTLED | {"reserve_brought_in_by_shop": {2001: "80.00"}}})
    settled = by_shop.marketplaces["brightside"].settlement
    assert settled
    assert [settled.reserve_before(shop) for shop in ("2001", "2002")] == [80, 0]
    assert config_from(by_shop.model_dump(mode="json")) == by_shop

    one = a_config(**{f"{SHOP}__settlement": SETTLED | {"reserve_brought_in": "80.00"}}).marketplaces["brightside"]
    assert one.settlement
    assert one.settlement.reserve_before("2001") == 80


@pytest.mark.parametrize(
    ("role", "said", "expected"),
    [
        ("operator", {"reserve_brought_in": "80.00"}, "an operator says it by shop"),
        ("seller", {"reserve_brought_in_by_shop": {2001: "80.00"}}, "a seller's one shop has an amount"),
        ("operator", {"reserve_brought_in_by_shop": "80.00"}, "reserve_brought_in_by_shop = '80.00'"),
        ("operator", {"reserve_brought_in_by_shop": {"lamps": 80}}, "reserve_brought_in_by_shop.lamps"),
        ("operator", {"reserve_brought_in_by_shop": {2001: -1}}, "reserve_brought_in_by_shop.2001 = -1"),
    ],
)
def test_a_reserve_that_is_not_said_as_its_books_need_it_is_refused(
    role: str, said: dict[str, Any], expected: str
) -> None:
    changes: dict[str, Any] = {f"{SHOP}__role": role, f"{SHOP}__settlement": SETTLED | said}
    if role == "operator":
        changes[f"{SHOP}__shop_id"] = None
    with pytest.raises(ConfigError) as refused:
        a_config(**changes)
    assert expected in str(refused.value)


def test_two_shops_of_one_seller_are_a_marketplace_each_and_no_shop_is_there_twice() -> None:
    data = settings()
    data["marketplaces"]["brightside-2"] = deepcopy(data["marketplaces"]["brightside"]) | {"shop_id": 3005}
    assert set(config_from(data).marketplaces) == {"brightside", "brightside-2"}
    data["marketplaces"]["brightside-2"]["shop_id"] = data["marketplaces"]["brightside"]["shop_id"]
    with pytest.raises(ConfigError, match="each order would be booked twice"):
        config_from(data)


def test_an_operators_shops_are_of_one_marketplace() -> None:
    data = settings()
    data["marketplaces"]["brightside"] |= {"role": "operator", "operator": {"own_shops": [1]}}
    data["marketplaces"]["brightside-2"] = data["marketplaces"]["brightside"] | {"operator": {"own_shops": [2]}}
    with pytest.raises(ConfigError, match=r"are both the operator of .*: each order would be booked twice"):
        config_from(data)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stock": {"push_minutes": 0}}, "push_minutes"),
        ({"stock": {}, "orders": {"enabled": False}}, "stock needs orders.enabled"),
        ({"stock": {}, "role": "operator", "shop_id": None}, "stock needs operator.own_shops"),
        ({"stock": {}, "role": "operator", "operator": {"own_shops": [1, 2, 1]}}, "own_shops names shop 1 twice"),
    ],
)
def test_stock_is_of_own_shops_is_sold_by_orders_and_goes_out_once_a_minute_at_most(
    changes: dict[str, Any], words: str
) -> None:
    data = settings()
    here = data["marketplaces"]["brightside"]
    here["orders"] |= changes.pop("orders", {})
    here |= changes
    with pytest.raises(ConfigError, match=words):
        config_from(data)

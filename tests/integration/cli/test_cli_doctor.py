"""`tieout doctor`: each line passes, or says what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.cli.terminal import Deployed, Terminal, store_secret
from tests.integration.running_twins import CUSTOM_FIELDS, MARKETPLACE
from tieout.cli.findings import clock_finding

MIRAKL = f"Mirakl {MARKETPLACE}"


def of(answer: dict[str, Any], verdict: str) -> dict[str, str]:
    """What was found, by what it is about."""
    return {each["about"]: each["words"] for each in answer["findings"] if each["verdict"] == verdict}


def to_do(deployed: Terminal) -> dict[str, str]:
    """Something must be done: the doctor ends with 1."""
    answer = deployed.answer("doctor", code=1)
    assert answer["to_do"] == len(of(answer, "to do")) > 0
    return of(answer, "to do")


def sales(deployed: Deployed) -> Any:
    return deployed.settings["marketplaces"][MARKETPLACE]["orders"]["sales_orders"]


def test_a_deployment_in_order_has_nothing_to_do(deployed: Deployed) -> None:
    answer = deployed.answer("doctor")
    assert of(answer, "to do") == {}
    assert {"AWS", f"{MIRAKL}, credential", f"{MIRAKL}, orders", f"{MIRAKL}, clock"} <= set(of(answer, "pass"))
    assert {f"NetSuite, {what}" for what in ("credential", "clock", "role", "custom fields", "tax codes")} <= set(
        of(answer, "pass")
    )


def test_a_person_reads_a_table(deployed: Deployed) -> None:
    told = deployed.says("doctor")
    assert "✓ pass" in told
    assert "Everything that can be checked from here is in order." in told


def test_each_setting_of_the_platform_says_what_it_means_here(deployed: Deployed) -> None:
    words = "\n".join(each["words"] for each in deployed.answer("doctor")["findings"])
    assert "order_tax_mode TAX_INCLUDED: prices include tax" in words
    assert "acceptance.mode auto: Tieout accepts what is known and in stock" in words
    assert "addresses are shown after acceptance" in words
    assert "multi_shipment is off" in words


def test_netsuite_shows_its_limit_to_administrators_only_and_the_doctor_says_so(deployed: Deployed) -> None:
    words = of(deployed.answer("doctor"), "note")["NetSuite, concurrency"]
    assert "5 of 5 slots" in words
    assert "administrators only" in words


def test_without_a_stack_there_is_one_thing_to_do(terminal: Terminal) -> None:
    assert list(to_do(terminal)) == ["AWS"]
    assert "cdk deploy" in to_do(terminal)["AWS"]


def test_a_secret_that_nobody_filled_says_how_to_fill_it(deployed: Deployed) -> None:
    store_secret(f"mirakl/{MARKETPLACE}", {})
    store_secret("netsuite", {})
    found = to_do(deployed)
    assert "has no api_key" in found[MIRAKL]
    assert "has no" in found["NetSuite, credential"]
    assert all("Fill the secrets" in found[about] for about in (MIRAKL, "NetSuite, credential"))


def test_a_wrong_key_is_told_and_the_rest_is_still_checked(deployed: Deployed) -> None:
    store_secret(f"mirakl/{MARKETPLACE}", {"api_key": "not-the-key"})
    answer = deployed.answer("doctor", code=1)
    assert list(of(answer, "to do")) == [f"{MIRAKL}, credential"]
    assert "NetSuite, custom fields" in of(answer, "pass")
    assert "not-the-key" not in str(answer)


def test_a_key_of_another_shop_is_told(deployed: Deployed) -> None:
    deployed.settings["marketplaces"][MARKETPLACE]["shop_id"] = 2999
    deployed.save()
    assert f"{MIRAKL}, credential" in to_do(deployed)


def test_a_currency_that_the_shop_sells_in_must_be_in_the_settings(deployed: Deployed) -> None:
    sales(deployed)["currencies"] = ["EUR"]
    deployed.save()
    assert "GBP" in to_do(deployed)[f"{MIRAKL}, credential"]


@pytest.mark.parametrize(
    ("about", "change"),
    [
        ("NetSuite, location", {"locations": [{"location": "Nowhere"}]}),
        ("NetSuite, currency", {"currencies": ["GBP", "CHF"]}),
        ("NetSuite, tax codes", {"tax": {"strategy": "suitetax_override", "default_code": "VAT-NOWHERE"}}),
        ("NetSuite, items", {"tax": {"strategy": "other_charge", "charge_item": "NO-SUCH-ITEM"}}),
    ],
)
def test_a_name_that_netsuite_does_not_have_is_told(deployed: Deployed, about: str, change: dict[str, Any]) -> None:
    sales(deployed).update(change)
    deployed.save()
    assert list(to_do(deployed)) == [about]


def test_a_subsidiary_that_netsuite_does_not_have_is_told(deployed: Deployed) -> None:
    deployed.settings["netsuite"]["subsidiaries"]["uk"]["name"] = "Gift Shop Mars"
    deployed.save()
    assert "Gift Shop Mars" in to_do(deployed)["NetSuite, subsidiary"]


def test_a_custom_field_that_was_never_made_is_named(deployed: Deployed) -> None:
    deployed.twins.set_custom_fields({name: kind for name, kind in CUSTOM_FIELDS.items() if "deadline" not in name})
    assert "custbody_tieout_deadline" in to_do(deployed)["NetSuite, custom fields"]


@pytest.mark.parametrize(
    ("lacks", "table", "permission"),
    [
        ("inventoryItem", "item", "Lists > Items"),
        ("itemFulfillment", "trackingnumbermap", "Item Fulfillment"),
        ("accountingPeriod", "accountingperiod", "Manage Accounting Periods"),
    ],
)
def test_a_permission_that_the_role_lacks_is_named(deployed: Deployed, lacks: str, table: str, permission: str) -> None:
    deployed.twins.behave("netsuite", role_lacks=lacks)
    assert permission in to_do(deployed)[f"NetSuite, role: {table}"]


def listed(deployed: Deployed, **more: Any) -> None:
    settings = deployed.settings["marketplaces"][MARKETPLACE]
    settings["stock"] = {"locations": ["Shop"], **more}
    settings["listings"] = {"approval_field": "custitem_tieout_approved"}
    deployed.twins.set_custom_fields(CUSTOM_FIELDS | {"custitem_tieout_approved": "checkbox"})
    deployed.save()


def test_what_stock_and_listings_read_is_looked_for_where_they_are_on(deployed: Deployed) -> None:
    deployed.twins.behave("netsuite", role_lacks="priceLevel,classification")
    assert of(deployed.answer("doctor"), "to do") == {}
    listed(deployed)
    assert list(to_do(deployed)) == ["NetSuite, role: pricelevel"]
    listed(deployed, buffers=[{"category": "Kitchen", "units": 1}])
    assert list(to_do(deployed)) == ["NetSuite, role: classification", "NetSuite, role: pricelevel"]
    deployed.twins.behave("netsuite", role_lacks="")
    answer = deployed.answer("doctor")
    assert of(answer, "to do") == {}
    assert "Shop" in of(answer, "pass")["NetSuite, location"]


def test_a_place_or_a_checkbox_that_netsuite_does_not_have_is_told(deployed: Deployed) -> None:
    listed(deployed, locations=["Moon base"])
    deployed.twins.set_custom_fields(CUSTOM_FIELDS)
    found = to_do(deployed)
    assert "Moon base" in found["NetSuite, location"]
    assert "custitem_tieout_approved" in found["NetSuite, custom fields"]


def settled(deployed: Deployed, posting: str = "record_level", **roles: str) -> None:
    accounts = {"marketplace_clearing": "1115", "sales_revenue": "4000", **roles}
    deployed.settings["marketplaces"][MARKETPLACE]["settlement"] = {
        "since": "2026-01-01T00:00:00Z",
        "posting": posting,
        "accounts": [{"roles": accounts}],
    }
    deployed.save()


def test_accounts_that_the_settlement_names_are_looked_up(deployed: Deployed) -> None:
    settled(deployed)
    assert "2 accounts" in of(deployed.answer("doctor"), "pass")["NetSuite, accounts"]
    settled(deployed, rounding="9999")
    assert "9999" in str(to_do(deployed))
    assert list(to_do(deployed)) == ["NetSuite, accounts: 9999"]


def test_cash_sales_need_an_item_for_each_account_of_revenue(deployed: Deployed) -> None:
    settled(deployed, "cash_sale", shipping_revenue="4900")
    assert list(to_do(deployed)) == ["NetSuite, accounts: TIEOUT-4900"]


def test_the_role_must_see_accounts_where_cycles_are_settled(deployed: Deployed) -> None:
    deployed.twins.behave("netsuite", role_lacks="account")
    assert of(deployed.answer("doctor"), "to do") == {}
    settled(deployed)
    assert "Lists > Accounts" in to_do(deployed)["NetSuite, role: account"]


def test_a_certificate_that_ends_soon_is_told_in_days(deployed: Deployed) -> None:
    deployed.settings["on_call"] = {"certificate_days": 500}
    deployed.save()
    assert "days left" in to_do(deployed)["NetSuite, certificate"]


@pytest.mark.parametrize(
    ("seconds", "of_a_twin", "verdict"),
    [(59, False, "pass"), (61, False, "to do"), (61, True, "note")],
)
def test_a_clock_that_is_wrong_is_to_be_set_unless_it_is_a_twins(seconds: int, of_a_twin: bool, verdict: str) -> None:
    found = clock_finding("Mirakl", timedelta(seconds=seconds), of_a_twin=of_a_twin)
    assert (found.about, found.verdict) == ("Mirakl, clock", verdict)


def test_twins_that_live_another_day_keep_nothing_from_being_checked(deployed: Deployed) -> None:
    deployed.twins.wait(30 * 24 * 3600)
    answer = deployed.answer("doctor")
    assert "a twin's day is its own" in of(answer, "note")[f"{MIRAKL}, clock"]
    assert f"{MIRAKL}, orders" in of(answer, "pass")


def test_a_marketplace_in_maintenance_is_told(deployed: Deployed) -> None:
    deployed.twins.fault("mirakl", {"operation": "V01", "kind": "maintenance"})
    assert "try again" in to_do(deployed)[MIRAKL]


def test_the_shop_is_asked_for_once_a_day_and_a_second_look_is_no_fault(deployed: Deployed) -> None:
    deployed.answer("doctor")
    again = deployed.answer("doctor")
    assert "once a day" in of(again, "note")[f"{MIRAKL}, credential"]


def test_a_pause_is_mentioned(deployed: Deployed) -> None:
    deployed.says("pause", "orders")
    assert "orders is paused" in of(deployed.answer("doctor"), "note")["AWS"]


# --- dispatch and returns ------------------------------------------------------------------------------------------


def shop(deployed: Deployed) -> Any:
    return deployed.settings["marketplaces"][MARKETPLACE]


def test_reason_codes_that_exist_pass(deployed: Deployed) -> None:
    shop(deployed)["returns"] = {"reasons": {"refund": "OUT_OF_STOCK", "cancelation": "OUT_OF_STOCK"}}
    deployed.save()
    assert "exist (RE01)" in of(deployed.answer("doctor"), "pass")[f"{MIRAKL}, reasons"]


def test_a_reason_code_that_the_marketplace_does_not_have_is_told_with_those_it_has(deployed: Deployed) -> None:
    shop(deployed)["returns"] = {"reasons": {"refund": "CHANGED_MIND", "cancelation": "OUT_OF_STOCK"}}
    deployed.save()
    words = to_do(deployed)[f"{MIRAKL}, reasons"]
    assert "returns.reasons.refund is 'CHANGED_MIND'" in words
    assert "OUT_OF_STOCK" in words


def test_reasons_that_are_not_set_are_worth_knowing(deployed: Deployed) -> None:
    assert "is not set" in of(deployed.answer("doctor"), "note")[f"{MIRAKL}, reasons"]


@pytest.mark.parametrize(("code", "verdict"), [("DHL", "pass"), ("PIGEON", "to do")])
def test_a_carrier_of_the_settings_must_be_registered(deployed: Deployed, code: str, verdict: str) -> None:
    shop(deployed)["shipments"] = {"carriers": [{"ship_method": "1", "code": code}]}
    deployed.save()
    found = of(deployed.answer("doctor", code=int(verdict == "to do")), verdict)
    assert f"{MIRAKL}, carriers" in found


def test_carriers_are_asked_for_only_where_the_settings_name_one(deployed: Deployed) -> None:
    """Mirakl tells them once a day, and the deployment wants to know too."""
    deployed.answer("doctor")
    assert "SH21" not in {call["operation"] for call in deployed.twins.calls("mirakl")}


def test_the_hooks_secret_must_be_there(deployed: Deployed) -> None:
    store_secret("webhooks/netsuite", {})
    assert "Switch the hook on" in to_do(deployed)["NetSuite, events"]


def test_without_events_no_secret_is_asked_for(deployed: Deployed) -> None:
    deployed.settings["netsuite"]["events"] = False
    deployed.save()
    store_secret("webhooks/netsuite", {})
    assert "found by the polls" in of(deployed.answer("doctor"), "note")["NetSuite, events"]


def test_what_an_order_that_leaves_whole_means_is_told(deployed: Deployed) -> None:
    shop(deployed)["shipments"] = {"partial": "park"}
    deployed.save()
    words = "\n".join(each["words"] for each in deployed.answer("doctor")["findings"])
    assert "a part that left parks for a person" in words

"""A mistake in the settings stops synth, and says which key, which value and what was expected."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.layers import LAMBDA, ROOT
from infra.schema import SCHEMA, schema_text
from infra.settings import settings
from infra.timeouts import check_patience
from tests.infra.deployed import deploy
from tieout.config import Config, ConfigError, config_from, read_config

SHOP = ROOT / "config" / "gift-shop.yaml"


def shop_with(change: Mapping[str, object]) -> dict[str, Any]:
    """The gift shop's settings with one dotted key changed (None: left out)."""
    data: dict[str, Any] = yaml.safe_load(SHOP.read_text(encoding="utf-8"))
    for dotted, value in change.items():
        *path, last = dotted.split(".")
        at = data
        for key in path:
            at = at.setdefault(key, {})
        if value is None:
            del at[last]
        else:
            at[last] = value
    return data


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"deployment": "Gift Shop"}, ["deployment", "'Gift Shop'"]),
        ({"netsuite.acount": "123"}, ["netsuite.acount", "not permitted"]),
        ({"netsuite.slots": 4}, ["netsuite", "5 NetSuite slots", "allows 4"]),
        ({"netsuite.lanes.orders_to_post": 1}, ["netsuite.lanes.orders_to_post = 1", "2"]),
        ({"marketplaces.maison-eu.shop_id": None}, ["marketplaces.maison-eu", "shop_id is required"]),
        (
            {"marketplaces.maison-eu.url": "http://shop.example"},
            ["marketplaces.maison-eu", "'http://shop.example'", "mirakl.net"],
        ),
        ({"marketplaces.maison-eu.persona": "external_partner"}, ["poll_minutes is 5", "every 15 minutes"]),
        ({"marketplaces.maison-eu.orders.sales_orders.subsidiary": "fr"}, ["'fr'", "uk"]),
        ({"retention.log_days": 31}, ["retention.log_days = 31", "30"]),
    ],
)
def test_a_mistake_is_told_with_its_key_its_value_and_what_was_expected(
    tmp_path: Path, change: dict[str, Any], told: list[str]
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(shop_with(change)), encoding="utf-8")
    with pytest.raises(ConfigError) as mistake:
        settings(path)
    for words in told:
        assert words in str(mistake.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reliability.lease_seconds": 329}, ["reliability.lease_seconds = 329", "at least 330"]),
        ({"netsuite.connect_timeout_seconds": 60, "netsuite.read_timeout_seconds": 120}, None),
    ],
)
def test_patience_that_does_not_fit_the_functions_is_refused(change: dict[str, Any], told: list[str] | None) -> None:
    config = config_from(shop_with(change))
    if told is None:
        check_patience(config)
        return
    with pytest.raises(ConfigError) as mistake:
        check_patience(config)
    for words in told:
        assert words in str(mistake.value)


def test_the_local_run_may_end_leases_early() -> None:
    twins = {"mirakl": {}, "netsuite": "http://127.0.0.1:1"}
    check_patience(config_from({**shop_with({"reliability.lease_seconds": 20}), "sandbox": twins}))


def test_a_call_that_outlasts_its_worker_is_refused() -> None:
    long = read_config(SHOP).netsuite.model_copy(update={"read_timeout_seconds": 280.0})
    config = read_config(SHOP).model_copy(update={"netsuite": long})
    with pytest.raises(ConfigError, match=r"read_timeout_seconds = 280: expected at most 275"):
        check_patience(config)


def test_names_too_long_for_a_queue_are_refused_before_anything_is_deployed(tmp_path: Path) -> None:
    marketplace, deployment = "m" * 31, "d" * 31
    data = shop_with({"deployment": deployment})
    data["marketplaces"] = {marketplace: data["marketplaces"]["maison-eu"]}
    data["marketplaces"][marketplace]["webhooks"] = {"enabled": True, "cloud_events_principal": "arn:aws:iam::1:role/x"}
    with pytest.raises(ConfigError, match="SQS allows 80"):
        deploy(config_from(data), LAMBDA, tmp_path)


def test_without_webhooks_there_is_no_public_door_and_your_own_topic_is_used(tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:operations"
    quiet = {f"marketplaces.{name}.webhooks.enabled": False for name in ("brightside-uk", "maison-eu")}
    config = config_from(
        shop_with({**quiet, "on_call.topic_arn": topic, "netsuite.auth": "tba", "netsuite.events": False})
    )
    deployed = deploy(config, LAMBDA, tmp_path)
    kinds = {one["Type"] for one in deployed.template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith(("AWS::ApiGateway", "AWS::SNS"))]
    assert not {"receive_mirakl_event", "receive_netsuite_event", "fetch_fulfilments"} & set(deployed.functions)
    assert not [one for one in deployed.properties("AWS::SQS::Queue") if "fulfilments" in one["QueueName"]]
    assert {tuple(alarm["AlarmActions"]) for alarm in deployed.alarms} == {(topic,)}
    assert "CertificateDaysLeft" not in {alarm["MetricName"] for alarm in deployed.alarms}


def test_the_twins_addresses_join_the_settings_before_they_are_checked(tmp_path: Path) -> None:
    twins = tmp_path / "twins.json"
    twins.write_text('{"mirakl": {"maison-eu": "http://127.0.0.1:8002"}, "netsuite": "http://127.0.0.1:8003"}')
    config = settings(SHOP, twins)
    assert config.mirakl_url("maison-eu") == "http://127.0.0.1:8002"
    assert config.netsuite_url == "http://127.0.0.1:8003"
    twins.write_text('{"mirakl": {}, "netsuite": "http://10.0.0.1:8003"}')
    with pytest.raises(ConfigError, match=r"sandbox\.netsuite"):
        settings(SHOP, twins)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_a_settings_file_that_works(path: Path) -> None:
    assert isinstance(read_config(path), Config)


def test_the_schema_for_editors_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: python -m infra.schema"


def test_a_missing_file_says_where_to_start() -> None:
    with pytest.raises(ConfigError, match=r"start from config/gift-shop\.yaml"):
        settings(Path("no-such.yaml"))


def test_without_shipments_and_returns_nothing_of_them_is_deployed(tmp_path: Path) -> None:
    off = {
        f"marketplaces.{name}.{flow}.enabled": False
        for name in ("brightside-uk", "maison-eu")
        for flow in ("shipments", "returns")
    }
    deployed = deploy(config_from(shop_with(off)), LAMBDA, tmp_path)
    flows = {"poll_fulfilments", "fetch_fulfilments", "receive_netsuite_event", "confirm_shipments"}
    assert not (flows | {"poll_shipments", "poll_returns", "send_refunds"}) & set(deployed.functions)
    assert "tieout/gift-shop/webhooks/netsuite" not in {
        one["Name"] for one in deployed.properties("AWS::SecretsManager::Secret")
    }
    assert not {"FulfilmentUndone"} & {alarm["MetricName"] for alarm in deployed.alarms}


def test_returns_without_shipments_are_read_from_netsuite_all_the_same(tmp_path: Path) -> None:
    off = {f"marketplaces.{name}.shipments.enabled": False for name in ("brightside-uk", "maison-eu")}
    deployed = deploy(config_from(shop_with(off)), LAMBDA, tmp_path)
    assert {"poll_fulfilments", "poll_returns", "send_refunds"} <= set(deployed.functions)
    assert "receive_netsuite_event" not in deployed.functions

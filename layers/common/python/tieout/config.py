"""The one settings model: a YAML file per deployment, checked before anything is deployed.

A mistake is told with its key, its value and what was expected (`read_config` raises `ConfigError`). Secrets are never
in it: they live in Secrets Manager, and the deployment prints their names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from tieout.settings.base import LOOPBACK, MIRAKL_HOST, Name, Settings, Text
from tieout.settings.connection import Operator, Webhooks
from tieout.settings.deployment import OnCall, Reconcile, Reliability, Retention, Sandbox
from tieout.settings.listings import Listings
from tieout.settings.netsuite import READERS, NetSuite
from tieout.settings.orders import Orders
from tieout.settings.returns import Returns
from tieout.settings.settlement import Settlement
from tieout.settings.shipments import Invoices, Shipments
from tieout.settings.stock import Stock

FASTEST_POLL_MINUTES = {"default": 1, "external_partner": 15}
"""Mirakl's ceiling for OR11, by persona: once a minute, and every 15 minutes for external partners."""


class ConfigError(Exception):
    """The settings cannot be used; the message names each key, its value and what was expected."""


class Marketplace(Settings):
    """One connection to one Mirakl instance, as a seller or as its operator."""

    role: Literal["seller", "operator"] = "seller"
    """`seller`: a brand that sells there, with a shop API key; `operator`: who runs the marketplace."""
    url: Text
    """`https://<instance>.mirakl.net`."""
    shop_id: int | None = Field(default=None, ge=1)
    """The shop that a seller's key stands for; always sent, so that a key with two shops never reads the wrong one."""
    persona: Literal["default", "external_partner"] = "default"
    """Mirakl's call-frequency class; external partners may list orders every 15 minutes only."""
    legacy_api_key: bool = False
    """An operator's deprecated API key instead of a bearer token."""
    orders: Orders
    """The flow of orders."""
    shipments: Shipments = Shipments()
    """The flow of goods that leave."""
    invoices: Invoices = Invoices()
    """When they are billed."""
    returns: Returns = Returns()
    """The flow of what is taken back."""
    settlement: Settlement | None = None
    """The flow of money; left out: Tieout neither reads nor books it."""
    stock: Stock | None = None
    """The flow of stock; left out: Tieout touches no quantity of an offer."""
    listings: Listings | None = None
    """The flow of listings; left out: offers are neither compared with items nor changed."""
    operator: Operator = Operator()
    """Read for `role: operator` only."""
    webhooks: Webhooks = Webhooks()
    """Events that bring orders sooner than the next poll."""

    @property
    def shop_names(self) -> tuple[str, ...]:
        """What our shops are called within the marketplace: an operator's by Mirakl's id; a seller's only one, not."""
        return ("",) if self.role == "seller" else tuple(str(each) for each in self.operator.own_shops)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (MIRAKL_HOST.fullmatch(self.url) or LOOPBACK.fullmatch(self.url)):
            raise ValueError(f"url {self.url!r}: expected https://<instance>.mirakl.net")
        if self.role == "seller" and self.shop_id is None:
            raise ValueError("shop_id is required for a seller (Mirakl back office, shop settings)")
        fastest = FASTEST_POLL_MINUTES[self.persona]
        if self.orders.poll_minutes < fastest:
            raise ValueError(
                f"orders.poll_minutes is {self.orders.poll_minutes}; Mirakl allows persona {self.persona} "
                f"one listing every {fastest} minutes at most",
            )
        if self.stock and self.stock.enabled and not self.shop_names:
            raise ValueError("stock needs operator.own_shops: the shops whose stock NetSuite holds")
        if self.stock and self.stock.enabled and not self.orders.enabled:
            raise ValueError("stock needs orders.enabled: what was sold is off the stock before NetSuite says so")
        self._listings_fit()
        self._reserves_fit()
        return self

    def _reserves_fit(self) -> None:
        if self.settlement is None:
            return
        if self.role == "operator" and self.settlement.reserve_brought_in:
            raise ValueError(
                "settlement.reserve_brought_in is for a seller's one shop; an operator says it by shop: "
                "settlement.reserve_brought_in_by_shop: {2001: 80.00}"
            )
        if self.role == "seller" and self.settlement.reserve_brought_in_by_shop:
            raise ValueError(
                "settlement.reserve_brought_in_by_shop is for operators; a seller's one shop has an amount: "
                "settlement.reserve_brought_in: 80.00"
            )

    def _listings_fit(self) -> None:
        if self.listings is None:
            return
        if not (self.stock and self.stock.enabled):
            raise ValueError("listings needs stock: its nightly reading is where every offer comes from")
        if self.listings.sync and self.role == "operator":
            raise ValueError(
                "listings.sync is for sellers: Mirakl gives an operator no call that creates offers or sets prices "
                "(OF01, PRI01); leave it out, and offers are still looked at",
            )


class Config(Settings):
    """A deployment: one NetSuite account, any number of marketplaces."""

    deployment: Name
    """Prefix of the deployment's resources."""
    netsuite: NetSuite
    """The NetSuite account."""
    marketplaces: dict[Name, Marketplace] = Field(min_length=1)
    """Our short name for each marketplace connection; part of every external id, so never rename one."""
    reliability: Reliability = Reliability()
    """Leases, back-off and breakers."""
    on_call: OnCall = OnCall()
    """Alarms."""
    reconcile: Reconcile = Reconcile()
    """How the sources are compared."""
    retention: Retention = Retention()
    """How long things are kept."""
    sandbox: Sandbox | None = None
    """Written by the local run, never by hand."""

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        if "netsuite" in self.marketplaces:
            raise ValueError("marketplaces.netsuite: call it otherwise, NetSuite's own events go by that name")
        self._each_access_once()
        for name, marketplace in self.marketplaces.items():
            wanted = marketplace.orders.sales_orders.subsidiary
            if wanted not in self.netsuite.subsidiaries:
                raise ValueError(
                    f"marketplaces.{name}.orders.sales_orders.subsidiary is {wanted!r}; "
                    f"expected one of netsuite.subsidiaries: {', '.join(self.netsuite.subsidiaries)}",
                )
            if not self.sandbox and not MIRAKL_HOST.fullmatch(marketplace.url):
                raise ValueError(
                    f"marketplaces.{name}.url is {marketplace.url!r}; expected https://<instance>.mirakl.net"
                )
        return self

    def _each_access_once(self) -> None:
        """A seller's shops are a marketplace each; an operator's are `operator.own_shops` of one."""
        known: dict[tuple[str, int | None], str] = {}
        for name, one in self.marketplaces.items():
            access = one.url.rstrip("/").removesuffix("/api"), one.shop_id if one.role == "seller" else None
            if access in known:
                shop = f"shop {one.shop_id}" if one.role == "seller" else "the operator"
                raise ValueError(
                    f"marketplaces.{known[access]} and marketplaces.{name} are both {shop} of {access[0]}: "
                    "each order would be booked twice"
                )
            known[access] = name

    def mirakl_url(self, marketplace: str) -> str:
        """Base address of a marketplace, without `/api`."""
        if self.sandbox and marketplace in self.sandbox.mirakl:
            return self.sandbox.mirakl[marketplace]
        return self.marketplaces[marketplace].url.rstrip("/").removesuffix("/api")

    @property
    def netsuite_url(self) -> str:
        """Base address of the NetSuite account's REST services."""
        if self.sandbox:
            return self.sandbox.netsuite
        host = self.netsuite.account.lower().replace("_", "-")
        return f"https://{host}.suitetalk.api.netsuite.com"


def _lines(errors: Iterable[dict[str, Any]]) -> Iterable[str]:
    for error in errors:
        key = ".".join(str(part) for part in error["loc"]) or "(the whole file)"
        message = str(error["msg"]).removeprefix("Value error, ")
        value = error.get("input")
        shown = (
            "" if isinstance(value, dict | list | tuple | BaseModel) or error["type"] == "missing" else f" = {value!r}"
        )
        yield f"  {key}{shown}: {message}"


def config_from(data: object, source: str = "config") -> Config:
    """Check settings that were read already.

    Raises ConfigError with one line a mistake.
    """
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        problems = "\n".join(_lines(error.errors(include_url=False, include_context=False)))  # type: ignore[arg-type]
        raise ConfigError(f"{source} cannot be used:\n{problems}") from error


def read_config(path: Path) -> Config:
    """Read a deployment's YAML file (or the JSON that the deployment carries).

    Raises ConfigError when the file is missing, is not YAML, or does not fit the model.
    """
    if path.suffix == ".json":
        import json  # noqa: PLC0415  a function reads JSON, a person writes YAML: each loads one parser

        return config_from(json.loads(path.read_text(encoding="utf-8")), str(path))
    import yaml  # noqa: PLC0415

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; start from config/gift-shop.yaml") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    return config_from(data, str(path))


@cache
def deployed_config() -> Config:
    """The settings that travel with the functions, beside the package in our layer."""
    beside = Path(__file__).resolve().parent.parent / "tieout-config.json"
    return read_config(Path(os.environ.get("TIEOUT_CONFIG", str(beside))))


def json_schema() -> dict[str, Any]:
    """JSON Schema of the settings file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(),
        "title": "Tieout settings",
    }


__all__ = [
    "FASTEST_POLL_MINUTES",
    "READERS",
    "Config",
    "ConfigError",
    "Marketplace",
    "NetSuite",
    "Orders",
    "Retention",
    "Returns",
    "Settlement",
    "config_from",
    "deployed_config",
    "json_schema",
    "read_config",
]

"""The one settings model: a YAML file per deployment, checked before anything is deployed.

A mistake is told with its key, its value and what was expected (`read_config` raises `ConfigError`). Secrets are never
in it: they live in Secrets Manager, and the deployment prints their names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryIso3 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]

_MIRAKL_HOST = re.compile(r"^https://[a-z0-9][a-z0-9-]*\.mirakl\.net(/api)?/?$")
_LOOPBACK = re.compile(r"^http://127\.0\.0\.1:\d{1,5}(/[a-z0-9-]+)?$")
_ACCOUNT = re.compile(r"^\d{4,10}([_-](SB|RP)\d{0,2})?$", re.IGNORECASE)

FASTEST_POLL_MINUTES = {"default": 1, "external_partner": 15}
"""Mirakl's ceiling for OR11, by persona: once a minute, and every 15 minutes for external partners."""


class ConfigError(Exception):
    """The settings cannot be used; the message names each key, its value and what was expected."""


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("an IANA time zone such as Europe/London") from error
    return zone


def _quoted(value: object) -> object:
    if isinstance(value, int):
        raise ValueError(f'a text: put it in quotes, "{value}", or YAML reads it as a number')  # noqa: TRY004  pydantic collects ValueError
    return value


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Settings(BaseModel):
    """Closed and frozen: a key that nobody knows is a mistake, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Subsidiary(Settings):
    """A NetSuite subsidiary that orders are booked in."""

    name: Text | None = None
    """Name in NetSuite as `Setup > Company > Subsidiaries` shows it; leave out where OneWorld is off."""
    time_zone: TimeZone
    """Days of documents are days of this zone."""


READERS = 1
"""Slots of the scheduled readers: acceptance checks the stock one run at a time, or it would sell a unit twice."""


class Lanes(Settings):
    """How many functions of a lane may speak to NetSuite at once (SQS `MaximumConcurrency`, at least 2)."""

    orders_to_post: int = Field(default=2, ge=2, le=50)
    """Order to cash: sales orders and what follows them."""

    @property
    def total(self) -> int:
        """Slots that all lanes and the readers together may hold."""
        return self.orders_to_post + READERS


class NetSuite(Settings):
    """The one NetSuite account of this deployment."""

    account: Annotated[str, StringConstraints(pattern=_ACCOUNT.pattern), BeforeValidator(_quoted)]
    """Account id as NetSuite shows it: `1234567`, or `1234567_SB1` for a sandbox."""
    auth: Literal["oauth2", "tba"] = "oauth2"
    """`oauth2` (client credentials with a certificate); `tba` is a fallback that NetSuite retires in 2027-2028."""
    slots: int = Field(default=5, ge=3, le=100)
    """Concurrent requests this deployment may make; the account's limit is shared with every other integration."""
    lanes: Lanes = Lanes()
    """How the slots are shared out between the lanes."""
    connect_timeout_seconds: float = Field(default=10, gt=0, le=60)
    """How long a connection may take; nothing was sent yet when it runs out."""
    read_timeout_seconds: float = Field(default=90, gt=0, le=120)
    """A timed-out write is *unknown*, not failed, and costs a read-back: keep it long."""
    events: bool = True
    """Whether the account's script rings when a fulfilment is saved; the sweep finds the rest."""
    subsidiaries: dict[Name, Subsidiary] = Field(min_length=1)
    """Our short name for each subsidiary, used by the marketplaces below."""

    @model_validator(mode="after")
    def _lanes_fit_the_slots(self) -> Self:
        if self.lanes.total > self.slots:
            raise ValueError(
                f"lanes ask for {self.lanes.total} NetSuite slots, slots allows {self.slots}: "
                "lower lanes.*, or raise slots if the account's concurrency limit allows it",
            )
        return self


class Acceptance(Settings):
    """Who decides on an order that waits for acceptance (OR21)."""

    mode: Literal["auto", "manual", "off"] = "auto"
    """`auto`: Tieout accepts when every SKU is known and in stock; `manual`: it parks the order for a person, who
    decides in Mirakl; `off`: it does not look at such orders."""
    unknown_sku: Literal["refuse", "park"] = "park"
    """What `auto` does with an order that has a SKU NetSuite does not know."""
    short_stock: Literal["refuse", "park"] = "park"
    """What `auto` does with an order that the stock cannot serve whole."""


class Sku(Settings):
    """How an offer's SKU finds its NetSuite item. Exact `itemid` first; a near miss is suggested, never taken."""

    aliases: dict[Text, Text] = {}
    """Offer SKU to NetSuite `itemid`, for those that differ."""
    match_upc: bool = False
    """Also accept an item whose UPC code equals the offer's SKU, when exactly one active item has it."""


class LocationRule(Settings):
    """First rule that matches an order names its location; a key that is left out matches every order."""

    location: Text
    """NetSuite location name."""
    fulfilment_center: Text | None = None
    """Mirakl `fulfillment.center.code`."""
    countries: tuple[CountryIso3, ...] = ()
    """Delivery countries, ISO 3166 alpha-3."""


class Tax(Settings):
    """How a marketplace's tax reaches the sales order."""

    strategy: Literal["suitetax_override", "tax_code", "other_charge"]
    """`suitetax_override`: SuiteTax accounts, Mirakl's amounts as tax details; `tax_code`: NetSuite computes
    by code and the total must still agree; `other_charge`: tax as a line on a charge item."""
    codes: dict[Text, Text] = {}
    """Mirakl tax code to NetSuite tax code (external id)."""
    default_code: Text | None = None
    """Tax code (external id) for a Mirakl code that is not listed; without it such an order parks."""
    charge_item: Text | None = None
    """Item (`itemid`) of the tax lines; needed by `other_charge`."""

    @model_validator(mode="after")
    def _charge_item_when_charged(self) -> Self:
        if self.strategy == "other_charge" and not self.charge_item:
            raise ValueError("strategy other_charge needs charge_item: the itemid of the line that carries the tax")
        return self


class Customer(Settings):
    """Who the sales orders are sold to."""

    per: Literal["marketplace", "buyer"] = "marketplace"
    """One customer for the whole marketplace (buyers only as ship-to addresses), or one customer a buyer."""
    name: Text | None = None
    """Company name of the marketplace's customer; default: the marketplace's name."""


class SalesOrders(Settings):
    """How a marketplace order is written as a NetSuite sales order."""

    subsidiary: Name
    """Short name of one of `netsuite.subsidiaries`."""
    currencies: tuple[Currency, ...] = Field(min_length=1)
    """Currencies that this marketplace may sell in; an order in another one parks."""
    customer: Customer = Customer()
    """Who the orders are sold to."""
    locations: tuple[LocationRule, ...] = Field(min_length=1)
    """Which NetSuite location an order is served from; end the list with a rule that has no condition."""
    tax: Tax
    """How this marketplace's tax is written."""
    custom_form: Text | None = None
    """Internal id of the sales order form, where the role's preferred form is not the right one."""


class Orders(Settings):
    """The flow from a marketplace order to a sales order."""

    enabled: bool = True
    """`false`: the marketplace is not asked for orders, and none of its schedules run."""
    since: AwareDatetime
    """Orders created before this instant stay with whatever handled them before Tieout (the cut-over)."""
    poll_minutes: int = Field(default=15, ge=1, le=60)
    """How often OR11 is asked for changes."""
    overlap_minutes: int = Field(default=10, ge=10, le=180)
    """How far each poll looks back behind the last one."""
    sweep_hours: int = Field(default=72, ge=24, le=35 * 24)
    """How far the nightly sweep looks back."""
    accept_minutes: int = Field(default=5, ge=1, le=60)
    """How often waiting orders are decided."""
    confirm_minutes: int = Field(default=5, ge=1, le=60)
    """How often sales order numbers are written back to Mirakl (OR04, up to 100 orders a call)."""
    acceptance: Acceptance = Acceptance()
    """Who decides on orders that wait for acceptance, and how."""
    sku: Sku = Sku()
    """How offer SKUs find their items."""
    sales_orders: SalesOrders
    """How orders are written to NetSuite."""


class CarrierRule(Settings):
    """A NetSuite shipping item in the marketplace's words; the first of code, standard code and name that is there."""

    ship_method: Text
    """Internal id of the shipping item (NetSuite `shipMethod`), or `*` for every other one."""
    code: Text | None = None
    """A carrier that is registered at the marketplace (SH21)."""
    standard_code: Text | None = None
    """Mirakl's standard code of the carrier."""
    name: Text | None = None
    """Free text, where the marketplace allows it."""
    url: Text | None = None
    """Tracking page; `{number}` stands for the tracking number."""


class Shipments(Settings):
    """The flow from goods that left to a marketplace that knows it, and to the invoice."""

    enabled: bool = True
    """`false`: fulfilments are not read and nothing is confirmed."""
    poll_minutes: int = Field(default=5, ge=1, le=60)
    """How often changed fulfilments (an operator: changed shipments) are looked for; events are faster."""
    overlap_minutes: int = Field(default=10, ge=2, le=180)
    """How far each look goes back behind the last one."""
    sweep_hours: int = Field(default=72, ge=24, le=35 * 24)
    """How far the nightly sweep looks back."""
    partial: Literal["wait", "ship", "park"] = "wait"
    """What a part of an order means where the marketplace takes whole orders only: `wait` for the rest, `ship` the
    order with its first part, or `park` it for a person."""
    carriers: tuple[CarrierRule, ...] = ()
    """NetSuite shipping items to carriers; without a match the tracking number goes alone, or under `other_carrier`."""
    other_carrier: Text | None = None
    """Carrier name for fulfilments whose shipping item no rule names."""
    at_risk_minutes: int = Field(default=240, ge=15, le=7 * 24 * 60)
    """An order whose deadline is nearer than this, while the next step is ours, is at risk."""


class Invoices(Settings):
    """When goods that left become revenue."""

    trigger: Literal["shipped", "delivered", "debited", "never"] = "shipped"
    """`shipped`: with the fulfilment; `delivered`: when Mirakl says received; `debited`: when the buyer's money was
    taken (not before the goods left); `never`: somebody else bills."""
    closed_period: Literal["hold", "next_open_period"] = "hold"
    """What becomes of a document whose period is closed: parked, or dated into the next open period."""


class Reasons(Settings):
    """Mirakl's reason codes (RE01) for what Tieout sends."""

    refund: Text | None = None
    """For refunds (OR28)."""
    cancelation: Text | None = None
    """For cancelations (OR30)."""


class Returns(Settings):
    """What is taken back, on either side."""

    enabled: bool = True
    """`false`: refunds, returns and cancelations stay where they were made."""
    poll_minutes: int = Field(default=15, ge=5, le=60)
    """How often returns (RT11) are looked for."""
    refund_on: Literal["credit_memo", "receipt", "never"] = "credit_memo"
    """What in NetSuite makes Mirakl refund: a credit memo, a received return, or nothing."""
    receive: bool = True
    """Whether goods that came back by Mirakl's word are received in NetSuite."""
    credit_memos: bool = True
    """Whether Mirakl's refunds become credit memos."""
    refund_item: Text | None = None
    """Non-inventory item (`itemid`) that refunds are credited on; left out: the item that was sold, which NetSuite
    takes as goods that are back on the shelf."""
    send_minutes: int = Field(default=1, ge=1, le=60)
    """How often what is due to Mirakl is sent."""
    reasons: Reasons = Reasons()
    """Reason codes for what is sent."""


class Operator(Settings):
    """What only an operator of a marketplace needs: who fulfils, by shop."""

    own_shops: tuple[int, ...] = ()
    """Shops that are the operator's own: their lines are stock items that NetSuite ships."""
    close_sales_orders: Literal["received", "closed", "never"] = "closed"
    """When a sales order of another seller's goods is closed in NetSuite, which bills nothing for it."""
    marketplace_item: Text | None = None
    """Non-inventory item (`itemid`) for the lines of all other shops; left out: lines are matched by SKU."""


class Webhooks(Settings):
    """Doorbells from the marketplace; polling stays the truth."""

    enabled: bool = False
    """Whether the deployment takes this marketplace's webhooks."""
    allowed_ips: tuple[str, ...] = ()
    """Senders (CIDR blocks) that may call; empty: any sender with a valid signature."""
    cloud_events_principal: str | None = None
    """IAM principal ARN that may send to the Mirakl Cloud Events queue; left out: no such queue."""

    @model_validator(mode="after")
    def _networks(self) -> Self:
        from ipaddress import ip_network  # noqa: PLC0415  only needed where the list is used

        for block in self.allowed_ips:
            try:
                ip_network(block)
            except ValueError as error:
                raise ValueError(f"allowed_ips: {block!r} is not an address block such as 203.0.113.0/24") from error
        return self


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
    operator: Operator = Operator()
    """Read for `role: operator` only."""
    webhooks: Webhooks = Webhooks()
    """Events that bring orders sooner than the next poll."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (_MIRAKL_HOST.fullmatch(self.url) or _LOOPBACK.fullmatch(self.url)):
            raise ValueError(f"url {self.url!r}: expected https://<instance>.mirakl.net")
        if self.role == "seller" and self.shop_id is None:
            raise ValueError("shop_id is required for a seller (Mirakl back office, shop settings)")
        fastest = FASTEST_POLL_MINUTES[self.persona]
        if self.orders.poll_minutes < fastest:
            raise ValueError(
                f"orders.poll_minutes is {self.orders.poll_minutes}; Mirakl allows persona {self.persona} "
                f"one listing every {fastest} minutes at most",
            )
        return self


class Reliability(Settings):
    """How patient the deployment is; the defaults suit production."""

    lease_seconds: int = Field(default=330, ge=5, le=960)
    """How long a worker owns a posting; longer than the worker function's timeout."""
    backoff_base_seconds: float = Field(default=2, gt=0, le=60)
    """First pause after a passing failure; it doubles with each attempt, and the real one is random below it."""
    backoff_cap_seconds: float = Field(default=300, ge=1, le=900)
    """Longest pause between two attempts, unless the other side asks for a longer one."""
    late_write_minutes: float = Field(default=20, gt=0, le=60)
    """For so long after it was sent, a write without an answer may still be carried out (NetSuite: up to 15 minutes);
    one that cannot be repeated safely is not sent again before."""
    breaker_failures: int = Field(default=5, ge=2, le=50)
    """Failures of a system in a row that open its breaker."""
    breaker_open_seconds: float = Field(default=60, gt=0, le=900)
    """How long an open breaker keeps calls away before one of them tries again."""


class OnCall(Settings):
    """Where alarms go, and how patient they are."""

    topic_arn: str | None = None
    """An SNS topic of yours; left out: the deployment makes one."""
    emails: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    """Subscribed to the topic that the deployment makes."""
    pages_url: Text = "https://github.com/tieout/tieout/blob/main/docs/on-call"
    """Where the on-call pages are served; each alarm links its page there."""
    oldest_parked_hours: int = Field(default=24, ge=1)
    """Age of the oldest parked posting that raises the alarm."""
    oldest_due_minutes: int = Field(default=30, ge=5)
    """Age of the oldest due posting that raises the alarm."""
    certificate_days: int = Field(default=60, ge=7)
    """Days left on NetSuite's certificate below which the alarm is raised."""


class Retention(Settings):
    """How long what we keep is kept."""

    log_days: Literal[7, 14, 30, 60, 90, 180, 365] = 30
    """Days that the functions' logs are kept."""
    archive_days: int = Field(default=90, ge=35, le=3650)
    """Archived orders hold personal data: they expire by this age."""


class Sandbox(Settings):
    """The twins' addresses: only for a deployment that talks to `sandbox/` on the same machine."""

    mirakl: dict[Name, Annotated[str, StringConstraints(pattern=_LOOPBACK.pattern)]]
    """Address of the Mirakl twin, by marketplace."""
    netsuite: Annotated[str, StringConstraints(pattern=_LOOPBACK.pattern)]
    """Address of the NetSuite twin."""


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
    retention: Retention = Retention()
    """How long things are kept."""
    sandbox: Sandbox | None = None
    """Written by the local run, never by hand."""

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        if "netsuite" in self.marketplaces:
            raise ValueError("marketplaces.netsuite: call it otherwise, NetSuite's own events go by that name")
        for name, marketplace in self.marketplaces.items():
            wanted = marketplace.orders.sales_orders.subsidiary
            if wanted not in self.netsuite.subsidiaries:
                raise ValueError(
                    f"marketplaces.{name}.orders.sales_orders.subsidiary is {wanted!r}; "
                    f"expected one of netsuite.subsidiaries: {', '.join(self.netsuite.subsidiaries)}",
                )
            if not self.sandbox and not _MIRAKL_HOST.fullmatch(marketplace.url):
                raise ValueError(
                    f"marketplaces.{name}.url is {marketplace.url!r}; expected https://<instance>.mirakl.net"
                )
        return self

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


__all__ = ["Config", "ConfigError", "config_from", "deployed_config", "json_schema", "read_config"]

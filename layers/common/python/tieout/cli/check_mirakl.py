"""The doctor at a marketplace: reachable, the right shop, and what the platform's own settings (PC01) mean for ours."""

from __future__ import annotations

from collections.abc import Iterator

from tieout.cli.check_dispatch import carrier_findings, reason_findings
from tieout.cli.deployment import Deployment
from tieout.cli.findings import Finding, Verdict, attempt, clock_finding, note, passed, to_do
from tieout.config import Marketplace
from tieout.domain.errors import NeedsAttention, Throttled
from tieout.mirakl.client import Mirakl
from tieout.mirakl.wire import Features


def mirakl_findings(deployment: Deployment, name: str) -> Iterator[tuple[str, list[Finding]]]:
    """Everything about one marketplace. Without a good credential only that is told."""
    about = f"Mirakl {name}"
    settings = deployment.config.marketplaces[name]
    mirakl = deployment.mirakl(name)
    reached = attempt(about, lambda: _reached(about, name, deployment))
    yield about, reached
    if reached[0].verdict is Verdict.TO_DO:
        return
    who = attempt(f"{about}, credential", lambda: _who(f"{about}, credential", mirakl, settings))
    yield about, who
    if any(each.verdict is Verdict.TO_DO for each in who):
        return
    yield about, attempt(f"{about}, orders", lambda: _orders(f"{about}, orders", mirakl))
    if settings.role == "operator" and settings.settlement:
        yield about, attempt(f"{about}, shops", lambda: shop_findings(f"{about}, shops", mirakl))
    yield about, attempt(f"{about}, PC01", lambda: _platform(f"{about}, PC01", mirakl, settings))
    yield about, attempt(f"{about}, carriers", lambda: carrier_findings(f"{about}, carriers", mirakl, settings))
    yield about, attempt(f"{about}, reasons", lambda: reason_findings(f"{about}, reasons", mirakl, settings))


def _reached(about: str, name: str, deployment: Deployment) -> list[Finding]:
    """V01, which needs no credential, and how far Mirakl's clock is from ours."""
    mirakl = deployment.mirakl(name)
    apart = abs(mirakl.now() - deployment.clock())
    address = deployment.config.mirakl_url(name)
    findings = [passed(about, f"answers at {address}, version {mirakl.version()}")]
    return [*findings, clock_finding(about, apart, of_a_twin=deployment.config.sandbox is not None)]


def _who(about: str, mirakl: Mirakl, settings: Marketplace) -> list[Finding]:
    """A01 for a seller; an operator's token is proven by PC01."""
    if settings.role == "operator":
        mirakl.platform_configuration()
        return [passed(about, "operator token is taken")]
    try:
        account = mirakl.account()
    except Throttled:
        return [note(about, "the shop was asked for today already, and Mirakl tells it once a day (A01): not compared")]
    if account.shop_id != settings.shop_id:
        words = f"the key stands for shop {account.shop_id}, the settings say shop_id {settings.shop_id}"
        return [to_do(about, f"{words}: correct one of them")]
    findings = [passed(about, f"key of shop {account.shop_id}, {account.shop_name or 'unnamed'}, {account.shop_state}")]
    currencies = settings.orders.sales_orders.currencies
    if account.currency_iso_code and account.currency_iso_code not in currencies:
        words = f"the shop sells in {account.currency_iso_code}, which is not in sales_orders.currencies: add it"
        findings.append(to_do(about, words))
    return findings


def _orders(about: str, mirakl: Mirakl) -> list[Finding]:
    """Whether the credential may list orders (OR11): a right of its own in Mirakl."""
    try:
        mirakl.orders_by_id(["tieout-doctor"])
    except Throttled:
        return [note(about, "may be listed, but not again so soon (429): the deployment listed them a moment ago")]
    return [passed(about, "may be listed (OR11)")]


def shop_findings(about: str, mirakl: Mirakl) -> list[Finding]:
    """Whether an operator's credential may list shops (S20): without it no reserve is compared."""
    try:
        next(mirakl.shop_balances(mirakl.now()), None)
    except NeedsAttention:
        words = "may not be listed (S20): reserves of shops are not compared until the token's role may see shops"
        return [note(about, words)]
    return [passed(about, "may be listed (S20), for what is held of each")]


def _platform(about: str, mirakl: Mirakl, settings: Marketplace) -> list[Finding]:
    """PC01 decides how orders behave; nothing of it is a fault, and each line says what it means here."""
    features = mirakl.platform_configuration().features or Features()
    return [
        note(about, _tax_mode(features)),
        note(about, _acceptance(features, settings)),
        note(about, _addresses(features)),
        note(about, _shipments(features, settings)),
    ]


def _tax_mode(features: Features) -> str:
    match features.order_tax_mode:
        case "TAX_INCLUDED":
            return "order_tax_mode TAX_INCLUDED: prices include tax, the net is the price less Mirakl's tax amount"
        case "TAX_EXCLUDED":
            return "order_tax_mode TAX_EXCLUDED: tax comes on top of the prices"
        case other:
            return f"order_tax_mode {other or 'is not told'}: each order is read by its own mode"


def _acceptance(features: Features, settings: Marketplace) -> str:
    workflows = features.order_workflows
    here = workflows.order_acceptance if workflows else None
    mode = settings.orders.acceptance.mode
    if here == "AUTOMATIC":
        return f"order_acceptance AUTOMATIC: Mirakl accepts orders itself, acceptance.mode {mode} has nothing to decide"
    if settings.role == "operator":
        return f"order_acceptance {here or 'is not told'}: the shops accept for themselves"
    means = {
        "auto": "Tieout accepts what is known and in stock",
        "manual": "each waiting order parks for a person",
        "off": "waiting orders are left to you; Mirakl refuses them by itself after the operator's delay",
    }
    return f"order_acceptance {here or 'is not told'}, acceptance.mode {mode}: {means[mode]}"


def _addresses(features: Features) -> str:
    workflows = features.order_workflows
    if workflows and workflows.shipping_and_billing_details_before_acceptance:
        return "addresses are shown before acceptance; sales orders are written after the debit all the same"
    return "addresses are shown after acceptance, in time: sales orders are written after the debit"


def _shipments(features: Features, settings: Marketplace) -> str:
    if not settings.shipments.enabled:
        return "shipments.enabled is false: what left is not told to the marketplace"
    if features.shipment and features.shipment.multi_shipment:
        return "multi_shipment is on: each fulfilment is confirmed as a shipment of its own"
    means = {
        "wait": "a part that left waits for the rest",
        "ship": "an order counts as shipped with its first part",
        "park": "a part that left parks for a person",
    }
    return f"multi_shipment is off: an order leaves whole, and {means[settings.shipments.partial]} (shipments.partial)"

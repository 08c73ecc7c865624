"""The doctor at NetSuite: the credential, what the role sees, and whether all that the settings name is there."""

from __future__ import annotations

from collections.abc import Iterator

from tieout.cli.check_chart import chart_findings
from tieout.cli.deployment import Deployment
from tieout.cli.findings import Finding, Verdict, attempt, clock_finding, note, passed, to_do
from tieout.config import READERS, Config
from tieout.domain.errors import NeedsAttention
from tieout.netsuite import probes, queries
from tieout.netsuite.auth import certificate_days_left
from tieout.netsuite.clock import server_time
from tieout.netsuite.connection import Connection
from tieout.netsuite.items import Items

ABOUT = "NetSuite"


def netsuite_findings(deployment: Deployment) -> Iterator[tuple[str, list[Finding]]]:
    """Everything about the account. Without a good credential only that is told."""
    connection = deployment.netsuite
    config = deployment.config
    yield ABOUT, attempt(f"{ABOUT}, certificate", lambda: _certificate(deployment))
    yield ABOUT, attempt(f"{ABOUT}, events", lambda: _events(deployment))
    reached = attempt(f"{ABOUT}, credential", lambda: _reached(deployment, connection))
    yield ABOUT, reached
    yield ABOUT, [_concurrency(config)]
    if reached[0].verdict is Verdict.TO_DO:
        return
    seen = attempt(f"{ABOUT}, role", lambda: _role(config, connection))
    yield ABOUT, seen
    if any(each.verdict is Verdict.TO_DO for each in seen):
        return
    yield ABOUT, attempt(f"{ABOUT}, names", lambda: _names(config, connection))
    yield ABOUT, attempt(f"{ABOUT}, tax codes", lambda: _tax_codes(config, connection))
    yield ABOUT, attempt(f"{ABOUT}, items", lambda: _items(deployment, connection))
    yield ABOUT, attempt(f"{ABOUT}, custom fields", lambda: _fields(deployment.config, connection))
    if _settled(config):
        yield ABOUT, attempt(f"{ABOUT}, accounts", lambda: chart_findings(config, connection))


def _certificate(deployment: Deployment) -> list[Finding]:
    about = f"{ABOUT}, certificate"
    secret = deployment.secrets.get("netsuite")
    if deployment.config.netsuite.auth == "tba":
        return [note(about, "token-based authentication has none; NetSuite retires it in 2027-2028: move to oauth2")]
    pem = secret.get("certificate", "")
    if not pem:
        return [to_do(about, "the secret has no `certificate`: add the PEM, so that its end is known before it comes")]
    try:
        days = certificate_days_left(pem, deployment.clock())
    except ValueError:
        return [to_do(about, "the `certificate` of the secret is not a PEM certificate: store the one you uploaded")]
    how = 'docs/operations/deploy.md, "Renew the certificate"'
    if days < 0:
        return [to_do(about, f"ended {-days} days ago: {how}")]
    if days < deployment.config.on_call.certificate_days:
        return [to_do(about, f"{days} days left: {how}")]
    return [passed(about, f"{days} days left")]


def _events(deployment: Deployment) -> list[Finding]:
    """The secret that the account's script signs with; whether the script is there shows with its first ring."""
    about = f"{ABOUT}, events"
    ships = any(one.orders.enabled and one.shipments.enabled for one in deployment.config.marketplaces.values())
    if not (deployment.config.netsuite.events and ships):
        return [note(about, "the account is not expected to ring: fulfilments are found by the polls")]
    if not deployment.secrets.get("webhooks/netsuite").get("current"):
        how = 'docs/operations/netsuite-bundle.md, "Switch the hook on"'
        return [to_do(about, f"the secret webhooks/netsuite has no `current`: {how}")]
    return [passed(about, "the secret of the account's script is stored; rings are taken at NetSuiteEventsUrl")]


def _reached(deployment: Deployment, connection: Connection) -> list[Finding]:
    """A token is given and a call answered; and how far NetSuite's clock is from ours."""
    now = server_time(connection)
    apart = abs(now - deployment.clock())
    auth = deployment.config.netsuite.auth
    findings = [passed(f"{ABOUT}, credential", f"{auth} is taken by account {deployment.config.netsuite.account}")]
    return [*findings, clock_finding(ABOUT, apart, of_a_twin=deployment.config.sandbox is not None)]


def _concurrency(config: Config) -> Finding:
    lanes = config.netsuite.lanes
    return note(
        f"{ABOUT}, concurrency",
        f"the settings ask for {lanes.total} of {config.netsuite.slots} slots (orders_to_post {lanes.orders_to_post}, "
        f"settlements_to_post {lanes.settlements_to_post}, "
        f"readers {READERS}). NetSuite shows the account's limit to administrators only: Setup > Integration > "
        "Integration Management > Integration Governance; it is shared with every other integration",
    )


def _role(config: Config, connection: Connection) -> list[Finding]:
    about = f"{ABOUT}, role"
    one_world = any(subsidiary.name for subsidiary in config.netsuite.subsidiaries.values())
    left_out = (frozenset() if one_world else {"subsidiary"}) | _not_asked(config)
    tables = [table for table in probes.TABLES if table not in left_out]
    hidden = probes.hidden_tables(connection, tables)
    if hidden:
        return [
            to_do(f"{about}: {table}", f"is not seen ({words}): give the role {probes.TABLES[table]}")
            for table, words in hidden.items()
        ]
    return [
        passed(about, f"sees {', '.join(tables)}"),
        note(
            about,
            'the right to create customers and sales orders is only proven by creating one: see deploy.md, "Role"',
        ),
    ]


def _settled(config: Config) -> bool:
    return any(one.settlement is not None for one in config.marketplaces.values())


def _not_asked(config: Config) -> frozenset[str]:
    """Tables that no flow of these settings reads."""
    markets = config.marketplaces.values()
    asked = {
        probes.OF_SETTLEMENT: _settled(config),
        probes.OF_STOCK: any(each.stock or each.listings for each in markets),
        probes.OF_CATEGORIES: any(rule.category for each in markets if each.stock for rule in each.stock.buffers),
        probes.OF_LISTINGS: any(each.listings for each in markets),
        probes.OF_SELLERS: any(each.stock and each.stock.sellers == "netsuite" for each in markets),
    }
    return frozenset().union(*(tables for tables, is_asked in asked.items() if not is_asked))


def _names(config: Config, connection: Connection) -> list[Finding]:
    """Names in the settings that NetSuite resolves to exactly one active record."""
    found = queries.references(connection)
    sales = {name: marketplace.orders.sales_orders for name, marketplace in config.marketplaces.items()}
    places = {place for each in config.marketplaces.values() if each.stock for place in each.stock.locations}
    wanted = {
        "subsidiary": ({each.name for each in config.netsuite.subsidiaries.values() if each.name}, found.subsidiaries),
        "location": (places | {rule.location for each in sales.values() for rule in each.locations}, found.locations),
        "currency": ({symbol for each in sales.values() for symbol in each.currencies}, found.currencies),
    }
    findings: list[Finding] = []
    for kind, (names, known) in wanted.items():
        missing = sorted(names - set(known))
        findings += [
            to_do(
                f"{ABOUT}, {kind}",
                f"{name!r} is not one active {kind} that the role sees: correct the settings or the role",
            )
            for name in missing
        ]
        if names and not missing:
            findings.append(passed(f"{ABOUT}, {kind}", f"{', '.join(sorted(names))} found"))
    return findings


def _tax_codes(config: Config, connection: Connection) -> list[Finding]:
    about = f"{ABOUT}, tax codes"
    wanted = sorted(
        {
            code
            for marketplace in config.marketplaces.values()
            if (tax := marketplace.orders.sales_orders.tax).strategy != "other_charge"
            for code in (*tax.codes.values(), *([tax.default_code] if tax.default_code else []))
        }
    )
    if not wanted:
        return [note(about, "none is named by the settings")]
    try:
        missing = probes.missing_tax_codes(connection, wanted)
    except NeedsAttention as refused:
        return [note(about, f"the role may not list them ({refused.facts.get('detail', refused)}): not checked")]
    if missing:
        return [
            to_do(about, f"no active tax code has the external id {code}: set it, or correct the settings")
            for code in missing
        ]
    return [passed(about, f"{', '.join(wanted)} found")]


def _items(deployment: Deployment, connection: Connection) -> list[Finding]:
    """Items that the settings themselves name: for tax lines, and for other sellers' goods."""
    named = {
        item: key
        for name, marketplace in deployment.config.marketplaces.items()
        for item, key in (
            (
                marketplace.orders.sales_orders.tax.charge_item,
                f"marketplaces.{name}.orders.sales_orders.tax.charge_item",
            ),
            (marketplace.operator.marketplace_item, f"marketplaces.{name}.operator.marketplace_item"),
        )
        if item
    }
    if not named:
        return []
    found = {item.itemid for item in Items(connection, deployment.clock).exact(list(named), ()) if not item.is_inactive}
    missing = [
        to_do(f"{ABOUT}, items", f"{key} is {item!r}, which is no active item")
        for item, key in named.items()
        if item not in found
    ]
    return missing or [passed(f"{ABOUT}, items", f"{', '.join(sorted(named))} found")]


def _fields(config: Config, connection: Connection) -> list[Finding]:
    about = f"{ABOUT}, custom fields"
    listings = [each.listings for each in config.marketplaces.values() if each.listings]
    missing = probes.missing_fields(connection, {each.approval_field for each in listings if each.approval_field})
    if missing:
        return [
            to_do(
                about,
                f'{", ".join(missing)} not found: create them, and show them to the role (deploy.md, "Custom fields")',
            )
        ]
    return [passed(about, "all found")]

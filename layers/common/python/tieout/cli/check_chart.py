"""The doctor at the chart of accounts: every account of the account map is there, and the items that stand for some."""

from __future__ import annotations

from collections.abc import Iterator

from tieout.cli.findings import Finding, passed, to_do
from tieout.config import Config
from tieout.domain.ledger.roles import Role
from tieout.netsuite.connection import Connection
from tieout.netsuite.settlement_queries import account_ids, account_items, item_of

ABOUT = "NetSuite, accounts"
SOLD = frozenset(
    {
        *(Role.SALES_REVENUE, Role.SHIPPING_REVENUE, Role.REFUNDS_CONTRA, Role.SHIPPING_CONTRA),
        *(Role.COMMISSION_REVENUE, Role.SUBSCRIPTION_REVENUE, Role.SELLER_FEE_REVENUE, Role.PENALTY_INCOME),
        *(Role.OTHER_MARKETPLACE_REVENUE, Role.CARRIER_COST_RECOVERY),
        *(Role.PROMOTION_EXPENSE, Role.MARKETPLACE_ADJUSTMENTS_EXPENSE),
    }
)
"""Roles that stand on cash sales, and on an operator's invoices: forms that know items only."""


def chart_findings(config: Config, connection: Connection) -> list[Finding]:
    """Account numbers and items that NetSuite does not have, with the marketplaces that name them."""
    named: dict[str, list[str]] = {}
    for marketplace, number in _accounts(config):
        named.setdefault(number, []).append(marketplace)
    known = account_ids(connection, list(named))
    findings = [
        to_do(
            f"{ABOUT}: {number}",
            f"is not the number of one active account (settlement of {', '.join(dict.fromkeys(named[number]))}): "
            "correct the account map, or create it",
        )
        for number in sorted(named)
        if number not in known
    ]
    sold = [number for number in dict.fromkeys(_sold(config)) if number in known]
    items = account_items(connection, sold)
    findings += [
        to_do(
            f"{ABOUT}: {item_of(number)}",
            f"is not there: create an item of type Other Charge for Sale of that name with income account {number}",
        )
        for number in sorted(sold)
        if number not in items
    ]
    return findings or [passed(ABOUT, f"{len(named)} accounts of the account map found")]


def _accounts(config: Config) -> Iterator[tuple[str, str]]:
    for name, marketplace in config.marketplaces.items():
        if marketplace.settlement is None:
            continue
        for version in marketplace.settlement.accounts:
            yield from ((name, number) for number in version.roles.values())
        yield from ((name, each.account) for each in marketplace.settlement.overrides if each.account)


def _sold(config: Config) -> Iterator[str]:
    for marketplace in config.marketplaces.values():
        settlement = marketplace.settlement
        if settlement is None or not (marketplace.role == "operator" or settlement.posting == "cash_sale"):
            continue
        taxed = marketplace.orders.sales_orders.tax.strategy == "suitetax_override"
        roles = SOLD if taxed else SOLD | {Role.VAT_OUTPUT}
        for version in settlement.accounts:
            yield from (number for role, number in version.roles.items() if role in roles)

"""The settings of listings as the pure rules want them."""

from __future__ import annotations

from tieout.config import Config
from tieout.domain.listings.audit import AuditRules
from tieout.domain.listings.wanted import ListingRules
from tieout.domain.stock.storefront import marketplace_of
from tieout.flows.orders.rules import sku_rules
from tieout.settings.listings import Listings


def listed(config: Config) -> dict[str, Listings]:
    """Marketplaces whose offers are looked at, in the order of the settings."""
    return {name: one.listings for name, one in config.marketplaces.items() if one.listings}


def synced(config: Config) -> dict[str, Listings]:
    """Those of them whose offers are made from items."""
    return {name: listings for name, listings in listed(config).items() if listings.sync}


def settings_of(config: Config, marketplace: str) -> Listings:
    """A marketplace's settings; where it has none, as they are by default."""
    return config.marketplaces[marketplace].listings or Listings()


def audit_rules(config: Config, front: str) -> AuditRules:
    """What an offer of a storefront is held against: the settings are its marketplace's."""
    marketplace = marketplace_of(front)
    listings = settings_of(config, marketplace)
    currencies = list(config.marketplaces[marketplace].orders.sales_orders.currencies)
    return AuditRules(
        marketplace=front,
        sku=sku_rules(config, marketplace),
        currency=listings.currency or currencies[0],
        price_band_percent=listings.price_band_percent,
        reference_type=listings.product_id_type,
        approves=listings.approval_field is not None,
    )


def listing_rules(config: Config, marketplace: str) -> ListingRules:
    """What an offer should be."""
    listings = settings_of(config, marketplace)
    return ListingRules(
        audit=audit_rules(config, marketplace),
        state_code=listings.state_code,
        delete_after_days=listings.delete_after_days,
        price_decimals=listings.price_decimals,
    )

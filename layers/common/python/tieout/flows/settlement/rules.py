"""A marketplace's settlement settings as the pure rules want them."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from tieout.config import Config, ConfigError
from tieout.domain.ids import Party, external_id
from tieout.domain.ledger.rules import AccountVersion, BookingRules, FeeVat, Mode, Override


def booking_rules(config: Config, marketplace: str) -> BookingRules:
    """How this marketplace's cycles are booked. Raises ConfigError where the settings do not say."""
    connection = config.marketplaces[marketplace]
    settings = connection.settlement
    if settings is None:
        raise ConfigError(f"marketplaces.{marketplace}.settlement is left out: say there how its cycles are booked")
    if connection.role == "operator":
        mode = Mode.OPERATOR if settings.seller_model == "agent" else Mode.OPERATOR_PRINCIPAL
    else:
        mode = Mode(settings.posting)
    orders = connection.orders.sales_orders
    return BookingRules(
        marketplace=marketplace,
        mode=mode,
        time_zone=ZoneInfo(config.netsuite.subsidiaries[orders.subsidiary].time_zone),
        accounts=tuple(AccountVersion(each.since, each.currency, each.roles) for each in settings.accounts),
        overrides=tuple(
            Override(
                type=each.when.type,
                fee_code=each.when.fee_code,
                description=re.compile(each.when.description, re.IGNORECASE) if each.when.description else None,
                role=each.role,
                account=each.account,
                since=each.since,
            )
            for each in settings.overrides
        ),
        fees_by_bill=settings.fee_document == "vendor_bill",
        fee_vat=FeeVat(settings.fee_vat),
        reverse_charge_rate=settings.reverse_charge_rate,
        fee_tax_code=settings.fee_tax_code,
        presentation=settings.tax_presentation,
        customer=external_id(marketplace, Party.CUSTOMER, "MARKETPLACE"),
        vendor=settings.vendor or external_id(marketplace, Party.VENDOR, "OPERATOR"),
        materiality=settings.materiality,
        missing_after_days=settings.missing_after_days,
        pays_out=settings.pays_out or "",
    )

"""Shops and their balances: A01 for the shop behind the key, S20 for the operator."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.clock import moment_of, text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.listing import page_bounds
from sandbox.mirakl.offers.told import Paged
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace
from sandbox.mirakl.views import shop_name

_STATES_OF_MONEY = ("PAID", "PAYABLE", "PENDING")
_OF_RESERVE = frozenset({"RESERVE_FUNDING", "RESERVE_SETTLEMENT"})


def account(marketplace: Marketplace) -> Json:
    """A01: the shop behind the key."""
    return _shop(marketplace, SHOP_ID, marketplace.own_shop()) | {"kyc": {"status": "APPROVED", "reason": None}}


def list_shops(call: Admitted) -> Paged:
    """S20: every shop that has sold, or offers, something; and ours. By id: Mirakl promises no order."""
    marketplace, asked = call.marketplace, call.parameters
    offset, most = page_bounds(asked) if asked.get("paginate", True) else (0, 1_000_000)
    named = {each.strip() for each in asked.get("shop_ids", ())}
    changed = asked.get("updated_since")
    rows = [
        row
        for shop in _shops(marketplace)
        if not named or str(shop) in named
        for row in [_seen_by_operator(marketplace, shop, text_of(call.at))]
        if changed is None or moment_of(row["last_updated_date"]) >= changed
    ]
    body: Json = {"shops": rows[offset : offset + most], "total_count": len(rows)}
    return Paged(body, offset, most, len(rows))


def _shops(marketplace: Marketplace) -> list[int]:
    """As the log numbers them."""
    own = marketplace.own_shop()
    sold = (marketplace.shop_of(order) for order in marketplace.orders.values())
    moved = (_shop_of_line(marketplace, line) for line in marketplace.log.lines)
    offered = (own if one.shop == SHOP_ID else one.shop for one in marketplace.catalogue.live())
    return sorted({own, *sold, *moved, *offered})


def _seen_by_operator(marketplace: Marketplace, shop: int, now: str) -> Json:
    """What an operator sees of a shop beyond what it sees itself; `last_updated_date` moves with its settings only."""
    address = {"city": "Paris", "country": "FRA", "email": f"shop-{shop}@example.com", "lastname": "", "street1": ""}
    registered = {"city": "Paris", "country_iso_code": "FRA", "street_1": ""}
    row = _shop(marketplace, shop, shop)
    row["payment_details"] |= {"pay_subscription": False, "payment_blocked": False}
    opened = min((text_of(order.created) for order in marketplace.orders.values()), default=now)
    return row | {
        "billing_info": None,
        "commission": {"grid_code": "DEFAULT", "grid_label": "Default", "linked_to_default_grid": True},
        "contact_informations": address,
        "date_created": opened,
        "default_billing_information": {
            "default_language": "en",
            "id": str(shop),
            "registration_address": registered,
        },
        "evaluations_count": 0,
        "free_shipping": False,
        "last_updated_date": opened,
        "operator_internal_id": f"OP-{shop}",
        "payment_method_mandatory": False,
        "premium": False,
        "premium_state": "DEFAULT",
        "pro_details": None,
        "shipping": None,
        "shipping_types": [],
        "shipping_zones": [],
    }


def _shop(marketplace: Marketplace, shop: int, in_log: int) -> Json:
    """What both see. `in_log`: the number that the world's log has for the shop."""
    currency = marketplace.currency()
    lines = [
        line
        for line in marketplace.log.lines
        if _shop_of_line(marketplace, line) == in_log and line["currency_iso_code"] == currency
    ]
    by_state = {
        f"{state.lower()}_balance": _total(line for line in lines if line["payment_state"] == state)
        for state in _STATES_OF_MONEY
    }
    return {
        "shop_id": shop,
        "shop_name": shop_name(marketplace, shop),
        "shop_state": "OPEN",
        "suspension_type": None,
        "model": "MARKETPLACE",
        "currency_iso_code": currency,
        "channels": [],
        "domains": ["PRODUCT"],
        "is_professional": True,
        "applicable_taxes": [{"code": "TAXDEFAULT", "label": "VAT on commission", "fee_types": ["COMMISSION"]}],
        "payment_details": {
            **by_state,
            # What was funded is taken from the shop's balance, and stands in the log below zero.
            "reserve_balance": -_total(line for line in lines if line["type"] in _OF_RESERVE),
            "reserve_target": 0,
            "sub_balances": [],
        },
        "orders_count": sum(1 for order in marketplace.orders.values() if marketplace.shop_of(order) == in_log),
        "offers_count": sum(1 for _ in marketplace.catalogue.live(shop)),
        "shop_additional_fields": [],
        "shippings": [],
    }


def _shop_of_line(marketplace: Marketplace, line: Json) -> int:
    return int((line.get("shop") or {}).get("id") or marketplace.own_shop())


def _total(lines: Iterable[Json]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))

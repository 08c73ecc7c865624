"""Columns of an export of offers as CSV (OF54), from its rows as JSON."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
Cell = Callable[[Json], object]


def _plain(name: str) -> Cell:
    return lambda row: row.get(name)


def _of_price(name: str) -> Cell:
    return lambda row: row["prices"][0].get(name)


def _inner(*path: str) -> Cell:
    def cell(row: Json) -> object:
        found: Any = row
        for name in path:
            found = (found or {}).get(name)
        return found

    return cell


def _ranges(name: str) -> Cell:
    def cell(row: Json) -> str:
        ranges = [one for one in row["prices"][0]["volume_prices"] if one.get(name) is not None]
        return ",".join(f"{one['quantity_threshold']}|{_written(Decimal(one[name]))}" for one in ranges)

    return cell


COLUMNS: dict[str, Cell] = {
    "offer-id": _plain("offer_id"),
    "product-sku": _plain("product_sku"),
    "min-shipping-price": lambda row: Decimal(row.get("min_shipping_price") or 0),
    "min-shipping-price-additional": lambda row: Decimal(row.get("min_shipping_price_additional") or 0),
    "min-shipping-zone": _plain("min_shipping_zone"),
    "min-shipping-type": _plain("min_shipping_type"),
    "price": lambda row: Decimal(row["price"]),
    "total-price": lambda row: Decimal(row["price"]) + Decimal(row.get("min_shipping_price") or 0),
    "price-additional-info": _plain("price_additional_info"),
    "quantity": _plain("quantity"),
    "description": _plain("description"),
    "state-code": _plain("state_code"),
    "shop-id": _plain("shop_id"),
    "shop-name": _plain("shop_name"),
    "professional": _plain("is_professional"),
    "premium": _plain("premium"),
    "logistic-class": _inner("logistic_class", "code"),
    "active": _plain("active"),
    "favorite-rank": _plain("favorite_rank"),
    "channels": lambda row: "|".join(row.get("channels") or []),
    "deleted": _plain("deleted"),
    "origin-price": lambda row: Decimal(row["prices"][0]["origin_price"]),
    "discount-start-date": _of_price("discount_start_date"),
    "discount-end-date": _of_price("discount_end_date"),
    "available-start-date": _plain("available_start_date"),
    "available-end-date": _plain("available_end_date"),
    "discount-price": lambda row: _money(row["prices"][0].get("discount_price")),
    "currency-iso-code": _plain("currency_iso_code"),
    "discount-ranges": _ranges("unit_discount_price"),
    "leadtime-to-ship": _plain("leadtime_to_ship"),
    "allow-quote-requests": _plain("allow_quote_requests"),
    "price-ranges": _ranges("unit_origin_price"),
    "fulfillment-center-code": _inner("fulfillment", "center", "code"),
    "shop-sku": _plain("shop_sku"),
    "date-created": _plain("date_created"),
    "last-updated": _plain("last_updated"),
    "model": _plain("model"),
    "min-order-quantity": _plain("min_order_quantity"),
    "max-order-quantity": _plain("max_order_quantity"),
    "package-quantity": _plain("package_quantity"),
    "product-tax-code": _plain("product_tax_code"),
}

FIELDS = (
    *("active", "allow_quote_requests", "available_end_date", "available_start_date", "channels"),
    *("currency_iso_code", "date_created", "deleted", "description", "eco_contributions", "favorite_rank"),
    *("fulfillment", "is_professional", "last_updated", "leadtime_to_ship", "logistic_class", "max_order_quantity"),
    *("measurement", "measurement_units", "min_order_quantity", "min_shipping_price"),
    *("min_shipping_price_additional", "min_shipping_type", "min_shipping_zone", "msrp", "offer_additional_fields"),
    *("offer_id", "ongoing_discount_campaigns", "package_quantity", "premium", "price_additional_info", "prices"),
    *("product_sku", "product_tax_code", "quantity", "retail_prices", "shipping_types", "shop_id", "shop_name"),
    *("shop_sku", "state_code", "warehouses"),
)
"""What a row as JSON may hold."""


def custom_columns(rows: Iterable[Json]) -> list[str]:
    """Each custom field has a column of its own, by its code."""
    return sorted({str(one["code"]) for row in rows for one in row.get("offer_additional_fields") or []})


def as_csv(rows: Iterable[Json], columns: list[str], renamed: Mapping[str, str]) -> bytes:
    text = io.StringIO()
    out = csv.writer(text, delimiter=";", lineterminator="\n")
    out.writerow([renamed.get(name, name) for name in columns])
    for row in rows:
        custom = {str(one["code"]): one.get("value") for one in row.get("offer_additional_fields") or []}
        out.writerow([_written(COLUMNS[name](row) if name in COLUMNS else custom.get(name)) for name in columns])
    return text.getvalue().encode()


def _money(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)

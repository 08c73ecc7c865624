"""Builders: an order as Mirakl's OR11 gives it, in bytes."""

from __future__ import annotations

import json
from typing import Any


def a_tax(amount: Any, code: str = "VAT-GBR-20", rate: Any = 20) -> dict[str, Any]:
    return {"code": code, "amount": amount, "rate": rate, "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT"}


def a_wire_line(line_id: str = "A-1-1", **details: Any) -> dict[str, Any]:
    """Three mugs at 40.00, tax in it, 6.00 for shipping."""
    return {
        "order_line_id": line_id,
        "order_line_state": "SHIPPING",
        "offer_sku": "MUG",
        "product_title": "A mug",
        "quantity": 3,
        "price_unit": 40,
        "price": 120,
        "shipping_price": 6,
        "total_price": 126,
        "taxes": [a_tax(20)],
        "shipping_taxes": [a_tax(1)],
        "commission_fee": 15,
        "total_commission": 18,
        "cancelations": [],
        "refunds": [],
        **details,
    }


def a_wire_order(order_id: str = "A-1", lines: list[dict[str, Any]] | None = None, **details: Any) -> dict[str, Any]:
    """An order to be shipped to London: 126.00 GBP, tax included."""
    address = {
        "firstname": "Ada",
        "lastname": "Buyer",
        "street_1": "1 High Street",
        "city": "London",
        "zip_code": "N1 1AA",
        "country": "United Kingdom",
        "country_iso_code": "GBR",
    }
    return {
        "order_id": order_id,
        "commercial_id": order_id.rpartition("-")[0],
        "created_date": "2026-10-01T09:00:00Z",
        "last_updated_date": "2026-10-01T09:31:00.269Z",
        "order_state": "SHIPPING",
        "order_tax_mode": "TAX_INCLUDED",
        "currency_iso_code": "GBP",
        "total_price": 126,
        "total_commission": 18,
        "shipping_deadline": "2026-10-04T09:00:00Z",
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "customer": {
            "customer_id": "C-7",
            "firstname": "Ada",
            "lastname": "Buyer",
            "shipping_address": address,
            "billing_address": address,
        },
        "references": {"order_reference_for_seller": None},
        "order_lines": lines if lines is not None else [a_wire_line(f"{order_id}-1")],
        **details,
    }


def in_bytes(order: dict[str, Any]) -> bytes:
    return json.dumps(order).encode()

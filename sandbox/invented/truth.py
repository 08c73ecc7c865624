"""What must come of a made-up world, worked out from the orders alone: the answer sheet of tests and demos."""

from collections import Counter
from decimal import Decimal
from typing import Any

from sandbox.invented.catalogue import Article

Order = dict[str, Any]


def truth_of(worlds: dict[str, list[Order]], articles: list[Article], offers: int) -> dict[str, Any]:
    """Which orders must be posted with which gross, and which must wait for a person, by reason."""
    known = {article.sku: article for article in articles}
    every = [(name, order) for name, orders in worlds.items() for order in orders]
    ready = [(name, order) for name, order in every if order["order_state"] == "SHIPPING"]
    unmapped = [order["order_id"] for _, order in ready if not _maps(order, known)]
    no_address = [order["order_id"] for _, order in ready if _country(order) is None]
    nowhere = [order["order_id"] for _, order in ready if _country(order) == "XXX"]
    parked = {*unmapped, *no_address, *nowhere}
    return {
        "faults": [],
        "unmapped_skus": sorted(article.sku for article in articles if not article.maps()),
        "inactive_skus": sorted(article.sku for article in articles if not article.active),
        "skus_in_another_case": sorted(a.sku for a in articles if a.item_id not in (None, a.sku)),
        "orders_with_unmapped_sku": unmapped,
        "orders_without_address": no_address,
        "orders_to_an_unknown_country": nowhere,
        "waiting_acceptance": [order["order_id"] for _, order in every if order["order_state"] == "WAITING_ACCEPTANCE"],
        "acceptable": [
            order["order_id"]
            for _, order in every
            if order["order_state"] == "WAITING_ACCEPTANCE" and _maps(order, known) and _in_stock(order, known)
        ],
        "refused_lines": [
            line["order_line_id"]
            for _, order in every
            for line in order["order_lines"]
            if line["order_line_state"] == "REFUSED"
        ],
        "to_post": [_posted(name, order) for name, order in ready if order["order_id"] not in parked],
        "counts": {
            **{name: _counts(orders, offers) for name, orders in worlds.items()},
            "items": sum(1 for article in articles if article.item_id),
            "documents": 0,
        },
    }


def gross_of(order: Order) -> Decimal:
    """What the buyer pays for the live lines, tax included."""
    live = _live(order)
    total = sum((line["price"] + line["shipping_price"] for line in live), Decimal(0))
    if order["order_tax_mode"] == "TAX_INCLUDED":
        return total
    return total + sum((tax["amount"] for line in live for tax in line["taxes"] + line["shipping_taxes"]), Decimal(0))


def _posted(marketplace: str, order: Order) -> dict[str, Any]:
    return {
        "marketplace": marketplace,
        "order_id": order["order_id"],
        "currency": order["currency_iso_code"],
        "lines": len(_live(order)),
        "gross": f"{gross_of(order):.2f}",
    }


def _counts(orders: list[Order], offers: int) -> dict[str, Any]:
    none = dict.fromkeys(("transaction_lines", "billing_cycles", "accounting_documents"), 0)
    total = sum((gross_of(order) for order in orders), Decimal(0))
    return {"orders": len(orders), **none, "offers": offers, "order_total": f"{total:.2f}", "net_settled": "0"}


def _live(order: Order) -> list[dict[str, Any]]:
    return [line for line in order["order_lines"] if line["order_line_state"] != "REFUSED"]


def _maps(order: Order, known: dict[str, Article]) -> bool:
    return all(known[line["offer_sku"]].maps() for line in _live(order))


def _in_stock(order: Order, known: dict[str, Article]) -> bool:
    wanted: Counter[str] = Counter()
    for line in _live(order):
        wanted[line["offer_sku"]] += line["quantity"]
    return all(known[sku].stock >= quantity for sku, quantity in wanted.items())


def _country(order: Order) -> str | None:
    address = order["customer"]["shipping_address"]
    return str(address["country_iso_code"]) if address else None

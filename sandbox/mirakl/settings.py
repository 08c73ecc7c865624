"""What a client reads once a day: the platform (PC01), reasons, order taxes, the version."""

from sandbox.behaviours import Behaviours
from sandbox.mirakl.operation import Persona
from sandbox.mirakl.state import Json, Marketplace

VERSION: Json = {"version": "3.210"}

_REASONS = [
    ("CANCELATION", "CUSTOMER_CHANGED_MIND", "The customer changed their mind", True),
    ("CANCELATION", "OUT_OF_STOCK", "Out of stock", True),
    ("INCIDENT_CLOSE", "SOLVED", "Solved with the customer", True),
    ("INCIDENT_OPEN", "NOT_RECEIVED", "Item not received", False),
    ("ORDER_MESSAGING", "QUESTION", "A question about the order", True),
    ("REFUND", "DAMAGED", "Arrived damaged", True),
    ("REFUND", "FRAUD", "Refunded by the operator after fraud", False),
    ("REFUND", "GOODWILL", "A gesture of goodwill", True),
    ("REFUND", "OUT_OF_STOCK", "Cannot be shipped", True),
    ("REFUND", "RETURNED", "Returned by the customer", True),
]


def ships_in_parts(marketplace: Marketplace, behaviours: Behaviours) -> bool:
    """Whether multi-shipment is on for this marketplace."""
    named = [one.strip() for one in behaviours.text("multi_shipment_at").split(",") if one.strip()]
    return behaviours.is_on("multi_shipment") and (not named or marketplace.name in named)


def platform(marketplace: Marketplace, behaviours: Behaviours) -> Json:
    """PC01: the choices of the platform that decide how orders behave."""
    multi_shipment = ships_in_parts(marketplace, behaviours)
    workflows = {
        "no_customer_payment_confirmation": False,
        "order_acceptance": "NOT_AUTOMATIC",
        "pause_debit_workflow": False,
        "pay_on_due_date": True,
        "pay_on_shipment": multi_shipment,
        "sellers_edit_shipping_origin": False,
        "shipping_and_billing_details_before_acceptance": behaviours.is_on("details_before_acceptance"),
    }
    features = {
        "disable_seller_alternative_carrier": behaviours.is_on("alternative_carriers_disabled"),
        "multi_currency": False,
        "offer_prices_decimals": "2",
        "operator_csv_delimiter": "SEMICOLON",
        "order_tax_mode": marketplace.tax_mode(),
        "order_workflows": workflows,
        "pricing": {"channel_pricing": "DISABLED", "scheduled_pricing": False, "volume_pricing": False},
        "shipment": {"multi_part_item_shipment": False, "multi_shipment": multi_shipment},
        "tax_collection": {"activated": "NO", "tax_collection_by_operator": False},
    }
    modules = {"offer_management": True, "order_management": True, "promotions": True, "quotes": False}
    return {
        "features": features,
        "modules": modules,
        "platform_configuration": {
            "customer_model": {"b2b": False, "b2c": True},
            "platform_model": {"drop_ship": False, "marketplace": True, "one_creditor": False},
        },
        "platform_name": marketplace.name,
        "tenant_name": f"{marketplace.name}-twin",
        "timezone": "Europe/London" if marketplace.name.endswith("-uk") else "Europe/Paris",
    }


def reasons() -> Json:
    """RE01, by type."""
    rows = [
        {"type": kind, "code": code, "label": label, "is_shop_right": right} for kind, code, label, right in _REASONS
    ]
    return {"reasons": rows}


def reason_problem(kind: str, code: str, persona: Persona) -> str | None:
    """What is wrong with a reason code for a cancelation, a refund or an incident; None if nothing is."""
    rights = {reason: right for known, reason, _, right in _REASONS if known == kind}
    if code not in rights:
        return f"Reason {code} is no {kind} reason: {', '.join(sorted(rights))}"
    return None if rights[code] or persona == "operator" else f"Reason {code} is the operator's alone"


def order_taxes(marketplace: Marketplace) -> Json:
    """OR75: the tax codes that the orders of this marketplace carry."""
    taxes = (
        tax
        for order in marketplace.orders.values()
        for line in order.lines()
        for tax in [*(line.get("taxes") or []), *(line.get("shipping_taxes") or [])]
    )
    rules = {str(tax["code"]): tax.get("tax_calculation_rule") or "PROPORTIONAL_TO_AMOUNT" for tax in taxes}
    rows = [
        {"code": code, "label": code.replace("-", " "), "tax_calculation_rule": rule}
        for code, rule in sorted(rules.items())
    ]
    return {"taxes": rows}

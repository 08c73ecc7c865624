"""What each persona sees of an order (OR11): the seller no e-mail and no shop, the operator both."""

from sandbox.mirakl.flags import with_flags
from sandbox.mirakl.lifecycle import BEFORE_ACCEPTANCE
from sandbox.mirakl.state import Json, Marketplace, Order

_SELLER_ONLY = {"customer_notification_email"}
_OPERATOR_DEFAULTS: Json = {
    "can_evaluate": False,
    "commissionable": True,
    "imprint_number": None,
    "pay_out_psp_code": "NOT_SPECIFIED",
    "payment_destination": None,
    "waiting_tax_confirmation": False,
    "waiting_funding_confirmation": False,
}
_OPERATOR_ONLY = {"shop_id", "shop_name", *_OPERATOR_DEFAULTS}
_OPERATOR_ONLY_ON_LINES = {"can_open_incident", "tax_recalculation_required", "funding"}


def seller_view(order: Order, *, details_before_acceptance: bool) -> Json:
    """Addresses stay hidden until the order is accepted, unless the platform shows them before (PC01)."""
    view = {name: value for name, value in order.body.items() if name not in _OPERATOR_ONLY}
    view["order_lines"] = [_sellers_line(line) for line in order.lines()]
    hidden = not details_before_acceptance and (order.state in BEFORE_ACCEPTANCE or order.state == "REFUSED")
    if order.body.get("customer"):
        view["customer"] = _sellers_customer(order.body["customer"], hidden=hidden)
    return with_flags(order, view)


def operator_view(order: Order, marketplace: Marketplace) -> Json:
    view = {name: value for name, value in order.body.items() if name not in _SELLER_ONLY}
    shop = {"shop_id": order.shop_id(), "shop_name": view.get("shop_name") or shop_name(marketplace, order.shop_id())}
    view = {**_OPERATOR_DEFAULTS, **view, **shop}
    operators = {"can_open_incident": False, "tax_recalculation_required": False}
    view["order_lines"] = [{**operators, **line} for line in order.lines()]
    if customer := order.body.get("customer"):
        email = customer.get("email") or f"{customer.get('customer_id', order.id)}@buyers.example".lower()
        view["customer"] = {**customer, "email": email}
    return with_flags(order, view)


def shop_name(marketplace: Marketplace, shop_id: int) -> str:
    return f"Gift Shop {shop_id} on {marketplace.name}"


def _sellers_customer(customer: Json, *, hidden: bool) -> Json:
    view = {name: value for name, value in customer.items() if name != "email"}
    for contact in ("accounting_contact", "delivery_contact"):
        if view.get(contact):
            view[contact] = {name: value for name, value in view[contact].items() if name != "email"}
    if hidden:
        return view | {"billing_address": None, "shipping_address": None}
    if view.get("shipping_address"):
        address = view["shipping_address"]
        view["shipping_address"] = {k: v for k, v in address.items() if k != "internal_additional_info"}
    return view


def _sellers_line(line: Json) -> Json:
    view = {name: value for name, value in line.items() if name not in _OPERATOR_ONLY_ON_LINES}
    for name in ("refunds", "cancelations"):
        view[name] = [{k: v for k, v in one.items() if k != "funding"} for one in line.get(name) or []]
    return view

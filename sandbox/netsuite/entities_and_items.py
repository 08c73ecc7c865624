"""The rules of customers and items: what they need, and names that must be unique."""

import re
from collections.abc import Iterable

from sandbox.behaviours import Behaviours
from sandbox.netsuite.customer_and_item_fields import ITEM_TYPES
from sandbox.netsuite.refusal import missing_value, user_error
from sandbox.netsuite.store import Record, Store, already_exists

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def settle_customer(store: Store, switches: Behaviours, customer: Record, former: Record | None) -> None:
    """Raises Refusal for a missing name or subsidiary, a name that is taken, an e-mail that is none."""
    values = customer.values
    values.setdefault("isPerson", False)
    if values["isPerson"]:
        for name, label in (("firstName", "First Name"), ("lastName", "Last Name")):
            if not values.get(name):
                raise user_error(f"You must enter a value for {label}.")
    elif not values.get("companyName"):
        raise user_error("You must enter a value for Company Name.")
    subsidiary = store.get("subsidiary", values.get("subsidiary") or "")
    if subsidiary is None:
        raise missing_value("Primary Subsidiary")
    if former is not None and former.values["subsidiary"] != values["subsidiary"] and _has_orders(store, customer):
        raise user_error("The subsidiary cannot be changed: this customer has transactions.", path="subsidiary")
    values["currency"] = values.get("currency") or subsidiary.values["currency"]
    if values.get("email") and not _EMAIL.fullmatch(values["email"]):
        raise user_error("Invalid email (must be properly formatted, and longer than six characters).", path="email")
    if not values.get("entityId"):
        person = " ".join(str(values[part]) for part in ("firstName", "lastName") if values.get(part))
        values["entityId"] = person if values["isPerson"] else values["companyName"]
    values.setdefault("isInactive", False)
    _unique(store.all("customer"), customer, "entityId", switches)
    for entry in customer.sublists.get("addressBook", []):
        entry.setdefault("id", store.next_number("addressBook", 1))


def settle_vendor(store: Store, switches: Behaviours, vendor: Record) -> None:
    """Raises Refusal for a missing name or subsidiary, or a name that a vendor or customer has already."""
    values = vendor.values
    values.setdefault("isPerson", False)
    if not values["isPerson"] and not values.get("companyName"):
        raise user_error("You must enter a value for Company Name.")
    subsidiary = store.get("subsidiary", values.get("subsidiary") or "")
    if subsidiary is None:
        raise missing_value("Primary Subsidiary")
    values["currency"] = values.get("currency") or subsidiary.values["currency"]
    if not values.get("entityId"):
        person = " ".join(str(values[part]) for part in ("firstName", "lastName") if values.get(part))
        values["entityId"] = person if values["isPerson"] else values["companyName"]
    values.setdefault("isInactive", False)
    _unique([*store.all("vendor"), *store.all("customer")], vendor, "entityId", switches)


def settle_item(store: Store, switches: Behaviours, item: Record) -> None:
    """Raises Refusal for an item without a name, or with one that is taken."""
    if not item.values.get("itemId"):
        raise missing_value("Item Name/Number")
    item.values["itemType"] = ITEM_TYPES[item.kind]
    item.values.setdefault("isInactive", False)
    _unique(store.items(), item, "itemId", switches)


def _unique(others: Iterable[Record], record: Record, name: str, switches: Behaviours) -> None:
    wanted = str(record.values[name]).casefold()
    for other in others:
        if other.id != record.id and str(other.values[name]).casefold() == wanted:
            raise already_exists(record.group, switches.text("duplicate_code"))


def _has_orders(store: Store, customer: Record) -> bool:
    return any(order.values.get("entity") == customer.id for order in store.all("salesOrder"))

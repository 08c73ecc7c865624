"""What a file or a call makes of a shop's offers: new ones, changed ones, deleted ones (OF01, OF24)."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sandbox.mirakl.offers.catalogue import Catalogue, Json, Offer, Product
from sandbox.mirakl.offers.fields import DEFAULTS, write_fields
from sandbox.mirakl.offers.imports import Outcome

_NEEDED = ("product-id", "product-id-type", "price", "state")


class Change(NamedTuple):
    """One line. A field that is not in `fields` is left as it is; `problem` is what is wrong with the line already."""

    line: int
    sku: str
    product_id: str
    product_id_type: str
    fields: Json
    do: str = ""
    problem: str = ""


def apply_changes(
    catalogue: Catalogue, shop: int, currency: str, changes: Iterable[Change], at: datetime, *, replace: bool = False
) -> tuple[Outcome, dict[int, str]]:
    """Line by line: what cannot be done is an error by line, the rest is done. With `replace` offers that no line names
    are deleted."""
    outcome = Outcome()
    errors: dict[int, str] = {}
    seen: set[str] = set()
    for one in changes:
        offer = catalogue.by_sku(shop, one.sku)
        problem = one.problem or (
            "The offer is listed twice" if one.sku in seen else _problem(catalogue, shop, one, offer)
        )
        seen.add(one.sku)
        if problem:
            errors[one.line] = problem
            outcome.in_error += 1
            continue
        outcome.in_success += 1
        if one.do == "delete" and offer is not None:
            catalogue.delete(offer, at)
            outcome.deleted += 1
        elif offer is not None:
            _update(offer, one.fields, at)
            outcome.updated += 1
        else:
            _insert(catalogue, shop, currency, one, at)
            outcome.inserted += 1
    if replace:
        for offer in [one for one in catalogue.live(shop) if one.sku not in seen]:
            catalogue.delete(offer, at)
            outcome.deleted += 1
    return outcome, errors


def _problem(catalogue: Catalogue, shop: int, one: Change, offer: Offer | None) -> str:
    if not one.sku:
        return "sku is required"
    if one.do not in ("", "update", "delete"):
        return f"update-delete is update or delete, not {one.do}"
    if one.do == "delete":
        return "" if offer else f"There is no offer with SKU {one.sku}"
    state = one.fields.get("state_code")
    if state and state not in catalogue.state_codes():
        return f"There is no condition {state}"
    return _problem_of_product(catalogue, shop, one, offer) or _problem_of_price(one, offer)


def _problem_of_product(catalogue: Catalogue, shop: int, one: Change, offer: Offer | None) -> str:
    product = _product(catalogue, shop, one)
    if offer is None:
        given = (one.product_id, one.product_id_type, one.fields.get("price"), one.fields.get("state_code"))
        if missing := [name for name, value in zip(_NEEDED, given, strict=True) if value in (None, "")]:
            return f"A new offer needs {', '.join(missing)}"
    if one.product_id and product is None:
        return f"There is no product with {one.product_id_type or 'reference'} {one.product_id}"
    if offer is not None and product is not None and product.sku != str(offer.body.get("product_sku")):
        return f"Offer {one.sku} is of another product: {offer.body.get('product_sku')}"
    return ""


def _problem_of_price(one: Change, offer: Offer | None) -> str:
    if "price" in one.fields and one.fields["price"] is None:
        return "price is required"
    price = one.fields.get("price", offer.body.get("price") if offer else None)
    lowered = one.fields.get("discount_price")
    return f"The discount price {lowered} is not below the price {price}" if lowered and lowered >= price else ""


def _product(catalogue: Catalogue, shop: int, one: Change) -> Product | None:
    return catalogue.product_of(shop, one.product_id_type, one.product_id) if one.product_id else None


def _update(offer: Offer, fields: Json, at: datetime) -> None:
    write_fields(offer, fields)
    if "quantity" in fields:
        offer.set_quantity(int(fields["quantity"]), at)
    offer.updated = max(offer.updated, at)


def _insert(catalogue: Catalogue, shop: int, currency: str, one: Change, at: datetime) -> None:
    product = _product(catalogue, shop, one)
    assert product is not None
    known = {"shop_sku": one.sku, "product_sku": product.sku, "product_title": product.title, "shop_id": shop}
    offer = catalogue.add({**known, "currency_iso_code": currency, "price": one.fields["price"]}, shop, at)
    _update(offer, {**DEFAULTS, **one.fields}, at)

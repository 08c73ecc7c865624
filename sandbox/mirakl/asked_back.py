"""What OR28 and OR30 have in common: each entry names a line, an amount and a reason; one that does not fit refuses
the whole call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.clock import text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.dispatch_bodies import Amount, Cancelation
from sandbox.mirakl.giving_back import UnfitAmount, commission_of, sum_of
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.settings import reason_problem
from sandbox.mirakl.state import Json, Order

_NEEDED = ("order_line_id", "amount", "shipping_amount", "reason_code")


@dataclass(frozen=True)
class GivenBack:
    """One entry that fits: `line` is a trial copy with what the entries before it took, `row` what OR11 will show."""

    order: Order
    line: Json
    entry: Cancelation
    row: Json


def fitting(
    call: Admitted,
    desk: Desk,
    entries: Sequence[Cancelation],
    *,
    mode: str | None,
    reasons: str,
    check: Callable[[Order, Json, Cancelation], None],
) -> list[GivenBack]:
    """All entries, each judged after those before it; nothing is done yet.

    `mode` is the request's order_tax_mode (none: the order's own), `reasons` the type of reason it takes. Raises
    MiraklRefusal for the first that does not fit.
    """
    holder = {line["order_line_id"]: (order, line) for order in call.orders() for line in order.lines()}
    trial: dict[str, Json] = {}
    fits = []
    for place, entry in enumerate(entries):
        _check_complete(entry, place)
        named = entry.order_line_id or ""
        if named not in holder:
            raise MiraklRefusal(404, f"Order line {named} does not exist")
        order, held = holder[named]
        line = trial.setdefault(named, _copy(held))
        _check_words(call, order, entry, reasons)
        check(order, line, entry)
        if desk.behaviours.is_on("order_level_tax_calculation"):
            _check_no_taxes(order, entry, mode)
        try:
            row = _row(desk, order, line, entry, mode) | {"created_date": text_of(call.at)}
        except UnfitAmount as unfit:
            raise MiraklRefusal(400, str(unfit)) from unfit
        line[reasons.lower() + "s"].append(row)
        fits.append(GivenBack(order, line, entry, row))
    return fits


def answered(one: GivenBack, mode: str | None, ids: Json) -> Json:
    """The entry as Mirakl answers it, in the tax mode of the request."""
    sign = _sign(one.order, mode)
    taxes = {name: one.row[name] for name in ("taxes", "shipping_taxes")}
    tax, shipping_tax = (sum((row["amount"] for row in rows), Decimal(0)) for rows in taxes.values())
    return {
        **ids,
        "order_line_id": one.line["order_line_id"],
        "amount": one.row["amount"] + sign * tax,
        "shipping_amount": one.row["shipping_amount"] + sign * shipping_tax,
        "quantity": one.row["quantity"],
        "reason_code": one.row["reason_code"],
        "currency_iso_code": one.order.body["currency_iso_code"],
        "eco_contributions": [],
        "fees": [],
        **taxes,
    }


def mode_of(fits: list[GivenBack], mode: str | None) -> str:
    return mode or str(fits[0].order.body["order_tax_mode"])


def _row(desk: Desk, order: Order, line: Json, entry: Cancelation, mode: str | None) -> Json:
    sign = _sign(order, mode)
    price = sum_of(line, "price", entry.amount or Decimal(0), _by_code(entry.taxes), sign)
    shipping = sum_of(line, "shipping_price", entry.shipping_amount or Decimal(0), _by_code(entry.shipping_taxes), sign)
    return {
        "id": desk.state.number(),
        "amount": price.amount,
        "shipping_amount": shipping.amount,
        "quantity": entry.quantity or 0,
        "reason_code": entry.reason_code,
        "taxes": price.taxes,
        "shipping_taxes": shipping.taxes,
        "eco_contributions": [],
        "fees": [],
        **commission_of(line, price.amount, shipping.amount),
    }


def _sign(order: Order, mode: str | None) -> int:
    own = order.body["order_tax_mode"]
    if mode in (None, own):
        return 0
    return 1 if mode == "TAX_INCLUDED" else -1


def _copy(line: Json) -> Json:
    return {**line, "refunds": [*(line.get("refunds") or [])], "cancelations": [*(line.get("cancelations") or [])]}


def _by_code(taxes: list[Amount] | None) -> dict[str, Decimal]:
    summed: dict[str, Decimal] = {}
    for tax in taxes or []:
        summed[tax.code] = summed.get(tax.code, Decimal(0)) + tax.amount
    return summed


def _check_complete(entry: Cancelation, place: int) -> None:
    if missing := [name for name in _NEEDED if getattr(entry, name) is None]:
        raise MiraklRefusal(400, f"entry {place} has no {', '.join(missing)}")
    if (entry.quantity or 0) < 0:
        raise MiraklRefusal(400, f"entry {place}: quantity is not negative")


def _check_words(call: Admitted, order: Order, entry: Cancelation, reasons: str) -> None:
    if problem := reason_problem(reasons, entry.reason_code or "", call.persona):
        raise MiraklRefusal(400, problem)
    currency, usual = order.body["currency_iso_code"], call.marketplace.currency()
    if (entry.currency_iso_code or usual) != currency:
        raise MiraklRefusal(400, f"Order {order.id} is in {currency}, not {entry.currency_iso_code or usual}")
    if entry.fees:
        raise MiraklRefusal(400, f"Order line {entry.order_line_id} has no fees")


def _check_no_taxes(order: Order, entry: Cancelation, mode: str | None) -> None:
    if (mode or order.body["order_tax_mode"]) == "TAX_EXCLUDED" and (entry.taxes or entry.shipping_taxes):
        raise MiraklRefusal(400, "Taxes must not be provided: they are calculated on the order")

"""Money of a line given back, by OR28 or OR30: never more than is left, tax by each tax's own rule, commission in
proportion."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from sandbox.mirakl.left import Part, amount_left, given_back, taxes_left
from sandbox.mirakl.state import Json

_CENT = Decimal("0.01")
TaxesOf = Literal["taxes", "shipping_taxes"]
_TAXES: dict[Part, TaxesOf] = {"price": "taxes", "shipping_price": "shipping_taxes"}


class UnfitAmount(ValueError):
    """An amount that cannot be given back; the text says why."""


@dataclass(frozen=True)
class Sum:
    """An amount of one part of a line, in the order's tax mode, and the tax with it."""

    amount: Decimal
    taxes: list[Json]


def sum_of(line: Json, part: Part, sent: Decimal, taxes: dict[str, Decimal], sign: int) -> Sum:
    """What giving `sent` back means for a line.

    `taxes` are those sent; none sent, a tax PROPORTIONAL_TO_AMOUNT follows the amount and one with the rule NONE stays
    where it is. `sign` turns the order's tax mode into the request's: 1 adds the tax, -1 takes it off, 0 leaves it.
    """
    left, tax_left = amount_left(line, part), taxes_left(line, _TAXES[part])
    left_as_sent = left + sign * sum(tax_left.values(), Decimal(0))
    if not 0 <= sent <= left_as_sent:
        raise UnfitAmount(f"{left_as_sent} of the {part} of order line {line['order_line_id']} is left, not {sent}")
    given = _taxes_sent(line, taxes, tax_left) if taxes else _taxes_by_rule(line, part, sent, left_as_sent, sign)
    own = sent - sign * sum(given.values(), Decimal(0))
    if own < 0:
        raise UnfitAmount(f"Order line {line['order_line_id']}: the taxes are more than the amount {sent}")
    return Sum(min(own, left), [{"code": code, "amount": amount} for code, amount in given.items()])


def commission_of(line: Json, amount: Decimal, shipping_amount: Decimal) -> Json:
    """The commission that goes back with the money; with the last of the money goes the last of it."""
    whole = Decimal(line.get("price") or 0) + Decimal(line.get("shipping_price") or 0)
    is_rest = amount + shipping_amount == amount_left(line, "price") + amount_left(line, "shipping_price")
    share = (amount + shipping_amount) / whole if whole else Decimal(0)

    def given(charged: Decimal, already: Decimal) -> Decimal:
        return charged - already if is_rest else _cents(charged * share)

    before = given_back(line)
    fee = given(
        Decimal(line.get("commission_fee") or 0),
        sum((Decimal(one.get("commission_amount") or 0) for one in before), Decimal(0)),
    )
    taxes = [
        {**tax, "amount": given(Decimal(tax["amount"]), _commission_tax(before, tax["code"]))}
        for tax in line.get("commission_taxes") or []
    ]
    total = fee + sum((tax["amount"] for tax in taxes), Decimal(0))
    return {"commission_amount": fee, "commission_taxes": taxes, "commission_total_amount": total}


def _commission_tax(before: list[Json], code: str) -> Decimal:
    taxes = (tax for one in before for tax in one.get("commission_taxes") or [])
    return sum((Decimal(tax["amount"]) for tax in taxes if tax["code"] == code), Decimal(0))


def _taxes_sent(line: Json, sent: dict[str, Decimal], left: dict[str, Decimal]) -> dict[str, Decimal]:
    for code, amount in sent.items():
        if code not in left:
            raise UnfitAmount(f"Order line {line['order_line_id']} has no tax {code}")
        if not 0 <= amount <= left[code]:
            said = f"{left[code]} of tax {code} of order line {line['order_line_id']} is left, not {amount}"
            raise UnfitAmount(said)
    return sent


def _taxes_by_rule(line: Json, part: Part, sent: Decimal, left_as_sent: Decimal, sign: int) -> dict[str, Decimal]:
    name = _TAXES[part]
    charged: dict[str, Decimal] = {}
    for tax in line.get(name) or []:
        if tax.get("tax_calculation_rule", "PROPORTIONAL_TO_AMOUNT") != "NONE":
            charged[tax["code"]] = charged.get(tax["code"], Decimal(0)) + Decimal(tax["amount"])
    every_tax = sum((Decimal(tax["amount"]) for tax in line.get(name) or []), Decimal(0))
    base = Decimal(line.get(part) or 0) + sign * every_tax
    left = taxes_left(line, name)
    if sent == left_as_sent:
        return {code: left[code] for code in charged}
    return {code: min(left[code], _cents(amount * sent / base)) for code, amount in charged.items()}


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)

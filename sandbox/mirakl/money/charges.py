"""What an order line, and a refund of it, put on the shop's account: amounts, taxes, the operator's commission.

Tax is shown in lines of its own (`split`) or inside the amounts (`embedded`); the money is the same.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sandbox.mirakl.state import Json, Order

_ZERO, _CENT = Decimal(0), Decimal("0.01")
_PARTS = (
    ("price", "amount", "taxes", "ORDER_AMOUNT"),
    ("shipping_price", "shipping_amount", "shipping_taxes", "ORDER_SHIPPING_AMOUNT"),
)


class Charge(NamedTuple):
    """One line to be: its type, signed amount and what it belongs to beside the order line."""

    type: str
    amount: Decimal
    entities: Json

    @property
    def is_customers_money(self) -> bool:
        """Paid by or to the buyer, unlike commission."""
        return "COMMISSION" not in self.type


def sale_of(order: Order, line: Json, *, split: bool) -> list[Charge]:
    """An order line as it was debited: what was cancelled before it is not charged."""
    charges = []
    cancelled = line.get("cancelations") or []
    for part, cancelled_part, taxes_name, kind in _PARTS:
        amount = _number(line.get(part)) - sum((_number(one.get(cancelled_part)) for one in cancelled), _ZERO)
        taxes = _by_code([line], taxes_name)
        _take_off(taxes, _by_code(cancelled, taxes_name))
        charges += _shown(order, kind, amount, taxes, split=split, sign=1)
    fee = _number(line.get("commission_fee")) - sum((_number(one.get("commission_amount")) for one in cancelled), _ZERO)
    taxes = _by_code([line], "commission_taxes")
    if not taxes and line.get("commission_vat"):
        taxes = {"TAXDEFAULT": (_number(line["commission_vat"]), line.get("commission_rate_vat"))}
    _take_off(taxes, _by_code(cancelled, "commission_taxes"))
    return [*charges, *_commission("COMMISSION_FEE", "COMMISSION_VAT", fee, taxes, sign=-1)]


def refund_of(order: Order, refund: Json, *, split: bool) -> list[Charge]:
    """Money given back, and the commission that goes back with it."""
    charges = []
    for _, part, taxes_name, kind in _PARTS:
        amount = _number(refund.get(part))
        charges += _shown(order, f"REFUND_{kind}", amount, _by_code([refund], taxes_name), split=split, sign=-1)
    taxes = _by_code([refund], "commission_taxes")
    fee = _number(refund.get("commission_amount"))
    return [*charges, *_commission("REFUND_COMMISSION_FEE", "REFUND_COMMISSION_VAT", fee, taxes, sign=1)]


_Taxes = dict[str, tuple[Decimal, object]]


def bought_of(order: Order, line: Json) -> list[Charge]:
    """An order line that the operator buys: its price without tax, less the operator's margin, and the tax on that."""
    return _bought(order, line, line.get("cancelations") or [], sign=1)


def given_back_of(order: Order, refund: Json) -> list[Charge]:
    """What of it the shop takes back."""
    return _bought(order, refund, [], sign=-1)


def _bought(order: Order, holder: Json, cancelled: list[Json], *, sign: int) -> list[Charge]:
    prefix = "" if sign > 0 else "REFUND_"
    net: dict[str, Decimal] = {}
    taxes: _Taxes = {}
    for part, refunded, taxes_name, kind in _PARTS:
        amount = _number(holder.get(part if sign > 0 else refunded))
        amount -= sum((_number(one.get(refunded)) for one in cancelled), _ZERO)
        own = _by_code([holder], taxes_name)
        _take_off(own, _by_code(cancelled, taxes_name))
        tax = sum((each for each, _ in own.values()), _ZERO)
        net[kind] = amount - tax if order.body["order_tax_mode"] == "TAX_INCLUDED" else amount
        for code, (each, rate) in own.items():
            taxes[code] = (taxes.get(code, (_ZERO, rate))[0] + each, rate)
    fee_name = "commission_fee" if sign > 0 else "commission_amount"
    margin = _number(holder.get(fee_name)) - sum((_number(one.get("commission_amount")) for one in cancelled), _ZERO)
    retail = sum(net.values(), _ZERO)
    charges = [Charge(f"{prefix}{kind}", sign * each, {}) for kind, each in net.items() if each]
    if margin:
        charges.append(Charge(f"{prefix}PURCHASE_COMMISSION_FEE", -sign * margin, {}))
    for code, (tax, rate) in taxes.items():
        share = (tax * (retail - margin) / retail).quantize(_CENT, ROUND_HALF_UP) if retail else _ZERO
        if share:
            charges.append(
                Charge(f"{prefix}PURCHASE_ORDER_AMOUNT_TAX", sign * share, {"order_tax": _coded(code, rate)})
            )
    return charges


def _shown(order: Order, kind: str, amount: Decimal, taxes: _Taxes, *, split: bool, sign: int) -> list[Charge]:
    """An amount in the order's tax mode, as the log shows it; nothing where there is none."""
    tax = sum((each for each, _ in taxes.values()), _ZERO)
    included = order.body["order_tax_mode"] == "TAX_INCLUDED"
    if split:
        own = amount - tax if included else amount
        rows = [(f"{kind}_TAX", each, {"order_tax": _coded(code, rate)}) for code, (each, rate) in taxes.items()]
    else:
        own = amount if included else amount + tax
        rows = []
    return [Charge(name, sign * each, inner) for name, each, inner in [(kind, own, {}), *rows] if each]


def _commission(fee_type: str, tax_type: str, fee: Decimal, taxes: _Taxes, *, sign: int) -> list[Charge]:
    rows = [Charge(fee_type, sign * fee, {})] if fee else []
    return rows + [
        Charge(tax_type, sign * each, {"shop_tax": _coded(code, rate)}) for code, (each, rate) in taxes.items() if each
    ]


def _take_off(taxes: _Taxes, given: _Taxes) -> None:
    for code, (amount, rate) in given.items():
        before, own_rate = taxes.get(code, (_ZERO, rate))
        taxes[code] = (before - amount, own_rate)


def _by_code(holders: Iterable[Json], name: str) -> _Taxes:
    taxes: _Taxes = {}
    for holder in holders:
        for tax in holder.get(name) or []:
            code = str(tax["code"])
            taxes[code] = (taxes.get(code, (_ZERO, None))[0] + _number(tax.get("amount")), tax.get("rate"))
    return taxes


def _coded(code: str, rate: object) -> Json:
    return {"code": code} if rate is None else {"code": code, "rate": rate}


def _number(value: object) -> Decimal:
    return Decimal(str(value or 0))

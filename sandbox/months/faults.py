"""Faults that the operator makes and adds up itself (before closing), or that happen to the log afterwards.

Each puts one thing wrong in an order's entries and answers what a reconciliation must say of it; None where the order
has nothing of the kind. Codes, keys and amounts: docs/finance/breaks.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from sandbox.months.booking import gross_of, tax_of
from sandbox.months.log import new_id
from sandbox.months.model import Entry, Fault, Order, Shop, Tax
from sandbox.months.money import share

Operator = Callable[[random.Random, Shop, Order], Fault | None]
SALES = ("ORDER_AMOUNT", "ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT", "ORDER_SHIPPING_AMOUNT_TAX")
COMMISSION = ("COMMISSION_FEE",)
UNKNOWN = ("NEW_MYSTERY_FEE", "ECO_CONTRIBUTION_ADVANCE", "LOYALTY_SHARE")
"""Types that Mirakl may bring one day."""


def fault(  # noqa: PLR0917  a row of a table
    shop: Shop, code: str, key: str, amount: int, kind: str, order: Order | None = None
) -> Fault:
    """A row of the truth; amounts never below nothing."""
    market = shop.market
    return Fault(
        code, key, abs(amount), kind, market.name, market.currency, market.exponent, order.id if order else None
    )


def fault_of(known: Fault, amount: int) -> Fault:
    """The same with another amount."""
    return replace(known, amount=amount)


def double(dice: random.Random, shop: Shop, entry: Entry) -> Entry:
    """The same again under a new id, with the balance of the first."""
    twin = replace(entry, id=new_id(dice), touched=True)
    _add(shop, twin)
    return twin


def _some(dice: random.Random, entries: list[Entry], least: int = 1) -> Entry | None:
    fit = [entry for entry in entries if abs(entry.amount) >= least]
    if not fit:
        return None
    chosen = dice.choice(fit)
    chosen.touched = True
    return chosen


# Before closing: the operator is wrong, and its totals agree with its mistake.


def commission_overcharged(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """Another rate than the contract's, with its tax."""
    fee = _some(dice, shop.entries_of(order, *COMMISSION), 5)
    if fee is None:
        return None
    vat = next(e for e in shop.by_order[order.id] if e.type == "COMMISSION_VAT" and _same_piece(e, fee))
    extra = max(3, abs(fee.amount) * dice.choice((5, 10, 33)) // 100) * dice.choice((1, 1, -1))
    extra = extra if extra > 0 else -min(-extra, abs(fee.amount) - 1)
    if abs(extra) < 3:
        extra = 3
    fee.amount -= extra
    vat.amount, vat.touched = -share(-fee.amount, shop.market.fee_vat), True
    return fault(shop, "COMMISSION_RATE", order.id, extra, "commission_overcharged", order)


def _same_piece(one: Entry, other: Entry) -> bool:
    return (one.line, one.debit, one.refund) == (other.line, other.debit, other.refund)


def commission_vat_left_out(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """The operator takes the shop for one abroad."""
    vats = [entry for entry in shop.entries_of(order, "COMMISSION_VAT") if entry.amount]
    if any(line.refunds for line in order.lines) or sum(abs(entry.amount) for entry in vats) < len(vats) + 2:
        return None
    _drop(*vats)
    return fault(
        shop, "FEE_VAT_REGIME", order.id, sum(entry.amount for entry in vats), "commission_vat_left_out", order
    )


def commission_vat_at_another_rate(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    vat = _some(dice, shop.entries_of(order, "COMMISSION_VAT"), 12)
    if vat is None:
        return None
    extra = max(3, abs(vat.amount) // 4)
    vat.amount -= extra
    return fault(shop, "COMMISSION_VAT_DIFF", order.id, extra, "commission_vat_at_another_rate", order)


def commission_kept_on_refund(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """The contract gives it back; the log does not."""
    fee = _some(dice, [e for e in shop.entries_of(order, "REFUND_COMMISSION_FEE") if _is_refund(order, e)], 2)
    if fee is None:
        return None
    vats = [e for e in shop.by_order[order.id] if e.type == "REFUND_COMMISSION_VAT" and _same_piece(e, fee)]
    _drop(fee, *vats)
    key = fee.refund or ""
    return fault(shop, "COMMISSION_NOT_REFUNDED", key, fee.amount, "commission_kept_on_refund", order)


def _is_refund(order: Order, entry: Entry) -> bool:
    return any(each.id == entry.refund and not each.cancelation for line in order.lines for each in line.refunds)


def order_of_another_shop(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """Its lines are in our log, and nobody here knows it."""
    if any(line.refunds for line in order.lines) or order.kind != "plain":
        return None
    shop.unknown.add(order.id)
    for entry in shop.by_order[order.id]:
        entry.touched = True
    return fault(shop, "UNKNOWN_ORDER", order.id, gross_of(shop, order), "order_of_another_shop", order)


def remitted_tax_left_out(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """Tax that the operator pays was given to the shop and not taken back; of the same code, another was."""
    twins = shop.entries_of(order, "OPERATOR_REMITTED_ORDER_AMOUNT_TAX", "OPERATOR_REMITTED_ORDER_SHIPPING_AMOUNT_TAX")
    codes = [twin.order_tax.code for twin in twins if twin.order_tax]
    twin = _some(dice, [each for each in twins if each.order_tax and codes.count(each.order_tax.code) > 1])
    if twin is None:
        return None
    _drop(twin)
    return fault(shop, "WASH_NOT_ZERO", order.id, twin.amount, "remitted_tax_left_out", order)


def fee_passed_through_in_part(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    twin = _some(dice, shop.entries_of(order, "OPERATOR_REMITTED_ORDER_FEE_AMOUNT"), 4)
    if twin is None:
        return None
    kept = -twin.amount // 3
    twin.amount += kept
    return fault(shop, "WASH_NOT_ZERO", order.id, kept, "fee_passed_through_in_part", order)


def tax_presented_otherwise(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """Split where the others show it inside the price, or the other way round."""
    if order.kind != "plain" or any(line.refunds for line in order.lines) or not tax_of(order):
        return None
    if shop.market.embedded:
        _split(dice, shop, order)
    else:
        _embed(shop, order)
    for entry in shop.by_order[order.id]:
        entry.touched = True
    return fault(shop, "TAX_PRESENTATION_UNKNOWN", order.id, tax_of(order), "tax_presented_otherwise", order)


def _embed(shop: Shop, order: Order) -> None:
    for entry in shop.entries_of(order, "ORDER_AMOUNT_TAX", "ORDER_SHIPPING_AMOUNT_TAX"):
        base = next(
            e for e in shop.by_order[order.id] if e.line == entry.line and e.type == entry.type.removesuffix("_TAX")
        )
        base.amount += entry.amount
        _drop(entry)


def _split(dice: random.Random, shop: Shop, order: Order) -> None:
    for line in order.lines:
        for kind, taxes in (("ORDER_AMOUNT", line.taxes), ("ORDER_SHIPPING_AMOUNT", line.shipping_taxes)):
            base = next((e for e in shop.by_order[order.id] if e.line == line.id and e.type == kind), None)
            if base is None:
                continue
            for tax in taxes:
                base.amount -= tax.amount
                twin = replace(base, id=new_id(dice), type=f"{kind}_TAX", amount=tax.amount, order_tax=tax)
                _add(shop, twin)


def tax_codes_swapped(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """Two taxes of an order under each other's code: the total is right, each code is not."""
    taxes = shop.entries_of(order, "ORDER_AMOUNT_TAX")
    codes = {tax.order_tax.code for tax in taxes if tax.order_tax}
    if len(codes) != 2 or order.kind != "plain" or any(line.refunds for line in order.lines):
        return None
    of: dict[str, Tax] = {tax.order_tax.code: tax.order_tax for tax in taxes if tax.order_tax}
    one, other = sorted(codes)
    sums = {code: sum(t.amount for t in taxes if t.order_tax and t.order_tax.code == code) for code in codes}
    if abs(sums[one] - sums[other]) <= len(order.lines) + 2:
        return None
    for tax in taxes:
        if tax.order_tax:
            tax.order_tax = of[other if tax.order_tax.code == one else one]
            tax.touched = True
    return fault(shop, "TAX_DIFF", order.id, sums[one] - sums[other], "tax_codes_swapped", order)


# Afterwards: the operator's totals, documents and balances stay as they were; single entries are not what they were.


def log_line_doubled(dice: random.Random, shop: Shop, order: Order, types: tuple[str, ...] = SALES) -> Fault | None:
    """The same again under a new id."""
    entry = _some(dice, shop.entries_of(order, *types))
    if entry is None:
        return None
    double(dice, shop, entry)
    return fault(shop, "DUPLICATE_TL", order.id, entry.amount, "log_line_doubled", order)


def commission_line_doubled(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    return log_line_doubled(dice, shop, order, COMMISSION)


def refund_line_doubled(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    return log_line_doubled(dice, shop, order, ("REFUND_ORDER_AMOUNT", "REFUND_ORDER_SHIPPING_AMOUNT"))


def all_log_lines_lost(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    if order.kind != "plain" or any(line.refunds for line in order.lines) or order.penalty or order.seller_fee:
        return None
    if any(entry.touched for entry in shop.by_order[order.id]):
        return None
    _drop(*shop.by_order[order.id])
    return fault(shop, "MISSING_IN_TL", order.id, gross_of(shop, order), "all_log_lines_lost", order)


def one_sale_line_lost(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """The log then says another gross than the invoice; or none, where its commission alone is left."""
    sales = [entry for entry in shop.by_order[order.id] if entry.type in SALES and entry.amount]
    charged = [entry for entry in shop.entries_of(order, *COMMISSION) if entry.amount]
    if (len(sales) < 2 and not charged) or order.kind != "plain":
        return None
    entry = _some(dice, shop.entries_of(order, "ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"))
    if entry is None:
        return None
    _drop(entry)
    return fault(shop, "AMOUNT_DIFF", order.id, entry.amount, "one_sale_line_lost", order)


def commission_line_lost(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    entry = _some(dice, _charged_as_agreed(shop, order, "COMMISSION_FEE"), 3)
    if entry is None:
        return None
    _drop(entry)
    return fault(shop, "COMMISSION_RATE", order.id, entry.amount, "commission_line_lost", order)


def _charged_as_agreed(shop: Shop, order: Order, kind: str) -> list[Entry]:
    """Entries of a kind on order lines whose commission nothing else is wrong with.

    The order states commission by order line, whatever shipments it went in: of two mistakes in pieces of one line, or
    in its fee and the VAT on it, nobody could say from the contract which is which, and they may look like none.
    """
    wrong = {
        entry.line for entry in shop.by_order[order.id] if entry.refund is None and _is_other_commission(shop, entry)
    }
    return [entry for entry in shop.entries_of(order, kind) if entry.line not in wrong]


def _is_other_commission(shop: Shop, entry: Entry) -> bool:
    """A line twice, or with the other sign, says by itself what it should be."""
    if not entry.touched or entry.order is None:
        return False
    if entry.type in UNKNOWN:
        return entry.amount < 0
    twins = [each for each in shop.by_order[entry.order.id] if each.type == entry.type and _same_piece(each, entry)]
    return entry.type in {*COMMISSION, "COMMISSION_VAT"} and (entry.gone or (entry.amount < 0 and len(twins) == 1))


def commission_altered(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    entry = _some(dice, _charged_as_agreed(shop, order, "COMMISSION_FEE"), 5)
    if entry is None:
        return None
    extra = max(3, abs(entry.amount) // 3)
    entry.amount -= extra
    return fault(shop, "COMMISSION_RATE", order.id, extra, "commission_altered", order)


def commission_vat_altered(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    vat = _some(dice, _charged_as_agreed(shop, order, "COMMISSION_VAT"), 3)
    if vat is None:
        return None
    extra = max(3, abs(vat.amount) // 2)
    vat.amount -= extra
    return fault(shop, "COMMISSION_VAT_DIFF", order.id, extra, "commission_vat_altered", order)


def sign_flipped(dice: random.Random, shop: Shop, order: Order, types: tuple[str, ...] = SALES) -> Fault | None:
    entry = _some(dice, shop.entries_of(order, *types))
    if entry is None or entry.amount == 0:
        return None
    entry.amount = -entry.amount
    return fault(shop, "SIGN_ANOMALY", order.id, 2 * entry.amount, "sign_flipped", order)


def commission_sign_flipped(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    return sign_flipped(dice, shop, order, COMMISSION)


def type_unknown(dice: random.Random, shop: Shop, order: Order, types: tuple[str, ...] = SALES) -> Fault | None:
    entries = (
        _charged_as_agreed(shop, order, "COMMISSION_FEE") if types is COMMISSION else shop.entries_of(order, *types)
    )
    entry = _some(dice, entries)
    if entry is None:
        return None
    entry.type = dice.choice(UNKNOWN)
    return fault(shop, "UNMAPPED_TYPE", order.id, entry.amount, "type_unknown", order)


def commission_type_unknown(dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    return type_unknown(dice, shop, order, COMMISSION)


def refund_lines_lost(_dice: random.Random, shop: Shop, order: Order) -> Fault | None:
    """All lines of a refund: NetSuite credited what the log does not give back."""
    for line in order.lines:
        for refund in line.refunds:
            mine = [entry for entry in shop.by_order[order.id] if entry.refund == refund.id]
            if refund.cancelation or not mine or any(entry.touched for entry in mine) or order.kind == "remitted":
                continue
            memo = next(each for each in shop.booked_of[order.id] if each.refund_id == refund.id)
            if memo.touched or memo.gone:
                continue
            _drop(*mine)
            memo.touched = True
            return fault(shop, "CREDIT_WITHOUT_REFUND", refund.id, memo.total, "refund_lines_lost", order)
    return None


def _drop(*entries: Entry) -> None:
    for entry in entries:
        entry.touched = entry.gone = True


def _add(shop: Shop, entry: Entry) -> None:
    shop.entries.append(entry)
    if entry.order is not None:
        shop.by_order[entry.order.id].append(entry)

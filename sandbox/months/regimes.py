"""Which faults a month gets, by regime: none, one an order, up to four, or such as hide one another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from enum import StrEnum

from sandbox.months import book_faults as books
from sandbox.months import faults as log
from sandbox.months.model import Entry, Fault, Order, Shop

Operator = log.Operator
AFFECTED = 0.2
"""Share of the settled orders that something is wrong with."""


class Regime(StrEnum):
    """docs/reference/benchmarks.md shows a score for each."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"


BEFORE: tuple[Operator, ...] = (
    log.commission_overcharged,
    log.commission_vat_left_out,
    log.commission_vat_at_another_rate,
    log.commission_kept_on_refund,
    log.order_of_another_shop,
    log.remitted_tax_left_out,
    log.fee_passed_through_in_part,
)
OF_LOG: tuple[Operator, ...] = (
    log.log_line_doubled,
    log.commission_altered,
    log.commission_vat_altered,
    log.commission_line_doubled,
    log.sign_flipped,
    log.commission_sign_flipped,
    log.type_unknown,
    log.commission_type_unknown,
    log.commission_line_lost,
)
OF_BOOKS: tuple[Operator, ...] = (
    books.invoice_total_differs,
    books.invoice_tax_differs,
    books.invoice_doubled,
    books.invoice_in_another_currency,
)
OF_REFUNDS: tuple[Operator, ...] = (
    books.credit_memo_lost,
    books.credit_memo_doubled,
    log.commission_kept_on_refund,
    log.refund_lines_lost,
    log.refund_line_doubled,
)
WHOLE: tuple[Operator, ...] = (
    books.invoice_lost,
    log.all_log_lines_lost,
    log.one_sale_line_lost,
    books.invoice_in_the_next_month,
    books.credit_for_no_refund,
)
RARE: tuple[Operator, ...] = (log.tax_presented_otherwise, log.tax_codes_swapped)
"""At most one a marketplace."""
OF_SHOP: tuple[books.OfShop, ...] = (
    books.document_net_differs,
    books.document_vat_differs,
    books.manual_credit_counted_twice,
    books.bucket_differs,
    books.payout_differs,
)
ONLY_COMMISSION: tuple[Operator, ...] = (
    log.commission_altered,
    log.commission_vat_altered,
    log.commission_line_doubled,
    log.commission_sign_flipped,
    log.commission_type_unknown,
)


def before_closing(dice: random.Random, shop: Shop, regime: Regime) -> tuple[list[Fault], set[str]]:
    """Faults that the operator adds up itself; and the orders that they are in."""
    if regime is Regime.R0:
        return [], set()
    orders, used = _settled(shop), set[str]()
    found: list[Fault] = []
    dice.shuffle(orders)
    most = max(1, int(len(orders) * AFFECTED * 0.3))
    for number, operator in enumerate(_rounds(BEFORE, most)):
        order = _first_fit(dice, shop, orders, used, operator, found)
        if order is None and number >= 3 * len(BEFORE):
            break
    for operator in RARE if regime in {Regime.R1, Regime.R3} else ():
        if operator is log.tax_presented_otherwise and dice.random() < 0.5:
            continue
        _first_fit(dice, shop, orders, used, operator, found)
    return found, used


def after_closing(dice: random.Random, shop: Shop, regime: Regime, used: set[str]) -> list[Fault]:
    """Faults of the log, of NetSuite's documents, and of what the operator says of a cycle."""
    if regime is Regime.R0:
        return []
    found: list[Fault] = []
    orders = [order for order in _settled(shop) if order.id not in used]
    dice.shuffle(orders)
    most = max(1, int(len(orders) * AFFECTED))
    if regime is Regime.R2:
        for order in orders[:most]:
            found += _several(dice, shop, order)
    elif regime is Regime.R3:
        found += _hidden(dice, shop, orders[: max(40, 2 * most)])
    else:
        for operator in _rounds(OF_LOG + OF_BOOKS + OF_REFUNDS + WHOLE, most):
            _first_fit(dice, shop, orders, used, operator, found)
    shop.clear_away()
    if regime is not Regime.R3:
        last = dice.choice((books.transfer_differs, books.payout_failed))
        found += [each for operator in (*OF_SHOP, last, books.reserve_differs) if (each := operator(dice, shop))]
    return found


def _settled(shop: Shop) -> list[Order]:
    return [order for order in shop.orders if order.settled and order.id in shop.by_order]


def _rounds(operators: tuple[Operator, ...], most: int) -> Iterable[Operator]:
    return (operators[place % len(operators)] for place in range(most))


def _first_fit(  # noqa: PLR0917
    dice: random.Random, shop: Shop, orders: list[Order], used: set[str], operator: Operator, found: list[Fault]
) -> Order | None:
    """Put the fault into the first order that takes it and has none yet."""
    for order in orders:
        if order.id in used:
            continue
        done = operator(dice, shop, order)
        if done is not None:
            used.add(order.id)
            found.append(done)
            return order
    return None


def _several(dice: random.Random, shop: Shop, order: Order) -> list[Fault]:
    """One to four faults that can be told apart."""
    many = dice.randrange(1, 5)
    book: list[Operator] = [dice.choice((*OF_BOOKS, books.invoice_lost, books.credit_for_no_refund))]
    if dice.random() < 0.3 and book[0] not in {books.invoice_lost, books.invoice_in_another_currency}:
        book.append(books.invoice_in_the_next_month)
    of_log = list(OF_LOG)
    if book[0] in {books.invoice_lost, books.invoice_in_another_currency}:
        of_log = list(ONLY_COMMISSION)
    refunds = list(OF_REFUNDS) if any(line.refunds for line in order.lines) else []
    chosen = [*book, *dice.sample(of_log, 3), *dice.sample(refunds, min(2, len(refunds)))]
    dice.shuffle(chosen)
    chosen.sort(key=lambda operator: (operator is books.invoice_in_the_next_month, operator in OF_LOG))
    found: list[Fault] = []
    for operator in chosen:
        if len(found) == many:
            break
        done = operator(dice, shop, order)
        if done is not None and (done.code, done.key) in {(each.code, each.key) for each in found}:
            found = _together(found, done)
        elif done is not None:
            found.append(done)
    return found


def _together(found: list[Fault], more: Fault) -> list[Fault]:
    """Two of one code under one key are one break with both amounts."""
    return [
        log.fault_of(each, each.amount + more.amount) if (each.code, each.key) == (more.code, more.key) else each
        for each in found
    ]


def _hidden(dice: random.Random, shop: Shop, orders: list[Order]) -> list[Fault]:
    """Pairs whose sums agree: in a cycle, in a document, or in one order."""
    found: list[Fault] = []
    free = [order for order in orders if order.kind == "plain" and not any(line.refunds for line in order.lines)]
    makers: tuple[Callable[[random.Random, Shop, Order, Order], list[Fault]], ...] = (
        _totals_that_offset,
        _commissions_that_offset,
        _doubled_and_lost,
        _taxes_that_offset,
        _inside_one_order,
        _lost_and_doubled_invoice,
    )
    place = 0
    while len(free) > 1:
        order = free.pop()
        if any(entry.touched for entry in shop.by_order[order.id]):
            continue
        other = next((each for each in free if _cycle(shop, each) == _cycle(shop, order)), None)
        if other is None:
            continue
        made = makers[place % len(makers)](dice, shop, order, other)
        if made:
            free.remove(other)
            found += made
        place += 1
    return found


def _books_touched(shop: Shop, order: Order) -> bool:
    return any(each.touched or each.gone for each in shop.booked_of[order.id])


def _cycle(shop: Shop, order: Order) -> int | None:
    return shop.by_order[order.id][0].cycle


def _totals_that_offset(dice: random.Random, shop: Shop, one: Order, other: Order) -> list[Fault]:
    first, second = books.invoice_of(shop, one), books.invoice_of(shop, other)
    delta = dice.randrange(1, 60)
    if first is None or second is None or second.total < 2 * delta:
        return []
    first.total += delta
    second.total -= delta
    first.touched = second.touched = True
    return [log.fault(shop, "AMOUNT_DIFF", each.id, delta, "totals_that_offset", each) for each in (one, other)]


def _taxes_that_offset(dice: random.Random, shop: Shop, one: Order, other: Order) -> list[Fault]:
    first, second = books.invoice_of(shop, one), books.invoice_of(shop, other)
    amounts = 2 * max(len(one.lines), len(other.lines))
    if first is None or second is None or one.rounded_by or other.rounded_by:
        return []
    delta = amounts + dice.randrange(3, 60)
    if min(first.tax, second.tax) < delta:
        return []
    first.tax += delta
    second.tax -= delta
    first.touched = second.touched = True
    return [log.fault(shop, "TAX_DIFF", each.id, delta, "taxes_that_offset", each) for each in (one, other)]


def _commissions_that_offset(dice: random.Random, shop: Shop, one: Order, other: Order) -> list[Fault]:
    fees = [_largest(shop, each, "COMMISSION_FEE") for each in (one, other)]
    if fees[0] is None or fees[1] is None or fees[1].amount > -12:
        return []
    delta = dice.randrange(3, min(10, -fees[1].amount - 1))
    fees[0].amount -= delta
    fees[1].amount += delta
    fees[0].touched = fees[1].touched = True
    return [
        log.fault(shop, "COMMISSION_RATE", each.id, delta, "commissions_that_offset", each) for each in (one, other)
    ]


def _largest(shop: Shop, order: Order, kind: str) -> Entry | None:
    return min(shop.entries_of(order, kind), key=lambda entry: entry.amount, default=None)


def _doubled_and_lost(dice: random.Random, shop: Shop, one: Order, _other: Order) -> list[Fault]:
    """A line of an order twice, and one of the same amount in another order of the cycle not at all."""
    in_use = {entry.order.id for entry in shop.entries if entry.touched and entry.order}
    wanted = {entry.amount: entry for entry in shop.entries_of(one, "ORDER_AMOUNT") if entry.amount}
    for order in shop.orders:
        if order is one or order.kind != "plain" or not order.settled or order.id not in shop.by_order:
            continue
        mine = shop.by_order[order.id]
        if any(line.refunds for line in order.lines) or order.id in in_use or _books_touched(shop, order):
            continue
        sales = [entry for entry in mine if entry.type in log.SALES and entry.amount]
        twin = next((each for each in sales if each.type == "ORDER_AMOUNT" and each.amount in wanted), None)
        if twin is None or len(sales) < 2 or twin.cycle != wanted[twin.amount].cycle:
            continue
        for entry in mine:
            entry.touched = True
        for booked in shop.booked_of[order.id]:
            booked.touched = True
        doubled = log.double(dice, shop, wanted[twin.amount])
        twin.gone = True
        return [
            log.fault(shop, "DUPLICATE_TL", one.id, doubled.amount, "doubled_and_lost", one),
            log.fault(shop, "AMOUNT_DIFF", order.id, twin.amount, "doubled_and_lost", order),
        ]
    return []


def _inside_one_order(dice: random.Random, shop: Shop, one: Order, _other: Order) -> list[Fault]:
    """The log has a line twice, and the invoice is too high by the same amount."""
    invoice, entry = books.invoice_of(shop, one), _largest(shop, one, "ORDER_AMOUNT")
    if invoice is None or entry is None or not entry.amount:
        return []
    entry.touched = invoice.touched = True
    log.double(dice, shop, entry)
    invoice.total += entry.amount
    return [
        log.fault(shop, code, one.id, entry.amount, "inside_one_order", one) for code in ("DUPLICATE_TL", "AMOUNT_DIFF")
    ]


def _lost_and_doubled_invoice(dice: random.Random, shop: Shop, one: Order, other: Order) -> list[Fault]:
    """As many documents as there should be, but of the wrong orders."""
    done = [books.invoice_lost(dice, shop, one), books.invoice_doubled(dice, shop, other)]
    return [each for each in done if each is not None]

"""What must be true of both sides at rest, order by order, out of the twins' own books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sandbox.demo.books import CREDIT_MEMO, DEAD, Life, Row, is_ours, lives_of, read_books
from sandbox.demo.dispatch import GONE, Promptness, sellers_dispatch
from sandbox.demo.given_back import billed, closed, refunded, returned
from sandbox.demo.money import cents
from tests.integration.two_twins.house import IN_PARTS, MONDAY, WHOLE, House
from tests.integration.two_twins.people import People
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, Posting, State

NOT_FROM_HERE = frozenset(
    {
        Reason.TOTAL_MISMATCH,
        Reason.EXTERNAL_ID_TAKEN,
        Reason.UNREADABLE_ORDER,
        Reason.UNREADABLE_DOCUMENT,
        Reason.REASON_NOT_CONFIGURED,
    }
)
"""Whatever people and the weather do here, nothing may be parked for these."""
SAME_LINE_TWICE = frozenset({Reason.REFUSED_BY_NETSUITE, Reason.REFUSED_BY_MIRAKL, Reason.REFUND_TOO_LARGE})
"""Legitimate only where both sides changed an order before either knew of the other."""
A_FEW_CENTS = Decimal("0.04")
_LOOSE = timedelta(days=3650)


def problems(house: House, people: People) -> list[str]:
    """Everything that is wrong; rules about what waits for a person are left out for its order."""
    lives = lives_of(read_books(house.control, (IN_PARTS, WHOLE)))
    waits: dict[tuple[str, str], set[Kind]] = {}
    found: list[str] = []
    for one in house.parked():
        waits.setdefault((one.key.marketplace, one.key.thread), set()).add(one.key.kind)
        found += _illegitimate(one, people)
    for life in lives:
        found += _twice(life)
        if life.id in people.undone:
            continue  # a person took goods back by hand: dispatch says so, and people decide
        found += _order(life, waits.get((life.marketplace, life.id), set()), house)
    return found


def _illegitimate(one: Posting, people: People) -> Iterator[str]:
    lonely = one.key.thread not in people.crossed | people.undone and not _rounded_away(one)
    if one.reason in NOT_FROM_HERE or (one.reason in SAME_LINE_TWICE and lonely):
        yield f"{one.key} waits for {one.reason}: {dict(one.facts)}"


def _rounded_away(one: Posting) -> bool:
    """Memos of single units, each rounded up by NetSuite, give back some cents more than their line was."""
    wanted, left = ("tax", "tax_left") if "tax" in one.facts else ("amount", "left")
    over = Decimal(one.facts.get(wanted) or 0) - Decimal(one.facts.get(left) or 0)
    return one.reason == Reason.REFUND_TOO_LARGE and 0 < over <= A_FEW_CENTS


def _order(life: Life, waits: set[Kind], house: House) -> Iterator[str]:
    if Kind.SHIPMENT not in waits and not _is_all_given_back(life) and not _waits_for_the_rest(life, house):
        yield from sellers_dispatch(life, Promptness(MONDAY, _LOOSE), in_parts=life.marketplace == IN_PARTS)
    if not waits & {Kind.INVOICE, Kind.SHIPMENT, Kind.CLOSURE}:  # what left although it was cancelled is a person's
        yield from billed(life)
    if not waits & {Kind.CREDIT_MEMO, Kind.REFUND, Kind.CANCELATION}:
        yield from refunded(_without_what_never_left(life, house), MONDAY)
        yield from _each_refund_has_its_twin(life, house)
    if not waits & {Kind.CLOSURE, Kind.CANCELATION}:
        yield from closed(life)
    if not waits & {Kind.RETURN_AUTHORIZATION, Kind.ITEM_RECEIPT} and life.sales_order is not None:
        yield from returned(life)


def _waits_for_the_rest(life: Life, house: House) -> bool:
    """Whoever takes whole orders only is told of a part when the warehouse has sent the rest."""
    thread = house.postings.of_thread(life.marketplace, life.id)
    return any(one.state is not State.CONFIRMED and house.waits_for_the_rest(one) for one in thread)


def _is_all_given_back(life: Life) -> bool:
    """An order whose money went back whole is closed, shipped or not: there is nobody to tell."""
    return all(line["order_line_state"] in ("REFUNDED", *DEAD) for line in life.lines)


def _without_what_never_left(life: Life, house: House) -> Life:
    """Units that NetSuite closed were never billed: their refund has no memo, but a closed line."""
    given = {
        each
        for one in house.postings.of_thread(life.marketplace, life.id)
        if one.key.kind is Kind.CANCELATION
        for each in one.facts.get("refunds", "").split(",")
    }
    lines = [line | {"refunds": [one for one in line["refunds"] if str(one["id"]) not in given]} for line in life.lines]
    return replace(life, order=life.order | {"order_lines": lines})


def _twice(life: Life) -> Iterator[str]:
    """Whoever waits for whom: nothing is written, told or paid twice."""
    for kind, records in life.records.items():
        named = Counter(str(one["externalId"]).upper() for one in records if one.get("externalId"))
        yield from (f"{life}: {times} x {kind} {name}" for name, times in named.items() if times > 1)
    references = Counter(
        str(line["package_reference"])
        for one in life.shipments
        if one["status"] in GONE
        for line in one["shipment_lines"][:1]
        if line.get("package_reference")
    )
    yield from (f"{life}: {times} shipments {name}" for name, times in references.items() if times > 1)
    for line in life.lines:
        for amount, price in (("amount", "price"), ("shipping_amount", "shipping_price")):
            back = sum((Decimal(one.get(amount) or 0) for one in [*line["refunds"], *line["cancelations"]]), Decimal(0))
            if back > Decimal(line[price]):
                yield f"{life}: {line['order_line_id']}: {back} given back of {line[price]}"


def _each_refund_has_its_twin(life: Life, house: House) -> Iterator[str]:
    """A memo by hand is one refund of the same money; a refund by hand is one memo of the same money."""
    sent: dict[str, set[str]] = {}
    for one in house.postings.of_thread(life.marketplace, life.id):
        if one.key.kind is Kind.REFUND and one.facts.get("refunds"):
            sent[one.key.source_id] = set(one.facts["refunds"].split(","))
    ours = set().union(*sent.values()) if sent else set()
    refunds = {str(one["id"]): gross(life, one) for line in life.lines for one in line["refunds"]}
    for memo in life.of(CREDIT_MEMO):
        total = cents(Decimal(memo["total"]))
        if is_ours(memo):
            continue
        told = cents(sum((refunds.get(each, Decimal(0)) for each in sent.get(str(memo["id"]), ())), Decimal(0)))
        if told != total:
            yield f"{life}: credit memo {memo['id']} is of {total}, the marketplace refunded {told} for it"
    if not any(life.of("invoice")):
        return
    for refund_id, amount in refunds.items():
        if refund_id in ours:
            continue
        memos = [
            one
            for one in life.of(CREDIT_MEMO)
            if str(one.get("externalId") or "").upper().endswith(f"-CM-{refund_id}".upper())
        ]
        credited = cents(sum((Decimal(one["total"]) for one in memos), Decimal(0)))
        if memos and credited != cents(amount):
            yield f"{life}: refund {refund_id} is of {amount}, NetSuite credits {credited} for it"


def gross(life: Life, refund: Row) -> Decimal:
    total = Decimal(refund.get("amount") or 0) + Decimal(refund.get("shipping_amount") or 0)
    if life.tax_included:
        return total
    taxes = [*(refund.get("taxes") or []), *(refund.get("shipping_taxes") or [])]
    return total + sum((Decimal(tax["amount"]) for tax in taxes), Decimal(0))

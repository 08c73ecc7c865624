"""Billing cycles become balanced records, and each is proven; one that does not tie out is held whole.

Every line moves one control account by its signed amount, and one contra account that its type and the mode name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from tieout.domain.ledger.accounts import UnmappedRoleError
from tieout.domain.ledger.bills import Bills
from tieout.domain.ledger.buckets import buckets_that_differ
from tieout.domain.ledger.exchange import exchange, is_exchanged
from tieout.domain.ledger.goods import Goods
from tieout.domain.ledger.journal import Unit, journals
from tieout.domain.ledger.line import Books, Cycle, Line
from tieout.domain.ledger.payments import Payments, memo_of
from tieout.domain.ledger.payout import PAID, payout
from tieout.domain.ledger.periods import period_of
from tieout.domain.ledger.proof import Held, Proof, Settled, Status, TieOut, tie_out
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.release import releases
from tieout.domain.ledger.review import review_hash
from tieout.domain.ledger.rules import BookingRules
from tieout.domain.ledger.run import Run, sum_of
from tieout.domain.ledger.selfassessed import self_assessed
from tieout.domain.ledger.side import seller_as_vendor
from tieout.domain.ledger.sorting import Sorter, unknown_types
from tieout.domain.money import ZERO, Money, exponent_of, rounded
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.ladder import CERTAIN, climb

__all__ = ["Held", "Proof", "Settled", "Status", "review_hash", "settle"]

ALL = "*"


def settle(books: Books, rules: BookingRules) -> Settled:
    """All cycles of the books. The same books give the same records, in whatever order their lines come.

    A document that does not name its order is that of the order which the key ladder finds for certain, as for
    reconciliation.
    """
    books = replace(books, booked=climb(books, rungs=CERTAIN).booked)
    run = Run(books, rules)
    records: list[Record] = []
    proofs: list[Proof] = []
    carried: dict[tuple[str, str, str], Decimal] = {}
    for cycle in sorted(books.cycles, key=lambda cycle: (cycle.closed_at, cycle.id)):
        account = (cycle.shop, cycle.currency, cycle.psp)
        lines = run.lines.get(cycle.id, [])
        carried_in = carried.get(account, ZERO)
        total = sum_of(lines)
        tied = tie_out(carried_in, total, cycle.to_seller)
        held = _reasons(run, cycle, lines, tied)
        made: list[Record] = []
        waits = ""
        if not held:
            before = run.rooms.used()
            made, held, waits = _book(run, cycle, lines, tied)
            if held:
                run.rooms.back_to(before)
        carried[account] = tied.carried_out
        if not held:
            records += [at_exponent(record) for record in made]
        proofs.append(
            Proof(
                marketplace=rules.marketplace,
                cycle=cycle.id,
                currency=cycle.currency,
                lines=len(lines),
                sum_of_lines=total,
                transferred=tied.transferred,
                carried_in=carried_in,
                carried_out=tied.carried_out,
                posted_to_clearing=ZERO if held else posted(made, run, cycle),
                residual=tied.residual,
                status=Status.HELD if held else Status.TIED_OUT,
                reasons=tuple(sorted(set(held))),
                payout_waits="" if held else waits,
            )
        )
    return Settled(records=tuple(records), proofs=tuple(proofs))


def posted(records: Iterable[Record], run: Run, cycle: Cycle) -> Decimal:
    """What records without the payout move the control account by, in the seller's favour."""
    paid = run.id_of("PO", cycle.id)
    moved = (record.movement(run.side.control) for record in records if record.external_id != paid)
    return sum(moved, ZERO) * run.side.sign


def at_exponent(record: Record) -> Record:
    """The same, every amount with the digits of its currency: one record has one form, however its lines were told."""
    currency = record.currency
    return replace(
        record,
        entries=tuple(
            replace(each, debit=rounded(each.debit, currency), credit=rounded(each.credit, currency))
            for each in record.entries
        ),
        applications=tuple(replace(each, amount=rounded(each.amount, currency)) for each in record.applications),
    )


def _reasons(run: Run, cycle: Cycle, lines: list[Line], tied: TieOut) -> list[Held]:
    """Why nothing of the cycle may be posted, before any record is made."""
    held: list[Held] = []
    why = run.books.doubts.get(cycle.id) or run.books.doubts.get(ALL)
    if why:
        held.append(Held(Code.CYCLE_NOT_TIED, cycle.id, why))
    held += unknown_types(lines)
    strange = sorted({line.currency for line in lines} - {cycle.currency})
    if strange:
        words = f"the cycle is in {cycle.currency}, some of its lines in {', '.join(strange)}"
        held.append(Held(Code.CURRENCY_MISMATCH, cycle.id, words))
    if tied.residual:
        words = (
            f"the lines and what was carried in leave {Money(tied.residual, cycle.currency)} "
            f"beside the {Money(tied.transferred, cycle.currency)} that were transferred"
        )
        held.append(Held(Code.CYCLE_NOT_TIED, cycle.id, words))
    elif tied.carried_out:
        held += [Held(Code.CYCLE_NOT_TIED, cycle.id, each) for each in buckets_that_differ(cycle, lines)]
    if cycle.id in run.reading.odd:
        held.append(Held(Code.TAX_PRESENTATION_UNKNOWN, cycle.id, run.reading.explanation))
    least = -exponent_of(cycle.currency)
    fine = [line for line in lines if _exponent(line.amount) < least]
    if fine:
        words = f"{len(fine)} lines are finer than the currency, such as {min(line.id for line in fine)}"
        held.append(Held(Code.UNEXPLAINED, cycle.id, words))
    return held


def _exponent(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _book(run: Run, cycle: Cycle, lines: list[Line], tied: TieOut) -> tuple[list[Record], list[Held], str]:
    """The records of a cycle that ties out, or why they could not be made; and what its payout waits for."""
    seller = seller_as_vendor(run.rules, cycle.shop) if run.side.sign < 0 else None
    sorter = Sorter(run, cycle, seller)
    try:
        return _records(run, sorter, lines, tied)
    except UnmappedRoleError as error:
        return [], [Held(Code.UNMAPPED_TYPE, cycle.id, str(error))], ""


def _records(run: Run, sorter: Sorter, lines: list[Line], tied: TieOut) -> tuple[list[Record], list[Held], str]:
    cycle, out = sorter.cycle, sorter.sort(lines)
    if not out.payouts.ids and cycle.pay_out.state == PAID:
        run.take_payment(cycle, tied.transferred, out.payouts)
    held = list(_payment_lines(cycle, out.payouts.amount, tied))
    records: list[Record] = []
    units: dict[date, list[Unit]] = {}
    payments = Payments(run, sorter)
    payments.make()
    goods = Goods(run, sorter)
    goods.make()
    bills = Bills(run, sorter)
    bills.make()
    records += payments.records + goods.records + bills.records
    held += goods.held + bills.held
    for day, found in (*payments.rest.items(), *goods.rest.items()):
        units.setdefault(day, []).extend(found)
    for (day, part), pile in out.moves.items():
        own = self_assessed(run, {(part.role, None, False): pile}, cycle.currency, day) if part.is_fee else []
        units.setdefault(day, []).append(Unit(parts=((part, pile.amount),), pile=pile, own=tuple(own)))
    for day in sorted(units):
        records += journals(
            run,
            cycle,
            units[day],
            day=day,
            source=f"{cycle.id}-{period_of(day)}",
            entity=sorter.entity,
            memo=memo_of(cycle.voucher, cycle.id),
        )
    records += releases(run, sorter)
    if is_exchanged(run.rules, cycle):
        paid_out = exchange(run, cycle, out.payouts, tied.transferred, entity=sorter.entity, booked=records)
        return [*records, *paid_out.records], held, paid_out.waits
    paid = payout(run, cycle, out.payouts, tied.transferred, entity=sorter.entity, bills=records)
    if paid is not None:
        records.append(paid)
    return records, held, ""


def _payment_lines(cycle: Cycle, amount: Decimal, tied: TieOut) -> Iterable[Held]:
    """PAYMENT lines, where the log has them, are what was transferred."""
    if cycle.pay_out.state == PAID and amount and -amount != tied.transferred:
        words = (
            f"the log paid out {Money(-amount, cycle.currency)}, the cycle {Money(tied.transferred, cycle.currency)}"
        )
        yield Held(Code.PAYOUT_DIFF, cycle.id, words)

"""The payout: one record as large as the line of the bank statement, and only once Mirakl says that it was paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.payments import memo_of
from tieout.domain.ledger.periods import Periods, local_day
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.record import Application, Record, RecordType
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry
from tieout.domain.money import ZERO

PAID = "PAID"


def paid_on(cycle: Cycle, zone: ZoneInfo) -> date:
    """The day of the payout in the books' zone; the closing's, where Mirakl tells none."""
    return local_day(cycle.pay_out.paid_at, zone) if cycle.pay_out.paid_at else Periods(cycle.closed_at, zone).closing


def payout(
    run: Run,
    cycle: Cycle,
    payments: Pile,
    transferred: Decimal,
    *,
    entity: str | None,
    bills: Sequence[Record] = (),
) -> Record | None:
    """The payout of a cycle; None unless PAID: a payout that is to come or has failed stays in the control account.

    A principal's is a payment of the shop's bills, where it is as large as they are. Raises UnmappedRoleError.
    """
    if cycle.pay_out.state != PAID or transferred <= 0:
        return None
    day = paid_on(cycle, run.rules.time_zone)
    amount = transferred * run.side.sign
    control = run.accounts.account(run.side.control, cycle.currency, day)
    bank = run.accounts.account(run.side.bank, cycle.currency, day)
    memo = f"Payout {cycle.pay_out.reference or ''}".strip()
    settles = [
        Application(external_id=bill.external_id, number=bill.number or "", amount=-bill.movement(run.side.control))
        for bill in bills
        if bill.type in {RecordType.VENDOR_BILL, RecordType.VENDOR_CREDIT} and bill.movement(run.side.control)
    ]
    pays_bills = sum((each.amount for each in settles), ZERO) == transferred and all(e.amount > 0 for e in settles)
    return Record(
        external_id=run.id_of("PO", cycle.id),
        type=RecordType.VENDOR_PAYMENT if pays_bills else RecordType.JOURNAL,
        marketplace=run.rules.marketplace,
        cycle=cycle.id,
        day=day,
        currency=cycle.currency,
        entries=(
            entry(run.side.bank, bank, amount, memo=memo),
            entry(run.side.control, control, -amount, entity=entity, memo=memo),
        ),
        source_line_ids=tuple(sorted(payments.ids)),
        applications=tuple(settles) if pays_bills else (),
        entity=entity if pays_bills else None,
        after=tuple(each.external_id for each in settles) if pays_bills else (),
        memo=f"{memo_of(cycle.voucher, cycle.id)}; {memo}",
    )

"""The payout: one record as large as the line of the bank statement, and only once Mirakl says that it was paid."""

from __future__ import annotations

from decimal import Decimal

from tieout.domain.ledger.line import Cycle
from tieout.domain.ledger.payments import memo_of
from tieout.domain.ledger.periods import Periods, local_day
from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry

PAID = "PAID"


def payout(run: Run, cycle: Cycle, payments: Pile, transferred: Decimal, *, entity: str | None) -> Record | None:
    """The payout of a cycle; None unless PAID: a payout that is to come or has failed stays in the control account.

    Raises UnmappedRoleError.
    """
    if cycle.pay_out.state != PAID or transferred <= 0:
        return None
    zone = run.rules.time_zone
    day = local_day(cycle.pay_out.paid_at, zone) if cycle.pay_out.paid_at else Periods(cycle.closed_at, zone).closing
    amount = transferred * run.side.sign
    control = run.accounts.account(run.side.control, cycle.currency, day)
    bank = run.accounts.account(run.side.bank, cycle.currency, day)
    memo = f"Payout {cycle.pay_out.reference or ''}".strip()
    return Record(
        external_id=run.id_of("PO", cycle.id),
        type=RecordType.JOURNAL,
        marketplace=run.rules.marketplace,
        cycle=cycle.id,
        day=day,
        currency=cycle.currency,
        entries=(
            entry(run.side.bank, bank, amount, memo=memo),
            entry(run.side.control, control, -amount, entity=entity, memo=memo),
        ),
        source_line_ids=tuple(sorted(payments.ids)),
        memo=f"{memo_of(cycle.voucher, cycle.id)}; {memo}",
    )

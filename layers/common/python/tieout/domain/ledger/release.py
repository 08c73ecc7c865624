"""Orders whose money came before their invoice: when NetSuite holds one, what waited is moved onto it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.domain.ledger.payments import memo_of
from tieout.domain.ledger.piles import Pile, together
from tieout.domain.ledger.record import Entry, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry
from tieout.domain.ledger.sorting import Sorter


def releases(run: Run, sorter: Sorter) -> list[Record]:
    """Of every order of the cycle that waited: a payment of the invoice out of what waited, and its commission.

    Dated the invoice's day. What was given back before it ever was invoiced has nothing to release.
    Raises UnmappedRoleError.
    """
    made: list[Record] = []
    waiting: dict[str, list[tuple[date, list[Pile]]]] = {}
    for (day, order_id), piles in sorted(sorter.out.undelivered.items(), key=lambda each: each[0]):
        waiting.setdefault(order_id, []).append((day, piles))
    for order_id, found in sorted(waiting.items()):
        invoices = run.invoices_of(order_id, sorter.cycle.currency, date.max)
        if not invoices:
            continue
        day = max(invoices[0].day, *(on for on, _ in found))
        goods = together(piles[0] for _, piles in found)
        commission = together(piles[1] for _, piles in found)
        source = f"{order_id}-{sorter.cycle.id}"
        if goods.amount > 0:
            name = run.id_of("REL", source)
            applications, _ = run.rooms.apply(invoices, goods.amount, by=name)
            entries = _entries(run, sorter, day, (Role.MARKETPLACE_UNDELIVERED, Role.MARKETPLACE_AR), goods.amount)
            made.append(
                Record(
                    external_id=name,
                    type=RecordType.CUSTOMER_PAYMENT,
                    marketplace=run.rules.marketplace,
                    cycle=sorter.cycle.id,
                    day=day,
                    currency=sorter.cycle.currency,
                    entries=entries,
                    source_line_ids=tuple(sorted(goods.ids)),
                    applications=tuple(applications),
                    entity=run.rules.customer or None,
                    memo=f"{memo_of(sorter.cycle.voucher, sorter.cycle.id)}: order {order_id} is invoiced",
                    order_id=order_id,
                )
            )
        if commission.amount:
            roles = (Role.COMMISSION_EXPENSE, Role.PREPAID_COMMISSION)
            made.append(
                Record(
                    external_id=run.id_of("REL", f"{source}-COMMISSION"),
                    type=RecordType.JOURNAL,
                    marketplace=run.rules.marketplace,
                    cycle=sorter.cycle.id,
                    day=day,
                    currency=sorter.cycle.currency,
                    entries=_entries(run, sorter, day, roles, -commission.amount),
                    source_line_ids=tuple(sorted(commission.ids)),
                    memo=f"{memo_of(sorter.cycle.voucher, sorter.cycle.id)}: order {order_id} is invoiced",
                )
            )
    return made


def _entries(run: Run, sorter: Sorter, day: date, roles: tuple[Role, Role], amount: Decimal) -> tuple[Entry, ...]:
    """Debit the first role, credit the second."""
    return tuple(
        entry(
            role,
            run.accounts.account(role, sorter.cycle.currency, day),
            signed,
            entity=run.rules.customer if role is Role.MARKETPLACE_AR else None,
        )
        for role, signed in zip(roles, (amount, -amount), strict=True)
    )

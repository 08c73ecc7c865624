"""VAT under reverse charge: the seller owes it and deducts it in one go, at the rate of its own country."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tieout.domain.ledger.piles import Pile
from tieout.domain.ledger.record import Entry
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import FeeVat
from tieout.domain.ledger.run import Run
from tieout.domain.ledger.side import entry
from tieout.domain.money import ZERO, rounded

UNTAXED = frozenset({Role.PENALTY_EXPENSE})
"""Penalties are damages, outside the scope of VAT."""
_PERCENT = Decimal("0.01")


def self_assessed(
    run: Run, by_part: Mapping[tuple[Role, str | None, bool], Pile], currency: str, day: date
) -> list[Entry]:
    """Both entries, on the net of the operator's services; none outside reverse charge. Raises UnmappedRoleError."""
    rules = run.rules
    if rules.fee_vat is not FeeVat.REVERSE_CHARGE or not rules.reverse_charge_rate:
        return []
    net = -sum((pile.amount for (role, _, is_tax), pile in by_part.items() if not is_tax and role not in UNTAXED), ZERO)
    vat = rounded(net * rules.reverse_charge_rate * _PERCENT, currency)
    if not vat:
        return []
    return [
        entry(
            role, run.accounts.account(role, currency, day), amount, memo=f"{rules.reverse_charge_rate:f} % of {net:f}"
        )
        for role, amount in ((Role.VAT_RECEIVABLE_REVERSE_CHARGE, vat), (Role.VAT_PAYABLE_REVERSE_CHARGE, -vat))
    ]

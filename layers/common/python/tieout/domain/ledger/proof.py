"""The proof of a cycle: what its lines add up to is what was transferred and what is carried on, or it is held."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tieout.domain.ledger.record import Record
from tieout.domain.money import ZERO
from tieout.domain.reconcile.breaks import Code


class Status(StrEnum):
    """What became of a cycle."""

    TIED_OUT = "tied_out"
    HELD = "held"
    """Nothing of it is posted."""


class Held(Struct, frozen=True, order=True):
    """Why a cycle is held."""

    code: Code
    key: str
    """Order id, document number or cycle id, as fits the code."""
    explanation: str


class Proof(Struct, frozen=True, kw_only=True):
    """The tie-out of a cycle (invariant I3), in major units of its currency."""

    marketplace: str
    cycle: str
    currency: str
    lines: int
    """All lines of the cycle, those of zero and PAYMENT included."""
    sum_of_lines: Decimal
    """Without PAYMENT, and without order lines that the customer paid to the seller."""
    transferred: Decimal
    """`amount_transferred_to_seller`; never below zero: what a cycle owes is carried on."""
    carried_in: Decimal
    carried_out: Decimal
    """Zero, or what a negative cycle leaves to the next."""
    posted_to_clearing: Decimal
    """What the records without the payout move the control account by, in the seller's favour; zero where held."""
    residual: Decimal
    """`carried_in + sum_of_lines - transferred - carried_out`."""
    status: Status
    reasons: tuple[Held, ...] = ()
    payout_waits: str = ""
    """What the payout of a cycle that is not held waits for, where it arrives in another currency."""


class Settled(Struct, frozen=True, kw_only=True):
    """What a run came to."""

    records: tuple[Record, ...]
    proofs: tuple[Proof, ...]


class TieOut(Struct, frozen=True):
    """The sum of a cycle before and after."""

    transferred: Decimal
    carried_out: Decimal
    residual: Decimal


def tie_out(carried_in: Decimal, sum_of_lines: Decimal, to_seller: Decimal) -> TieOut:
    """A cycle that ends below zero transfers nothing and carries its balance on; any other one is paid out whole.

    Some platforms show a negative cycle with zero transferred, some with the negative balance itself.
    """
    balance = carried_in + sum_of_lines
    if balance < 0 and to_seller in {ZERO, balance}:
        return TieOut(ZERO, balance, ZERO)
    transferred = max(to_seller, ZERO)
    return TieOut(transferred, ZERO, balance - transferred)

"""A billing cycle worked out: its proof and its records, as one document that is archived before it is agreed to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from msgspec import Struct, ValidationError, json

from tieout.domain.errors import NeedsAttention, Reason
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line
from tieout.domain.ledger.proof import Proof, Status
from tieout.domain.ledger.record import Record
from tieout.domain.ledger.settle import review_hash, settle
from tieout.domain.money import ZERO
from tieout.domain.postings import SETTLED_AS, Key, Kind, Posting, State
from tieout.flows.ports import At
from tieout.flows.settlement.at_the_bank import with_the_bank
from tieout.flows.settlement.log import cycles_of, documents_of, lines_of, sold_in
from tieout.flows.settlement.rules import booking_rules
from tieout.flows.settlement.turns import unfinished_before

REASONS_SHOWN = 20
PAYMENT = "PAYMENT"


class Plan(Struct, frozen=True, kw_only=True):
    """What a billing cycle becomes."""

    marketplace: str
    cycle: str
    hash: str
    """Of the records: what a person agrees to."""
    lines_digest: str
    """Of the lines that it was made from, by which a later change of them shows."""
    records: tuple[Record, ...]
    proof: Proof
    shop_name: str = ""
    """As the operator calls the shop: a vendor that is not there yet is made by this name."""

    @property
    def payload(self) -> str:
        """Where it is archived."""
        return f"settlement/{self.marketplace}/plans/{self.hash}.json"


_PLAN = json.Decoder(Plan)


def archived_plan(raw: bytes) -> Plan:
    """A plan out of the archive. Raises NeedsAttention when it does not read."""
    try:
        return _PLAN.decode(raw)
    except ValidationError as error:
        raise NeedsAttention(Reason.UNREADABLE_DOCUMENT, {"why": str(error)}) from error


def plan_of(marketplace: str, cycle_id: str, at: At) -> Plan:
    """Work a cycle out from what the log, the archive and NetSuite say now.

    Raises NeedsAttention(CYCLE_HELD) when it does not tie out, and what any call raises.
    """
    cycles = {cycle.id: cycle for cycle in cycles_of(marketplace, at)}
    if cycle_id not in cycles:
        raise NeedsAttention(Reason.CYCLE_HELD, {"cycle": f"{cycle_id} is not among the billing cycles (SBC11)"})
    chain = chain_of(cycles[cycle_id], cycles.values(), at, marketplace)
    lines = {cycle.id: lines_of(marketplace, cycle.id, at) for cycle in chain}
    rules = booking_rules(at.config, marketplace)
    books = _books(marketplace, chain, lines, at)
    settled = settle(with_the_bank(books, at) if rules.pays_out else books, rules)
    proof = next((each for each in settled.proofs if each.cycle == cycle_id), None)
    if proof is None:
        raise NeedsAttention(Reason.CYCLE_HELD, {"cycle": f"{cycle_id} has no proof"})
    if proof.status is Status.HELD:
        raise NeedsAttention(Reason.CYCLE_HELD, _why(proof))
    records = tuple(record for record in settled.records if record.cycle == cycle_id)
    return Plan(
        marketplace=marketplace,
        cycle=cycle_id,
        hash=review_hash(records),
        lines_digest=digest_of(lines[cycle_id]),
        records=records,
        proof=proof,
        shop_name=cycles[cycle_id].shop_name,
    )


def keep_plan(plan: Plan, at: At) -> str:
    """Archive a plan; answers where."""
    at.archive.store({plan.payload: json.encode(plan)})
    return plan.payload


def digest_of(lines: Collection[Line]) -> str:
    """Names what of a cycle's lines was booked: amounts and types, but no payout and no state."""
    told = sorted(f"{line.id} {line.type} {line.amount:f} {line.currency}" for line in lines if line.type != PAYMENT)
    return sha256("\n".join(told).encode()).hexdigest()


def is_booked_otherwise(marketplace: str, cycle_id: str, digest: str, at: At) -> bool:
    """Whether a cycle was booked from other amounts or types than those of lines with this digest."""
    posting = at.postings.posting(of_the_cycle(marketplace, cycle_id))
    if posting is None or posting.state is not State.CONFIRMED or "lines_digest" not in posting.facts:
        return False
    return posting.facts["lines_digest"] != digest


def of_the_cycle(marketplace: str, cycle_id: str) -> Key:
    """The posting that a billing cycle is."""
    return Key(marketplace, cycle_id, Kind.CYCLE, cycle_id)


def _books(marketplace: str, chain: Sequence[Cycle], lines: Mapping[str, Sequence[Line]], at: At) -> Books:
    every = [line for cycle in chain for line in lines[cycle.id]]
    orders = {order_id: sold for cycle in chain for order_id, sold in sold_in(marketplace, cycle.id, at).items()}
    order_ids = sorted({line.order_id for line in every if line.order_id})
    documents = _documents(documents_of(marketplace, at), chain, every)
    return Books(
        marketplace=marketplace,
        lines=tuple(every),
        cycles=tuple(chain),
        documents=tuple(documents),
        orders=orders,
        booked=(
            *(at.ledger.documents_of(order_ids) if order_ids else ()),
            *own_records(marketplace, [cycle.id for cycle in chain], at),
        ),
    )


def own_records(marketplace: str, cycles: Collection[str], at: At) -> list[Booked]:
    """What these cycles have become already: what was used up by it was used up by us, and is no difference."""
    ids = [
        each.external_id
        for cycle in cycles
        for each in at.postings.of_thread(marketplace, cycle)
        if each.key.kind in SETTLED_AS and each.state is State.CONFIRMED
    ]
    return list(at.ledger.documents_by_external_id(ids).values()) if ids else []


def _documents(documents: Sequence[Document], chain: Sequence[Cycle], lines: Sequence[Line]) -> list[Document]:
    """Those that belong to the cycles, or that their lines name."""
    ids, named = {cycle.id for cycle in chain}, {line.document for line in lines if line.document}
    return [each for each in documents if each.cycle in ids or each.number in named]


def chain_of(cycle: Cycle, cycles: Collection[Cycle], at: At, marketplace: str) -> list[Cycle]:
    """The cycle and those before it that it depends on.

    Those whose balance it may carry, back to the last that left nothing; and back to the first that is still to be
    booked and uses up the same orders' invoices, with all between them, which may carry its balance.
    """
    account = (cycle.shop, cycle.currency, cycle.psp)
    mine = sorted(
        (each for each in cycles if (each.shop, each.currency, each.psp) == account and _place(each) <= _place(cycle)),
        key=_place,
    )
    to_come = [each for each, _ in unfinished_before(marketplace, cycle, mine, at)]
    orders = set(sold_in(marketplace, cycle.id, at)) if to_come else set()
    sharing = (each for each in to_come[::-1] if not orders.isdisjoint(sold_in(marketplace, each.id, at)))
    first = mine.index(next(sharing, cycle))
    while first and not _left_nothing(
        mine[first - 1], at.postings.posting(of_the_cycle(marketplace, mine[first - 1].id))
    ):
        first -= 1
    return mine[first:]


def _place(cycle: Cycle) -> tuple[datetime, str]:
    """Cycles of an account in the order in which they closed."""
    return cycle.closed_at, cycle.id


def _left_nothing(cycle: Cycle, posting: Posting | None) -> bool:
    """Whether a cycle before surely carried nothing on: it transferred money, or is booked with a balance of zero."""
    if cycle.to_seller > ZERO:
        return True
    return posting is not None and posting.state is State.CONFIRMED and _carried(posting) == ZERO


def _carried(posting: Posting) -> Decimal | None:
    told = posting.facts.get("carried_out")
    return Decimal(told) if told else None


def _why(proof: Proof) -> dict[str, str]:
    """What a person has to know of a held cycle."""
    facts = {
        "codes": ", ".join(sorted({each.code for each in proof.reasons})),
        "residual": f"{proof.residual:f} {proof.currency}",
    }
    for number, each in enumerate(sorted(proof.reasons)[:REASONS_SHOWN], start=1):
        facts[f"reason_{number:02}"] = f"{each.code} {each.key}: {each.explanation}"
    if (left := len(proof.reasons) - REASONS_SHOWN) > 0:
        facts["more"] = f"{left} more"
    return facts

"""What a Mirakl marketplace tells of money, in memory: lines that change, cycles that close and are paid, documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import DecodeError, ValidationError, json
from msgspec.structs import replace

from tests.fakes.orders import read_back
from tieout.domain.errors import Throttled, TieoutError
from tieout.domain.exchange import Backfill, CyclePage, DocumentPage, LinePage, UnreadRow
from tieout.domain.ledger.line import Cycle, Document, Line, PayOut, Sold, SoldLine
from tieout.domain.money import ZERO
from tieout.domain.orders.order import DEAD_LINES, Order

if TYPE_CHECKING:
    from tests.fakes.clock import VirtualClock

A_PAGE = 50
"""Lines; small, so that a test sees several pages."""
_NUMBERS = json.Encoder(decimal_format="number")


class MemoryMoney:
    """The part of `ports.Marketplace` that is about money: a row's bytes are the row itself in JSON."""

    _clock: VirtualClock
    calls: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, Line] = {}
        self.cycles: dict[str, Cycle] = {}
        self.documents: dict[str, Document] = {}
        self.spoilt: dict[str, bytes] = {}
        """Bytes that come in place of a line, by its id."""
        self.cut_off_after: int | None = None
        """Pages of the log after which Mirakl says that it was asked too often."""
        self.export_fails = ""
        """Why Mirakl does not prepare the files of a backfill."""
        self.reserves: dict[str, Decimal] = {}
        """What is held of each shop."""
        self.accounts_refused: TieoutError | None = None
        """What comes in place of the shops' balances."""
        self.exports_asked = 0
        self._export: list[Line] = []

    def now(self) -> datetime:
        raise NotImplementedError

    # --- the marketplace's own life ----------------------------------------------------------------------------------

    def put_lines(self, *lines: Line) -> None:
        """Lines come or change, now."""
        for line in lines:
            self.lines[line.id] = replace(line, updated=self.now())

    def close_cycle(self, cycle: Cycle) -> Cycle:
        """A billing cycle closes now: every line of its account that is in none goes into it."""
        closed = replace(cycle, closed_at=self.now())
        self.cycles[cycle.id] = closed
        mine = [each for each in self.lines.values() if each.cycle is None and each.currency == cycle.currency]
        self.put_lines(*(replace(each, cycle=cycle.id) for each in mine))
        return closed

    def pay(self, cycle_id: str, reference: str = "REF-1") -> None:
        """The money of a cycle leaves: SBC11 says so, its lines are PAID, and a line of its own says how much."""
        cycle = self.cycles[cycle_id]
        paid = PayOut(state="PAID", reference=reference, paid_at=self.now())
        self.cycles[cycle_id] = replace(cycle, pay_out=paid)
        mine = [each for each in self.lines.values() if each.cycle == cycle_id]
        payment = Line(
            id=f"payment-{cycle_id}",
            type="PAYMENT",
            amount=-cycle.to_seller,
            currency=cycle.currency,
            created=self.now(),
            updated=self.now(),
            state="PAID",
            cycle=cycle_id,
        )
        self.put_lines(*(replace(each, state="PAID") for each in mine), payment)

    # --- what Tieout asks --------------------------------------------------------------------------------------------

    def transaction_lines(self, updated_from: datetime) -> Iterator[LinePage]:
        changed = sorted(
            (line for line in self.lines.values() if line.updated >= updated_from), key=lambda line: line.updated
        )
        for number, start in enumerate(range(0, len(changed), A_PAGE)):
            if self.cut_off_after is not None and number >= self.cut_off_after:
                raise Throttled("TL02: 429", after_seconds=3600)
            self.calls["TL02"] += 1
            yield self.read_lines([self._raw(line) for line in changed[start : start + A_PAGE]])

    def _raw(self, line: Line) -> bytes:
        return self.spoilt.get(line.id) or json.encode(line)

    def billing_cycles(self, created_from: datetime, created_to: datetime | None = None) -> Iterator[CyclePage]:
        self.calls["SBC11"] += 1
        end = created_to or self.now()
        found = [each for each in self.cycles.values() if created_from <= each.closed_at <= end]
        yield self.read_cycles([json.encode(each) for each in found])

    def accounting_documents(
        self, created_from: datetime, created_to: datetime | None = None
    ) -> Iterator[DocumentPage]:
        self.calls["IV01"] += 1
        end = created_to or self.now()
        found = [each for each in self.documents.values() if created_from <= each.issued <= end]
        yield self.read_documents([json.encode(each) for each in found])

    def document_requests(self, updated_from: datetime) -> Iterator[DocumentPage]:
        assert updated_from <= self.now()
        self.calls["DR11"] += 1
        yield self.read_documents([])

    def shop_balances(self, read_at: datetime) -> Iterator[list[bytes]]:
        self.calls["A01"] += 1
        if self.accounts_refused is not None:
            raise self.accounts_refused
        for shop, held in self.reserves.items():
            told = {"shop_id": shop, "currency_iso_code": "GBP", "payment_details": {"reserve_balance": held}}
            yield [_NUMBERS.encode({"read_at": read_at, **told})]

    def start_backfill(self, created_from: datetime, created_to: datetime | None = None) -> str:
        self.calls["TL03"] += 1
        end = created_to or self.now()
        self._export = [line for line in self.lines.values() if created_from <= line.created <= end]
        self.exports_asked = 0
        return "export-1"

    def backfill(self, tracking_id: str) -> Backfill:
        assert tracking_id == "export-1"
        self.exports_asked += 1
        if self.export_fails:
            return Backfill("FAILED", error=self.export_fails)
        files = range(0, len(self._export), A_PAGE)
        ready = self.exports_asked > 2
        return Backfill("COMPLETED", tuple(f"file-{start}" for start in files)) if ready else Backfill("PENDING")

    def backfill_lines(self, url: str) -> Iterator[LinePage]:
        start = int(url.removeprefix("file-"))
        yield self.read_lines([self._raw(line) for line in self._export[start : start + A_PAGE]])

    def read_lines(self, raw: Sequence[bytes]) -> LinePage:
        lines: list[Line] = []
        problems: list[UnreadRow] = []
        for place, each in enumerate(raw):
            try:
                lines.append(json.decode(each, type=Line))
            except (DecodeError, ValidationError) as error:
                problems.append(UnreadRow(place, each.decode().partition(" ")[0], str(error)))
        return LinePage(list(raw), lines, problems)

    def read_cycles(self, raw: Sequence[bytes]) -> CyclePage:
        return CyclePage(list(raw), [json.decode(each, type=Cycle) for each in raw], [])

    def read_documents(self, raw: Sequence[bytes]) -> DocumentPage:
        return DocumentPage(list(raw), [json.decode(each, type=Document) for each in raw], [])

    def only_money(self, raw: bytes) -> bytes:
        return raw

    def read_sold(self, raw: bytes) -> Sold:
        return sold(read_back(raw))


def sold(order: Order) -> Sold:
    """An order of the fakes, as far as money goes."""
    lines = []
    for line in order.lines:
        taxes = {tax.code: tax.amount for tax in (*line.taxes, *line.shipping_taxes)}
        net_or_gross = line.price + line.shipping_price
        tax = sum(taxes.values(), ZERO)
        dead = line.state in DEAD_LINES
        gross = net_or_gross if order.tax_included else net_or_gross + tax
        lines.append(
            SoldLine(
                id=line.line_id,
                gross=ZERO if dead else gross,
                taxes={} if dead else taxes,
                commission=line.commission,
                state=line.state,
                net_price=ZERO if dead else gross - tax,
            )
        )
    return Sold(
        id=order.order_id,
        currency=order.currency,
        state=order.state,
        created_at=order.created_at,
        lines=tuple(lines),
        tax_included=order.tax_included,
    )

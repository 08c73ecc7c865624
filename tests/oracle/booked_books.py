"""Small books of two cycles that were booked: reserves, items by hand, lines that changed, and a ledger with faults."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from tests.fakes.settlement import moved_by
from tests.oracle.small_books import FIRST, RULES, an_order
from tieout.books.export import Export
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, DocumentItem, Line, PayOut, Sold
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import Override
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO

NAME = "brightside-uk"
CLOSED = {"cycle-1": FIRST + timedelta(days=20), "cycle-2": FIRST + timedelta(days=36)}
"""The second one's lines are of September and of October."""
SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
BY_WORDS = replace(
    RULES,
    marketplace=NAME,
    overrides=(
        Override(description=re.compile("lost parcel", re.IGNORECASE), role=Role.MARKETPLACE_ADJUSTMENTS),
        Override(type="MANUAL_INVOICE", description=re.compile("advert"), account="6150"),
        Override(type="INVOICEABLE_ONE_OFF_DEBIT", role=Role.OTHER_MARKETPLACE_FEES, since=date(2026, 9, 15)),
    ),
)
WORDS = ("Lost parcel 12", "adverts, week 36", "as agreed", "")
ITEMS = ("MANUAL_CREDIT", "MANUAL_INVOICE", "INVOICEABLE_ONE_OFF_CREDIT", "INVOICEABLE_ONE_OFF_DEBIT")
PENCE = st.integers(1, 20_000).map(lambda pence: Decimal(pence) / 100)


class BookedBooks(Struct, frozen=True, kw_only=True):
    """What a run is given."""

    books: Books
    older: tuple[Line, ...]
    ledger: tuple[GlLine, ...]
    balances: tuple[tuple[str, str, Decimal | None], ...]
    """Shop, currency, what Mirakl says is held."""
    closed: tuple[tuple[date, date], ...]

    def export(self, folder: Path) -> Export:
        """As it is read; accounts and periods are files of it."""
        (folder / "mirakl" / NAME).mkdir(parents=True, exist_ok=True)
        (folder / "netsuite").mkdir(exist_ok=True)
        accounts = [
            {
                "shop_id": shop,
                "currency_iso_code": currency,
                "payment_details": {"reserve_balance": None if held is None else float(held)},
            }
            for shop, currency, held in self.balances
        ]
        periods = [{"begins": str(begins), "ends": str(ends), "closed": "T"} for begins, ends in self.closed]
        for name, rows in ((f"mirakl/{NAME}/accounts", accounts), ("netsuite/periods", periods)):
            (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return Export(books={NAME: self.books}, gl_lines=self.ledger, problems=[], replaced={NAME: self.older})


@st.composite
def booked_books(draw: st.DrawFn) -> BookedBooks:
    """Booked from the log of one day: what changed before is in the ledger, what changes since is not."""
    first = _books(draw)
    logs = [first.lines]
    for place in range(draw(st.integers(0, 3))):
        logs.append(_changed(draw, logs[-1], FIRST + timedelta(days=50 + place)))
    booked = draw(st.integers(0, len(logs) - 1))
    books = replace(first, lines=logs[-1])
    older = tuple(
        {
            (old.id, old.updated): old
            for log in logs
            for old, new in zip(log, logs[-1], strict=True)
            if (old.amount, old.type) != (new.amount, new.type)
        }.values()
    )
    ledger = _ledger(draw, replace(first, lines=logs[booked]))
    return BookedBooks(
        books=replace(books, booked=(*books.booked, *_payments(ledger))),
        older=older,
        ledger=ledger,
        balances=_balances(draw, first.lines),
        closed=draw(st.sampled_from([(), (SEPTEMBER,)])),
    )


def _books(draw: st.DrawFn) -> Books:
    drawn = draw(st.lists(st.tuples(st.integers(100, 50_000), st.booleans(), st.booleans()), min_size=2, max_size=5))
    lines: list[Line] = []
    orders: dict[str, Sold] = {}
    booked: list[Booked] = []
    for number, (pence, given_back, second) in enumerate(drawn, 1):
        order = an_order(number + 27 * 24 * second, pence, given_back=given_back)
        lines += [replace(each, cycle="cycle-2") for each in order.lines] if second else order.lines
        orders |= {sold.id: sold for sold in order.sold}
        unpaid = draw(st.sampled_from([None, ZERO, Decimal("0.30"), order.booked[0].total]))
        if draw(st.integers(0, 4)):
            booked += [replace(order.booked[0], unpaid=unpaid), *order.booked[1:]]
    documents = []
    for number in range(draw(st.integers(0, 3))):
        line, document = _item(draw, number)
        lines.append(line)
        documents += [document] if document else []
    for number in range(draw(st.integers(0, 3))):
        lines.append(_of_reserve(draw, number))
    lines.sort(key=lambda line: (line.created, line.id))
    return Books(
        marketplace=NAME,
        lines=tuple(lines),
        cycles=cycles_of(lines, paid=draw(st.booleans())),
        documents=tuple(documents),
        orders=orders,
        booked=tuple(booked),
    )


def _line(draw: st.DrawFn, name: str, kind: str, amount: Decimal, **more: str | None) -> Line:
    cycle = draw(st.sampled_from(sorted(CLOSED)))
    at = CLOSED[cycle] - timedelta(hours=draw(st.integers(1, 300)))
    return Line(id=name, type=kind, amount=amount, currency="GBP", created=at, updated=at, cycle=cycle, **more)  # type: ignore[arg-type]


def _item(draw: st.DrawFn, number: int) -> tuple[Line, Document | None]:
    """With its words on itself, or on a document of its own."""
    kind, words, amount = draw(st.sampled_from(ITEMS)), draw(st.sampled_from(WORDS)), draw(PENCE)
    is_credit = "CREDIT" in kind
    signed = amount if is_credit else -amount
    if draw(st.booleans()):
        return _line(draw, f"item-{number}", kind, signed, description=words), None
    line = _line(draw, f"item-{number}", kind, signed, document=f"90{number}")
    return line, Document(
        number=f"90{number}",
        type=kind,
        currency="GBP",
        issued=line.created,
        net=amount,
        gross=amount,
        cycle=line.cycle,
        items=(DocumentItem(description=words, net=amount),),
        is_credit=is_credit,
    )


def _of_reserve(draw: st.DrawFn, number: int) -> Line:
    kind, amount = draw(st.sampled_from(["RESERVE_FUNDING", "RESERVE_SETTLEMENT", "SELLER_RESERVE_FUND"])), draw(PENCE)
    signed = amount if "SETTLEMENT" in kind else -amount
    return _line(draw, f"reserve-{number}", kind, signed, shop=draw(st.sampled_from(["", "2001", "2002"])))


def cycles_of(lines: list[Line], *, paid: bool) -> tuple[Cycle, ...]:
    """Each pays what its lines come to; what one owes, the next one carries."""
    found, carried = [], ZERO
    for name, closed_at in CLOSED.items():
        ends = carried + sum((line.amount for line in lines if line.cycle == name), ZERO)
        carried = min(ends, ZERO)
        found.append(
            Cycle(
                id=name,
                currency="GBP",
                closed_at=closed_at,
                to_seller=max(ends, ZERO),
                to_operator=None,
                pay_out=PayOut(state="PAID", reference=f"PO-{name}", paid_at=closed_at + timedelta(days=2))
                if paid
                else PayOut(state="TO_PAY"),
            )
        )
    return tuple(found)


def _changed(draw: st.DrawFn, lines: tuple[Line, ...], at: datetime) -> tuple[Line, ...]:
    """A commission and its VAT change so that the cycle still ties out, or by one alone; or the fee is another one."""
    fees = [place for place, line in enumerate(lines) if line.type == "COMMISSION_FEE"]
    if not fees:
        return lines
    place, new = draw(st.sampled_from(fees)), list(lines)
    pennies = Decimal(draw(st.sampled_from([1, -1, 2]))) / 100
    how = draw(st.sampled_from(["both", "both", "alone", "another"]))
    if how == "another":
        new[place] = replace(new[place], type="SUBSCRIPTION_FEE", updated=at)
        return tuple(new)
    new[place] = replace(new[place], amount=new[place].amount + pennies, updated=at)
    vat = next(
        number
        for number, line in enumerate(lines)
        if line.order_line_id == new[place].order_line_id and line.type == "COMMISSION_VAT"
    )
    if how == "both":
        new[vat] = replace(new[vat], amount=new[vat].amount - pennies, updated=at)
    return tuple(new)


def ledger_of(books: Books) -> defaultdict[str, list[GlLine]]:
    """As Tieout books them, by cycle."""
    by_cycle: defaultdict[str, list[GlLine]] = defaultdict(list)
    for record in settle(books, BY_WORDS).records:
        by_cycle[record.cycle] += moved_by(record)
    return by_cycle


def _ledger(draw: st.DrawFn, books: Books) -> tuple[GlLine, ...]:
    """A cycle may be booked a month late, wait, or have had a record edited."""
    by_cycle = ledger_of(books)
    found: list[GlLine] = []
    for cycle in sorted(by_cycle):
        rows, how = by_cycle[cycle], draw(st.sampled_from(["well", "well", "late", "waiting", "edited"]))
        if how == "late":
            rows = [replace(row, day=date(2026, 11, 2)) for row in rows]
        elif how == "edited":
            rows = [replace(rows[0], account="9999"), *rows[1:]]
        found += rows if how != "waiting" else []
    return tuple(found)


def _payments(ledger: tuple[GlLine, ...]) -> list[Booked]:
    """As documents too: customers' payments are both."""
    days = {line.external_id: line.day for line in ledger if "-PMT-" in line.external_id or "-REL-" in line.external_id}
    return [
        Booked(external_id=name, type="CustPymt", number=name, day=day, currency="GBP", total=ZERO)
        for name, day in days.items()
        if day is not None
    ]


def _balances(draw: st.DrawFn, lines: tuple[Line, ...]) -> tuple[tuple[str, str, Decimal | None], ...]:
    shops = draw(st.sampled_from([(), ("2001",), ("2001", "2002")]))
    found = []
    for shop in shops:
        whose = {shop, ""} if len(shops) == 1 else {shop}
        held = -sum((line.amount for line in lines if "RESERVE" in line.type and line.shop in whose), ZERO)
        off = draw(st.sampled_from([Decimal(0), Decimal(0), Decimal("0.01"), Decimal(-50)]))
        found.append((shop, "GBP", None if draw(st.integers(0, 9)) == 0 else held + off))
    return tuple(found)

"""A month of one shop in round numbers, for the tests of the close pack."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tieout.books.close.closing import Closing, Period
from tieout.books.close.manifest import InputFile
from tieout.domain.ledger.line import Booked, Books, Cycle, Document, Line, PayOut, Sold, SoldLine
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode
from tieout.domain.ledger.settle import settle
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import Action, Event, chained
from tieout.domain.reconcile.workflow import Run, advance

SHOP = "brightside-uk"
RULES = BookingRules(
    marketplace=SHOP,
    mode=Mode.SUMMARY_JOURNAL,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, {role: f"A-{role.value}"[:20] for role in Role}),),
    fees_by_bill=False,
)
TYPES = {
    "ORDER_AMOUNT": "100.00",
    "ORDER_AMOUNT_TAX": "20.00",
    "ORDER_SHIPPING_AMOUNT": "5.00",
    "COMMISSION_FEE": "-12.60",
    "COMMISSION_VAT": "-2.52",
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(number: int, kind: str, amount: str, day: str, cycle: str | None, **more: object) -> Line:
    told = {"order_id": f"O-{number}", "order_line_id": f"O-{number}-1", "state": "PAYABLE", "currency": "GBP", **more}
    return Line(
        id=f"{number}-{kind}",
        type=kind,
        amount=Decimal(amount),
        created=instant(day),
        updated=instant(day),
        cycle=cycle,
        **told,  # type: ignore[arg-type]
    )


def order(number: int, day: str, cycle: str | None, **more: object) -> list[Line]:
    """109.88 for the seller: 125.00 gross less 15.12 of commission."""
    return [line(number, kind, amount, day, cycle, **more) for kind, amount in TYPES.items()]


def cycle(name: str, closed: str, to_seller: str, paid: str | None = None) -> Cycle:
    pay_out = PayOut(state="PAID", reference=f"PO-{name}", paid_at=instant(paid)) if paid else PayOut(state="TO_PAY")
    return Cycle(
        id=name,
        currency="GBP",
        closed_at=instant(closed),
        to_seller=Decimal(to_seller),
        to_operator=None,
        pay_out=pay_out,
        voucher=f"V-{name}",
    )


def september() -> Books:
    """August's cycle and September's first were paid in September; its second is to be paid; one order is open."""
    return Books(
        marketplace=SHOP,
        lines=(
            *order(1, "2026-08-20", "aug"),
            *order(2, "2026-09-05", "sep-1"),
            line(3, "REFUND_ORDER_AMOUNT", "-40.00", "2026-09-08", "sep-1", refund_id="R-3"),
            *order(4, "2026-09-15", "sep-2"),
            line(5, "SUBSCRIPTION_FEE", "-30.00", "2026-09-20", "sep-2", order_id=None, order_line_id=None),
            *order(6, "2026-09-25", None, state="PENDING"),
        ),
        cycles=(
            cycle("aug", "2026-08-31", "109.88", paid="2026-09-02"),
            cycle("sep-1", "2026-09-11", "69.88", paid="2026-09-13"),
            cycle("sep-2", "2026-09-21", "79.88"),
        ),
        documents=(
            Document(
                number="D-1",
                type="AUTO_INVOICE",
                currency="GBP",
                issued=instant("2026-09-11"),
                net=Decimal("12.60"),
                gross=Decimal("15.12"),
                taxes={"TAXDEFAULT": Decimal("2.52")},
            ),
        ),
        orders={
            f"O-{number}": Sold(
                id=f"O-{number}",
                currency="GBP",
                state="CLOSED",
                created_at=instant("2026-09-01"),
                lines=(
                    SoldLine(
                        id=f"O-{number}-1", gross=Decimal(125), commission=Decimal("12.60"), category="<b>gifts</b>"
                    ),
                ),
                tax_included=False,
            )
            for number in (1, 2, 4, 6)
        },
        booked=(
            Booked(
                external_id="X-7",
                type="CustInvc",
                number="INV-7",
                day=date(2026, 9, 28),
                currency="GBP",
                total=Decimal(125),
                order_id="O-7",
            ),
        ),
    )


def history(*found: Break) -> tuple[Event, ...]:
    run = Run(id="run-1", as_of=date(2026, 10, 2), at=instant("2026-10-02"), marketplaces=frozenset({SHOP}))
    ran = Event(action=Action.RAN, actor="run", at=run.at, run=run.id, as_of=run.as_of)
    return chained([ran, *advance({}, found, run)], ())


def a_break(key: str, *, blocks: bool = True, **more: object) -> Break:
    return Break(
        code=Code.AMOUNT_DIFF,
        key=key,
        marketplace=SHOP,
        currency="GBP",
        amount=Decimal("12.34"),
        blocks_close=blocks,
        **more,  # type: ignore[arg-type]
    )


def closing(books: Books | None = None, *found: Break, **more: object) -> Closing:
    """September of these books, settled; `more` overrides any field."""
    books = books or september()
    settled = settle(books, RULES)
    made = Closing(
        period=Period(2026, 9),
        as_of=date(2026, 10, 2),
        entity="gift-shop",
        books={SHOP: books},
        rules={SHOP: RULES},
        subsidiaries={SHOP: "Gift Shop UK"},
        records=settled.records,
        proofs=settled.proofs,
        findings=found,
        events=history(*found),
        inputs=(InputFile("mirakl/brightside-uk/transaction_lines.ndjson", "ab" * 32, 10),),
        run="0" * 32,
        code_version="1.0",
        config_hash="cd" * 32,
    )
    return replace(made, **more)

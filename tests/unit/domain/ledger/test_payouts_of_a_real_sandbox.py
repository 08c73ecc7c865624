"""Thirteen payouts of a real sandbox of 2016: what the log says of each shop's voucher is what was paid.

Lines of TL01, flat: transaction log of hipay/hipay-wallet-cashout-mirakl-library, Apache-2.0.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.shared import shared
from tests.unit.domain.ledger.bookkeeping import MARKETPLACE, rules
from tieout.domain.ledger.line import Books, Cycle, Line, PayOut
from tieout.domain.ledger.rules import Mode
from tieout.domain.ledger.settle import Status, settle
from tieout.domain.ledger.side import side_of
from tieout.domain.money import ZERO

LOG = "fixtures/mirakl/public-hipay--hipay-wallet-cashout-mirakl-library/orders-miscellaneousorders.json"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def a_line(number: int, row: dict[str, Any]) -> Line:
    """A row of TL01. Its voucher is the cycle, and numbered by shop."""
    voucher = row["payment_voucher_number"]
    return Line(
        id=f"TL01-{number}",
        type=row["transaction_type"],
        amount=Decimal(row["amount_credited"] or 0) - Decimal(row["amount_debited"] or 0),
        currency=row["currency_iso_code"],
        created=at(row["date_created"]),
        updated=at(row["last_updated"]),
        state=row["payment_state"],
        cycle=f"{row['shop_id']}-{voucher}" if voucher else None,
        document=row["accounting_document_number"],
        shop=str(row["shop_id"]),
        balance=Decimal(row["balance"]),
        order_id=row["order_id"],
        order_line_id=row["order_line_id"],
        refund_id=row["refund_id"],
    )


def the_books() -> Books:
    rows = json.loads(shared(LOG).read_text(), parse_float=Decimal)["lines"]
    lines = [a_line(number, row) for number, row in enumerate(rows)]
    payments = [line for line in lines if line.type == "PAYMENT"]
    cycles = [
        Cycle(
            id=payment.cycle or "",
            currency=payment.currency,
            closed_at=payment.created,
            to_seller=-payment.amount,
            to_operator=None,
            pay_out=PayOut(state="PAID", paid_at=payment.created),
            shop=payment.shop,
        )
        for payment in payments
    ]
    return Books(marketplace=MARKETPLACE, lines=tuple(lines), cycles=tuple(cycles))


@pytest.mark.parametrize("mode", list(Mode))
def test_every_payout_ties_out_and_empties_the_account_of_its_shop(mode: Mode) -> None:
    books = the_books()
    assert (len(books.lines), len(books.cycles)) == (415, 13)
    settled = settle(books, rules(mode.value, fees_by_bill=False, presentation="split"))
    assert [(each.status, each.residual) for each in settled.proofs] == [(Status.TIED_OUT, ZERO)] * 13
    side = side_of(mode)
    for cycle in books.cycles:
        assert sum((each.movement(side.control) for each in settled.records if each.cycle == cycle.id), ZERO) == 0
    moving = [each for each in settled.records if any(entry.role is side.control for entry in each.entries)]
    counted = Counter(each for record in moving for each in record.source_line_ids)
    paid = {line.id for line in books.lines if line.cycle and line.amount}
    assert counted == Counter(dict.fromkeys(paid, 1))
    assert len([line for line in books.lines if line.cycle]) == 123

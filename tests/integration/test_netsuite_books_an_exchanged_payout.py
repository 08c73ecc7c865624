"""E10 at the NetSuite twin: a payout of euros that arrives in pounds, and what is left in the books in pounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.integration.netsuite_settlement import MARKETPLACE, TODAY, Bookkeeper, a_record, cr
from tests.integration.running_twins import running
from tieout.domain.ledger.exchange import Received, exchanged_payout
from tieout.domain.ledger.gl import differences
from tieout.domain.ledger.record import Entry, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.ledger.rules import AccountVersion, BookingRules, Mode

CHART = {
    Role.MARKETPLACE_CLEARING: "1116",
    Role.BANK_IN_TRANSIT: "1050",
    Role.FX_CONVERSION: "2150",
    Role.FX_GAIN_LOSS: "4010",
    Role.PSP_CONVERSION_COST: "6100",
}
RULES = BookingRules(
    marketplace=MARKETPLACE,
    mode=Mode.SUMMARY_JOURNAL,
    time_zone=ZoneInfo("Europe/London"),
    accounts=(AccountVersion(date(2000, 1, 1), None, CHART),),
    pays_out="GBP",
)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bookkeeper]:
    with running(tmp_path, []) as twins:
        yield Bookkeeper(twins)


def test_the_clearing_account_and_the_conversion_are_empty_in_pounds_too(books: Bookkeeper) -> None:
    cycle = a_record(
        RecordType.JOURNAL,
        f"T-{MARKETPLACE}-JE-C1",
        Entry(role=Role.MARKETPLACE_CLEARING, account="1116", debit=Decimal("10000.00")),
        cr("4000", "10000.00"),
        currency="EUR",
        exchange_rate=Decimal("0.8600"),
    )
    received = Received(
        cycle="C1",
        day=TODAY,
        currency="EUR",
        amount=Decimal("10000.00"),
        base_currency="GBP",
        base_amount=Decimal("8512.30"),
        booked_value=Decimal("8600.00"),
        market_rate=Decimal("0.8550"),
    )
    records = [cycle, *exchanged_payout(received, RULES)]
    for record in records:
        books.client.create_record(record, subsidiary_id="1", approve=True)
        assert differences(record, books.client.gl_lines([record.external_id])) == []
    in_pounds: dict[str, Decimal] = {}
    for line in books.client.gl_lines([record.external_id for record in records]):
        in_pounds[line.account] = in_pounds.get(line.account, Decimal(0)) + line.base
    assert in_pounds == {
        "1116": Decimal(0),
        "2150": Decimal(0),
        "1050": Decimal("8512.30"),
        "4000": Decimal("-8600.00"),
        "4010": Decimal("50.00"),
        "6100": Decimal("37.70"),
    }

"""Records that were edited or deleted in NetSuite after they were posted."""

from __future__ import annotations

from msgspec.structs import replace

from tests.fakes.settlement import moved_by
from tests.shared import ROOT, shared
from tieout.books.export import read_export
from tieout.books.read_back import tampered
from tieout.config import read_config
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO
from tieout.domain.reconcile.breaks import Code
from tieout.flows.settlement.rules import booking_rules

NAME = "brightside-uk"


def test_what_was_posted_and_what_the_ledger_says() -> None:
    rules = {NAME: booking_rules(read_config(ROOT / "config/gift-shop.yaml"), NAME)}
    books = read_export(shared("worlds/gift-shop-settled"), [NAME]).books[NAME]
    records = settle(books, rules[NAME]).records
    ledger = [line for record in records for line in moved_by(record)]

    # As it was posted.
    assert tampered([books], rules, ledger) == []
    # Not posted at all yet.
    assert tampered([books], rules, []) == []
    # One amount edited by five pounds.
    edited = [replace(ledger[0], debit=ledger[0].debit + 5, credit=ledger[0].credit), *ledger[1:]]
    (found,) = tampered([books], rules, edited)
    assert (found.code, found.key) == (Code.GL_TAMPERED, ledger[0].external_id)
    assert found.amount > ZERO
    # A record deleted.
    gone = [line for line in ledger if line.external_id != records[0].external_id]
    assert [each.key for each in tampered([books], rules, gone)] == [records[0].external_id]

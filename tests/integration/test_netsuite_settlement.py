"""The settlement's records, written to the NetSuite twin by our client, and the books read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.netsuite_settlement import (
    CUSTOMER,
    MARKETPLACE,
    TODAY,
    VENDOR,
    Bookkeeper,
    D,
    a_payment,
    a_record,
    applied,
    cr,
    dr,
)
from tests.integration.running_twins import running
from tieout.domain.errors import AlreadyExists, NeedsAttention, OutcomeUnknown, Reason
from tieout.domain.ledger.gl import VendorDraft, differences
from tieout.domain.ledger.record import Record, RecordType
from tieout.domain.orders.sales_order import CustomerDraft, TaxRules, TaxStrategy

TAXES = TaxRules(TaxStrategy.SUITETAX_OVERRIDE, {}, "VAT-GBR-20")
INV, MEMO, PMT = (f"T-{MARKETPLACE}-{kind}-1" for kind in ("INV", "CM", "PMT"))


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bookkeeper]:
    with running(tmp_path, []) as twins:
        yield Bookkeeper(twins)


def refused(books: Bookkeeper, record: Record, reason: Reason, words: str) -> None:
    with pytest.raises(NeedsAttention) as found:
        books.client.create_record(record)
    assert found.value.reason is reason
    assert words in " ".join(found.value.facts.values())


def proven(books: Bookkeeper, record: Record, **options: Any) -> str:
    """Written, and posted by NetSuite as it was meant."""
    internal_id = books.client.create_record(record, subsidiary_id="1", **options)
    assert differences(record, books.client.gl_lines([record.external_id])) == []
    read = books.client.read_transaction(record.type.value, record.external_id)
    assert read is not None
    assert read.id == internal_id
    return internal_id


def test_a_cycle_pays_its_invoices_out_of_receivables_into_the_clearing_account(books: Bookkeeper) -> None:
    invoice = books.invoice(INV, 126)
    record = a_payment("150", applied(INV, "126", id=invoice), external_id=PMT, memo="cycle 118")
    proven(books, record)
    assert books.moved(PMT) == [("1115", D(150), D(0)), ("1100", D(0), D(150))]
    document = books.client.documents_by_external_id([INV, PMT])
    assert (document[INV].status, document[INV].unpaid) == ("paidInFull", D(0))
    assert (document[PMT].type, document[PMT].total) == ("CustPymt", D(150))
    assert (books.balance("1115"), books.balance("1100"), books.trial_balance()) == (D(150), D(-24), D(0))


def test_two_applications_to_one_invoice_are_one_of_their_sum(books: Bookkeeper) -> None:
    invoice = books.invoice(INV, 126)
    proven(books, a_payment("126", applied(INV, "120", id=invoice), applied(INV, "6"), external_id=PMT))
    assert books.client.documents_by_external_id([INV])[INV].status == "paidInFull"


def test_what_is_applied_is_found_by_its_external_id(books: Bookkeeper) -> None:
    books.invoice(INV, 126)
    proven(books, a_payment("126", applied(INV, "126"), external_id=PMT))
    refund = a_record(
        RecordType.CUSTOMER_REFUND,
        "T-RFD-1",
        cr("1115", "10"),
        dr("1100", "10"),
        entity=CUSTOMER,
        applications=(applied("T-NOT-THERE", "10"),),
    )
    refused(books, refund, Reason.ACCOUNT_NOT_FOUND, "T-NOT-THERE")


def test_a_refund_pays_out_a_credit_memo_or_what_a_payment_had_left(books: Bookkeeper) -> None:
    books.memo(MEMO, 48)
    books.client.create_record(a_payment("20", external_id=PMT))
    refund = a_record(
        RecordType.CUSTOMER_REFUND,
        "T-RFD-1",
        cr("1115", "68"),
        dr("1100", "68"),
        entity=CUSTOMER,
        applications=(applied(MEMO, "48"), applied(PMT, "20")),
    )
    proven(books, refund)
    assert books.client.documents_by_external_id([MEMO])[MEMO].status == "fullyApplied"
    assert books.balance("1115") == -48


def test_a_refund_that_is_not_applied_whole_is_not_sent(books: Bookkeeper) -> None:
    memo = books.memo(MEMO, 48)
    record = a_record(
        RecordType.CUSTOMER_REFUND,
        "T-RFD-1",
        cr("1115", "50"),
        dr("1100", "50"),
        entity=CUSTOMER,
        applications=(applied(MEMO, "48", id=memo),),
    )
    refused(books, record, Reason.FIGURES_DISAGREE, "48 of 50")


def test_more_than_is_open_is_refused_in_netsuites_words(books: Bookkeeper) -> None:
    books.invoice(INV, 100)
    record = a_payment("126", applied(INV, "126"))
    refused(books, record, Reason.REFUSED_BY_NETSUITE, "amount due")


def test_a_legal_document_becomes_a_bill_with_its_vat_and_is_settled_from_clearing(books: Bookkeeper) -> None:
    """Commission 12.60 and VAT 2.52, less a credit note of 3.00."""
    bill = a_record(
        RecordType.VENDOR_BILL,
        "T-BILL-118",
        dr("6100", "12.60", memo="commission"),
        dr("1450", "2.52"),
        cr("2000", "15.12"),
        entity=VENDOR,
        number="INV-2026-118",
    )
    proven(books, bill)
    credit = a_record(
        RecordType.VENDOR_CREDIT,
        "T-VC-118",
        cr("6100", "2.50"),
        cr("1450", "0.50"),
        dr("2000", "3.00"),
        entity=VENDOR,
        applications=(applied("T-BILL-118", "3.00"),),
    )
    proven(books, credit)
    payment = a_record(
        RecordType.VENDOR_PAYMENT,
        "T-BP-118",
        dr("2000", "12.12"),
        cr("1115", "12.12"),
        entity=VENDOR,
        applications=(applied("T-BILL-118", "12.12"),),
    )
    proven(books, payment)
    read = books.client.documents_by_external_id(["T-BILL-118"])["T-BILL-118"]
    assert (read.number, read.total, read.unpaid, read.status) == ("INV-2026-118", D("15.12"), D(0), "paidInFull")
    assert (books.balance("2000"), books.balance("1115")) == (D(0), D("-12.12"))


def test_a_bill_may_leave_its_vat_to_netsuites_tax_code(books: Bookkeeper) -> None:
    books.twins.behave("netsuite", legacy_tax="computed")
    bill = a_record(
        RecordType.VENDOR_BILL,
        "T-BILL-118",
        dr("6100", "12.60", tax_code="VAT-GBR-20"),
        dr("1450", "2.52", tax_code="VAT-GBR-20"),
        cr("2000", "15.12"),
        entity=VENDOR,
    )
    proven(books, bill)


def test_a_journal_waits_for_a_person_unless_the_settings_approve_it(books: Bookkeeper) -> None:
    payout = a_record(RecordType.JOURNAL, "T-PO-118", dr("1050", "110.88"), cr("1115", "110.88"))
    proven(books, payout)
    assert [line.posts for line in books.client.gl_lines(["T-PO-118"])] == [False, False]
    assert books.balance("1115") == 0
    approved = a_record(RecordType.JOURNAL, "T-PO-119", dr("1050", "10"), cr("1115", "10"))
    proven(books, approved, approve=True)
    assert books.balance("1115") == -10


def test_an_account_that_routes_journals_is_told_in_its_own_words(books: Bookkeeper) -> None:
    books.twins.behave("netsuite", journal_approval="routing")
    for number, approve in (("1", False), ("2", True), ("3", False)):
        record = a_record(RecordType.JOURNAL, f"T-JE-{number}", dr("1050", "5"), cr("1115", "5"))
        proven(books, record, approve=approve)
    assert books.balance("1115") == -5
    posts = [call for call in books.twins.calls("netsuite") if call["operation"] == "POST journalEntry"]
    assert len(posts) == 4, "one refusal, then it is known"


def test_an_accrual_takes_itself_back_on_its_reversal_day(books: Bookkeeper) -> None:
    tomorrow = TODAY + timedelta(days=1)
    if tomorrow.year != TODAY.year:
        pytest.skip("the twin's periods end with the year")
    record = a_record(
        RecordType.JOURNAL, "T-ACR-1", dr("6100", "12"), cr("2100", "12"), reversal_day=tomorrow, day=TODAY
    )
    proven(books, record, approve=True)
    assert (books.balance("2100", TODAY), books.balance("2100", tomorrow)) == (D(-12), D(0))


def test_a_journal_names_who_stands_behind_a_receivable(books: Bookkeeper) -> None:
    nobody = a_record(RecordType.JOURNAL, "T-JE-1", dr("1100", "5"), cr("1115", "5"))
    with pytest.raises(NeedsAttention, match="entity"):
        books.client.create_record(nobody, subsidiary_id="1")
    named = a_record(RecordType.JOURNAL, "T-JE-1", dr("1100", "5", entity=CUSTOMER), cr("1115", "5"))
    proven(books, named, approve=True)


def test_an_order_becomes_a_cash_sale_into_the_clearing_account(books: Bookkeeper) -> None:
    sale = a_record(
        RecordType.CASH_SALE,
        "T-CS-1",
        dr("1115", "126.00"),
        cr("4000", "100.00"),
        cr("4010", "5.00"),
        cr("2200", "21.00", tax_code="VAT-GBR-20"),
        entity=CUSTOMER,
        order_id="A-1",
    )
    proven(books, sale, taxes=TAXES)
    (found,) = books.client.documents_of(["A-1", "A-2"])
    assert (found.type, found.order_id, found.total, found.tax) == ("CashSale", "A-1", D(126), D(21))
    back = a_record(
        RecordType.CASH_REFUND,
        "T-CR-1",
        cr("1115", "48.00"),
        dr("4000", "40.00"),
        dr("2200", "8.00"),
        entity=CUSTOMER,
        order_id="A-1",
    )
    proven(books, back)
    assert {each.type for each in books.client.documents_of(["A-1"])} == {"CashSale", "CashRfnd"}


def test_an_operator_bills_its_fees_to_the_seller(books: Bookkeeper) -> None:
    invoice = a_record(
        RecordType.INVOICE,
        "T-SINV-1",
        dr("1310", "15.12"),
        cr("4200", "12.60"),
        cr("2200", "2.52", tax_code="VAT-GBR-20"),
        entity=CUSTOMER,
        number="F-118",
    )
    proven(books, invoice, taxes=TAXES)
    memo = a_record(RecordType.CREDIT_MEMO, "T-SCM-1", cr("1310", "2"), dr("4200", "2"), entity=CUSTOMER)
    proven(books, memo)
    assert books.balance("1310") == D("13.12")


def test_documents_of_orders_are_found_by_their_field_or_by_the_customers_reference(books: Bookkeeper) -> None:
    books.invoice(INV, 126, custbody_tieout_order="A-1", otherRefNum="A-1")
    books.invoice("OTHER-1", 10, otherRefNum="A-2")
    books.invoice("OTHER-2", 10, otherRefNum="A-3")
    fields = {"custbody_tieout_order": "A-1", "custbody_tieout_marketplace": MARKETPLACE}
    books.memo(MEMO, 48, custbody_tieout_key=f"T-{MARKETPLACE}-CM-r-1", **fields)
    found = {each.external_id: each for each in books.client.documents_of(["A-1", "A-2"])}
    assert {name: (each.order_id, each.refund_id, each.unpaid) for name, each in found.items()} == {
        INV: ("A-1", None, D(126)),
        "OTHER-1": ("A-2", None, D(10)),
        MEMO: ("A-1", "r-1", D(48)),
    }


def test_an_order_id_longer_than_a_reference_is_found_by_either(books: Bookkeeper) -> None:
    long = "ORDER-" + "9" * 60
    books.invoice(INV, 1, custbody_tieout_order=long, otherRefNum=long[:45])
    books.invoice("OTHER-1", 1, otherRefNum=long[:45])
    assert {each.order_id for each in books.client.documents_of([long])} == {long}
    assert len(books.client.documents_of([long])) == 2


def test_a_thousand_orders_are_two_questions(books: Bookkeeper) -> None:
    before = len(books.twins.calls("netsuite"))
    assert books.client.documents_of([f"A-{number}" for number in range(1000)]) == []
    assert len(books.twins.calls("netsuite")) - before == 2


def test_accounts_are_asked_once_and_named_when_they_are_missing(books: Bookkeeper) -> None:
    books.client.account_ids(["1115", "1100"])
    before = len(books.twins.calls("netsuite"))
    books.client.account_ids(["1100", "1115"])
    assert len(books.twins.calls("netsuite")) == before
    with pytest.raises(NeedsAttention) as found:
        books.client.account_ids(["1115", "9998", "9999"])
    assert (found.value.reason, found.value.facts["accounts"]) == (Reason.ACCOUNT_NOT_FOUND, "9998, 9999")


def test_an_item_that_posts_to_another_account_does_not_stand_for_one(books: Bookkeeper) -> None:
    store = books.hand.twin.account.store
    item = next(each for each in store.items() if each.values["itemId"] == "TIEOUT-4000")
    item.values["incomeAccount"] = next(each.id for each in store.all("account") if each.values["acctNumber"] == "4010")
    store.note(item)
    sale = a_record(RecordType.CASH_SALE, "T-CS-1", dr("1115", "1"), cr("4000", "1"), entity=CUSTOMER)
    refused(books, sale, Reason.ACCOUNT_NOT_FOUND, "TIEOUT-4000")


def test_a_record_is_created_once_whatever_becomes_of_the_answer(books: Bookkeeper) -> None:
    record = a_record(RecordType.JOURNAL, "T-JE-1", dr("1050", "5"), cr("1115", "5"))
    books.twins.fault("netsuite", {"operation": "POST journalEntry", "kind": "timeout_after", "seconds": 2, "times": 1})
    hasty = books.twins.netsuite(read_seconds=0.5)
    with pytest.raises(OutcomeUnknown):
        hasty.create_record(record, subsidiary_id="1", approve=True)
    with pytest.raises(AlreadyExists):
        books.client.create_record(record, subsidiary_id="1", approve=True)
    assert differences(record, books.client.gl_lines(["T-JE-1"])) == []
    assert books.balance("1115") == -5


def test_nothing_is_written_into_a_closed_month(books: Bookkeeper) -> None:
    books.hand.close_period(closed=True)
    record = a_record(RecordType.JOURNAL, "T-JE-1", dr("1050", "5"), cr("1115", "5"))
    with pytest.raises(NeedsAttention, match="closed"):
        books.client.create_record(record, subsidiary_id="1")


def test_the_wrong_currency_is_refused(books: Bookkeeper) -> None:
    euros = a_record(RecordType.JOURNAL, "T-JE-1", dr("1050", "5"), cr("1115", "5"), currency="EUR")
    with pytest.raises(NeedsAttention, match="currency"):
        books.client.create_record(euros, subsidiary_id="1")
    refused(
        books,
        a_record(RecordType.JOURNAL, "T-JE-2", dr("1050", "5"), cr("1115", "5"), currency="XXX"),
        Reason.CURRENCY_NOT_CONFIGURED,
        "XXX",
    )


def test_a_vendor_is_made_once_and_never_mistaken_for_a_customer(books: Bookkeeper) -> None:
    again = books.twins.netsuite()
    again.ensure_vendor(VendorDraft(VENDOR, "Brightside Ltd", "1", "1"))
    again.ensure_customer(CustomerDraft("T-x", "Somebody", "1", "1"))
    with pytest.raises(NeedsAttention, match="vendor"):
        again.ensure_vendor(VendorDraft("T-y", "Somebody", "1", "1"))
    with pytest.raises(NeedsAttention, match="vendor"):
        again.ensure_vendor(VendorDraft(CUSTOMER, "Someone else", "1", "1"))


def test_a_difference_is_told_by_account() -> None:
    record = a_record(RecordType.JOURNAL, "T-JE-1", dr("1050", "5"), cr("1115", "5"))
    assert differences(record, []) == [
        "account 1050: 0 posted, 5 GBP meant",
        "account 1115: 0 posted, -5 GBP meant",
    ]


def test_without_suitetax_vat_is_a_line_of_the_item_of_its_account(books: Bookkeeper) -> None:
    sale = a_record(
        RecordType.CASH_SALE,
        "T-CS-1",
        dr("1115", "120"),
        cr("4000", "100"),
        cr("2200", "20", tax_code="VAT-GBR-20"),
        entity=CUSTOMER,
    )
    proven(books, sale, taxes=TaxRules(TaxStrategy.OTHER_CHARGE, {}, None))

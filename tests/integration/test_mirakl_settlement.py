"""Our Mirakl client against the Mirakl twin, over real HTTP: what it reads about money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.or11 import a_wire_order
from tests.integration.running_twins import MARKETPLACE, Running, running
from tieout.domain.errors import CredentialsRefused, SystemDown, Throttled
from tieout.domain.exchange import CustomerMoney, DocumentPage
from tieout.domain.ledger.line import Line

D = Decimal
START = datetime(2026, 9, 1, tzinfo=UTC)
PAID: dict[str, Any] = {"customer_debited_date": "2026-10-01T09:20:00Z"}
COMMISSION: dict[str, Any] = {"commission_taxes": [{"code": "TAXDEFAULT", "amount": 3, "rate": 20}]}


def an_order(order_id: str, state: str, **details: Any) -> dict[str, Any]:
    line = a_wire_order()["order_lines"][0] | COMMISSION
    debited = PAID.get("customer_debited_date")
    line |= {"order_line_id": f"{order_id}-1", "order_line_state": state, "debited_date": debited}
    return a_wire_order(order_id, [line], order_state=state, **PAID, **details)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    """An order that is paid and received, and one that is paid and to be shipped: 126.00 each, 18.00 of commission."""
    with running(tmp_path, [an_order("DONE-1", "RECEIVED"), an_order("OPEN-1", "SHIPPING")]) as both:
        yield both


def by_hand(twins: Running, verb: str, **order: Any) -> Any:
    return twins._control("mirakl", "POST", verb, {"marketplace": MARKETPLACE, **order})


def lines(twins: Running, since: datetime = START) -> list[Line]:
    return [line for page in twins.mirakl().transaction_lines(since) for line in page.lines]


def test_the_log_reads_as_lines_of_the_ledger(twins: Running):
    found = {(line.order_id, line.type): line for line in lines(twins)}
    assert {key: line.amount for key, line in found.items() if key[0] == "DONE-1"} == {
        ("DONE-1", "ORDER_AMOUNT"): D(120),
        ("DONE-1", "ORDER_SHIPPING_AMOUNT"): D(6),
        ("DONE-1", "COMMISSION_FEE"): D(-15),
        ("DONE-1", "COMMISSION_VAT"): D(-3),
    }
    tax = found["DONE-1", "COMMISSION_VAT"]
    assert (tax.tax_code, tax.tax_rate, tax.order_line_id) == ("TAXDEFAULT", D(20), "DONE-1-1")
    assert (tax.state, found["OPEN-1", "COMMISSION_VAT"].state) == ("PAYABLE", "PENDING")
    assert tax.cycle is None
    assert tax.balance is not None


def test_a_line_comes_again_when_it_changes(twins: Running):
    seen = lines(twins)
    newest = max(line.updated for line in seen)
    twins.wait(3600)
    by_hand(twins, "billing_cycles")
    (cycle,) = {line.cycle for line in lines(twins, newest + timedelta(seconds=1))}
    changed = lines(twins, newest + timedelta(seconds=1))
    assert cycle is not None
    assert {line.order_id for line in changed} == {"DONE-1"}
    assert {line.id for line in changed} < {line.id for line in seen}
    assert {line.document for line in changed} == {"200100001"}


def test_the_lines_of_a_cycle_are_found_by_it(twins: Running):
    cycles = by_hand(twins, "billing_cycles")["cycles"]
    found = [line for page in twins.mirakl().lines_of_cycles(cycles) for line in page.lines]
    assert {line.order_id for line in found} == {"DONE-1"}
    assert list(twins.mirakl().lines_of_cycles([])) == []


def test_a_long_log_is_read_to_its_end(twins: Running):
    """Pages of 2,000; each is counted, so a very long one ends in a wait in the middle of it."""
    rows = [{"type": "MANUAL_CREDIT", "amount": "0.01"} for _ in range(4500)]
    by_hand(twins, "transaction_lines", lines=rows)
    pages = list(twins.mirakl().transaction_lines(START))
    assert [len(page.raw) for page in pages] == [2000, 2000, 508]
    assert len({line.id for page in pages for line in page.lines}) == 4508
    updates = [line.updated for page in pages for line in page.lines]
    assert updates == sorted(updates)


def test_twenty_pages_a_minute_and_then_it_waits(twins: Running):
    client = twins.mirakl()
    for _ in range(20):
        next(client.transaction_lines(START))
    with pytest.raises(Throttled) as refused:
        next(client.transaction_lines(START))
    assert 0 < (refused.value.after_seconds or 0) <= 60


def test_a_key_without_the_accountants_role_is_refused(twins: Running):
    twins.behave("mirakl", seller_roles="ROLE_SHOP_ADMIN")
    with pytest.raises(CredentialsRefused):
        next(twins.mirakl().transaction_lines(START))
    assert twins.mirakl().orders_by_id(["DONE-1"]), "orders are another role's"


def test_an_operator_reads_every_shops_lines_with_their_shop(twins: Running):
    page = next(twins.mirakl("operator").transaction_lines(START))
    assert {line.shop for line in page.lines} == {"2001"}


def test_a_type_that_nobody_knows_is_a_line_like_any_other(twins: Running):
    by_hand(twins, "transaction_lines", lines=[{"type": "NEW_FEE", "amount": -1, "payment_state": "FROZEN"}])
    (line,) = [line for line in lines(twins) if line.type == "NEW_FEE"]
    assert (line.amount, line.state) == (D(-1), "FROZEN")


def test_a_row_that_does_not_read_is_told_with_its_bytes_and_the_others_are_read(twins: Running):
    row = {"type": "NEW_FEE", "amount": -1, "id": "BAD-1", "date_created": None, "seller_billing_cycle_id": "CYC-9"}
    state = twins.twins.mirakl.state
    with state.lock:
        log = state.marketplaces[MARKETPLACE].log
        log.lines.append({**log.lines[0], **row, "date_created": "2026-10-02T00:00:00Z", "currency_iso_code": None})
    (page,) = twins.mirakl().transaction_lines(START)
    (problem,) = page.problems
    assert (problem.id, problem.cycle) == ("BAD-1", "CYC-9")
    assert "currency_iso_code" in problem.why
    assert b"BAD-1" in page.raw[problem.place]
    assert len(page.lines) == 8
    again = twins.mirakl().read_lines(page.raw)
    assert (again.lines, again.problems) == (page.lines, page.problems)


def test_cycles_say_what_became_of_their_money(twins: Running):
    (cycle_id,) = by_hand(twins, "billing_cycles")["cycles"]
    client = twins.mirakl()
    (page,) = client.billing_cycles(START)
    (cycle,) = page.cycles
    assert (cycle.id, cycle.to_seller, cycle.to_operator) == (cycle_id, D(108), D(18))
    assert (cycle.pay_out.state, cycle.pay_out.paid_at, cycle.shop) == ("TO_PAY", None, "2001")
    assert cycle.summary["total_commissions_incl_tax"] == D(-18)
    with pytest.raises(Throttled):
        list(client.billing_cycles(START))
    twins.wait(3 * 86_400)
    ((paid,),) = [page.cycles for page in client.billing_cycles(START)]
    assert (paid.pay_out.state, paid.pay_out.reference) == ("PAID", "PO-GBP-000001")
    assert paid.pay_out.paid_at is not None
    assert client.read_cycles(page.raw).cycles == page.cycles


def test_a_failed_payout_says_why(twins: Running):
    by_hand(twins, "billing_cycles")
    by_hand(twins, "payouts", failure_reason="INCOMPLETE_KYC")
    ((cycle,),) = [page.cycles for page in twins.mirakl().billing_cycles(START)]
    assert (cycle.pay_out.state, cycle.pay_out.failure_reason) == ("FAILED", "INCOMPLETE_KYC")


def test_documents_come_whole_the_manual_ones_too(twins: Running):
    taxed = {"description": "Goodwill", "amount": 10, "taxes": [{"code": "TAXDEFAULT", "amount": 2}]}
    items = [taxed, {"description": "Ads", "amount": 1}]
    by_hand(twins, "manual_documents", type="MANUAL_CREDIT", items=items)
    by_hand(twins, "billing_cycles")
    (page,) = twins.mirakl().accounting_documents(START)
    credit, bill = sorted(page.documents, key=lambda document: document.type, reverse=True)
    assert (credit.type, credit.net, credit.gross, credit.is_credit) == ("MANUAL_CREDIT", D(11), D(13), True)
    assert [item.description for item in credit.items] == ["Goodwill", "Ads"]
    assert (bill.type, bill.net, bill.gross, bill.taxes) == ("AUTO_INVOICE", D(15), D(18), {"TAXDEFAULT": D(3)})
    assert twins.mirakl().read_documents(page.raw).documents == page.documents


def test_many_documents_are_read_page_by_page(twins: Running):
    for number in range(205):
        by_hand(twins, "manual_documents", type="MANUAL_INVOICE", items=[{"description": f"{number}", "amount": 1}])
    pages = list(twins.mirakl().accounting_documents(START))
    assert [len(page.documents) for page in pages] == [100, 100, 5]
    assert len({document.number for page in pages for document in page.documents}) == 205


def test_where_the_operator_bills_by_document_requests_they_read_as_documents(twins: Running):
    twins.behave("mirakl", fees_by_document_request=True)
    (cycle_id,) = by_hand(twins, "billing_cycles")["cycles"]
    (page,) = twins.mirakl().document_requests(START)
    (document,) = page.documents
    assert (document.type, document.net, document.gross) == ("FEES-INVOICE", D(15), D(18))
    assert (document.cycle, document.taxes, document.shop) == (cycle_id, {"TAXDEFAULT": D(3)}, "2001")
    assert [item.description for item in document.items] == ["FEES_DEBIT_COMMISSION"]
    assert {line.document for line in lines(twins) if line.type.startswith("COMMISSION") and line.cycle} == {
        document.number
    }
    assert twins.mirakl().read_documents(page.raw) == page


def test_a_document_that_is_not_issued_yet_is_kept_and_is_no_document(twins: Running):
    twins.behave("mirakl", fees_by_document_request=True)
    by_hand(twins, "billing_cycles")
    state = twins.twins.mirakl.state
    with state.lock:
        request = state.marketplaces[MARKETPLACE].log.requests[0]["request"]
        request |= {"state": "TO_PROCESS", "document_number": None}
    (page,) = twins.mirakl().document_requests(START)
    assert (page.documents, page.problems, len(page.raw)) == ([], [], 1)


@pytest.mark.parametrize("signed", [False, True])
def test_a_backfill_brings_the_whole_log(twins: Running, signed: bool):
    """Whether the files are at the instance or at a storage that must not see our key."""
    twins.behave("mirakl", export_files_are_signed=signed)
    client = twins.mirakl()
    tracking_id = client.start_backfill(START)
    assert client.backfill(tracking_id).state == "PENDING"
    twins.wait(60)
    told = client.backfill(tracking_id)
    assert told.state == "COMPLETED"
    found = [line for url in told.urls for page in client.backfill_lines(url) for line in page.lines]
    assert found == sorted(lines(twins), key=lambda line: line.created)
    with pytest.raises(Throttled):
        client.start_backfill(START)


def test_a_backfill_that_fails_says_so(twins: Running):
    twins.behave("mirakl", exports_fail=True)
    client = twins.mirakl()
    tracking_id = client.start_backfill(START, datetime(2026, 10, 1, tzinfo=UTC))
    twins.wait(60)
    told = client.backfill(tracking_id)
    assert (told.state, told.urls) == ("FAILED", ())
    assert told.error == "INTERNAL_ERROR: The export failed"


def test_a_file_that_is_not_open_any_more_does_not_blame_our_key(twins: Running):
    twins.behave("mirakl", export_files_are_signed=True)
    client = twins.mirakl()
    tracking_id = client.start_backfill(START)
    twins.wait(60)
    (url,) = client.backfill(tracking_id).urls
    with pytest.raises(SystemDown):
        list(client.backfill_lines(url.replace("as-signed", "expired")))


def test_an_operator_sees_what_waits_for_its_payment_system(tmp_path: Path):
    waiting = an_order("WAIT-1", "WAITING_DEBIT_PAYMENT") | {"customer_debited_date": None}
    waiting["order_lines"][0]["debited_date"] = None
    with running(tmp_path, [waiting, an_order("DONE-1", "RECEIVED")]) as twins:
        client = twins.mirakl("operator")
        debit = CustomerMoney(order_id="WAIT-1", shop="2001", currency="GBP", amount=D(126), of="WAIT-1", kind="ORDER")
        assert client.debits_waiting() == [debit]
        assert client.refunds_waiting() == []
        body = {
            "refunds": [
                {
                    "order_line_id": "DONE-1-1",
                    "amount": 12,
                    "shipping_amount": 6,
                    "quantity": 0,
                    "reason_code": "DAMAGED",
                }
            ]
        }
        by_hand(twins, "back_office", operation="OR28", persona="operator", body=body)
        (refund,) = client.refunds_waiting()
        assert (refund.order_id, refund.amount, refund.kind) == ("DONE-1", D(18), "REFUND")
        assert refund.order_line_id == "DONE-1-1"


@pytest.mark.parametrize("kind", ["duplicate_page", "500"])
def test_no_line_is_lost_when_the_marketplace_stumbles(twins: Running, kind: str):
    by_hand(twins, "transaction_lines", lines=[{"type": "MANUAL_CREDIT", "amount": "0.01"}] * 4500)
    rule: Mapping[str, Any] = {"kind": kind, "operation": "TL02", "times": 2}
    twins.fault("mirakl", dict(rule))
    assert len({line.id for line in lines(twins)}) == 4508


def test_a_document_page_reads_both_kinds_of_documents(twins: Running):
    by_hand(twins, "billing_cycles")
    (page,) = twins.mirakl().accounting_documents(START)
    both = [*page.raw, b'{"request":{"state":"ISSUED","id":"X"},"lines":[]}', b"<html>"]
    read: DocumentPage = twins.mirakl().read_documents(both)
    assert read.documents == page.documents
    assert [problem.place for problem in read.problems] == [1, 2]
    assert [problem.id[:5] for problem in read.problems] == ["NO-ID", "NO-ID"]

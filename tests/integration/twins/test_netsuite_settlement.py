"""Payments, refunds, bills, deposits and journals over REST: what they move, and what NetSuite refuses."""

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.twins.netsuite import MUG, RECORD, NetSuite, line, published, refusal

D = Decimal
CUSTOMER, VENDOR = "T-shop-CUS-MARKETPLACE", "T-shop-VEN-OPERATOR"
LEDGER = (
    "SELECT a.acctnumber, tal.debit, tal.credit FROM transactionaccountingline tal "
    "JOIN account a ON a.id = tal.account WHERE tal.transaction = ? AND tal.posting = 'T' ORDER BY tal.transactionline"
)


class Books:
    """The accountant at one twin."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.netsuite = netsuite
        rows = netsuite.rows("SELECT id, acctnumber FROM account")
        self._ids = {row["acctnumber"]: row["id"] for row in rows}
        netsuite.customer()
        self.vendor = netsuite.create(
            "vendor", {"externalId": VENDOR, "companyName": "Brightside Ltd", "subsidiary": {"id": "1"}}
        )

    def account(self, number: str) -> dict[str, str]:
        return {"id": self._ids[number]}

    def invoice(self, amount: Any = 126, **more: Any) -> str:
        lines = {"items": [line(MUG, 1, amount)]}
        return self.netsuite.create("invoice", {"entity": {"externalId": CUSTOMER}, "item": lines} | more)

    def memo(self, amount: Any = 48, **more: Any) -> str:
        lines = {"items": [line(MUG, 1, amount)]}
        return self.netsuite.create("creditMemo", {"entity": {"externalId": CUSTOMER}, "item": lines} | more)

    def payment(self, amount: Any, *applied: tuple[str, Any], **more: Any) -> dict[str, Any]:
        body = {"customer": {"externalId": CUSTOMER}, "payment": amount, "account": self.account("1115")}
        return body | {"autoApply": False, "apply": applies(*applied)} | more

    def refund(self, *applied: tuple[str, Any], **more: Any) -> dict[str, Any]:
        body = {"customer": {"externalId": CUSTOMER}, "account": self.account("1115"), "apply": applies(*applied)}
        return body | more

    def bill(self, *lines: tuple[str, Any], **more: Any) -> dict[str, Any]:
        items = [{"account": self.account(number), "amount": amount} for number, amount in lines]
        return {"entity": {"externalId": VENDOR}, "expense": {"items": items}} | more

    def journal(self, *lines: tuple[str, Any, Any], **more: Any) -> dict[str, Any]:
        items = [
            {"account": self.account(number)}
            | {side: amount for side, amount in (("debit", dr), ("credit", cr)) if amount}
            for number, dr, cr in lines
        ]
        return {"subsidiary": {"id": "1"}, "approved": True, "line": {"items": items}} | more

    def ledger(self, record_id: str) -> list[tuple[Any, ...]]:
        """Account, debit and credit of a transaction's lines that post."""
        rows = self.netsuite.rows(LEDGER, record_id)
        return [(row["acctnumber"], D(row.get("debit", 0)), D(row.get("credit", 0))) for row in rows]

    def owed(self, kind: str, record_id: str) -> tuple[Any, str]:
        read = self.netsuite.get(kind, record_id)
        return read["amountRemaining"], read["status"]["refName"]

    def refused(self, kind: str, body: dict[str, Any]) -> tuple[str, str]:
        found = refusal(self.netsuite.post(kind, body))
        return found["o:errorCode"], found["detail"]

    def trial_balance(self) -> D:
        (row,) = self.netsuite.rows("SELECT SUM(amount) AS total FROM transactionaccountingline WHERE posting = 'T'")
        return D(row.get("total", "0")).quantize(D("0.01"))


def applies(*applied: tuple[str, Any]) -> dict[str, Any]:
    return {"items": [{"doc": {"id": doc}, "apply": True, "amount": amount} for doc, amount in applied]}


@pytest.fixture
def books(netsuite: NetSuite) -> Books:
    return Books(netsuite)


# -- payments ------------------------------------------------------------------------------------------------------


def test_a_payment_moves_receivables_into_the_clearing_account_and_pays_the_invoice(books: Books):
    invoice = books.invoice()
    assert books.ledger(invoice) == [("1100", 126, 0), ("4000", 0, 126)]
    payment = books.netsuite.create("customerPayment", books.payment(126, (invoice, 126), externalId="T-shop-PMT-1"))
    assert books.ledger(payment) == [("1115", 126, 0), ("1100", 0, 126)]
    assert books.owed("invoice", invoice) == (0, "Paid In Full")
    assert books.netsuite.get("customerPayment", payment)["unapplied"] == 0
    assert books.trial_balance() == 0


def test_what_a_payment_is_not_applied_to_stays_visible_on_it(books: Books):
    invoice = books.invoice(100)
    payment = books.netsuite.get(
        "customerPayment", books.netsuite.create("customerPayment", books.payment(126, (invoice, 100)))
    )
    assert (payment["applied"], payment["unapplied"], payment["total"]) == (100, 26, 126)
    row = books.netsuite.rows(
        "SELECT foreignpaymentamountunused FROM transactionline WHERE transaction = ? AND mainline = 'T'", payment["id"]
    )
    assert row == [{"foreignpaymentamountunused": "26"}]


def test_an_invoice_is_not_paid_more_than_is_open(books: Books):
    invoice = books.invoice(100)
    assert "amount due" in books.refused("customerPayment", books.payment(126, (invoice, 126)))[1]
    books.netsuite.create("customerPayment", books.payment(60, (invoice, 60)))
    assert books.owed("invoice", invoice) == (40, "Open")
    assert "amount due" in books.refused("customerPayment", books.payment(60, (invoice, 60)))[1]


def test_a_payment_is_not_applied_beyond_its_own_amount(books: Books):
    first, second = books.invoice(100), books.invoice(50)
    assert "more than" in books.refused("customerPayment", books.payment(120, (first, 100), (second, 50)))[1]
    assert books.owed("invoice", first) == (100, "Open")


def test_of_two_lines_on_one_invoice_the_last_stands(books: Books):
    invoice = books.invoice(100)
    payment = books.netsuite.create("customerPayment", books.payment(100, (invoice, 60), (invoice, 40)))
    assert books.owed("invoice", invoice) == (60, "Open")
    assert books.netsuite.get("customerPayment", payment)["unapplied"] == 60


def test_taking_a_payment_back_opens_the_invoice_again(books: Books):
    invoice = books.invoice(100)
    payment = books.netsuite.create("customerPayment", books.payment(100, (invoice, 100)))
    books.netsuite.change("customerPayment", payment, {"apply": {"items": [{"doc": {"id": invoice}, "apply": False}]}})
    assert books.owed("invoice", invoice) == (100, "Open")
    books.netsuite.change("customerPayment", payment, {"apply": applies((invoice, 30))})
    assert books.owed("invoice", invoice) == (70, "Open")
    assert books.netsuite.call("DELETE", f"{RECORD}customerPayment/{payment}").status_code == 204
    assert books.owed("invoice", invoice) == (100, "Open")
    assert books.ledger(payment) == []


def test_a_payment_is_of_the_customer_the_currency_and_the_receivables_of_its_invoice(books: Books):
    books.netsuite.customer("T-other", currencyList={"items": [{"currency": {"id": "2"}}]})
    other = books.invoice(entity={"externalId": "T-other"})
    assert books.refused("customerPayment", books.payment(126, (other, 126)))[0] == "INVALID_CONTENT"
    elsewhere = books.invoice(account=books.account("1110"))
    assert "arAcct" in books.refused("customerPayment", books.payment(126, (elsewhere, 126)))[1]
    books.netsuite.create("customerPayment", books.payment(126, (elsewhere, 126), arAcct=books.account("1110")))
    euros = books.invoice(entity={"externalId": "T-other"}, currency={"id": "2"})
    body = books.payment(126, (euros, 126), customer={"externalId": "T-other"})
    assert "currency" in books.refused("customerPayment", body)[1]


def test_a_bank_account_takes_no_other_currency_than_its_own(books: Books):
    books.netsuite.customer("T-euro", currency={"id": "2"})
    invoice = books.invoice(entity={"externalId": "T-euro"})
    body = books.payment(126, (invoice, 126), customer={"externalId": "T-euro"})
    assert "currency of account 1115" in books.refused("customerPayment", body)[1]
    payment = books.netsuite.create("customerPayment", body | {"account": books.account("1116")})
    assert books.ledger(payment) == [("1116", D("107.1"), 0), ("1100", 0, D("107.1"))]


def test_a_payment_needs_a_customer_an_amount_and_money_for_an_account(books: Books):
    body = books.payment(10)
    for missing, label in (("customer", "Customer"), ("payment", "Payment Amount")):
        rest = {name: value for name, value in body.items() if name != missing}
        assert books.refused("customerPayment", rest)[1].endswith(f"Please enter value(s) for: {label}")
    assert books.refused("customerPayment", body | {"customer": {"id": books.vendor}})[0] == "INVALID_CONTENT"
    books.netsuite.create("customerPayment", body | {"account": books.account("2150")})
    books.netsuite.behave(payment_accounts="cash")
    assert books.refused("customerPayment", body | {"account": books.account("2150")})[0] == "INVALID_CONTENT"


def test_payments_apply_themselves_only_where_they_are_let(books: Books):
    invoice = books.invoice(100)
    body = {name: value for name, value in books.payment(60).items() if name != "autoApply"}
    books.netsuite.create("customerPayment", body)
    assert books.owed("invoice", invoice) == (100, "Open")
    books.netsuite.behave(payments_apply_by_themselves=True)
    books.netsuite.create("customerPayment", body)
    assert books.owed("invoice", invoice) == (40, "Open")
    books.netsuite.create("customerPayment", body | {"autoApply": False})
    assert books.owed("invoice", invoice) == (40, "Open")


def test_an_external_id_is_taken_once_among_all_transactions(books: Books):
    books.netsuite.create("customerPayment", books.payment(10, externalId="T-shop-PMT-1"))
    body = books.journal(("1050", 5, 0), ("1115", 0, 5), externalId="t-SHOP-pmt-1")
    answer = books.netsuite.post("journalEntry", body)
    assert refusal(answer)["detail"].endswith("This record already exists.")


# -- refunds -------------------------------------------------------------------------------------------------------


def test_a_refund_is_as_large_as_the_credits_it_pays_out(books: Books):
    memo = books.memo(48)
    assert books.ledger(memo) == [("1100", 0, 48), ("4000", 48, 0)]
    refund = books.netsuite.create("customerRefund", books.refund((memo, 48)))
    assert books.netsuite.get("customerRefund", refund)["total"] == 48
    assert books.ledger(refund) == [("1115", 0, 48), ("1100", 48, 0)]
    assert books.owed("creditMemo", memo) == (0, "Fully Applied")
    assert "amount due" in books.refused("customerRefund", books.refund((memo, 1)))[1]


def test_a_refund_may_pay_out_what_a_payment_had_left(books: Books):
    """The memo was applied to the invoice, so that the payment of the invoice is too much by as much."""
    invoice = books.invoice(126)
    memo = books.netsuite.make("invoice", invoice, "creditMemo", {"apply": applies((invoice, 126))})
    assert books.owed("creditMemo", memo) == (0, "Fully Applied")
    payment = books.netsuite.create("customerPayment", books.payment(126))
    books.netsuite.create("customerRefund", books.refund((payment, 126)))
    assert books.netsuite.get("customerPayment", payment)["unapplied"] == 0
    assert "cannot be deleted" in refusal(books.netsuite.call("DELETE", f"{RECORD}customerPayment/{payment}"))["detail"]
    assert books.trial_balance() == 0


def test_a_refund_of_nothing_or_of_an_invoice_is_refused(books: Books):
    assert "Apply" in books.refused("customerRefund", books.refund())[1]
    assert books.refused("customerRefund", books.refund((books.invoice(), 5)))[0] == "INVALID_CONTENT"
    books.netsuite.behave(refunds_need_method=True)
    assert "Refund Method" in books.refused("customerRefund", books.refund((books.memo(), 5)))[1]


# -- bills ---------------------------------------------------------------------------------------------------------


def test_a_bill_is_settled_out_of_the_clearing_account(books: Books):
    bill = books.netsuite.create("vendorBill", books.bill(("6100", 12.6), ("1450", 2.52), tranId="INV-118"))
    assert books.ledger(bill) == [("2000", 0, D("15.12")), ("6100", D("12.6"), 0), ("1450", D("2.52"), 0)]
    body = {"entity": {"externalId": VENDOR}, "account": books.account("1115"), "apply": applies((bill, 15.12))}
    payment = books.netsuite.create("vendorPayment", body)
    assert books.ledger(payment) == [("1115", 0, D("15.12")), ("2000", D("15.12"), 0)]
    assert books.owed("vendorBill", bill) == (0, "Paid In Full")
    assert "amount due" in books.refused("vendorPayment", body)[1]
    assert "Apply" in books.refused("vendorPayment", body | {"apply": applies()})[1]


def test_a_vendors_credit_takes_off_its_bill(books: Books):
    bill = books.netsuite.create("vendorBill", books.bill(("6100", 100)))
    assert "amount due" in books.refused("vendorCredit", books.bill(("6100", 120), apply=applies((bill, 120))))[1]
    credit = books.netsuite.create("vendorCredit", books.bill(("6100", 30), apply=applies((bill, 30))))
    assert books.ledger(credit) == [("2000", 30, 0), ("6100", 0, 30)]
    assert books.owed("vendorBill", bill) == (70, "Open")


def test_a_bill_is_of_a_vendor_has_lines_and_is_not_below_zero(books: Books):
    assert books.refused("vendorBill", books.bill(("6100", 1), entity={"externalId": CUSTOMER}))[0] == "INVALID_CONTENT"
    assert "at least one line item" in books.refused("vendorBill", books.bill())[1]
    assert "negative" in books.refused("vendorBill", books.bill(("6100", -5)))[1]
    books.netsuite.create("vendorBill", books.bill(("6100", 20), ("6120", -5)))


def test_the_number_of_a_bill_may_be_refused_the_second_time(books: Books):
    body = books.bill(("6100", 1), tranId="INV-1")
    books.netsuite.create("vendorBill", body)
    books.netsuite.create("vendorBill", body)
    books.netsuite.behave(duplicate_bill_numbers="refused")
    assert "used already" in books.refused("vendorBill", body)[1]


def test_a_bill_under_approval_neither_posts_nor_can_be_paid(books: Books):
    assert "approvalStatus" in books.refused("vendorBill", books.bill(("6100", 1), approvalStatus={"id": "2"}))[1]
    books.netsuite.behave(bills_need_approval=True)
    bill = books.netsuite.create("vendorBill", books.bill(("6100", 10)))
    assert books.ledger(bill) == []
    body = {"entity": {"externalId": VENDOR}, "account": books.account("1115"), "apply": applies((bill, 10))}
    assert "pending approval" in books.refused("vendorPayment", body)[1]
    books.netsuite.change("vendorBill", bill, {"approvalStatus": {"id": "2"}})
    assert books.ledger(bill) == [("2000", 0, 10), ("6100", 10, 0)]
    books.netsuite.create("vendorPayment", body)


def test_a_bills_tax_code_is_refused_as_legacy_tax_unless_the_account_computes_it(books: Books):
    taxed = books.bill(("6100", 100))
    taxed["expense"]["items"][0]["taxCode"] = {"externalId": "VAT-GBR-20"}
    assert "taxCode" in books.refused("vendorBill", taxed)[1]
    books.netsuite.behave(legacy_tax="computed")
    bill = books.netsuite.create("vendorBill", taxed)
    assert books.ledger(bill) == [("2000", 0, 120), ("6100", 100, 0), ("1450", 20, 0)]


# -- journals ------------------------------------------------------------------------------------------------------


def test_an_approved_journal_posts_and_a_pending_one_waits(books: Books):
    lines = (("1050", 110.88, 0), ("1115", 0, 110.88))
    assert books.ledger(books.netsuite.create("journalEntry", books.journal(*lines))) == [
        ("1050", D("110.88"), 0),
        ("1115", 0, D("110.88")),
    ]
    pending = books.netsuite.create("journalEntry", books.journal(*lines, approved=False))
    assert books.ledger(pending) == []
    assert books.netsuite.rows("SELECT posting, status FROM transaction WHERE id = ?", pending) == [
        {"posting": "F", "status": "A"}
    ]
    books.netsuite.change("journalEntry", pending, {"approved": True})
    assert len(books.ledger(pending)) == 2
    assert "set back" in refusal(books.netsuite.patch("journalEntry", pending, {"approved": False}))["detail"]


def test_where_journals_are_routed_their_approval_has_another_name(books: Books):
    lines = (("1050", 5, 0), ("1115", 0, 5))
    assert "approvalStatus" in books.refused("journalEntry", books.journal(*lines, approvalStatus={"id": "2"}))[1]
    books.netsuite.behave(journal_approval="routing")
    assert "approved" in books.refused("journalEntry", books.journal(*lines))[1]
    waiting = {name: value for name, value in books.journal(*lines).items() if name != "approved"}
    pending = books.netsuite.create("journalEntry", waiting)
    assert books.ledger(pending) == []
    books.netsuite.change("journalEntry", pending, {"approvalStatus": {"id": "2"}})
    assert len(books.ledger(pending)) == 2


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([("1050", 10, 0), ("1115", 0, 9.99)], "out of balance by 0.01"),
        ([("1050", 10, 10), ("1115", 0, 0)], "either a debit or a credit"),
        ([("1050", 10, 0), ("1115", 0, 10), ("6100", 0, 0)], "either a debit or a credit"),
        ([("1050", -10, 0), ("1115", 0, -10)], "either a debit or a credit"),
        ([("1050", 10, 0), ("1116", 0, 10)], "currency of account 1116"),
        ([("1100", 10, 0), ("1115", 0, 10)], "An entity is required on lines of account 1100"),
        ([("2000", 10, 0), ("1115", 0, 10)], "An entity is required on lines of account 2000"),
        ([], "at least one line item"),
    ],
)
def test_a_journal_that_cannot_stand_is_refused(books: Books, lines: list[tuple[str, Any, Any]], words: str):
    assert words in books.refused("journalEntry", books.journal(*lines))[1]
    assert books.netsuite.rows("SELECT id FROM transaction WHERE type = 'Journal'") == []


def test_a_journal_needs_a_subsidiary_and_accounts_of_it(books: Books):
    body = books.journal(("1050", 10, 0), ("1115", 0, 10))
    without = {name: value for name, value in body.items() if name != "subsidiary"}
    assert "Subsidiary" in books.refused("journalEntry", without)[1]
    account = books.netsuite.twin.account.store.by_id("account", books.account("1115")["id"])
    account.values["subsidiary"] = ["2"]
    assert books.refused("journalEntry", body)[0] == "INVALID_KEY_OR_REF"


def test_who_stands_behind_a_receivable_is_a_customer_and_behind_a_payable_a_vendor(books: Books):
    body = books.journal(("1100", 10, 0), ("2000", 0, 10))
    receivable, payable = body["line"]["items"]
    receivable["entity"], payable["entity"] = {"id": books.vendor}, {"externalId": VENDOR}
    assert books.refused("journalEntry", body)[0] == "INVALID_CONTENT"
    receivable["entity"] = {"externalId": CUSTOMER}
    books.netsuite.create("journalEntry", body)
    for one in (receivable, payable):
        del one["entity"]
    books.netsuite.behave(journal_receivables_need_entity=False)
    books.netsuite.create("journalEntry", body)


@pytest.mark.parametrize("field", ["taxCode", "taxRate1", "tax1Amt", "grossAmt"])
def test_tax_cannot_be_set_on_a_journal_by_rest(books: Books, field: str):
    body = books.journal(("1050", 10, 0), ("1115", 0, 10))
    body["line"]["items"][0][field] = {"externalId": "VAT-GBR-20"} if field == "taxCode" else 1
    assert field in books.refused("journalEntry", body)[1]


def test_a_journal_with_too_many_lines_is_refused(books: Books):
    books.netsuite.behave(journal_lines=3)
    assert "maximum number" in books.refused("journalEntry", books.journal(*[("1050", 1, 0)] * 3, ("1115", 0, 3)))[1]


def test_a_journal_with_a_reversal_date_takes_itself_back_on_that_day(books: Books):
    today = books.netsuite.twin.account.clock.now().date()
    first = today.replace(day=1)
    books.netsuite.twin.account.clock.set(books.netsuite.twin.account.clock.now().replace(month=11, day=20))
    lines = (("6100", 12, 0), ("2100", 0, 12))
    journal = books.netsuite.create(
        "journalEntry",
        books.journal(*lines, tranDate=f"{first.year}-11-30", reversalDate=f"{first.year}-12-01", approved=False),
    )
    assert books.netsuite.rows("SELECT id FROM transaction WHERE isreversal = 'T'") == []
    books.netsuite.change("journalEntry", journal, {"approved": True})
    (back,) = books.netsuite.rows(
        "SELECT id, TO_CHAR(trandate, 'MM-DD') AS day FROM transaction WHERE isreversal = 'T'"
    )
    assert back["day"] == "12-01"
    assert books.ledger(back["id"]) == [("6100", 0, 12), ("2100", 12, 0)]
    body = books.journal(*lines, tranDate=f"{first.year}-11-30", reversalDate=f"{first.year}-11-30")
    assert books.refused("journalEntry", body)[0] == "INVALID_CONTENT"


# -- deposits and cash ---------------------------------------------------------------------------------------------


def test_a_deposit_brings_undeposited_payments_to_the_bank_less_what_is_kept(books: Books):
    body = {name: value for name, value in books.payment(100).items() if name != "account"}
    payment = books.netsuite.create("customerPayment", body)
    assert books.ledger(payment) == [("1020", 100, 0), ("1100", 0, 100)]
    deposit = {
        "account": books.account("1000"),
        "payment": {"items": [{"id": int(payment), "deposit": True}]},
        "cashback": {"items": [{"account": books.account("6100"), "amount": 18.46}]},
    }
    made = books.netsuite.create("deposit", deposit)
    assert books.ledger(made) == [("1000", D("81.54"), 0), ("1020", 0, 100), ("6100", D("18.46"), 0)]
    assert "undeposited" in books.refused("deposit", deposit)[1]
    assert "above zero" in books.refused("deposit", {"account": books.account("1000")})[1]
    other = {"items": [{"account": books.account("1115"), "amount": 110.88}]}
    payout = books.netsuite.create("deposit", {"account": books.account("1000"), "other": other})
    assert books.ledger(payout) == [("1000", D("110.88"), 0), ("1115", 0, D("110.88"))]


def test_a_cash_sale_is_paid_as_it_is_made_and_a_cash_refund_gives_back(books: Books):
    code = {"externalId": "VAT-GBR-20"}
    tax = {"taxDetailsReference": "L1", "taxCode": code, "taxBasis": 100, "taxRate": 20, "taxAmount": 20}
    body = {
        "entity": {"externalId": CUSTOMER},
        "account": books.account("1115"),
        "item": {"items": [line(MUG, 1, 100, taxDetailsReference="L1")]},
        "taxDetailsOverride": True,
        "taxDetails": {"items": [tax]},
    }
    sale = books.netsuite.create("cashSale", body)
    assert books.ledger(sale) == [("1115", 120, 0), ("4000", 0, 100), ("2200", 0, 20)]
    back = books.netsuite.create("cashRefund", body)
    assert books.ledger(back) == [("1115", 0, 120), ("4000", 100, 0), ("2200", 20, 0)]
    assert books.refused("cashSale", body | {"account": books.account("4000")})[0] == "INVALID_CONTENT"
    waiting = {name: value for name, value in body.items() if name != "account"}
    assert books.ledger(books.netsuite.create("cashSale", waiting))[0] == ("1020", 120, 0)


def test_an_item_posts_to_its_own_account(books: Books):
    (item,) = books.netsuite.rows("SELECT id FROM item WHERE itemid = 'TIEOUT-4200'")
    invoice = books.invoice(item={"items": [line(item["id"], 1, 12.6)]}, account=books.account("1310"))
    assert books.ledger(invoice) == [("1310", D("12.6"), 0), ("4200", 0, D("12.6"))]


# -- periods -------------------------------------------------------------------------------------------------------


def test_nothing_is_posted_into_a_closed_or_locked_month(books: Books):
    invoice, memo = books.invoice(), books.memo()
    bodies = {
        "customerPayment": books.payment(10, (invoice, 10)),
        "customerRefund": books.refund((memo, 10)),
        "vendorBill": books.bill(("6100", 10)),
        "journalEntry": books.journal(("1050", 10, 0), ("1115", 0, 10)),
        "deposit": {
            "account": books.account("1000"),
            "other": {"items": [{"account": books.account("1115"), "amount": 1}]},
        },
    }
    journal = books.netsuite.create("journalEntry", bodies["journalEntry"])
    books.netsuite.close_period(closed=False, arLocked=True)
    assert "locked" in books.refused("customerPayment", bodies["customerPayment"])[1]
    assert "locked" in books.refused("customerRefund", bodies["customerRefund"])[1]
    books.netsuite.create("vendorBill", bodies["vendorBill"])
    books.netsuite.close_period(arLocked=False, apLocked=True)
    assert "locked" in books.refused("vendorBill", bodies["vendorBill"])[1]
    books.netsuite.create("customerPayment", bodies["customerPayment"])
    books.netsuite.close_period(closed=True, apLocked=False)
    for kind, body in bodies.items():
        assert "is closed" in books.refused(kind, body)[1]
    assert "is closed" in refusal(books.netsuite.call("DELETE", f"{RECORD}journalEntry/{journal}"))["detail"]


# -- vendors -------------------------------------------------------------------------------------------------------


def test_vendors_and_customers_share_external_ids_and_names(books: Books):
    plain = {"companyName": "Brightside Ltd", "subsidiary": {"id": "1"}}
    assert (
        books.netsuite.post("vendor", plain | {"externalId": "T-2"}).json()
        == published("error-400-user-error-already-exists")
        or "already exists" in books.refused("vendor", plain | {"externalId": "T-2"})[1]
    )
    assert "already exists" in books.refused("vendor", plain | {"companyName": "X", "externalId": CUSTOMER})[1]
    assert "Subsidiary" in books.refused("vendor", {"companyName": "Nowhere"})[1]
    assert books.netsuite.call("GET", f"{RECORD}vendor/eid:{CUSTOMER}").status_code == 404
    assert books.netsuite.rows("SELECT entityid FROM vendor WHERE externalid = ?", VENDOR) == [
        {"entityid": "Brightside Ltd"}
    ]

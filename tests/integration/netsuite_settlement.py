"""Records of a settlement, and the accountant's view of the NetSuite twin that they are written to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.integration.netsuite_documents import Shop
from tests.integration.running_twins import Running
from tieout.domain.ledger.gl import VendorDraft
from tieout.domain.ledger.record import Application, Entry, Record, RecordType
from tieout.domain.ledger.roles import Role
from tieout.domain.orders.sales_order import CustomerDraft

D = Decimal
TODAY = datetime.now(UTC).date()
MARKETPLACE = "brightside-uk"
CUSTOMER, VENDOR = f"T-{MARKETPLACE}-CUS-MARKETPLACE", f"T-{MARKETPLACE}-VEN-OPERATOR"
ROLES = {
    "1100": Role.MARKETPLACE_AR,
    "1115": Role.MARKETPLACE_CLEARING,
    "1310": Role.SELLER_RECEIVABLE,
    "1050": Role.BANK_IN_TRANSIT,
    "1450": Role.VAT_RECEIVABLE_ON_FEES,
    "2000": Role.ACCOUNTS_PAYABLE,
    "2100": Role.ACCRUED_MARKETPLACE_FEES,
    "2150": Role.MARKETPLACE_UNDELIVERED,
    "2200": Role.VAT_OUTPUT,
    "4000": Role.SALES_REVENUE,
    "4010": Role.SHIPPING_REVENUE,
    "4200": Role.COMMISSION_REVENUE,
    "6100": Role.COMMISSION_EXPENSE,
}


def dr(account: str, amount: str, **more: Any) -> Entry:
    return Entry(role=ROLES[account], account=account, debit=D(amount), **more)


def cr(account: str, amount: str, **more: Any) -> Entry:
    return Entry(role=ROLES[account], account=account, credit=D(amount), **more)


def a_record(kind: RecordType, external_id: str, *entries: Entry, **more: Any) -> Record:
    known = {"marketplace": MARKETPLACE, "cycle": "C-118", "day": TODAY, "currency": "GBP"}
    return Record(**{"external_id": external_id, "type": kind, "entries": entries, **known, **more})


def a_payment(amount: str, *applied: Application, **more: Any) -> Record:
    """What a cycle says was paid, out of receivables into the clearing account."""
    plain = {"external_id": f"T-{MARKETPLACE}-PMT-118", "entity": CUSTOMER, "applications": applied} | more
    external_id = plain.pop("external_id")
    return a_record(RecordType.CUSTOMER_PAYMENT, str(external_id), dr("1115", amount), cr("1100", amount), **plain)


def applied(external_id: str, amount: str, **more: Any) -> Application:
    return Application(external_id=external_id, number="", amount=D(amount), **more)


class Bookkeeper(Shop):
    """Our client, and a person at the same account who sells and looks at the books."""

    def __init__(self, twins: Running) -> None:
        super().__init__(twins)
        self.client.ensure_customer(CustomerDraft(CUSTOMER, "Brightside", "1", "1"))
        self.client.ensure_vendor(VendorDraft(VENDOR, "Brightside Ltd", "1", "1"))

    def invoice(self, external_id: str, amount: Any = 126, **more: Any) -> str:
        """An invoice by hand; answers its internal id."""
        lines = {"items": [{"item": {"id": "1000"}, "quantity": 1, "price": {"id": "-1"}, "amount": amount}]}
        body = {"externalId": external_id, "entity": {"externalId": CUSTOMER}, "item": lines} | more
        return self.hand.create("invoice", body)

    def memo(self, external_id: str, amount: Any, **more: Any) -> str:
        lines = {"items": [{"item": {"id": "1000"}, "quantity": 1, "price": {"id": "-1"}, "amount": amount}]}
        body = {"externalId": external_id, "entity": {"externalId": CUSTOMER}, "item": lines} | more
        return self.hand.create("creditMemo", body)

    def moved(self, external_id: str) -> list[tuple[str, D, D]]:
        """Account, debit and credit of a transaction's lines, as our client reads them."""
        return [(line.account, line.debit, line.credit) for line in self.client.gl_lines([external_id])]

    def balance(self, account: str, until: date | None = None) -> D:
        return sum((each.amount for each in self.client.balances([account], until)), D(0))

    def trial_balance(self) -> D:
        (row,) = self.hand.rows("SELECT SUM(amount) AS total FROM transactionaccountingline WHERE posting = 'T'")
        return D(row.get("total", "0")).quantize(D("0.01"))

"""Whatever is paid, refunded, taken back or deleted: the books balance, and nothing is settled beyond its amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from sandbox.netsuite import NetSuiteTwin
from sandbox.netsuite.applying import applied_by
from sandbox.netsuite.gl import postings
from sandbox.netsuite.store import Record
from sandbox.world import World

RECORDS = "/services/rest/record/v1/"
CUSTOMER, VENDOR = {"externalId": "C"}, {"externalId": "V"}
AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(500), places=2)


class Accountant(RuleBasedStateMachine):
    """One customer and one vendor in euros, in a British subsidiary: rounding has its say."""

    invoices = Bundle("invoices")
    memos = Bundle("memos")
    bills = Bundle("bills")
    payments = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        self.account = NetSuiteTwin(seed=1).account
        self.account.load(World(None))
        self.ids = {one.values["acctNumber"]: one.id for one in self.account.store.all("account")}
        plain = {"subsidiary": {"id": "1"}, "currency": {"id": "2"}}
        assert self._post("customer", plain | {"externalId": "C", "companyName": "Maison"})
        assert self._post("vendor", plain | {"externalId": "V", "companyName": "Maison SA"})

    def _post(self, kind: str, body: dict[str, Any]) -> str | None:
        answer = self.account.request("POST", RECORDS + kind, body)
        assert answer.status in (204, 400), answer.body
        return answer.headers["Location"].rpartition("/")[2] if answer.status == 204 else None

    def _ref(self, number: str) -> dict[str, str]:
        return {"id": self.ids[number]}

    def _sold(self, amount: Decimal, rate: Decimal) -> dict[str, Any]:
        item = {"item": {"id": "710"}, "quantity": 1, "price": {"id": "-1"}, "amount": amount}
        return {"entity": CUSTOMER, "exchangeRate": rate, "shippingCost": Decimal("0.03"), "item": {"items": [item]}}

    def _apply(self, *documents: tuple[str, Decimal]) -> dict[str, Any]:
        return {"items": [{"doc": {"id": doc}, "apply": True, "amount": amount} for doc, amount in documents]}

    @rule(target=invoices, amount=AMOUNTS, rate=st.sampled_from([Decimal("0.85"), Decimal("0.8437")]))
    def bill_the_customer(self, amount: Decimal, rate: Decimal) -> Any:
        return self._post("invoice", self._sold(amount, rate)) or multiple()

    @rule(target=memos, amount=AMOUNTS)
    def credit_the_customer(self, amount: Decimal) -> Any:
        return self._post("creditMemo", self._sold(amount, Decimal("0.85"))) or multiple()

    @rule(target=bills, amount=AMOUNTS, less=AMOUNTS)
    def take_a_bill(self, amount: Decimal, less: Decimal) -> Any:
        lines = [{"account": self._ref("6100"), "amount": amount}, {"account": self._ref("6120"), "amount": -less}]
        return self._post("vendorBill", {"entity": VENDOR, "expense": {"items": lines}}) or multiple()

    @rule(target=payments, documents=st.lists(st.tuples(invoices, AMOUNTS), max_size=3), amount=AMOUNTS)
    def be_paid(self, documents: list[tuple[str, Decimal]], amount: Decimal) -> Any:
        body = {"customer": CUSTOMER, "payment": amount, "account": self._ref("1116"), "autoApply": False}
        return self._post("customerPayment", body | {"apply": self._apply(*documents)}) or multiple()

    @rule(target=payments, documents=st.lists(st.tuples(st.one_of(memos, payments), AMOUNTS), max_size=3))
    def refund(self, documents: list[tuple[str, Decimal]]) -> Any:
        body = {"customer": CUSTOMER, "account": self._ref("1116"), "apply": self._apply(*documents)}
        self._post("customerRefund", body)
        return multiple()

    @rule(documents=st.lists(st.tuples(bills, AMOUNTS), max_size=3))
    def pay(self, documents: list[tuple[str, Decimal]]) -> None:
        self._post("vendorPayment", {"entity": VENDOR, "account": self._ref("1116"), "apply": self._apply(*documents)})

    @rule(amounts=st.lists(AMOUNTS, min_size=1, max_size=5))
    def journal(self, amounts: list[Decimal]) -> None:
        lines: list[dict[str, Any]] = [{"account": self._ref("6100"), "debit": amount} for amount in amounts]
        lines.append({"account": self._ref("1116"), "credit": sum(amounts)})
        body = {"subsidiary": {"id": "1"}, "currency": {"id": "2"}, "approved": True, "line": {"items": lines}}
        assert self._post("journalEntry", body)

    @rule(payment=consumes(payments))
    def take_a_payment_back(self, payment: str) -> None:
        answer = self.account.request("DELETE", f"{RECORDS}customerPayment/{payment}")
        assert answer.status in (204, 400), answer.body

    def _records(self) -> list[Record]:
        return [one for kind in list(self.account.store.by_kind) for one in self.account.store.all(kind)]

    @invariant()
    def the_books_balance(self) -> None:
        for record in self._records():
            if record.group == "transaction":
                lines = postings(self.account.store, record)
                assert sum(line.amount for line in lines) == 0, record.kind
                assert sum(line.base for line in lines) == 0, record.kind

    @invariant()
    def nothing_is_settled_beyond_its_amount(self) -> None:
        records = [one for one in self._records() if one.group == "transaction"]
        settled: dict[str, Decimal] = {}
        for record in records:
            for document, amount in applied_by(record).items():
                settled[document] = settled.get(document, Decimal(0)) + amount
        for record in records:
            own = sum(applied_by(record).values(), Decimal(0))
            total = record.values.get("total", Decimal(0))
            assert own <= total
            by_others = settled.get(record.id, Decimal(0))
            assert by_others <= total
            if record.kind in ("invoice", "vendorBill"):
                assert record.values["amountRemaining"] == total - by_others
            elif record.kind in ("creditMemo", "customerPayment"):
                assert record.values["unapplied"] == total - own - by_others >= 0


Accountant.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestTheBooks = Accountant.TestCase

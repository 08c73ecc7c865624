"""The money of a running Mirakl twin: orders that are paid, and what its log, cycles and documents say of them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox import decimal_json
from tests.integration.twins.mirakl import MARKETPLACE, Mirakl, line, order

Json = dict[str, Any]
D = Decimal
LOG = "/api/sellerpayment/transactions_logs"
CYCLES = "/api/seller-billing-cycles"
INVOICES = "/api/invoices"


def vat(amount: float, code: str = "VAT-20") -> Json:
    return {"code": code, "amount": amount, "rate": 20, "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT"}


def mug(price: float = 120, **fields: Any) -> Json:
    """A mug of 120.00 with 20.00 of VAT and 6.00 of delivery with 1.00; commission 15.00 and 3.00 of VAT on it."""
    given: Json = {
        "price": price,
        "shipping_price": 6,
        "taxes": [vat(20)],
        "shipping_taxes": [vat(1)],
        "commission_fee": 15,
        "commission_taxes": [{"code": "TAXDEFAULT", "amount": 3, "rate": 20}],
        "total_commission": 18,
    }
    return line("MUG", **(given | fields))


def paid(order_id: str = "1-A", *lines: Json, state: str = "SHIPPING", **fields: Any) -> Json:
    """An order that was debited; a mug with the tax in its price unless told otherwise."""
    given = {"order_state": state, "order_tax_mode": "TAX_INCLUDED", "currency_iso_code": "GBP"}
    return order(order_id, *(lines or (mug(),)), **(given | fields))


@dataclass
class Money:
    """What a shop, or its operator, reads of its money; answers must be good, amounts are exact."""

    mirakl: Mirakl

    def lines(self, **asked: Any) -> list[Json]:
        """TL02 in the order of creation, without its frequency."""
        return list(self._asked(LOG, {"limit": 2000, "sort": "dateCreated,ASC", **asked})["data"])

    def types(self, **asked: Any) -> dict[str, Decimal]:
        """The amounts by type."""
        found: dict[str, Decimal] = {}
        for row in self.lines(**asked):
            found[row["type"]] = found.get(row["type"], D(0)) + row["amount"]
        return found

    def states(self) -> set[str]:
        return {row["payment_state"] for row in self.lines() if row["type"] != "PAYMENT"}

    def cycles(self, **asked: Any) -> list[Json]:
        return list(self._asked(CYCLES, {"limit": 1000, **asked})["data"])

    def documents(self, **asked: Any) -> list[Json]:
        return list(self._asked(INVOICES, {"max": 100, "type": "ALL", **asked})["invoices"])

    def requests(self) -> list[Json]:
        return list(self._asked("/api/document-request/requests", {"limit": 100, "sort": "dateCreated,ASC"})["data"])

    def request_lines(self, request_id: str) -> list[Json]:
        return list(self._asked(f"/api/document-request/{request_id}/lines", {"limit": 100})["data"])

    def receive(self, order_id: str = "1-A") -> None:
        self.mirakl.control(
            "POST", "orders/changes", json={"marketplace": MARKETPLACE, "order_id": order_id, "state": "RECEIVED"}
        )

    def refund(self, amount: float, order_id: str = "1-A", **fields: Any) -> str:
        """The shop gives money back, and the payment system has paid it."""
        entry = {
            "order_line_id": f"{order_id}-1",
            "amount": amount,
            "shipping_amount": 0,
            "quantity": 0,
            "reason_code": "DAMAGED",
            **fields,
        }
        answer = self.mirakl.seller("PUT", "/api/orders/refund", json={"refunds": [entry]})
        assert answer.status_code == 200, answer.text
        self.mirakl.wait(minutes=20)
        return str(answer.json()["refunds"][0]["refund_id"])

    def close(self) -> list[str]:
        """The operator closes the billing cycles now."""
        return list(self._by_hand("billing_cycles")["cycles"])

    def pay(self, **order: Any) -> list[str]:
        return list(self._by_hand("payouts", **order)["cycles"])

    def write(self, *lines: Json) -> None:
        self._by_hand("transaction_lines", lines=list(lines))

    def _by_hand(self, verb: str, **order: Any) -> Json:
        return dict(self.mirakl.control("POST", verb, json={"marketplace": MARKETPLACE, **order}))

    def _asked(self, path: str, asked: Json) -> Any:
        answer = self.mirakl.seller("GET", path, params=asked)
        assert answer.status_code == 200, answer.text
        return decimal_json.loads(answer.content)


def chain_holds(lines: list[Json]) -> bool:
    """Each balance is the one before it and the line's amount."""
    before = D(0)
    for row in lines:
        if row["balance"] != before + (0 if row["payment_state"] == "NOT_APPLICABLE" else row["amount"]):
            return False
        before = row["balance"]
    return True

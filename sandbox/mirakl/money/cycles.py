"""Billing cycles: what is payable is closed, billed and paid out; what comes out negative is carried on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sandbox.behaviours import Behaviours
from sandbox.clock import moment_of, text_of
from sandbox.mirakl.money.documents import Period, bill_of_cycle, requests_of_cycle
from sandbox.mirakl.money.log import (
    NOT_APPLICABLE,
    NOT_SPECIFIED,
    PAID,
    PAYABLE,
    Account,
    Due,
    Json,
    Log,
    account_of,
    change,
)
from sandbox.mirakl.money.summary import FEE_TAXES, FEES, kept_by_operator, summary_of

_ZERO, _CENT = Decimal(0), Decimal("0.01")
FAILURES = ("INCOMPLETE_KYC", "AWAITING_INVOICE_CHECK")


class Cycles:
    """Closes and pays; what Mirakl's public material leaves open is asked of the switches."""

    def __init__(self, behaviours: Behaviours, new_id: Callable[[], str]) -> None:
        self._behaviours = behaviours
        self._new_id = new_id

    def close(self, log: Log, at: datetime, shop_name: Callable[[int], str], *, own_shop: int) -> list[str]:
        """Close a cycle for each account with something to close; gives their ids. Our own shop has a subscription."""
        self._charge_subscription(log, at, own_shop)
        groups: dict[Account, list[Json]] = {}
        for line in log.closable:
            groups.setdefault(account_of(line), []).append(line)
        log.closable = []
        closed = []
        for account, lines in sorted(groups.items()):
            total = log.carried.get(account, _ZERO) + sum(
                (Decimal(line["amount"]) for line in lines if line["payment_state"] != NOT_APPLICABLE), _ZERO
            )
            if total < 0 and not self._behaviours.is_on("negative_cycles_close"):
                log.closable += lines
                continue
            log.carried[account] = min(total, _ZERO)
            closed.append(
                self._close(log, account, lines, at, transferred=max(total, _ZERO), shop_name=shop_name(account.shop))
            )
        log.since = max(at, log.since or at)
        return closed

    def pay(self, log: Log, cycle_id: str, at: datetime, failure: str | None = None) -> None:
        """Pay a cycle out, or fail to. Raises KeyError for an unknown cycle, ValueError for one not to be paid."""
        cycle = log.cycle(cycle_id)
        amount = Decimal(cycle["amount_transferred_to_seller"])
        if cycle["pay_out"]["state"] == PAID or amount <= 0:
            raise ValueError(f"billing cycle {cycle_id} is not to be paid: {cycle['pay_out']['state']}, {amount}")
        log.payouts = [due for due in log.payouts if due.cycle != cycle_id]
        if failure:
            self._tell(log, cycle, {"state": "FAILED", "failure_reason": failure})
            self.schedule(log, cycle_id, at)
            return
        reference = f"PO-{cycle['currency_iso_code']}-{cycle['payment_voucher_number']}"
        self._tell(log, cycle, {"state": PAID, "reference": reference, "transaction_date": text_of(at)})
        for line in log.lines_of(cycle_id):
            if line["payment_state"] == PAYABLE:
                change(line, at, payment_state=PAID)
        named = self._behaviours.is_on("payment_names_its_cycle")
        payment = {
            "id": self._new_id(),
            "type": "PAYMENT",
            "amount": -amount,
            "payment_state": PAID,
            "seller_billing_cycle_id": cycle_id if named else None,
            "payment_voucher_number": cycle["payment_voucher_number"],
            "entities": {},
        }
        account = Account(int(cycle["shop"]["shop_id"]), str(cycle["currency_iso_code"]))
        log.write(account, payment, at)

    def pay_on_time(self, log: Log, cycle_id: str, at: datetime) -> None:
        """As the calendar has it: the switch `payouts_fail` names why they do not succeed."""
        self.pay(log, cycle_id, at, self._behaviours.text("payouts_fail") or None)

    def schedule(self, log: Log, cycle_id: str, closed: datetime) -> None:
        """When the operator's payment system pays it, or tries again."""
        wait = timedelta(days=max(self._behaviours.number("payout_days"), 1 / 1440))
        log.payouts = sorted([*log.payouts, Due(closed + wait, cycle_id)])

    def _tell(self, log: Log, cycle: Json, pay_out: Json) -> None:
        cycle["pay_out"] = pay_out
        payment = {
            "state": pay_out["state"],
            "reference": pay_out.get("reference"),
            "transaction_date": pay_out.get("transaction_date"),
            **({"failure_reason": pay_out["failure_reason"]} if "failure_reason" in pay_out else {}),
        }
        for document in log.documents:
            if document.get("seller_billing_cycle_id") == cycle["id"]:
                document["payment"] = payment

    def _close(
        self, log: Log, account: Account, lines: list[Json], at: datetime, *, transferred: Decimal, shop_name: str
    ) -> str:
        cycle_id = self._new_id()
        mine = [one for one in log.cycles if Account(int(one["shop"]["shop_id"]), one["currency_iso_code"]) == account]
        former = max((moment_of(one["date_created"]) for one in mine), default=None)
        start = former or min(moment_of(line["date_created"]) for line in lines)
        numbers = [int(one["payment_voucher_number"]) for one in mine if str(one["payment_voucher_number"]).isdigit()]
        voucher = f"{max(numbers, default=0) + 1:06d}"
        period = Period(start, at)
        numbered = self._bill(log, account, cycle_id, lines, period)
        for line in lines:
            number = line.get("accounting_document_number") or numbered(line)
            change(
                line,
                at,
                seller_billing_cycle_id=cycle_id,
                payment_voucher_number=voucher,
                accounting_document_number=number,
                accounting_document_creation_date=line.get("accounting_document_creation_date")
                or (text_of(at) if number else None),
            )
        summary = summary_of(lines)
        log.cycles.append(
            {
                "id": cycle_id,
                "date_created": text_of(at),
                "currency_iso_code": account.currency,
                "payment_voucher_number": voucher,
                "amount_transferred_to_seller": transferred,
                "amount_transferred_to_operator": kept_by_operator(summary),
                "pay_out": {"state": "TO_PAY" if transferred else self._behaviours.text("empty_payout_state")},
                "pay_out_psp_code": NOT_SPECIFIED,
                "shop": {
                    "shop_id": account.shop,
                    "shop_name": shop_name,
                    "shop_corporate_name": f"{shop_name} Ltd",
                    "shop_model": "MARKETPLACE",
                    "shop_operator_internal_id": f"OP-{account.shop}",
                },
                "summary": summary,
            }
        )
        if transferred:
            self.schedule(log, cycle_id, at)
        return cycle_id

    def _bill(
        self, log: Log, account: Account, cycle_id: str, lines: list[Json], period: Period
    ) -> Callable[[Json], str | None]:
        """Issue the operator's documents of a cycle; gives the number that each line takes."""
        if not any(line["type"] in FEES or line["type"] in FEE_TAXES for line in lines):
            return lambda _line: None
        if self._behaviours.is_on("fees_by_document_request"):
            made = requests_of_cycle(log, account, cycle_id, lines, period, new_ids=(self._new_id(), self._new_id()))
            log.requests += made
            numbers = {str(one["request"]["type"]): str(one["request"]["document_number"]) for one in made}
            return lambda line: _numbered(line, numbers)
        by_document = self._behaviours.is_on("bill_taxes_on_the_total")
        bill = bill_of_cycle(log, account, cycle_id, lines, period, new_id=self._new_id(), by_document=by_document)
        log.documents.append(bill)
        return lambda _line: str(bill["invoice_id"])

    def _charge_subscription(self, log: Log, at: datetime, own_shop: int) -> None:
        fee = Decimal(str(self._behaviours.number("subscription_fee"))).quantize(_CENT)
        if fee <= 0:
            return
        rate = Decimal(str(self._behaviours.number("subscription_tax_rate")))
        tax = (fee * rate / 100).quantize(_CENT, ROUND_HALF_UP)
        # A shop without business in a currency has no account in it to charge.
        for account in sorted({account_of(line) for line in log.closable if account_of(line).shop == own_shop}):
            rows = [("SUBSCRIPTION_FEE", fee, {}), ("SUBSCRIPTION_VAT", tax, {"shop_tax": _tax(rate)})]
            for kind, amount, entities in rows:
                line = {"id": self._new_id(), "type": kind, "amount": -amount, "payment_state": PAYABLE}
                if amount:
                    log.closable.append(log.write(account, line | {"entities": entities}, at))


def _tax(rate: Decimal) -> Json:
    return {"code": "TAXDEFAULT", "rate": rate}


def _numbered(line: Json, numbers: dict[str, str]) -> str | None:
    kind = str(line["type"])
    if kind not in FEES and kind not in FEE_TAXES:
        return None
    return numbers.get("CREDIT_NOTE" if kind.startswith("REFUND_") else "INVOICE")

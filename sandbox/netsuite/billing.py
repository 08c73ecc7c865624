"""Invoices, credit memos and return authorisations: what they take over from their source, and what they apply to."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sandbox.behaviours import Behaviours
from sandbox.netsuite.chart import default_account
from sandbox.netsuite.chosen_lines import Line, chosen_lines, too_many
from sandbox.netsuite.parties import use_account
from sandbox.netsuite.periods import post
from sandbox.netsuite.progress import Done, done_of, is_fulfillable, left_to_bill
from sandbox.netsuite.refusal import invalid_value, missing_value, user_error
from sandbox.netsuite.sales_order import CUSTOM_PRICE, HANDLING, SHIPPING, SalesOrderRules, merge_line
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
_CASH = ("cashSale", "cashRefund")
_POSTING = ("invoice", "creditMemo", *_CASH)
_LINE = ("item", "itemType", "rate", "price", "amount", "description", "location", "taxDetailsReference", "taxCode")
_ADDRESSES = ("shippingAddress", "billingAddress", "shipMethod", "taxDetailsOverride", "shippingTaxCode")


class Billing:
    """Documents with amounts that come out of another document."""

    def __init__(self, store: Store, switches: Behaviours) -> None:
        self._store = store
        self._switches = switches

    def fill(self, made: Record, source: Record, sent: list[Line]) -> list[Line]:
        """Lines of a new document; those whose price has to be worked out are answered."""
        done = done_of(self._store, source)
        chosen, added = chosen_lines(
            source, sent, lambda line: self.most(made, source, line, done), may_add=made.kind in _POSTING
        )
        for name in _ADDRESSES:
            if source.values.get(name) is not None:
                made.values.setdefault(name, source.values[name])
        for name in ("shippingCost", "handlingCost"):
            if source.values.get(name) is not None and name not in made.values and made.kind != "returnAuthorization":
                made.values[name] = max(ZERO, source.values[name] - self._billed(source, made, name))
        lines = made.sublists["item"] = []
        priced = []
        for one in chosen:
            line: Line = {name: one.source[name] for name in _LINE if one.source.get(name) is not None}
            line |= {name: value for name, value in one.source.items() if name in self._store.line_fields}
            line |= {"orderLine": one.source["line"], "orderDoc": source.id, "quantity": one.quantity}
            said = {name: value for name, value in one.sent.items() if name not in ("orderLine", "line", "quantity")}
            if merge_line(line, said) or one.quantity != one.source["quantity"]:
                if said.get("price") is None:
                    line["price"] = CUSTOM_PRICE  # the rate of the order stands, whatever the price list says today
                if "amount" not in said:
                    line["amount"] = None
                priced.append(line)
            lines.append(line)
        for line in added:
            line.pop("line", None)
            lines.append(line)
            priced.append(line)
        return priced

    def settle(
        self,
        made: Record,
        former: Record | None,
        source: Record | None,
        priced: list[Line],
        *,
        tax_sent: bool,
        today: date,
    ) -> None:
        """Check and calculate; tax follows the source's in proportion unless it is sent. Raises Refusal."""
        values = made.values
        values.setdefault("tranDate", today.isoformat())
        follow = source if source is not None and not tax_sent and (former is None or priced) else None
        rules = SalesOrderRules(self._store, self._switches, made)
        rules.settle(
            priced,
            tax_touched=tax_sent,
            before_tax=None if follow is None else lambda: self._follow_tax(made, follow),
        )
        if source is not None:
            self._check_quantities(made, source)
        if made.kind in _CASH:
            self._bank(made)
        elif made.kind in _POSTING:
            use_account(self._store, made, "account", "receivable", ("AcctRec",))
        if made.kind in _POSTING:
            post(self._store, self._switches, made)
        if made.kind == "returnAuthorization":
            values.setdefault("orderStatus", "A")
        elif made.kind == "creditMemo":
            self._apply(made, former, source)
        elif made.kind == "invoice":
            paid = values.setdefault("amountPaid", ZERO)
            if values["total"] < paid:
                raise user_error("The total of an invoice cannot be less than what is applied to it.")
            mark_invoice(made, paid)

    def _bank(self, made: Record) -> None:
        """A cash sale is paid as it is made: into the account that is named, else among what is yet to be deposited."""
        values = made.values
        if values.get("account") is None or values.get("undepFunds"):
            values |= {"undepFunds": True, "account": default_account(self._store, "undeposited")}
        use_account(self._store, made, "account", "", ("Bank", "OthCurrAsset"))
        values.setdefault("status", "B" if values.get("undepFunds") else "C")

    def most(self, made: Record, source: Record, line: Line, done: Mapping[int, Done]) -> Decimal | None:
        """How many of a source's line this document may take; None where NetSuite sets no bound."""
        so_far = done.get(line["line"], Done())
        if made.kind == "invoice":
            return left_to_bill(line, so_far)
        if made.kind == "returnAuthorization":
            shipped = so_far.shipped if is_fulfillable(line) else ZERO
            return max(ZERO, shipped - so_far.returned)
        if source.kind == "returnAuthorization":
            return max(ZERO, so_far.received - so_far.billed)
        return None

    def applied_by(self, memo: Record | None) -> dict[str, Decimal]:
        """What a credit memo takes off each invoice."""
        if memo is None or memo.kind != "creditMemo":
            return {}
        return {line["doc"]: line["amount"] for line in memo.sublists.get("apply", []) if line.get("apply", True)}

    # -- rules ---------------------------------------------------------------------------------------------------

    def _check_quantities(self, made: Record, source: Record) -> None:
        done = done_of(self._store, source, besides=made)
        lines = {line["line"]: line for line in source.sublists.get("item", [])}
        for place, line in enumerate(made.sublists["item"]):
            path = f"item.items[{place}]"
            if line.get("orderLine") is None:
                if made.kind == "returnAuthorization":
                    raise user_error("Lines cannot be added to this transaction.", path=path)
                continue
            if line["orderLine"] not in lines:
                raise invalid_value(line["orderLine"], "orderLine", f"{path}.orderLine")
            most = self.most(made, source, lines[line["orderLine"]], done)
            if most is not None and line["quantity"] > most and not line.get("isClosed"):
                raise too_many(line["quantity"], most, f"{path}.quantity")

    def _follow_tax(self, made: Record, source: Record) -> None:
        """Each tax of the source in the proportion in which its basis was taken over."""
        ratios: dict[str, Decimal] = {}
        by_number = {line["line"]: line for line in source.sublists.get("item", [])}
        for line in made.sublists["item"]:
            origin = by_number.get(line.get("orderLine", 0))
            if origin is not None and origin.get("taxDetailsReference"):
                ratios[origin["taxDetailsReference"]] = self._ratio(line, origin)
        for reference, name in ((SHIPPING, "shippingCost"), (HANDLING, "handlingCost")):
            whole = source.values.get(name)
            if whole:
                ratios[reference] = (made.values.get(name) or ZERO) / whole
        details = made.sublists["taxDetails"] = []
        for tax in source.sublists.get("taxDetails", []):
            ratio = ratios.get(tax["taxDetailsReference"], ZERO)
            if ratio:
                details.append(tax | {name: tax[name] * ratio for name in ("taxBasis", "taxAmount")})

    def _ratio(self, line: Line, origin: Line) -> Decimal:
        taken, whole = line.get("amount"), origin["amount"]
        if taken is None or not whole:
            taken, whole = line["quantity"], origin["quantity"]
        ratio: Decimal = taken / whole if whole else ZERO
        return ratio

    def _billed(self, source: Record, made: Record, name: str) -> Decimal:
        if made.kind != "invoice":
            return ZERO
        others = self._store.made_from(source.id, "invoice")
        return sum((one.values.get(name) or ZERO for one in others if one.id != made.id), ZERO)

    def _apply(self, memo: Record, former: Record | None, source: Record | None) -> None:
        before = self.applied_by(former)
        lines = memo.sublists.setdefault("apply", [])
        owed = source is not None and source.kind == "invoice" and (source.values.get("amountRemaining") or ZERO) > 0
        if former is None and owed and not lines and self._switches.is_on("credit_memo_needs_apply"):
            raise missing_value("Apply")
        left = memo.values["total"] - memo.values.get("_refunded", ZERO)
        for place, line in enumerate(lines):
            path = f"apply.items[{place}]"
            invoice = self._store.get("transaction", line.get("doc") or "")
            if invoice is None or invoice.kind != "invoice" or invoice.values["entity"] != memo.values["entity"]:
                raise invalid_value(line.get("doc"), "doc", f"{path}.doc")
            if line.get("apply") is False:
                line["amount"] = ZERO
                continue
            line["apply"] = True
            due = (invoice.values.get("amountRemaining") or ZERO) + before.get(invoice.id, ZERO)
            amount = line.get("amount")
            amount = min(left, due) if amount is None else amount
            if amount < 0 or amount > due:
                raise invalid_value(amount, "amount", f"{path}.amount")
            if amount > left:
                raise user_error("You cannot apply more than your total credits.", path=f"{path}.amount")
            left -= amount
            line |= {"amount": amount, "total": invoice.values["total"], "refNum": invoice.values.get("tranId")}
        lines[:] = [line for line in lines if line["amount"]]
        applied = sum((line["amount"] for line in lines), ZERO)
        memo.values |= {"applied": applied, "unapplied": left, "amountRemaining": left}
        memo.values["status"] = "A" if left else "B"


def mark_invoice(invoice: Record, paid: Decimal) -> None:
    left = invoice.values["total"] - paid
    invoice.values |= {"amountPaid": paid, "amountRemaining": left, "status": "A" if left else "B"}

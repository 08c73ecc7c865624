"""The rules of a sales order: who, where, what each line costs, which tax, and the total."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.behaviours import Behaviours
from sandbox.netsuite.refusal import invalid_key, invalid_value, may_not_set, missing_value, user_error
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
CUSTOM_PRICE = "-1"
SHIPPING, HANDLING = "SHIPPING", "HANDLING"
Line = dict[str, Any]


class SalesOrderRules:
    """Completes a sales order as NetSuite does on save, or refuses it."""

    def __init__(self, store: Store, switches: Behaviours, order: Record) -> None:
        self._store = store
        self._switches = switches
        self._order = order
        self._values = order.values
        self._lines = order.sublists.setdefault("item", [])

    def settle(
        self, priced: Sequence[Line], *, tax_touched: bool, before_tax: Callable[[], None] | None = None
    ) -> None:
        """Check and calculate. `priced` are the lines whose item or price this request wrote; others keep theirs.

        `before_tax` is called when all amounts are known, and may write the tax details that go with them.
        """
        self._party()
        self._currency = self._record("currency", self._values["currency"])
        self._step = Decimal(1).scaleb(-int(self._currency.values["currencyPrecision"]))
        self._places()
        if not self._lines:
            raise user_error("You must enter at least one line item for this transaction.")
        self._keys()
        places = {id(line): place for place, line in enumerate(self._lines)}
        for line in priced:
            self._check_item(line, f"item.items[{places[id(line)]}].item")
            self._price(line)
        if before_tax is not None:
            before_tax()
        self._taxes(tax_touched=tax_touched)
        self._gross(priced)
        self._totals()

    # -- who and where -------------------------------------------------------------------------------------------

    def _party(self) -> None:
        entity = self._store.get("entity", self._values.get("entity") or "")
        if entity is None:
            raise missing_value("Customer")
        if entity.values.get("isInactive"):
            raise invalid_value(entity.id, "entity", "entity")
        home = entity.values["subsidiary"]
        subsidiary = self._values["subsidiary"] = self._values.get("subsidiary") or home
        if subsidiary != home:
            raise invalid_key(f"Invalid subsidiary reference key {subsidiary} for entity {entity.id}.", "subsidiary")
        currency = self._values.get("currency") or entity.values["currency"]
        if currency not in _currencies_of(entity):
            raise invalid_value(currency, "currency", "currency")
        self._values["currency"] = currency
        if self._values.get("exchangeRate") is None:
            base = self._record("currency", self._record("subsidiary", subsidiary).values["currency"])
            sold_in = self._record("currency", currency)
            rate = sold_in.values["exchangeRate"] / base.values["exchangeRate"]
            self._values["exchangeRate"] = rate.quantize(Decimal("1e-8"), ROUND_HALF_UP).normalize()

    def _places(self) -> None:
        self._check_location(self._values.get("location"), "location")
        for place, line in enumerate(self._lines):
            self._check_location(line.get("location"), f"item.items[{place}].location")
        needs_method = self._switches.is_on("shipping_cost_needs_method") and self._values.get("shippingCost")
        if needs_method and not self._values.get("shipMethod"):
            raise missing_value("Ship Via")

    def _check_location(self, location_id: str | None, path: str) -> None:
        if location_id is None:
            return
        location = self._record("location", location_id)
        if location.values.get("isInactive") or location.values["subsidiary"] != self._values["subsidiary"]:
            raise user_error(
                f"You have entered an Invalid Field Value {location_id} for the following field: location.", path=path
            )

    # -- lines ---------------------------------------------------------------------------------------------------

    def _keys(self) -> None:
        step = 3 if self._switches.text("line_numbers") == "gaps" else 1
        last = max((line["line"] for line in self._lines if "line" in line), default=1 - step)
        for line in self._lines:
            if "line" not in line:
                last += step
                line["line"] = last
            if "lineUniqueKey" not in line:
                line["lineUniqueKey"] = str(self._store.next_number("lineUniqueKey", 200001))

    def _check_item(self, line: Line, path: str) -> None:
        if line.get("item") is None:
            raise missing_value("Item")
        item = self._store.get("item", line["item"])
        if item is None or item.values.get("isInactive"):
            raise invalid_value(line["item"], "item", path)
        subsidiary = self._values["subsidiary"]
        allowed = item.values.get("subsidiary")
        if allowed and subsidiary not in allowed:
            raise invalid_key(f"Invalid item reference key {item.id} for subsidiary {subsidiary}.", path)
        line["itemType"] = item.values["itemType"]
        if line.get("quantity") is None:
            if item.kind == "inventoryItem":
                raise missing_value("Quantity")
            line["quantity"] = Decimal(1)

    def _price(self, line: Line) -> None:
        """Rate from the price level unless the custom one is named; amount from the rate unless it is sent."""
        quantity = line["quantity"]
        listed = self._record("item", line["item"]).values.get("basePrice")
        overrides = self._switches.is_on("price_level_overrides_rate")
        custom = line.get("price") == CUSTOM_PRICE or (line.get("price") is None and not overrides)
        if listed is not None and (not custom or (line.get("rate") is None and line.get("amount") is None)):
            line["rate"] = listed
            line["amount"] = None
            line.setdefault("price", "1")
        elif line.get("price") is None:
            line["price"] = CUSTOM_PRICE
        if line.get("grossAmt") is not None:
            return
        if line.get("amount") is None:
            if line.get("rate") is None:
                raise missing_value("Amount")
            line["amount"] = self._round(quantity * line["rate"])
        else:
            line["amount"] = self._round(line["amount"])
            if line.get("rate") is None and quantity:
                line["rate"] = (line["amount"] / quantity).quantize(Decimal("1e-8"), ROUND_HALF_UP).normalize()

    # -- tax -----------------------------------------------------------------------------------------------------

    def _taxes(self, *, tax_touched: bool) -> None:
        details = self._order.sublists.setdefault("taxDetails", [])
        if details and not self._values.get("taxDetailsOverride"):
            if tax_touched and self._switches.text("tax_details_without_override") == "refused":
                raise may_not_set("taxDetails", "taxDetails")
            details.clear()  # NetSuite's own engine has the last word
        self._references()
        known = {line["taxDetailsReference"] for line in self._lines} | {SHIPPING, HANDLING}
        for place, detail in enumerate(details):
            self._check_detail(detail, known, f"taxDetails.items[{place}]")

    def _references(self) -> None:
        chosen_by_client = self._switches.is_on("client_tax_references")
        for line in self._lines:
            if not chosen_by_client and "_reference" not in line:
                line["taxDetailsReference"] = line["_reference"] = f"{self._order.id}_{line['lineUniqueKey']}"
            elif line.get("taxDetailsReference") is None:
                line["taxDetailsReference"] = f"{self._order.id}_{line['lineUniqueKey']}"

    def _check_detail(self, detail: Line, known: set[str], path: str) -> None:
        needed = ["taxDetailsReference", "taxCode", "taxBasis", "taxAmount"]
        if self._switches.is_on("tax_details_need_rate"):
            needed.append("taxRate")
        for name in needed:
            if detail.get(name) is None:
                raise missing_value(f"{name} (tax detail)")
        if detail["taxDetailsReference"] not in known:
            raise invalid_value(detail["taxDetailsReference"], "taxDetailsReference", f"{path}.taxDetailsReference")
        code = self._record("salesTaxItem", detail["taxCode"])
        if code.values.get("isInactive"):
            raise invalid_value(code.id, "taxCode", f"{path}.taxCode")
        detail["taxAmount"] = self._round(detail["taxAmount"])
        detail["taxBasis"] = self._round(detail["taxBasis"])

    def _gross(self, priced: Sequence[Line]) -> None:
        """What each line costs with its tax; a gross amount that was sent makes the net one follow from it."""
        details: dict[str, Decimal] = defaultdict(Decimal)
        for detail in self._order.sublists["taxDetails"]:
            details[detail["taxDetailsReference"]] += detail["taxAmount"]
        sent_gross = {id(line) for line in priced if line.get("grossAmt") is not None}
        for line in self._lines:
            tax = details.get(line["taxDetailsReference"], ZERO)
            rate = self._legacy_rate(line)
            if id(line) in sent_gross:
                gross = self._round(line["grossAmt"])
                line["amount"] = gross - tax if rate is None else self._round(gross / (1 + rate))
                if line["quantity"]:
                    per_piece = line["amount"] / line["quantity"]
                    line["rate"] = per_piece.quantize(Decimal("1e-8"), ROUND_HALF_UP).normalize()
                tax = tax if rate is None else gross - line["amount"]
            elif rate is not None:
                tax = self._round(line["amount"] * rate)
            if rate is not None:
                line["tax1Amt"] = tax
            line["taxAmount"] = tax
            line["grossAmt"] = line["amount"] + tax

    def _legacy_rate(self, line: Line) -> Decimal | None:
        code = line.get("taxCode")
        return None if code is None else Decimal(self._record("salesTaxItem", code).values["rate"]) / 100

    def _totals(self) -> None:
        values = self._values
        for name in ("shippingCost", "handlingCost"):
            if values.get(name) is not None:
                values[name] = self._round(values[name])
        shipping, handling = values.get("shippingCost") or ZERO, values.get("handlingCost") or ZERO
        subtotal = sum((line["amount"] for line in self._lines), ZERO)
        tax = sum((detail["taxAmount"] for detail in self._order.sublists["taxDetails"]), ZERO)
        tax += sum((line["taxAmount"] for line in self._lines if line.get("taxCode") is not None), ZERO)
        if values.get("shippingTaxCode") is not None:
            rate = Decimal(self._record("salesTaxItem", values["shippingTaxCode"]).values["rate"]) / 100
            values["shippingTaxAmount"] = self._round(shipping * rate)
            tax += values["shippingTaxAmount"]
        values["subtotal"] = self._round(subtotal)
        values["taxTotal"] = self._round(tax)
        values["total"] = self._round(subtotal + shipping + handling + tax)

    def _round(self, amount: Decimal) -> Decimal:
        return amount.quantize(self._step, ROUND_HALF_UP)

    def _record(self, group: str, record_id: str) -> Record:
        found = self._store.get(group, record_id)
        if found is None:
            raise invalid_value(record_id, group, group)
        return found


def _currencies_of(entity: Record) -> set[str]:
    more = {line["currency"] for line in entity.sublists.get("currencyList", [])}
    return {entity.values["currency"], *more}


def start_order(order: Record, today: str) -> None:
    """What NetSuite fills in before the rules look."""
    order.values.setdefault("tranDate", today)
    order.values.setdefault("orderStatus", "A")
    order.values["source"] = "REST"


def number_order(store: Store, order: Record) -> None:
    number = store.next_number("salesOrder", 1001)
    order.values |= {"tranId": f"SO{number}", "transactionNumber": f"SALESORD{number}"}


def merge_line(line: Line, sent: Line) -> bool:
    """Put what was sent over a line; tells whether its price has to be worked out again."""
    changed = sent.keys() & {"item", "quantity", "rate", "amount", "grossAmt", "price"}
    if "grossAmt" not in sent:
        line.pop("grossAmt", None)
    if changed and "amount" not in sent:
        line["amount"] = None
    if "amount" in sent and "rate" not in sent:
        line["rate"] = None
    line.update(sent)
    return bool(changed)

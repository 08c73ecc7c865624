"""What each operation does once a request is admitted."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.responses import Response

from sandbox import decimal_json
from sandbox.behaviours import Behaviours
from sandbox.control import json_response
from sandbox.mirakl import settings
from sandbox.mirakl.acceptance import decisions_on
from sandbox.mirakl.admission import Admission, Admitted, raise_problems
from sandbox.mirakl.asked import Asked
from sandbox.mirakl.bodies import Acceptance, CustomFields, OperatorUpdates, SellerUpdates, read_body
from sandbox.mirakl.carriers import carriers
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.from_shipping_on import FROM_SHIPPING_ON
from sandbox.mirakl.lifecycle import Waits, decide
from sandbox.mirakl.listing import found_orders, link_to, page_bounds
from sandbox.mirakl.money.answers import ABOUT_MONEY
from sandbox.mirakl.money.invoices import list_invoices
from sandbox.mirakl.moves import settle
from sandbox.mirakl.offers.answers import ABOUT_OFFERS
from sandbox.mirakl.offers.told import Created, Paged
from sandbox.mirakl.operation import Persona
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.shops import account, list_shops
from sandbox.mirakl.state import Json, Marketplace, MiraklState, Order
from sandbox.mirakl.tax_mode import in_tax_mode
from sandbox.mirakl.updates import update_order, write_custom_fields
from sandbox.mirakl.views import operator_view, seller_view

MOST_UPDATES = 100


class Answers:
    """Answers requests from the state; keeps the orders it has already written out."""

    def __init__(self, state: MiraklState, behaviours: Behaviours, *, official_contracts: bool) -> None:
        self._state = state
        self._behaviours = behaviours
        self._admission = Admission(behaviours, official_contracts=official_contracts)
        self._written: dict[tuple[Any, ...], tuple[int, msgspec.Raw]] = {}

    def forget(self) -> None:
        """A new world: nobody has called yet, and nothing is written out."""
        self._admission.forget()
        self._written.clear()

    def answer(self, asked: Asked, body: bytes, at: datetime) -> Response:
        """Raises ContractViolation for what Mirakl's contract does not know."""
        try:
            call = self._admission.admit(asked, body, at)
            settle(self._state, call.marketplace, at)
            return self._done(call)
        except MiraklRefusal as refusal:
            return refusal.response()

    def sellers_orders(self, marketplace: Marketplace, at: datetime, *, all_shops: bool = False) -> list[Json]:
        """All orders of our shop, or of every shop, as OR11 shows them to their seller."""
        settle(self._state, marketplace, at)
        persona: Persona = "operator" if all_shops else "seller"
        orders = found_orders(marketplace, persona, {}, delta=timedelta(0), staging=True)
        details = self._behaviours.is_on("details_before_acceptance")
        return [seller_view(one, details_before_acceptance=details) for one in orders]

    def waits(self) -> Waits:
        """How long the steps take that others do, as the switches stand."""

        def minutes(name: str) -> timedelta:
            return timedelta(minutes=self._behaviours.number(f"{name}_minutes"))

        return Waits(
            debit_request=minutes("debit_request"),
            debit=minutes("debit"),
            received=minutes("received"),
            closed=minutes("closed"),
            refund_request=minutes("refund_request"),
            refund=minutes("refund"),
        )

    def _done(self, call: Admitted) -> Response:
        match call.operation.code:
            case "OR11":
                return self._listed(call)
            case "OR21":
                return self._accepted(call)
            case "OR04":
                return _json(call, self._updated(call))
            case "OR31":
                return _json(call, self._custom_fields_written(call))
            case "IV01" | "S20" as listed:
                return self._paged(call, list_shops(call) if listed == "S20" else Paged(*list_invoices(call)))
        return self._told(call)

    def _told(self, call: Admitted) -> Response:
        if call.operation.code in FROM_SHIPPING_ON:
            done = FROM_SHIPPING_ON[call.operation.code](call, Desk(self._state, self._behaviours, self.waits()))
            status = 201 if call.operation.code == "ST01" else 200
            return Response(status_code=204) if done is None else _json(call, done, status)
        if call.operation.code in ABOUT_MONEY:
            told = ABOUT_MONEY[call.operation.code](call, Desk(self._state, self._behaviours, self.waits()))
            return told if isinstance(told, Response) else _json(call, told)
        if call.operation.code in ABOUT_OFFERS:
            return self._about_offers(call)
        return _json(call, self._setting(call))

    def _about_offers(self, call: Admitted) -> Response:
        told = ABOUT_OFFERS[call.operation.code](call, Desk(self._state, self._behaviours, self.waits()))
        if isinstance(told, Created):
            response = _json(call, told.body, 201)
            response.headers["Location"] = f"{call.asked.url.removesuffix(call.asked.path)}{told.location}"
            return response
        if isinstance(told, Paged):
            return self._paged(call, told)
        return told if isinstance(told, Response) else _json(call, told)

    def _setting(self, call: Admitted) -> Json:
        match call.operation.code:
            case "V01":
                return settings.VERSION
            case "PC01":
                return settings.platform(call.marketplace, self._behaviours)
            case "A01":
                return account(call.marketplace)
            case "SH21":
                return carriers()
            case "RE01":
                return settings.reasons()
        return settings.order_taxes(call.marketplace)

    def _listed(self, call: Admitted) -> Response:
        offset, most = page_bounds(call.parameters)
        delta = timedelta(seconds=self._behaviours.number("update_window_delta_seconds"))
        staging = self._behaviours.is_on("sellers_see_staging_orders")
        found = found_orders(call.marketplace, call.persona, call.parameters, delta=delta, staging=staging)
        page = [self._written_out(call, order) for order in found[offset : offset + most]]
        response = json_response({"orders": page, "total_count": len(found)})
        if link := link_to(call.asked.url, call.asked.query, offset, most, len(found)):
            response.headers["Link"] = link
        return response

    def _paged(self, call: Admitted, page: Paged) -> Response:
        response = _json(call, page.body)
        if link := link_to(call.asked.url, call.asked.query, page.offset, page.most, page.total):
            response.headers["Link"] = link
        return response

    def _written_out(self, call: Admitted, order: Order) -> msgspec.Raw:
        """One order as JSON, made and checked once for each of its versions."""
        mode = str(call.parameters.get("order_tax_mode", order.body["order_tax_mode"]))
        details = self._behaviours.is_on("details_before_acceptance")
        key = (call.marketplace.name, order.id, call.persona, mode, details)
        version, written = self._written.get(key, (-1, msgspec.Raw()))
        if version != order.version:
            if call.persona == "seller":
                view = seller_view(order, details_before_acceptance=details)
            else:
                view = operator_view(order, call.marketplace)
            view = in_tax_mode(view, mode)
            if call.contract:
                raise_problems(call.contract.schema_check("OR11_Response_200_Orders")(view), f"order {order.id}")
            written = msgspec.Raw(decimal_json.dumps(view))
            self._written[key] = (order.version, written)
        return written

    def _accepted(self, call: Admitted) -> Response:
        asked = read_body("OR21", call.persona, call.sent)
        assert isinstance(asked, Acceptance)
        order = call.order()
        decided = decisions_on(order, asked, partial_allowed=self._behaviours.is_on("partial_acceptance"))
        decide(order, decided, call.at, self.waits())
        self._state.changed(call.marketplace, order, call.at)
        settle(self._state, call.marketplace, call.at)
        return Response(status_code=204)

    def _updated(self, call: Admitted) -> Json:
        asked = read_body("OR04", call.persona, call.sent)
        assert isinstance(asked, SellerUpdates | OperatorUpdates)
        if not asked.orders or len(asked.orders) > MOST_UPDATES:
            said = f"1 to {MOST_UPDATES} orders a call, not {len(asked.orders or [])}"
            raise MiraklRefusal(400, said, code="VALIDATION_ERROR", field="orders")
        entries = [
            update_order(self._state, call.marketplace, call.visible(one.order_id), one, at=call.at)
            for one in asked.orders
        ]
        return {"updated_orders": entries}

    def _custom_fields_written(self, call: Admitted) -> Json:
        asked = read_body("OR31", call.persona, call.sent)
        assert isinstance(asked, CustomFields)
        known = {code.strip() for code in self._behaviours.text("custom_fields").split(",") if code.strip()}
        return write_custom_fields(self._state, call.marketplace, call.order(), asked, at=call.at, known=known)


def _json(call: Admitted, value: Json, status: int = 200) -> Response:
    if call.contract:
        problems = call.contract.response_check(call.asked.method, call.operation.path)(value)
        raise_problems(problems, f"the twin's own answer to {call.operation.code}")
    return json_response(value, status)

"""Whether a request may be answered at all: who asks, what, in Mirakl's words, and not too often."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sandbox import decimal_json
from sandbox.behaviours import Behaviours
from sandbox.calls import ContractViolation
from sandbox.mirakl.asked import Asked
from sandbox.mirakl.contract import Contract, official_contract
from sandbox.mirakl.forms import Form, read_form
from sandbox.mirakl.frequencies import Frequencies, by_the_hour
from sandbox.mirakl.operation import Frequency, Operation, Persona
from sandbox.mirakl.operations import EXTERNAL_PARTNER, FULL_EXPORT
from sandbox.mirakl.parameters import read_parameters
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import SHOP_ID, Marketplace, Order


@dataclass(frozen=True)
class Admitted:
    """A request that is answered: who asks is known, its parameters are read, `sent` is its JSON body, `form` the form
    it came as instead."""

    asked: Asked
    marketplace: Marketplace
    persona: Persona
    operation: Operation
    at: datetime
    parameters: dict[str, Any]
    sent: Any
    contract: Contract | None
    shop: int = SHOP_ID
    """Of a seller: the one whose key it is."""
    form: Form | None = None

    def order(self) -> Order:
        """The order named in the path. Raises MiraklRefusal: for a seller another shop's order is not there."""
        named = self.asked.path_values["order_id"]
        order = self.visible(named)
        if order is None:
            raise MiraklRefusal(404, f"Order {named} does not exist", code="ORDER_NOT_FOUND", field="order_id")
        return order

    def visible(self, order_id: str | None) -> Order | None:
        order = self.marketplace.orders.get(order_id or "")
        return order if order and self._may_see(order) else None

    def orders(self) -> list[Order]:
        """All orders this persona may see."""
        return [order for order in self.marketplace.orders.values() if self._may_see(order)]

    def _may_see(self, order: Order) -> bool:
        return self.persona == "operator" or order.shop_id() == self.shop


class Admission:
    """Knows who called how often; everything else it judges from the request alone."""

    def __init__(self, behaviours: Behaviours, *, official_contracts: bool) -> None:
        self._behaviours = behaviours
        self._official = official_contracts
        self._frequencies = Frequencies()

    def forget(self) -> None:
        self._frequencies.reset()

    def admit(self, asked: Asked, body: bytes, at: datetime) -> Admitted:
        """Raises MiraklRefusal as Mirakl refuses, ContractViolation for what its contract does not know."""
        marketplace, persona, operation = _who_asks_what(asked)
        parameters = read_parameters(operation.parameters(persona), asked.query, operation.code)
        form = _form_of(asked, operation, persona, body)
        sent = None if form else _json_of(asked, body)
        # V01 is published for sellers only; it answers operators as well.
        contract = official_contract("seller" if operation.code == "V01" else persona) if self._official else None
        contract = contract if operation.in_contract else None
        if contract:
            problems = contract.request_problems(asked.method, operation.path, asked.query, sent)
            problems += contract.form_problems(asked.method, operation.path, form.fields) if form else []
            raise_problems(problems, operation.code)
        admitted = Admitted(asked, marketplace, persona, operation, at, parameters, sent, contract, form=form)
        if persona == "seller" and parameters.get("shop_id", SHOP_ID) != SHOP_ID:
            status = int(self._behaviours.number("wrong_shop_status"))
            raise MiraklRefusal(status, f"Shop {parameters['shop_id']} is not one of this user's")
        if persona == "seller" and operation.roles and not operation.roles & self._sellers_roles():
            raise MiraklRefusal(403, f"{operation.code} needs one of {', '.join(sorted(operation.roles))}")
        wait = self._seconds_to_wait(admitted)
        if wait is not None:
            raise MiraklRefusal(429, "Too many requests", retry_after=wait)
        return admitted

    def _sellers_roles(self) -> frozenset[str]:
        return frozenset(role.strip() for role in self._behaviours.text("seller_roles").split(",") if role.strip())

    def _seconds_to_wait(self, call: Admitted) -> float | None:
        allowed = self._allowed(call)
        if not allowed or not self._behaviours.is_on("frequencies_enforced"):
            return None
        caller = f"{call.marketplace.name} {call.persona} {call.operation.code}"
        if is_full_export(call):
            caller += " full"
        listing, offset = call.asked.listing(), int(call.parameters.get("offset", 0))
        pages_are_free = not (self._behaviours.is_on("listing_pages_count") or call.operation.pages_count)
        if pages_are_free and "page_token" in call.parameters:
            return None
        if pages_are_free and self._frequencies.is_next_page(caller, listing, offset):
            return None
        return self._frequencies.seconds_to_wait(caller, allowed, call.at, listing=listing)

    def _allowed(self, call: Admitted) -> tuple[Frequency, ...]:
        operation = call.operation
        allowed = (operation.frequency, *operation.also) if operation.frequency else ()
        if is_full_export(call):
            return (FULL_EXPORT,)
        if call.operation.code == "OR11":
            if "order_ids" in call.parameters and not self._behaviours.is_on("order_lookups_count"):
                return ()
            if self._behaviours.is_on("external_partner"):
                return (EXTERNAL_PARTNER,)
        hourly = self._behaviours.is_on("frequencies_by_the_hour")
        return tuple(map(by_the_hour, allowed)) if hourly else allowed


def is_full_export(call: Admitted) -> bool:
    """OF52 without a date asks for all offers, which has a frequency of its own."""
    return call.operation.code == "OF52" and not (call.sent or {}).get("last_request_date")


def raise_problems(problems: list[str], where: str) -> None:
    if problems:
        raise ContractViolation(f"{where}: {'; '.join(problems[:5])}")


def _who_asks_what(asked: Asked) -> tuple[Marketplace, Persona, Operation]:
    if asked.marketplace is None:
        raise MiraklRefusal(404, f"There is no Mirakl instance here: {asked.path}")
    if asked.operation is None:
        raise ContractViolation(f"{asked.method} {asked.path} is no operation of this twin")
    if asked.persona is None and asked.operation.needs_credential:
        raise MiraklRefusal(401, "Unauthorized")
    persona: Persona = asked.persona or "seller"
    if persona not in asked.operation.personas:
        raise ContractViolation(f"{asked.operation.code} is not one of the {persona}'s operations")
    accepted = asked.headers.get("accept", "*/*")
    if not any(kind in accepted for kind in ("*/*", *asked.operation.accept)):
        raise MiraklRefusal(406, f"Not acceptable: {accepted}")
    return asked.marketplace, persona, asked.operation


def _form_of(asked: Asked, operation: Operation, persona: Persona, body: bytes) -> Form | None:
    if operation.form is None:
        return None
    form = read_form(asked.headers.get("content-type", ""), body)
    return form._replace(values=read_parameters(operation.form[persona], form.fields, operation.code))


def _json_of(asked: Asked, body: bytes) -> Any:
    if asked.operation is None or asked.method == "GET" or not asked.operation.takes_body:
        return None
    if "application/json" not in asked.headers.get("content-type", ""):
        raise MiraklRefusal(415, "Unsupported media type: send application/json")
    try:
        return decimal_json.loads(body)
    except msgspec.DecodeError as wrong:
        raise MiraklRefusal(400, f"Malformed JSON: {wrong}") from wrong

"""No schedule of ours can be set above what Mirakl documents."""

from __future__ import annotations

import json

import pytest

from tests.shared import shared
from tieout.config import FASTEST_POLL_MINUTES, Orders
from tieout.mirakl.budgets import FREQUENCIES, STRICTER, frequency_of, seconds_between


@pytest.mark.parametrize("persona", FASTEST_POLL_MINUTES)
def test_the_fastest_poll_that_can_be_configured_is_the_fastest_that_mirakl_allows(persona: str):
    assert FASTEST_POLL_MINUTES[persona] * 60 == seconds_between("OR11", persona)


@pytest.mark.parametrize(("setting", "operation"), [("poll_minutes", "OR11"), ("confirm_minutes", "OR04")])
def test_no_schedule_may_be_set_above_its_operations_limit(setting: str, operation: str):
    fastest = next(rule.ge for rule in Orders.model_fields[setting].metadata if hasattr(rule, "ge"))
    assert fastest * 60 >= seconds_between(operation)


def test_the_default_poll_is_slow_enough_for_every_persona():
    default = Orders.model_fields["poll_minutes"].default
    assert default * 60 >= max(seconds_between("OR11", persona) for persona in ("default", *STRICTER))


def test_five_calls_a_second_are_a_fifth_of_a_second_apart():
    assert seconds_between("OR31") == pytest.approx(0.2)


def test_an_operation_without_a_published_limit_may_be_called_per_event():
    assert frequency_of("OR21") is None
    assert seconds_between("OR21") == 0


def test_a_persona_is_stricter_only_where_it_says_so():
    assert seconds_between("OR11", "external_partner") == 900
    assert seconds_between("OR04", "external_partner") == seconds_between("OR04")


@pytest.mark.parametrize("operation", sorted(FREQUENCIES))
def test_every_limit_is_one_of_an_operation_that_mirakl_has(operation: str):
    contract = json.loads(shared("contracts/mirakl-seller.openapi.json").read_bytes())
    codes = {each.get("operationId") for path in contract["paths"].values() for each in path.values()}
    assert operation in codes

"""No schedule of ours can be set above what Mirakl documents."""

from __future__ import annotations

import json

import pytest

from sandbox.mirakl.operations import OPERATIONS
from tests.shared import shared
from tieout.config import FASTEST_POLL_MINUTES, Orders, Returns
from tieout.flows.stock import follow, listed
from tieout.mirakl.budgets import FREQUENCIES, FULL, STRICTER, frequency_of, seconds_between
from tieout.settings.stock import Stock

PER_EVENT = (
    *("OR21", "OR23", "OR24", "ST01", "ST11", "ST23", "ST24"),
    *("OR28", "OR29", "OR30", "RT25", "RE01", "PC01"),
)


@pytest.mark.parametrize("persona", FASTEST_POLL_MINUTES)
def test_the_fastest_poll_that_can_be_configured_is_the_fastest_that_mirakl_allows(persona: str):
    assert FASTEST_POLL_MINUTES[persona] * 60 == seconds_between("OR11", persona)


@pytest.mark.parametrize(("setting", "operation"), [("poll_minutes", "OR11"), ("confirm_minutes", "OR04")])
def test_no_schedule_may_be_set_above_its_operations_limit(setting: str, operation: str):
    fastest = next(rule.ge for rule in Orders.model_fields[setting].metadata if hasattr(rule, "ge"))
    assert fastest * 60 >= seconds_between(operation)


def test_returns_are_not_listed_faster_than_mirakl_allows():
    fastest = next(rule.ge for rule in Returns.model_fields["poll_minutes"].metadata if hasattr(rule, "ge"))
    assert fastest * 60 >= seconds_between("RT11") == 300


def test_the_default_poll_is_slow_enough_for_every_persona():
    default = Orders.model_fields["poll_minutes"].default
    assert default * 60 >= max(seconds_between("OR11", persona) for persona in ("default", *STRICTER))


def test_five_calls_a_second_are_a_fifth_of_a_second_apart():
    assert seconds_between("OR31") == pytest.approx(0.2)


@pytest.mark.parametrize("operation", PER_EVENT)
def test_an_operation_without_a_published_limit_may_be_called_per_event(operation: str):
    assert frequency_of(operation) is None
    assert seconds_between(operation) == 0


@pytest.mark.parametrize("operation", sorted({one.code for one in OPERATIONS}))
def test_the_twin_allows_what_we_take_to_be_allowed(operation: str):
    (twin,) = (one for one in OPERATIONS if one.code == operation)
    # Where several are published, a schedule is held to the slowest.
    published = [each for each in (twin.frequency, *twin.also) if each]
    theirs = max(published, key=lambda each: each.seconds / each.calls, default=None)
    ours = frequency_of(operation)
    assert (ours and (ours.calls, ours.seconds)) == (theirs and (theirs.calls, theirs.seconds))


def test_everything_is_asked_for_once_a_day_where_changes_may_be_asked_for_more_often():
    assert FULL.keys() == {"OF52"}
    assert all(full.interval == 86_400 > seconds_between(operation) for operation, full in FULL.items())


def test_a_persona_is_stricter_only_where_it_says_so():
    assert seconds_between("OR11", "external_partner") == 900
    assert seconds_between("OR04", "external_partner") == seconds_between("OR04")


@pytest.mark.parametrize("operation", sorted(FREQUENCIES))
def test_every_limit_is_one_of_an_operation_that_mirakl_has(operation: str):
    contract = json.loads(shared("contracts/mirakl-seller.openapi.json").read_bytes())
    codes = {each.get("operationId") for path in contract["paths"].values() for each in path.values()}
    assert operation in codes


def test_no_setting_lets_stock_be_pushed_more_often_than_mirakl_allows():
    (least,) = (each.ge for each in Stock.model_fields["push_minutes"].metadata if hasattr(each, "ge"))
    assert least * 60 >= max(seconds_between(operation) for operation in ("STO01", "STO03"))
    assert seconds_between("STO02") <= follow.APART
    assert seconds_between("OF53") <= listed.APART

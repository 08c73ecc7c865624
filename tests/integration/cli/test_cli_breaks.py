"""`tieout breaks` on a deployment: its own history, and people who are who AWS says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.integration.cli.terminal import Deployed
from tieout.domain.reconcile.breaks import Break, Code
from tieout.domain.reconcile.history import check_chain
from tieout.domain.reconcile.workflow import Run
from tieout.flows.reconcile.break_log import take_in
from tieout.wiring import break_log_for


@pytest.fixture
def with_a_break(deployed: Deployed) -> Deployed:
    """The nightly run has found one."""
    found = Break(
        code=Code.AMOUNT_DIFF, key="1001-A", marketplace="brightside-uk", currency="GBP", amount=Decimal("12.34")
    )
    at = datetime(2026, 10, 1, 1, tzinfo=UTC)
    run = Run(id="night-1", as_of=date(2026, 10, 1), at=at, marketplaces=frozenset({"brightside-uk"}))
    take_in(break_log_for(deployed.outputs), [found], run)
    return deployed


def test_the_deployments_breaks_are_listed_without_naming_a_file(with_a_break: Deployed) -> None:
    answer = with_a_break.answer("breaks", "list")
    assert [(each["key"], each["amount"], each["owner"]) for each in answer["breaks"]] == [
        ("1001-A", "12.34", "accounting")
    ]


def test_a_proposal_is_kept_under_the_identity_of_aws_which_cannot_approve_it(with_a_break: Deployed) -> None:
    proposed = with_a_break.answer("breaks", "propose", "1001-A", "--reason", "credit memo of 12.34")
    assert proposed["state"] == "proposed"
    assert "so a second person has to approve it" in with_a_break.refuses("breaks", "approve", "1001-A")
    history = break_log_for(with_a_break.outputs).read()
    check_chain(history)
    assert history[-1].actor == proposed["by"]


def test_nobody_takes_another_name_in_a_deployment(with_a_break: Deployed) -> None:
    told = with_a_break.refuses("breaks", "propose", "1001-A", "--reason", "x", "--by", "Bob")
    assert "you are who AWS says that you are" in told

"""`tieout settle` at a deployment: cycles wait until somebody agrees to what they have looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.fakes.house import House, settings
from tests.unit.flows.test_settlements import CYCLE, MARKET, a_settled_house, the_cycle, until_complete, work
from tieout.cli.app import app
from tieout.cli.deployment import Deployment
from tieout.domain.errors import Reason
from tieout.domain.postings import State
from tieout.flows.settlement.review import list_reviews


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    """A deployment with one cycle that is complete."""
    here = a_settled_house()
    until_complete(here)
    monkeypatch.setattr(Deployment, "at", here.at)
    monkeypatch.setattr(Deployment, "who", "finance")
    return here


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "deployment.yaml"
    path.write_text(yaml.safe_dump(settings()), encoding="utf-8")
    return path


def tieout(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(config), *words])


def answer(config: Path, *words: str) -> Any:
    result = tieout(config, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_where_nothing_waits_the_command_says_where_to_look(house: House, config: Path) -> None:
    assert the_cycle(house).state is not State.PARKED
    assert answer(config, "settle")["cycles"] == []
    assert "No cycle waits" in tieout(config, "settle").stdout


def test_a_cycle_that_waits_is_shown_with_its_proof_its_records_and_how_to_agree(house: House, config: Path) -> None:
    work(house)
    (cycle,) = answer(config, "settle")["cycles"]
    assert (cycle["marketplace"], cycle["cycle"]) == (MARKET, CYCLE)
    assert (cycle["residual"], cycle["status"]) == ("0.00", "tied_out")
    assert cycle["to_create"] == cycle["records"] > 0
    assert f"tieout settle --post {cycle['review_hash']}" in tieout(config, "settle").stdout


def test_agreeing_to_its_hash_books_the_cycle(house: House, config: Path) -> None:
    work(house)
    (cycle,) = answer(config, "settle")["cycles"]
    agreed = answer(config, "settle", "--post", cycle["review_hash"])
    assert (agreed["who"], len(agreed["keys"])) == ("finance", 1)
    work(house)
    assert the_cycle(house).state is State.CONFIRMED
    assert len(house.ledger.settled) == cycle["records"]
    assert answer(config, "settle")["cycles"] == []


def test_a_hash_that_nobody_was_shown_agrees_to_nothing(house: House, config: Path) -> None:
    work(house)
    result = tieout(config, "settle", "--post", "0" * 64)
    assert result.exit_code == 2
    assert "No cycle waits with the hash" in result.stderr
    assert (the_cycle(house).state, the_cycle(house).reason) == (State.PARKED, Reason.SETTLEMENT_TO_REVIEW)


def test_what_a_payment_made_by_hand_left_to_do_is_all_that_is_new(house: House, config: Path) -> None:
    """A record of that external id is there: it is told, and only the others are to come."""
    work(house)
    (cycle,) = answer(config, "settle")["cycles"]
    (waiting,) = list_reviews(house.at)
    house.ledger.create_record(waiting.plan.records[0], subsidiary_id="1")
    (again,) = answer(config, "settle")["cycles"]
    assert again["review_hash"] == cycle["review_hash"]
    assert (again["in_netsuite"], again["to_create"]) == (1, cycle["records"] - 1)

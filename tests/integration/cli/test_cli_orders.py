"""Backfill, parked, resubmit and explain: an order's way from a window to its sales order, as a person follows it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.integration.cli.terminal import REGION, SOME_DAY, Deployed, Terminal
from tests.integration.running_twins import MARKETPLACE

ODD = f"{MARKETPLACE}|ODD-A|SO|ODD-A"
GOOD = f"{MARKETPLACE}|GOOD-A|SO|GOOD-A"
BACKFILL = ("orders", "backfill", "--marketplace", MARKETPLACE, *SOME_DAY)


def map_the_sku(deployed: Deployed) -> None:
    """Somebody maps the SKU in the settings, and deploys."""
    deployed.settings["marketplaces"][MARKETPLACE]["orders"]["sku"] = {"aliases": {"mug ": "MUG"}}
    deployed.save()


@pytest.fixture
def with_one_parked(deployed: Deployed) -> Deployed:
    """A day was read and worked on: GOOD-A is posted, ODD-A is parked for its SKU."""
    deployed.says(*BACKFILL)
    deployed.work()
    deployed.rung()
    return deployed


# --- backfill ------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(deployed: Deployed) -> None:
    (answer,) = deployed.answer(*BACKFILL, "--dry-run")["marketplaces"]
    would = {each["order_id"]: [intent["external_id"] for intent in each["would"]] for each in answer["orders"]}
    assert would == {
        "GOOD-A": [f"T-{MARKETPLACE}-SO-GOOD-A"],
        "ODD-A": [f"T-{MARKETPLACE}-SO-ODD-A"],
        "DEAD-A": [],
    }
    assert "nothing is known" in deployed.refuses("explain", "GOOD-A").lower()
    assert deployed.rung() == []
    assert boto3.client("s3", region_name=REGION).list_objects_v2(Bucket="archive-1")["KeyCount"] == 0


def test_a_backfill_records_what_orders_call_for_and_rings(deployed: Deployed) -> None:
    assert deployed.answer(*BACKFILL) == {
        "from": "2026-10-01T00:00:00Z",
        "to": "2026-10-02T00:00:00Z",
        "dry_run": False,
        "marketplaces": [{"marketplace": MARKETPLACE, "seen": 3, "fresh": 3, "due": 2}],
    }
    assert sorted(str(key) for key in deployed.rung()) == [GOOD, ODD]


def test_a_second_backfill_finds_nothing_new(deployed: Deployed) -> None:
    deployed.says(*BACKFILL)
    deployed.twins.wait(60)
    (again,) = deployed.answer("orders", "backfill", *SOME_DAY)["marketplaces"]
    assert (again["seen"], again["fresh"], again["due"]) == (3, 0, 0)


def test_a_person_sees_the_orders_of_a_dry_run(deployed: Deployed) -> None:
    told = deployed.says(*BACKFILL, "--dry-run")
    assert "GOOD-A" in told
    assert "sales order in NetSuite" in told
    assert "nothing to do in this state" in told


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (("--from", "2026-10-02", "--to", "2026-10-01"), "is not before"),
        (("--from", "yesterday", "--to", "2026-10-01"), "expected a day or an instant"),
        (("--from", "2026-10-01T06:00:00", "--to", "2026-10-02"), "say which zone"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(deployed: Deployed, window: tuple[str, ...], words: str) -> None:
    assert words in deployed.refuses("orders", "backfill", "--marketplace", MARKETPLACE, *window)


def test_an_unknown_marketplace_is_refused_with_those_there_are(deployed: Deployed) -> None:
    words = deployed.refuses("orders", "backfill", "--marketplace", "elsewhere", *SOME_DAY)
    assert MARKETPLACE in words


def test_mirakl_that_asks_to_wait_is_told_in_a_sentence(deployed: Deployed) -> None:
    deployed.twins.fault("mirakl", {"operation": "OR11", "kind": "429", "retry_after": 90})
    assert "try again after 90 seconds" in deployed.refuses(*BACKFILL)


# --- parked and resubmit -------------------------------------------------------------------------------------------


def test_parked_names_the_order_the_reason_and_the_facts(with_one_parked: Deployed) -> None:
    answer = with_one_parked.answer("parked")
    assert answer["by_reason"] == {"unknown_sku": 1}
    (parked,) = answer["parked"]
    assert (parked["key"], parked["order_id"], parked["reason"]) == (ODD, "ODD-A", "unknown_sku")
    assert parked["facts"] == {"sku": "mug ", "suggestion": "MUG", "deadline": "2026-10-04T09:00:00+00:00"}
    assert parked["page"].endswith("/on-call/parked-postings.md")


def test_a_person_can_copy_the_key_and_reads_who_acts(with_one_parked: Deployed) -> None:
    told = with_one_parked.says("parked")
    assert ODD in told
    assert "suggestion: MUG" in told
    assert "create or map it, then resubmit" in told


def test_parked_for_another_reason_is_not_listed(with_one_parked: Deployed) -> None:
    assert with_one_parked.answer("parked", "--reason", "total_mismatch")["count"] == 0
    assert "Nothing is parked" in with_one_parked.says("parked", "--reason", "total_mismatch")


def test_an_unknown_reason_is_refused_with_those_there_are(deployed: Deployed) -> None:
    assert "unknown_sku" in deployed.refuses("parked", "--reason", "unknown_skew")


def test_a_mended_order_is_resubmitted_and_becomes_its_sales_order(with_one_parked: Deployed) -> None:
    map_the_sku(with_one_parked)
    answer = with_one_parked.answer("resubmit", ODD)
    assert answer["resubmitted"] == [ODD]
    assert [str(key) for key in with_one_parked.rung()] == [ODD]
    with_one_parked.work()
    assert with_one_parked.answer("parked")["count"] == 0
    written = [order["externalId"] for order in with_one_parked.twins.sales_orders()]
    assert sorted(written) == [f"T-{MARKETPLACE}-SO-GOOD-A", f"T-{MARKETPLACE}-SO-ODD-A"]


def test_all_that_are_parked_for_a_reason_are_resubmitted_at_once(with_one_parked: Deployed) -> None:
    assert with_one_parked.answer("resubmit", "--reason", "unknown_sku", "--all")["resubmitted"] == [ODD]
    assert with_one_parked.answer("resubmit", "--reason", "unknown_sku", "--all")["resubmitted"] == []


def test_a_reason_without_all_says_how_many_it_would_be(with_one_parked: Deployed) -> None:
    assert "1 are parked for unknown_sku: add --all" in with_one_parked.refuses("resubmit", "--reason", "unknown_sku")


def test_what_is_not_parked_is_not_resubmitted_and_says_why(with_one_parked: Deployed) -> None:
    nobody = f"{MARKETPLACE}|NOBODY|SO|NOBODY"
    answer = with_one_parked.answer("resubmit", GOOD, nobody, ODD, code=1)
    assert answer["resubmitted"] == [ODD]
    assert answer["not_resubmitted"][GOOD] == "done already"
    assert "no such posting" in answer["not_resubmitted"][nobody]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("resubmit",), "Name one or more keys"),
        (("resubmit", "ODD-A"), "is not a posting key"),
        (("resubmit", ODD, "--reason", "unknown_sku", "--all"), "not both"),
    ],
)
def test_a_resubmission_that_is_not_clear_is_refused(deployed: Deployed, words: tuple[str, ...], answer: str) -> None:
    assert answer in deployed.refuses(*words)


# --- explain -------------------------------------------------------------------------------------------------------


def lines(answer: dict[str, Any]) -> list[str]:
    (life,) = answer["lives"]
    return [line["what"] for line in life["lines"]]


def test_the_life_of_an_order_is_told_in_time_order_with_its_ids(with_one_parked: Deployed) -> None:
    answer = with_one_parked.answer("explain", "GOOD-A")
    (life,) = answer["lives"]
    times = [line["at"] for line in life["lines"]]
    assert times == sorted(times)
    assert lines(answer)[0] == "seen"
    for what in ("recorded", "claimed", "posted", "confirmed"):
        assert what in lines(answer)
    sale = next(posting for posting in life["postings"] if posting["kind"] == "SO")
    (written,) = with_one_parked.twins.sales_orders()
    assert (sale["state"], sale["external_id"]) == ("CONFIRMED", f"T-{MARKETPLACE}-SO-GOOD-A")
    assert (sale["target_id"], sale["facts"]["number"]) == (written["id"], written["tranId"])


def test_the_life_of_a_parked_order_ends_with_what_to_do(with_one_parked: Deployed) -> None:
    told = with_one_parked.says("explain", "ODD-A", "--marketplace", MARKETPLACE)
    assert "PARKED: unknown_sku" in told
    assert f"tieout resubmit '{ODD}'" in told


def test_who_resubmitted_is_part_of_the_life(with_one_parked: Deployed) -> None:
    with_one_parked.says("resubmit", ODD)
    (life,) = with_one_parked.answer("explain", "ODD-A")["lives"]
    told = next(line for line in life["lines"] if line["what"] == "resubmitted")
    assert told["facts"] == {"who": "user/moto"}


def test_no_buyer_is_named_in_the_life_of_an_order(with_one_parked: Deployed) -> None:
    answer = json.dumps(with_one_parked.answer("explain", "GOOD-A"))
    assert not any(word in answer for word in ("Ada", "Buyer", "High Street", "N1 1AA"))


def test_an_order_that_nobody_has_seen_says_where_it_may_be(deployed: Deployed) -> None:
    words = deployed.refuses("explain", "nobody")
    assert "Nothing is known of an order 'nobody'" in words
    assert "tieout orders backfill" in words


def test_without_a_stack_the_words_say_what_to_deploy(terminal: Terminal) -> None:
    words = terminal.refuses("parked")
    assert "Stack tieout-test is not in region" in words
    assert "cdk deploy" in words

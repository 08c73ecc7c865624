"""Nothing is dropped in silence, nothing outlasts what waits for it, and NetSuite's slots are never overdrawn."""

import json

import pytest

from infra.layers import ROOT
from infra.timeouts import LEASE_OUTLIVES_WORK_SECONDS, TO_WRITE_DOWN_SECONDS
from tests.infra.deployed import Deployed, refs
from tieout.wiring import PATIENCE_FOR_A_TURN

READERS = (
    "accept_orders",
    "poll_fulfilments",
    "fetch_fulfilments",
    "reconcile",
    "push_stock",
    "audit_mapping",
    "sync_listings",
    "keep_sellers",
)
"""They read NetSuite by turns."""
POSTERS = ("post_orders", "post_settlements")
BY_THE_QUESTION = ("reconcile", "push_stock", "audit_mapping", "sync_listings", "keep_sellers")
"""Readers that give their turn back after each question; what push_stock claims, it settles or finds claimed anew."""
LEASED = (*(set(READERS) - set(BY_THE_QUESTION)), *POSTERS, "confirm_orders", "confirm_shipments", "send_refunds")
"""Functions that hold leases on postings, or on their turn, until they end."""
SPEAK_TO_NETSUITE = (*READERS, *POSTERS)


def given_up_queues(deployed: Deployed) -> set[str]:
    return {
        name
        for name, one in deployed.of_type("AWS::SQS::Queue").items()
        if one["Properties"]["QueueName"].endswith("-given-up")
    }


def test_every_queue_gives_up_to_a_queue_of_its_own_after_five_tries(deployed: Deployed) -> None:
    queues, ends = deployed.of_type("AWS::SQS::Queue"), given_up_queues(deployed)
    used = []
    for name, queue in queues.items():
        if name in ends:
            continue
        redrive = queue["Properties"]["RedrivePolicy"]
        (end,) = refs(redrive["deadLetterTargetArn"])
        assert redrive["maxReceiveCount"] == 5
        assert queues[end]["Properties"]["QueueName"] == queue["Properties"]["QueueName"] + "-given-up"
        used.append(end)
    assert len(set(used)) == len(used)


def test_every_given_up_queue_pages_at_its_first_message(deployed: Deployed) -> None:
    paged = {
        refs(alarm["Dimensions"][0]["Value"])[0]: alarm["Threshold"]
        for alarm in deployed.alarms
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    assert paged == dict.fromkeys(given_up_queues(deployed), 1)


def test_every_queue_keeps_messages_for_fourteen_days_encrypted(deployed: Deployed) -> None:
    for queue in deployed.properties("AWS::SQS::Queue"):
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue["SqsManagedSseEnabled"] is True


def test_a_message_stays_hidden_for_six_times_its_workers_timeout(deployed: Deployed) -> None:
    for source in deployed.properties("AWS::Lambda::EventSourceMapping"):
        queue = deployed.template["Resources"][source["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        worker = deployed.template["Resources"][source["FunctionName"]["Ref"]]["Properties"]
        assert queue["VisibilityTimeout"] >= 6 * worker["Timeout"] + source["MaximumBatchingWindowInSeconds"]


def test_only_failed_messages_of_a_batch_come_back(deployed: Deployed) -> None:
    for source in deployed.properties("AWS::Lambda::EventSourceMapping"):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("name", ["shop", "operator"])
def test_a_lease_outlives_its_worker(request: pytest.FixtureRequest, name: str) -> None:
    deployed = request.getfixturevalue(name)
    longest = max(deployed.functions[worker]["Timeout"] for worker in LEASED)
    assert deployed.config.reliability.lease_seconds >= longest + LEASE_OUTLIVES_WORK_SECONDS


def test_one_call_to_netsuite_with_its_patience_fits_a_worker(deployed: Deployed) -> None:
    netsuite = deployed.config.netsuite
    call = netsuite.connect_timeout_seconds + netsuite.read_timeout_seconds
    for worker in set(SPEAK_TO_NETSUITE) & set(deployed.functions):
        waited = PATIENCE_FOR_A_TURN.total_seconds() if worker in READERS else 0
        assert waited + call + TO_WRITE_DOWN_SECONDS <= deployed.functions[worker]["Timeout"]


def test_no_more_workers_speak_to_netsuite_than_it_has_slots(deployed: Deployed) -> None:
    """Workers by MaximumConcurrency; the readers share one slot by turns. Nobody else can sign in."""
    post = {deployed.logical_id(name) for name in POSTERS}
    workers = sum(
        source["ScalingConfig"]["MaximumConcurrency"]
        for source in deployed.properties("AWS::Lambda::EventSourceMapping")
        if source["FunctionName"]["Ref"] in post
    )
    assert workers + 1 <= deployed.config.netsuite.slots
    sign_in = {name for name in deployed.functions if _reads_netsuites_secret(deployed, name)}
    assert sign_in == {*SPEAK_TO_NETSUITE, "check_health"} & set(
        deployed.functions
    )  # the last reads the certificate's date only


@pytest.mark.parametrize("function", READERS)
def test_every_reader_of_netsuite_takes_its_turn(function: str) -> None:
    assert "with readers_turn():" in (ROOT / "functions" / f"{function}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("function", ["accept_orders", "send_refunds"])
def test_what_must_not_run_twice_at_once_cannot(deployed: Deployed, function: str) -> None:
    assert deployed.functions[function]["ReservedConcurrentExecutions"] == 1


def _reads_netsuites_secret(deployed: Deployed, function: str) -> bool:
    secret = next(
        name
        for name, one in deployed.of_type("AWS::SecretsManager::Secret").items()
        if one["Properties"]["Name"].endswith("/netsuite")
    )
    return secret in deployed.may_call(function, "secretsmanager:GetSecretValue")


def test_every_queue_has_a_limit_of_workers_at_once(deployed: Deployed) -> None:
    """Without one, pollers pull more than may run, and healthy messages are given up unread."""
    for source in deployed.properties("AWS::Lambda::EventSourceMapping"):
        assert source["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_every_run_that_cannot_start_is_tried_twice_more_and_given_up_after_five_minutes(deployed: Deployed) -> None:
    for schedule in deployed.properties("AWS::Scheduler::Schedule"):
        target = schedule["Target"]
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 2}
        assert refs(target["DeadLetterConfig"]["Arn"])[0] in given_up_queues(deployed)


def test_every_run_that_fails_is_tried_once_more_and_given_up_to_a_queue_that_pages(deployed: Deployed) -> None:
    scheduled = {refs(one["Target"]["Arn"])[0] for one in deployed.properties("AWS::Scheduler::Schedule")}
    configured = {}
    for one in deployed.properties("AWS::Lambda::EventInvokeConfig"):
        assert one["MaximumRetryAttempts"] == 1
        (end,) = refs(one["DestinationConfig"]["OnFailure"]["Destination"])
        configured[one["FunctionName"]["Ref"]] = end
    assert set(configured) == scheduled
    assert set(configured.values()) <= given_up_queues(deployed)


def test_each_schedule_is_as_configured_and_says_its_name(shop: Deployed) -> None:
    schedules = {one["Name"]: one for one in shop.properties("AWS::Scheduler::Schedule")}
    assert {name: one["ScheduleExpression"] for name, one in schedules.items()} == {
        "poll-orders-brightside-uk": "rate(5 minutes)",
        "poll-orders-maison-eu": "rate(5 minutes)",
        "sweep-orders-brightside-uk": "cron(0 2 * * ? *)",
        "sweep-orders-maison-eu": "cron(7 2 * * ? *)",
        "accept-orders": "rate(5 minutes)",
        "confirm-orders": "rate(5 minutes)",
        "ring-due-postings": "rate(1 minute)",
        "check-health": "rate(5 minutes)",
        "check-deadlines": "rate(5 minutes)",
        "poll-netsuite": "rate(5 minutes)",
        "sweep-netsuite": "cron(40 3 * * ? *)",
        "poll-returns-brightside-uk": "rate(15 minutes)",
        "poll-returns-maison-eu": "rate(15 minutes)",
        "send-refunds": "rate(1 minute)",
        "fetch-settlements-brightside-uk": "cron(10 * * * ? *)",
        "fetch-settlements-maison-eu": "cron(17 * * * ? *)",
        "reconcile": "rate(60 minutes)",
        "push-stock": "rate(5 minutes)",
        "push-stock-nightly": "cron(20 1 * * ? *)",
        "audit-mapping-brightside-uk": "cron(5 6 * * ? *)",
        "audit-mapping-maison-eu": "cron(12 6 * * ? *)",
        "sync-listings": "rate(60 minutes)",
        "detect-drift": "rate(60 minutes)",
        "detect-drift-nightly": "cron(2,10 1 * * ? *)",
    }
    for name, one in schedules.items():
        assert json.loads(one["Target"]["Input"])["schedule"] == name
    assert json.loads(schedules["sweep-orders-maison-eu"]["Target"]["Input"]) == {
        "schedule": "sweep-orders-maison-eu",
        "marketplace": "maison-eu",
        "task": "sweep",
    }

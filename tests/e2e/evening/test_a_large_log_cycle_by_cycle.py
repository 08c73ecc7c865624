"""Above its threshold a comparison is prepared by Step Functions: a distributed map over what the log holds."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from tests.e2e.evening.conftest import Evening

LIMIT_SECONDS = 300.0


def test_every_part_of_the_log_is_staged_by_a_run_of_its_own_and_what_is_found_is_what_is_found_at_once(
    evening: Evening,
) -> None:
    """The deployed machine with the deployed function: its list and its items go by way of the archive."""
    for schedule in evening.day.schedules:
        if schedule.name.startswith("fetch-settlements"):
            evening.day.firing.fire(schedule)
    ended = run_by_cycle(evening)
    assert ended["status"] == "SUCCEEDED", ended
    parts = parts_of_the_log(evening)
    assert {name for name, _ in parts} == {"brightside-uk", "maison-eu"}

    steps = evening.stack.aws.client("stepfunctions")
    (mapped,) = steps.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    told = steps.describe_map_run(mapRunArn=mapped["mapRunArn"])
    assert (told["status"], told["maxConcurrency"]) == ("SUCCEEDED", 8)
    assert (told["itemCounts"]["total"], told["itemCounts"]["succeeded"]) == (len(parts), len(parts))
    children = steps.list_executions(mapRunArn=mapped["mapRunArn"])["executions"]
    assert {child["status"] for child in children} == {"SUCCEEDED"}
    assert {stage_of(steps, child) for child in children} == parts

    staged = {key for key in keys(evening, "settlement/") if key.endswith("/lines.parquet")}
    assert len(staged) == len(parts)
    assert all((began_at(ended) <= changed) for changed in (when(evening, key) for key in staged))
    assert json.loads(ended["output"]) == invoke(evening, {"schedule": "reconcile", "task": "now"})


def run_by_cycle(evening: Evening) -> dict[str, Any]:
    """The state machine from its start to its end. Fails the test when it takes too long."""
    steps = evening.stack.aws.client("stepfunctions")
    (machine,) = [
        one["stateMachineArn"]
        for one in steps.list_state_machines()["stateMachines"]
        if one["name"].endswith("-reconcile")
    ]
    arn = steps.start_execution(stateMachineArn=machine, name="by-cycle")["executionArn"]
    until = time.monotonic() + LIMIT_SECONDS
    while (told := steps.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < until, "Step Functions still runs"
        time.sleep(0.2)
    return dict(told)


def parts_of_the_log(evening: Evening) -> set[tuple[str, str]]:
    """Marketplace and cycle of all that the log holds; what is in no cycle yet is a part of its own."""
    found = [key.split("/") for key in keys(evening, "settlement/")]
    return {(key[1], key[3].removeprefix("cycle=")) for key in found if len(key) == 5 and key[2] == "lines"}


def stage_of(steps: Any, child: dict[str, Any]) -> tuple[str, str]:
    given = json.loads(steps.describe_execution(executionArn=child["executionArn"])["input"])
    return given["marketplace"], given["cycle"]


def keys(evening: Evening, prefix: str) -> list[str]:
    pages = evening.stack.aws.client("s3").get_paginator("list_objects_v2")
    listed = pages.paginate(Bucket=evening.stack.outputs["ArchiveBucket"], Prefix=prefix)
    return [one["Key"] for page in listed for one in page.get("Contents", ())]


def when(evening: Evening, key: str) -> datetime:
    """When an object was written last, to the second."""
    head = evening.stack.aws.client("s3").head_object(Bucket=evening.stack.outputs["ArchiveBucket"], Key=key)
    return head["LastModified"].astimezone(UTC)  # type: ignore[no-any-return]


def began_at(execution: dict[str, Any]) -> datetime:
    return execution["startDate"].astimezone(UTC).replace(microsecond=0)  # type: ignore[no-any-return]


def invoke(evening: Evening, event: dict[str, str]) -> Any:
    (name,) = [
        one["FunctionName"]
        for page in evening.stack.aws.client("lambda").get_paginator("list_functions").paginate()
        for one in page["Functions"]
        if one["FunctionName"].endswith("-reconcile")
    ]
    answer = evening.stack.aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert not answer.get("FunctionError"), answer["Payload"].read()
    return json.loads(answer["Payload"].read())

"""A large comparison is prepared cycle by cycle by Step Functions; nothing of it costs anything until then."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.deployed import Deployed, listed, refs


def machine(deployed: Deployed) -> dict[str, Any]:
    (one,) = deployed.properties("AWS::StepFunctions::StateMachine")
    return one


def definition(deployed: Deployed) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(machine(deployed)["DefinitionString"])
    return told


def test_cycles_are_listed_then_staged_each_by_itself_then_matched(deployed: Deployed) -> None:
    steps = definition(deployed)
    states = steps["States"]
    assert steps["StartAt"] == "Cycles"
    assert states["Cycles"]["Next"] == "Stage"
    stage = states["Stage"]
    assert (stage["Type"], stage["Next"], stage["ResultPath"]) == ("Map", "Match", None)
    assert stage["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert stage["MaxConcurrency"] == 8
    assert states["Match"]["End"] is True


def test_the_list_of_cycles_and_what_comes_of_each_go_by_way_of_the_archive(deployed: Deployed) -> None:
    """A state takes 256 KiB: a few thousand cycles, which a marketplace of many shops has in a month."""
    stage = definition(deployed)["States"]["Stage"]
    reads, writes = stage["ItemReader"], stage["ResultWriter"]
    assert reads["Resource"].endswith(":states:::s3:getObject")
    assert reads["Parameters"] == {"Bucket": "${Archive}", "Key.$": "$.cycles"}
    assert writes["Resource"].endswith(":states:::s3:putObject")
    assert writes["Parameters"]["Prefix"].startswith("settlement/")
    role = deployed.template["Resources"][machine(deployed)["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
    may = [action for one in role["Policies"][0]["PolicyDocument"]["Statement"] for action in listed(one["Action"])]
    assert {"s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"} <= set(may)


def test_each_step_is_a_task_that_the_function_knows(deployed: Deployed) -> None:
    states = definition(deployed)["States"]
    steps = [states["Cycles"], *states["Stage"]["ItemProcessor"]["States"].values(), states["Match"]]
    assert [step["Parameters"]["task"] for step in steps] == ["cycles", "stage", "match"]
    assert {step["Resource"] for step in steps} == {"${Match}"}
    (function,) = refs(machine(deployed)["DefinitionSubstitutions"]["Match"])
    assert function == deployed.logical_id("reconcile")
    assert steps[1]["Parameters"]["cycle.$"] == "$.cycle"


def test_a_step_that_aws_refuses_for_now_is_tried_again(deployed: Deployed) -> None:
    states = definition(deployed)["States"]
    for step in (states["Cycles"], *states["Stage"]["ItemProcessor"]["States"].values(), states["Match"]):
        (again,) = step["Retry"]
        assert "Lambda.TooManyRequestsException" in again["ErrorEquals"]
        assert again["MaxAttempts"] >= 3


def test_the_function_starts_this_machine_and_no_other(deployed: Deployed) -> None:
    name = machine(deployed)["StateMachineName"]
    (start,) = [one for one in deployed.may("reconcile") if "states:StartExecution" in listed(one["Action"])]
    assert json.dumps(start["Resource"]).count(f":stateMachine:{name}") == 1
    told = deployed.functions["reconcile"]["Environment"]["Variables"]["RECONCILE_BY_CYCLE"]
    assert told == start["Resource"]


def test_the_machine_starts_the_function_and_itself_and_nothing_else(deployed: Deployed) -> None:
    role = deployed.template["Resources"][machine(deployed)["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
    (policy,) = role["Policies"]
    invoke, start, *_ = policy["PolicyDocument"]["Statement"]
    assert (invoke["Action"], refs(invoke["Resource"])) == ("lambda:InvokeFunction", [deployed.logical_id("reconcile")])
    assert start["Action"] == "states:StartExecution"
    assert json.dumps(start["Resource"]).count(f":stateMachine:{machine(deployed)['StateMachineName']}") == 1


def test_nothing_starts_it_but_the_function(deployed: Deployed) -> None:
    """Below the threshold it is never run, and a machine that is not run costs nothing."""
    assert machine(deployed)["StateMachineType"] == "STANDARD"
    starters = {
        name
        for name in deployed.functions
        if any("states:StartExecution" in listed(s["Action"]) for s in deployed.may(name))
    }
    assert starters == {"reconcile"}


def test_its_runs_are_logged_without_their_data_and_traced(deployed: Deployed) -> None:
    one = machine(deployed)
    assert (one["LoggingConfiguration"]["Level"], one["LoggingConfiguration"]["IncludeExecutionData"]) == ("ALL", False)
    assert one["TracingConfiguration"] == {"Enabled": True}

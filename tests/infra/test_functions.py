"""What is in functions/ is what runs, each on its own code, with its layers."""

import ast

from infra.layers import LOCAL, ROOT
from tests.infra.deployed import Deployed

FUNCTIONS = ROOT / "functions"


def in_the_folder() -> set[str]:
    return {path.stem for path in FUNCTIONS.glob("*.py")} - {"__init__"}


def test_every_function_in_the_folder_is_deployed_and_every_deployed_one_is_there(
    shop: Deployed, operator: Deployed, local: Deployed
) -> None:
    assert set(operator.functions) == in_the_folder() - {"sync_listings"}
    only_sellers = in_the_folder() - {"poll_shipments", "consolidate_sellers", "keep_sellers"}
    assert set(shop.functions) == set(local.functions) == only_sellers


def test_only_an_operator_reads_other_sellers_shipments(shop: Deployed, operator: Deployed) -> None:
    schedules = {one["Name"] for one in operator.properties("AWS::Scheduler::Schedule")}
    assert {"poll-shipments-harbour-uk", "sweep-shipments-harbour-uk", "poll-shipments-harbour-ie"} <= schedules
    assert not [one for one in shop.properties("AWS::Scheduler::Schedule") if "shipments" in one["Name"]]


def test_every_deployed_handler_exists() -> None:
    for name in in_the_folder():
        tree = ast.parse((FUNCTIONS / f"{name}.py").read_text(encoding="utf-8"))
        assert "handler" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


def test_a_function_is_deployed_with_its_own_file_only(shop: Deployed) -> None:
    """Changing one function redeploys one function."""
    for name, one in shop.functions.items():
        asset = shop.folder / f"asset.{one['Code']['S3Key'].removesuffix('.zip')}"
        assert [path.name for path in asset.rglob("*") if path.is_file()] == [f"{name}.py"]


def test_functions_run_python_3_13_on_arm_and_locally_whatever_the_machine_is(shop: Deployed, local: Deployed) -> None:
    for one in shop.functions.values():
        assert (one["Runtime"], one["Architectures"]) == ("python3.13", ["arm64"])
    for one in local.functions.values():
        assert (one["Runtime"], one["Architectures"]) == ("python3.13", [LOCAL.machine])


def test_every_function_has_both_layers_traces_and_logs_of_its_own(deployed: Deployed) -> None:
    """And the one that matches whole months, the engine for it."""
    groups = deployed.of_type("AWS::Logs::LogGroup")
    for name, one in deployed.functions.items():
        assert len(one["Layers"]) == (3 if name == "reconcile" else 2)
        assert one["TracingConfig"] == {"Mode": "Active"}
        group = groups[one["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert group["LogGroupName"] == f"/aws/lambda/{one['FunctionName']}"


def test_a_function_says_its_name_in_logs_and_metrics(deployed: Deployed) -> None:
    for name, one in deployed.functions.items():
        variables = one["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == name
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Tieout"


def test_the_public_door_is_two_routes_throttled_and_logged(shop: Deployed) -> None:
    routes = [route["RouteKey"] for route in shop.properties("AWS::ApiGatewayV2::Route")]
    assert sorted(routes) == ["POST /mirakl/{marketplace}/events", "POST /netsuite/events"]
    (stage,) = shop.properties("AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 50
    assert "$context.status" in stage["AccessLogSettings"]["Format"]


def test_what_a_deployment_tells_is_what_people_and_the_command_line_need(shop: Deployed) -> None:
    assert set(shop.template["Outputs"]) == {
        "AlarmTopic",
        "ArchiveBucket",
        "EventsApiId",
        "EventsUrl",
        "IdempotencyTable",
        "NetSuiteEventsUrl",
        "PostingsTable",
        "QueueFulfilmentsToFetch",
        "QueueOrdersToFetch",
        "QueueOrdersToPost",
        "QueueSettlementsToPost",
        "QueueShipmentsToConfirm",
        "ScheduleGroup",
        "SecretsPrefix",
        "SecretsToFill",
    }

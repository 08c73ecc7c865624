"""Who may do what: one role a function, and in it only what the function needs."""

from fnmatch import fnmatch

import pytest

from infra.layers import LAMBDA
from infra.store import FOLDERS
from tests.infra.conftest import OPERATOR, SHOP
from tests.infra.deployed import Deployed, deploy, listed, refs
from tieout.config import config_from, read_config

STARS = {
    "xray:PutTelemetryRecords": "X-Ray takes traces for no resource but '*'",
    "xray:PutTraceSegments": "X-Ray takes traces for no resource but '*'",
    **dict.fromkeys(
        (
            *("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups"),
            *("logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
            *("logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
        ),
        "Step Functions sets up its own log delivery, which takes no resource",
    ),
    "xray:GetSamplingRules": "X-Ray's sampling takes no resource",
    "xray:GetSamplingTargets": "X-Ray's sampling takes no resource",
    "kms:*": "the account's root, in a key's own policy: without it the key could become unmanageable",
    "kms:Decrypt": "in a key's own policy, '*' is that key",
    "kms:DescribeKey": "in a key's own policy, '*' is that key",
    "kms:Encrypt": "in a key's own policy, '*' is that key",
    "kms:GenerateDataKey": "in a key's own policy, '*' is that key",
    "kms:GenerateDataKey*": "in a key's own policy, through Secrets Manager only",
    "kms:ReEncrypt*": "in a key's own policy, through Secrets Manager only",
    "kms:CreateGrant": "in a key's own policy, through Secrets Manager only",
}
"""Actions that may name every resource, each with its reason."""

READS_A_SECRET = "secretsmanager:GetSecretValue"


def secrets_of(deployed: Deployed, function: str) -> set[str]:
    """Names of the secrets that a function may read, without the prefix."""
    secrets = deployed.of_type("AWS::SecretsManager::Secret")
    prefix = f"tieout/{deployed.config.deployment}/"
    return {
        secrets[ref]["Properties"]["Name"].removeprefix(prefix) for ref in deployed.may_call(function, READS_A_SECRET)
    }


def test_no_policy_says_star_but_those_that_must(deployed: Deployed) -> None:
    for where, statement in deployed.statements():
        if statement["Effect"] == "Deny":
            continue
        for action in listed(statement["Action"]):
            if "*" in action or "*" in listed(statement["Resource"]):
                assert action in STARS, f"{where} allows {action} on {statement['Resource']}"


def test_a_star_on_a_key_stands_in_a_keys_own_policy_only(deployed: Deployed) -> None:
    keys = deployed.of_type("AWS::KMS::Key")
    for where, statement in deployed.statements():
        for action in listed(statement["Action"]):
            if action.startswith("kms:") and "*" in listed(statement["Resource"]):
                assert where in keys


def test_part_of_a_name_is_a_star_only_for_documents_in_the_archive_and_runs_of_the_state_machine(
    deployed: Deployed,
) -> None:
    for where, statement in deployed.statements():
        if statement["Effect"] == "Deny":
            continue
        for resource in listed(statement["Resource"]):
            stars = [text for text in refs(resource) if "*" in text and text != "*"]
            runs = f":execution:{deployed.config.deployment}-reconcile/*"
            assert stars in ([], [runs], *([f"/{folder}/*"] for folder in FOLDERS)), f"{where}: {resource}"


def test_every_function_has_a_role_of_its_own_and_no_managed_policy(deployed: Deployed) -> None:
    roles = [one["Role"]["Fn::GetAtt"][0] for one in deployed.functions.values()]
    assert len(set(roles)) == len(roles)
    assert not [one for one in deployed.properties("AWS::IAM::Role") if "ManagedPolicyArns" in one]
    assert "AWS::IAM::Policy" not in {one["Type"] for one in deployed.template["Resources"].values()}


@pytest.mark.parametrize(
    "function",
    [
        "poll_orders",
        "fetch_orders",
        "confirm_orders",
        "receive_mirakl_event",
        "confirm_shipments",
        "poll_returns",
        "fetch_settlements",
        "send_refunds",
        "detect_drift",
    ],
)
def test_what_speaks_to_marketplaces_cannot_read_netsuites_secret(deployed: Deployed, function: str) -> None:
    assert "netsuite" not in secrets_of(deployed, function)


def test_the_webhook_function_reads_its_own_secrets_and_no_vendors_key(deployed: Deployed) -> None:
    with_webhooks = [name for name, one in deployed.config.marketplaces.items() if one.webhooks.enabled]
    assert secrets_of(deployed, "receive_mirakl_event") == {f"webhooks/{name}" for name in with_webhooks}


def test_netsuites_doorbell_reads_its_own_secret_and_no_vendors_key(deployed: Deployed) -> None:
    assert secrets_of(deployed, "receive_netsuite_event") == {"webhooks/netsuite"}


@pytest.mark.parametrize(
    "function",
    ["post_orders", "check_health", "poll_fulfilments", "fetch_fulfilments", "post_settlements", "reconcile"],
)
def test_what_speaks_to_netsuite_only_cannot_read_a_marketplaces_secret(deployed: Deployed, function: str) -> None:
    assert secrets_of(deployed, function) == {"netsuite"}


def test_the_sweeper_reads_no_secret_and_writes_no_posting(deployed: Deployed) -> None:
    assert not [s for s in deployed.may("ring_due_postings") if READS_A_SECRET in listed(s["Action"])]
    verbs = {action for s in deployed.may("ring_due_postings") for action in listed(s["Action"])}
    assert {verb for verb in verbs if verb.startswith("dynamodb:")} == {"dynamodb:GetItem", "dynamodb:Query"}


def test_a_worker_cannot_ring_its_own_queue(deployed: Deployed) -> None:
    """Lambda cuts such a loop after sixteen rounds, and the work with it."""
    for source in deployed.properties("AWS::Lambda::EventSourceMapping"):
        worker = deployed.template["Resources"][source["FunctionName"]["Ref"]]["Properties"]["Handler"]
        queue = source["EventSourceArn"]["Fn::GetAtt"][0]
        assert queue not in deployed.may_call(worker.removesuffix(".handler"), "sqs:SendMessage")


def test_nobody_may_delete_a_posting_or_an_archived_order(deployed: Deployed) -> None:
    postings = deployed.template["Outputs"]["PostingsTable"]["Value"]["Ref"]
    for function in deployed.functions:
        for statement in deployed.may(function):
            for action in listed(statement["Action"]):
                assert not fnmatch(action, "s3:Delete*")
                if fnmatch(action, "dynamodb:*Delete*"):
                    assert postings not in refs(statement["Resource"])


def test_no_function_has_a_secret_in_its_environment(deployed: Deployed) -> None:
    secrets = deployed.of_type("AWS::SecretsManager::Secret")
    for function, one in deployed.functions.items():
        for name, value in one["Environment"]["Variables"].items():
            assert not set(refs(value)) & set(secrets), f"{function} has {name}"
            assert "resolve:secretsmanager" not in str(value), f"{function} has {name}"


@pytest.mark.parametrize(
    ("variable", "output", "actions"),
    [
        (
            "POSTINGS_TABLE",
            "PostingsTable",
            {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        ),
        ("IDEMPOTENCY_TABLE", "IdempotencyTable", {"dynamodb:PutItem"}),
        ("ARCHIVE_BUCKET", "ArchiveBucket", {"s3:GetObject", "s3:PutObject"}),
        ("QUEUE_ORDERS_TO_POST", "QueueOrdersToPost", {"sqs:SendMessage"}),
        ("QUEUE_ORDERS_TO_FETCH", "QueueOrdersToFetch", {"sqs:SendMessage"}),
        ("QUEUE_SHIPMENTS_TO_CONFIRM", "QueueShipmentsToConfirm", {"sqs:SendMessage"}),
        ("QUEUE_SETTLEMENTS_TO_POST", "QueueSettlementsToPost", {"sqs:SendMessage"}),
        ("QUEUE_FULFILMENTS_TO_FETCH", "QueueFulfilmentsToFetch", {"sqs:SendMessage"}),
        ("SECRETS_PREFIX", None, {READS_A_SECRET}),
    ],
)
def test_a_function_is_told_of_a_thing_exactly_when_it_may_use_it(
    deployed: Deployed, variable: str, output: str | None, actions: set[str]
) -> None:
    resource = set(refs(deployed.template["Outputs"][output]["Value"])) if output else set()
    for function, one in deployed.functions.items():
        allowed = {ref for action in actions for ref in deployed.may_call(function, action)}
        may = bool(allowed & resource) if output else bool(allowed)
        assert (variable in one["Environment"]["Variables"]) == may, f"{function}: {variable}"


def test_only_mirakls_principal_may_send_cloud_events(operator: Deployed) -> None:
    queue = next(
        name
        for name, one in operator.of_type("AWS::SQS::Queue").items()
        if one["Properties"]["QueueName"] == "harbour-stores-harbour-uk-mirakl-events"
    )
    senders = [
        statement["Principal"]
        for where, statement in operator.statements()
        if where in operator.of_type("AWS::SQS::QueuePolicy")
        and statement["Effect"] == "Allow"
        and queue in refs(statement["Resource"])
    ]
    assert senders == [{"AWS": "arn:aws:iam::123456789012:role/mirakl-cloud-events"}]


def test_schedules_may_start_their_function_and_nothing_else(deployed: Deployed) -> None:
    for schedule in deployed.properties("AWS::Scheduler::Schedule"):
        role = deployed.template["Resources"][schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        (policy,) = role["Policies"]
        start, give_up = policy["PolicyDocument"]["Statement"]
        assert (start["Action"], start["Resource"]) == ("lambda:InvokeFunction", schedule["Target"]["Arn"])
        assert (give_up["Action"], give_up["Resource"]) == (
            "sqs:SendMessage",
            schedule["Target"]["DeadLetterConfig"]["Arn"],
        )


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Offers are looked at, and orders of those that are doubted go on."""
    data = read_config(SHOP).model_dump(exclude_none=True)
    for one in data["marketplaces"].values():
        one |= {"stock": {}, "listings": {}}
    return deploy(config_from(data), LAMBDA, tmp_path_factory.mktemp("lenient"))


def test_only_a_strict_deployments_orders_look_at_what_the_audit_doubts(shop: Deployed, lenient: Deployed) -> None:
    for function in ("post_orders", "accept_orders"):
        assert "/listings/*" in shop.may_call(function, "s3:GetObject")
        assert "/listings/*" not in lenient.may_call(function, "s3:GetObject")


def test_who_looks_at_offers_cannot_write_the_book_of_stock(deployed: Deployed) -> None:
    """But for the watch over quantities, which marks there what somebody else wrote."""
    for function in {"audit_mapping", "sync_listings"} & set(deployed.functions):
        written = [each for each in deployed.may_call(function, "s3:PutObject") if each.startswith("/")]
        assert written == ["/listings/*"]


def test_offers_are_made_only_where_that_is_wanted(lenient: Deployed, operator: Deployed) -> None:
    for one in (lenient, operator):
        assert {"audit_mapping", "detect_drift"} <= set(one.functions)
        assert "sync_listings" not in one.functions


def test_a_push_learns_of_new_offers_where_offers_are_made_and_nowhere_else(shop: Deployed, lenient: Deployed) -> None:
    assert "/listings/*" in shop.may_call("push_stock", "s3:GetObject")
    assert "/listings/*" not in lenient.may_call("push_stock", "s3:GetObject")
    assert "/listings/*" not in shop.may_call("push_stock", "s3:PutObject")


def test_whoever_adds_up_sellers_stock_writes_reports_and_nothing_that_a_push_works_with(operator: Deployed) -> None:
    written = operator.may_call("consolidate_sellers", "s3:PutObject")
    assert "/stock/reports/*" in written
    assert not {"/stock/*", "/orders/*"} & set(written)


@pytest.fixture(scope="module")
def reporting(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """An operator who wants other shops' stock as a report, and nothing of it in NetSuite."""
    data = read_config(OPERATOR).model_dump(exclude_none=True)
    data["marketplaces"]["harbour-uk"]["stock"]["sellers"] = "report"
    return deploy(config_from(data), LAMBDA, tmp_path_factory.mktemp("reporting"))


def test_other_shops_stock_reaches_netsuite_only_where_the_setting_asks_for_it(
    operator: Deployed, reporting: Deployed
) -> None:
    assert "keep_sellers" in operator.functions
    assert "consolidate_sellers" in reporting.functions
    assert "keep_sellers" not in reporting.functions
    for one in (operator, reporting):
        assert not one.may_call("consolidate_sellers", "secretsmanager:GetSecretValue")


def test_whoever_keeps_sellers_stock_reads_netsuites_secret_and_no_marketplaces(operator: Deployed) -> None:
    secrets = operator.template["Resources"]
    (secret,) = operator.may_call("keep_sellers", "secretsmanager:GetSecretValue")
    assert secrets[secret]["Properties"]["Name"] == "tieout/harbour-stores/netsuite"
    written = operator.may_call("keep_sellers", "s3:PutObject")
    assert "/stock/reports/*" in written
    assert not {"/stock/*", "/orders/*"} & set(written)
    assert operator.may_call("keep_sellers", "dynamodb:PutItem") == []

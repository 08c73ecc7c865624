"""What is kept is encrypted, survives the stack and mistakes, and expires when it should."""

from infra.store import PERSONAL, REPORTS, SETTLEMENT
from tests.infra.deployed import Deployed, refs

STATEFUL = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")


def test_state_outlives_the_stack(deployed: Deployed) -> None:
    for kind in STATEFUL:
        for name, one in deployed.of_type(kind).items():
            assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_a_secret_outlives_the_stack_but_not_a_first_deployment_that_failed(deployed: Deployed) -> None:
    """Its name is fixed: one left behind by a rollback, empty, would refuse every later try to deploy."""
    for name, secret in deployed.of_type("AWS::SecretsManager::Secret").items():
        assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), name


def test_tables_can_be_restored_to_any_second_and_not_be_deleted_by_mistake(deployed: Deployed) -> None:
    for table in deployed.properties("AWS::DynamoDB::Table"):
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["DeletionProtectionEnabled"] is True
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_keys_rotate(deployed: Deployed) -> None:
    for key in deployed.properties("AWS::KMS::Key"):
        assert key["EnableKeyRotation"] is True


def test_data_and_credentials_are_encrypted_with_different_keys(deployed: Deployed) -> None:
    data = {
        *(refs(one["SSESpecification"]["KMSMasterKeyId"])[0] for one in deployed.properties("AWS::DynamoDB::Table")),
        *(refs(one["KmsKeyId"])[0] for one in deployed.properties("AWS::Logs::LogGroup")),
        *(refs(one["KmsMasterKeyId"])[0] for one in deployed.properties("AWS::SNS::Topic")),
    }
    (rule,) = deployed.properties("AWS::S3::Bucket")[0]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    data.add(refs(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])[0])
    credentials = {refs(one["KmsKeyId"])[0] for one in deployed.properties("AWS::SecretsManager::Secret")}
    assert len(data) == 1
    assert len(credentials) == 1
    assert not data & credentials


def test_the_postings_table_lists_what_is_due_by_lane_and_time(deployed: Deployed) -> None:
    postings = deployed.template["Resources"][deployed.template["Outputs"]["PostingsTable"]["Value"]["Ref"]][
        "Properties"
    ]
    assert [(key["AttributeName"], key["KeyType"]) for key in postings["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]
    (index,) = postings["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "todo"
    assert [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]] == [("todo", "HASH"), ("at", "RANGE")]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_postings_never_expire_and_webhook_ids_do(deployed: Deployed) -> None:
    """A dedupe key for money that expires is a double posting that waits."""
    by_output = {
        name: deployed.template["Resources"][deployed.template["Outputs"][name]["Value"]["Ref"]]["Properties"]
        for name in ("PostingsTable", "IdempotencyTable")
    }
    assert "TimeToLiveSpecification" not in by_output["PostingsTable"]
    assert by_output["IdempotencyTable"]["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    assert [key["AttributeName"] for key in by_output["IdempotencyTable"]["KeySchema"]] == ["id"]


def test_archived_documents_of_people_expire_as_configured_and_leave_no_older_versions(deployed: Deployed) -> None:
    (archive,) = deployed.properties("AWS::S3::Bucket")
    expire = {
        rule["Prefix"]: (rule["Status"], rule["ExpirationInDays"])
        for rule in archive["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    assert expire == {
        f"{folder}/": ("Enabled", deployed.config.retention.archive_days) for folder in (*PERSONAL, REPORTS)
    }
    assert "VersioningConfiguration" not in archive


def test_the_sources_of_the_books_do_not_expire(deployed: Deployed) -> None:
    """No buyer is in them, and an auditor asks for them after years."""
    (archive,) = deployed.properties("AWS::S3::Bucket")
    for rule in archive["LifecycleConfiguration"]["Rules"]:
        assert "ExpirationInDays" not in rule or not f"{SETTLEMENT}/".startswith(rule.get("Prefix", ""))


def test_the_archive_is_private(deployed: Deployed) -> None:
    (archive,) = deployed.properties("AWS::S3::Bucket")
    assert archive["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


def test_nothing_is_stored_or_sent_without_tls(deployed: Deployed) -> None:
    denied = {
        resource
        for _, statement in deployed.statements()
        if statement["Effect"] == "Deny" and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for resource in refs(statement["Resource"])
    }
    for kind in ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
        assert set(deployed.of_type(kind)) <= denied


def test_logs_expire_as_configured(deployed: Deployed) -> None:
    groups = deployed.properties("AWS::Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups} == {deployed.config.retention.log_days}
    assert len(groups) == len(deployed.functions) + 2  # and the public door's access log, and the state machine's


def test_no_secrets_value_is_in_the_template(deployed: Deployed) -> None:
    """What a person fills in starts as `{}` for ever: another text would be deployed over what was filled in."""
    for secret in deployed.properties("AWS::SecretsManager::Secret"):
        if "GenerateSecretString" in secret:
            generated = secret["GenerateSecretString"]
            assert secret["Name"].split("/")[2] == "webhooks"
            assert (generated["SecretStringTemplate"], generated["GenerateStringKey"]) == ("{}", "current")
            assert generated["PasswordLength"] >= 32
        else:
            assert secret["SecretString"] == "{}"


def test_every_secret_is_named_as_functions_look_for_it(shop: Deployed) -> None:
    assert sorted(one["Name"] for one in shop.properties("AWS::SecretsManager::Secret")) == [
        "tieout/gift-shop/mirakl/brightside-uk",
        "tieout/gift-shop/mirakl/maison-eu",
        "tieout/gift-shop/netsuite",
        "tieout/gift-shop/webhooks/brightside-uk",
        "tieout/gift-shop/webhooks/maison-eu",
        "tieout/gift-shop/webhooks/netsuite",
    ]

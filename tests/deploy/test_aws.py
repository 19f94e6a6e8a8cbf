"""The template that AWS gets, deployed to the local stand-in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local.aws import TEMPLATE, Aws
from tests.stack.database import EXPIRING

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local.aws import Deployed
    from deploy.local.stack import Stack


@pytest.mark.parametrize("table", EXPIRING)
def test_tables_with_an_end_expire_their_items(stack: Stack, table: str) -> None:
    answer = stack.aws.client("dynamodb").describe_time_to_live(TableName=stack.deployed.prefix + table)
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_the_activity_log_never_expires(stack: Stack, deployed: Deployed) -> None:
    answer = stack.aws.client("dynamodb").describe_time_to_live(TableName=f"{deployed.prefix}activity")
    assert answer["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


def test_the_pool_takes_long_passwords_and_who_signs_up_needs_the_secret_of_our_pages(
    stack: Stack, deployed: Deployed
) -> None:
    pool = stack.aws.client("cognito-idp").describe_user_pool(UserPoolId=deployed.pool_id)["UserPool"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    # Patients do, by our pages; the client has a secret, which stands in nobody's browser (the next test).
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is False
    assert pool["AutoVerifiedAttributes"] == ["email"]
    assert pool["MfaConfiguration"] == "OPTIONAL"


def test_the_client_keeps_a_secret_and_offers_one_way_in(stack: Stack, deployed: Deployed) -> None:
    client: dict[str, Any] = stack.aws.client("cognito-idp").describe_user_pool_client(
        UserPoolId=deployed.pool_id, ClientId=deployed.client_id
    )["UserPoolClient"]
    assert client["ClientSecret"] == deployed.client_secret
    assert client["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]


def test_every_table_is_encrypted_and_restorable() -> None:
    text = TEMPLATE.read_text("utf-8")
    assert text.count("Type: AWS::DynamoDB::Table") == 5
    assert text.count("SSEEnabled: true") == 5
    assert text.count("PointInTimeRecoveryEnabled: true") == 5
    assert text.count("BillingMode: PAY_PER_REQUEST") == 5


def test_the_policy_lets_nobody_change_or_delete_activity(stack: Stack, deployed: Deployed) -> None:
    outputs = stack.aws.client("cloudformation").describe_stacks(StackName=f"{deployed.prefix}stack")["Stacks"][0]
    arn = next(output["OutputValue"] for output in outputs["Outputs"] if output["OutputKey"] == "AppPolicyArn")
    document = stack.aws.client("iam").get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    document = json.loads(document) if isinstance(document, str) else document
    allowed = {
        action
        for statement in document["Statement"]
        if any("activity" in str(resource) for resource in [statement.get("Resource")])
        for action in statement["Action"]
    }
    assert allowed == {"dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"}


def test_what_becomes_of_an_email_comes_into_the_queue_that_the_worker_asks(stack: Stack, deployed: Deployed) -> None:
    found = stack.aws.client("cloudformation").describe_stacks(StackName=f"{deployed.prefix}stack")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    (destination,) = stack.aws.client("sesv2").get_configuration_set_event_destinations(
        ConfigurationSetName=outputs["MailConfigurationSet"]
    )["EventDestinations"]
    assert destination["Enabled"] is True
    assert {kind.upper() for kind in destination["MatchingEventTypes"]} == {"BOUNCE", "COMPLAINT"}
    topic = destination["SnsDestination"]["TopicArn"]
    queue = stack.aws.client("sqs").get_queue_attributes(
        QueueUrl=outputs["ReportsQueueUrl"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    heard = stack.aws.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(each["Protocol"], each["Endpoint"]) for each in heard] == [("sqs", queue)]


def test_a_kill_brings_back_users_but_no_sessions(tmp_path: Path) -> None:
    folder, log = tmp_path / "aws", tmp_path / "log"
    with Aws(folder, log) as first:
        made = first.deploy()
        first.client("dynamodb").put_item(
            TableName="anteroom-sessions", Item={"account": {"S": "a"}, "sk": {"S": "old"}}
        )
        first.client("cognito-idp").admin_create_user(UserPoolId=made.pool_id, Username="a")
    second = Aws(folder, log)
    with second:
        assert not second.was_killed
        assert len(second.client("dynamodb").scan(TableName="anteroom-sessions")["Items"]) == 1
        assert second.process is not None
        second.process.kill()
        second.process.wait()
    with Aws(folder, log) as third:
        assert third.was_killed
        assert third.deploy() == made
        assert third.client("dynamodb").scan(TableName="anteroom-sessions")["Items"] == []
        assert third.client("cognito-idp").admin_get_user(UserPoolId=made.pool_id, Username="a")["Username"] == "a"


def test_a_kill_before_anything_was_saved_makes_everything_anew(tmp_path: Path) -> None:
    first = Aws(tmp_path / "aws", tmp_path / "log")
    with first:
        first.deploy()
        assert first.process is not None
        first.process.kill()
        first.process.wait()
    with Aws(tmp_path / "aws", tmp_path / "log") as second:
        made = second.deploy()
        assert (
            second.client("cognito-idp").describe_user_pool(UserPoolId=made.pool_id)["UserPool"]["Id"] == made.pool_id
        )

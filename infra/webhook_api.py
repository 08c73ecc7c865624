"""The public door: a route for marketplaces' events and one for NetSuite's, throttled and logged."""

from __future__ import annotations

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.deployment import Deployment
from infra.function import Function, retention_days

MIRAKL = "/mirakl/{marketplace}/events"
NETSUITE = "/netsuite/events"
PER_SECOND = 50
BURST = 100
LOGGED = {
    "request": "$context.requestId",
    "at": "$context.requestTime",
    "from": "$context.identity.sourceIp",
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "integrationError": "$context.integrationErrorMessage",
}


class WebhookApi(Construct):
    """POST on each route is answered by its function; `mirakl_url` and `netsuite_url` are what senders are told."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        self.api = http.HttpApi(
            self,
            "Api",
            api_name=f"{deployment.name}-events",
            create_default_stage=False,
            description="Events of Mirakl and NetSuite",
        )
        self._stage(deployment)
        self.mirakl_url = f"{self.api.api_endpoint}{MIRAKL}"
        self.netsuite_url = f"{self.api.api_endpoint}{NETSUITE}"
        self.id = self.api.api_id

    def _stage(self, deployment: Deployment) -> None:
        access_logs = logs.LogGroup(
            self,
            "AccessLogs",
            log_group_name=f"/aws/vendedlogs/{deployment.name}-events",
            retention=retention_days(deployment.config.retention.log_days),
            encryption_key=deployment.keys.data,
            removal_policy=RemovalPolicy.DESTROY,
        )
        http.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=http.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=PER_SECOND, throttling_burst_limit=BURST
            ),
            access_log_settings=http.CfnStage.AccessLogSettingsProperty(
                destination_arn=access_logs.log_group_arn, format=json.dumps(LOGGED)
            ),
        )

    def answer(self, path: str, function: Function) -> None:
        """Let a function answer a route."""
        routes = self.api.add_routes(
            path=path,
            methods=[http.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration(f"{function.name}-answers", function.function),
        )
        for route in routes:
            acknowledge(
                route,
                "AwsSolutions-APIG4",
                "Each event is signed; the function verifies signature, age and sender before it reads the body.",
            )

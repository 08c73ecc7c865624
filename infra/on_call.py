"""Who is told: one topic, and alarms that say in plain words what they mean and where their page is."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.acknowledged import acknowledge
from tieout.config import Config

Compare = cloudwatch.ComparisonOperator
Missing = cloudwatch.TreatMissingData


class OnCall(Construct):
    """The topic that alarms go to: the deployment's own, or one that you named in `on_call.topic_arn`."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._deployment = config.deployment
        self._pages = config.on_call.pages_url.rstrip("/")
        if config.on_call.topic_arn:
            self.topic = sns.Topic.from_topic_arn(self, "Topic", config.on_call.topic_arn)
        else:
            self.topic = self._own_topic(key)
        for address in config.on_call.emails if not config.on_call.topic_arn else ():
            subscription = self.topic.add_subscription(subscriptions.EmailSubscription(address))
            acknowledge(subscription, "Serverless-SNSRedrivePolicy", "SNS has no dead letters for e-mail to a person.")

    def _own_topic(self, key: kms.IKey) -> sns.Topic:
        """Make a topic that alarms may publish to: a policy of its own takes the place of SNS's, which let them."""
        topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True, display_name="Tieout on call")
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
        )
        return topic

    def own_metric(
        self, name: str, statistic: str, period: Duration, dimensions: Mapping[str, str] | None = None
    ) -> cloudwatch.Metric:
        """Name a metric that our functions emit; each carries the deployment's name."""
        return cloudwatch.Metric(
            namespace="Tieout",
            metric_name=name,
            statistic=statistic,
            period=period,
            dimensions_map={"deployment": self._deployment, **(dimensions or {})},
        )

    def page(
        self,
        scope: Construct,
        slug: str,
        metric: cloudwatch.Metric,
        threshold: float,
        meaning: str,
        *,
        of: str = "",
        compare: cloudwatch.ComparisonOperator = Compare.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        periods: int = 1,
        of_periods: int | None = None,
        missing: cloudwatch.TreatMissingData = Missing.NOT_BREACHING,
    ) -> None:
        """Make an alarm whose page is docs/on-call/<slug>.md; it fires after `periods` (of the last `of_periods`)."""
        alarm = cloudwatch.Alarm(
            scope,
            "-".join(part for part in ("Alarm", slug, of) if part),
            alarm_name="-".join(part for part in (self._deployment, slug, of) if part),
            alarm_description=f"{meaning} {self._pages}/{slug}.md",
            metric=metric,
            threshold=threshold,
            comparison_operator=compare,
            evaluation_periods=of_periods or periods,
            datapoints_to_alarm=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))

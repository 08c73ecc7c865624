"""The deployment that a command speaks to: its settings, its names in AWS, and what it works with.

Names of tables, buckets and queues come from the environment where the functions' variables are set, else from the
outputs of the stack. Everything is made when it is first asked for, so that `--help` needs no AWS account.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec.structs import replace

from tieout.cli.trouble import MistakeError
from tieout.config import Config, read_config

if TYPE_CHECKING:
    from tieout.aws.postings import DynamoPostings
    from tieout.aws.secrets import Secrets
    from tieout.aws.switches import DynamoSwitches
    from tieout.flows.ports import At, Doorbells, Watermarks
    from tieout.flows.reconcile.break_log import BreakLog
    from tieout.flows.stock.store import StockBook
    from tieout.mirakl.client import Mirakl
    from tieout.netsuite.client import NetSuite
    from tieout.netsuite.connection import Connection

Answer = TypeVar("Answer")

OUTPUTS: Mapping[str, str] = {
    "PostingsTable": "POSTINGS_TABLE",
    "ArchiveBucket": "ARCHIVE_BUCKET",
    "QueueOrdersToPost": "QUEUE_ORDERS_TO_POST",
    "QueueOrdersToFetch": "QUEUE_ORDERS_TO_FETCH",
    "QueueShipmentsToConfirm": "QUEUE_SHIPMENTS_TO_CONFIRM",
    "SecretsPrefix": "SECRETS_PREFIX",
}
"""Output of the stack, and the variable that says the same to a function."""
NEEDED = {"PostingsTable", "ArchiveBucket", "QueueOrdersToPost"}
"""With these no stack is asked for."""


class Deployment:
    """`name` where the settings file is another's; `region` and `profile` as the AWS CLI takes them."""

    def __init__(
        self,
        config_path: Path | None,
        *,
        name: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        as_json: bool = False,
    ) -> None:
        self._config_path = config_path
        self._name = name
        self._region = region
        self._profile = profile
        self.as_json = as_json

    def with_settings(self, config_path: Path | None) -> Deployment:
        """The same with another settings file; itself where none is named."""
        if config_path is None:
            return self
        return Deployment(
            config_path, name=self._name, region=self._region, profile=self._profile, as_json=self.as_json
        )

    @cached_property
    def config(self) -> Config:
        """The settings. Raises ConfigError, or MistakeError when no file is named anywhere."""
        config = read_config(self._config_path or _file_of_cdk())
        return config.model_copy(update={"deployment": self._name}) if self._name else config

    @property
    def name(self) -> str:
        """The deployment's name."""
        return self.config.deployment

    @property
    def stack(self) -> str:
        """Name of its CloudFormation stack."""
        return f"tieout-{self.name}"

    def marketplace(self, name: str) -> str:
        """A marketplace's name, when the settings know it. Raises MistakeError."""
        if name not in self.config.marketplaces:
            known = ", ".join(self.config.marketplaces)
            raise MistakeError(f"There is no marketplace {name!r} in the settings; there are: {known}.")
        return name

    def page(self, path: str) -> str:
        """Address of a page, from where the on-call pages are served."""
        here = self.config.on_call.pages_url.rstrip("/")
        return f"{here.rpartition('/')[0]}/{path[3:]}" if path.startswith("../") else f"{here}/{path}"

    @staticmethod
    def clock() -> datetime:
        """Our own clock."""
        return datetime.now(UTC)

    # --- AWS -------------------------------------------------------------------------------------------------------

    def _tell_boto3(self) -> None:
        """By environment, so that every client made from here on listens to it."""
        if self._profile:
            os.environ["AWS_PROFILE"] = self._profile
        if self._region:
            os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = self._region

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """Output name to value; a variable wins. Raises MistakeError when the stack is needed and not there."""
        given = {output: os.environ[variable] for output, variable in OUTPUTS.items() if os.environ.get(variable)}
        return given if set(given) >= NEEDED else {**self._outputs_of_stack(), **given}

    def _outputs_of_stack(self) -> dict[str, str]:
        self._tell_boto3()
        import boto3  # noqa: PLC0415  slow to load
        from botocore.exceptions import ClientError  # noqa: PLC0415

        client = boto3.client("cloudformation")
        try:
            (stack,) = client.describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            region = client.meta.region_name
            raise MistakeError(
                f"Stack {self.stack} is not in region {region}: name its region with --region, or deploy it "
                f"(`cdk deploy -c config={self._config_path or _file_of_cdk()}`)."
            ) from error
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}

    @cached_property
    def who(self) -> str:
        """Who decides, as the history will tell: the AWS identity, or the local user where AWS does not say."""
        self._tell_boto3()
        import boto3  # noqa: PLC0415  slow to load
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            arn = boto3.client("sts").get_caller_identity()["Arn"]
        except (BotoCoreError, ClientError):
            return getpass.getuser()
        return str(arn).rpartition(":")[2]

    # --- what commands work with -----------------------------------------------------------------------------------

    @cached_property
    def at(self) -> At:
        """Everything a flow works with; its counts are not reported as the deployment's."""
        outputs = self.outputs
        from tieout.wiring import runtime_for  # noqa: PLC0415  brings AWS with it

        return replace(runtime_for(self.config, outputs), meter=_Silent())

    @cached_property
    def break_log(self) -> BreakLog:
        """The history of the deployment's breaks."""
        outputs = self.outputs
        from tieout.wiring import break_log_for  # noqa: PLC0415  brings AWS with it

        return break_log_for(outputs)

    @cached_property
    def stock_book(self) -> StockBook:
        """The book of the deployment's stock."""
        outputs = self.outputs
        from tieout.wiring import stock_book_for  # noqa: PLC0415  brings AWS with it

        return stock_book_for(outputs)

    @cached_property
    def listings_book(self) -> StockBook:
        """What the flow of listings keeps."""
        outputs = self.outputs
        from tieout.wiring import listings_book_for  # noqa: PLC0415  brings AWS with it

        return listings_book_for(outputs)

    def in_turn(self, ask: Callable[[], Answer]) -> Answer:
        """What NetSuite answers, asked by turns with its other readers. Raises Retryable when one keeps the turn."""
        from tieout.wiring import readers_turn_for  # noqa: PLC0415  brings AWS with it

        with readers_turn_for(self.config, self.outputs):
            return ask()

    @cached_property
    def secrets(self) -> Secrets:
        """The deployment's credentials; they exist as soon as the stack does."""
        self._tell_boto3()
        import boto3  # noqa: PLC0415  slow to load

        from tieout.aws.secrets import Secrets  # noqa: PLC0415

        return Secrets(boto3.client("secretsmanager"), self.outputs.get("SecretsPrefix", f"tieout/{self.name}"))

    def mirakl(self, name: str) -> Mirakl:
        """A marketplace, with everything that only the doctor asks."""
        return cast("Mirakl", self.at.marketplace(name))

    @property
    def netsuite(self) -> Connection:
        """The NetSuite account, for the doctor's questions."""
        return cast("NetSuite", self.at.ledger).connection

    @property
    def postings(self) -> DynamoPostings:
        """The store of postings, with what only a person asks of it."""
        return cast("DynamoPostings", self.at.postings)

    @property
    def switches(self) -> DynamoSwitches:
        """Pauses and breakers."""
        return cast("DynamoSwitches", self.at.switches)

    @property
    def watermarks(self) -> Watermarks:
        """How far each marketplace, and NetSuite, was read."""
        return self.at.watermarks

    @property
    def doorbells(self) -> Doorbells:
        """The queues that wake the workers."""
        return self.at.doorbells


class _Silent:
    """A meter that reports nothing: what a person does by hand is not the deployment's own work."""

    def count(self, name: str, amount: int = 1, **dimensions: str) -> None:
        """Count nothing."""

    def gauge(self, name: str, value: float, **dimensions: str) -> None:
        """Report nothing."""


def _file_of_cdk() -> Path:
    """The settings file that `cdk deploy` takes in this folder."""
    try:
        context = json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"]
        return Path(context["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MistakeError(
            "No settings file: name the deployment's with --config FILE or TIEOUT_CONFIG, or start in the project's "
            "folder."
        ) from error

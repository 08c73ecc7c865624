"""The composition root: flows meet AWS and the vendors here, and nowhere else. Nothing happens at import.

Functions and the CLI import this; a test builds `At` from fakes instead. Clients are made when they are first used: a
function pays for what it calls.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, wraps
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools import Logger

from tieout.aws.archive import S3Archive
from tieout.aws.break_log import S3BreakLog
from tieout.aws.doorbells import FulfilmentsToFetch, OrdersToFetch, SqsDoorbells
from tieout.aws.in_parallel import in_parallel
from tieout.aws.metrics import EmfMeter
from tieout.aws.postings import DynamoPostings
from tieout.aws.secrets import Secrets
from tieout.aws.settlement_log import S3SettlementLog
from tieout.aws.stock_book import S3StockBook
from tieout.aws.switches import DynamoSwitches
from tieout.aws.table import Table
from tieout.aws.turns import DynamoTurns
from tieout.aws.watermarks import DynamoWatermarks
from tieout.config import Config, deployed_config
from tieout.domain.errors import CredentialsRefused, Retryable
from tieout.domain.postings import Lane
from tieout.flows.events import Once, Reception
from tieout.flows.listings.strict import LookedUp
from tieout.flows.netsuite_events import SENDER, NetSuiteReception
from tieout.flows.ports import At, nothing_doubted

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from tieout.mirakl.client import Mirakl
    from tieout.netsuite.client import NetSuite

Answer = TypeVar("Answer")

MESSAGE_REMEMBERED_SECONDS = 24 * 3600
"""Webhook messages older than five minutes are refused by their timestamp; a day is ample."""

PATIENCE_FOR_A_TURN = timedelta(seconds=60)
"""How long a reader of NetSuite waits for the one before it; then it leaves its work to its next run."""

STOCK, LISTINGS = "stock", "listings"
"""Folders of the archive bucket."""

OUTLIVES = timedelta(seconds=30)
"""How much longer than its function a turn lasts."""

logger = Logger()


def now() -> datetime:
    """Our clock."""
    return datetime.now(UTC)


def observed(handler: Callable[[Any, Any], Answer]) -> Callable[[Any, Any], Answer]:
    """Give a handler's log lines their request, and our own modules' lines the same form."""
    package = logging.getLogger("tieout")
    package.handlers, package.propagate = logger.handlers, False
    package.setLevel(logger.log_level)

    @wraps(handler)
    def observe(event: Any, context: Any) -> Answer:
        logger.append_keys(request=context.aws_request_id, function=context.function_name)
        return handler(event, context)

    return observe


# --- what flows work with ------------------------------------------------------------------------------------------


@cache
def runtime() -> At:
    """Everything of this function, from its environment; built once a process."""
    return _at(deployed_config(), os.environ)


def runtime_for(config: Config, outputs: Mapping[str, str]) -> At:
    """The same for a person at a terminal, from the outputs of the deployment's stack."""
    return _at(config, {_variable(output): value for output, value in outputs.items()})


def _variable(output: str) -> str:
    """`PostingsTable` is `POSTINGS_TABLE` to a function."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in output).lstrip("_")


def _at(config: Config, environment: Mapping[str, str]) -> At:
    table = Table(_client("dynamodb"), _named(environment, "POSTINGS_TABLE"))
    secrets = Secrets(_client("secretsmanager"), environment.get("SECRETS_PREFIX", f"tieout/{config.deployment}"))
    meter = EmfMeter(config.deployment, now)
    queues = {
        lane: environment[name] for lane in Lane if (name := f"QUEUE_{lane.upper().replace('-', '_')}") in environment
    }
    patience = config.reliability
    return At(
        config=config,
        marketplace=cache(lambda name: _mirakl(config, name, secrets)),
        ledger=_Later(lambda: _netsuite(config, secrets)),
        postings=DynamoPostings(table, timedelta(seconds=patience.lease_seconds)),
        watermarks=DynamoWatermarks(table),
        archive=_Later(lambda: S3Archive(_client("s3"), _named(environment, "ARCHIVE_BUCKET"))),
        settlement_log=_Later(lambda: S3SettlementLog(_client("s3"), _named(environment, "ARCHIVE_BUCKET"))),
        doorbells=SqsDoorbells(_client("sqs"), queues, lambda lost: meter.count("DoorbellsLost", lost)),
        switches=DynamoSwitches(
            table, now, failures=patience.breaker_failures, open_for=timedelta(seconds=patience.breaker_open_seconds)
        ),
        meter=meter,
        clock=now,
        jitter=random.random,
        together=in_parallel,
        doubted=_doubted(config, environment),
    )


def _doubted(config: Config, environment: Mapping[str, str]) -> Callable[[str], Mapping[str, str]]:
    """What the audit of offers doubts; a function that has no archive posts no order."""
    if "ARCHIVE_BUCKET" not in environment:
        return nothing_doubted
    book: Any = _Later(lambda: _book(environment, LISTINGS))
    return LookedUp(config, book, now)


def _named(environment: Mapping[str, str], variable: str) -> str:
    try:
        return environment[variable]
    except KeyError:
        raise RuntimeError(f"{variable} is not set: this function is not deployed to use it") from None


class _Later:
    """Stands for something that is made when it is first used, once, by whichever thread comes first.

    One lock for all: boto3 makes clients from a session that threads may not share.
    """

    _lock = RLock()

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._make()
        return getattr(self._made, name)


@cache
def break_log() -> S3BreakLog:
    """The history of this deployment's breaks."""
    return S3BreakLog(_client("s3"), _named(os.environ, "ARCHIVE_BUCKET"))


def break_log_for(outputs: Mapping[str, str]) -> S3BreakLog:
    """The same for a person at a terminal."""
    return S3BreakLog(_client("s3"), outputs["ArchiveBucket"])


@cache
def meter() -> EmfMeter:
    """What a function counts with that needs nothing else."""
    return EmfMeter(deployed_config().deployment, now)


@cache
def stock_book() -> S3StockBook:
    """The book of this deployment's stock."""
    return _book(os.environ, STOCK)


def stock_book_for(outputs: Mapping[str, str]) -> S3StockBook:
    """The same for a person at a terminal."""
    return S3StockBook(_client("s3"), outputs["ArchiveBucket"], STOCK)


@cache
def listings_book() -> S3StockBook:
    """What the flow of listings keeps."""
    return _book(os.environ, LISTINGS)


def listings_book_for(outputs: Mapping[str, str]) -> S3StockBook:
    """The same for a person at a terminal."""
    return S3StockBook(_client("s3"), outputs["ArchiveBucket"], LISTINGS)


def _book(environment: Mapping[str, str], folder: str) -> S3StockBook:
    return S3StockBook(_client("s3"), _named(environment, "ARCHIVE_BUCKET"), folder)


def start_by_cycle(name: str) -> None:
    """Start the comparison that is prepared cycle by cycle; one that has begun under this name goes on."""
    client = _client("stepfunctions")
    try:
        client.start_execution(stateMachineArn=_named(os.environ, "RECONCILE_BY_CYCLE"), name=name)
    except client.exceptions.ExecutionAlreadyExists:
        logger.info("already under way", extra={"execution": name})


@contextmanager
def readers_turn() -> Iterator[None]:
    """The one slot that NetSuite's readers share is ours for as long as the block lasts.

    Raises Retryable when another reader keeps it. A lease outlives any function that holds one (see infra/timeouts),
    so a turn lasts as long.
    """
    with _readers_turn(deployed_config(), _named(os.environ, "POSTINGS_TABLE")):
        yield


def readers_turn_for(config: Config, outputs: Mapping[str, str]) -> AbstractContextManager[None]:
    """The same for a person at a terminal: whoever reads by hand waits for their turn as well."""
    return _readers_turn(config, outputs["PostingsTable"])


@contextmanager
def _readers_turn(config: Config, table_name: str) -> Iterator[None]:
    table = Table(_client("dynamodb"), table_name)
    lasts = timedelta(seconds=config.reliability.lease_seconds)
    with DynamoTurns(table, now, lasts=lasts).taken("netsuite-reader", PATIENCE_FOR_A_TURN) as mine:
        if not mine:
            raise Retryable("another reader has NetSuite's slot")
        yield


@contextmanager
def stock_turn(context: LambdaContext, patience: timedelta) -> Iterator[None]:
    """Nobody else writes the book of stock for as long as the block lasts; waits `patience` for it at most.

    Raises Retryable when another run does. A turn outlives the function; in the local run, where functions are killed
    on purpose, it ends as early as leases do.
    """
    with _turn_of("stock", context, patience) as mine:
        if not mine:
            raise Retryable("another run writes the book of stock")
        yield


@contextmanager
def listings_turn(context: LambdaContext) -> Iterator[None]:
    """Nobody else sends offers and prices. Raises Retryable when another run does."""
    with _turn_of("listings", context, timedelta(0)) as mine:
        if not mine:
            raise Retryable("another run sends offers and prices")
        yield


@contextmanager
def sellers_turn(marketplace: str, context: LambdaContext) -> Iterator[None]:
    """Nobody else writes records of this marketplace's other shops. Raises Retryable when another run does."""
    with _turn_of(f"sellers-{marketplace}", context, timedelta(0)) as mine:
        if not mine:
            raise Retryable("another run writes the records of other shops' stock")
        yield


def _turn_of(name: str, context: LambdaContext, patience: timedelta) -> AbstractContextManager[bool]:
    config = deployed_config()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    lease = timedelta(seconds=config.reliability.lease_seconds)
    table = Table(_client("dynamodb"), _named(os.environ, "POSTINGS_TABLE"))
    turns = DynamoTurns(table, now, lasts=lease if config.sandbox else left + OUTLIVES)
    return turns.taken(name, patience)


@cache
def _client(service: str) -> Any:
    def make() -> Any:
        import boto3  # noqa: PLC0415  a third of a cold start; a run that needs no AWS call pays nothing
        from botocore.config import Config as ClientConfig  # noqa: PLC0415

        patience = ClientConfig(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 4})
        return boto3.client(service, config=patience)

    return _Later(make)


def _mirakl(config: Config, marketplace: str, secrets: Secrets) -> Mirakl:
    from tieout.mirakl.client import Connection, Mirakl  # noqa: PLC0415  not every function calls Mirakl

    settings = config.marketplaces[marketplace]
    connection = Connection(
        marketplace=marketplace,
        base_url=config.mirakl_url(marketplace),
        role=settings.role,
        shop_id=settings.shop_id,
        legacy_api_key=settings.legacy_api_key,
    )
    return Mirakl(connection, lambda: secrets.get(f"mirakl/{marketplace}"))


def _netsuite(config: Config, secrets: Secrets) -> NetSuite:
    from tieout.calls import Caller  # noqa: PLC0415  not every function calls NetSuite
    from tieout.netsuite.auth import OAuth2, TokenBased  # noqa: PLC0415
    from tieout.netsuite.client import NetSuite  # noqa: PLC0415
    from tieout.netsuite.connection import Connection  # noqa: PLC0415

    settings = config.netsuite
    caller = Caller(settings.connect_timeout_seconds, settings.read_timeout_seconds)

    def secret() -> Mapping[str, str]:
        return secrets.get("netsuite")

    authentication = (
        TokenBased(settings.account, secret, now)
        if settings.auth == "tba"
        else OAuth2(config.netsuite_url, secret, caller, now)
    )
    return NetSuite(Connection(settings.account, config.netsuite_url, authentication, caller), now)


def certificate_days(config: Config) -> int | None:
    """Days until NetSuite's certificate ends; None where there is none to watch (TBA, or the secret is not filled)."""
    if config.netsuite.auth == "tba":
        return None
    from tieout.netsuite.auth import certificate_days_left  # noqa: PLC0415  brings cryptography

    prefix = os.environ.get("SECRETS_PREFIX", f"tieout/{config.deployment}")
    try:
        certificate = Secrets(_client("secretsmanager"), prefix).get("netsuite").get("certificate")
        return certificate_days_left(certificate, now()) if certificate else None
    except (CredentialsRefused, ValueError) as error:
        logger.warning("certificate not read", extra={"why": str(error)})
        return None


# --- what the webhook endpoints work with --------------------------------------------------------------------------


def reception(context: LambdaContext) -> Reception:
    """The surroundings of marketplaces' events; `context` tells how long a run may take."""
    desk, idempotency = _reception()
    idempotency.register_lambda_context(context)
    return desk


def netsuite_reception(context: LambdaContext) -> NetSuiteReception:
    """The surroundings of the NetSuite account's rings."""
    desk, idempotency = _netsuite_reception()
    idempotency.register_lambda_context(context)
    return desk


@cache
def _reception() -> tuple[Reception, Any]:
    config = deployed_config()
    once, idempotency = _once_each()
    desk = Reception(
        config=config,
        secrets=_webhook_secrets(),
        once=once,
        orders_to_fetch=OrdersToFetch(_client("sqs"), os.environ["QUEUE_ORDERS_TO_FETCH"]),
        meter=EmfMeter(config.deployment, now),
        clock=now,
    )
    return desk, idempotency


@cache
def _netsuite_reception() -> tuple[NetSuiteReception, Any]:
    config = deployed_config()
    once, idempotency = _once_each()
    secrets = _webhook_secrets()
    desk = NetSuiteReception(
        config=config,
        secrets=lambda: secrets(SENDER),
        once=once,
        fulfilments_to_fetch=FulfilmentsToFetch(_client("sqs"), os.environ["QUEUE_FULFILMENTS_TO_FETCH"]),
        meter=EmfMeter(config.deployment, now),
        clock=now,
    )
    return desk, idempotency


def _webhook_secrets() -> Callable[[str], Sequence[str]]:
    """Current and previous secret, by who shares it with us."""
    secrets = Secrets(_client("secretsmanager"), os.environ["SECRETS_PREFIX"])

    def current_and_previous(sender: str) -> Sequence[str]:
        secret = secrets.get(f"webhooks/{sender}")
        return [value for field in ("current", "previous") if (value := secret.get(field))]

    return current_and_previous


def _once_each() -> tuple[Once, Any]:
    """Runs an effect once a message id (Powertools' idempotency), and its settings, which want to know the context."""
    from aws_lambda_powertools.utilities.idempotency import (  # noqa: PLC0415  only the webhook functions pay for it
        DynamoDBPersistenceLayer,
        IdempotencyConfig,
        idempotent_function,
    )
    from aws_lambda_powertools.utilities.idempotency.exceptions import (  # noqa: PLC0415
        IdempotencyAlreadyInProgressError,
    )

    settings = IdempotencyConfig(expires_after_seconds=MESSAGE_REMEMBERED_SECONDS, use_local_cache=True)
    store = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])

    def once(message_id: str, effect: Callable[[], int]) -> int:
        @idempotent_function(  # type: ignore[untyped-decorator]
            data_keyword_argument="message_id", persistence_store=store, config=settings
        )
        def webhook(*, message_id: str) -> int:  # noqa: ARG001  it is the key
            return effect()

        try:
            return int(webhook(message_id=message_id))
        except IdempotencyAlreadyInProgressError:
            return 0

    return once, settings

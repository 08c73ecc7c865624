"""One run of the demo, from an empty folder to the report."""

import contextlib
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox import Twins, local_aws, running
from sandbox.cdk_deploy import deploy
from sandbox.demo import trouble
from sandbox.demo.afternoon import HABITS, LATE_BY, PACKED_AFTER, RINGS, Afternoon, Shippers, Warehouse
from sandbox.demo.agreement import Agreement, Judge, View
from sandbox.demo.books import lives_of, read_books
from sandbox.demo.command_line import CommandLine
from sandbox.demo.cycle_end import Bookkeeping
from sandbox.demo.day import Day
from sandbox.demo.dispatch import Promptness
from sandbox.demo.export import write_out
from sandbox.demo.flash import FlashSale, Rushed, models_of
from sandbox.demo.ledger_reading import GeneralLedger
from sandbox.demo.opening import (
    Morning,
    fill_secrets,
    invented_morning,
    netsuite_hook,
    register_webhooks,
    taken_over,
    write_environment,
)
from sandbox.demo.outcome import Outcome, outcome_of
from sandbox.demo.people import People
from sandbox.demo.schedules import Firing, deployed_schedules
from sandbox.demo.sellers import Sellers
from sandbox.demo.settings import LocalSettings, bought_at, local_settings
from sandbox.demo.standing import PostingsTable
from sandbox.demo.stockkeeping import Stockkeeping
from sandbox.demo.twin_control import TwinControl
from sandbox.local_aws import LocalAws
from sandbox.progress import step
from tieout.config import read_config

LIMIT_SECONDS = 900.0
TROUBLE_LIMIT_SECONDS = 1800.0
GRACE, BAD_DAYS_GRACE = timedelta(minutes=20), timedelta(hours=2)
"""From goods that left to a marketplace that was told: a poll's interval, and a step of the day's clock."""
IN_PARTS = frozenset({"brightside-uk"})
MIRAKL: dict[str, Any] = {"multi_shipment": True, "multi_shipment_at": ",".join(sorted(IN_PARTS))}
NETSUITE: dict[str, Any] = {"sales_orders_commit_stock": True, "fulfil_based_on_commitment": "ignored"}
"""Sales orders take their units off what is available, as accounts do; a warehouse ships what was sold all the same."""
OPERATORS_MIRAKL: dict[str, Any] = {"received_minutes": 60, "closed_minutes": 60}
"""Buyers confirm sooner than in life, so that the whole way of an order fits into a day."""
SHOPS = (2001, 2002, 2003)
"""Of an operator's made-up world; each has billing cycles of its own."""


@dataclass(frozen=True)
class Options:
    """What a person may choose."""

    config: Path
    folder: Path
    world: Path | None = None
    out: Path | None = None
    faults: float = 0.0
    role: str = "seller"
    seed: int = 7
    orders: int = 300
    flash_sale: bool = True
    """Whether a rush on a few SKUs comes last."""
    keep: bool = False
    """Leave everything running after the report, until Ctrl-C."""


@dataclass(frozen=True)
class Stack:
    """The deployed stack between the twins, ready for its day."""

    aws: LocalAws
    twins: Twins
    control: TwinControl
    settings: LocalSettings
    outputs: dict[str, str]
    table: PostingsTable
    role: str
    view: View

    def day(
        self, to_come: dict[str, list[dict[str, Any]]], seed: int, limit_seconds: float, *, patient: bool = False
    ) -> Day:
        """A day that has not begun."""
        return Day(
            config=self.settings.config,
            twins=self.twins,
            control=self.control,
            table=self.table,
            schedules=deployed_schedules(self.aws),
            firing=Firing(self.aws),
            to_come=to_come,
            afternoon=self._afternoon(seed),
            seed=seed,
            limit_seconds=limit_seconds,
            patient=patient,
            tell=lambda line: print(f"    {line}", flush=True),
        )

    def judged(self) -> Agreement:
        """Whether both sides agree at this moment."""
        config = self.settings.config
        lives = lives_of(read_books(self.control, config.marketplaces))
        return Judge(config, self.view, self.table.everything().postings).judge(lives)

    def bookkeeping(self, day: Day, options: Options) -> Bookkeeping:
        """What comes after the day: the end of a billing cycle."""
        return Bookkeeping(
            config=self.settings.config,
            aws=self.aws,
            control=self.control,
            table=self.table,
            day=day,
            people=CommandLine(self.aws, self.settings),
            ledger=GeneralLedger(self.twins.netsuite),
            seed=options.seed,
            faults=options.faults,
        )

    def _afternoon(self, seed: int) -> Afternoon:
        names = tuple(self.settings.config.marketplaces)
        people = People(self.twins, self.control, names, self.role, seed, PACKED_AFTER)
        shippers: Shippers = Warehouse(self.control)
        if self.role == "operator":
            shippers = Sellers(self.twins, self.control, names, IN_PARTS, seed, PACKED_AFTER, LATE_BY)
        return Afternoon(self.twins, shippers, people, self.judged)


class BusyError(Exception):
    """Another run uses the folder."""


@contextlib.contextmanager
def the_only_run(folder: Path) -> Iterator[None]:
    """Hold a run's folder, emptied. Raises BusyError while another run holds it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise BusyError(f"another run uses {folder}: wait for it, or stop it with Ctrl-C") from busy
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield


@contextlib.contextmanager
def deployed(options: Options, morning: Morning) -> Iterator[Stack]:
    """The twins with their world, the local AWS with the stack, and their connections; all gone when the block ends."""
    bad_day = options.faults > 0
    with contextlib.ExitStack() as open_things:
        with step("twins of Mirakl and NetSuite open"):
            # Before the world is loaded: what its orders have sold is written into the log then.
            bought = {"dropship_at": ",".join(bought_at(options.config, options.role))}
            twins = open_things.enter_context(
                running(morning.folder, seed=options.seed, expect_violations=True, mirakl_behaviours=bought)
            )
            control = TwinControl(twins)
            control.set_clocks(control.now())
        settings = local_settings(options.config, twins, options.role, options.folder, trouble=bad_day)
        with step("local AWS starts"):
            aws = open_things.enter_context(local_aws.running(options.folder, double_messages=bad_day))
        with step("the stack is deployed (cdk bootstrap, cdk deploy)"):
            outputs = deploy(aws, settings.file, settings.sandbox_file)
        with step("secrets filled, webhooks registered, the warehouse opens"):
            fill_secrets(aws, settings.config, twins)
            register_webhooks(aws, settings.config, outputs, control, copies=2 if bad_day else 1)
            control.behave(MIRAKL | (OPERATORS_MIRAKL if options.role == "operator" else {}), NETSUITE)
            if options.role == "seller":
                hook = netsuite_hook(aws, settings.config, outputs)
                control.open_warehouse({**HABITS, "seed": options.seed}, hook and {**hook, **RINGS})
        write_environment(options.folder / "environment", aws, settings)
        table = PostingsTable(aws, outputs["PostingsTable"])
        grace = BAD_DAYS_GRACE if bad_day else GRACE
        view = View(Promptness(control.now(), grace), IN_PARTS)
        yield Stack(aws, twins, control, settings, outputs, table, options.role, view)


def run(options: Options, report: Callable[[Outcome, dict[str, Any]], None]) -> Outcome:
    """The whole demo; `report` sees the evening while everything still runs.

    Raises ConfigError, LocalAwsError, DayError, CommandError or BusyError with what to do.
    """
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    began = time.monotonic()
    with the_only_run(options.folder):
        if options.world is None:
            with step(f"a world of {options.orders} orders is made up (seed {options.seed})"):
                shops = SHOPS if options.role == "operator" else ()
                morning = invented_morning(options.folder / "world", options.seed, options.orders, shops)
        else:
            morning = taken_over(options.world, options.folder / "world", read_config(options.config))
        with deployed(options, morning) as stack:
            for line in stack.settings.differences:
                print(f"    for this run {line}", flush=True)
            outcome, summary = _day(stack, options, morning)
            summary["seconds"] = round(time.monotonic() - began, 1)
            write_out(options.out or options.folder / "out", outcome, summary)
            report(outcome, summary)
            if options.keep:
                threading.Event().wait()
        return outcome


def _day(stack: Stack, options: Options, morning: Morning) -> tuple[Outcome, dict[str, Any]]:
    bad_day = options.faults > 0
    day = stack.day(morning.to_come, options.seed, TROUBLE_LIMIT_SECONDS if bad_day else LIMIT_SECONDS, patient=bad_day)
    began, killed = time.monotonic(), 0
    people = CommandLine(stack.aws, stack.settings)
    stock = Stockkeeping.begins(stack.settings.config, stack.control, stack.table, day, people)
    models = models_of(stack.settings.config, stack.control)
    if stock:
        with step("stock: the first push changes nearly every offer; it is held, looked at, and let go"):
            stock.first_push()
    with step("the day runs: schedules, webhooks, queues" + (f", faults at {options.faults:.0%}" if bad_day else "")):
        if bad_day:
            trouble.begin(stack.control, options.seed, options.faults)
            with trouble.Killer(stack.aws, options.seed) as killer:
                day.run()
            killed = killer.killed
        else:
            day.run()
    struck = stack.control.struck()
    if bad_day:
        trouble.end(stack.control)
        print("    all is settled; faults are switched off for the night's sweep", flush=True)
    with step("the night: sweeps look at everything once more"):
        day.night()
    money = stack.bookkeeping(day, options).run(options.out or options.folder / "out")
    with step("both twins' books are read and compared"):
        outcome = outcome_of(stack.settings.config, stack.control, stack.table.everything(), stack.view)
        shelves = stock.judged() if stock else None
        for found in (money, shelves):
            outcome.problems += found.problems if found else []
    # Last, after the books were read: its orders are no part of the world.
    rush = _rush(stack, stock, day, models, options) if stock and options.flash_sale else None
    outcome.problems += rush.problems if rush else []
    summary: dict[str, Any] = {
        "seconds": 0.0,
        "seconds_of_the_day": round(time.monotonic() - began, 1),
        "counts": outcome.counts,
        "calls": outcome.calls,
        "netsuite_peak_concurrency": outcome.calls["netsuite_peak_concurrency"],
        "webhooks": stack.control.webhooks(),
        "netsuite_events": stack.control.warehouse()["hook"],
        "people": dict(day.afternoon.people.done),
        "schedules_fired": day.firing.fired.times,
        "settlement": money.told if money else None,
        "stock": shelves.told if shelves else None,
        "flash_sale": rush.told() if rush else None,
        "faults": {"probability": options.faults, "struck": struck, "workers_killed": killed},
        "contract_violations": stack.control.violations(),
        "problems": outcome.problems,
        "settings": list(stack.settings.differences),
        "role": options.role,
        "seed": options.seed,
    }
    return outcome, summary


def _rush(
    stack: Stack, stock: Stockkeeping, day: Day, models: dict[str, dict[str, Any]], options: Options
) -> Rushed | None:
    @contextlib.contextmanager
    def bad_weather() -> Iterator[None]:
        """On a bad day the rush has it too; a push that is lost or doubled must not sell what is not there."""
        trouble.begin(stack.control, options.seed, options.faults)
        with trouble.Killer(stack.aws, options.seed):
            yield
        trouble.end(stack.control)

    weather = bad_weather if options.faults else contextlib.nullcontext
    sale = FlashSale(stack.settings.config, stack.control, day, stock, models, options.seed, weather=weather)
    with step(
        f"a flash sale: {sale.sale.orders_a_minute} orders a minute on {sale.sale.skus} SKUs at both marketplaces, "
        f"for {sale.sale.minutes} minutes; then the same with a plain hourly push, on twins of its own"
    ):
        rushed = sale.run()
    if rushed is None:
        print("    left out: this world has no order to be shipped at each marketplace, or too few SKUs", flush=True)
    else:
        print(
            f"    sold beyond what was there: {rushed.tieout.oversold} units; "
            f"with a plain hourly push of the whole stock {rushed.plain.sold.oversold}",
            flush=True,
        )
    return rushed

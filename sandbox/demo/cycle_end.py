"""After the day: billing cycles close, are looked at, agreed to by hash, booked, read back and paid; a month is closed.

What a person does is done by the command line; what schedules do, by the deployed schedules.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.demo import trouble
from sandbox.demo.clearing import CREATED, Judged, MoneyBooks, account_numbers, judge, listed
from sandbox.demo.command_line import CommandLine
from sandbox.demo.day import Day
from sandbox.demo.export_folder import write_export
from sandbox.demo.ledger_reading import GeneralLedger
from sandbox.demo.owing import control_of, is_operators, roles_looked_at
from sandbox.demo.payment_provider import Totals, reported
from sandbox.demo.schedules import Schedule
from sandbox.demo.standing import PostingsTable
from sandbox.demo.twin_control import TwinControl
from sandbox.local_aws import LocalAws
from sandbox.mirakl.behaviours import SWITCHES
from sandbox.mirakl.money.calendar import next_closing
from sandbox.progress import step
from tieout.config import Config
from tieout.domain.errors import Reason
from tieout.domain.postings import Kind, State

READING, COMPARING = "fetch-settlements", "reconcile"
PAYOUT_WAIT = timedelta(days=float(SWITCHES["payout_days"].default))
BAD_READINGS = 4
"""For so many readings the weather stays bad; each of them may fail, and is tried again an hour later."""
APART = timedelta(hours=24)
"""Mirakl gives cycles and documents so seldom, whoever asks."""
LISTINGS = ("cycles", "documents", "document-requests")
"""Watermarks of what is read once a day."""
LOOKS = 8
"""How often at most the cycles are looked at: of one account, each may have to be agreed to again in its turn."""
RECEPTION_WAIT = timedelta(minutes=float(SWITCHES["received_minutes"].default))


@dataclass
class CycleEnd:
    """What happened, and what is wrong with it."""

    problems: list[str]
    told: dict[str, Any]


@dataclass(frozen=True)
class Bookkeeping:
    """Everything that the end of a cycle needs of a running stack."""

    config: Config
    aws: LocalAws
    control: TwinControl
    table: PostingsTable
    day: Day
    people: CommandLine
    ledger: GeneralLedger
    seed: int
    faults: float = 0.0

    def run(self, out: Path) -> CycleEnd | None:
        """None where the deployment settles nothing."""
        readings = [one for one in self.day.schedules if one.name.startswith(READING)]
        if not readings:
            return None
        for former in ("export", "close-pack"):
            shutil.rmtree(out / former, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        closing = self._closing()
        with step(f"billing cycles close: the twins' clock runs on to {closing:%a %d %b}, and money is read"):
            self.day.wait_until(self._next_reading(readings, closing))
        with step("`tieout settle` shows what they would become, before anything is posted"):
            reviewed = self._look(out)
        for line in told_of(reviewed):
            self.day.tell(line)
        hashes = list(dict.fromkeys(str(one["review_hash"]) for one in reviewed["cycles"] if one.get("review_hash")))
        with step(f"{len(hashes)} cycles are agreed to by their hash, and posted"), self._weather():
            hashes += self._agree(hashes)
        taken = self._customers_money(closing, out)
        with step("the general ledger is read back by SuiteQL"):
            before = self._judged(taken)
        with step("the marketplaces pay out, and it is read and booked"):
            after = self._paid_out(closing, readings, taken)
        with step("all sources are compared, and the month is closed: a close pack is written"):
            close_pack = self._close(closing, out)
        problems = [*before.problems, *(one for one in after.problems if one not in before.problems), *close_pack]
        return CycleEnd(problems, _told(before, after, hashes))

    def _closing(self) -> datetime:
        """The next one that what has just been shipped can be in, or any that has passed if a world brings cycles."""
        now = self.control.now()
        days = str(SWITCHES["billing_cycle_days"].default)
        closing = next_closing(now + RECEPTION_WAIT, days)
        assert closing is not None
        return closing

    def _next_reading(self, readings: list[Schedule], moment: datetime) -> datetime:
        """When every marketplace's money is read that is there at `moment`: Mirakl must be willing to give it again."""
        listings = [f"{name}/{listing}" for name in self.config.marketplaces for listing in LISTINGS]
        again = [read + APART for each in listings if (read := self.table.read_until(each))]
        # An answer that was lost is one that Mirakl gave: it said when it gives the next.
        again += [wait for each in listings if (wait := self.table.read_until(f"{each}/wait"))]
        return max(one.next_after(max([moment, *again])) for one in readings)

    def _look(self, out: Path) -> dict[str, Any]:
        """What a person looks at before agreeing to it, kept as it was shown."""
        shown = self.people.tieout("settle", accepted=(0, 1))
        document: dict[str, Any] = self.people.asked("settle", accepted=(0, 1))
        (out / "settlement.txt").write_text(shown, encoding="utf-8")
        (out / "settlement.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        return document

    def _agree(self, hashes: list[str]) -> list[str]:
        """Agree, and let it be posted; answers what was agreed to besides.

        What one cycle settles may change what another is to settle: that one is looked at and agreed to again.
        """
        more: list[str] = []
        agreed = list(hashes)
        for _ in range(LOOKS):
            for each in agreed:
                self.people.tieout("settle", "--post", each)
            self.day.run()
            agreed = [one for one in self._to_review() if one not in hashes and one not in more]
            more += agreed
            if not agreed:
                break
        return more

    def _to_review(self) -> list[str]:
        parked = (one for one in self.table.everything().postings if one.state is State.PARKED)
        return sorted({one.facts["hash"] for one in parked if one.reason == Reason.SETTLEMENT_TO_REVIEW})

    @contextlib.contextmanager
    def _weather(self) -> Iterator[None]:
        """Bad for the time of writing, where the day was bad."""
        if not self.faults:
            yield
            return
        trouble.begin(self.control, self.seed, self.faults)
        try:
            yield
        finally:
            trouble.end(self.control)

    def _customers_money(self, closing: datetime, out: Path) -> Totals:
        """Sellers have none: their customers pay the marketplace."""
        if not any(is_operators(self.config, name) for name in self.config.marketplaces):
            return {}
        with step("the payment provider reports what customers paid: shown, agreed to by hash, and posted"):
            taken = reported(self.people, self.config, self.control, (closing - timedelta(days=1)).date(), out)
            self.day.run()
        return taken

    def _judged(self, taken: Totals) -> Judged:
        names = list(self.config.marketplaces)
        books = MoneyBooks(
            {name: listed(self.control.money(name, "transaction_lines")) for name in names},
            {name: listed(self.control.money(name, "billing_cycles")) for name in names},
            taken,
        )
        maps = {name: account_numbers(self.config, name) for name in names}
        numbers = {maps[name][role] for name in names for role in roles_looked_at(self.config, name)}
        controls = {maps[name][control_of(self.config, name)] for name in names if is_operators(self.config, name)}
        created = {kind: listed(self.control.records(kind)) for kind in CREATED}
        balances, owed = self.ledger.balances(numbers), self.ledger.owed(controls, self.control.now().date())
        return judge(self.config, books, self.table.everything().postings, balances, created, owed=owed)

    def _paid_out(self, closing: datetime, readings: list[Schedule], taken: Totals) -> Judged:
        """Clearing returns to what is not paid out. On a bad day a reading may fail, which another an hour later mends;
        the last one, in good weather, comes when Mirakl gives even what it believes to have given."""
        moment = closing + PAYOUT_WAIT + timedelta(minutes=1)
        judged = Judged()
        for attempt in range(BAD_READINGS + 1 if self.faults else 1):
            is_last = attempt == BAD_READINGS
            asked = max(moment, self.control.now() + (APART if is_last else timedelta(0)))
            with contextlib.nullcontext() if is_last else self._weather():
                self.day.wait_until(self._next_reading(readings, asked))
            judged = self._judged(taken)
            if not judged.problems:
                break
        return judged

    def _close(self, closing: datetime, out: Path) -> list[str]:
        """Compare at once, then close the month that the last booked day is in."""
        comparing = [one for one in self.day.schedules if one.name.startswith(COMPARING)]
        for one in comparing:
            now = replace(one, given=json.dumps({"schedule": one.name, "task": "now"}))
            self._fire(now)
        folder = write_export(out / "export", self.config, self.control, self.ledger, _external_ids(self.table))
        period = f"{closing - timedelta(days=1):%Y-%m}"
        self.people.tieout(
            *("close", "--period", period, "--from", str(folder), "--out", str(out / "close-pack")), accepted=(0, 1)
        )
        return [] if (out / "close-pack").is_dir() else ["no close pack was written"]

    def _fire(self, schedule: Schedule) -> None:
        failed = len(self.day.firing.fired.failures)
        self.day.firing.fire(schedule)
        if len(self.day.firing.fired.failures) > failed:
            raise RuntimeError(self.day.firing.fired.failures[-1])


def told_of(reviewed: dict[str, Any]) -> Iterator[str]:
    """The review in a few lines: each cycle with its residual, and what the accounts would move."""
    for one in reviewed["cycles"]:
        said = (
            f"{one['marketplace']} {str(one['cycle'])[:8]}: {one['lines']:,} lines come to {one['sum_of_lines']} "
            f"{one['currency']}, residual {one['residual']}; {one['to_create']} records to create"
        )
        yield f"{said}, hash {one['review_hash'][:12]}" if one.get("review_hash") else f"{said}; {one['status']}"
    for one in reviewed.get("accounts", []):
        roles = ", ".join(one["roles"])
        yield (
            f"  {one['marketplace']:<14} {one['account']:<5} {roles:<24} {one['currency']}"
            f" {one['debit']:>12} {one['credit']:>12}"
        )


def _external_ids(table: PostingsTable) -> list[str]:
    """Of everything that this run posted and that moves accounts."""
    return [
        one.external_id
        for one in table.everything().postings
        if one.state is State.CONFIRMED and one.external_id and one.key.kind is not Kind.SALES_ORDER
    ]


def _told(before: Judged, after: Judged, hashes: list[str]) -> dict[str, Any]:
    def accounts(judged: Judged) -> dict[str, dict[str, str | int]]:
        return {
            f"{one.marketplace} {one.currency}": {
                "cycles": one.cycles,
                "lines": one.lines,
                "settled": f"{one.settled:f}",
                "paid_out": f"{one.paid_out:f}",
                "clearing": f"{one.undisbursed:f}",
            }
            for one in judged.accounts
        }

    return {
        "agreed_to": hashes,
        "cycles": dict(after.cycles),
        "held": after.held,
        "records": {kind: times for kind, times in after.records.items() if times},
        "before_payout": accounts(before),
        "after_payout": accounts(after),
    }

"""`tieout close` at a deployment: what it keeps of money gives the pack that its export would give."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from msgspec import Struct
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from tests.fakes.house import House, a_house, settings
from tests.fakes.settlement import moved_by
from tests.integration.cli.terminal import Deployed as InAws
from tests.integration.running_twins import MARKETPLACE
from tests.shared import ROOT, shared
from tests.unit.books.folders import a_line
from tests.unit.books.test_deployed import FromFiles
from tests.unit.flows.test_comparing_sources import MemoryBreakLog
from tests.unit.flows.test_settlements import BY_JOURNAL
from tieout.books.export import read_export
from tieout.cli.app import app
from tieout.cli.deployment import Deployment
from tieout.config import read_config
from tieout.domain.ledger.gl import GlLine
from tieout.domain.ledger.line import Booked, Cycle
from tieout.domain.ledger.record import Record
from tieout.domain.postings import Key, Posting, State
from tieout.domain.reconcile.breaks import Code
from tieout.domain.reconcile.history import Action, check_chain
from tieout.domain.reconcile.workflow import cases_of
from tieout.flows.ports import At
from tieout.flows.settlement.log import cycles_of, keep_cycles, keep_documents, keep_lines
from tieout.flows.settlement.plan import keep_plan, of_the_cycle, plan_of
from tieout.flows.settlement.review import key_of
from tieout.wiring import break_log_for

CONFIG = ROOT / "config" / "gift-shop.yaml"
NAMES = ("brightside-uk", "maison-eu")
TODAY = date(2026, 11, 30)
Answer = TypeVar("Answer")


class Books(Struct, frozen=True, kw_only=True):
    """A NetSuite account with the documents of a folder, and what was posted into the fake's own ledger."""

    ledger: Any
    booked: Mapping[str, tuple[Booked, ...]]
    posted: list[Record]

    def documents_of_marketplace(self, marketplace: str, since: date) -> Iterator[list[Booked]]:
        yield [each for each in self.booked[marketplace] if each.day >= since]

    def documents_of(self, order_ids: Collection[str]) -> list[Booked]:
        return [each for theirs in self.booked.values() for each in theirs if each.order_id in set(order_ids)]

    def gl_lines(self, external_ids: Collection[str]) -> list[GlLine]:
        return [line for record in self.posted if record.external_id in external_ids for line in moved_by(record)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


class Deployed(Struct, frozen=True, kw_only=True):
    """A deployment that has read all of a world."""

    at: At
    log: MemoryBreakLog
    house: House

    def book(self, cycle: Cycle, marketplace: str) -> list[Record]:
        """Everything that the cycle comes to is posted."""
        plan = plan_of(marketplace, cycle.id, self.at)
        payload = keep_plan(plan, self.at)
        facts = {"lines_digest": plan.lines_digest}
        self._is_there(of_the_cycle(marketplace, cycle.id), payload, "", facts)
        for record in plan.records:
            self._is_there(key_of(record.external_id, marketplace, cycle.id), payload, record.external_id, {})
        self.at.ledger.posted.extend(plan.records)  # type: ignore[attr-defined]
        return list(plan.records)

    def _is_there(self, key: Key, payload: str, external_id: str, facts: dict[str, str]) -> None:
        self.house.postings.all[key] = Posting(
            key=key,
            state=State.CONFIRMED,
            source_version="1",
            payload=payload,
            external_id=external_id,
            facts=facts,
        )


def rows(world: Path, marketplace: str, kind: str) -> list[bytes]:
    return gzip.decompress((world / "mirakl" / marketplace / f"{kind}.ndjson.gz").read_bytes()).splitlines()


def a_deployment(world: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    config = read_config(CONFIG)
    house = a_house(config)
    house.clock.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    orders = {name: {json.loads(row)["order_id"]: row for row in rows(world, name, "orders")} for name in NAMES}
    markets = {name: FromFiles(theirs) for name, theirs in orders.items()}
    for name, theirs in orders.items():
        for order_id, raw in theirs.items():
            has_seen(house, name, order_id, raw)
    customers = {name: config.marketplaces[name].orders.sales_orders.customer.name or name for name in NAMES}
    booked = {name: books.booked for name, books in read_export(world, NAMES, customers=customers).books.items()}
    at = replace(
        house.at,
        marketplace=markets.__getitem__,
        ledger=Books(ledger=house.ledger, booked=booked, posted=[]),
    )
    for name, market in markets.items():
        keep_lines(name, market.read_lines(rows(world, name, "transaction_lines")), set(), at)
        keep_cycles(name, market.read_cycles(rows(world, name, "billing_cycles")), at)
        keep_documents(name, market.read_documents(rows(world, name, "accounting_documents")), at)
    log = MemoryBreakLog()
    spoken_to(monkeypatch, at, log)
    return Deployed(at=at, log=log, house=house)


def has_seen(house: House, marketplace: str, order_id: str, raw: bytes) -> None:
    """The flow of orders has read it, and archived it."""
    payload = f"{marketplace}/{order_id}"
    house.archive.store({payload: raw})
    house.postings.record_order(
        marketplace=marketplace,
        order_id=order_id,
        version="1",
        state="CLOSED",
        payload=payload,
        intents=[],
        retire=[],
        now=house.clock.now,
    )


def spoken_to(monkeypatch: pytest.MonkeyPatch, at: At, log: MemoryBreakLog) -> None:
    def in_turn(_: Deployment, ask: Callable[[], Answer]) -> Answer:
        return ask()

    monkeypatch.setattr(Deployment, "at", at)
    monkeypatch.setattr(Deployment, "break_log", log)
    monkeypatch.setattr(Deployment, "in_turn", in_turn)


def close(out: Path, *words: object, config: Path = CONFIG, period: str = "2026-09") -> Result:
    given = ["close", "--period", period, "--config", str(config), "--out", str(out)]
    return CliRunner().invoke(app, [*given, *map(str, words)])


def told(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_settled_month_is_ready_to_sign_and_says_what_its_export_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = shared("worlds/gift-shop-settled")
    a_deployment(world, monkeypatch)
    ours = close(tmp_path / "ours", "--json")
    theirs = close(tmp_path / "theirs", "--from", world, "--as-of", TODAY, "--json")
    assert (ours.exit_code, theirs.exit_code) == (0, 0), ours.output
    mine, files = json.loads(ours.stdout), json.loads(theirs.stdout)
    assert (mine["ready"], mine["as_of"], mine["break_log"]) == (True, str(TODAY), None)
    assert mine["gates"] == files["gates"]
    for name in ("02-clearing-roll-forward.csv", "03-cycle-tie-out.csv", "05-journal-register.csv"):
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


def test_breaks_go_into_the_deployments_own_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = shared("worlds/gift-shop-breaks")
    deployed = a_deployment(world, monkeypatch)
    result = close(tmp_path / "pack")
    assert result.exit_code == 1, result.output
    assert "`tieout breaks list`" in result.output
    truth = {(each["code"], each["key"]) for each in json.loads((world / "truth.json").read_bytes())["faults"]}
    assert {(case.code, case.key) for case in cases_of(deployed.log.events)} == truth
    assert {(each["Code"], each["Key"]) for each in table(tmp_path / "pack" / "07-breaks.csv")} == truth
    assert not (tmp_path / "pack" / "break-log.ndjson").exists()
    before = len(deployed.log.events)
    assert close(tmp_path / "again").exit_code == 1
    assert len(deployed.log.events) == before, "the same again is the same run"


def test_what_the_pack_was_made_from_makes_it_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_deployment(shared("worlds/gift-shop-settled"), monkeypatch)
    assert close(tmp_path / "pack", "--keep", tmp_path / "kept").exit_code == 0
    assert close(tmp_path / "again", "--from", tmp_path / "kept", "--as-of", TODAY).exit_code == 0
    one, other = (json.loads((tmp_path / name / "manifest.json").read_bytes()) for name in ("pack", "again"))
    assert one["inputs"] == other["inputs"]
    assert one["files"] == other["files"]
    assert "is not empty" in told(close(tmp_path / "pack", "--keep", tmp_path / "kept"))


def test_records_that_were_posted_are_held_against_the_ledger_by_their_archived_plan(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deployed = a_deployment(shared("worlds/gift-shop-settled"), monkeypatch)
    booked = [
        record for name in NAMES for cycle in cycles_of(name, deployed.at) for record in deployed.book(cycle, name)
    ]
    result = close(tmp_path / "pack", "--json")
    assert result.exit_code == 0, result.output
    assert {each["gate"]: each["verdict"] for each in json.loads(result.stdout)["gates"]}["I26"] == "passed"
    register = {
        each["External id"]: each["In NetSuite"] for each in table(tmp_path / "pack" / "05-journal-register.csv")
    }
    mine = {record.external_id for record in booked} & set(register)
    assert mine
    assert {register[each] for each in mine} == {f"id of {each}" for each in mine}
    gone = deployed.at.ledger.posted.pop(0)  # type: ignore[attr-defined]
    assert close(tmp_path / "again").exit_code == 1
    assert [(case.code, case.key) for case in cases_of(deployed.log.events)] == [(Code.GL_TAMPERED, gone.external_id)]


def test_a_cycle_that_changed_after_it_was_booked_stays_a_break(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No folder shows it: only the deployment knows what it has booked."""
    deployed = a_deployment(shared("worlds/gift-shop-settled"), monkeypatch)
    cycle = cycles_of(NAMES[0], deployed.at)[0]
    deployed.book(cycle, NAMES[0])
    key = of_the_cycle(NAMES[0], cycle.id)
    deployed.house.postings.all[key] = replace(deployed.house.postings.all[key], facts={"lines_digest": "another"})
    for out in ("pack", "again"):
        assert close(tmp_path / out).exit_code == 1
        (case,) = cases_of(deployed.log.events).values()
        assert (case.key.code, case.key.key) == (Code.SOURCE_CHANGED_AFTER_POST, cycle.id)
        assert not case.is_closed


def test_in_aws_netsuite_is_asked_by_turns_and_the_history_is_the_one_in_the_archive(
    deployed: InAws, tmp_path: Path
) -> None:
    """Nothing but what the stack's outputs name."""
    deployed.settings["marketplaces"][MARKETPLACE]["settlement"] = BY_JOURNAL
    deployed.save()
    at = deployed.at
    page = at.marketplace(MARKETPLACE).read_lines([json.dumps(a_line(1, "ORDER_AMOUNT", 116.0)).encode()])
    keep_lines(MARKETPLACE, page, set(), at)
    result = deployed.tieout("close", "--period", "2026-01", "--out", str(tmp_path / "pack"), "--json")
    assert result.exit_code in (0, 1), result.output
    assert json.loads(result.stdout)["break_log"] is None
    assert (tmp_path / "pack" / "manifest.json").exists()
    history = break_log_for(deployed.outputs).read()
    check_chain(history)
    assert [event.run for event in history if event.action is Action.RAN] == [json.loads(result.stdout)["run"]]


# --- what cannot be closed -------------------------------------------------------------------------------------------


def test_a_deployment_that_settles_nothing_says_so(tmp_path: Path) -> None:
    config = tmp_path / "deployment.yaml"
    config.write_text(yaml.safe_dump(settings()), encoding="utf-8")
    words = told(close(tmp_path / "pack", config=config))
    assert "settles nothing: no marketplace of its settings has a `settlement` section" in words
    assert not (tmp_path / "pack").exists()


def test_a_deployment_that_has_read_nothing_yet_is_not_a_month_without_money(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house = a_house(read_config(CONFIG))
    house.clock.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    log = MemoryBreakLog()
    spoken_to(monkeypatch, house.at, log)
    assert "has read no transaction line yet" in told(close(tmp_path / "pack"))
    assert log.events == []


@pytest.mark.parametrize(
    ("words", "period", "why"),
    [
        (("--cases", "log.ndjson"), "2026-09", "a deployment keeps the history of its breaks itself"),
        (("--as-of", "2026-12-01"), "2026-09", "is yet to come"),
        ((), "2026-11", "2026-11 is not over: close it after 2026-11-30"),
        (("--from", "export", "--keep", "kept"), "2026-09", "--keep goes with a deployment"),
    ],
)
def test_a_wrong_word_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], period: str, why: str
) -> None:
    house = a_house(read_config(CONFIG))
    house.clock.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    spoken_to(monkeypatch, house.at, MemoryBreakLog())
    assert why in told(close(tmp_path / "pack", *words, period=period))

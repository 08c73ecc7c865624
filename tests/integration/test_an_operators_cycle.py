"""An operator's billing cycles between both twins: read, shown, agreed to, booked, read back, paid out, and closed.

One marketplace sells on behalf of its shops, the other buys from them; the judge of the demo has its own arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sandbox.demo.books import lives_of, read_books
from sandbox.demo.clearing import CREATED, Judged, MoneyBooks, account_numbers, judge, listed
from sandbox.demo.export_folder import write_export
from sandbox.demo.ledger_reading import GeneralLedger
from sandbox.demo.owing import Taken, control_of, roles_looked_at
from sandbox.demo.payment_provider import payments_of, taken_of, write_report
from tests.integration.twins.mirakl_money import mug, paid
from tests.integration.two_twins.house import FUNCTION_TIMEOUT, MONDAY, ROOT, House, a_house
from tieout.books.captures import read_captures
from tieout.books.deployed import ArchivedSources
from tieout.books.rows import Problem
from tieout.cli.app import app
from tieout.config import config_from
from tieout.domain.ledger.capture import customer_money
from tieout.domain.postings import Lane, State
from tieout.domain.reconcile.breaks import Code
from tieout.flows.settlement.balances import balances_to_compare
from tieout.flows.settlement.collect import collect_settlements
from tieout.flows.settlement.customer_money import book_reports
from tieout.flows.settlement.review import Review, approve, list_reviews
from tieout.flows.settlement.rules import booking_rules
from tieout.flows.settlement.work import post_due

CONFIG = ROOT / "config/gift-shop-operator.yaml"
AGENT, PRINCIPAL = "brightside-uk", "maison-eu"
CLOSING = datetime.fromisoformat("2026-11-11T00:00:00+00:00")
D = Decimal


def settings() -> dict[str, Any]:
    """The shipped example; nobody is there to approve journals in NetSuite."""
    data: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    for marketplace in data["marketplaces"].values():
        marketplace["settlement"]["approve_journals"] = True
    return data


@dataclass
class Operator:
    """A deployment of an operator's, and the people around it."""

    house: House
    taken: dict[tuple[str, str], Taken] = field(default_factory=dict)

    def until(self, moment: datetime) -> None:
        """Time passes, a night's reading comes, and the workers work."""
        self.house.wait(moment - self.house.clock())
        for name in self.house.at.config.marketplaces:
            collect_settlements(name, self.house.at, asked=True)
        self.work()

    def work(self) -> None:
        house = self.house
        for _ in range(200):
            keys = house.postings.due(Lane.SETTLEMENTS_TO_POST, house.clock(), 10)
            if keys:
                assert post_due(keys, house.at, house.clock() + FUNCTION_TIMEOUT) == []
            elif not house.postings.open_postings(Lane.SETTLEMENTS_TO_POST):
                return
            else:
                house.wait(timedelta(minutes=10))
        raise AssertionError("never at rest")

    def agree(self) -> list[Review]:
        """To everything that is shown."""
        shown = list_reviews(self.house.at)
        for each in shown:
            approve(self.house.at, each.plan.hash, "finance")
        self.work()
        return shown

    @property
    def ledger(self) -> GeneralLedger:
        return GeneralLedger(self.house.twins.netsuite)

    def judged(self) -> Judged:
        """As `make demo ROLE=operator` judges."""
        config, control = self.house.at.config, self.house.control
        names = list(config.marketplaces)
        books = MoneyBooks(
            {name: listed(control.money(name, "transaction_lines")) for name in names},
            {name: listed(control.money(name, "billing_cycles")) for name in names},
            self.taken,
        )
        maps = {name: account_numbers(config, name) for name in names}
        numbers = {maps[name][role] for name in names for role in roles_looked_at(config, name)}
        controls = {maps[name][control_of(config, name)] for name in names}
        return judge(
            config,
            books,
            self.house.postings.all.values(),
            self.ledger.balances(numbers),
            {kind: listed(control.records(kind)) for kind in CREATED},
            owed=self.ledger.owed(controls, self.house.clock().date()),
        )

    def take_in(self, folder: Path) -> None:
        """The payment provider's reports: what customers paid and were given back."""
        house = self.house
        lives = lives_of(read_books(house.control, house.at.config.marketplaces))
        for name in house.at.config.marketplaces:
            payments = payments_of((one for one in lives if one.marketplace == name), sells=name == PRINCIPAL)
            file, problems = folder / f"{name}.csv", list[Problem]()
            write_report(file, "R-1", CLOSING.date(), payments)
            moves = read_captures(file, problems)
            assert problems == []
            book_reports(customer_money(moves, booking_rules(house.at.config, name)), house.at)
            self.taken |= taken_of(name, payments)
        self.work()

    def records(self, kind: str) -> list[dict[str, Any]]:
        return listed(self.house.control.records(kind))

    def names(self, kind: str) -> dict[str, str]:
        """Customers or vendors of ours, by external id."""
        ours = [one for one in self.records(kind) if str(one.get("externalId") or "").startswith("T-")]
        return {str(one["externalId"]): str(one["companyName"]) for one in ours}


def sell(house: House, marketplace: str, order_id: str, shop: int, price: int, **fields: Any) -> None:
    """A mug is sold by a shop, and received."""
    control = house.control
    control.place_orders(marketplace, [paid(order_id, mug(price), shop_id=shop, **fields)])
    control.change_order(marketplace, order_id, state="RECEIVED")


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """Two shops sell at each marketplace; one buyer gets money back."""
    with a_house(tmp_path / "world", 7, config_from(settings()), dropship_at=PRINCIPAL) as house:
        for marketplace, currency in ((AGENT, "GBP"), (PRINCIPAL, "EUR")):
            sell(house, marketplace, "1-A", 2001, 120, currency_iso_code=currency)
            sell(house, marketplace, "2-A", 2002, 240, currency_iso_code=currency)
            refund = {"order_line_id": "2-A-1", "amount": 12, "shipping_amount": 0, "quantity": 0}
            body = {"refunds": [refund | {"reason_code": "GOODWILL", "currency_iso_code": currency}]}
            house.control.by_hand(marketplace, "OR28", body=body)
        yield Operator(house)


def test_an_operator_closes_a_cycle_as_agent_and_as_principal(operator: Operator, tmp_path: Path) -> None:
    assert operator.house.clock() == MONDAY
    operator.until(CLOSING + timedelta(hours=26))
    assert operator.judged().cycles["waiting"] == 4, "a cycle a shop and marketplace, shown before anything is posted"
    assert operator.records("journalEntry") == []
    shown = operator.agree()
    assert all(each.plan.proof.residual == 0 for each in shown)

    operator.take_in(tmp_path)
    before = operator.judged()
    assert before.problems == []
    assert before.cycles["booked"] == 4
    left = operator.ledger.balances(["2330", "2340"])
    assert set(left.values()) == {D(0)}, "what customers paid is the shops' now, and refunds are paid back"
    assert all(account.undisbursed > 0 and len(account.shops) == 2 for account in before.accounts)

    operator.until(CLOSING + timedelta(days=3))
    after = operator.judged()
    assert after.problems == []
    assert [(account.undisbursed, set(account.shops.values())) for account in after.accounts] == [(D(0), {D(0)})] * 2
    assert after.records["vendorPayment"] == 2, "a principal pays bills"

    verdicts = closed(operator, tmp_path)
    assert {gate for gate, verdict in verdicts.items() if verdict == "failed"} == set()
    assert verdicts["Gate I26"] == "passed"


def closed(operator: Operator, folder: Path) -> dict[str, str]:
    """The gates of the month's close pack, out of an export of both twins' books."""
    house = operator.house
    ids = [one.external_id for one in house.postings.all.values() if one.state is State.CONFIRMED and one.external_id]
    exported = write_export(folder / "export", house.at.config, house.control, operator.ledger, ids)
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings()), encoding="utf-8")
    pack = folder / "close-pack"
    asked = ["close", "--period", "2026-11", "--from", str(exported), "--out", str(pack)]
    result = CliRunner().invoke(app, [*asked, "--config", str(folder / "settings.yaml")])
    assert result.exit_code in (0, 1), result.output
    assert json.loads((pack / "manifest.json").read_text())
    (cover,) = pack.rglob("*cover*.csv")
    rows = [line.split(",") for line in cover.read_text(encoding="utf-8").splitlines()]
    return {row[0].strip('"'): row[1].strip('"') for row in rows if row[0].strip('"').startswith("Gate")}


def test_shops_become_vendors_and_customers_of_names_that_netsuite_takes(operator: Operator) -> None:
    operator.until(CLOSING + timedelta(hours=26))
    operator.agree()
    assert operator.names("vendor") == {
        f"T-{marketplace}-VEN-{shop}": f"Gift Shop {shop} on {marketplace} ({marketplace} {shop})"
        for marketplace in (AGENT, PRINCIPAL)
        for shop in (2001, 2002)
    }
    assert operator.names("customer") == {
        f"T-{AGENT}-SHOP-{shop}": f"Gift Shop {shop} on {AGENT} ({AGENT} {shop}, fees)" for shop in (2001, 2002)
    }


def test_a_shop_that_ends_the_month_in_debt_is_shown_by_itself(operator: Operator) -> None:
    """The other shop's money does not hide it; on the first it is moved back."""
    house = operator.house
    row = {"type": "SELLER_PENALTY_FEE", "amount": "-900.00", "shop": 2002, "currency": "GBP"}
    house.twins.mirakl.state.books.write_by_hand(house.twins.mirakl.state.marketplaces[AGENT], row, house.clock())  # type: ignore[union-attr]
    operator.until(datetime.fromisoformat("2026-11-12T02:00:00+00:00"))
    operator.agree()
    assert operator.judged().problems == []
    operator.until(datetime.fromisoformat("2026-12-02T02:00:00+00:00"))
    operator.agree()
    journals = {one["externalId"]: one for one in operator.records("journalEntry") if one.get("externalId")}
    (reclass,) = [one for name, one in journals.items() if "-RCL-" in name]
    assert reclass["externalId"] == f"T-{AGENT}-RCL-2026-11-GBP-2002"
    assert operator.judged().problems == [], "what it shows and moves back changes no balance"


def test_what_is_held_of_each_shop_is_what_mirakl_tells_the_operator(operator: Operator) -> None:
    """20.00 are withheld from one shop; a balance that does not say so would be a break of that shop alone."""
    twin = operator.house.twins.mirakl.state
    row = {"type": "RESERVE_FUNDING", "amount": -20, "currency": "GBP", "shop": 2002}
    twin.books.write_by_hand(twin.marketplaces[AGENT], row, operator.house.clock())  # type: ignore[union-attr]
    operator.until(operator.house.clock() + timedelta(days=1))
    operator.until(operator.house.clock() + timedelta(days=1))

    told = {row["shop_id"]: row for row in map(json.loads, balances_to_compare(AGENT, operator.house.at))}
    assert {shop: row["payment_details"]["reserve_balance"] for shop, row in told.items()} == {2001: 0, 2002: 20}
    found = ArchivedSources(operator.house.at)(AGENT, [], [], operator.house.clock().date())
    assert found.reserves == {(AGENT, "2001"), (AGENT, "2002")}
    assert Code.RESERVE_DIFF not in {each.code for each in found.breaks}


def test_a_vendor_of_the_shop_s_name_stops_the_record_and_the_name_is_not_told(operator: Operator) -> None:
    """Somebody made the shop's vendor by hand: a person gives it our external id."""
    house = operator.house
    name = f"Gift Shop 2001 on {AGENT} ({AGENT} 2001)"
    state: Any = house.twins.netsuite.state
    body = {"companyName": name, "subsidiary": {"id": "1"}, "isPerson": False}
    assert state.request("POST", "/services/rest/record/v1/vendor", body).status < 300
    operator.until(CLOSING + timedelta(hours=26))
    operator.agree()
    parked = [one for one in house.parked() if one.reason == "refused_by_netsuite"]
    assert {one.facts["vendor"] for one in parked} == {f"T-{AGENT}-VEN-2001"}
    assert name not in repr(house.postings.all) + repr(house.postings.history)

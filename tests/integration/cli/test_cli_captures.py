"""`tieout bank captures`: an operator's payment provider tells what customers paid; its journals are agreed to."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.fakes.house import House, a_house, settings
from tests.unit.flows.test_settlements import MARKET, work
from tieout.cli.app import app
from tieout.cli.deployment import Deployment
from tieout.domain.ledger.record import RecordType

ROLES = {
    "seller_payable": "2300",
    "customer_funds_unallocated": "2330",
    "customer_refunds_payable": "2340",
    "psp_receivable": "1320",
    "gift_card_liability": "2350",
    "promotion_expense": "6200",
    "psp_fee_expense": "6220",
}
OPERATORS: dict[str, Any] = {
    "marketplaces__brightside__role": "operator",
    "marketplaces__brightside__shop_id": None,
    "marketplaces__brightside__settlement": {"since": "2026-01-01T00:00:00Z", "accounts": [{"roles": ROLES}]},
}
REPORT = """report,id,date,kind,currency,amount,gift_card,operator
PB-118,O-1,2026-03-02,CAPTURE,GBP,78.00,30.00,12.00
PB-118,O-2,2026-03-02,CAPTURE,GBP,50.00,,
PB-118,R-1,2026-03-03,REFUND,GBP,48.00,,
"""


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    here = a_house(**OPERATORS)
    monkeypatch.setattr(Deployment, "at", here.at)
    return here


def tieout(tmp_path: Path, content: str, *words: str, changes: dict[str, Any] = OPERATORS) -> Result:
    config, report = tmp_path / "deployment.yaml", tmp_path / "report.csv"
    config.write_text(yaml.safe_dump(settings(**changes)), encoding="utf-8")
    report.write_text(content, encoding="utf-8")
    asked = ["--config", str(config), "bank", "captures", str(report), "--marketplace", MARKET, *words]
    return CliRunner().invoke(app, asked)


def hash_of(tmp_path: Path, content: str) -> str:
    told = tieout(tmp_path, content, "--json")
    assert told.exit_code == 0, told.output
    return str(json.loads(told.stdout)["hash"])


def moved(house: House) -> list[tuple[str, dict[str, Decimal]]]:
    return [
        (each.external_id, {entry.account: entry.debit - entry.credit for entry in each.entries})
        for each in house.ledger.settled
    ]


def test_what_customers_paid_is_shown_and_nothing_is_posted(house: House, tmp_path: Path) -> None:
    told = tieout(tmp_path, REPORT)
    assert told.exit_code == 0
    assert "Nothing was posted" in told.stdout
    assert f"--post {hash_of(tmp_path, REPORT)}" in told.stdout.replace("\n", " ")
    assert not house.postings.all


def test_agreed_to_it_is_a_journal_a_day_posted_once(house: House, tmp_path: Path) -> None:
    for number in (2, 0):
        told = tieout(tmp_path, REPORT, "--post", hash_of(tmp_path, REPORT), "--json")
        assert len(json.loads(told.stdout)["keys"]) == number
        assert work(house) == []
    assert moved(house) == [
        (
            f"T-{MARKET}-JE-PSP-PB-118-2026-03-02-GBP",
            {"1320": Decimal("128.00"), "2350": Decimal("30.00"), "6200": Decimal("12.00"), "2330": Decimal("-170.00")},
        ),
        (f"T-{MARKET}-JE-PSP-PB-118-2026-03-03-GBP", {"2340": Decimal("48.00"), "1320": Decimal("-48.00")}),
    ]
    assert {each.type for each in house.ledger.settled} == {RecordType.JOURNAL}


def test_what_the_provider_keeps_is_a_column_of_its_report(house: House, tmp_path: Path) -> None:
    """Captured 50.00 less 0.70, given back 20.00 and 0.28 of the fee: the provider pays out 29.58."""
    report = (
        "report,id,date,kind,currency,amount,fee\n"
        "PB-119,O-4,2026-03-04,CAPTURE,GBP,50.00,0.70\n"
        "PB-119,R-4,2026-03-04,REFUND,GBP,20.00,-0.28\n"
    )
    tieout(tmp_path, report, "--post", hash_of(tmp_path, report))
    assert work(house) == []
    ((_, accounts),) = moved(house)
    assert accounts == {
        "1320": Decimal("29.58"),
        "6220": Decimal("0.42"),
        "2340": Decimal("20.00"),
        "2330": Decimal("-50.00"),
    }


def test_only_a_refund_gives_a_fee_back(house: House, tmp_path: Path) -> None:
    told = tieout(tmp_path, "report,id,date,kind,currency,amount,fee\nPB-1,O-5,2026-03-04,CAPTURE,GBP,50.00,-1.00\n")
    assert told.exit_code == 2
    assert "line 2, field fee: is below zero" in told.stderr
    assert not house.postings.all


def test_a_report_that_was_booked_from_other_rows_is_not_booked_again(house: House, tmp_path: Path) -> None:
    tieout(tmp_path, REPORT, "--post", hash_of(tmp_path, REPORT))
    work(house)
    other = REPORT.replace("50.00", "55.00")
    told = tieout(tmp_path, other, "--post", hash_of(tmp_path, other))
    assert (told.exit_code, told.stdout) == (2, "")
    assert "psp-PB-118 was booked from other rows" in told.stderr
    assert work(house) == []
    assert len(house.ledger.settled) == 2


def test_a_hash_of_other_journals_posts_nothing(house: House, tmp_path: Path) -> None:
    told = tieout(tmp_path, REPORT, "--post", "0" * 64)
    assert told.exit_code == 2
    assert "is not the one that was agreed to" in " ".join(told.stderr.split())
    assert not house.postings.all


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("PB-118,O-1,2026-03-02,CAPTURE,GBP,78.00,,", "line 5, field id: is told twice in this report"),
        ("PB-118,O-3,2026-03-02,CHARGE,GBP,78.00,,", "line 5, field kind: is neither CAPTURE nor REFUND"),
        ("PB-118,O-3,2026-03-02,CAPTURE,GBP,-78.00,,", "line 5, field amount: is below zero"),
        ("PB-118,R-3,2026-03-02,REFUND,GBP,78.00,1.00,", "line 5, field gift_card: is not of a refund"),
        ("PB-118,R-3,2026-03-02,REFUND,GBP,78.00,,1.00", "line 5, field operator: is not of a refund"),
    ],
)
def test_a_row_that_cannot_be_booked_is_named_and_nothing_is_taken(
    house: House, tmp_path: Path, row: str, words: str
) -> None:
    told = tieout(tmp_path, REPORT + row + "\n")
    assert (told.exit_code, told.stdout) == (2, "")
    assert words in told.stderr


def test_a_seller_has_no_captures(house: House, tmp_path: Path) -> None:
    told = tieout(tmp_path, REPORT, changes={})
    assert told.exit_code == 2
    assert "is a seller's" in told.stderr


def test_a_role_without_an_account_is_named(house: House, tmp_path: Path) -> None:
    roles = {role: account for role, account in ROLES.items() if role != "gift_card_liability"}
    accounts = {"since": "2026-01-01T00:00:00Z", "accounts": [{"roles": roles}]}
    told = tieout(tmp_path, REPORT, changes=OPERATORS | {"marketplaces__brightside__settlement": accounts})
    assert told.exit_code == 2
    assert "no account for gift_card_liability in GBP" in told.stderr

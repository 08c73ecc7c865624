"""The figures and the picture of docs/operations/buffers.md are what the rules work out."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import yaml

from tieout.domain.stock.allocate import Taker, allocate
from tieout.domain.stock.book import Entry
from tieout.domain.stock.buffers import Buffer, risk_units, sellable
from tieout.domain.stock.kits import kits_of
from tieout.domain.stock.rules import BufferRule, RiskRule, Selling
from tieout.domain.stock.shelf import Member
from tieout.domain.stock.showing import Shown
from tieout.domain.stock.velocity import Sale, sales_within
from tieout.domain.stock.workings import Run, Worked, Workings
from tieout.settings.stock import Outage, Stock

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/operations/buffers.md").read_text(encoding="utf-8")
PICTURE = (ROOT / "docs/operations/buffers.svg").read_text(encoding="utf-8")
HOUR = 3600
LAG = 120
NAMES = ("brightside-uk", "maison-eu")


def table(heading: str) -> list[list[str]]:
    """Rows of the first table under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return [[cell.strip("` ") for cell in row.split("|")] for row in rows[2:]]


def sellings() -> tuple[Selling, ...]:
    """The settings that the page shows, as the rules want them."""
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    told = {name: Stock.model_validate(each) for name, each in yaml.safe_load(block.group(1)).items()}
    return tuple(
        Selling(
            marketplace=name,
            location_ids=("7",),
            share=stock.share,
            buffers=tuple(BufferRule(**rule.model_dump()) for rule in stock.buffers),
        )
        for name, stock in told.items()
    )


def teapot(*shown: int, age_seconds: int = 0) -> Worked:
    """53 in NetSuite, three promised, thirty sold at the first within the hour."""
    sales = [
        Sale(line_id=str(number), marketplace=NAMES[0], sku="TEAPOT", item_id="501", units=1, at=number * 100)
        for number in range(1, 31)
    ]
    offers = tuple(Shown(name, "TEAPOT", there, since=HOUR) for name, there in zip(NAMES, shown, strict=True))
    run = Run(
        sellings=sellings(),
        sales=sales_within(0, HOUR, sales),
        promised={"501": {NAMES[0]: Decimal(3)}},
        lags=dict.fromkeys(NAMES, LAG),
        age_seconds=age_seconds,
    )
    return Workings(run).of(Entry(item_id="501", category="Crockery", shelves={"7": Decimal(53)}, offers=offers))


def test_the_picture_and_the_steps_below_it_are_what_the_rules_work_out() -> None:
    worked = teapot(0, 0)
    assert worked.parts == (30, 20)
    assert worked.held == (9, 1)
    assert worked.targets == (21, 19)
    risk = risk_units(Decimal(30) / HOUR, LAG, RiskRule())
    assert risk == 4
    bars = {each.get("id"): each for each in ET.fromstring(PICTURE).iter("{http://www.w3.org/2000/svg}rect")}
    unit = float(bars["free"].get("width", 0)) / 50
    widths = {name: float(bar.get("width", "0")) / unit for name, bar in bars.items() if name}
    assert widths == {
        "free": 50,
        "promised": 3,
        "part-brightside-uk": worked.parts[0],
        "part-maison-eu": worked.parts[1],
        "shows-brightside-uk": worked.targets[0],
        "rule-brightside-uk": worked.held[0] - risk,
        "risk-brightside-uk": risk,
        "shows-maison-eu": worked.targets[1],
        "rule-maison-eu": worked.held[1],
    }
    assert all(f">{words}<" in PICTURE for words in ("shows 21", "shows 19", "50 free to be shown"))
    assert "a rule holds back 2 units and 10 percent (of 30, that is 3)" in PAGE.replace("\n   ", " ")


def test_the_table_of_rules() -> None:
    rows = table("By rule")
    assert len(rows) == 7
    for part, units, percent, shown in rows:
        assert sellable(int(part), Buffer(int(units), Decimal(percent)), None) == int(shown)


def test_the_table_of_risk() -> None:
    rows = table("By risk")
    assert len(rows) == 6
    for sold, *held in rows:
        speed = Decimal(sold) / HOUR
        assert [risk_units(speed, lag, RiskRule()) for lag in (30, 120, 300)] == [int(units) for units in held]


def test_the_table_of_kits() -> None:
    rows = table("Kits")
    assert len(rows) == 3
    for mugs, own, for_pairs, pairs in rows:
        parts = allocate([Taker(("7",), 1), Taker(("7",), 1)], {"7": int(mugs)})
        assert parts == [int(own), int(for_pairs)]
        assert kits_of([parts[1]], [Member("501", Decimal(2))]) == int(pairs)


def test_the_table_of_an_outage() -> None:
    before = [int(row[1]) for row in table("While NetSuite is away")]
    assert tuple(before) == teapot(0, 0).targets
    after = teapot(*before, age_seconds=40 * 60).targets
    assert [row[0] for row in table("While NetSuite is away")] == list(NAMES)
    assert [int(row[2]) for row in table("While NetSuite is away")] == list(after)
    assert Outage().after_minutes < 40

"""What arrives is not tidy: pages twice and in any order, lines as they were before, other clocks, new words."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import text_of

Row = dict[str, Any]
PAGE = 50


def updated(dice: random.Random, lines: list[Row]) -> list[Row]:
    """Some lines also as they were before their cycle closed; some that came late, and some whose clock was ahead."""
    out = []
    for line in lines:
        chance = dice.random()
        if chance < 0.06 and line["seller_billing_cycle_id"]:
            before = dict(line)
            before |= {"payment_state": "PENDING", "seller_billing_cycle_id": None, "payment_voucher_number": None}
            before.pop("accounting_document_number", None)
            before.pop("accounting_document_creation_date", None)
            out.append(before)
            line["last_updated"] = _later(line["date_created"], days=dice.randrange(1, 20))
        elif chance < 0.1:
            line["last_updated"] = _later(line["date_created"], days=20)
        elif chance < 0.12:
            line["last_updated"] = _later(line["date_created"], seconds=-dice.randrange(1, 5))
        out.append(line)
    return out


def shuffled(dice: random.Random, rows: list[Row]) -> list[Row]:
    """Pages in another order, a few of them twice, rows of a page in another order."""
    pages = [rows[start : start + PAGE] for start in range(0, len(rows), PAGE)]
    pages += dice.sample(pages, max(1, len(pages) // 15)) if pages else []
    dice.shuffle(pages)
    out: list[Row] = []
    for page in pages:
        mixed = list(page)
        dice.shuffle(mixed)
        out += mixed
    return out


def before_it_was_paid(cycles: list[Row]) -> list[Row]:
    """The same cycle twice where its payout failed first."""
    out = []
    for cycle in cycles:
        if cycle["pay_out"].get("reference"):
            failed = {"state": "FAILED", "failure_reason": "INCOMPLETE_KYC"}
            out.append({**cycle, "pay_out": failed})
        out.append(cycle)
    return out


def with_news(dice: random.Random, rows: list[Row], states: dict[str, tuple[str, ...]]) -> list[Row]:
    """Fields that nobody has heard of, at every level, and new values of what is only informative."""
    out = []
    for row in rows:
        new = {**row, "x_schema_version": 7, "labels": [{"code": "A", "value": None}], "extra": {"nested": {"deep": 1}}}
        for name, value in row.items():
            if isinstance(value, dict) and name != "summary":
                new[name] = {**value, "added_since": "2026-08", "unit": None}
        for name, values in states.items():
            if name in new and dice.random() < 0.05:
                new[name] = dice.choice(values)
        out.append(new)
    return out


def _later(text: str, **by: int) -> str:
    return text_of(datetime.fromisoformat(text) + timedelta(**by))

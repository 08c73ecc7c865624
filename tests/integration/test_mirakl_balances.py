"""The balances of shops as Mirakl's clients read them: a seller's own once a day, an operator's of every shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from requests.structures import CaseInsensitiveDict

from tests.fakes.or11 import a_wire_order
from tests.integration.running_twins import MARKETPLACE, Running, running
from tieout.calls import Answer, Call
from tieout.cli.check_mirakl import shop_findings
from tieout.cli.findings import Verdict
from tieout.domain.errors import NeedsAttention, Reason, Throttled
from tieout.mirakl.refusals import refusal_of

READ = datetime(2026, 10, 12, 4, 10, tzinfo=UTC)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    """Two shops; 40.00 are held of the first, 10.00 of the second."""
    orders = [a_wire_order("A-1"), a_wire_order("B-1") | {"shop_id": 2002}]
    with running(tmp_path, orders) as both:
        funded = [
            {"type": "RESERVE_FUNDING", "amount": amount, "shop": shop} for shop, amount in ((2001, -40), (2002, -10))
        ]
        both._control("mirakl", "POST", "transaction_lines", {"marketplace": MARKETPLACE, "lines": funded})
        yield both


def balances(twins: Running, role: str = "seller") -> list[dict[str, Any]]:
    return [json.decode(row) for page in twins.mirakl(role).shop_balances(READ) for row in page]


def test_a_seller_reads_its_own_account_and_when_it_did(twins: Running) -> None:
    (shop,) = balances(twins)
    assert (shop["shop_id"], shop["payment_details"]["reserve_balance"]) == (2001, 40)
    assert datetime.fromisoformat(shop["read_at"]) == READ


def test_nothing_is_kept_of_a_shop_but_its_money(twins: Running) -> None:
    """Who stands behind a shop, where they live and where they bank is nobody's business here."""
    for role in ("seller", "operator"):
        for shop in balances(twins, role):
            assert set(shop) == {"read_at", "shop_id", "currency_iso_code", "payment_details", "last_updated_date"}
            assert set(shop["payment_details"]) == {
                "paid_balance",
                "payable_balance",
                "pending_balance",
                "reserve_balance",
            }


def test_a_second_reading_of_the_day_is_refused(twins: Running) -> None:
    balances(twins)
    with pytest.raises(Throttled):
        balances(twins)


def test_an_operator_reads_every_shop(twins: Running) -> None:
    held = {
        shop["shop_id"]: Decimal(str(shop["payment_details"]["reserve_balance"]))
        for shop in balances(twins, "operator")
    }
    assert held == {2001: 40, 2002: 10}


def test_of_many_shops_every_page_is_read(twins: Running) -> None:
    more = [a_wire_order(f"C-{shop}") | {"shop_id": shop} for shop in range(3_000, 3_120)]
    twins._control("mirakl", "POST", "orders", {"marketplace": MARKETPLACE, "orders": more})
    pages = list(twins.mirakl("operator").shop_balances(READ))
    assert [len(page) for page in pages] == [100, 22]
    assert len({json.decode(row)["shop_id"] for page in pages for row in page}) == 122


def test_a_role_that_may_not_list_shops_says_nothing_against_the_key() -> None:
    """Orders still work, and their flow must not stop for it."""
    call = Call(system="mirakl", operation="S20", method="GET", url="https://x.mirakl.net/api/shops", reads=True)
    assert isinstance(refusal_of(call, Answer(status=403, headers=CaseInsensitiveDict(), body=b"{}")), NeedsAttention)


def test_the_check_of_the_connection_says_whether_shops_may_be_listed(
    twins: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = twins.mirakl("operator")
    assert [each.verdict for each in shop_findings("shops", client)] == [Verdict.PASS]

    def refused(read_at: datetime) -> Iterator[list[bytes]]:
        raise NeedsAttention(Reason.REFUSED_BY_MIRAKL, {"status": "403", "asked": str(read_at)})

    monkeypatch.setattr(client, "shop_balances", refused)
    (told,) = shop_findings("shops", client)
    assert (told.verdict, "reserves of shops are not compared" in told.words) == (Verdict.NOTE, True)

"""How rows of SuiteQL are read: windows in whichever zone the user lives, signs, and what is linked twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses

from tests.requests_sent import body_of
from tieout.calls import Caller
from tieout.domain.errors import SystemDown
from tieout.netsuite.client import NetSuite
from tieout.netsuite.connection import Connection

URL = "https://1234567-sb1.suitetalk.api.netsuite.com"
SUITEQL = f"{URL}/services/rest/query/v1/suiteql"
SALES_ORDER = f"{URL}/services/rest/record/v1/salesOrder/10"
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Login:
    def sign(self, _method: str, _url: str) -> str:
        return "Bearer x"

    def renew(self) -> bool:
        return False


class Account:
    def __init__(self, netsuite: responses.RequestsMock) -> None:
        self.now = NOW
        self.netsuite = netsuite
        connection = Connection("1234567_SB1", URL, Login(), Caller(1, 1), sleep=lambda _seconds: None)
        self.client = NetSuite(connection, lambda: self.now)

    def saved(self, shown: str, utc: str) -> None:
        """The newest sales order, as SuiteQL shows when it was saved, and as REST does."""
        self.query({"id": "10", "modified": shown})
        self.netsuite.add(responses.GET, SALES_ORDER, json={"id": "10", "lastModifiedDate": utc})

    def query(self, *rows: dict[str, Any], more: bool = False) -> None:
        items = [{"links": [], **row} for row in rows]
        self.netsuite.add(responses.POST, SUITEQL, json={"items": items, "hasMore": more})

    def window(self) -> list[str]:
        """What the reading of the last hour binds as its window."""
        list(self.client.closed_lines_changed(NOW - timedelta(hours=1), NOW))
        bound: list[str] = json.loads(body_of(self.netsuite.calls[-1].request))["params"]
        return bound[:2]


@pytest.fixture
def account() -> Iterator[Account]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Account(mock)


@pytest.mark.parametrize(
    ("shown", "window"),
    [
        ("2026-09-30 12:00:41", ["2026-10-01 08:00:00", "2026-10-01 09:00:00"]),
        ("2026-09-30 05:00:41", ["2026-10-01 01:00:00", "2026-10-01 02:00:00"]),
        ("2026-09-30 17:45:41", ["2026-10-01 13:45:00", "2026-10-01 14:45:00"]),
        ("2026-10-01 01:00:00", ["2026-10-01 21:00:00", "2026-10-01 22:00:00"]),
    ],
    ids=["GMT", "Los Angeles", "Kathmandu", "Auckland"],
)
def test_the_zone_is_what_lies_between_suiteql_and_rest(account: Account, shown: str, window: list[str]):
    """REST tells whole minutes."""
    account.saved(shown, "2026-09-30T12:00:00Z")
    account.query()
    assert account.window() == window


def test_an_order_that_is_saved_between_the_two_questions_is_asked_again(account: Account):
    account.saved("2026-09-30 05:00:00", "2026-09-30T19:07:00Z")
    account.saved("2026-09-30 12:07:00", "2026-09-30T19:07:00Z")
    account.query()
    assert account.window() == ["2026-10-01 01:00:00", "2026-10-01 02:00:00"]


def test_the_zone_is_kept_for_ten_minutes_so_that_summer_time_is_noticed(account: Account):
    account.saved("2026-09-30 05:00:00", "2026-09-30T12:00:00Z")
    account.query()
    first = account.window()
    account.now += 9 * MINUTE
    assert account.window() == first
    account.now += MINUTE
    account.saved("2026-10-01 01:00:00", "2026-10-01T09:00:00Z")
    account.query()
    assert account.window() == ["2026-10-01 00:00:00", "2026-10-01 01:00:00"]


def test_an_account_without_orders_of_ours_is_read_as_if_it_were_in_gmt(account: Account):
    account.query()
    assert account.window() == ["2026-10-01 08:00:00", "2026-10-01 09:00:00"]


def test_a_page_that_is_cut_off_within_a_record_is_not_taken_for_whole(account: Account):
    account.query()
    account.query()
    account.query({"id": "1", "order_id": "A-1", "marketplace": "m", "line": "1", "line_id": "A-1-1"}, more=True)
    with pytest.raises(SystemDown):
        account.window()


def credit(**row: Any) -> dict[str, Any]:
    head = {"id": "9", "type": "CustCred", "order_id": "A-1", "marketplace": "m", "symbol": "GBP"}
    return head | {"modified": "2026-10-01 08:59:00", "foreigntotal": "-12.60"} | row


def test_a_credit_memo_that_suiteql_shows_below_zero_gives_back_all_the_same(account: Account):
    """10.00 with 2.00 tax, and 0.50 delivery with 0.10; signs as of a sale turned round."""
    account.query()
    account.query()
    account.query(
        credit(line="1", itemtype="InvtPart", quantity="-1", foreignamount="-10", taxamount="-2", line_id="A-1-1"),
        credit(line="2", itemtype="ShipItem", foreignamount="-0.5"),
    )
    ((found,),) = account.client.credits_changed(NOW - timedelta(hours=1), NOW)
    (line,) = found.lines
    assert [str(part) for part in (line.net, line.tax, line.shipping_net, line.shipping_tax)] == [
        "10",
        "2",
        "0.50",
        "0.10",
    ]
    assert (line.quantity, str(found.total)) == (1, "12.60 GBP")


def test_tax_that_no_line_tells_is_spread_by_what_it_is_on(account: Account):
    account.query()
    account.query()
    account.query(
        credit(line="1", itemtype="InvtPart", quantity="1", foreignamount="10", line_id="A-1-1"),
        credit(line="2", itemtype="ShipItem", foreignamount="0.5"),
    )
    ((found,),) = account.client.credits_changed(NOW - timedelta(hours=1), NOW)
    (line,) = found.lines
    assert [str(part) for part in (line.tax, line.shipping_tax)] == ["2.00", "0.10"]


def test_a_receipt_of_a_purchase_is_nobodys_return(account: Account):
    account.query()
    account.query()
    account.query({"id": "9", "type": "ItemRcpt", "modified": "2026-10-01 08:59:00", "line": "1", "quantity": "1"})
    assert list(account.client.credits_changed(NOW - timedelta(hours=1), NOW)) == []


def test_a_line_that_is_linked_twice_left_once(account: Account):
    head = {"id": "9", "sales_order": "10", "order_id": "A-1", "marketplace": "m", "status": "C", "day": "2026-10-01"}
    line = head | {"modified": "2026-10-01 08:59:00", "line": "1", "quantity": "2", "line_id": "A-1-1"}
    account.query(line, line, line | {"line": "2", "quantity": "1"}, line | {"line": "3", "line_id": "A-1-2"})
    account.query({"id": "9", "tracking": " 1Z1 "}, {"id": "9", "tracking": "1Z1"})
    account.query()
    (found,) = account.client.fulfilments(["9"])
    assert [(each.line_id, each.quantity) for each in found.lines] == [("A-1-1", 3), ("A-1-2", 2)]
    assert found.tracking_numbers == ("1Z1",)

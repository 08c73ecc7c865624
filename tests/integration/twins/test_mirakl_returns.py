"""RT11, RT21, RT25, RT26 and incidents: what comes back, and what a buyer complains of."""

from typing import Any

import pytest
import requests

from sandbox.clock import moment_of
from tests.integration.twins.mirakl import MARKETPLACE, Json, Mirakl, line, order

WRONG_GOODS = "RETURN_NON_COMPLIANT_WRONG_PRODUCT"


def received(order_id: str = "A", *lines: Json, **fields: Any) -> Json:
    return order(order_id, *lines, **{"order_state": "RECEIVED", **fields})


def ask(mirakl: Mirakl, order_id: str = "A", quantity: int = 1, place: int = 1, **fields: Any) -> Json:
    """The buyer asks to send so many of a line back."""
    lines = [{"order_line_id": f"{order_id}-{place}", "quantity": quantity}]
    asked = {"marketplace": MARKETPLACE, "order_id": order_id, "lines": lines, **fields}
    return dict(mirakl.control("POST", "returns", json=asked))


def not_asked(mirakl: Mirakl, **asked: Any) -> str:
    """What the buyer is told whose return cannot be."""
    answer = requests.post(
        f"{mirakl.url}/_twin/returns", json={"marketplace": MARKETPLACE, "order_id": "A", **asked}, timeout=5
    )
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"])


def listed(mirakl: Mirakl, **asked: Any) -> list[Json]:
    """RT11; five minutes pass first, as it may be asked no oftener."""
    mirakl.wait(minutes=5)
    answer = mirakl.seller("GET", "/api/returns", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def each(mirakl: Mirakl, path: str, *returns: Json) -> tuple[list[str], list[str]]:
    """RT21, RT25, RT26; gives the ids done and what was said of the others."""
    answer = mirakl.seller("PUT", f"/api/returns/{path}", json={"returns": list(returns)})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return [one["id"] for one in said["return_success"]], [one["message"] for one in said["return_errors"]]


def incident(mirakl: Mirakl, line_id: str = "A-1", **fields: Any) -> Json:
    asked = {"marketplace": MARKETPLACE, "order_id": line_id.rsplit("-", 1)[0], "order_line_id": line_id, **fields}
    return dict(mirakl.control("POST", "incidents", json=asked))


def line_state(mirakl: Mirakl, place: int = 0) -> str:
    return str(mirakl.order("A")["order_lines"][place]["order_line_state"])


def test_a_return_is_asked_for_accepted_received_and_judged(mirakl: Mirakl) -> None:
    mirakl.place(received("A", line(quantity=2)))
    asked = ask(mirakl, quantity=2, reason_code="RETURN_DEFECTIVE_ITEM")
    named = {"id": asked["id"]}
    (found,) = listed(mirakl)
    assert (found["state"], found["order_id"], found["rma"]) == ("WAITING_ACCEPTANCE", "A", asked["rma"])
    assert [(one["quantity"], one["reason_code"]) for one in found["return_lines"]] == [(2, "RETURN_DEFECTIVE_ITEM")]
    assert each(mirakl, "accept", {**named, "accepted": True}) == ([asked["id"]], [])
    assert listed(mirakl)[0]["state"] == "IN_PROGRESS"
    assert each(mirakl, "receive", named) == ([asked["id"]], [])
    assert listed(mirakl)[0]["state"] == "RECEIVED"
    verdict = {"order_line_id": "A-1", "compliant": False, "non_compliance_reason_code": WRONG_GOODS}
    assert each(mirakl, "compliance", {**named, "return_lines": [verdict]}) == ([asked["id"]], [])
    (judged,) = listed(mirakl)[0]["return_lines"][0]["compliance"]
    assert (judged["compliant"], judged["non_compliance_reason_code"]) == (False, WRONG_GOODS)


def test_a_return_moves_no_money(mirakl: Mirakl) -> None:
    mirakl.place(received())
    asked = ask(mirakl)
    each(mirakl, "accept", {"id": asked["id"], "accepted": True})
    each(mirakl, "receive", {"id": asked["id"]})
    (found,) = mirakl.order("A")["order_lines"]
    assert (found["refunds"], found["order_line_state"]) == ([], "RECEIVED")


def test_a_refused_return_says_why_and_the_goods_stay(mirakl: Mirakl) -> None:
    mirakl.place(received())
    asked = ask(mirakl)
    refusal = {"id": asked["id"], "accepted": False, "rejection_reason_code": "RETURN_REJECTION_WINDOW_CLOSED"}
    each(mirakl, "accept", refusal)
    (found,) = listed(mirakl)
    assert (found["state"], found["rejection_reason_code"]) == ("REFUSED", "RETURN_REJECTION_WINDOW_CLOSED")
    assert each(mirakl, "receive", {"id": asked["id"]})[0] == []
    assert ask(mirakl)["state"] == "WAITING_ACCEPTANCE"


def test_an_operator_may_accept_returns_without_asking_the_shop(mirakl: Mirakl) -> None:
    mirakl.behave(returns_accepted_automatically=True)
    mirakl.place(received())
    asked = ask(mirakl)
    assert asked["state"] == "IN_PROGRESS"
    assert each(mirakl, "accept", {"id": asked["id"], "accepted": True})[0] == []


def test_one_wrong_return_does_not_keep_the_others_from_being_received(mirakl: Mirakl) -> None:
    mirakl.behave(returns_accepted_automatically=True)
    mirakl.place(received("A"), received("B"))
    good, done = ask(mirakl, "A"), ask(mirakl, "B")
    each(mirakl, "receive", {"id": done["id"]})
    ids, errors = each(mirakl, "receive", {"id": "none"}, {"id": done["id"]}, {"id": good["id"]})
    assert ids == [good["id"]]
    assert errors == ["The return does not exist.", "Return is in invalid state: RECEIVED, not IN_PROGRESS."]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"order_line_id": "A-2", "compliant": True}],
        [{"order_line_id": "A-1"}],
        [{"order_line_id": "A-1", "compliant": False}],
        [{"order_line_id": "A-1", "compliant": True}, {"order_line_id": "A-1", "compliant": False}],
    ],
)
def test_a_verdict_names_lines_of_the_return_and_why_one_is_wrong(mirakl: Mirakl, lines: list[Json]) -> None:
    mirakl.behave(returns_accepted_automatically=True)
    mirakl.place(received("A", line(), line()))
    asked = ask(mirakl)
    each(mirakl, "receive", {"id": asked["id"]})
    done, errors = each(mirakl, "compliance", {"id": asked["id"], "return_lines": lines})
    assert (done, len(errors)) == ([], 1)
    assert listed(mirakl)[0]["return_lines"][0]["compliance"] is None


def test_at_most_a_hundred_returns_are_answered_in_one_call(mirakl: Mirakl) -> None:
    many = {"returns": [{"id": str(number)} for number in range(101)]}
    assert mirakl.seller("PUT", "/api/returns/receive", json=many).status_code == 400


def test_only_what_was_shipped_comes_back_and_only_once(mirakl: Mirakl) -> None:
    mirakl.place(received("A", line(quantity=2)), order("B", order_state="SHIPPING"))
    ask(mirakl, quantity=1)
    one = {"order_line_id": "A-1", "quantity": 2}
    assert "1 of A-1 can come back, not 2" in not_asked(mirakl, lines=[one])
    assert "was not shipped" in not_asked(mirakl, order_id="B", lines=[{"order_line_id": "B-1", "quantity": 1}])
    assert "A-9" in not_asked(mirakl, lines=[{"order_line_id": "A-9"}])
    assert "at least one line" in not_asked(mirakl, lines=[])


def test_a_buyer_who_gives_up_a_return_may_ask_again(mirakl: Mirakl) -> None:
    mirakl.place(received())
    asked = ask(mirakl)
    change = {"marketplace": MARKETPLACE, "return_id": asked["id"], "state": "CANCELED"}
    mirakl.control("POST", "returns/changes", json=change)
    assert listed(mirakl)[0]["state"] == "CANCELED"
    assert ask(mirakl)["state"] == "WAITING_ACCEPTANCE"


def test_returns_are_found_by_what_a_warehouse_knows_of_them(mirakl: Mirakl) -> None:
    mirakl.place(received("A"), received("B"), received("THEIRS", shop_id=2002))
    first = ask(mirakl, "A")
    mirakl.wait(hours=1)
    since = mirakl.now().isoformat()
    second = ask(mirakl, "B")
    ask(mirakl, "THEIRS")
    each(mirakl, "accept", {"id": first["id"], "accepted": True})
    for asked, found in (
        ({}, [first, second]),
        ({"sort": "date_created,DESC"}, [second, first]),
        ({"return_id": [first["id"], second["id"]]}, [first, second]),
        ({"return_state": "IN_PROGRESS"}, [first]),
        ({"return_rma": second["rma"]}, [second]),
        ({"order_line_id": "B-1"}, [second]),
        ({"return_creation_date_from": since}, [second]),
        ({"return_last_updated_from": since}, [first, second]),
        ({"customer_id": "C2"}, []),
    ):
        assert [one["id"] for one in listed(mirakl, **asked)] == [one["id"] for one in found], asked
    assert len(mirakl.operator("GET", "/api/returns").json()["data"]) == 3


def test_returns_may_be_listed_every_five_minutes_and_their_pages_at_once(mirakl: Mirakl) -> None:
    mirakl.place(received("A"), received("B"))
    ask(mirakl, "A")
    ask(mirakl, "B")
    first = mirakl.seller("GET", "/api/returns", params={"limit": 1}).json()
    second = mirakl.seller("GET", "/api/returns", params={"page_token": first["next_page_token"]})
    assert (second.status_code, len(second.json()["data"])) == (200, 1)
    assert mirakl.seller("GET", "/api/returns").status_code == 429
    mirakl.wait(minutes=5)
    assert mirakl.seller("GET", "/api/returns").status_code == 200


def test_a_return_moves_its_own_update_date_and_the_orders(mirakl: Mirakl) -> None:
    mirakl.place(received())
    asked = ask(mirakl)
    before = moment_of(mirakl.order("A")["last_updated_date"])
    mirakl.wait(seconds=1)
    each(mirakl, "accept", {"id": asked["id"], "accepted": True})
    (found,) = listed(mirakl)
    assert moment_of(found["last_updated"]) > moment_of(found["date_created"])
    assert moment_of(mirakl.order("A")["last_updated_date"]) > before


def test_all_returns_can_be_exported(mirakl: Mirakl) -> None:
    mirakl.place(received())
    asked = ask(mirakl)
    assert mirakl.twin.records("returns", marketplace=MARKETPLACE) == [asked]


def test_an_incident_holds_its_line_until_it_is_solved(mirakl: Mirakl) -> None:
    mirakl.place(received("A", line(), line(), order_state="SHIPPED"))
    incident(mirakl)
    assert (line_state(mirakl, 0), line_state(mirakl, 1)) == ("INCIDENT_OPEN", "SHIPPED")
    assert mirakl.ids(has_incident="true") == ["A"]
    mirakl.wait(days=3)
    found = mirakl.order("A")
    assert found["order_state"] == "RECEIVED"
    assert (line_state(mirakl, 0), line_state(mirakl, 1)) == ("INCIDENT_OPEN", "RECEIVED")
    incident(mirakl, open=False)
    assert line_state(mirakl) == "RECEIVED"
    assert mirakl.order("A")["has_incident"] is False


def test_an_order_does_not_close_over_an_open_incident(mirakl: Mirakl) -> None:
    mirakl.place(received())
    incident(mirakl)
    mirakl.wait(days=30)
    assert (mirakl.order("A")["order_state"], line_state(mirakl)) == ("RECEIVED", "INCIDENT_OPEN")
    incident(mirakl, open=False)
    assert (mirakl.order("A")["order_state"], line_state(mirakl)) == ("CLOSED", "CLOSED")


def test_a_refund_of_the_whole_line_ends_its_incident(mirakl: Mirakl) -> None:
    mirakl.place(received("A", line(), line()))
    incident(mirakl)
    entry = {"order_line_id": "A-1", "amount": 10, "shipping_amount": 0, "reason_code": "DAMAGED"}
    assert mirakl.seller("PUT", "/api/orders/refund", json={"refunds": [entry]}).status_code == 200
    mirakl.wait(minutes=10)
    assert (line_state(mirakl), mirakl.order("A")["has_incident"]) == ("REFUNDED", False)


def test_an_incident_needs_a_parcel_that_has_left(mirakl: Mirakl) -> None:
    mirakl.place(order("A", order_state="SHIPPING"))
    asked = {"marketplace": MARKETPLACE, "order_id": "A", "order_line_id": "A-1"}
    answer = requests.post(f"{mirakl.url}/_twin/incidents", json=asked, timeout=5)
    assert (answer.status_code, line_state(mirakl)) == (400, "SHIPPING")

"""Cycles that the Mirakl twin closed are settled by our rules: both were written apart, and must come to the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sandbox import decimal_json
from tests.integration.twins.mirakl import MARKETPLACE
from tests.integration.twins.mirakl_money import Json
from tests.integration.twins.test_mirakl_money_properties import BEGUN, Shop, deeds, switches
from tieout.config import read_config
from tieout.domain.ledger.line import Books
from tieout.domain.ledger.proof import Status
from tieout.domain.ledger.reclass import balance_of
from tieout.domain.ledger.settle import settle
from tieout.domain.money import ZERO
from tieout.flows.settlement.rules import booking_rules
from tieout.mirakl.settlement_pages import cycle_page, document_page, joined, line_page

RULES = booking_rules(read_config(Path("config/gift-shop.yaml")), MARKETPLACE)


def rows(held: list[Json]) -> list[bytes]:
    return [decimal_json.dumps(each) for each in held]


def books_of(shop: Shop) -> Books:
    log = shop.marketplace.log
    requests = [joined(decimal_json.dumps(one["request"]), rows(one["lines"])) for one in log.requests]
    lines, cycles = line_page(rows(log.lines)), cycle_page(rows(log.cycles))
    documents = document_page([*rows(log.documents), *requests])
    assert [*lines.problems, *cycles.problems, *documents.problems] == []
    return Books(
        marketplace=MARKETPLACE,
        lines=tuple(lines.lines),
        cycles=tuple(cycles.cycles),
        documents=tuple(documents.documents),
    )


@given(done=deeds, switched=switches)
@settings(max_examples=40, deadline=None)
def test_every_cycle_of_the_twin_ties_out(done: list[tuple[str, int, int]], switched: dict[str, Any]) -> None:
    """Negative ones, failed payouts and subscriptions too; each line with an amount moves clearing once."""
    for fees_by_document_request in (False, True):
        shop = Shop(switched | {"fees_by_document_request": fees_by_document_request})
        for deed in BEGUN + done:
            shop.do(*deed)
        books = books_of(shop)
        settled = settle(books, RULES)
        assert [(proof.status, proof.residual) for proof in settled.proofs if proof.status is Status.HELD] == []
        assert {proof.cycle for proof in settled.proofs} == {cycle.id for cycle in books.cycles}
        paid_out = {cycle.id for cycle in books.cycles if cycle.pay_out.state == "PAID"}
        for proof in settled.proofs:
            cycle = next(one for one in books.cycles if one.id == proof.cycle)
            assert proof.transferred == cycle.to_seller
            assert proof.carried_in + proof.sum_of_lines == proof.transferred + proof.carried_out
        payouts = {record.cycle for record in settled.records if "-PO-" in record.external_id}
        assert payouts == paid_out


@given(done=deeds, switched=switches, buys=st.booleans())
@settings(max_examples=25, deadline=None)
def test_in_the_operator_s_books_every_cycle_ties_out_and_what_is_left_is_owed_to_the_shop(
    done: list[tuple[str, int, int]], switched: dict[str, Any], buys: bool
) -> None:
    """Safeguarding (invariant I21): what is held for the shop is what its lines come to, less what was paid."""
    config = read_config(Path("config/gift-shop-operator.yaml"))
    rules = booking_rules(config, "maison-eu" if buys else MARKETPLACE)
    shop = Shop(switched | ({"dropship_at": MARKETPLACE} if buys else {}))
    for deed in BEGUN + done:
        shop.do(*deed)
    books = books_of(shop)
    own = replace(rules, marketplace=MARKETPLACE)
    settled = settle(books, own)
    assert [(proof.status, proof.reasons) for proof in settled.proofs if proof.status is Status.HELD] == []
    closed = {cycle.id for cycle in books.cycles}
    lines = sum((line.amount for line in books.lines if line.cycle in closed and line.type != "PAYMENT"), ZERO)
    paid = sum((cycle.to_seller for cycle in books.cycles if cycle.pay_out.state == "PAID"), ZERO)
    (number,) = {cycle.shop for cycle in books.cycles}
    end = max(record.day for record in settled.records)
    assert balance_of(settled.records, own, "GBP", end, number) == lines - paid
    assert balance_of(settled.records, own, "GBP", end) == lines - paid, "nothing is owed to anybody else"

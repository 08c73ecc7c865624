"""The bank's statement and rates of exchange are taken in, and payouts that waited for them go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import json
from msgspec.structs import replace

from tieout.domain.ledger.rates import Rate
from tieout.domain.postings import Intent, Key, Kind, State
from tieout.domain.reconcile.bank import StatementLine
from tieout.domain.reconcile.exchanged import PAID
from tieout.flows.ports import At
from tieout.flows.settlement.at_the_bank import (
    BANK,
    RATES,
    STATEMENT,
    RateRow,
    arrivals_at,
    line_row,
    rates_of,
    statement_of,
)
from tieout.flows.settlement.log import NO_CYCLE
from tieout.flows.settlement.review import PAID as PAYOUT


def keep_statement(lines: Iterable[StatementLine], at: At) -> int:
    """Add lines to the statement; answers how many are new.

    Statements overlap: of equal lines as many are kept as the statement with most of them has. 115 and 115.00 are the
    same amount; and a line is the same whether or not a file tells what it was before the exchange.
    """
    told, known = Counter(lines), Counter(statement_of(at))
    left = Counter(map(_same, told.elements())) - Counter(map(_same, known.elements()))
    news = []
    for each in (told - known).elements():
        if left[_same(each)]:
            left[_same(each)] -= 1
            news.append(line_row(each))
    return _keep(STATEMENT, news, at)


def _same(line: StatementLine) -> StatementLine:
    return replace(line, original=None, original_currency="")


def keep_rates(rates: Iterable[Rate], at: At) -> int:
    """Add rates; answers how many are new. One that says otherwise than before corrects that."""
    known = {(each.day, each.currency, each.into): each.rate for each in rates_of(at)}
    news = []
    for each in rates:
        pair = (each.day, each.currency, each.into)
        if known.get(pair) != each.rate:
            known[pair] = each.rate
            news.append(json.encode(RateRow(*pair, each.rate)))
    return _keep(RATES, news, at)


def _keep(table: str, news: list[bytes], at: At) -> int:
    if news:
        at.settlement_log.append(BANK, table, {NO_CYCLE: news}, at.clock())
    return len(news)


def go_on_with_payouts(at: At) -> list[Key]:
    """Payouts that waited for the bank are looked at now, not when their turn comes; answers those that it shows."""
    now = at.clock()
    due: list[Key] = []
    for marketplace, arrivals in arrivals_at(at).items():
        for cycle in arrivals:
            posting = at.postings.posting(Key(marketplace, cycle, Kind.CYCLE, PAYOUT))
            if posting is None or posting.state not in {State.DUE, State.HELD}:
                continue
            version = f"{posting.source_version.partition('+')[0]}+{now.isoformat()}"
            due += at.postings.record_order(
                marketplace=marketplace,
                order_id=cycle,
                subject="BANK",
                version=version,
                state=PAID,
                payload=posting.payload,
                intents=[Intent(key=posting.key, source_version=version, payload=posting.payload)],
                retire=[],
                now=now,
            )
    at.doorbells.ring(due)
    return due

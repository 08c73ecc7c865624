"""`tieout explain` of a billing cycle: where it and its records stand, and what they wait for."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.cli.terminal import Deployed
from tests.integration.running_twins import MARKETPLACE
from tieout.domain.postings import Intent, Key, Kind
from tieout.flows.outcomes import wait
from tieout.flows.settlement.plan import of_the_cycle

CYCLE = "C-118"


def test_a_payout_that_waits_for_the_bank_says_so(deployed: Deployed) -> None:
    at, now = deployed.at, deployed.at.clock()
    payout = Key(MARKETPLACE, CYCLE, Kind.CYCLE, "PAYOUT")
    at.postings.record_order(
        marketplace=MARKETPLACE,
        order_id=CYCLE,
        version="1",
        state="PAID",
        payload="",
        intents=[Intent(key=key, source_version="1", payload="") for key in (of_the_cycle(MARKETPLACE, CYCLE), payout)],
        retire=[],
        now=now,
    )
    (claimed,) = at.postings.claim([payout], now + timedelta(seconds=1))
    wait(at, claimed, "no line in EUR of the bank's statement names the payout PO-7 of 102.00 GBP")
    told = " ".join(deployed.says("explain", CYCLE).split())
    assert "billing cycle" in told
    (life,) = deployed.answer("explain", CYCLE)["lives"]
    assert {posting["key"] for posting in life["postings"]} == {str(of_the_cycle(MARKETPLACE, CYCLE)), str(payout)}
    assert any("names the payout PO-7" in str(line["facts"]) for line in life["lines"])

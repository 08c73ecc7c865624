"""Whatever happens to orders, the Mirakl twin's account stays an account."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.clock import text_of
from sandbox.mirakl import MiraklTwin
from sandbox.mirakl.arrivals import place_orders
from sandbox.mirakl.lifecycle import enter
from sandbox.mirakl.moves import settle
from sandbox.mirakl.state import Marketplace
from tests.integration.twins.mirakl import MARKETPLACE
from tests.integration.twins.mirakl_money import Json, chain_holds, mug, paid

OPENED = datetime(2026, 10, 12, 10, tzinfo=UTC)
deeds = st.lists(
    st.tuples(
        st.sampled_from(["place", "receive", "refund", "close", "days"]),
        st.integers(0, 5),
        st.integers(1, 11_999),
    ),
    min_size=5,
    max_size=40,
)
BEGUN = [(deed, which, 1) for which in range(3) for deed in ("place", "receive")] + [("close", 0, 1), ("place", 3, 1)]
"""What has happened before anything is drawn: otherwise most drawn months would be empty ones."""
switches = st.fixed_dictionaries(
    {
        "negative_cycles_close": st.booleans(),
        "payouts_fail": st.sampled_from(["", "INCOMPLETE_KYC"]),
        "subscription_fee": st.sampled_from([0, 39.99]),
        "tax_presentation": st.sampled_from(["split", "embedded"]),
        "sales_written": st.sampled_from(["debited", "received"]),
    }
)


class Shop:
    """A marketplace whose orders are moved about, without HTTP."""

    def __init__(self, switched: Json) -> None:
        self.twin = MiraklTwin(seed=1, official_contracts=False)
        self.twin.behaviours.set(switched)
        self.now = OPENED
        self.marketplace: Marketplace = self.twin.state.known(MARKETPLACE)

    def do(self, deed: str, which: int, cents: int) -> None:
        self.now += timedelta(minutes=7)
        settle(self.twin.state, self.marketplace, self.now)
        order = self.marketplace.orders.get(f"{which}-A")
        if deed == "place" and order is None:
            body = paid(f"{which}-A", mug(120 + which))
            place_orders(
                self.twin.state, self.marketplace, [body], self.now, self.twin.answers.waits(), as_of_now=False
            )
        elif deed == "receive" and order is not None:
            enter(order, "RECEIVED", self.now)
            self.twin.state.changed(self.marketplace, order, self.now)
        elif deed == "refund" and order is not None:
            number = len(order.lines()[0]["refunds"])
            refund = {
                "id": f"R{which}-{number}",
                "amount": Decimal(cents) / 100,
                "refund_state": "REFUNDED",
                "created_date": text_of(self.now),
                "commission_amount": Decimal(cents // 10) / 100,
            }
            order.lines()[0]["refunds"].append(refund)
            self.twin.state.changed(self.marketplace, order, self.now)
        elif deed == "close":
            self.twin.books.close(self.marketplace, self.now)
        elif deed == "days":
            self.now += timedelta(days=which + 1)
            settle(self.twin.state, self.marketplace, self.now)


@given(done=deeds, switched=switches)
@settings(max_examples=60, deadline=None)
def test_the_account_adds_up_whatever_happens(done: list[tuple[str, int, int]], switched: Json) -> None:
    """Every balance follows from the one before; a cycle transfers what its lines and the debt before come to; each
    payout is one PAYMENT; what is in a cycle stays in it."""
    shop = Shop(switched)
    taken: dict[str, str] = {}
    for deed in BEGUN + done:
        shop.do(*deed)
        for row in shop.marketplace.log.lines:
            if row["id"] in taken:
                assert row["seller_billing_cycle_id"] == taken[row["id"]]
            elif row["seller_billing_cycle_id"]:
                taken[row["id"]] = row["seller_billing_cycle_id"]
    log = shop.marketplace.log
    assert chain_holds(log.lines)
    dates = [row["date_created"] for row in log.lines]
    assert dates == sorted(dates)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    payments: dict[str, Decimal] = defaultdict(Decimal)
    for row in log.lines:
        if row["type"] == "PAYMENT":
            payments[row["seller_billing_cycle_id"]] -= row["amount"]
        elif row["seller_billing_cycle_id"]:
            sums[row["seller_billing_cycle_id"]] += row["amount"]
    carried = Decimal(0)
    for cycle in log.cycles:
        carried += sums[cycle["id"]]
        transferred = cycle["amount_transferred_to_seller"]
        assert transferred == max(carried, 0)
        carried -= transferred
        paid_out = cycle["pay_out"]["state"] == "PAID"
        assert payments[cycle["id"]] == (transferred if paid_out else 0)
        payable = {"PAID"} if paid_out else {"PAYABLE"}
        states = {row["payment_state"] for row in log.lines_of(cycle["id"]) if row["type"] != "PAYMENT"}
        assert states <= payable

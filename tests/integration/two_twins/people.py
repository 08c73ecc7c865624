"""Everybody but us, on both sides: each act is legal where it is done, at the moment it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from sandbox.mirakl.left import amount_left, goods_left, goods_of_line
from sandbox.mirakl.state import Order
from sandbox.netsuite.store import Record
from tests.integration.twins import mirakl as builders
from tests.integration.two_twins.house import IN_PARTS, SKUS, WHOLE, House

RECORD = "/services/rest/record/v1/"
CENT = Decimal("0.01")
DEAD = ("REFUSED", "CANCELED")
GONE = ("SHIPPED", "TO_COLLECT", "RECEIVED")


class People:
    """Acts by name; each takes the dice of its step and says whether there was anybody to do it to."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.sides: dict[str, set[str]] = {}
        """Where each order was acted upon since both sides last agreed."""
        self.crossed: set[str] = set()
        """Orders that both sides changed before either knew: people must sort these out, and are told."""
        self.undone = house.undone
        self._orders = 0
        self._tracking = 0
        self.acts: dict[str, Callable[[Random], bool]] = {
            "buy": self.buy,
            "cancel a line": self.cancel_line,
            "cancel units": self.cancel_units,
            "refund": self.refund,
            "ask for a return": self.ask_for_return,
            "move a return": self.move_return,
            "ship": self.ship,
            "pick": self.pick,
            "take a fulfilment back": self.unship,
            "close a line": self.close_line,
            "make a credit memo": self.credit,
        }

    def act(self, name: str, dice: Random) -> None:
        if self.acts[name](dice):
            self.done[name] += 1

    def both_agree(self) -> None:
        self.sides.clear()

    # --- buyers and the marketplace ----------------------------------------------------------------------------------

    def buy(self, dice: Random) -> bool:
        self._orders += 1
        name = dice.choice((IN_PARTS, WHOLE))
        lines = [self._line(name, dice) for _ in range(dice.randint(1, 3))]
        order = builders.order(
            f"{2000 + self._orders}-A", *lines, order_state=dice.choice(("SHIPPING", "WAITING_ACCEPTANCE"))
        )
        self.house.control.place_orders(name, [order])
        return True

    def _line(self, name: str, dice: Random) -> dict[str, Any]:
        quantity, unit = dice.randint(1, 4), Decimal(dice.randint(99, 8000)) * CENT
        shipping = Decimal(dice.choice((0, 0, 299, 495, 1001))) * CENT
        price = unit * quantity

        def tax(amount: Decimal) -> list[dict[str, Any]]:
            share = amount / 6 if name == IN_PARTS else amount / 5
            code = "VAT-GBR-20" if name == IN_PARTS else "VAT-FRA-20"
            return [{"code": code, "amount": cents(share), "rate": 20}] if amount else []

        return {
            "offer_sku": dice.choice(SKUS),
            "quantity": quantity,
            "price_unit": unit,
            "price": price,
            "shipping_price": shipping,
            "taxes": tax(price),
            "shipping_taxes": tax(shipping),
        }

    def cancel_line(self, dice: Random) -> bool:
        """The operator cancels a whole line that nobody has shipped, whatever NetSuite is doing meanwhile."""
        found = [(n, o, line) for n, o in self._in("SHIPPING") for line in o.lines() if self._untouched(o, line)]
        if not found:
            return False
        name, order, line = dice.choice(found)
        if not self._touch(name, order.id, "mirakl", dice):
            return False
        self.house.control.change_order(name, order.id, cancel_lines=[line["order_line_id"]])
        return True

    def cancel_units(self, dice: Random) -> bool:
        """Somebody at the shop cancels some units in Mirakl's back office; Mirakl knows whether they may."""
        found = [
            (n, o, line)
            for n, o in self._in("SHIPPING", "WAITING_DEBIT_PAYMENT", "WAITING_DEBIT")
            for line in o.lines()
            if self._untouched(o, line)
        ]
        if not found:
            return False
        name, order, line = dice.choice(found)
        units = dice.randint(1, int(line["quantity"]))
        amount = cents(line["price"] * units / line["quantity"])
        entry = {
            "order_line_id": line["order_line_id"],
            "amount": amount,
            "shipping_amount": 0,
            "quantity": units,
            "reason_code": "OUT_OF_STOCK",
        }
        if not self._touch(name, order.id, "mirakl", dice):
            return False
        return self._by_hand(name, "OR30", {"cancelations": [entry]}, persona="seller")

    def refund(self, dice: Random) -> bool:
        """The operator gives money back: a line, a part, the delivery, or out of goodwill."""
        found = [
            (n, o, line)
            for n, o in self._in(*GONE, "SHIPPING")
            for line in o.lines()
            if line["order_line_state"] in GONE
        ]
        if not found:
            return False
        name, order, line = dice.choice(found)
        goods, delivery = amount_left(line, "price"), amount_left(line, "shipping_price")
        units = dice.randint(1, int(line["quantity"]))
        amount, shipping, quantity = {
            "rest": (goods, delivery, int(line["quantity"])),
            "part": (min(goods, cents(line["price"] * units / line["quantity"])), Decimal(0), units),
            "delivery": (Decimal(0), cents(delivery * dice.choice((Decimal(1), Decimal("0.5")))), 0),
            "goodwill": (min(goods, Decimal(dice.randint(1, 500)) * CENT), Decimal(0), 0),
        }[dice.choice(("rest", "part", "delivery", "goodwill"))]
        if not amount and not shipping:
            return False
        entry = {
            "order_line_id": line["order_line_id"],
            "amount": amount,
            "shipping_amount": shipping,
            "quantity": quantity,
            "reason_code": "GOODWILL",
        }
        if not self._touch(name, order.id, "mirakl", dice):
            return False
        return self._by_hand(name, "OR28", {"refunds": [entry]}, persona="operator")

    def ask_for_return(self, dice: Random) -> bool:
        found = [(n, o, line) for n, o in self._in(*GONE) for line in o.lines() if line["order_line_state"] in GONE]
        if not found:
            return False
        name, order, line = dice.choice(found)
        coming = sum(
            int(each["quantity"])
            for back in order.returns.values()
            for each in back["return_lines"]
            if each["order_line_id"] == line["order_line_id"]
        )
        units = goods_of_line(order, line) - coming  # the twin lets a buyer send back what never came
        if units < 1:
            return False
        back = {"order_line_id": line["order_line_id"], "quantity": dice.randint(1, units)}
        try:
            self.house.control.ask_for_return(name, order.id, [back])
        except ValueError:
            self.refused["ask for a return"] += 1
            return False
        return True

    def move_return(self, dice: Random) -> bool:
        nxt = {"WAITING_ACCEPTANCE": "IN_PROGRESS", "IN_PROGRESS": "RECEIVED"}
        found = [(n, r) for n, o in self._in(*GONE) for r in o.returns.values() if r["state"] in nxt]
        if not found:
            return False
        name, back = dice.choice(found)
        self.house.control.change_return(name, back["id"], nxt[back["state"]])
        return True

    # --- people in NetSuite ------------------------------------------------------------------------------------------

    def ship(self, dice: Random) -> bool:
        return self._fulfil(dice, "C")

    def pick(self, dice: Random) -> bool:
        """Picked goods stand in the warehouse; a later look finds them shipped, or picked still."""
        store = self.house.twins.netsuite.state.store
        with store.lock:
            picked = [one for one in store.all("itemFulfillment") if one.values.get("shipStatus") == "A"]
        if picked and dice.random() < 0.7:
            one = dice.choice(picked)
            self._touch(*self._order_of(one), "netsuite", dice, surely=True)
            if self._netsuite("PATCH", f"itemFulfillment/{one.id}", {"shipStatus": {"id": "C"}}):
                self._ring(one.id, dice)
                return True
            return False
        return self._fulfil(dice, "A")

    def unship(self, dice: Random) -> bool:
        store = self.house.twins.netsuite.state.store
        with store.lock:
            made = [one for one in store.all("itemFulfillment") if not str(one.external_id or "").startswith("T-")]
        if not made or dice.random() < 0.7:
            return False
        one = dice.choice(made)
        self.undone.add(self._order_of(one)[1])
        done = self._netsuite("DELETE", f"itemFulfillment/{one.id}", None)
        if done:
            self._ring(one.id, dice)
        return done

    def close_line(self, dice: Random) -> bool:
        found = [(order, line) for order in self._sales_orders() for line in self._open_lines(order)]
        if not found:
            return False
        order, line = dice.choice(found)
        if not self._touch(*self._order_of(order), "netsuite", dice):
            return False
        return self._netsuite(
            "PATCH", f"salesOrder/{order.id}", {"item": {"items": [{"line": line["line"], "isClosed": True}]}}
        )

    def credit(self, dice: Random) -> bool:
        store = self.house.twins.netsuite.state.store
        with store.lock:
            invoices = [one for one in store.all("invoice") if one.values.get("custbody_tieout_order")]
        if not invoices:
            return False
        invoice = dice.choice(invoices)
        lines = [line for line in invoice.sublists["item"] if line.get("custcol_tieout_line")]
        left = {line["line"]: self._uncredited(invoice, line) for line in lines}
        numbers = [number for number, units in left.items() if units > 0]
        if not numbers or not self._touch(*self._order_of(invoice), "netsuite", dice):
            return False
        number = dice.choice(numbers)
        # A line that is not named comes along whole.
        units = dict.fromkeys(left, 0) | {number: dice.randint(1, left[number])}
        items = [{"orderLine": each, "quantity": count} for each, count in units.items()]
        body = {
            "shippingCost": 0,
            "item": {"items": items},
            "apply": {"items": [{"doc": {"id": invoice.id}, "apply": True}]},
        }
        return self._netsuite("POST", f"invoice/{invoice.id}/!transform/creditMemo", body)

    # --- who and what ------------------------------------------------------------------------------------------------

    def _fulfil(self, dice: Random, letter: str) -> bool:
        orders = [order for order in self._sales_orders() if self._open_lines(order)]
        if not orders:
            return False
        order = dice.choice(orders)
        if not self._touch(*self._order_of(order), "netsuite", dice):
            return False
        lines = self._open_lines(order)
        whole = dice.random() < 0.5
        chosen = lines if whole else dice.sample(lines, dice.randint(1, len(lines)))
        units = {
            line["line"]: self._unshipped(order, line) if whole else dice.randint(1, self._unshipped(order, line))
            for line in chosen
        }
        items = [
            {"orderLine": line["line"], "itemReceive": line["line"] in units}
            | ({"quantity": units[line["line"]]} if line["line"] in units else {})
            for line in lines
        ]
        self._tracking += 1
        body = {
            "shipStatus": {"id": letter},
            "shipMethod": {"id": dice.choice(("700", "701"))},
            "item": {"items": items},
            "package": {"items": [{"packageTrackingNumber": f"TR{self._tracking:05}", "packageWeight": 1}]},
        }
        made = self.house.twins.netsuite.state.request(
            "POST", f"{RECORD}salesOrder/{order.id}/!transform/itemFulfillment", body
        )
        if made.status >= 300:
            self.refused["fulfil"] += 1
            return False
        self._ring(made.headers["Location"].rpartition("/")[2], dice)
        return True

    def _ring(self, fulfilment_id: str, dice: Random) -> None:
        """NetSuite's script rings on each save; some rings are lost."""
        if dice.random() < 0.6:
            self.house.hear(fulfilment_id)

    def _sales_orders(self) -> list[Record]:
        store = self.house.twins.netsuite.state.store
        with store.lock:
            return [one for one in store.all("salesOrder") if one.values.get("custbody_tieout_order")]

    def _open_lines(self, order: Record) -> list[dict[str, Any]]:
        return [
            line
            for line in order.sublists["item"]
            if line.get("custcol_tieout_line") and not line.get("isClosed") and self._unshipped(order, line) > 0
        ]

    def _unshipped(self, order: Record, line: dict[str, Any]) -> int:
        store = self.house.twins.netsuite.state.store
        with store.lock:
            gone = sum(
                int(each.get("quantity") or 0)
                for one in store.made_from(order.id, "itemFulfillment")
                for each in one.sublists["item"]
                if each.get("custcol_tieout_line") == line["custcol_tieout_line"]
            )
        return int(line["quantity"]) - gone

    def _uncredited(self, invoice: Record, line: dict[str, Any]) -> int:
        """Units of an invoice's line that nobody has credited; none of a line that has money back without units."""
        store = self.house.twins.netsuite.state.store
        with store.lock:
            memos = store.made_from(invoice.id, "creditMemo")
            others = [one for one in store.all("creditMemo") if self._order_of(one) == self._order_of(invoice)]
        credited = 0
        for memo in others:
            for each in memo.sublists["item"]:
                if each.get("custcol_tieout_line") != line["custcol_tieout_line"]:
                    continue
                if str(memo.external_id or "").startswith("T-"):
                    return 0
                credited += int(each.get("quantity") or 0) if memo in memos else 0
        return int(line["quantity"]) - credited

    def _order_of(self, record: Record) -> tuple[str, str]:
        return str(record.values.get("custbody_tieout_marketplace")), str(record.values.get("custbody_tieout_order"))

    def _in(self, *states: str) -> list[tuple[str, Order]]:
        self.house.control.now()
        state = self.house.twins.mirakl.state
        with state.lock:
            return [
                (name, one)
                for name, here in state.marketplaces.items()
                for one in here.orders.values()
                if one.state in states
            ]

    def _untouched(self, order: Order, line: dict[str, Any]) -> bool:
        return (
            line["order_line_state"] not in DEAD
            and not line.get("cancelations")
            and goods_left(order, line) == int(line["quantity"])
        )

    def _touch(self, name: str, order_id: str, side: str, dice: Random, *, surely: bool = False) -> bool:
        """Mostly people leave alone what the other side has just changed; where they do not, it counts as crossed."""
        _ = name
        sides = self.sides.setdefault(order_id, set())
        if sides - {side} and dice.random() < 0.85 and not surely:
            return False
        sides.add(side)
        if len(sides) > 1:
            self.crossed.add(order_id)
        return True

    def _by_hand(self, name: str, operation: str, body: dict[str, Any], persona: str) -> bool:
        try:
            self.house.control.by_hand(name, operation, persona=persona, body=body)
        except ValueError:
            self.refused[operation] += 1
            return False
        return True

    def _netsuite(self, method: str, what: str, body: dict[str, Any] | None) -> bool:
        answer = self.house.twins.netsuite.state.request(method, f"{RECORD}{what}", body)
        if answer.status >= 300:
            self.refused[f"{method} {what.partition('/')[0]}"] += 1
        return answer.status < 300


def cents(amount: Decimal) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)

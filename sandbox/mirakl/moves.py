"""The moves that are due: of orders, of their shipments, of their refunds."""

from datetime import datetime

from sandbox.mirakl.lifecycle import enter
from sandbox.mirakl.progress import enter_shipment
from sandbox.mirakl.refund_states import enter_refund
from sandbox.mirakl.state import Marketplace, MiraklState, Move, Order


def settle(state: MiraklState, marketplace: Marketplace, now: datetime) -> None:
    """Make the moves that are due, each dated when it was due."""
    for order in marketplace.orders.values():
        settle_order(state, marketplace, order, now)


def settle_order(state: MiraklState, marketplace: Marketplace, order: Order, now: datetime) -> None:
    while order.moves and order.moves[0].at <= now:
        move = order.moves.pop(0)
        _make(order, move)
        state.changed(marketplace, order, move.at)


def _make(order: Order, move: Move) -> None:
    if not move.of:
        enter(order, move.state, move.at)
    elif move.of in order.shipments:
        enter_shipment(order, order.shipments[move.of], move.state, move.at)
    else:
        enter_refund(order, move.of, move.state, move.at)

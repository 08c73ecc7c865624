"""The moves that are due: of orders, their shipments and refunds; of billing cycles between them; of offers' files."""

from datetime import datetime
from heapq import heapify, heappop, heappush

from sandbox.mirakl.lifecycle import enter
from sandbox.mirakl.progress import enter_shipment
from sandbox.mirakl.refund_states import enter_refund
from sandbox.mirakl.state import Marketplace, MiraklState, Move, Order


def settle(state: MiraklState, marketplace: Marketplace, now: datetime) -> None:
    """Make the moves that are due, each dated when it was due, in the order of those dates."""
    marketplace.catalogue.settle(now)
    due = [(order.moves[0].at, order.id) for order in marketplace.orders.values() if order.moves]
    due = [one for one in due if one[0] <= now]
    heapify(due)
    while True:
        books_at = state.books.next_at(marketplace, now) if state.books else None
        if state.books and books_at is not None and books_at <= now and (not due or books_at < due[0][0]):
            state.books.happen(marketplace, books_at)
        elif due:
            order = marketplace.orders[heappop(due)[1]]
            _make_next(state, marketplace, order)
            if order.moves and order.moves[0].at <= now:
                heappush(due, (order.moves[0].at, order.id))
        else:
            return


def settle_order(state: MiraklState, marketplace: Marketplace, order: Order, now: datetime) -> None:
    while order.moves and order.moves[0].at <= now:
        _make_next(state, marketplace, order)


def _make_next(state: MiraklState, marketplace: Marketplace, order: Order) -> None:
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

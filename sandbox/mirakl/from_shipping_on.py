"""The operations from shipping on, by their code: each gives its answer's body, or nothing where Mirakl says 204."""

from collections.abc import Callable

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.cancelations import cancel_in_part, cancel_order
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.refunds import refund
from sandbox.mirakl.returns import decide_returns, judge_returns, list_returns, receive_returns
from sandbox.mirakl.shipment_listing import list_items_to_ship, list_shipments
from sandbox.mirakl.shipments import (
    check_multi_shipment,
    create_shipments,
    delete_shipments,
    ship_shipments,
    track_shipments,
)
from sandbox.mirakl.shipping import ship_order, track_order
from sandbox.mirakl.state import Json

Operate = Callable[[Admitted, Desk], Json | None]


def _in_parts(do: Callable[[Admitted, Desk], Json]) -> Operate:
    def checked(call: Admitted, desk: Desk) -> Json:
        check_multi_shipment(call, desk)
        return do(call, desk)

    return checked


FROM_SHIPPING_ON: dict[str, Operate] = {
    "OR23": track_order,
    "OR24": ship_order,
    "OR28": refund,
    "OR29": cancel_order,
    "OR30": cancel_in_part,
    "ST01": _in_parts(create_shipments),
    "ST06": _in_parts(delete_shipments),
    "ST11": _in_parts(lambda call, _: list_shipments(call)),
    "ST12": _in_parts(lambda call, _: list_items_to_ship(call)),
    "ST23": _in_parts(track_shipments),
    "ST24": _in_parts(ship_shipments),
    "RT11": lambda call, _: list_returns(call),
    "RT21": decide_returns,
    "RT25": receive_returns,
    "RT26": judge_returns,
}

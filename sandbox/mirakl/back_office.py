"""People in Mirakl's back office: they do what an operation does, without the API in between.

No fault strikes them, no frequency holds them up, and the list of calls does not have them.
"""

from datetime import datetime
from typing import Any

from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.asked import Asked
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.from_shipping_on import FROM_SHIPPING_ON
from sandbox.mirakl.operation import Persona
from sandbox.mirakl.operations import OPERATIONS
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import SHOP_ID, Json, Marketplace


def do_by_hand(desk: Desk, marketplace: Marketplace, order: Json, now: datetime) -> Json:
    """{"operation": "OR28", "persona": "operator", "order_id": where its path names one, "body": as it would be sent}.

    `shop` is the shop that somebody of "persona": "seller" works for, if it is not the first one.

    Gives what the operation answers. Raises ValueError in Mirakl's words, KeyError for an operation it does not know.
    """
    code, persona = str(order["operation"]), _persona(order)
    operation = next((one for one in OPERATIONS if one.code == code and code in FROM_SHIPPING_ON), None)
    if operation is None:
        raise KeyError(f"operation {code!r}; there are {', '.join(sorted(FROM_SHIPPING_ON))}")
    values: dict[str, str] = {"order_id": order["order_id"]} if "order_id" in order else {}
    asked = Asked(operation.method, operation.path, "", [], {}, marketplace, persona, operation, values)
    sent: Any = order.get("body")
    call = Admitted(asked, marketplace, persona, operation, now, {}, sent, None, int(order.get("shop", SHOP_ID)))
    try:
        return FROM_SHIPPING_ON[code](call, desk) or {}
    except MiraklRefusal as refusal:
        raise ValueError(str(refusal)) from refusal


def _persona(order: Json) -> Persona:
    return "seller" if order.get("persona") == "seller" else "operator"
